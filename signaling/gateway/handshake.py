"""What a socket shows when it opens: headers, cookies, where it comes from, and what its page says of itself."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

LANGUAGES: Final = ("zh-CN", "en")

_PAGE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


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

    @property
    def language(self) -> str:
        language = self.auth.get("language")
        return language if language in LANGUAGES else LANGUAGES[0]

    @property
    def page(self) -> str | None:
        """The name that the page gives itself; None where it tells none, or what is no name."""
        page = self.auth.get("page")
        return page if isinstance(page, str) and _PAGE.fullmatch(page) else None


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


def remote(environ: Mapping[str, Any]) -> str:
    request = environ.get("aiohttp.request")
    return str(getattr(request, "remote", None) or "")
