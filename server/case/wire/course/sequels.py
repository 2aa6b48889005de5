"""后续办件: what follows a granted case as a case of its own, and the act that begins it."""

from datetime import date, datetime
from typing import ClassVar, Literal

from server.case.rules.course.course import SequelKind, SequelOutcome
from server.case.rules.course.sequels import Origin
from server.case.wire.words import CaseAct, Reason
from server.rights.seen import Seen
from signaling.wire.envelope import Id, Message, PersonRef


class SequelView(Message):
    """A case that follows this one, and what became of it; ``ended_on`` is the day of its ruling or end. Who may open it
    is asked when it is opened."""

    case_id: str
    kind: SequelKind
    by: PersonRef
    at: datetime
    outcome: SequelOutcome
    ended_on: date | None


class SequelOfView(Message):
    """The case that this one follows, by its 办件编号, and what it asks for; ``begun_by``: the applicant's wish, or the
    unit's own motion with its ``reason``."""

    seen: ClassVar = Seen()

    case_id: str
    number: str
    kind: SequelKind
    begun_by: Origin
    reason: str


class CaseBeginSequel(CaseAct):
    """发起后续办件: a case of the same applicant that follows this one. At the window what the applicant asks for (变更,
    延续, 补证, 更正, 注销); ``of_itself`` the approver what his unit begins by itself (撤销, 注销, 更正).

    ``item_id``: another item of the same unit; null: the newest version of this case's. Result: ``{case_id, late}``;
    ``late``: 延续 with fewer than thirty days left. Refused: other_step, not_yours, other_sequel, nothing_stands,
    reason_missing (of itself), validity_over (延续), sequel_open (``case``), item_unavailable.
    """

    type: Literal["case.begin_sequel"] = "case.begin_sequel"
    kind: SequelKind
    of_itself: bool = False
    reason: Reason = ""
    item_id: Id | None = None
