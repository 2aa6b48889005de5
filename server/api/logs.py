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
_NOISY: Final = ("aiohttp.access", "engineio", "socketio", "sqlalchemy", "asyncio")


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


class _Forward(logging.Handler):
    """Lines of the standard log as events: ours as they are, those of libraries without their values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            # Bytes that are no HTTP are a stranger's mistake, not a fault here.
            structlog.get_logger().info("no_http", kind=type(error).__name__)
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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(_LEVELS[level])
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What it calls errors are wrong requests, told once each and in the words of the asker.
    logging.getLogger("engineio.server").setLevel(logging.CRITICAL)
