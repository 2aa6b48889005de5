"""A unit's task in a case of another one: the whole table of act, state and side, and plans of many tasks in any order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.case.rules.joint import unit_task as rules
from server.case.rules.joint.unit_task import DOES, STATES, Hint, UnitAnswer, UnitTask, UnitTaskSide
from server.catalogue.rules.plan import PlanStep, order
from signaling.refusals import Code, Refusal

AT: Final = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""A Monday."""
KNOWN: Final[dict[date, bool]] = {}
SIDES: Final[tuple[UnitTaskSide, ...]] = ("lead", "own", "clock")


def task(**changes: Any) -> UnitTask:
    return replace(
        UnitTask(
            "t1", "check", 1, "opinion", "unit-b", "成都市青白江区", "核对缴费", "请核对", ("licence",), ("remark",), 5, AT
        ),
        **changes,
    )  # fmt: skip


def said(
    opinion: Any = "agree", *, at: datetime = AT, by: str | None = "p", **more: Any
) -> UnitAnswer:
    return UnitAnswer(opinion, more.get("text", "经核对属实"), more.get("hints", ()), by, at)


def in_state(state: str) -> UnitTask:
    """A task that came into this state by its acts."""
    asked = rules.ask(task(), AT, KNOWN)
    received = rules.receive(asked, "p", AT)
    accepted = rules.accept(received, "p", AT, KNOWN)
    working = rules.hand(accepted, "p", head=False)
    answered = rules.answer(working, said(), KNOWN)
    return {
        "planned": task(),
        "asked": asked,
        "received": received,
        "accepted": accepted,
        "working": working,
        "answered": answered,
        "closed": rules.close(answered, AT),
        "declined": rules.give_back(received, "不归我们管", "", AT),
        "passed_on": rules.give_back(received, "不归我们管", "市医保局", AT),
        "returned": rules.send_back(answered, "t2", "缺第三卷", AT, KNOWN)[0],
        "cancelled": rules.cancel(asked, "申请人已撤回", AT),
    }[state]


ACTS: Final[dict[str, Callable[[UnitTask, UnitTaskSide], UnitTask]]] = {
    "ask": lambda one, side: rules.ask(one, AT, KNOWN, side),
    "receive": lambda one, side: rules.receive(one, "p", AT, side),
    "accept": lambda one, side: rules.accept(one, "p", AT, KNOWN, side),
    "hand": lambda one, side: rules.hand(one, "q", head=False, side=side),
    "give_back": lambda one, side: rules.give_back(one, "不归我们管", "", AT, side),
    "pause": lambda one, side: rules.pause(one, "hearing", "举行听证", "p", AT, KNOWN, side),
    "go_on": lambda one, side: rules.go_on(
        one if one.pause or one.state not in ("accepted", "working") else replace(
            one, pauses=(rules.Pause("hearing", "举行听证", AT.date(), "p"),)
        ), AT, KNOWN, side,
    ),
    "answer": lambda one, side: rules.answer(one, said(), KNOWN, side),
    "agree_silently": lambda one, side: rules.agree_silently(one, AT, KNOWN, side),
    "return": lambda one, side: rules.send_back(one, "t2", "缺第三卷", AT, KNOWN, side)[0],
    "close": lambda one, side: rules.close(one, AT, side),
    "cancel": lambda one, side: rules.cancel(one, "不再需要", AT, side),
}  # fmt: skip


@pytest.mark.parametrize(("act", "state", "side"), [*product(DOES, STATES, SIDES)])
def test_each_act_is_done_from_its_side_in_its_states_alone(
    act: Any, state: Any, side: UnitTaskSide
) -> None:
    who, states = DOES[act]
    before = in_state(state)
    assert before.state == state
    if side == who and state in states:
        after = ACTS[act](before, side)
        assert after.over or (after.turn is not None)
        return
    with pytest.raises(Refusal) as refused:
        ACTS[act](before, side)
    over = state in rules.OVER
    code = Code.NOT_YOURS if side != who else Code.UNIT_TASK_OVER if over else Code.OTHER_STEP
    assert refused.value.code is code


def test_the_table_names_every_act() -> None:
    assert ACTS.keys() == DOES.keys()
    assert {one.key for one in map(in_state, STATES)} == {"check"}


def test_what_runs_has_whose_turn_it_is_and_a_day() -> None:
    for state in STATES:
        one = in_state(state)
        assert (one.turn is None) is one.over
        assert (one.next_on is not None) is one.runs
        assert (rules.scope_of([one], "unit-b") is not None) is one.runs
        assert rules.scope_of([one], "unit-c") is None


