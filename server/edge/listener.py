"""What takes connections: aiohttp's own server, but for what cannot be read as HTTP, or comes too slowly.

Bytes that are no HTTP never become a request, so the edge does not see them. They get the
problem that everything else gets, and leave no line of theirs in the log: an
address may hold what a person typed. Who sends a head or a body drop by drop holds a
connection for ever in aiohttp; here it is closed. Knows no noun of the product.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from server.edge import problems
from server.edge.edge import FIXED_HEADERS, NOTHING_RUNS, REFERENCE_HEADER
from signaling.refusals import Code, Refusal

log = structlog.get_logger("listener")


@dataclass(frozen=True, slots=True)
class SenderPace:
    """How slow a sender may be: a whole head within ``head_s`` of its connection, or of its first byte
    on one that is kept; of a body ``floor_bytes`` in each ``window_s``, as long as we read it."""

    head_s: float = 15.0
    window_s: float = 10.0
    floor_bytes: int = 1000
    looked_at_every_s: float = 1.0


PACE: Final = SenderPace()


class Handler(web.RequestHandler):
    """One connection."""

    def __init__(self, manager: web.Server, *, pace: SenderPace, **options: Any) -> None:
        super().__init__(manager, **options)
        self._pace = pace
        self._came_bytes = 0
        self._head_since: float | None = None
        self._window: tuple[float, int] | None = None
        """When the last stretch of a body began, and how much had come by then."""
        self._looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._head_since = self._loop.time()
        self._look_again()

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._came_bytes += len(data)
        super().data_received(data)
        if self._messages or self._current_request is not None:
            self._head_since = None
        elif self._head_since is None:
            self._head_since = self._loop.time()

    def _look_again(self) -> None:
        self._looking = self._loop.call_later(self._pace.looked_at_every_s, self._look)

    def _look(self) -> None:
        self._looking = None
        # A socket has its own signs of life.
        if self.transport is None or self._upgraded:
            return
        now, request = self._loop.time(), self._current_request
        if self._head_since is not None and now - self._head_since > self._pace.head_s:
            self._cut("head")
            return
        coming = request is not None and not request.content.is_eof()
        if not coming or self._reading_paused or self._buffer_paused:
            self._window = None
        elif self._window is None:
            self._window = now, self._came_bytes
        elif now - self._window[0] >= self._pace.window_s:
            if self._came_bytes - self._window[1] < self._pace.floor_bytes:
                self._cut("body")
                return
            self._window = now, self._came_bytes
        self._look_again()

    def _cut(self, what: str) -> None:
        log.info("too_slow", what=what)
        self.force_close()

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
    def __init__(self, like: web.Server, pace: SenderPace, **options: Any) -> None:
        super().__init__(like.request_handler, request_factory=like.request_factory, **options)
        self._pace = pace
        self._options = options

    def __call__(self) -> Handler:
        loop = asyncio.get_running_loop()
        return Handler(self, pace=self._pace, loop=loop, **self._options)


class Runner(web.AppRunner):
    """Runs an application with these connections; ``options`` are those of aiohttp's handler.

    What came compressed stays so: the edge refuses it, before a small body could become a large one.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        shutdown_timeout: float,
        pace: SenderPace = PACE,
        **options: Any,
    ) -> None:
        options["auto_decompress"] = False
        super().__init__(app, shutdown_timeout=shutdown_timeout, **options)
        self._pace = pace
        self._options = options

    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._pace, **self._options)
