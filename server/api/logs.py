"""The log of a process: one JSON line an event, to standard error.

Ids, codes and durations only. A traceback keeps its frames and the type of the
exception but not its words, which may hold values of the case.
"""

import logging
import sys
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


def configure(level: str = "INFO") -> None:
    """Set up the log of this process, that of the libraries included."""
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
