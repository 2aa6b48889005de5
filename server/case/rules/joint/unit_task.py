"""A unit's task (联办任务): what one unit answers for in a case that another one leads. Pure.

    planned -> asked -> received -> accepted -> working -> answered -> closed
    asked | received | accepted | working -> declined | passed_on        answered -> returned, and a new round is asked
    anything that is not over -> cancelled

State only moves forward. A return (退回重办) ends the row and opens the next round beside it, so that the answer of
before stays readable. Received (已接收) is not accepted (已承接): until somebody accepts it within its own days, nobody
answers for it. Inside its unit a task is handed from person to person, and from the third time on to the head alone;
to another authority it never goes by itself: it is given back (退回主办) to the unit that leads, with the name of who
should do it. The lead's own part is the case itself, with its owner, its clock and its next date.

Sources: 行政许可法 26 (one window, one acceptance), 42, 45 (days of several authorities, what stops them), 82; of the
states: HL7 FHIR R5 Task, and the acceptance of EU IMI, which makes answerable. Time and calendar are given.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, get_args

from server.catalogue.rules.plan import ACCEPT_WITHIN, Silence, UnitTaskKind
from server.rights.hand import TaskScope
from server.standards import limits
from server.standards.limits import Stop, StopReason
from server.standards.working_days import Counted, china_day, count
from signaling.refusals import Code, Refusal

UnitTaskState = Literal[
    "planned", "asked", "received", "accepted", "working", "answered", "closed",
    "declined", "passed_on", "returned", "cancelled",
]  # fmt: skip
"""待请办, 待接收, 已接收, 已承接, 办理中, 已答复, 已办结; 不予承接, 退回主办, 退回重办, 已取消."""
Opinion = Literal["agree", "agree_if", "object", "not_ours", "moved", "missing", "no_file"]
"""同意, 附条件同意, 不同意, 不属于本单位职权范围; of a transfer: 已移交, 缺卷, 无此档案."""
UnitTaskSide = Literal["lead", "own", "clock"]
"""Who acts: the unit that leads the case, the task's own unit, or the days that are over."""
UnitTaskTurn = Literal["lead", "own"]
UnitTaskTab = Literal["to_do", "answered", "ended"]
"""The lists of a unit: 要我处理, 已答复待办结, 已办结."""

STATES: Final[tuple[UnitTaskState, ...]] = get_args(UnitTaskState)
OVER: Final[frozenset[UnitTaskState]] = frozenset(
    {"closed", "declined", "passed_on", "returned", "cancelled"}
)
RUNNING: Final[frozenset[UnitTaskState]] = frozenset(
    {"asked", "received", "accepted", "working", "answered"}
)
"""In which its unit sees the lines and fields that it needs; before and afterwards it sees nothing of the case."""
OPINIONS: Final[Mapping[UnitTaskKind, frozenset[Opinion]]] = {
    "joint": frozenset({"agree", "agree_if", "object", "not_ours"}),
    "opinion": frozenset({"agree", "agree_if", "object", "not_ours"}),
    "transfer": frozenset({"moved", "missing", "no_file", "not_ours"}),
}
CLOSE_WITHIN: Final = 2
"""Working days in which the lead looks at an answer."""
TASKS_AT_MOST: Final = 60
"""Of one case, with all rounds; a plan names twenty at most."""
HANDED_AT_MOST: Final = 2
"""How often it is handed on inside its unit; the next time it goes to the head."""
DAYS_AT_MOST: Final = 90
HINTS_AT_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Hint:
    """附带说明 of an answer. With a ``clause`` it is a condition; without one it is 提示, and stands outside the
    decision."""

    text: str
    clause: str = ""


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """What a unit answered, in writing, for its own part alone. ``by`` is None where silence counts as agreement."""

    opinion: Opinion
    text: str
    hints: tuple[Hint, ...]
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A span that does not count (行政许可法 45), with what it is for."""

    why: StopReason
    reason: str
    began: date
    by: str
    ended: date | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What a task that comes after another is told of it: who answered what, when it was asked for."""

    unit_name: str
    name: str
    opinion: Opinion
    on: date


