"""A task (任务): one thing that somebody of a unit has to see to about a case. Pure.

    open -> closed | cancelled | suspended        suspended -> open, as the next round

State only moves forward: what is resumed (续办) is a round of its own. No task that is not over is without a
next step and the time of it, and it lies with a person of its unit, or in the unit's pool (待认领).
Who may do what at a unit is asked by rights; whose turn it is, here.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from signaling.refusals import Code, Refusal

TaskKind = Literal["follow", "help", "proxy", "verify", "callback", "tell"]
"""内部跟办, 帮办, 代办, 核查, 回拨, 告知申请人."""
TaskState = Literal["open", "suspended", "closed", "cancelled"]
TaskCause = Literal[
    "missed_call", "asked", "post_returned", "correction_passed", "promise_passed", "limit_passed",
    "told", "untold", "low_rated", "declared", "declared_untrue",
    "system_untold",
]  # fmt: skip
"""Why it was opened, or what was said of it since: a call that nobody answered, the applicant's wish, post that
came back, 补正 and 容缺后补 not brought in time, a limit of the case that is over, in the words of who
opened it, something that no short message told the applicant, a low rating, a declaration (告知承诺) that is to be
verified, one that was found untrue after the case was granted, or something that an external system could not be
told."""
Outcome = Literal["contacted", "no_answer", "wrong_number", "done", "note"]
"""联系上了, 没接, 号码不对, 办成了, or something to be known."""
TaskTab = Literal["mine", "others", "demanded", "unclaimed", "untold", "ended"]
"""The lists of a unit's tasks: 要我处理, 他人处理, 督办, 待认领, 待告知, 已办结. What is to be told stands in the list of
its own, whoever has it; under 督办 and 已办结 stands every kind."""

TaskOnly = Literal["agents"]
"""Of the lists, 帮办 and 代办 alone."""

OVER: Final[frozenset[TaskState]] = frozenset({"closed", "cancelled"})
LEVEL_HEAD: Final = 2
"""提级: 0 whoever it lies with, 1 the whole unit, 2 the head of the unit (机关负责人)."""
RAISED_AGAIN_AFTER: Final = timedelta(days=1)
CALL_BACK_WITHIN: Final = timedelta(minutes=30)
NEXT_WITHIN: Final = timedelta(days=366)
"""What is put off for longer is never raised: it would be hidden."""
RESULTS_AT_MOST: Final = 500
"""A row does not grow for ever; who has so many results needs another way. What ends the task is always taken."""
KINDS: Final[tuple[TaskKind, ...]] = get_args(TaskKind)
AGENT_KINDS: Final[frozenset[TaskKind]] = frozenset({"help", "proxy"})
"""帮办 and 代办; ``server.tasks.agents`` has what is theirs alone."""


@dataclass(frozen=True, slots=True)
class TaskSource:
    """Where a task comes from (来源): ``by`` is None where the house opened it."""

    cause: TaskCause
    text: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of it (结果); never changed, never taken back. ``by`` is None where the house tells it."""

    outcome: Outcome
    text: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """督办: somebody of the same unit wants a result by then; the next result is the answer."""

    text: str
    by: str
    at: datetime
    answer_by: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mandate:
    """委托书 of 代办: the file of the case that the applicant signed, for what (``scope``), and its last day."""

    material_id: str
    scope: str
    signed_on: date
    until: date
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """Times are moments. ``next_at``: when ``next_step`` is to be done; None once it is over.
    ``joined_at``: since when the caller waits who is to be called back. ``once``: two tasks of a case with
    the same are one. ``accepted_at`` and ``mandates``, the newest last: of 帮办 and 代办 alone."""

    id: str
    case_id: str
    kind: TaskKind
    unit_id: str
    wanted: str
    sources: tuple[TaskSource, ...]
    made_at: datetime
    next_step: str
    next_at: datetime | None
    call_id: str | None = None
    joined_at: datetime | None = None
    once: str | None = None
    owner_id: str | None = None
    state: TaskState = "open"
    round: int = 1
    level: int = 0
    raise_at: datetime | None = None
    results: tuple[TaskResult, ...] = ()
    demands: tuple[Demand, ...] = ()
    ended_at: datetime | None = None
    accepted_at: datetime | None = None
    mandates: tuple[Mandate, ...] = ()
    version: int = 0

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def demand(self) -> Demand | None:
        """The one that is not answered yet."""
        last = self.demands[-1] if self.demands else None
        return last if last is not None and last.answered_at is None else None

    @property
    def demand_by(self) -> datetime | None:
        """When an answer is wanted; None where none is, or the task is over."""
        return self.demand.answer_by if self.demand and not self.over else None


def opened(
    id: str,
    case_id: str,
    kind: TaskKind,
    unit_id: str,
    wanted: str,
    source: TaskSource,
    *,
    next_step: str,
    next_at: datetime,
    owner_id: str | None = None,
    call_id: str | None = None,
    joined_at: datetime | None = None,
    once: str | None = None,
    level: int = 0,
) -> Task:
    """A new task, raised to ``level`` at once. Refused: ``next_missing`` without a next step, or with a time that is
    over already, or more than a year away."""
    _next(next_step, next_at, source.at)
    return Task(
        id, case_id, kind, unit_id, wanted, (source,), source.at, next_step, next_at,
        call_id=call_id, joined_at=joined_at, once=once, owner_id=owner_id, level=level,
        raise_at=next_at if level < LEVEL_HEAD else None,
    )  # fmt: skip


