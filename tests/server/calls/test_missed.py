"""Calls that nobody answered stay in both lists until somebody called back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from server.calls.acts.desks import Desks
from server.calls.rows import missed
from server.case.acts.course import calling
from server.case.wire.decision import CaseDecide, CaseRefer
from server.case.wire.registering import CaseConsent
from server.demo import data as demo
from server.store import SYSTEM, Store
from server.store.tables import cases, ledger_entries, missed_calls
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallCancel, CallDial
from signaling.wire.desk import MissedAsk
from tests.kit.casework import APPROVER, CLERK, OTHER_APPROVER, THIRD, Office
from tests.kit.exchange import APPROVERS, Desk, Exchange, Site, exchange, ringing, seat_approvers
from tests.kit.until import until


@pytest.fixture
async def node(site: Site) -> AsyncIterator[Exchange]:
    async with exchange(site) as running:
        yield running


@pytest.fixture
async def desks(node: Exchange) -> AsyncIterator[list[Desk]]:
    """The clerk and the two approvers whom he rings."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(node.desk(one)) for one in (CLERK, *APPROVERS)]
        for desk in found[1:]:
            await desk.do("desk.duty", duty="online")
        yield found


def told(desk: Desk) -> list[dict[str, Any]] | None:
    """What this desk was last told of missed calls."""
    lists = [one["calls"] for one in desk.ephemerals if one["type"] == "missed.calls"]
    return lists[-1] if lists else None


async def lists(desk: Desk, *wanted: tuple[str, int, str | None]) -> None:
    """Wait until it lists just these: case, how many calls, who asks to be called."""

    def why_not() -> str | None:
        calls = told(desk) or []
        found = [(c["case_id"], c["times"], c["asked_by"] and c["asked_by"]["id"]) for c in calls]
        return None if found == list(wanted) else f"{desk.login}: {found}"

    await until(why_not)


async def test_a_missed_call_is_listed_until_somebody_called_back(
    node: Exchange, desks: list[Desk]
) -> None:
    clerk, approver, colleague = desks
    for desk in desks:
        assert (await desk.do("missed.watch"))["calls"] == []
    call_id = await ringing(clerk, [approver, colleague])
    case_id = clerk.calls[call_id]["case_id"]
    for desk in (approver, colleague):
        await desk.do("call.decline", call_id=call_id, ring_id=desk.ring_in(call_id))
    for desk in desks:
        await lists(desk, (case_id, 1, None))
    [one] = (await approver.do("missed.watch"))["calls"]
    assert (one["reason"], one["caller"]["id"]) == ("declined", clerk.person_id)
    assert one["card"]["applicant_masked"] == "孙**"
    # no call went live: the case says so
    assert (await clerk.do("case.open", case_id=case_id))["case"]["state"] == "registered"

    await approver.do("missed.ask", case_id=case_id)
    for desk in desks:
        await lists(desk, (case_id, 1, approver.person_id))
    async with node.store.read() as reading:
        entries = ledger_entries.c
        query = sa.select(entries.act).where(entries.subject == f"missed:{case_id}")
        assert (await reading.scalars(query)).all() == ["missed.ask"]

    # called back and not reached: it counts on, and nobody is waited for
    again = str((await clerk.do("call.dial", case_id=case_id))["call_id"])
    await clerk.do("call.cancel", call_id=again)
    for desk in desks:
        await lists(desk, (case_id, 2, None))

    last = str((await clerk.do("call.dial", case_id=case_id))["call_id"])
    await colleague.sees(lambda call: call["state"] == "open", last)
    await colleague.do("call.answer", call_id=last, ring_id=colleague.ring_in(last))
    for desk in desks:
        await lists(desk)
    assert (await clerk.do("case.open", case_id=case_id))["case"]["state"] == "reviewing"
    assert (await approver.send("missed.ask", case_id=case_id))["code"] == "call_ended"


async def test_a_missed_call_is_shown_to_its_two_units_alone(
    node: Exchange, desks: list[Desk]
) -> None:
    clerk, approver, colleague = desks
    call_id = await ringing(clerk, [approver, colleague])
    await clerk.do("call.cancel", call_id=call_id)
    assert len((await approver.do("missed.watch"))["calls"]) == 1
    case_id = clerk.calls[call_id]["case_id"]
    async with node.desk(THIRD) as other:
        assert (await other.do("missed.watch"))["calls"] == []
        assert (await other.send("missed.ask", case_id=case_id))["code"] == "not_found"


async def test_an_approver_is_not_shown_what_windows_of_his_unit_were_not_answered_elsewhere(
    node: Exchange, desks: list[Desk]
) -> None:
    clerk, approver, colleague = desks
    [login] = await seat_approvers(node.store, 1, demo.JINAN)
    async with node.desk(login) as beside:
        assert (await beside.do("missed.watch"))["calls"] == []
        await clerk.do("missed.watch")
        call_id = await ringing(clerk, [approver, colleague])
        case_id = clerk.calls[call_id]["case_id"]
        await clerk.do("call.cancel", call_id=call_id)
        await lists(clerk, (case_id, 1, None))
        assert not told(beside)
        assert (await beside.do("missed.watch"))["calls"] == []
        # the case does not exist for him either
        assert (await beside.send("case.open", case_id=case_id))["code"] == "not_found"