@dataclass(frozen=True, slots=True)
class UnitTask:
    """One task of one unit in one round. Days are working days of its unit's region.

    ``lines`` and ``fields``: what it may see of the case. ``after``: keys of the tasks that end before it is asked
    for. ``why``: of one that was declined, given back, returned or cancelled; ``should``: who should do it, in the
    words of who gave it back. ``handed``: how often it went from person to person.
    """

    id: str
    key: str
    round: int
    kind: UnitTaskKind
    unit_id: str
    unit_name: str
    name: str
    wanted: str
    lines: tuple[str, ...]
    fields: tuple[str, ...]
    days: int
    made_at: datetime
    after: tuple[str, ...] = ()
    accept_days: int = ACCEPT_WITHIN
    basis: str = ""
    silence: Silence = "nothing"
    previous_id: str | None = None
    added_by: str | None = None
    state: UnitTaskState = "planned"
    asked_at: datetime | None = None
    accept_by: date | None = None
    before: tuple[Before, ...] = ()
    received_at: datetime | None = None
    received_by: str | None = None
    accepted_at: datetime | None = None
    owner_id: str | None = None
    handed: int = 0
    counted: Counted | None = None
    pauses: tuple[Pause, ...] = ()
    answer: UnitAnswer | None = None
    close_by: date | None = None
    ended_at: datetime | None = None
    why: str = ""
    should: str = ""

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def runs(self) -> bool:
        return self.state in RUNNING

    @property
    def pause(self) -> Pause | None:
        """What stops its days now."""
        return next((one for one in self.pauses if one.ended is None), None)

    @property
    def turn(self) -> UnitTaskTurn | None:
        """Whose turn it is: nobody's once it is over."""
        if self.over:
            return None
        return "lead" if self.state in ("planned", "answered") else "own"

    @property
    def next_on(self) -> date | None:
        """The day on which something is due of it; None before it is asked for, when the case has the date, and once
        it is over."""
        match self.state:
            case "asked" | "received":
                return self.accept_by
            case "accepted" | "working":
                return self.counted.due_on if self.counted else None
            case "answered":
                return self.close_by
            case _:
                return None

    @property
    def people(self) -> frozenset[str]:
        """All who stand in it."""
        named = {self.added_by, self.received_by, self.owner_id, *(one.by for one in self.pauses)}
        if self.answer:
            named.add(self.answer.by)
        return frozenset(one for one in named if one)


UnitTaskAct = Literal[
    "ask", "receive", "accept", "hand", "give_back", "pause", "go_on", "answer", "agree_silently",
    "return", "close", "cancel",
]  # fmt: skip
DOES: Final[Mapping[UnitTaskAct, tuple[UnitTaskSide, frozenset[UnitTaskState]]]] = {
    "ask": ("lead", frozenset({"planned"})),
    "receive": ("own", frozenset({"asked"})),
    "accept": ("own", frozenset({"asked", "received"})),
    "hand": ("own", frozenset({"accepted", "working"})),
    "give_back": ("own", frozenset({"asked", "received", "accepted", "working"})),
    "pause": ("own", frozenset({"accepted", "working"})),
    "go_on": ("own", frozenset({"accepted", "working"})),
    "answer": ("own", frozenset({"accepted", "working"})),
    "agree_silently": ("clock", frozenset({"asked", "received", "accepted", "working"})),
    "return": ("lead", frozenset({"answered"})),
    "close": ("lead", frozenset({"answered"})),
    "cancel": ("lead", frozenset(STATES) - OVER),
}
"""The whole table: who does it, and in which states."""


def may(task: UnitTask, act: UnitTaskAct, side: UnitTaskSide) -> None:
    """Refused: ``not_yours`` from another side, ``unit_task_over``, ``other_step``."""
    who, states = DOES[act]
    if side != who:
        raise Refusal(Code.NOT_YOURS)
    if task.over:
        raise Refusal(Code.UNIT_TASK_OVER)
    if task.state not in states:
        raise Refusal(Code.OTHER_STEP, state=task.state, wanted=",".join(sorted(states)))


def ask(
    task: UnitTask,
    at: datetime,
    known: Mapping[date, bool],
    side: UnitTaskSide = "lead",
    before: Sequence[Before] = (),
) -> UnitTask:
    """请办: its unit has to accept it within ``accept_days``. Refused: as ``may``."""
    may(task, "ask", side)
    by = count(known, china_day(at), task.accept_days).due_on
    return replace(task, state="asked", asked_at=at, accept_by=by, before=tuple(before))


def receive(task: UnitTask, by: str, at: datetime, side: UnitTaskSide = "own") -> UnitTask:
    """接收: a person of its unit has seen it; nobody answers for it yet. Refused: as ``may``."""
    may(task, "receive", side)
    return replace(task, state="received", received_at=at, received_by=by)


