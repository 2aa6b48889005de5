"""What an external system reports of a case that is decided in it, what it states of a day, and both sides of that day.
Shapes only."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from server.case.rules.course.course import BASES_AT_MOST, RESULTS_AT_MOST, ReportStep
from server.case.rules.course.reconciling import STATED_AT_MOST, Verdict
from server.case.rules.course.states import CaseState
from server.case.wire.course.advancing import Basis, NewResult, Number
from server.case.wire.words import Reason
from signaling.wire.envelope import Message


class ExternalReport(Message):
    """The system accepted the case, granted, denied, or issued the results, on that day under its own number (受理号).

    ``case`` is the 办件编号; ``reason`` is needed of a denial, ``results`` of what was issued.
    """

    case: Number
    step: ReportStep
    number: Number
    on: date
    reason: Reason = ""
    bases: Annotated[list[Basis], Field(max_length=BASES_AT_MOST)] = []
    results: Annotated[list[NewResult], Field(max_length=RESULTS_AT_MOST)] = []


class ExternalTaken(Message):
    """The report is entered; the same to whoever sends it again. ``state`` is the case's after it."""

    case: str
    state: CaseState


class ExternalStep(Message):
    """A step of a case (办件编号) under the number of the system (受理号)."""

    case: Number
    step: ReportStep
    number: Number


class ExternalStatement(Message):
    """All that the system did on that day by cases that it decides for this unit; the newest of a day counts."""

    on: date
    steps: Annotated[list[ExternalStep], Field(max_length=STATED_AT_MOST)]


class ExternalStated(Message):
    """The statement is kept; the same to whoever sends it again."""

    on: date
    steps: int


class ExternalView(Message):
    """An external system of one's unit. ``told``: it is told of its cases."""

    id: str
    system: str
    told: bool
    revoked: bool


class ExternalList(Message):
    """The external systems of one's unit, the oldest first."""

    externals: list[ExternalView]


class ComparedView(Message):
    """A step on both sides; null: that side has it not."""

    case: str
    step: ReportStep
    ours: str | None
    theirs: str | None
    verdict: Verdict


class Reconciliation(Message):
    """对账 of one day: what does not agree first. ``stated_at`` null: the system has stated nothing of that day.
    ``untold``: messages of that day that it has not taken."""

    external: ExternalView
    on: date
    stated_at: datetime | None
    untold: int
    steps: list[ComparedView]