async def test_a_decision_and_a_referral_take_the_missed_call_along(office: Office) -> None:
    case_id = await missed_case(office)
    assert await listed(office, APPROVER) == [case_id]
    refer = {"unit_id": demo.LIAOCHENG, "reason": "由聊城办理"}
    await office.do(APPROVER, CaseRefer, case_id=case_id, **refer)
    assert await listed(office, APPROVER) == []
    # it never rang there
    assert await listed(office, THIRD) == []
    assert await listed(office, CLERK) == [case_id]
    # there is nothing left to call about
    no = {"decision": "refused", "reason": "不属于本机关职权范围"}
    await office.do(THIRD, CaseDecide, case_id=case_id, **no)
    assert await listed(office, CLERK) == []


async def listed(office: Office, login: str) -> list[str]:
    actor = office.actors[login]
    desks: missed.Desks = (actor.window_id, None if actor.window_id else actor.unit_id)
    async with office.store.read() as reading:
        return [one.case_id for one in (await missed.of_desks(reading, [desks]))[desks]]


async def test_who_was_asked_to_call_back_is_asked_once_more_only_after_a_while(
    office: Office,
) -> None:
    case_id = await missed_case(office)
    about = MissedAsk(id="ask-again-1", case_id=case_id)
    roster = Desks(office.store, calling)
    first = office.store.clock.now()
    await roster.ask(office.actors[APPROVER], about)
    # the page's own repetition is no second one
    await roster.ask(office.actors[APPROVER], about)

    async def again(login: str, name: str) -> Code | None:
        try:
            await roster.ask(office.actors[login], MissedAsk(id=name, case_id=case_id))
        except Refusal as refusal:
            return refusal.code if 0 < refusal.details["retry_after_s"] <= 600 else None
        return None

    assert await again(APPROVER, "ask-again-2") is Code.THROTTLED
    assert await again(OTHER_APPROVER, "ask-again-3") is Code.THROTTLED
    [one] = await of_approvers(office)
    assert (one.asked_at, one.ask_again_at) == (first, first + timedelta(minutes=10))
    office.clock.move(601)
    assert await again(OTHER_APPROVER, "ask-again-4") is None
    [one] = await of_approvers(office)
    assert one.asked_by == office.actors[OTHER_APPROVER].person_id
    # a call that was missed once more asks for a word of its own
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    assert await again(APPROVER, "ask-again-5") is None


async def test_each_window_has_a_list_of_its_own(office: Office) -> None:
    """So that a busy one does not push out what another still has to call back about."""
    case_id = await missed_case(office)
    window_id = office.actors[CLERK].window_id
    async with office.store.change(SYSTEM) as change:
        rows, sql = missed_calls, change.connection
        row = dict((await sql.execute(sa.select(rows))).mappings().one())
        assert row["window_id"] == window_id
        case = dict((await sql.execute(sa.select(cases))).mappings().one())
        later = [f"case-{n:03}" for n in range(missed.LISTED_AT_MOST)]
        await sql.execute(cases.insert(), [{**case, "id": one} for one in later])
        busy = {**row, "window_id": "window-beside", "at": row["at"] + timedelta(seconds=1)}
        await sql.execute(rows.insert(), [{**busy, "case_id": one} for one in later])
    mine: missed.Desks = (window_id, None)
    theirs: missed.Desks = ("window-beside", None)
    async with office.store.read() as reading:
        found = await missed.of_desks(reading, [mine, theirs])
    assert [one.case_id for one in found[mine]] == [case_id]
    assert sorted(one.case_id for one in found[theirs]) == later


async def missed_case(office: Office) -> str:
    """A case about which the window called and gave up."""
    case_id = await office.case()
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.do(CLERK, CallCancel, call_id=call_id)
    return case_id


async def of_approvers(office: Office) -> list[missed.Missed]:
    desks: missed.Desks = (None, office.actors[APPROVER].unit_id)
    async with office.store.read() as reading:
        return list((await missed.of_desks(reading, [desks]))[desks])


async def test_the_list_reads_by_index(store: Store) -> None:
    """Of 20,000 missed calls of 200 windows and units each side is read by its own index."""
    async with store.change(SYSTEM) as change:
        reading = change.connection
        postgres = reading.dialect.name == "postgresql"
        if postgres:
            await reading.execute(sa.text("set local session_replication_role = replica"))
        else:
            await reading.execute(sa.text("pragma defer_foreign_keys = on"))
        begun = datetime(2026, 11, 24, tzinfo=UTC)
        await reading.execute(
            missed_calls.insert(),
            [
                {
                    "case_id": f"case-{n}",
                    "call_id": f"call-{n}",
                    "window_id": f"window-{n % 200}",
                    "target_unit_id": f"unit-{n % 199}",
                    "at": begun - timedelta(minutes=n),
                    "times": 1,
                }
                for n in range(20_000)
            ],
        )
        await reading.execute(sa.text("analyze missed_calls"))
        query = missed.newest([("window-7", "unit-7")]).compile(
            dialect=reading.dialect, compile_kwargs={"literal_binds": True}
        )
        how = "explain" if postgres else "explain query plan"
        rows = (await reading.execute(sa.text(f"{how} {query}"))).all()
        plan = "\n".join(str(row[-1]) for row in rows)
        await reading.execute(missed_calls.delete())
    for whole in ("Seq Scan", "SCAN missed_calls"):
        assert whole not in plan, plan
    for name in ("missed_calls_by_window", "missed_calls_by_target"):
        assert name in plan, plan