def accept(
    task: UnitTask,
    by: str,
    at: datetime,
    known: Mapping[date, bool],
    side: UnitTaskSide = "own",
    owner_id: str | None = None,
) -> UnitTask:
    """承接: its unit answers for it from now on, and its days begin; with an owner it is worked on at once.

    The days count from the acceptance, and from the last day of the acceptance where that came later. Refused: as
    ``may``.
    """
    may(task, "accept", side)
    seen = task if task.received_at else replace(task, received_at=at, received_by=by)
    began = min(china_day(at), task.accept_by or china_day(at))
    return replace(
        seen,
        state="working" if owner_id else "accepted",
        accepted_at=at,
        owner_id=owner_id,
        counted=count(known, began, task.days),
    )


def hand(task: UnitTask, to: str, *, head: bool, side: UnitTaskSide = "own") -> UnitTask:
    """单位内转办: to a colleague, whose it is from now on. ``head``: he is the head of the unit.

    Refused: as ``may``; ``head_alone``: it was handed on twice, now its head has to take it.
    """
    may(task, "hand", side)
    if task.owner_id == to:
        return task
    again = task.handed + 1 if task.owner_id else task.handed
    if again > HANDED_AT_MOST and not head:
        raise Refusal(Code.HEAD_ALONE, at_most=HANDED_AT_MOST)
    return replace(task, state="working", owner_id=to, handed=again)


def give_back(
    task: UnitTask, reason: str, should: str, at: datetime, side: UnitTaskSide = "own"
) -> UnitTask:
    """退回主办: it is not of this unit's duties, for this reason; with the name of who ``should`` do it where that is
    known. The lead's days go on. Refused: as ``may``; ``reason_missing``."""
    may(task, "give_back", side)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    state: UnitTaskState = "passed_on" if should.strip() else "declined"
    return _over(task, state, at, why=reason, should=should)


def pause(
    task: UnitTask,
    why: StopReason,
    reason: str,
    by: str,
    at: datetime,
    known: Mapping[date, bool],
    side: UnitTaskSide = "own",
) -> UnitTask:
    """暂停计时 for what the law lists (行政许可法 45). Refused: as ``may``; ``clock_stopped``; ``reason_missing``."""
    may(task, "pause", side)
    if task.pause:
        raise Refusal(Code.CLOCK_STOPPED)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    today = china_day(at)
    return recount(
        replace(task, pauses=(*task.pauses, Pause(why, reason, today, by))), known, today
    )


def go_on(
    task: UnitTask, at: datetime, known: Mapping[date, bool], side: UnitTaskSide = "own"
) -> UnitTask:
    """恢复计时. Refused: as ``may``; ``clock_running``."""
    may(task, "go_on", side)
    if task.pause is None:
        raise Refusal(Code.CLOCK_RUNNING)
    today = china_day(at)
    ended = [one if one.ended else replace(one, ended=today) for one in task.pauses]
    return recount(replace(task, pauses=tuple(ended)), known, today)


def recount(task: UnitTask, known: Mapping[date, bool], today: date) -> UnitTask:
    """Its days on this calendar: of one that is accepted and not answered; any other stays."""
    if task.accepted_at is None or task.state not in ("accepted", "working"):
        return task
    began = min(china_day(task.accepted_at), task.accept_by or china_day(task.accepted_at))
    stops = [Stop(one.why, max(one.began, began), one.ended) for one in task.pauses]
    return replace(task, counted=limits.limit(known, began, task.days, stops, today=today))


def answer(
    task: UnitTask, given: UnitAnswer, known: Mapping[date, bool], side: UnitTaskSide = "own"
) -> UnitTask:
    """答复: for its own part, with the reason. A late one counts as any other, and its day stays seen.

    Refused: as ``may``; ``unit_task_claimed``: another person has it; ``bad_opinion``: not of this kind; ``clock_stopped``;
    ``reason_missing``; ``clause_missing``: 附条件同意 without a condition that names its clause; ``too_large``.
    """
    may(task, "answer", side)
    if given.by is not None and task.owner_id not in (None, given.by):
        raise Refusal(Code.UNIT_TASK_CLAIMED)
    if given.opinion not in OPINIONS[task.kind]:
        raise Refusal(Code.BAD_OPINION, kind=task.kind)
    if task.pause:
        raise Refusal(Code.CLOCK_STOPPED)
    if not given.text.strip():
        raise Refusal(Code.REASON_MISSING)
    if len(given.hints) > HINTS_AT_MOST:
        raise Refusal(Code.TOO_LARGE, at_most=HINTS_AT_MOST)
    if given.opinion == "agree_if" and not any(one.clause.strip() for one in given.hints):
        raise Refusal(Code.CLAUSE_MISSING)
    by = count(known, china_day(given.at), CLOSE_WITHIN).due_on
    return replace(
        task, state="answered", answer=given, close_by=by, owner_id=task.owner_id or given.by
    )


