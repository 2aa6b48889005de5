"""Calls over real sockets and a real store: ringing, answering, seats, time, who sees what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from server.demo import data as demo
from tests.kit.exchange import (
    APPROVERS,
    CLERK,
    OTHER_CLERK,
    SUPERVISOR,
    Desk,
    Exchange,
    Site,
    acts,
    exchange,
    live,
    registered,
    reserved,
    ringing,
)
from tests.kit.stores import MovedClock
from tests.kit.until import until


@pytest.fixture
async def node(sqlite_site: Site) -> AsyncIterator[Exchange]:
    async with exchange(sqlite_site) as running:
        yield running


@pytest.fixture
async def clerk(node: Exchange) -> AsyncIterator[Desk]:
    async with node.desk(CLERK) as desk:
        yield desk


@pytest.fixture
async def approvers(node: Exchange) -> AsyncIterator[list[Desk]]:
    """The two approvers of the demo's unit, on duty."""
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(node.desk(login)) for login in APPROVERS]
        for desk in desks:
            await desk.do("desk.duty", duty="online")
        yield desks


async def test_the_author_gets_his_ack_before_his_event(clerk: Desk, approvers: list[Desk]) -> None:
    call_id = await ringing(clerk, approvers)
    await clerk.sees(lambda call: True, call_id)
    clerk.order.clear()
    await clerk.do("call.cancel", call_id=call_id)
    await clerk.sees(lambda call: call["state"] == "ended", call_id)
    assert clerk.order == ["ack", f"call:{call_id} 2"]


