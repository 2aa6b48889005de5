"""The course of a case after its acceptance: which act in which state from which side, and that it never goes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.case.rules.course import course as rules
from server.case.rules.course import delivering, external, fees, modes, states
from server.case.rules.course.course import (
    Agreement,
    Course,
    Delivery,
    Fee,
    Payment,
    Receiver,
    Reported,
    Result,
    Ruling,
)
from server.case.rules.course.states import STATES, CaseState
from server.catalogue.rules.item import Mode
from server.rights.hand import Hand, Side
from server.standards.working_days import Counted, statutory_days
from signaling.refusals import Code, Refusal

KNOWN: Final = dict(statutory_days(2024))
AT: Final = datetime(2026, 11, 24, 6, tzinfo=UTC)
TODAY: Final = date(2026, 11, 24)
DELIVER: Final = Counted(date(2026, 12, 8), (), (), False)
SIDES: Final[tuple[Side, ...]] = ("window", "approver", "third", "supervisor")
VECTORS: Final = Path(__file__).parents[1] / "vectors"
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
Acted = tuple[CaseState, Course]


NEXT: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    "registered": frozenset({"reviewing", "accepted", "to_correct", "refused", "withdrawn"}),
    "reviewing": frozenset({"accepted", "to_correct", "refused", "withdrawn"}),
    "to_correct": frozenset({"accepted", "to_correct", "refused", "returned", "withdrawn"}),
    "accepted": frozenset({"granted", "denied", "withdrawn", "terminated"}),
    "granted": frozenset({"issued"}),
    "denied": frozenset({"delivered"}),
    "issued": frozenset({"delivered"}),
    **dict.fromkeys(states.ENDED, states.ARCHIVED),
    "archived": frozenset(),
    "consulting": frozenset({"registered", "reviewing", "consulted"}),
    "consulted": frozenset(),
}
"""To which states a case goes on from each; a second notice for correction is a new round of the same."""


def hand(side: Side) -> Hand:
    return Hand(f"person-{side}", side)


def result(id: str = "licence") -> Result:
    return Result(id, "licence", "营业执照", "D237004416", 1, 2, TODAY, None, "liu", AT)


def delivery(way: rules.Way = "collected", **more: Any) -> Delivery:
    return Delivery("try", way, (), "li", AT, **more)


RECEIVER: Final = Receiver(
    "韩立新", True, "identity_card", "370102************", "reader", "li", AT
)


def standing(state: CaseState) -> Course:
    """A course that a case in this state may have, with a delivery on its way where there can be one."""
    granted = Ruling("granted", "", ("行政许可法第三十八条",), "meng", AT, DELIVER)
    ruled = Course(ruling=granted, agreement=Agreement("13805316217", "li", AT))
    waiting = (replace(delivery(), receiver=RECEIVER),)
    match state:
        case "granted":
            return ruled
        case "denied":
            return replace(ruled, ruling=replace(granted, kind="denied"), deliveries=waiting)
        case "issued":
            licences = (result("a"), result("b"))
            return replace(
                ruled,
                results=licences,
                deliveries=(replace(waiting[0], results=("a",)),),
            )
        case _:
            return Course()


LAW: Final = "《诉讼费用交纳办法》第六条"
FEE: Final = Fee(1000, LAW, "3702-118", "meng", AT)
PAID: Final = Payment("paid", TODAY, "票 0001", "", "li", AT)


def _fee(state: str, course: Course) -> Acted:
    return state, course  # type: ignore[return-value]


def _rule(kind: rules.RulingKind) -> Callable[[Course, str, Hand], Acted]:
    def act(course: Course, state: str, who: Hand) -> Acted:
        return rules.rule(
            course,
            state,
            kind,
            "理由",
            ["依据"],
            who,
            owed=[],
            stopped=False,
            at=AT,
            known_days=KNOWN,
        )

    return act


def _finish(kind: rules.EndKind) -> Callable[[Course, str, Hand], Acted]:
    def act(course: Course, state: str, who: Hand) -> Acted:
        return rules.finish(
            course, state, kind, "理由", who, at=AT, cause="died", correct_by=date(2026, 11, 23)
        )

    return act


def _begin(way: rules.Way, mode: Mode = "proxy") -> Callable[[Course, str, Hand], Acted]:
    def act(course: Course, state: str, who: Hand) -> Acted:
        fresh = replace(course, deliveries=())
        new = delivery(way, courier="EMS", tracking="EX1", note="两名见证人在场")
        return state, delivering.begin(fresh, state, new, who, mode=mode)  # type: ignore[return-value]

    return act


def _agree(course: Course, state: str, who: Hand) -> Acted:
    after = rules.agree(course, state, Agreement("13805316217", "li", AT), who)
    return state, after  # type: ignore[return-value]


def _check(course: Course, state: str, who: Hand) -> Acted:
    after = delivering.receive(course, state, "try", RECEIVER, who)
    return state, after  # type: ignore[return-value]


def _end(outcome: rules.Attempt) -> Callable[[Course, str, Hand], Acted]:
    def act(course: Course, state: str, who: Hand) -> Acted:
        posted = tuple(replace(one, way="posted") for one in course.deliveries)
        now = replace(course, deliveries=posted) if outcome == "returned" else course
        return delivering.end(now, state, "try", outcome, "查无此人", TODAY, who, at=AT)

    return act


def reported(step: rules.ReportStep, **more: Any) -> Reported:
    return replace(Reported(step, "QD-2026-118", TODAY, "file", "meng", AT), **more)


def _report(
    step: rules.ReportStep, system: str = "青岛市工程建设项目审批平台", **more: Any
) -> Callable[[Course, str, Hand], Acted]:
    def act(course: Course, state: str, who: Hand) -> Acted:
        given: dict[str, Any] = {"reason": "理由", "results": [result()], **more}
        new = given.pop("new", reported(step))
        return external.report(
            course,
            state,  # type: ignore[arg-type]
            new,
            who,
            system=system,
            proofs={"file"},
            since=date(2026, 11, 20),
            bases=[],
            at=AT,
            known_days=KNOWN,
            **given,
        )

    return act


ACTS: Final[dict[str, Callable[[Course, str, Hand], Acted]]] = {
    "grant": _rule("granted"),
    "deny": _rule("denied"),
    "issue": lambda course, state, who: rules.issue(course, state, [result()], who),
    "agree": _agree,
    "collect": _begin("collected"),
    "post": _begin("posted"),
    "send": _begin("electronic"),
    "leave": _begin("left"),
    "check": _check,
    "deliver": _end("delivered"),
    "come_back": _end("returned"),
    "withdraw": _finish("withdrawn"),
    "return": _finish("returned"),
    "terminate": _finish("terminated"),
    "archive": lambda course, state, who: rules.archive(
        course, state, who, making=0, away=0, at=AT
    ),
    "report_accepted": _report("accepted"),
    "report_granted": _report("granted"),
    "report_denied": _report("denied"),
    "report_issued": _report("issued"),
    "ask_fee": lambda course, state, who: _fee(state, fees.ask(course, state, FEE, who, basis=LAW)),
    "settle_fee": lambda course, state, who: _fee(
        state, fees.settle(replace(course, fee=FEE), state, PAID, who, at=AT)
    ),
}
WINDOW, APPROVER, EITHER = {"window"}, {"approver"}, {"window", "approver"}
TABLE: Final[dict[str, tuple[set[str], dict[str, str]]]] = {
    # act: (which sides, from which state to which)
    "grant": (APPROVER, {"accepted": "granted"}),
    "deny": (APPROVER, {"accepted": "denied"}),
    "issue": (APPROVER, {"granted": "issued"}),
    "agree": (
        WINDOW,
        {
            one: one
            for one in (
                *("registered", "reviewing", "to_correct"),
                *("accepted", "granted", "denied", "issued"),
            )
        },
    ),
    "collect": (WINDOW, {"issued": "issued", "denied": "denied"}),
    "post": (EITHER, {"issued": "issued", "denied": "denied"}),
    "send": (APPROVER, {"issued": "issued", "denied": "denied"}),
    "leave": (WINDOW, {"issued": "issued", "denied": "denied"}),
    "check": (WINDOW, {"issued": "issued", "denied": "denied"}),
    # of two licences one arrives: the other is still to come
    "deliver": (EITHER, {"issued": "issued", "denied": "delivered"}),
    "come_back": (EITHER, {"issued": "issued", "denied": "denied"}),
    "withdraw": (
        WINDOW,
        dict.fromkeys(("registered", "reviewing", "to_correct", "accepted"), "withdrawn"),
    ),
    "return": (APPROVER, {"to_correct": "returned"}),
    "terminate": (APPROVER, {"accepted": "terminated"}),
    "archive": (
        APPROVER,
        dict.fromkeys(("delivered", "refused", "returned", "withdrawn", "terminated"), "archived"),
    ),
    "report_accepted": (APPROVER, {"accepted": "accepted"}),
    "report_granted": (APPROVER, {"accepted": "granted"}),
    "report_denied": (APPROVER, {"accepted": "denied"}),
    "report_issued": (APPROVER, {"granted": "issued"}),
    "ask_fee": (APPROVER, {"accepted": "accepted", "granted": "granted"}),
    "settle_fee": (EITHER, {one: one for one in ("accepted", "granted", "issued")}),
}


def test_the_table_names_every_act() -> None:
    assert TABLE.keys() == ACTS.keys()


@pytest.mark.parametrize("act", ACTS)
def test_each_act_in_each_state_from_each_side(act: str) -> None:
    sides, moves = TABLE[act]
    for state in STATES:
        for side in SIDES:
            course = standing(state)
            if state in moves and side in sides:
                after, _ = ACTS[act](course, state, hand(side))
                assert after == moves[state], (state, side)
                continue
            with pytest.raises(Refusal) as told:
                ACTS[act](course, state, hand(side))
            wanted = (
                Code.CASE_ARCHIVED
                if state == "archived"
                else Code.OTHER_STEP
                if state not in moves
                else Code.NOT_YOURS
            )
            assert told.value.code is wanted, (state, side)


HANDED_OVER: Final[Mapping[tuple[Mode, rules.Way], set[str]]] = {
    ("online", "collected"): set(),
    ("online", "posted"): APPROVER,
    ("online", "electronic"): APPROVER,
    ("online", "left"): set(),
    ("proxy", "collected"): WINDOW,
    ("proxy", "posted"): EITHER,
    ("proxy", "electronic"): APPROVER,
    ("proxy", "left"): WINDOW,
    ("joint", "collected"): WINDOW,
    ("joint", "posted"): EITHER,
    ("joint", "electronic"): APPROVER,
    ("joint", "left"): WINDOW,
}
"""From which sides results are handed over in each mode; none: the mode has no such way."""


def test_each_way_in_each_mode_and_state_from_each_side() -> None:
    """What a mode does not have is told as that, once the case is where something is handed over."""
    assert HANDED_OVER.keys() == {(mode, way) for mode in MODES for way in get_args(rules.Way)}
    for (mode, way), sides in HANDED_OVER.items():
        for state in STATES:
            for side in SIDES:
                act = _begin(way, mode)
                at_step = state in ("issued", "denied")
                if at_step and side in sides:
                    assert act(standing(state), state, hand(side))[0] == state
                    continue
                with pytest.raises(Refusal) as told:
                    act(standing(state), state, hand(side))
                wanted = (
                    Code.CASE_ARCHIVED
                    if state == "archived"
                    else Code.OTHER_STEP
                    if not at_step
                    else Code.NOT_YOURS
                    if sides
                    else Code.OTHER_MODE
                )
                assert told.value.code is wanted, (mode, way, state, side)


def test_the_mode_changes_at_the_window_before_the_decision_and_as_the_item_offers_it() -> None:
    for state in STATES:
        for side in SIDES:
            for to in MODES:
                for sent in (False, True):

                    def act(
                        state: str = state, side: Side = side, to: Mode = to, sent: bool = sent
                    ) -> Mode:
                        offered: tuple[Mode, ...] = ("online", "proxy")
                        return modes.change(offered, state, "proxy", to, hand(side), sent=sent)

                    wanted = (
                        Code.CASE_ARCHIVED
                        if state == "archived"
                        else Code.OTHER_STEP
                        if not states.fillable(state)
                        else Code.NOT_YOURS
                        if side != "window"
                        else Code.ITEM_UNAVAILABLE
                        if to == "joint"
                        else Code.ORIGINALS_SENT
                        if sent and to == "online"
                        else None
                    )
                    if wanted is None:
                        assert act() == to
                    else:
                        refused(wanted, act)


def test_the_page_has_the_same_table() -> None:
    """The page's table of modes is compared with what is written here."""
    rows = {mode: asdict(row) for mode, row in modes.HANDLING.items()}
    assert rows.keys() == set(MODES)
    VECTORS.mkdir(exist_ok=True)
    (VECTORS / "modes.json").write_text(json.dumps([{"subject": "mode", "table": rows}]))


