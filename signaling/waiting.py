"""Who is rung next, and how long the wait is.

Pure. A desk is an approver's place at a unit. All free desks are rung at once and the
first answer wins; nobody is rung whose page has been quiet for so long that he would
not hear it. Knows no case, no storage and no clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

AWAY_AFTER_S = 15.0


class Presence(StrEnum):
    """What others see of a desk; ``busy`` is in a call."""

    FREE = "free"
    RINGING = "ringing"
    BUSY = "busy"
    AWAY = "away"


class Desk(Protocol):
    """An approver as the roster knows him."""

    @property
    def person_id(self) -> str: ...
    @property
    def on_duty(self) -> bool: ...
    @property
    def engaged(self) -> bool: ...
    @property
    def rung(self) -> bool:
        """He is engaged by a call that he has not answered yet."""
        ...

    @property
    def last_seen_at(self) -> datetime | None:
        """The last sign of his page, to 5 s."""
        ...


def presence(desk: Desk, at: datetime, away_after_s: float = AWAY_AFTER_S) -> Presence:
    """Free, rung, busy or away. An engaged desk is so even when its page is quiet: its place is held."""
    if desk.engaged:
        return Presence.RINGING if desk.rung else Presence.BUSY
    seen = desk.last_seen_at
    if not desk.on_duty or seen is None or (at - seen).total_seconds() >= away_after_s:
        return Presence.AWAY
    return Presence.FREE


def to_ring(
    desks: Iterable[Desk], caller_id: str, at: datetime, away_after_s: float = AWAY_AFTER_S
) -> tuple[str, ...]:
    """The persons to ring now: every free desk but the caller's own, in a fixed order.

    The order is that of the ids, so that two callers who reserve the same desks cannot wait for
    each other.
    """
    free = (d.person_id for d in desks if presence(d, at, away_after_s) is Presence.FREE)
    return tuple(sorted(person_id for person_id in free if person_id != caller_id))


def estimated_wait_s(
    desks: Sequence[Desk],
    ahead: int,
    handling_s: float,
    at: datetime,
    away_after_s: float = AWAY_AFTER_S,
) -> float | None:
    """How long a caller with ``ahead`` callers before him waits for an answer, in seconds.

    0 when a free desk is left for him; otherwise every engaged desk is taken to finish once in each
    ``handling_s`` (the mean length of a call), evenly spread. None when nobody is on duty.
    """
    seen = [presence(desk, at, away_after_s) for desk in desks]
    free = seen.count(Presence.FREE)
    if ahead < free:
        return 0.0
    working = free + seen.count(Presence.BUSY) + seen.count(Presence.RINGING)
    return (ahead - free + 1) * handling_s / working if working else None
