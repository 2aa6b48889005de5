"""The third party: one more unit rung into a live call, what it sees, and how it goes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from server.case import rows
from server.case.acts.materials.files import with_material
from server.case.rules.materials.material import Material
from server.demo import data as demo
from server.rights.person import SYSTEM
from tests.kit.exchange import (
    APPROVERS,
    CLERK,
    OTHER_CLERK,
    Desk,
    Exchange,
    Site,
    acts,
    come,
    exchange,
    invited,
    live,
    registered,
    reserved,
    ringing,
    ringing_ring,
    seat_approvers,
)
from tests.kit.stores import MovedClock
from tests.kit.until import until

GONE_WITHIN_S = 2.0
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
async def node(sqlite_site: Site) -> AsyncIterator[Exchange]:
    async with exchange(sqlite_site) as running:
        yield running


@pytest.fixture
async def desks(node: Exchange) -> AsyncIterator[tuple[Desk, Desk, Desk, Desk]]:
    """A clerk, an approver, and two of another unit who can be invited; all on duty."""
    logins = await seat_approvers(node.store, 2, demo.LIAOCHENG, "guest")
    async with AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(node.desk(CLERK))
        found = [
            await stack.enter_async_context(node.desk(login)) for login in (APPROVERS[0], *logins)
        ]
        for desk in found:
            await desk.do("desk.duty", duty="online")
        yield clerk, found[0], found[1], found[2]


Desks = tuple[Desk, Desk, Desk, Desk]


def third_leg(call: dict[str, Any]) -> dict[str, Any]:
    return next(leg for leg in reversed(call["legs"]) if leg["seat"] == "third")


async def test_a_unit_is_invited_and_its_first_answer_takes_the_seat(
    node: Exchange, desks: Desks
) -> None:
    clerk, approver, guest, other = desks
    call_id = await live(clerk, approver, [])
    # a paper that came in during the call is counted on the card of who is asked then
    case_id = clerk.calls[call_id]["case_id"]
    dialled_card = clerk.calls[call_id]["card"]
    paper = Material("paper-1", "application", 1, "申请书.pdf", "stored", 9, clerk.person_id, NOW)
    async with node.store.change(SYSTEM) as change:
        found = await rows.find(change.connection, case_id)
        assert found is not None
        after = with_material(found.case, paper)
        await rows.save(change.connection, found.case, after)
    invite_id = await invited(approver, [guest, other], call_id, "请核对执照")
    # Who is rung sees what he is asked, and his own ring alone.
    rung = guest.calls[call_id]
    (ring,) = rung["rings"]
    assert (ring["invite_id"], ring["note"]) == (invite_id, "请核对执照")
    assert ring["invited_by"]["id"] == approver.person_id
    assert rung["card"]["applicant_masked"] == "孙**"
    assert (dialled_card["materials_stored"], rung["card"]["materials_stored"]) == (0, 1)
    assert rung["card"]["waiting_since"] == dialled_card["waiting_since"]
    assert rung["legs"] == []
    seen = await clerk.sees(lambda call: len(call["rings"]) == 3, call_id)
    assert seen["state"] == "live"
    assert await reserved(node.store) == {
        desk.person_id: call_id for desk in (approver, guest, other)
    }

    await come(guest, call_id)
    for desk in (clerk, approver, guest):
        call = await desk.sees(lambda call: len(call["legs"]) == 3, call_id)
        assert [leg["seat"] for leg in call["legs"]] == ["window", "approver", "third"]
        assert sorted(ring["state"] for ring in call["rings"] if ring["invite_id"]) == [
            "answered",
            "superseded",
        ]
    beaten = await other.sees(lambda call: call["rings"][0]["state"] == "superseded", call_id)
    assert beaten["legs"] == []
    late = await other.send("call.answer", call_id=call_id, ring_id=beaten["rings"][0]["id"])
    assert late["code"] == "ring_closed"
    assert other.person_id not in await reserved(node.store)
    assert (await acts(node.store, call_id)).count("call.invite") == 1


async def test_an_invitation_that_nobody_answers_changes_nothing(
    node: Exchange, clock: MovedClock, desks: Desks
) -> None:
    clerk, approver, guest, other = desks
    call_id = await live(clerk, approver, [])

    async def closed(state: str, count: int) -> None:
        def so(call: dict[str, Any]) -> bool:
            return [ring["state"] for ring in call["rings"]].count(state) == count

        call = await clerk.sees(so, call_id)
        assert ringing_ring(call) is None
        assert call["state"] == "live"
        assert set(await reserved(node.store)) == {approver.person_id}
        assert {leg["seat"] for leg in call["legs"]} == {"window", "approver"}

    await invited(clerk, [guest, other], call_id)
    for desk in (guest, other):
        ring = ringing_ring(desk.calls[call_id])
        await desk.do("call.decline", call_id=call_id, ring_id=ring)
    await closed("declined", 2)

    invite_id = await invited(approver, [guest, other], call_id)
    stranger = await guest.send("call.withdraw", call_id=call_id, invite_id=invite_id)
    assert stranger["code"] == "not_in_call"
    await clerk.do("call.withdraw", call_id=call_id, invite_id=invite_id)
    await closed("cancelled", 2)
    again = await clerk.send("call.withdraw", call_id=call_id, invite_id=invite_id)
    assert again["code"] == "ring_closed"

    await invited(clerk, [guest, other], call_id)
    await node.pass_by(30, clerk, approver, guest, other)
    await closed("missed", 2)


async def test_what_inviting_refuses(node: Exchange, desks: Desks) -> None:
    clerk, approver, guest, other = desks
    ask = {"unit_id": demo.LIAOCHENG}
    call_id = await ringing(clerk, [approver])
    early = await clerk.send("call.invite", call_id=call_id, **ask)
    assert early["code"] == "not_in_call"
    await approver.do("call.answer", call_id=call_id, ring_id=approver.ring_in(call_id))
    nobody = await clerk.send("call.invite", call_id=call_id, unit_id=demo.YANTAI)
    assert nobody["code"] == "no_approver_free"
    assert nobody["details"] == {"on_duty": 0, "wait_s": None}
    async with node.desk(OTHER_CLERK) as stranger:
        said = await stranger.send("call.invite", call_id=call_id, **ask)
        assert said["code"] == "not_found"

    await invited(clerk, [guest, other], call_id)
    assert (await approver.send("call.invite", call_id=call_id, **ask))["code"] == "seat_taken"
    rung = await guest.send("call.invite", call_id=call_id, **ask)
    assert rung["code"] == "not_in_call"
    await come(guest, call_id)
    # One is there: the next may be asked, to the next seat.
    await invited(clerk, [other], call_id)
    assert (await clerk.send("call.invite", call_id=call_id, **ask))["code"] == "seat_taken"
    assert (await guest.send("call.invite", call_id=call_id, **ask))["code"] == "not_in_call"
    await clerk.do("call.hang_up", call_id=call_id)
    assert (await clerk.send("call.invite", call_id=call_id, **ask))["code"] == "call_ended"
    assert await reserved(node.store) == {}


async def test_a_repeated_invitation_rings_nobody_twice(node: Exchange, desks: Desks) -> None:
    clerk, approver, guest, _ = desks
    call_id = await live(clerk, approver, [])
    command = {
        "type": "call.invite",
        "id": "invite-once-0001",
        "call_id": call_id,
        "unit_id": demo.LIAOCHENG,
        "note": "",
    }
    first = await clerk.raw("command", command)
    assert first["ok"], first
    assert await clerk.raw("command", command) == first
    call = await guest.sees(lambda call: bool(call["rings"]), call_id)
    assert len(call["rings"]) == 1


async def test_the_third_party_leaves_and_the_call_goes_on(
    node: Exchange, clock: MovedClock, desks: Desks
) -> None:
    clerk, approver, guest, other = desks
    call_id = await live(clerk, approver, [])
    await invited(clerk, [guest, other], call_id)
    await come(guest, call_id)
    await guest.do("call.hang_up", call_id=call_id)
    for desk in (clerk, approver):
        call = await desk.sees(lambda call: third_leg(call)["state"] == "left", call_id)
        assert call["state"] == "live"
    # He sees that he has left, and nobody else's place any more.
    mine = await guest.sees(lambda call: third_leg(call)["state"] == "left", call_id)
    assert [leg["seat"] for leg in mine["legs"]] == ["third"]
    for kind in ("call.hang_up", "call.join"):
        assert (await guest.send(kind, call_id=call_id))["code"] == "not_in_call"
    assert guest.person_id not in await reserved(node.store)
    async with node.desk(guest.login) as reloaded:
        assert call_id not in reloaded.calls

    clock.move(1)
    # He is free for whoever rings him, and may be invited again.
    await invited(approver, [guest, other], call_id)
    await come(other, call_id)
    call = await clerk.sees(lambda call: len(call["legs"]) == 4, call_id)
    assert [leg["state"] for leg in call["legs"]] == ["joined", "joined", "left", "joined"]
    await approver.do("call.hang_up", call_id=call_id)
    for desk in (clerk, approver, other):
        ended = await desk.sees(lambda call: call["state"] == "ended", call_id)
        assert ended["reason"] == "hung_up"
    assert await reserved(node.store) == {}


async def test_a_reload_takes_the_third_seat_again(node: Exchange, desks: Desks) -> None:
    clerk, approver, guest, _ = desks
    call_id = await live(clerk, approver, [])
    await invited(clerk, [guest], call_id)
    await come(guest, call_id)
    before = guest.leg_in(call_id)["id"]
    async with node.desk(guest.login) as reloaded:
        assert reloaded.calls[call_id]["legs"][-1]["seat"] == "third"
        await reloaded.do("call.join", call_id=call_id)
        call = await clerk.sees(lambda call: len(call["legs"]) == 4, call_id)
        assert third_leg(call)["previous_leg_id"] == before
        await until(lambda: None if guest.ephemerals else "the older page was not told")


async def test_a_lost_third_party_is_waited_for_and_then_only_gone(
    node: Exchange, clock: MovedClock, desks: Desks
) -> None:
    clerk, approver, guest, _ = desks
    call_id = await live(clerk, approver, [])
    await invited(clerk, [guest], call_id)
    await come(guest, call_id)

    async def pass_by(seconds: float) -> None:
        await node.pass_by(seconds, clerk, approver)

    guest.beats = False
    await pass_by(15.1)
    await clerk.sees(lambda call: third_leg(call)["state"] == "lost", call_id)
    for _ in range(12):
        await pass_by(9.9)
    assert third_leg(clerk.calls[call_id])["state"] == "lost"
    await pass_by(1.5)
    call = await clerk.sees(lambda call: third_leg(call)["state"] == "left", call_id)
    assert call["state"] == "live"
    assert "leg.lapsed" in await acts(node.store, call_id)
    assert guest.person_id not in await reserved(node.store)


@pytest.mark.parametrize("how", ["leaves", "ends", "lapses"])
async def test_who_has_left_the_third_seat_hears_nothing_more_of_the_case(
    node: Exchange, clock: MovedClock, desks: Desks, how: str
) -> None:
    clerk, approver, guest, _ = desks
    call_id = await live(clerk, approver, [])
    case_id = clerk.calls[call_id]["case_id"]
    stranger = await guest.send("case.open", case_id=case_id)
    assert stranger["code"] == "not_found"
    await invited(clerk, [guest], call_id)
    await come(guest, call_id)
    opened = await guest.do("case.open", case_id=case_id)
    assert opened["audience"] == "third"

    def of_the_case() -> list[dict[str, Any]]:
        return [event for event in guest.events if event["subject"] == f"case:{case_id}"]

    async def say(text: str) -> None:
        await clerk.do("case.say", case_id=case_id, lane="staff", text=text)

    await say("with him")
    await until(lambda: None if of_the_case() else "nothing of the case came to him")
    heard = len(of_the_case())

    if how == "leaves":
        await guest.do("call.hang_up", call_id=call_id)
    elif how == "ends":
        await clerk.do("call.hang_up", call_id=call_id)
    else:
        guest.beats = False
        for seconds in (15.1, 121):
            await node.pass_by(seconds, clerk, approver)
    watching = f"case:{case_id}", "third"
    await until(
        lambda: "he still watches" if node.gateway.watchers(*watching) else None, GONE_WITHIN_S
    )
    assert (await guest.send("case.open", case_id=case_id))["code"] == "not_found"
    for number in range(3):
        await say(f"without him {number}")
    # What was sent before this ack would have come before it.
    await guest.do("desk.open")
    assert len(of_the_case()) == heard


async def test_a_page_that_opens_the_case_while_its_seat_goes_does_not_stay(
    node: Exchange, desks: Desks
) -> None:
    """Whatever the order of opening and leaving: nobody goes on watching without the seat."""
    clerk, approver, guest, _ = desks
    call_id = await live(clerk, approver, [])
    case_id = clerk.calls[call_id]["case_id"]
    await invited(clerk, [guest], call_id)
    await come(guest, call_id)
    await clerk.do("call.hang_up", call_id=call_id)
    # As a socket stands whose watch began in the moment before the call's end was written.
    connection = next(c for c in node.gateway._connections if c.who.person_id == guest.person_id)
    await connection.watch(f"case:{case_id}", "third")
    await until(
        lambda: "still there" if node.gateway.watchers("case:", "third") else None, GONE_WITHIN_S
    )


async def test_a_second_case_can_be_called_while_a_third_party_has_left_the_first(
    node: Exchange, desks: Desks
) -> None:
    """Who left is not counted as in a call: another window may ring him for its own case."""
    clerk, approver, guest, other = desks
    call_id = await live(clerk, approver, [])
    await invited(clerk, [guest, other], call_id)
    await come(guest, call_id)
    await guest.do("call.hang_up", call_id=call_id)
    async with node.desk(APPROVERS[1]) as second, node.desk(OTHER_CLERK) as elsewhere:
        await second.do("desk.duty", duty="online")
        case_id = await registered(elsewhere)
        another = (await elsewhere.do("call.dial", case_id=case_id))["call_id"]
        await second.sees(lambda call: call["state"] == "open", another)
        await second.do("call.answer", call_id=another, ring_id=second.ring_in(another))
        await elsewhere.sees(lambda call: call["state"] == "live", another)
        await invited(elsewhere, [guest, other], another)
        await come(guest, another)
        assert (await reserved(node.store))[guest.person_id] == another
