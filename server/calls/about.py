"""The port to what a call is about: ``server.case`` implements it, so that calls know no case.

Everything here is asked within a transaction of the call, and what it writes is part of that.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.calls.rows.calls import Connection
from server.calls.wire import RingCard
from server.rights.person import Actor
from server.store import Change


@dataclass(frozen=True)
class DialFacts:
    """What dialling needs to know of a case."""

    case_id: str
    window_unit_id: str
    target_unit_id: str
    target_place: str
    recording_consented: bool
    card: RingCard
    registered_at: datetime
    called: Callable[[Change, str], Awaitable[None]]
    """Records that the call of this id begins, about the case, which has been locked since it was read.
    Refused: ``case_archived``."""


class About(Protocol):
    """What calls ask of a case."""

    async def dialling(
        self, connection: Connection, actor: Actor, case_id: str, at: datetime
    ) -> DialFacts:
        """Whether this case may be dialled about now, by this person, and what is needed for it."""

    async def card(
        self, connection: Connection, case_id: str, waiting_since: datetime | None = None
    ) -> RingCard:
        """What a rung approver needs to know of the case. Refused: ``not_found``."""

    async def mark_answered(self, change: Change, case_id: str, call_id: str) -> None:
        """Record that a call about the case was answered; lock the call before."""

    async def waits_at(self, connection: Connection, case_id: str) -> str | None:
        """The unit that is to decide the case; None when it is decided, or is not there."""

    async def deciding(self, connection: Connection, actor: Actor, case_id: str) -> bool:
        """Whether this person sees the case as one of those who decide it. Refused: ``not_found``."""
