"""What a socket shows when it opens: headers, cookies, where it comes from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a socket shows when it connects. Header names are in lower case."""

    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    remote: str
    auth: Mapping[str, Any]
    """The payload that the client gave to Socket.IO: ``language``, ``page``, ``token``, and
    ``person``, the id of whom the page takes itself to be of."""
    secure: bool = False
    """Whether the browser speaks https."""


def remote(environ: Mapping[str, Any]) -> str:
    request = environ.get("aiohttp.request")
    return str(getattr(request, "remote", None) or "")


def handshake_of(environ: Mapping[str, Any], auth: Mapping[str, Any], secure: bool) -> Handshake:
    headers = {
        name[5:].replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    jar = SimpleCookie()
    with suppress(CookieError):
        jar.load(headers.get("cookie", ""))
    cookies = {name: morsel.value for name, morsel in jar.items()}
    return Handshake(headers, cookies, remote(environ), auth, secure)