def test_received_is_not_accepted_and_its_days_count_from_the_acceptance() -> None:
    asked = rules.ask(task(), AT, KNOWN)
    assert asked.accept_by == date(2026, 11, 24)
    received = rules.receive(asked, "p", AT)
    assert (received.counted, received.owner_id) == (None, None)
    accepted = rules.accept(received, "p", AT + timedelta(days=1), KNOWN)
    assert accepted.counted is not None
    assert accepted.counted.due_on == date(2026, 12, 1)
    late = rules.accept(received, "p", AT + timedelta(days=8), KNOWN)
    assert late.counted is not None
    assert late.counted.due_on == date(2026, 12, 1), "who accepts late has no more days"


def test_a_pause_gives_its_days_back() -> None:
    accepted = rules.accept(rules.ask(task(), AT, KNOWN), "p", AT, KNOWN, owner_id="p")
    stopped = rules.pause(accepted, "appraisal", "送专家评审", "p", AT + timedelta(days=1), KNOWN)
    with pytest.raises(Refusal, match="clock_stopped"):
        rules.answer(stopped, said(), KNOWN)
    on = rules.go_on(stopped, AT + timedelta(days=3), KNOWN)
    assert accepted.counted is not None
    assert on.counted is not None
    assert accepted.counted.due_on == date(2026, 11, 30)
    assert on.counted.due_on == date(2026, 12, 3)


def test_the_third_handing_on_goes_to_the_head() -> None:
    one = rules.accept(rules.ask(task(), AT, KNOWN), "p", AT, KNOWN, owner_id="a")
    one = rules.hand(one, "b", head=False)
    one = rules.hand(one, "c", head=False)
    assert rules.hand(one, "c", head=False) is one
    with pytest.raises(Refusal, match="head_alone"):
        rules.hand(one, "d", head=False)
    assert rules.hand(one, "h", head=True).owner_id == "h"


def test_an_answer_is_of_its_kind_and_a_condition_names_its_clause() -> None:
    working = in_state("working")
    for kind, opinions in rules.OPINIONS.items():
        for opinion in {one for all_of in rules.OPINIONS.values() for one in all_of}:
            one, hints = replace(working, kind=kind), (Hint("补齐清单", "经办规程第十二条"),)
            if opinion in opinions:
                assert rules.answer(one, said(opinion, hints=hints), KNOWN).state == "answered"
            else:
                with pytest.raises(Refusal, match="bad_opinion"):
                    rules.answer(one, said(opinion, hints=hints), KNOWN)
    with pytest.raises(Refusal, match="clause_missing"):
        rules.answer(working, said("agree_if", hints=(Hint("单位更过名"),)), KNOWN)
    with pytest.raises(Refusal, match="reason_missing"):
        rules.answer(working, said(text=" "), KNOWN)
    with pytest.raises(Refusal, match="unit_task_claimed"):
        rules.answer(working, said(by="another"), KNOWN)


def test_a_return_keeps_the_round_before_and_its_answer() -> None:
    answered = in_state("answered")
    ended, fresh = rules.send_back(answered, "t2", "缺第三卷", AT, KNOWN)
    assert ended.answer == answered.answer
    assert (ended.state, ended.why) == ("returned", "缺第三卷")
    assert (fresh.round, fresh.previous_id, fresh.state) == (2, "t1", "asked")
    assert fresh.answer is None
    assert rules.newest([ended, fresh]) == {"check": fresh}


def test_silence_agrees_only_where_the_plan_says_so_and_the_day_is_over() -> None:
    plain, lawful = (
        rules.accept(
            rules.ask(task(silence=silence, basis="条例第九条"), AT, KNOWN), "p", AT, KNOWN
        )
        for silence in ("nothing", "agreed")
    )
    later = AT + timedelta(days=8)
    assert rules.agree_silently(plain, later, KNOWN) is plain
    assert rules.agree_silently(lawful, AT, KNOWN) is lawful
    told = rules.agree_silently(lawful, later, KNOWN)
    assert told.answer is not None
    assert (told.answer.opinion, told.answer.by, told.answer.text) == ("agree", None, "条例第九条")


def step(key: str, *after: str, **more: Any) -> PlanStep:
    return PlanStep(key, key, "opinion", {"": f"unit-{key}"}, 3, after=after, **more)