def claim(task: Task, person_id: str) -> Task:
    """认领. Refused: ``task_over``; ``task_claimed`` while it lies with somebody else."""
    _goes_on(task)
    if task.owner_id not in (None, person_id):
        raise Refusal(Code.TASK_CLAIMED)
    return replace(task, owner_id=person_id)


def hand(task: Task, to: str | None) -> Task:
    """转给同事, or with None back into the unit's pool. Refused: ``task_over``."""
    _goes_on(task)
    return replace(task, owner_id=to)


def pass_on(task: Task, unit_id: str) -> Task:
    """Another unit decides the case: the task lies in its pool from now on. One that is over stays."""
    if task.over or task.unit_id == unit_id:
        return task
    return replace(task, unit_id=unit_id, owner_id=None)


def enter(
    task: Task, result: TaskResult, *, next_step: str = "", next_at: datetime | None = None
) -> Task:
    """登记结果: it answers an open demand. ``done`` closes the task; anything else names what is next. Whose it
    was not yet, his it is now who enters it.

    Refused: ``task_over``, ``task_suspended``, ``next_missing``, ``too_large`` (500 are there, and it does not end).
    """
    _runs(task)
    if result.outcome != "done":
        _has_room(task)
    demands = tuple(
        one if one.answered_at else replace(one, answered_at=result.at) for one in task.demands
    )
    told = replace(
        task,
        results=(*task.results, result),
        demands=demands,
        owner_id=task.owner_id or result.by,
    )
    if result.outcome == "done":
        return _ended(told, "closed", result.at)
    return set_next(told, next_step, next_at, result.at)


def suspend(task: Task, result: TaskResult, *, next_at: datetime) -> Task:
    """中止, with the reason as a result; it is looked at again at that time. Refused: as ``enter`` does."""
    _runs(task)
    _has_room(task)
    _next(task.next_step, next_at, result.at)
    return replace(
        task, results=(*task.results, result), state="suspended", next_at=next_at, raise_at=next_at
    )


def resume(task: Task, at: datetime, *, next_step: str, next_at: datetime) -> Task:
    """续办: the next round. Refused: ``task_over``, ``task_running``, ``next_missing``."""
    _goes_on(task)
    if task.state != "suspended":
        raise Refusal(Code.TASK_RUNNING)
    return set_next(replace(task, state="open", round=task.round + 1), next_step, next_at, at)


def cancel(task: Task, result: TaskResult) -> Task:
    """取消: nothing is to be done any more, for this reason. Refused: ``task_over``."""
    _goes_on(task)
    return _ended(replace(task, results=(*task.results, result)), "cancelled", result.at)


def supervise(task: Task, text: str, by: str, at: datetime, answer_by: datetime) -> Task:
    """督办. Refused: ``task_over``; ``demand_open`` while another one waits for its answer; ``next_missing`` when
    the answer is wanted before now, or after more than a year."""
    _goes_on(task)
    if task.demand is not None:
        raise Refusal(Code.DEMAND_OPEN)
    _next(text, answer_by, at)
    return replace(task, demands=(*task.demands, Demand(text, by, at, answer_by)))


def again(task: Task, source: TaskSource) -> Task:
    """The same happened once more: it is kept as a source, and whoever waits keeps his place. What was
    suspended goes on."""
    told = replace(task, sources=(*task.sources, source)[-RESULTS_AT_MOST:])
    if task.state != "suspended":
        return told
    next_at = source.at + CALL_BACK_WITHIN
    return set_next(
        replace(told, state="open", round=task.round + 1), task.next_step, next_at, source.at
    )


def raised(task: Task, at: datetime) -> Task:
    """提级, when its time has come without a result; itself when it has not. Of 帮办 and 代办 the head is told at once."""
    if task.over or task.raise_at is None or task.raise_at > at or task.level >= LEVEL_HEAD:
        return task
    level = LEVEL_HEAD if task.kind in AGENT_KINDS else task.level + 1
    return replace(
        task, level=level, raise_at=at + RAISED_AGAIN_AFTER if level < LEVEL_HEAD else None
    )


def set_next(task: Task, next_step: str, next_at: datetime | None, at: datetime) -> Task:
    """What is next, and when. Refused: ``next_missing``."""
    _next(next_step, next_at, at)
    raise_at = next_at if task.level < LEVEL_HEAD else None
    return replace(task, next_step=next_step, next_at=next_at, raise_at=raise_at)


def _ended(task: Task, state: TaskState, at: datetime) -> Task:
    return replace(task, state=state, ended_at=at, next_step="", next_at=None, raise_at=None)


def _next(step: str, next_at: datetime | None, at: datetime) -> None:
    if not step.strip() or next_at is None or not at < next_at <= at + NEXT_WITHIN:
        raise Refusal(Code.NEXT_MISSING)


def _has_room(task: Task) -> None:
    if len(task.results) >= RESULTS_AT_MOST:
        raise Refusal(Code.TOO_LARGE, at_most=RESULTS_AT_MOST)


def _goes_on(task: Task) -> None:
    if task.over:
        raise Refusal(Code.TASK_OVER)


def _runs(task: Task) -> None:
    _goes_on(task)
    if task.state == "suspended":
        raise Refusal(Code.TASK_SUSPENDED)