async def test_when_all_decline_both_sides_see_it(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await ringing(clerk, approvers)
    for desk in approvers:
        await desk.do("call.decline", call_id=call_id, ring_id=desk.ring_in(call_id))
    for desk in (clerk, *approvers):
        call = await desk.sees(lambda call: call["state"] == "ended", call_id)
        assert call["reason"] == "declined"
    assert await reserved(node.store) == {}


async def test_thirty_seconds_without_an_answer_are_a_missed_call(
    node: Exchange, clock: MovedClock, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await ringing(clerk, approvers)
    clock.move(29.9)
    await node.switchboard.sweep()
    assert (await acts(node.store, call_id))[-1] != "call.missed"
    clock.move(0.1)
    late = await approvers[0].send(
        "call.answer", call_id=call_id, ring_id=approvers[0].ring_in(call_id)
    )
    assert late["code"] == "ring_closed"
    await node.switchboard.sweep()
    for desk in (clerk, *approvers):
        call = await desk.sees(lambda call: call["state"] == "ended", call_id)
        assert call["reason"] == "missed"
        assert {ring["state"] for ring in call["rings"]} == {"missed"}
    assert await reserved(node.store) == {}


async def test_the_clerk_cancels(node: Exchange, clerk: Desk, approvers: list[Desk]) -> None:
    call_id = await ringing(clerk, approvers)
    await clerk.do("call.cancel", call_id=call_id)
    for desk in approvers:
        call = await desk.sees(lambda call: call["state"] == "ended", call_id)
        assert call["rings"][0]["state"] == "cancelled"
    again = await clerk.send("call.cancel", call_id=call_id)
    assert again["code"] == "call_ended"


async def test_a_case_shows_that_it_was_called(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await ringing(clerk, approvers)
    case_id = clerk.calls[call_id]["case_id"]
    opened = await clerk.do("case.open", case_id=case_id)
    # nobody has answered: it is not under review yet
    assert (opened["case"]["state"], opened["case"]["call_id"]) == ("registered", call_id)
    await approvers[0].do("call.answer", call_id=call_id, ring_id=approvers[0].ring_in(call_id))
    assert (await clerk.do("case.open", case_id=case_id))["case"]["state"] == "reviewing"


async def test_what_dialling_refuses(node: Exchange, clerk: Desk, approvers: list[Desk]) -> None:
    unasked = await registered(clerk, consent=None)
    assert (await clerk.send("call.dial", case_id=unasked))["code"] == "consent_missing"
    assert (await clerk.send("call.dial", case_id="no-such-case"))["code"] == "not_found"
    case_id = await registered(clerk)
    assert (await approvers[0].send("call.dial", case_id=case_id))["code"] == "not_yours"

    for desk in approvers:
        await desk.do("desk.duty", duty="away")
    nobody = await clerk.send("call.dial", case_id=case_id)
    assert nobody["code"] == "no_approver_free"
    assert nobody["details"] == {"on_duty": 0, "wait_s": None}
    assert await reserved(node.store) == {}

    await approvers[0].do("desk.duty", duty="online")
    call_id = (await clerk.do("call.dial", case_id=case_id))["call_id"]
    second = await clerk.send("call.dial", case_id=await registered(clerk))
    assert (second["code"], second["details"]) == ("already_in_call", {"call": call_id})
    async with node.desk(OTHER_CLERK) as other:
        about_it = await other.send("call.dial", case_id=case_id)
        assert about_it["code"] == "already_in_call"
        busy = await other.send("call.dial", case_id=await registered(other))
        assert busy["code"] == "no_approver_free"
        assert busy["details"] == {"on_duty": 1, "wait_s": 600}


async def test_an_approver_whose_page_is_gone_is_not_rung(
    node: Exchange, clock: MovedClock, clerk: Desk, approvers: list[Desk]
) -> None:
    here, away = approvers
    await away.close()
    clock.move(15)
    await here.beat_again()
    await node.switchboard.sweep()
    call_id = await ringing(clerk, [here])
    assert [r["target"]["id"] for r in clerk.calls[call_id]["rings"]] == [here.person_id]


async def test_strangers_do_not_learn_of_a_call(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    async with node.desk(OTHER_CLERK) as stranger:
        for kind in ("call.open", "call.hang_up", "call.join", "call.cancel"):
            assert (await stranger.send(kind, call_id=call_id))["code"] == "not_found", kind
        ring = clerk.calls[call_id]["rings"][0]["id"]
        for kind in ("call.answer", "call.decline"):
            said = await stranger.send(kind, call_id=call_id, ring_id=ring)
            assert said["code"] == "not_found", kind
        leg = clerk.leg_in(call_id)["id"]
        for kind, more in (
            ("call.connect", {}),
            ("call.describe", {"sdp": "v=0"}),
            ("call.mute", {"mid": "0", "on": True}),
            ("call.lack", {"mid": "0", "on": True}),
        ):
            said = await stranger.send(kind, call_id=call_id, leg_id=leg, **more)
            assert said["code"] == "not_found", kind
        assert stranger.events == []
    # Who was rung knows of the call, but has no seat in it.
    beaten = approvers[1]
    for kind in ("call.hang_up", "call.join"):
        assert (await beaten.send(kind, call_id=call_id))["code"] == "not_in_call", kind
    said = await beaten.send("call.connect", call_id=call_id, leg_id=leg)
    assert said["code"] == "not_in_call"


async def test_a_supervisor_watches(node: Exchange, clerk: Desk, approvers: list[Desk]) -> None:
    call_id = await ringing(clerk, approvers)
    async with node.desk(SUPERVISOR) as supervisor:
        opened = await supervisor.do("call.open", call_id=call_id)
        assert (opened["audience"], len(opened["call"]["rings"])) == ("supervisor", 2)
        first = approvers[0]
        await first.do("call.answer", call_id=call_id, ring_id=first.ring_in(call_id))
        await supervisor.sees(lambda call: call["state"] == "live", call_id)
        assert (await supervisor.send("call.hang_up", call_id=call_id))["code"] == "not_found"


async def test_a_reload_takes_the_seat_again(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    before = clerk.leg_in(call_id)
    await clerk.close()
    await approvers[0].sees(lambda call: call["legs"][0]["silent"], call_id)
    async with node.desk(CLERK) as reloaded:
        assert reloaded.calls[call_id]["state"] == "live"
        joined = await reloaded.do("call.join", call_id=call_id)
        call = await approvers[0].sees(lambda call: len(call["legs"]) == 3, call_id)
        assert [leg["state"] for leg in call["legs"]] == ["left", "joined", "joined"]
        assert call["legs"][-1]["id"] == joined["leg_id"]
        assert call["legs"][-1]["previous_leg_id"] == before["id"]
        old = await reloaded.send("call.connect", call_id=call_id, leg_id=before["id"])
        assert old["code"] == "leg_replaced"


async def test_the_newer_page_wins_and_the_older_is_told(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    async with node.desk(CLERK) as newer:
        await newer.do("call.join", call_id=call_id)
        await until(lambda: None if clerk.ephemerals else "the older page was not told")
        assert clerk.ephemerals == [{"type": "desk.replaced", "call_id": call_id}]
        assert newer.ephemerals == []


async def test_a_reconnect_of_the_same_page_keeps_the_leg(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    await clerk.close()
    await approvers[0].sees(lambda call: call["legs"][0]["silent"], call_id)
    async with node.desk(CLERK, page=clerk.page) as back:
        call = await approvers[0].sees(lambda call: not call["legs"][0]["silent"], call_id)
        assert len(call["legs"]) == 2
        await back.do("call.hang_up", call_id=call_id)


async def test_silence_is_shown_then_the_seat_is_lost_and_held(
    node: Exchange, clock: MovedClock, clerk: Desk, approvers: list[Desk]
) -> None:
    approver = approvers[0]
    call_id = await live(clerk, approver, approvers[1:])

    async def pass_by(seconds: float) -> None:
        """Time passes; the clerk's page answers the beats, the approver's does not."""
        await node.pass_by(seconds, clerk)

    approver.beats = False
    await pass_by(4.9)
    assert not clerk.leg_in(call_id)["silent"]
    await pass_by(0.2)
    await clerk.sees(lambda call: call["legs"][1]["silent"], call_id)
    await pass_by(9.9)
    call = await clerk.sees(lambda call: call["legs"][1]["state"] == "lost", call_id)
    lost_at = clock.now()
    assert call["state"] == "live"
    assert call["legs"][1]["held_until"] > lost_at.isoformat()[:19]

    # A sign of life does not bring a lost leg back; joining does.
    approver.beats = True
    await approver.beat_again()
    await node.switchboard.sweep()
    leg_id = approver.leg_in(call_id)["id"]
    assert (await approver.send("call.connect", call_id=call_id, leg_id=leg_id))[
        "code"
    ] == "not_in_call"
    await approver.do("call.join", call_id=call_id)
    await clerk.sees(lambda call: call["legs"][-1]["state"] == "joined", call_id)

    approver.beats = False
    await pass_by(15.1)
    await clerk.sees(lambda call: call["legs"][-1]["state"] == "lost", call_id)
    for _ in range(12):
        await pass_by(9.9)
    assert clerk.calls[call_id]["state"] == "live"
    await pass_by(1.2)
    ended = await clerk.sees(lambda call: call["state"] == "ended", call_id)
    assert ended["reason"] == "lost"
    assert "call.lost" in await acts(node.store, call_id)
    assert await reserved(node.store) == {}


async def test_after_a_restart_the_pages_that_come_back_keep_their_seats(
    sqlite_site: Site, clock: MovedClock
) -> None:
    async with (
        exchange(sqlite_site) as node,
        node.desk(CLERK) as clerk,
        node.desk(APPROVERS[0]) as approver,
    ):
        await approver.do("desk.duty", duty="online")
        call_id = await live(clerk, approver, [])
        pages = {CLERK: clerk.page, APPROVERS[0]: approver.page}
    clock.move(8)
    async with exchange(sqlite_site) as node, node.desk(CLERK, page=pages[CLERK]) as clerk:
        clock.move(4)
        await clerk.beat_again()
        await node.switchboard.sweep()
        call = await clerk.sees(lambda call: call["legs"][1]["silent"], call_id)
        assert not call["legs"][0]["silent"]
        async with node.desk(APPROVERS[0], page=pages[APPROVERS[0]]) as approver:
            await approver.beat_again()
            await node.switchboard.sweep()
            call = await clerk.sees(lambda call: not call["legs"][1]["silent"], call_id)
            assert [leg["state"] for leg in call["legs"]] == ["joined", "joined"]


async def test_who_is_on_duty_is_shown_as_it_changes(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    def shown(desk: Desk) -> dict[str, str]:
        newest = [e for e in desk.ephemerals if e["type"] == "unit.presence"]
        return {a["person"]["name"]: a["state"] for a in newest[-1]["approvers"]} if newest else {}

    async def becomes(expected: dict[str, str]) -> None:
        await until(lambda: None if shown(clerk) == expected else f"shown: {shown(clerk)}")

    opened = await clerk.do("unit.open", unit_id=demo.XIHAIAN)
    assert {a["person"]["name"]: a["state"] for a in opened["approvers"]} == {
        "周明远": "free",
        "高新民": "free",
    }
    await approvers[1].do("desk.duty", duty="away")
    await becomes({"周明远": "free"})
    call_id = await ringing(clerk, approvers[:1])
    await becomes({"周明远": "ringing"})
    await approvers[0].do("call.answer", call_id=call_id, ring_id=approvers[0].ring_in(call_id))
    await becomes({"周明远": "busy"})
    await clerk.do("call.hang_up", call_id=call_id)
    await becomes({"周明远": "free"})
    assert (await clerk.send("unit.open", unit_id="no-such-unit"))["code"] == "not_found"
    assert (await clerk.send("desk.duty", duty="online"))["code"] == "forbidden"


async def test_who_is_signed_out_is_rung_no_longer_and_rings_nobody(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    """However his sessions end: nobody tells the switchboard."""
    first, second = approvers
    await second.do("desk.duty", duty="away")
    call_id = await ringing(clerk, [first])
    await second.do("desk.duty", duty="online")
    await second.do("unit.open", unit_id=demo.XIHAIAN)
    await node.end_sessions(first)
    # the next one is asked in his place, and every desk sees that he is gone
    await second.sees(lambda call: call["state"] == "open", call_id)
    seen = await clerk.sees(lambda call: len(call["rings"]) == 2, call_id)
    rings = {ring["target"]["id"]: ring["state"] for ring in seen["rings"]}
    assert rings == {first.person_id: "missed", second.person_id: "ringing"}

    def why_not() -> str | None:
        newest = [e for e in second.ephemerals if e["type"] == "unit.presence"]
        there = [a["person"]["id"] for a in newest[-1]["approvers"]] if newest else None
        return None if there == [second.person_id] else f"{there} are there"

    await until(why_not)
    await node.end_sessions(clerk)
    over = await second.sees(lambda call: call["state"] == "ended", call_id)
    assert (over["reason"], await reserved(node.store)) == ("cancelled", {})
    told = await acts(node.store, call_id)
    assert (told[:2], told[-1]) == (["call.dial", "ring.missed"], "call.cancelled")


async def test_muting_is_kept_over_a_reload(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    leg_id = clerk.leg_in(call_id)["id"]
    await clerk.do("call.mute", call_id=call_id, leg_id=leg_id, mid="0", on=True)
    await approvers[0].sees(lambda call: call["legs"][0]["muted"] == ["0"], call_id)
    not_his = await approvers[0].send(
        "call.mute", call_id=call_id, leg_id=leg_id, mid="0", on=False
    )
    assert not_his["code"] == "not_in_call"
    # for want of a device is told apart from a key: nothing is stopped, and no key is in the record
    await clerk.do("call.lack", call_id=call_id, leg_id=leg_id, mid="1", on=True)
    call = await approvers[0].sees(lambda call: call["legs"][0]["lacking"] == ["1"], call_id)
    assert call["legs"][0]["muted"] == ["0"]
    noted = await acts(node.store, call_id)
    assert (noted.count("call.mute"), noted.count("call.lack")) == (1, 1)
    async with node.desk(CLERK) as reloaded:
        await reloaded.do("call.join", call_id=call_id)
        call = await approvers[0].sees(lambda call: len(call["legs"]) == 3, call_id)
        assert (call["legs"][-1]["muted"], call["legs"][-1]["lacking"]) == (["0"], ["1"])


async def test_without_a_media_worker_the_call_stands(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    leg_id = clerk.leg_in(call_id)["id"]
    said = await clerk.send("call.connect", call_id=call_id, leg_id=leg_id)
    assert said["code"] == "media_unavailable"
    assert clerk.calls[call_id]["state"] == "live"
