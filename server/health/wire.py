"""How a node is, as HTTP gives it. Shapes only."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from signaling.wire.envelope import Message

HealthStatus = Literal["ok", "warning", "failing"]
HealthState = Literal[HealthStatus, "off"]


class HealthPart(Message):
    """One line of the health page. ``detail`` is plain text in the asker's language."""

    key: Literal[
        "version",
        "revision",
        "disk",
        "media",
        "turn",
        "certificate",
        "sequencer",
        "queue",
        "fonts",
        "clock",
        "redis",
        "scanner",
        "walls",
        "office",
        "ofd",
        "cards",
        "log",
    ]
    state: HealthState
    value: str
    detail: str


class HealthView(Message):
    """What an operator sees of the machine (D9)."""

    status: HealthStatus
    parts: list[HealthPart]
    at: datetime


Readiness = Literal["ok", "failing"]


class Health(Message):
    status: Readiness
    checks: dict[str, Readiness] = Field(default_factory=dict)
    version: str
