"""Tasks of units in a case (多地联办): views, commands and their event.

A unit that has a task sees its own tasks and the lines and fields that they name, while one of them runs. The unit that
leads sees all of it; the window and the applicant see who has the case and how far it is, not what was written.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from server.case.rules.joint.unit_task import (
    DAYS_AT_MOST,
    HINTS_AT_MOST,
    Opinion,
    UnitTaskState,
    UnitTaskTurn,
)
from server.case.wire.decision import DueView
from server.case.wire.words import CaseAct, CaseCommand, FieldName, Reason
from server.catalogue.rules.plan import Silence, UnitTaskKind
from server.rights.seen import Put, Seen
from server.standards.limits import StopReason
from signaling.wire.envelope import Event, Id, Message, PersonRef

LineKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
TaskName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")
]
Wanted = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)]
Basis = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Days = Annotated[int, Field(ge=1, le=DAYS_AT_MOST)]


class HintView(Message):
    """附带说明; with a ``clause`` a condition, without one a hint (提示) outside the decision."""

    text: Annotated[
        str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"\S")
    ]
    clause: Basis = ""


class UnitAnswerView(Message):
    opinion: Opinion
    text: str
    hints: list[HintView]
    by: PersonRef | None
    """Null where silence counts as agreement."""
    at: datetime


class PauseView(Message):
    why: StopReason
    reason: str
    began: date
    by: PersonRef
    ended: date | None


class BeforeView(Message):
    """What a task that this one comes after was answered."""

    unit_name: str
    name: str
    opinion: Opinion
    on: date


class UnitTaskView(Message):
    """A task of a unit in one round. ``next_on`` and ``turn``: what is due next of it, and whose turn it is; null
    once it is over. ``due``: the day of its answer as it was counted, from the acceptance on."""

    seen: ClassVar = Seen(
        at=lambda one: f"task:{one.unit_id}",
        blank={
            side: {
                "wanted": "", "lines": [], "fields": [], "basis": "", "before": [], "pauses": [], "answer": None,
                "why": "", "should": "", "received_by": None, "owner": None,
            }
            for side in ("window", "third", "applicant")
        },
    )  # fmt: skip

    id: str
    key: str
    round: int
    kind: UnitTaskKind
    unit_id: str
    unit_name: str
    name: str
    wanted: str
    lines: list[str]
    fields: list[str]
    days: int
    accept_days: int
    basis: str
    silence: Silence
    state: UnitTaskState
    made_at: datetime
    after: list[str]
    previous_id: str | None
    asked_at: datetime | None
    accept_by: date | None
    before: list[BeforeView]
    received_at: datetime | None
    received_by: PersonRef | None
    accepted_at: datetime | None
    owner: PersonRef | None
    handed: int
    due: DueView | None
    pauses: list[PauseView]
    answer: UnitAnswerView | None
    close_by: date | None
    ended_at: datetime | None
    why: str
    should: str
    turn: UnitTaskTurn | None
    next_on: date | None


class UnitTaskCommand(CaseAct):
    """An act on one task. It names the version of the case that its page showed. Refused besides: not_found (no such
    task that he sees), not_yours, other_step, unit_task_over."""

    task_id: Id


class CaseAskUnit(CaseAct):
    """请办: the unit that leads asks another one, by hand and with a reason; or, with ``task_id``, asks once more what
    was given back, of the same unit or another. While the case is under review or accepted.

    Result: ``{task_id}``. Refused: not_yours, other_step, not_found (of the unit too), same_unit, no_approver,
    reason_missing, line_unknown, field_unknown, too_large, other_mode (only 多地联办).
    """

    type: Literal["case.ask_unit"] = "case.ask_unit"
    unit_id: Id
    task_id: Id | None = None
    kind: UnitTaskKind = "opinion"
    name: TaskName = "征求意见"
    wanted: Wanted
    lines: Annotated[list[LineKey], Field(max_length=100)] = []
    fields: Annotated[list[FieldName], Field(max_length=200)] = []
    days: Days = 5
    basis: Basis = ""


class CaseReceiveTask(UnitTaskCommand):
    """接收: a person of the unit has seen it."""

    type: Literal["case.receive_task"] = "case.receive_task"


class CaseAcceptTask(UnitTaskCommand):
    """承接: the unit answers for it; ``person_id`` of a colleague or oneself works on it from now on. Refused:
    no_colleague."""

    type: Literal["case.accept_task"] = "case.accept_task"
    person_id: Id | None = None


class CaseHandTask(UnitTaskCommand):
    """单位内转办. Refused: no_colleague, head_alone."""

    type: Literal["case.hand_task"] = "case.hand_task"
    person_id: Id


class CaseGiveBackTask(UnitTaskCommand):
    """退回主办, with the reason, and who should do it where that is known. Refused: reason_missing."""

    type: Literal["case.give_back_task"] = "case.give_back_task"
    reason: Reason
    should: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)] = ""


class CasePauseTask(UnitTaskCommand):
    """暂停计时, for what the law lists. Refused: clock_stopped, reason_missing."""

    type: Literal["case.pause_task"] = "case.pause_task"
    why: StopReason
    reason: Reason


class CaseGoOnTask(UnitTaskCommand):
    """恢复计时. Refused: clock_running."""

    type: Literal["case.go_on_task"] = "case.go_on_task"


class CaseAnswerTask(UnitTaskCommand):
    """答复. Refused: unit_task_claimed, bad_opinion, clock_stopped, reason_missing, clause_missing."""

    type: Literal["case.answer_task"] = "case.answer_task"
    opinion: Opinion
    text: Reason
    hints: Annotated[list[HintView], Field(max_length=HINTS_AT_MOST)] = []


class CaseReturnTask(UnitTaskCommand):
    """退回重办: the answer is not enough; the next round is asked for at once. Result: ``{task_id}``. Refused:
    reason_missing, too_large."""

    type: Literal["case.return_task"] = "case.return_task"
    reason: Reason


class CaseCloseTask(UnitTaskCommand):
    """办结: the lead has read the answer; what comes after it is asked for."""

    type: Literal["case.close_task"] = "case.close_task"


class CaseCancelTask(UnitTaskCommand):
    """取消, for this reason; what comes after it is asked for. Refused: reason_missing."""

    type: Literal["case.cancel_task"] = "case.cancel_task"
    reason: Reason


class CaseTasked(Event):
    """Something became of tasks. For the unit of each it is the last event that it gets: its page opens the case anew,
    as it may see it now, or not at all."""

    into: ClassVar = (Put("unit_tasks", "tasks"),)

    type: Literal["case.tasked"] = "case.tasked"
    tasks: list[UnitTaskView]


class UnitTaskRow(Message):
    """A task of the asker's unit in its list. The applicant is told on the page of the case alone, while the task runs.

    ``left``: working days from today to ``next_on``; negative once it is over."""

    id: str
    case_id: str
    number: str | None
    receipt_number: str | None
    item_name: str
    lead_name: str
    name: str
    kind: UnitTaskKind
    state: UnitTaskState
    round: int
    owner: PersonRef | None
    next_on: date | None
    left: int | None
    opinion: Opinion | None
    asked_at: datetime | None
    ended_at: datetime | None


class UnitTasks(Message):
    """``to_do``: in how many it is the unit's turn, counted up to 10,000."""

    tasks: list[UnitTaskRow]
    to_do: int
    next_cursor: str | None


COMMANDS: tuple[type[CaseCommand], ...] = (
    CaseAskUnit, CaseReceiveTask, CaseAcceptTask, CaseHandTask, CaseGiveBackTask, CasePauseTask, CaseGoOnTask,
    CaseAnswerTask, CaseReturnTask, CaseCloseTask, CaseCancelTask,
)  # fmt: skip
