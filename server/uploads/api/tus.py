"""The words of tus 1.0.0 in headers, read and written; what is malformed is refused. Knows no upload.

https://tus.io/protocols/resumable-upload
"""

import base64
import binascii
import re
from email.utils import format_datetime
from typing import Final

from aiohttp import web

from server.uploads.acts.receiving import Checksum
from server.uploads.acts.uploads import Standing
from server.uploads.api.limits import UPLOAD_LIMITS
from signaling.refusals import Code, Refusal

VERSION: Final = "1.0.0"
METADATA_MAX: Final = 4096
_KEY: Final = re.compile(r"[!-+\--~]{1,64}")
"""A key of the metadata: visible ASCII without space and comma."""


def metadata(said: str) -> dict[str, str]:
    """``Upload-Metadata``: pairs of a key and the Base64 of a UTF-8 value.

    Refused as malformed: more than 4 KiB, a key that is empty, twice there or not visible ASCII, a
    value that is no Base64 of UTF-8 or holds control characters, and a file name that leads
    elsewhere (``..`` as a part of a path).
    """
    told: dict[str, str] = {}
    if len(said) > METADATA_MAX:
        raise Refusal(Code.MALFORMED, fields="Upload-Metadata")
    for pair in (one.strip(" ") for one in said.split(",")) if said else ():
        key, _, value = pair.partition(" ")
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise Refusal(Code.MALFORMED, fields="Upload-Metadata") from None
        controls = any(ord(one) < 32 or ord(one) == 127 for one in text)
        if not _KEY.fullmatch(key) or key in told or controls:
            raise Refusal(Code.MALFORMED, fields="Upload-Metadata")
        told[key] = text
    if ".." in told.get("filename", "").replace("\\", "/").split("/"):
        raise Refusal(Code.MALFORMED, fields="Upload-Metadata filename")
    return told


def announced_in(request: web.Request) -> int | None:
    """The length that is announced; None when it is to be told later."""
    deferred = request.headers.get("Upload-Defer-Length")
    if deferred is None:
        return number_in(request, "Upload-Length")
    if deferred != "1" or "Upload-Length" in request.headers:
        raise Refusal(Code.MALFORMED, fields="Upload-Defer-Length")
    return None


def checksum_in(request: web.Request) -> Checksum | None:
    """What ``Upload-Checksum`` says, when it is there. Refused as Checksum.parse does."""
    said = request.headers.get("Upload-Checksum")
    return None if said is None else Checksum.parse(said)


def same_version(request: web.Request) -> None:
    """Refused with upload_version for another version of tus than ours."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise Refusal(Code.UPLOAD_VERSION)


def number_in(request: web.Request, header: str) -> int:
    """A count of bytes in this header. Refused: malformed; file_too_large for a length beyond reason."""
    said = request.headers.get(header, "")
    if header == "Upload-Length" and said.isascii() and said.isdigit() and len(said) > 15:
        raise Refusal(Code.FILE_TOO_LARGE, max_bytes=request.app[UPLOAD_LIMITS].max_bytes)
    if not (said.isascii() and said.isdigit() and len(said) <= 15):
        raise Refusal(Code.MALFORMED, fields=header)
    return int(said)


def offset_headers(standing: Standing) -> dict[str, str]:
    """How far an upload has come and until when it is kept, as tus says it."""
    return {"Upload-Offset": str(standing.offset), **_expires(standing)}


def _expires(standing: Standing) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(standing.expires_at, usegmt=True)}
