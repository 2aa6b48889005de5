"""Tasks on the wire: their commands, and what lists and pages are told of them. Shapes only."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from server.tasks.rules import Outcome, TaskCause, TaskKind, TaskState
from signaling.wire.envelope import Command, Id, Message, PersonRef

Step = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Told = Annotated[
    str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True, pattern=r"\S")
]


class TaskCommand(Command):
    """Something a page asks for about one task of one's own unit.

    Refused besides: not_found; forbidden (who may read it alone); stale when the task has changed since
    ``seen_version``; task_over.
    """

    task_id: Id
    seen_version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class TaskClaim(TaskCommand):
    """认领. Refused: task_claimed."""

    type: Literal["task.claim"] = "task.claim"


class TaskHand(TaskCommand):
    """转给同事, or with null back into the unit's pool. Refused: no_colleague."""

    type: Literal["task.hand"] = "task.hand"
    person_id: Id | None


class TaskEnter(TaskCommand):
    """登记结果; it answers an open demand. ``done`` closes the task, anything else names what is next, and when.

    Refused: next_missing, task_suspended.
    """

    type: Literal["task.enter"] = "task.enter"
    outcome: Outcome
    text: Told
    next_step: Step = ""
    next_at: AwareDatetime | None = None


class TaskSuspend(TaskCommand):
    """中止, for this reason; it is looked at again at that time. Refused: next_missing, task_suspended."""

    type: Literal["task.suspend"] = "task.suspend"
    text: Told
    next_at: AwareDatetime


class TaskResume(TaskCommand):
    """续办, as the next round. Refused: task_running, next_missing."""

    type: Literal["task.resume"] = "task.resume"
    next_step: Step
    next_at: AwareDatetime


class TaskCancel(TaskCommand):
    """取消, for this reason."""

    type: Literal["task.cancel"] = "task.cancel"
    text: Told


class TaskSupervise(TaskCommand):
    """督办, by the head of the unit or its supervisor: a result is wanted by then. Refused: demand_open."""

    type: Literal["task.supervise"] = "task.supervise"
    text: Told
    answer_by: AwareDatetime


class TaskMandate(TaskCommand):
    """委托书 of 代办: the file of the case that the applicant signed, for what, and its last day. A later one takes the
    place of the one before. Refused: not_accepted, task_claimed, mandate_unfit (for 帮办; not signed by today, over, for
    longer than a year; no such file of the case)."""

    type: Literal["task.mandate"] = "task.mandate"
    material_id: Id
    scope: Told
    signed_on: date
    until: date


COMMANDS: tuple[type[Command], ...] = (
    TaskClaim, TaskHand, TaskEnter, TaskSuspend, TaskResume, TaskCancel, TaskSupervise, TaskMandate,
)  # fmt: skip


class TaskSourceView(Message):
    cause: TaskCause
    text: str
    at: datetime
    by: PersonRef | None
    """Null where the house opened it."""


class TaskResultView(Message):
    outcome: Outcome
    text: str
    at: datetime
    by: PersonRef | None


class DemandView(Message):
    text: str
    by: PersonRef
    at: datetime
    answer_by: datetime
    answered_at: datetime | None


class MandateView(Message):
    """委托书: what the applicant signed, and how long it is good for."""

    material_id: str
    scope: str
    signed_on: date
    until: date
    by: PersonRef
    at: datetime


class TaskView(Message):
    """A task as its unit sees it. ``version``: what the commands call ``seen_version``."""

    id: str
    version: int
    case_id: str
    call_id: str | None
    kind: TaskKind
    state: TaskState
    round: int
    item_name: str
    applicant_masked: str
    phone_masked: str
    unit_id: str
    unit_name: str
    owner: PersonRef | None
    wanted: str
    sources: list[TaskSourceView]
    results: list[TaskResultView]
    demands: list[DemandView]
    made_at: datetime
    joined_at: datetime | None
    next_step: str
    next_at: datetime | None
    level: int
    """提级: 0 the owner, 1 the whole unit, 2 the head of the unit."""
    raise_at: datetime | None
    """When it is raised unless something comes of it before; null: it lies with the head, or is over."""
    ended_at: datetime | None
    accepted_at: datetime | None = None
    """Of 帮办 and 代办: when somebody accepted it."""
    mandates: list[MandateView] = []
    """Of 代办, the newest last."""


class TaskCounts(Message):
    """How many there are under each tab."""

    mine: int
    others: int
    demanded: int
    unclaimed: int
    untold: int
    agents: int
    """帮办 and 代办 that are not over, whoever has them."""


class TaskPage(Message):
    tasks: list[TaskView]
    next_cursor: str | None
    counts: TaskCounts
    does: bool
    """Whether the asker may do tasks of his unit; who may not, reads them."""
    supervises: bool


class Colleagues(Message):
    """To whom a task of one's unit can be handed."""

    people: list[PersonRef]
