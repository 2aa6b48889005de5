"""What is promised for later (容缺): views, commands and events."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from server.case.rules.materials.promise import Verdict, VerifiedBy
from server.case.wire.words import CaseAct, CaseCommand
from server.rights.seen import Put, Seen
from server.standards.languages import Language
from signaling.wire.envelope import Event, Message, PersonRef


class PromiseMoveView(Message):
    """The approver gave a promise another day: the last time, from which day, and why."""

    before: date
    reason: str
    by: PersonRef
    at: datetime


class VerifiedView(Message):
    """核查: what the unit found of a declaration, and how."""

    verdict: Verdict
    how: VerifiedBy
    note: str
    by: PersonRef
    at: datetime


class PromiseView(Message):
    """容缺后补: what the applicant promised to bring by that day, the day included. 告知承诺, without a day: what he
    declared to be so, with what the unit found of it."""

    seen: ClassVar = Seen(at=lambda one: f"line:{one.line}")

    line: str
    due_on: date | None
    text_version: str
    language: Language
    by: PersonRef
    """Who took it down at the window."""
    at: datetime
    moved: PromiseMoveView | None = None
    verified: VerifiedView | None = None


class CasePromise(CaseCommand):
    """容缺后补: the applicant promises to bring the material of a line by a day; a later promise
    replaces it. 告知承诺, without a day: he declares that what it would prove is so, and it need not come.
    Window only, until the decision. Refused: case_closed, line_unknown, line_not_later,
    line_not_declared, bad_date (past, or more than 180 days away), malformed (no such text)."""

    type: Literal["case.promise"] = "case.promise"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    due_on: date | None
    text_version: Annotated[str, StringConstraints(max_length=20)]
    language: Language


class CaseMovePromise(CaseCommand):
    """容缺后补: another day for what was promised, with a reason. Approver only, also after acceptance,
    until it is done. Refused: line_unknown (nothing is promised), case_closed, bad_date (past, more
    than 180 days away, or the day that it has)."""

    type: Literal["case.move_promise"] = "case.move_promise"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    due_on: date
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class CaseVerify(CaseAct):
    """核查 of what was declared for a line (告知承诺), once. Approver only, from 受理 to the archive. Refused:
    line_unknown (nothing is declared for it), verified_already, reason_missing (untrue without a word),
    other_step, case_archived, changed."""

    type: Literal["case.verify"] = "case.verify"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    verdict: Verdict
    how: VerifiedBy
    note: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""


class CasePromised(Event):
    """In place of an earlier one of that line."""

    into: ClassVar = (Put("promises", "promise"),)

    type: Literal["case.promised"] = "case.promised"
    promise: PromiseView