def test_only_a_mode_that_has_originals_takes_them() -> None:
    for mode in MODES:
        if modes.HANDLING[mode].originals == "posted":
            modes.takes_originals(mode)
        else:
            refused(Code.OTHER_MODE, lambda mode=mode: modes.takes_originals(mode))  # type: ignore[misc]


def test_the_four_questions() -> None:
    """Of each state: fillable, takes owed files, callable, archived."""
    asked = {
        state: (
            states.fillable(state),
            states.takes_owed(state),
            states.callable_(state),
            states.archived(state),
        )
        for state in STATES
    }
    open_, closed = (True, False, True, False), (False, False, True, False)
    assert asked == {
        "registered": open_,
        "reviewing": open_,
        "to_correct": open_,
        "accepted": (False, True, True, False),
        **dict.fromkeys(
            (
                *("refused", "granted", "denied", "issued", "delivered"),
                *("returned", "withdrawn", "terminated"),
            ),
            closed,
        ),
        "archived": (False, False, False, True),
        # a consultation is called about and nothing else
        "consulting": closed,
        "consulted": (False, False, False, False),
    }


def refused(code: Code, act: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(Refusal) as told:
        act()
    assert told.value.code is code
    return told.value.details


def test_what_an_external_system_did_is_entered_with_number_day_and_proof() -> None:
    who = hand("approver")

    def report(step: rules.ReportStep, **more: Any) -> Callable[[], Acted]:
        system = more.pop("system", "青岛市工程建设项目审批平台")
        return lambda: _report(step, system, **more)(more.pop("course", Course()), "accepted", who)

    refused(Code.DECIDED_HERE, report("granted", system=""))
    refused(Code.NUMBER_MISSING, report("granted", new=reported("granted", number=" ")))
    refused(Code.PROOF_MISSING, report("granted", new=reported("granted", proof="another")))
    refused(Code.REASON_MISSING, report("denied", reason=" "))
    for day in (date(2026, 11, 25), date(2026, 11, 19)):
        assert refused(Code.BAD_DATE, report("granted", new=reported("granted", on=day))) == {
            "why": "report"
        }
    assert refused(Code.DECIDED_ELSEWHERE, lambda: external.here("平台")) == {"system": "平台"}

    _, accepted = report("accepted", new=reported("accepted", on=date(2026, 11, 21)))()
    early = reported("granted", on=date(2026, 11, 20))
    with pytest.raises(Refusal, match="bad_date"):
        _report("granted", new=early)(accepted, "accepted", who)
    state, after = _report("granted", new=reported("granted", on=date(2026, 11, 23)))(
        accepted, "accepted", who
    )
    assert state == "granted"
    assert after.ruling is not None
    assert after.ruling.deliver.due_on == date(2026, 12, 7), "ten working days from that day"
    assert [one.step for one in after.reports] == ["accepted", "granted"]
    assert after.people == {"meng", who.person_id}


def test_a_fee_has_a_basis_and_is_settled_once_by_a_receipt_or_a_reason() -> None:
    near, far = hand("window"), hand("approver")
    asked = fees.ask(Course(), "accepted", replace(FEE, payment=PAID, basis=""), far, basis=LAW)
    assert asked.fee == FEE, "the basis is the item's, and who asks pays nothing"
    refused(Code.FEE_UNFOUNDED, lambda: fees.ask(Course(), "accepted", FEE, far, basis=""))
    corrected = fees.ask(asked, "granted", replace(FEE, amount_fen=900), far, basis=LAW)
    assert corrected.fee is not None
    assert corrected.fee.amount_fen == 900

    def settle(new: Payment, course: Course = asked, who: Hand = near) -> Course:
        return fees.settle(course, "accepted", new, who, at=AT)

    waived = replace(PAID, kind="waived", number="", reason="残疾人证明，减免")
    refused(Code.FEE_NOT_ASKED, lambda: settle(PAID, Course()))
    refused(Code.NUMBER_MISSING, lambda: settle(replace(PAID, number=" ")))
    refused(Code.REASON_MISSING, lambda: settle(replace(waived, reason=" "), who=far))
    refused(Code.NOT_YOURS, lambda: settle(waived))
    for days in (-1, 1):
        day = TODAY + timedelta(days=days)
        refused(Code.BAD_DATE, lambda day=day: settle(replace(PAID, on=day)))  # type: ignore[misc]
    for one in (settle(PAID), settle(waived, who=far)):
        assert one.people == {"meng", "li"}
        refused(Code.FEE_SETTLED, lambda one=one: settle(PAID, one))  # type: ignore[misc]
        refused(Code.FEE_SETTLED, lambda one=one: fees.ask(one, "granted", FEE, far, basis=LAW))  # type: ignore[misc]
        fees.first(one, fee_first=True)
    fees.first(Course(), fee_first=False)
    for unpaid in (Course(), asked):
        refused(Code.FEE_UNPAID, lambda unpaid=unpaid: fees.first(unpaid, fee_first=True))  # type: ignore[misc]


def test_a_ruling_stands_on_bases_of_its_item_where_it_lists_some() -> None:
    who = hand("approver")

    def rule(*bases: str) -> Acted:
        return rules.rule(
            Course(), "accepted", "granted", "", bases, who,
            owed=[], stopped=False, at=AT, known_days=KNOWN, offered=["条例第三十条"],
        )  # fmt: skip

    refused(Code.BASIS_UNKNOWN, lambda: rule("条例第三十条", "条例第三十一条"))
    _, after = rule("条例第三十条", rules.RULED_BY["granted"])
    assert after.ruling is not None
    assert after.ruling.bases == ("条例第三十条", rules.RULED_BY["granted"])
    refused(Code.BASIS_UNKNOWN, lambda: rule(rules.RULED_BY["denied"]))


def test_nothing_is_granted_before_what_was_promised_is_there() -> None:
    who = hand("approver")

    def rule(kind: rules.RulingKind, reason: str = "理由", **more: Any) -> Acted:
        given: dict[str, Any] = {"owed": [], "stopped": False, **more}
        return rules.rule(
            Course(), "accepted", kind, reason, [], who, at=AT, known_days=KNOWN, **given
        )

    assert refused(Code.OWED_STILL, lambda: rule("granted", owed=["tax"])) == {"lines": "tax"}
    refused(Code.CLOCK_STOPPED, lambda: rule("granted", stopped=True))
    refused(Code.REASON_MISSING, lambda: rule("denied", " "))
    state, course = rule("denied", owed=["tax"])
    assert state == "denied"
    assert course.ruling is not None
    assert course.ruling.deliver.due_on == date(2026, 12, 8)
    state, course = rule("granted", "")
    assert state == "granted"


def test_what_is_issued_has_a_name_a_number_and_an_end_behind_its_beginning() -> None:
    def issue(*made: Result) -> Acted:
        return rules.issue(standing("granted"), "granted", made, hand("approver"))

    refused(Code.RESULT_MISSING, issue)
    refused(Code.RESULT_MISSING, lambda: issue(replace(result(), name=" ")))
    refused(Code.RESULT_MISSING, lambda: issue(replace(result(), number="")))
    refused(Code.BAD_DATE, lambda: issue(replace(result(), valid_until=date(2026, 11, 23))))
    refused(Code.THROTTLED, lambda: issue(*[result(str(n)) for n in range(21)]))
    state, course = issue(result(), replace(result("card"), valid_until=TODAY))
    assert (state, len(course.results)) == ("issued", 2)


def test_every_result_arrives_by_one_try_at_a_time() -> None:
    issued = replace(standing("issued"), deliveries=(), agreement=None)
    window, approver = hand("window"), hand("approver")

    def begin(course: Course, new: Delivery, who: Hand) -> Course:
        return delivering.begin(course, "issued", new, who, mode="proxy")

    refused(Code.RESULT_UNKNOWN, lambda: begin(issued, replace(delivery(), results=("x",)), window))
    refused(Code.TRACKING_MISSING, lambda: begin(issued, delivery("posted"), window))
    refused(Code.AGREEMENT_MISSING, lambda: begin(issued, delivery("electronic"), approver))
    refused(Code.REASON_MISSING, lambda: begin(issued, delivery("left"), window))

    one = begin(
        issued, replace(delivery("posted", courier="EMS", tracking="1"), results=("a",)), window
    )
    again = replace(delivery("posted", courier="EMS", tracking="2"), id="second", results=("a",))
    refused(Code.ON_ITS_WAY, lambda: begin(one, again, window))
    # returned post is a new try
    _, back = delivering.end(one, "issued", "try", "returned", "查无此人", TODAY, window, at=AT)
    assert back.deliveries[0].state == "returned"
    both = begin(back, replace(again, results=()), window)
    assert both.deliveries[1].results == ("a", "b"), "of all that is neither on its way nor there"
    refused(
        Code.DELIVERY_ENDED,
        lambda: delivering.end(both, "issued", "try", "delivered", "", TODAY, window, at=AT),
    )
    tomorrow = TODAY + timedelta(days=1)
    refused(
        Code.BAD_DATE,
        lambda: delivering.end(both, "issued", "second", "delivered", "", tomorrow, window, at=AT),
    )
    refused(
        Code.REASON_MISSING,
        lambda: delivering.end(both, "issued", "second", "returned", " ", TODAY, window, at=AT),
    )
    state, done = delivering.end(both, "issued", "second", "delivered", "", TODAY, window, at=AT)
    assert (state, done.complete) == ("delivered", True)


def test_nobody_fetches_it_whose_identity_was_not_seen() -> None:
    issued = replace(standing("issued"), deliveries=())
    window = hand("window")
    ready = delivering.begin(issued, "issued", delivery(), window, mode="proxy")

    def end(course: Course) -> Acted:
        return delivering.end(course, "issued", "try", "delivered", "", TODAY, window, at=AT)

    refused(Code.RECEIVER_MISSING, lambda: end(ready))
    nobody = replace(RECEIVER, name=" ")
    refused(
        Code.RECEIVER_MISSING, lambda: delivering.receive(ready, "issued", "try", nobody, window)
    )
    refused(Code.NOT_FOUND, lambda: delivering.receive(ready, "issued", "other", RECEIVER, window))
    posted = delivering.begin(
        issued, "issued", delivery("posted", courier="EMS", tracking="1"), window, mode="proxy"
    )
    refused(Code.OTHER_WAY, lambda: delivering.receive(posted, "issued", "try", RECEIVER, window))
    seen = delivering.receive(ready, "issued", "try", RECEIVER, window)
    refused(
        Code.OTHER_WAY,
        lambda: delivering.end(seen, "issued", "try", "returned", "没来", TODAY, window, at=AT),
    )
    state, _ = end(seen)
    assert state == "delivered"


def test_papers_go_back_when_the_day_is_over_and_never_before() -> None:
    def finish(**more: Any) -> Acted:
        given: dict[str, Any] = {"at": AT, **more}
        return rules.finish(Course(), "to_correct", "returned", "未补正", hand("approver"), **given)

    assert refused(Code.TIME_LEFT, lambda: finish(correct_by=TODAY)) == {"until": "2026-11-24"}
    assert finish(correct_by=TODAY - timedelta(days=1))[0] == "returned"
    who = hand("approver")
    refused(
        Code.CAUSE_MISSING,
        lambda: rules.finish(Course(), "accepted", "terminated", "理由", who, at=AT),
    )
    refused(
        Code.REASON_MISSING,
        lambda: rules.finish(Course(), "accepted", "withdrawn", "", hand("window"), at=AT),
    )


def test_the_archive_waits_for_papers_and_originals_and_for_no_rating() -> None:
    who = hand("approver")

    def archive(making: int, away: int) -> Acted:
        return rules.archive(Course(), "delivered", who, making=making, away=away, at=AT)

    assert refused(Code.UNFINISHED, lambda: archive(1, 2)) == {"papers": 1, "originals": 2}
    assert archive(0, 0)[0] == "archived"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(SIDES)), min_size=1, max_size=20
    ),
    st.sampled_from(["registered", "to_correct", "accepted"]),
)
def test_in_any_order_a_case_never_goes_back_and_keeps_what_it_has(
    acts: list[tuple[str, Side]], begins: CaseState
) -> None:
    state, course = begins, Course()
    for act, side in acts:
        try:
            after, now = ACTS[act](course, state, hand(side))
        except Refusal:
            continue
        assert after == state or after in NEXT[state], (state, act)
        assert course.delivered <= now.delivered or act in ("collect", "post", "send", "leave")
        assert course.ruling is None or now.ruling == course.ruling
        assert {one.id for one in course.results} <= {one.id for one in now.results}
        assert course.ending is None or now.ending == course.ending
        assert (after == "archived") == (now.archived is not None)
        state, course = after, now
