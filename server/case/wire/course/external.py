"""What an external system reports of a case that is decided in it. Shapes only."""

from datetime import date
from typing import Annotated

from pydantic import Field

from server.case.rules.course.course import BASES_AT_MOST, RESULTS_AT_MOST, ReportStep
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
