"""What takes connections: aiohttp's own server, but for what cannot be read as HTTP at all.

Such bytes never become a request, so the edge does not see them. They get the
problem that everything else gets, and leave no line of theirs in the log: an
address may hold what a person typed. Knows no noun of the product.
"""

import asyncio
from typing import Any

import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from server.api import problems
from server.api.edge import FIXED_HEADERS, NOTHING_RUNS, REFERENCE_HEADER
from signaling.refusals import Code, Refusal

log = structlog.get_logger("listener")


class Handler(web.RequestHandler):
    """One connection."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP with 400 ``malformed`` and close the connection.

        An address or a header that is longer than 8,190 bytes is among it (RFC 9112 §3 asks
        for 8,000 at least). Whatever else went wrong stays aiohttp's to tell.
        """
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        reference = problems.new_reference()
        log.info("no_http", why=type(exc).__name__, reference=reference)
        refusal = Refusal(Code.MALFORMED, fields="HTTP")
        response = problems.answer(refusal, problems.choose_language(""), reference)
        response.headers.update(FIXED_HEADERS | NOTHING_RUNS)
        response.headers[REFERENCE_HEADER] = reference
        response.headers[hdrs.SERVER] = "yunjian"  # else aiohttp would tell its version
        response.force_close()
        return response


class _Server(web.Server):
    def __init__(self, like: web.Server, **options: Any) -> None:
        super().__init__(like.request_handler, request_factory=like.request_factory, **options)
        self._options = options

    def __call__(self) -> Handler:
        return Handler(self, loop=asyncio.get_running_loop(), **self._options)


class Runner(web.AppRunner):
    """Runs an application with these connections; ``options`` are those of aiohttp's handler."""

    def __init__(self, app: web.Application, *, shutdown_timeout: float, **options: Any) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout, **options)
        self._options = options

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), **self._options)
