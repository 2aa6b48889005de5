"""Asking for 帮办 or 代办 of a case, and its papers."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from server.case.wire.words import CaseCommand
from server.standards.papers import AgentPaper, PaperKind, PaperState
from signaling.wire.envelope import Id, Message, PersonRef

AgentKind = Literal["help", "proxy"]
"""帮办 (an agent goes along), 代办 (he acts for the applicant, by a signed mandate)."""
AgentCause = Literal["asked", "missed_call", "limit_passed", "low_rated"]
"""The applicant's own wish, a call that nobody answered, a limit that passed, a low rating: in each the applicant wants
it."""
Wish = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"\S")
]


class CaseAskAgent(CaseCommand):
    """请求帮办 or 代办, for the applicant who wants it: a task in the pool of the unit whose window took the case, to be
    accepted within one working day. Result: ``{task_id}``.

    Refused: not_yours, case_archived, other_step (a consultation, or nothing is left to do), task_running (there is one
    of this kind).
    """

    type: Literal["case.ask_agent"] = "case.ask_agent"
    kind: AgentKind
    cause: AgentCause = "asked"
    text: Wish
    """What the applicant wants, in his words."""


Scope = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)]


class CasePrintAgent(CaseCommand):
    """Make a paper of 帮办代办. Window only. What was printed already is not made again: the same paper is named.
    ``scope`` and ``until`` are what the applicant mandates, and up to which day: of 委托书 and 续办委托书 alone.
    Result: ``{paper_id}``.

    Refused: not_yours, case_archived, not_found (no 帮办 or 代办 of this case), not_accepted (受理单 and mandates before
    somebody accepted it), mandate_unfit (a mandate of 帮办, without scope, over, or for longer than a year),
    mandate_missing (续办委托书 before there was a 委托书), other_step (委托书 when there is one; 中止单 of what is not
    suspended; 办结单 of what goes on), task_over (a mandate of what is over), throttled (50 a case).
    """

    type: Literal["case.print_agent"] = "case.print_agent"
    task_id: Id
    paper: AgentPaper
    scope: Scope = ""
    until: date | None = None


class AgentPrinted(Message):
    """A paper of 帮办代办 that was asked for."""

    id: str
    kind: PaperKind
    number: str
    state: PaperState
    draft: bool
    """It bears no seal although one belongs there."""
    at: datetime


class AgentView(Message):
    """帮办 or 代办 of a case: who helps the applicant, and how far it is."""

    task_id: str
    kind: AgentKind
    stage: Literal["asked", "accepted", "suspended", "closed", "cancelled"]
    asked_at: datetime
    agent: PersonRef | None
    """Null until somebody accepted it."""
    next_on: date | None = None
    """When something is next; null once it is over."""
    mandate_until: date | None
    """Of 代办: the last day of the 委托书; null: there is none yet."""
    ended_at: datetime | None
    papers: list[AgentPrinted] = []
    """The oldest first; mandates are told to the window alone."""


class Agents(Message):
    """帮办 and 代办 of a case, the oldest first."""

    agents: list[AgentView]
