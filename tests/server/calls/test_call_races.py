"""Who wins when several want the same at the same moment, on both kinds of database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from server.demo import data as demo
from server.edge.problems import sentence
from signaling.refusals import Code
from tests.kit.exchange import (
    APPROVERS,
    CLERK,
    OTHER_CLERK,
    Desk,
    Exchange,
    Site,
    acts,
    exchange,
    live,
    refusals,
    registered,
    reserved,
    ringing,
    ringing_ring,
    seat_approvers,
)
from tests.kit.exchange import site as site_of
from tests.kit.stores import MovedClock
from tests.kit.until import until


@pytest.fixture
async def node(site: Site) -> AsyncIterator[Exchange]:
    async with exchange(site) as running:
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


async def test_all_free_approvers_are_rung_and_the_first_answer_wins(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    first, second = approvers
    call_id = await ringing(clerk, approvers)
    assert await reserved(node.store) == {desk.person_id: call_id for desk in approvers}
    rung = first.calls[call_id]
    assert [ring["target"]["id"] for ring in rung["rings"]] == [first.person_id]
    assert rung["legs"] == []
    assert rung["card"]["applicant_masked"] == "孙**"

    answered = await first.do("call.answer", call_id=call_id, ring_id=first.ring_in(call_id))
    for desk in (clerk, first):
        call = await desk.sees(lambda call: call["state"] == "live", call_id)
        assert [leg["seat"] for leg in call["legs"]] == ["window", "approver"]
        assert call["legs"][1]["id"] == answered["leg_id"]
    beaten = await second.sees(lambda call: call["rings"][0]["state"] == "superseded", call_id)
    assert beaten["legs"] == []
    late = await second.send("call.answer", call_id=call_id, ring_id=second.ring_in(call_id))
    assert late["code"] == "ring_closed"
    assert late["title"] == sentence(Code.RING_CLOSED, "zh-CN")
    assert await reserved(node.store) == {first.person_id: call_id}

    await first.do("call.hang_up", call_id=call_id)
    ended = await clerk.sees(lambda call: call["state"] == "ended", call_id)
    assert ended["reason"] == "hung_up"
    assert {leg["state"] for leg in ended["legs"]} == {"left"}
    assert await reserved(node.store) == {}
    assert await acts(node.store, call_id) == ["call.dial", "call.answer", "call.hang_up"]
    assert await refusals(node.store) == [(second.person_id, "call.answer", "ring_closed")]


async def test_a_repeated_command_returns_the_same_ack(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    case_id = await registered(clerk)
    command = {"type": "call.dial", "id": "one-command-id", "case_id": case_id}
    acks = await asyncio.gather(*(clerk.raw("command", command) for _ in range(3)))
    assert acks[0]["ok"]
    assert acks == [acks[0]] * 3
    call_id = acks[0]["result"]["call_id"]
    assert await acts(node.store, call_id) == ["call.dial"]
    other = {**command, "case_id": await registered(clerk)}
    assert (await clerk.raw("command", other))["code"] == "command_id_reused"


async def test_two_clerks_never_get_the_same_approver(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    async with node.desk(OTHER_CLERK) as other:
        cases = [(clerk, await registered(clerk)), (other, await registered(other))]
        for _ in range(10):
            acks = await asyncio.gather(
                *(desk.send("call.dial", case_id=case_id) for desk, case_id in cases)
            )
            assert sorted(str(ack["code"]) for ack in acks) == ["None", "no_approver_free"]
            winner = next(n for n, ack in enumerate(acks) if ack["ok"])
            call_id = acks[winner]["result"]["call_id"]
            assert await reserved(node.store) == {desk.person_id: call_id for desk in approvers}
            await cases[winner][0].do("call.cancel", call_id=call_id)
            assert await reserved(node.store) == {}


async def test_one_clerk_has_one_call_however_often_he_dials(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    case_ids = [await registered(clerk) for _ in range(3)]
    async with node.desk(CLERK) as same:
        desks = [clerk, same, clerk]
        acks = await asyncio.gather(
            *(
                desk.send("call.dial", case_id=case_id)
                for desk, case_id in zip(desks, case_ids, strict=True)
            )
        )
    assert sorted(str(ack["code"]) for ack in acks) == ["None"] + ["already_in_call"] * 2


async def test_an_answer_and_a_cancel_at_the_same_moment(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    first = approvers[0]
    for _ in range(5):
        call_id = await ringing(clerk, approvers)
        answered, cancelled = await asyncio.gather(
            first.send("call.answer", call_id=call_id, ring_id=first.ring_in(call_id)),
            clerk.send("call.cancel", call_id=call_id),
        )
        assert answered["ok"] != cancelled["ok"]
        loser = cancelled if answered["ok"] else answered
        assert loser["code"] == "ring_closed"
        if answered["ok"]:
            await clerk.do("call.hang_up", call_id=call_id)
        assert await reserved(node.store) == {}


async def test_both_hang_up_at_the_same_moment(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    call_id = await live(clerk, approvers[0], approvers[1:])
    acks = await asyncio.gather(
        *(desk.send("call.hang_up", call_id=call_id) for desk in (clerk, approvers[0]))
    )
    assert sorted(str(ack["code"]) for ack in acks) == ["None", "call_ended"]
    assert (await acts(node.store, call_id)).count("call.hang_up") == 1


def listed(desk: Desk) -> list[tuple[str, str]]:
    """What this desk was told of the lists of a unit."""
    told = [one for one in desk.ephemerals if one["type"] == "listed.changed"]
    assert all(one.keys() == {"type", "unit_id", "what"} for one in told)
    return [(one["unit_id"], one["what"]) for one in told]


@pytest.mark.postgres
async def test_a_call_between_two_nodes(
    postgres_url: str, redis_url: str, clock: MovedClock
) -> None:
    """The clerk's page is served by one node, the approver's by another; each keeps its own seat."""
    async with AsyncExitStack() as stack:
        nodes = []
        for _ in range(2):
            there = await stack.enter_async_context(
                site_of(
                    postgres_url,
                    clock,
                    filled=bool(nodes),
                    redis_url=redis_url,
                    bus_secret="a secret between two nodes",
                )
            )
            nodes.append(await stack.enter_async_context(exchange(there)))
            bus = nodes[-1].store.bus
            await until(lambda bus=bus: None if bus.connected else "no Redis yet")
        here, other = nodes
        clerk = await stack.enter_async_context(here.desk(CLERK))
        approver = await stack.enter_async_context(other.desk(APPROVERS[0]))
        (login,) = await seat_approvers(here.store, 1, demo.LIAOCHENG, "receiver")
        receiver = await stack.enter_async_context(here.desk(login))
        for desk in (approver, receiver):
            await desk.do("listed.watch")
        await approver.do("desk.duty", duty="online")
        call_id = await live(clerk, approver, [])
        await until(lambda: None if listed(approver) else "not told of the new case")
        assert listed(approver) == [(demo.XIHAIAN, "opened")]

        async def pass_by(seconds: float) -> None:
            clock.move(seconds)
            # Once before the pages have given another sign, as it may come, and once after.
            for node in nodes:
                await node.switchboard.sweep()
            for desk in (clerk, approver):
                await desk.beat_again()
            for node in nodes:
                await node.switchboard.sweep()

        # Neither node hears the other's page, and neither takes it for silent.
        for _ in range(8):
            await pass_by(4.0)
        assert not any(leg["silent"] for leg in clerk.calls[call_id]["legs"])
        assert await acts(here.store, call_id) == ["call.dial", "call.answer"]

        # A page that comes back to the other node takes its seat there.
        await clerk.close()
        back = await stack.enter_async_context(other.desk(CLERK))
        await back.do("call.join", call_id=call_id)
        await approver.sees(lambda call: len(call["legs"]) == 3, call_id)

        # Who looks at the list of a unit hears of what comes to it and goes, at whatever node, and of no other's.
        case_id = approver.calls[call_id]["case_id"]
        seen = (await approver.do("case.open", case_id=case_id))["version"]
        to = {"case_id": case_id, "unit_id": demo.LIAOCHENG, "reason": "x", "seen_version": seen}
        await approver.do("case.refer", **to)
        await until(lambda: None if listed(receiver) else "not told of the referred case")
        await until(lambda: None if len(listed(approver)) == 2 else "not told that it went")
        assert listed(receiver) == [(demo.LIAOCHENG, "referred")]
        assert listed(approver)[1:] == [(demo.XIHAIAN, "left")]
        assert not listed(back) + listed(clerk)
        await approver.do("listed.watch", on=False)
        await registered(back)
        assert listed(approver)[2:] == []
        await back.do("call.hang_up", call_id=call_id)
        await approver.sees(lambda call: call["state"] == "ended", call_id)


@pytest.mark.timeout(180)
async def test_ten_approvers_answer_at_the_same_moment(site: Site) -> None:
    """Fifty times: exactly one of them gets the call."""
    async with exchange(site) as node, AsyncExitStack() as stack:
        logins = await seat_approvers(node.store, 10)
        clerk = await stack.enter_async_context(node.desk(CLERK))
        desks = [await stack.enter_async_context(node.desk(login)) for login in logins]
        for desk in desks:
            await desk.do("desk.duty", duty="online")
        case_id = await registered(clerk)
        winners = []
        for _ in range(50):
            call_id = (await clerk.do("call.dial", case_id=case_id))["call_id"]
            for desk in desks:
                await desk.sees(lambda call: call["state"] == "open", call_id)

            async def answer(desk: Desk, call_id: str = call_id) -> dict[str, Any]:
                return await desk.send(
                    "call.answer", call_id=call_id, ring_id=desk.ring_in(call_id)
                )

            acks = await asyncio.gather(*(answer(desk) for desk in desks))
            assert sorted(str(ack["code"]) for ack in acks) == ["None"] + ["ring_closed"] * 9
            winner = desks[next(n for n, ack in enumerate(acks) if ack["ok"])]
            call = await clerk.sees(lambda call: call["state"] == "live", call_id)
            assert call["legs"][1]["person"]["id"] == winner.person_id
            assert await reserved(node.store) == {winner.person_id: call_id}
            winners.append(winner.login)
            await clerk.do("call.hang_up", call_id=call_id)
            assert await reserved(node.store) == {}
        assert len(winners) == 50


async def test_the_third_seat_is_asked_for_once_and_taken_once(
    node: Exchange, clock: MovedClock, clerk: Desk, approvers: list[Desk]
) -> None:
    """Window and approver invite, two guests answer, and one is withdrawn from: all at once."""
    logins = await seat_approvers(node.store, 2, demo.LIAOCHENG, "guest")
    async with AsyncExitStack() as stack:
        guests = [await stack.enter_async_context(node.desk(login)) for login in logins]
        for guest in guests:
            await guest.do("desk.duty", duty="online")
        call_id = await live(clerk, approvers[0], approvers[1:])
        for _ in range(5):
            clock.move(1)
            ask = {"call_id": call_id, "unit_id": demo.LIAOCHENG}
            acks = await asyncio.gather(
                *(desk.send("call.invite", **ask) for desk in (clerk, approvers[0]))
            )
            assert sorted(str(ack["code"]) for ack in acks) == ["None", "seat_taken"]
            invite_id = next(ack["result"]["invite_id"] for ack in acks if ack["ok"])
            for guest in guests:
                await guest.sees(lambda call: ringing_ring(call) is not None, call_id)
            *answers, withdrawn = await asyncio.gather(
                *(
                    guest.send(
                        "call.answer", call_id=call_id, ring_id=ringing_ring(guest.calls[call_id])
                    )
                    for guest in guests
                ),
                clerk.send("call.withdraw", call_id=call_id, invite_id=invite_id),
            )
            won = [ack["ok"] for ack in (*answers, withdrawn)]
            assert sorted(won) == [False, False, True]
            for ack in (*answers, withdrawn):
                assert ack["ok"] or ack["code"] == "ring_closed"
            there = {g.person_id for g, ack in zip(guests, answers, strict=True) if ack["ok"]}
            assert set(await reserved(node.store)) == {approvers[0].person_id} | there
            for guest, ack in zip(guests, answers, strict=True):
                if ack["ok"]:
                    await guest.do("call.hang_up", call_id=call_id)
            assert set(await reserved(node.store)) == {approvers[0].person_id}


async def test_a_guest_is_rung_by_one_of_two_calls(
    node: Exchange, clerk: Desk, approvers: list[Desk]
) -> None:
    (login,) = await seat_approvers(node.store, 1, demo.LIAOCHENG, "guest")
    async with node.desk(OTHER_CLERK) as other, node.desk(login) as guest:
        await guest.do("desk.duty", duty="online")
        for desk in approvers[1:]:
            await desk.do("desk.duty", duty="away")
        first = await live(clerk, approvers[0], [])
        await approvers[1].do("desk.duty", duty="online")
        second = await live(other, approvers[1], [])
        for _ in range(5):
            acks = await asyncio.gather(
                clerk.send("call.invite", call_id=first, unit_id=demo.LIAOCHENG),
                other.send("call.invite", call_id=second, unit_id=demo.LIAOCHENG),
            )
            assert sorted(str(ack["code"]) for ack in acks) == ["None", "no_approver_free"]
            by = first if acks[0]["ok"] else second
            assert (await reserved(node.store))[guest.person_id] == by
            await guest.sees(lambda call: ringing_ring(call) is not None, by)
            ring_id = ringing_ring(guest.calls[by])
            await guest.do("call.decline", call_id=by, ring_id=ring_id)
            assert guest.person_id not in await reserved(node.store)
