"""Asking for 帮办 or 代办 of a case."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from server.case.wire.words import CaseCommand
from signaling.wire.envelope import Message, PersonRef

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


class AgentView(Message):
    """帮办 or 代办 of a case: who helps the applicant, and how far it is."""

    task_id: str
    kind: AgentKind
    stage: Literal["asked", "accepted", "suspended", "closed", "cancelled"]
    asked_at: datetime
    agent: PersonRef | None
    """Null until somebody accepted it."""
    mandate_until: date | None
    """Of 代办: the last day of the 委托书; null: there is none yet."""
    ended_at: datetime | None


class Agents(Message):
    """帮办 and 代办 of a case, the oldest first."""

    agents: list[AgentView]
