"""The log of a process: one JSON line an event, to standard error.

Ids, codes and durations only. A traceback keeps its frames and the type of the
exception but not its words, which may hold values of the case. A destination that
refuses lines (a full disk, a pipe that nobody reads any more) stops nobody's work.
"""

import io
import json
import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any, Final

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict

ExceptionTriple = tuple[type[BaseException], BaseException, TracebackType | None]

_LEVELS: Final = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
_OURS: Final = ("/signaling/", "/server/")
_NOISY: Final = ("aiohttp.access", "sqlalchemy", "asyncio", "aiosqlite")
_OWN_HANDLERS: Final = ("engineio.server", "engineio.client", "socketio.server", "socketio.client")
"""Loggers that get a handler of their own, past ours, when their level was not set before."""


class Destination(io.TextIOBase):
    """Takes text for a file descriptor; what that refuses is counted and gone, and nothing is raised.

    Each write tries it anew, and the first that is taken again tells before its own line how many
    were lost. ``fd`` None: closed from the start, everything is lost.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._turn = threading.RLock()
        """Of the same thread's again: what the collector ends in the middle of a line may speak too."""
        self._untold = 0
        self._cut = False
        self.lost = 0
        """How many writes were refused so far."""

    @property
    def refuses(self) -> bool:
        """Whether it does at this moment; asking tries it when it did."""
        if self._untold:
            self.write("")
        return self._untold > 0

    def write(self, text: str) -> int:
        """Write it all at once, or count it as lost."""
        with self._turn:
            data = self._notice() + text.encode(self.encoding, self.errors)
            try:
                while data:
                    if self._fd is None:
                        raise BrokenPipeError
                    data = data[os.write(self._fd, data) :]
                    self._cut = bool(data)
            except OSError:
                self._untold += bool(text)
                self.lost += bool(text)
            else:
                self._untold = 0
        return len(text)

    def _notice(self) -> bytes:
        if not self._untold:
            return b""
        told = {"event": "log.refused", "lost": self._untold, "level": "warning"}
        return b"\n" * self._cut + json.dumps(told).encode() + b"\n"

    def fileno(self) -> int:
        if self._fd is None:
            raise io.UnsupportedOperation("fileno")
        return self._fd

    def isatty(self) -> bool:
        return self._fd is not None and os.isatty(self._fd)

    def writable(self) -> bool:
        return True


def frames(error: BaseException) -> list[str]:
    """Where it was raised: file, line and function of each frame, innermost last, without any value."""
    lines: list[str] = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        lines.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return lines


def _short(file: str) -> str:
    return "/".join(file.replace("\\", "/").split("/")[-3:])


def _without_words(_: Any, __: str, event: EventDict) -> EventDict:
    told = event.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()[1]
    elif isinstance(told, tuple):
        told = told[1]
    if isinstance(told, BaseException):
        event["fault"] = type(told).__qualname__
        event["frames"] = frames(told)
        cause = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
        if cause is not None:
            event["cause"] = type(cause).__qualname__
            event["cause_frames"] = frames(cause)
    return event


def _is_protocol(record: logging.LogRecord, error: BaseException | None) -> bool:
    """Whether Socket.IO complains about what it was sent, in the words of who sent it."""
    if not record.name.startswith(("engineio", "socketio")):
        return False
    if error is None:
        return True
    return not any(part in place for place in frames(error) for part in _OURS)


class _Forward(logging.Handler):
    """Lines of the standard log as events: ours as they are, those of libraries without their values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError) or _is_protocol(record, error):
            # Bytes that are no HTTP or Socket.IO are a stranger's mistake, not a fault here.
            kind = None if error is None else type(error).__name__
            structlog.get_logger().info("malformed", logger=record.name, kind=kind)
            return
        ours = record.name.startswith("yunjian")
        structlog.get_logger().log(
            record.levelno,
            "logged",
            logger=record.name,
            said=record.getMessage() if ours else str(record.msg),
            exc_info=record.exc_info,
        )


def standing() -> tuple[int, bool]:
    """How many lines were refused so far, and whether they are now. To be asked in a thread."""
    there = sys.stderr
    return (there.lost, there.refuses) if isinstance(there, Destination) else (0, False)


def _guard() -> None:
    """Let whatever is said on standard error, tracebacks and prints included, be refused unharmed."""
    if isinstance(sys.stderr, Destination):
        return
    try:
        # None when it was closed before the start: its number may be another file's by now.
        sys.stderr = Destination(sys.stderr.fileno() if sys.stderr is not None else None)
    except (OSError, ValueError):
        pass  # no file at all, as where somebody gathers what is said


def configure(level: str = "INFO") -> None:
    """Set up the log of this process, that of the libraries included."""
    _guard()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        # One write a line: threads log too, and their lines must not run into each other.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(_LEVELS[level])
    for name in (*_NOISY, *_OWN_HANDLERS):
        logging.getLogger(name).setLevel(logging.WARNING)
