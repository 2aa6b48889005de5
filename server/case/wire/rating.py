"""How the applicant rates a call: view, command and event."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from server.case.rules.talk.rating import Reason as RatingReason
from server.case.wire.words import CaseCommand
from server.rights.seen import Put, Seen
from server.standards.codes import Satisfaction
from signaling.wire.envelope import WORDS, Event, Id, Message

SatisfactionLevel = Annotated[Satisfaction, WORDS]
"""满意度 of GB/T 39046: 1 非常满意 … 5 非常不满意."""


class RatingView(Message):
    """What the applicant said of a call (好差评). The supervisor reads all of it; the applicant's screen
    that, and when, it was given; nobody else that there is one."""

    seen: ClassVar = Seen(
        to={"supervisor", "applicant"},
        blank={"applicant": {"level": None, "reasons": [], "text": ""}},
    )

    id: str
    call_id: str
    number: int
    """1, or 2 for what was added (追评)."""
    at: datetime
    level: SatisfactionLevel | None
    """None where the audience may not see it."""
    reasons: list[RatingReason] = []
    text: str = ""


class CaseRate(CaseCommand):
    """The applicant says on his own screen how he was served in a call that has ended. Only from a
    socket that opened the case ``as_applicant``. Refused: call_running, rating_closed,
    reason_missing (a bad level without a reason). Result: ``{number}``; what was said is in no ack."""

    type: Literal["case.rate"] = "case.rate"
    call_id: Id
    level: SatisfactionLevel
    reasons: list[RatingReason] = []
    text: Annotated[str, Field(max_length=500)] = ""


class CaseRated(Event):
    """Skipped for all but the supervisor and the applicant's screen."""

    into: ClassVar = (Put("ratings", "rating"),)

    type: Literal["case.rated"] = "case.rated"
    rating: RatingView
