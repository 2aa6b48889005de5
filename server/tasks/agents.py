"""帮办 and 代办: help that an applicant asked for, and acts done for him. Pure.

    asked -> accepted -> working <-> suspended -> closed (办结) | cancelled (终止)

They are tasks of the unit whose window took the case (``server.tasks.rules``); what is theirs alone stands here.
The applicant stays the declarant, it costs nothing, and he may end it at any time. 帮办 needs his wish alone; of 代办
nothing is done without a signed 委托书, or after its last day. Sources: DB3205/T 1077-2023, DB14/T 2233-2020.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from server.standards.papers import AgentPaper
from server.tasks import rules
from server.tasks.rules import AGENT_KINDS, Mandate, Outcome, Task, TaskKind
from signaling.refusals import Code, Refusal

ACCEPT_WITHIN: Final = 1
"""Working days until somebody accepts it; then the head of the unit is told."""
STEP_WITHIN: Final = 5
"""Working days without a step, after which the head of the unit is told."""
MANDATE_AT_MOST: Final = timedelta(days=366)
"""Nobody is mandated for longer at once: 续办 with a new one."""
CONTACTS: Final[frozenset[Outcome]] = frozenset({"contacted", "no_answer", "wrong_number"})
"""What is done to reach the applicant, and not for him: it needs no mandate."""
WANTED: Final[dict[TaskKind, str]] = {
    "help": "陪同申请人把办件办下去",
    "proxy": "按委托书代申请人把办件办下去",
}
FIRST: Final = "受理帮办代办请求"


def is_agents(task: Task) -> bool:
    """Whether it is 帮办 or 代办."""
    return task.kind in AGENT_KINDS


def accept(task: Task, person_id: str, at: datetime, next_at: datetime) -> Task:
    """受理: it is his, and he first speaks with the applicant. Claimed again once accepted, nothing changes.

    Refused: ``task_over``, ``task_claimed``, ``next_missing``.
    """
    mine = rules.claim(task, person_id)
    if task.accepted_at is not None:
        return mine
    first = "请申请人签委托书" if task.kind == "proxy" else "联系申请人，说好怎么帮"
    return rules.set_next(replace(mine, accepted_at=at), first, next_at, at)


def mandate(task: Task, given: Mandate, today: date) -> Task:
    """The signed 委托书 is there; a later one takes the place of the one before (续办).

    Refused: ``task_over``; ``mandate_unfit`` for 帮办, for one signed after today, over by today, or for longer than
    a year.
    """
    if task.over:
        raise Refusal(Code.TASK_OVER)
    lasts = given.signed_on <= today <= given.until <= given.signed_on + MANDATE_AT_MOST
    if task.kind != "proxy" or not lasts:
        raise Refusal(Code.MANDATE_UNFIT)
    return replace(task, mandates=(*task.mandates, given)[-rules.RESULTS_AT_MOST :])


def may_step(task: Task, person_id: str, today: date, outcome: Outcome | None = None) -> None:
    """Whether this person may enter a step of it today, suspend it or let it go on; ``outcome`` None: no step for the
    applicant. Any other task may.

    Refused: ``task_over``, ``not_accepted``, ``task_claimed`` (it is somebody else's), and of 代办 ``mandate_missing``
    and ``mandate_over``.
    """
    if not is_agents(task):
        return
    if task.over:
        raise Refusal(Code.TASK_OVER)
    if task.accepted_at is None:
        raise Refusal(Code.NOT_ACCEPTED)
    if task.owner_id != person_id:
        raise Refusal(Code.TASK_CLAIMED)
    if task.kind == "help" or outcome is None or outcome in CONTACTS:
        return
    if not task.mandates:
        raise Refusal(Code.MANDATE_MISSING)
    if today > task.mandates[-1].until:
        raise Refusal(Code.MANDATE_OVER)


def may_print(task: Task, paper: AgentPaper, scope: str, until: date | None, today: date) -> None:
    """Whether this paper of it can be made today. ``scope`` and ``until`` are of the mandates, which are made to be
    signed: 委托书 while there is none, 续办委托书 behind one.

    Refused: ``not_found`` (no 帮办 or 代办), ``not_accepted``, ``task_over``, ``mandate_unfit``, ``mandate_missing``,
    ``other_step``.
    """
    if not is_agents(task):
        raise Refusal(Code.NOT_FOUND, task=task.id)
    match paper:
        case "mandate" | "renewal":
            if task.over:
                raise Refusal(Code.TASK_OVER)
            fits = until is not None and today <= until <= today + MANDATE_AT_MOST
            if task.kind != "proxy" or not scope or not fits:
                raise Refusal(Code.MANDATE_UNFIT)
            if task.accepted_at is None:
                raise Refusal(Code.NOT_ACCEPTED)
            if paper == "mandate" and task.mandates:
                raise Refusal(Code.OTHER_STEP)
            if paper == "renewal" and not task.mandates:
                raise Refusal(Code.MANDATE_MISSING)
        case "agent_start":
            if task.accepted_at is None:
                raise Refusal(Code.NOT_ACCEPTED)
        case "agent_pause":
            if task.state != "suspended":
                raise Refusal(Code.OTHER_STEP)
        case _:
            if not task.over:
                raise Refusal(Code.OTHER_STEP)


def quiet(task: Task, by: datetime) -> Task:
    """Of 帮办 and 代办 that go on the head is told at ``by`` at the latest, however far away the next date is."""
    if not is_agents(task) or task.state != "open" or task.raise_at is None:
        return task
    return replace(task, raise_at=min(task.raise_at, by))