def agree_silently(
    task: UnitTask, at: datetime, known: Mapping[date, bool], side: UnitTaskSide = "clock"
) -> UnitTask:
    """视为同意: its day passed without an answer, where the plan says with the law that silence agrees. Of any other,
    and before its day is over, the task as it is. Refused: as ``may``."""
    may(task, "agree_silently", side)
    on = task.next_on
    if task.silence != "agreed" or on is None or china_day(at) <= on or task.pause:
        return task
    given = UnitAnswer("agree", task.basis, (), None, at)
    by = count(known, china_day(at), CLOSE_WITHIN).due_on
    return replace(task, state="answered", answer=given, close_by=by)


def send_back(
    task: UnitTask,
    new_id: str,
    reason: str,
    at: datetime,
    known: Mapping[date, bool],
    side: UnitTaskSide = "lead",
) -> tuple[UnitTask, UnitTask]:
    """退回重办: this round as it ended, and the next one, which is asked for at once. Refused: as ``may``;
    ``reason_missing``."""
    may(task, "return", side)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    return _over(task, "returned", at, why=reason), next_round(task, new_id, reason, at, known)


def next_round(
    task: UnitTask,
    new_id: str,
    wanted: str,
    at: datetime,
    known: Mapping[date, bool],
    unit: tuple[str, str] | None = None,
) -> UnitTask:
    """The same task once more, at its unit or at another (id and name), asked for at once."""
    unit_id, unit_name = unit or (task.unit_id, task.unit_name)
    fresh = UnitTask(
        new_id, task.key, task.round + 1, task.kind, unit_id, unit_name, task.name, wanted,
        task.lines, task.fields, task.days, at, task.after, task.accept_days, task.basis, task.silence,
        previous_id=task.id,
    )  # fmt: skip
    return ask(fresh, at, known, before=task.before)


def close(task: UnitTask, at: datetime, side: UnitTaskSide = "lead") -> UnitTask:
    """办结: the lead has read the answer; what it says stays the unit's own. Refused: as ``may``."""
    may(task, "close", side)
    return _over(task, "closed", at)


def cancel(task: UnitTask, reason: str, at: datetime, side: UnitTaskSide = "lead") -> UnitTask:
    """取消: nothing is wanted of its unit any more. Refused: as ``may``; ``reason_missing``."""
    may(task, "cancel", side)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    return _over(task, "cancelled", at, why=reason)


def scope_of(tasks: Iterable[UnitTask], unit_id: str) -> TaskScope | None:
    """What a unit may see of a case for the tasks that it has in it now; None: nothing, the case does not exist."""
    own = [one for one in tasks if one.unit_id == unit_id and one.runs]
    if not own:
        return None
    return TaskScope(
        unit_id,
        frozenset(line for one in own for line in one.lines),
        frozenset(name for one in own for name in one.fields),
    )


def newest(tasks: Iterable[UnitTask]) -> dict[str, UnitTask]:
    """The last round of each task, by its key, in the order in which they were made."""
    found: dict[str, UnitTask] = {}
    for one in tasks:
        known = found.get(one.key)
        if known is None or one.round >= known.round:
            found[one.key] = one
    return found


def lacking(tasks: Iterable[UnitTask]) -> list[UnitTask]:
    """What has to end before the lead decides: what is not over, and what was given back and neither asked of another
    unit nor cancelled."""
    settled = ("closed", "cancelled")
    return [one for one in newest(tasks).values() if one.state not in settled]


def ready(tasks: Iterable[UnitTask]) -> list[UnitTask]:
    """Those that are planned, and everything that comes before them has ended."""
    last = newest(tasks)
    return [
        one
        for one in last.values()
        if one.state == "planned"
        and all(key not in last or last[key].state in ("closed", "cancelled") for key in one.after)
    ]


def told_before(tasks: Iterable[UnitTask], task: UnitTask) -> tuple[Before, ...]:
    """What is told to this task of those that it comes after."""
    last = newest(tasks)
    return tuple(
        Before(one.unit_name, one.name, one.answer.opinion, china_day(one.answer.at))
        for one in (last.get(key) for key in task.after)
        if one is not None and one.answer is not None
    )


def _over(
    task: UnitTask, state: UnitTaskState, at: datetime, *, why: str = "", should: str = ""
) -> UnitTask:
    return replace(task, state=state, ended_at=at, why=why.strip(), should=should.strip())
