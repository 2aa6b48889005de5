"""Who is rung next, and how long the wait is.

Pure. A desk is an approver's place at a unit. So many free desks are rung at once, the longest free
first, and the first answer wins; for each who declines or lets it ring the next one is rung. Nobody is
rung whose page has been quiet for so long that he would not hear it; who that is the roster finds by
its own order. Knows no case, no storage and no clock.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from signaling.subjects import Availability

AWAY_AFTER_S = 15.0
AT_ONCE = 12
"""So many are rung at once where no setting says otherwise."""


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


def presence(desk: Desk, at: datetime, away_after_s: float = AWAY_AFTER_S) -> Availability:
    """Free, rung, busy or away. An engaged desk is so even when its page is quiet: its place is held."""
    if desk.engaged:
        return Availability.RINGING if desk.rung else Availability.BUSY
    seen = desk.last_seen_at
    if not desk.on_duty or seen is None or (at - seen).total_seconds() >= away_after_s:
        return Availability.AWAY
    return Availability.FREE


def room(ringing: int, rung: int, at_once: int, at_most: int) -> int:
    """How many more may be rung, when so many ring and so many were rung in all."""
    return max(0, min(at_once - ringing, at_most - rung))


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
    free = seen.count(Availability.FREE)
    if ahead < free:
        return 0.0
    working = free + seen.count(Availability.BUSY) + seen.count(Availability.RINGING)
    return (ahead - free + 1) * handling_s / working if working else None