def test_a_plan_that_does_not_hold_is_refused() -> None:
    assert order([step("b", "a"), step("a")]) == ["a", "b"]
    for why, steps in {
        "circle": [step("a", "b"), step("b", "a")],
        "twice": [step("a"), step("a")],
        "unknown": [step("a", "z")],
        "many": [step(f"s{n}") for n in range(21)],
        "unlawful": [step("a", silence="agreed")],
    }.items():
        with pytest.raises(Refusal) as refused:
            order(steps)
        assert (refused.value.code, refused.value.details["why"]) == (Code.BAD_PLAN, why)


def test_the_unit_of_a_step_is_the_one_whose_region_fits_best() -> None:
    one = PlanStep("a", "移交", "transfer", {"32": "js", "3205": "sz", "51": "sc"}, 3)
    found = [one.unit_in(region) for region in ("320505", "320102", "510113", "370211", "")]
    assert found == ["sz", "js", "sc", None, None]


PLANS: Final = st.integers(1, 20).flatmap(
    lambda n: st.tuples(
        *(st.sets(st.integers(0, max(k - 1, 0)), max_size=3 if k else 0) for k in range(n))
    )
)


@settings(max_examples=50, deadline=None)
@given(PLANS, st.data())
def test_a_plan_ends_in_any_order_and_nothing_is_ever_without_a_turn(
    plan: tuple[set[int], ...], data: st.DataObject
) -> None:
    """Plans of up to twenty tasks with random orders, returns, refusals and cancellations: nothing is asked for before
    what it comes after has ended, no state goes back, every answer stays, and the lead decides at the end alone."""
    tasks = [
        task(
            id=f"{k}.1",
            key=f"k{k}",
            unit_id=f"unit-{k}",
            after=tuple(f"k{one}" for one in sorted(after) if one != k),
        )
        for k, after in enumerate(plan)
    ]
    at, answers = AT, 0

    def put(*changed: UnitTask) -> None:
        for one in changed:
            place = next((n for n, old in enumerate(tasks) if old.id == one.id), None)
            if place is None:
                tasks.append(one)
            else:
                was = tasks[place]
                assert was.ended_at is None
                assert STATES.index(was.state) <= STATES.index(one.state)
                tasks[place] = one
        for one in rules.ready(tasks):
            put(rules.ask(one, at, KNOWN, before=rules.told_before(tasks, one)))

    put()
    for _ in range(400):
        open_ones = [one for one in tasks if not one.over]
        last = rules.newest(tasks)
        ended = ("closed", "cancelled")
        assert all(
            one.state == "planned"
            or all(last[key].state in ended or one.round > 1 for key in one.after)
            for one in open_ones
        )
        assert all(one.turn for one in open_ones)
        assert all(one.next_on for one in open_ones if one.state != "planned")
        assert bool(rules.lacking(tasks)) is any(one.state not in ended for one in last.values())
        if not rules.lacking(tasks):
            break
        running = [one for one in rules.lacking(tasks) if one.state != "planned"]
        assert running, "something is always somebody's turn"
        one = data.draw(st.sampled_from(running))
        at += timedelta(hours=data.draw(st.integers(1, 60)))
        match one.state:
            case "declined" | "passed_on":
                put(
                    rules.next_round(
                        one, f"{one.key}.{one.round + 1}", "请再办", at, KNOWN, ("unit-x", "他处")
                    )
                )
            case "asked" | "received" if data.draw(st.integers(0, 9)) == 0 and one.round < 3:
                put(
                    rules.give_back(
                        one, "不归我们管", data.draw(st.sampled_from(["", "市医保局"])), at
                    )
                )
            case "asked":
                put(rules.receive(one, "p", at))
            case "received":
                put(
                    rules.accept(
                        one, "p", at, KNOWN, owner_id=data.draw(st.sampled_from([None, "p"]))
                    )
                )
            case "accepted" | "working":
                answers += 1
                put(rules.answer(one, said(at=at), KNOWN))
            case "answered" if data.draw(st.integers(0, 5)) == 0 and one.round < 3:
                put(*rules.send_back(one, f"{one.key}.{one.round + 1}", "缺第三卷", at, KNOWN))
            case "answered":
                put(rules.close(one, at))
        if data.draw(st.integers(0, 39)) == 0 and not tasks[0].over:
            put(rules.cancel(tasks[0], "不再需要", at))
    else:
        raise AssertionError("a plan that does not end")
    assert sum(one.answer is not None for one in tasks) == answers, "every answer is there, once"
