"""The built pages: index.html for every address of the app, its files, the API's own page.

All files are known when the application is composed; an address never becomes
a path. Names that carry a hash of their content are kept by browsers for ever.
A file that was compressed when the pages were built (.br, .gz beside it) is sent
so to whoever takes it.
"""

from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from aiohttp import web

from signaling.refusals import Code, Refusal

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"

_TYPES: Final = {
    ".bcmap": "application/octet-stream",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}

_FRAME: Final = "/early/"
_FRAME_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; img-src blob: data:; "
        "style-src 'unsafe-inline'; font-src blob: data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-scripts"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    # Its frame has an opaque origin, to which even its own script is foreign.
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""The frame of the early view runs files that nobody has checked: no origin, no network."""

_SMALLER: Final = (".br", ".gz")

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_pages(app: web.Application, root: Path = STATIC) -> None:
    """Serve the files under ``root``; reads the folder once."""
    found = {file for file in root.rglob("*") if file.is_file()}
    smaller = {file for file in found if file.suffix in _SMALLER and file.with_suffix("") in found}
    several = {file.with_suffix("") for file in smaller}
    files = {"/" + file.relative_to(root).as_posix(): file for file in sorted(found - smaller)}

    kinds = {
        file: _TYPES.get(file.suffix) or guess_type(file.name)[0] or "application/octet-stream"
        for file in files.values()
    }

    async def page(request: web.Request) -> web.StreamResponse:
        file = files.get(request.path)
        if file is None and request.path in ("/docs", "/docs/", "/api/docs"):
            file = files.get("/docs/index.html")
        elif file is None and _is_page(request.path):
            file = files.get("/index.html")
        if file is None:
            raise Refusal(Code.NOT_FOUND)
        lasting = request.path.startswith("/assets/")
        headers = {"Cache-Control": _FOR_EVER if lasting else _ASK_AGAIN}
        if file in several:
            headers["Vary"] = "Accept-Encoding"
        if request.path.startswith(_FRAME):
            headers |= _FRAME_HEADERS
        response = web.FileResponse(file, headers=headers)
        # Told always: a 304 would otherwise say octet-stream, and a reload become a download.
        response.content_type = kinds[file]
        if response.content_type.startswith("text/"):
            response.charset = "utf-8"
        return response

    app.router.add_get("/api/docs", page)
    app.router.add_get("/{page:(?!api/|socket\\.io/).*}", page)


def _is_page(path: str) -> bool:
    """Addresses of the app have no dot in their last part; a missing file is a 404, not the app."""
    return "." not in path.rpartition("/")[2]
