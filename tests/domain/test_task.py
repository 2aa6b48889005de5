"""A task of every kind: which act in which state, and that none that is not over lacks next step, date or unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.rights.person import Act, Actor, Role, may
from server.tasks import rules
from server.tasks.rules import KINDS, Task, TaskKind, TaskResult, TaskSource, TaskState
from signaling.refusals import Code, Refusal

AT: Final = datetime(2026, 12, 2, 1, tzinfo=UTC)
SOON: Final = AT + timedelta(hours=8)
NOTE: Final = TaskResult("note", "等烟台答复", AT, "liu")
Step = Callable[[Task], Task]
STEPS: Final[Mapping[str, Step]] = {
    "claim": lambda task: rules.claim(task, "liu"),
    "hand": lambda task: rules.hand(task, "wang"),
    "pool": lambda task: rules.hand(task, None),
    "enter": lambda task: rules.enter(task, NOTE, next_step="再打", next_at=SOON),
    "done": lambda task: rules.enter(task, TaskResult("done", "已送到", AT, "liu")),
    "suspend": lambda task: rules.suspend(task, NOTE, next_at=SOON),
    "resume": lambda task: rules.resume(task, AT, next_step="续办", next_at=SOON),
    "cancel": lambda task: rules.cancel(task, NOTE),
    "supervise": lambda task: rules.supervise(task, "今天要结果", "head", AT, SOON),
    "again": lambda task: rules.again(task, TaskSource("missed_call", "missed", AT)),
    "pass_on": lambda task: rules.pass_on(task, "elsewhere"),
    "raise": lambda task: rules.raised(task, SOON),
}
OVER: Final = Code.TASK_OVER
AFTER: Final[Mapping[str, tuple[TaskState | Code, TaskState | Code, TaskState | Code]]] = {
    # open, suspended, closed or cancelled
    "claim": ("open", "suspended", OVER),
    "hand": ("open", "suspended", OVER),
    "pool": ("open", "suspended", OVER),
    "enter": ("open", Code.TASK_SUSPENDED, OVER),
    "done": ("closed", Code.TASK_SUSPENDED, OVER),
    "suspend": ("suspended", Code.TASK_SUSPENDED, OVER),
    "resume": (Code.TASK_RUNNING, "open", OVER),
    "cancel": ("cancelled", "cancelled", OVER),
    "supervise": ("open", "suspended", OVER),
    "again": ("open", "open", "closed"),
    "pass_on": ("open", "suspended", "closed"),
    "raise": ("open", "suspended", "closed"),
}


def task(kind: TaskKind = "follow") -> Task:
    return rules.opened(
        "task", "case", kind, "here", "送到本人手里", TaskSource("told", "", AT),
        next_step="打电话", next_at=SOON,
    )  # fmt: skip


def after(step: Step, before: Task) -> TaskState | Code:
    try:
        return step(before).state
    except Refusal as refusal:
        return refusal.code


@pytest.mark.parametrize("kind", KINDS)
def test_every_act_in_every_state(kind: TaskKind) -> None:
    new = task(kind)
    befores = new, STEPS["suspend"](new), STEPS["done"](new)
    came = {name: tuple(after(step, one) for one in befores) for name, step in STEPS.items()}
    assert came == AFTER


def test_no_task_without_next_step_and_a_time_to_come() -> None:
    new = task()
    far = AT + timedelta(days=366, seconds=1)
    for step, at in (("", SOON), ("  ", SOON), ("打电话", AT), ("打电话", None), ("打电话", far)):
        with pytest.raises(Refusal, match="next_missing"):
            rules.enter(new, NOTE, next_step=step, next_at=at)
    for hidden in (
        lambda: rules.suspend(new, NOTE, next_at=datetime.max.replace(tzinfo=UTC)),
        lambda: rules.supervise(new, "要结果", "head", AT, far),
    ):
        with pytest.raises(Refusal, match="next_missing"):
            hidden()
    with pytest.raises(Refusal, match="next_missing"):
        rules.suspend(new, NOTE, next_at=AT)
    with pytest.raises(Refusal, match="next_missing"):
        rules.supervise(new, "要结果", "head", AT, AT)


def test_whose_it_is_and_what_a_demand_asks_for() -> None:
    mine = rules.claim(task(), "liu")
    with pytest.raises(Refusal, match="task_claimed"):
        rules.claim(mine, "wang")
    assert rules.enter(task(), NOTE, next_step="再打", next_at=SOON).owner_id == "liu"
    asked = STEPS["supervise"](mine)
    assert asked.demand_by == SOON
    with pytest.raises(Refusal, match="demand_open"):
        STEPS["supervise"](asked)
    answered = STEPS["enter"](asked)
    assert answered.demand is None
    assert answered.demands[0].answered_at == AT
    # raised to the unit at its time, to the head a day later, and no further; of 帮办 and 代办 to the head at once
    assert rules.raised(task("proxy"), SOON).level == rules.LEVEL_HEAD
    first = rules.raised(mine, SOON)
    assert (first.level, rules.raised(mine, AT)) == (1, mine)
    last = rules.raised(first, SOON + rules.RAISED_AGAIN_AFTER)
    assert (first.raise_at, last.level) == (SOON + rules.RAISED_AGAIN_AFTER, rules.LEVEL_HEAD)
    assert rules.raised(last, SOON + timedelta(days=9)) is last


def test_a_full_task_grows_no_more_and_ends_all_the_same() -> None:
    """A call that is answered ends its task, whatever was entered before."""
    full = replace(task("callback"), results=(NOTE,) * rules.RESULTS_AT_MOST)
    for step in ("enter", "suspend"):
        with pytest.raises(Refusal, match="too_large"):
            STEPS[step](full)
    assert (STEPS["done"](full).state, STEPS["cancel"](full).state) == ("closed", "cancelled")


def test_who_may_do_what_at_which_unit() -> None:
    def who(role: Role) -> Actor:
        return Actor("p", "p", "p", "1", "here", "here", "here", frozenset({role}), None, None, "s")

    def able(act: Act) -> set[Role]:
        assert not any(may(who(role), act, unit_id="elsewhere") for role in Role)
        return {role for role in Role if may(who(role), act, unit_id="here")}

    assert able(Act.TASK_DO) == {Role.CLERK, Role.APPROVER, Role.HEAD}
    assert able(Act.AGENT_DO) == {Role.CLERK}, "who decides acts for nobody"
    assert able(Act.TASK_SUPERVISE) == {Role.HEAD, Role.SUPERVISOR}
    assert able(Act.TASK_READ) == able(Act.TASK_DO) | able(Act.TASK_SUPERVISE)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=20), st.sampled_from(KINDS))
def test_any_order_keeps_owner_or_pool_and_next_date_and_goes_forward(
    names: list[str], kind: TaskKind
) -> None:
    now = task(kind)
    for name in names:
        before = now
        try:
            now = STEPS[name](now)
        except Refusal:
            continue
        assert now.over == (now.next_at is None) == (now.ended_at is not None)
        assert now.over != bool(now.next_step)
        assert now.unit_id
        assert now.over or now.raise_at is not None or now.level == rules.LEVEL_HEAD
        assert before.results == now.results[: len(before.results)]
        assert before.sources == now.sources[: len(before.sources)]
        place = {"open": 0, "suspended": 1, "closed": 2, "cancelled": 2}
        assert (now.round, place[now.state]) >= (before.round, place[before.state])
        assert now.level >= before.level
