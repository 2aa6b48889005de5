"""Calls with media: a real worker, real peers, and what comes of it in the record."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, time
from typing import Any

import pytest
import sqlalchemy as sa

from media.client import MediaClient, spawn
from media.control import socket_path
from media.peer import ScriptedPeer
from server.calls.acts.engine import tidying
from server.calls.acts.turns import end_recording
from server.case.acts.course import calling
from server.case.rules import consent as consent_texts
from server.demo import data as demo
from server.store import SYSTEM, Store
from server.store.tables import cases, commands, ledger_entries, recordings
from signaling.call.parts import CallId
from tests.kit.exchange import (
    APPROVERS,
    CLERK,
    Desk,
    Exchange,
    Site,
    acts,
    come,
    exchange,
    invited,
    registered,
    seat_approvers,
)
from tests.kit.exchange import ringing as rung
from tests.kit.exchange import site as site_of
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import play
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(120)

MEDIA_S = 20.0
"""How long media may take on a busy machine."""


def client(node: Exchange) -> MediaClient:
    """A word with the node's own worker."""
    assert node.worker is not None
    return node.worker.client


def kill(node: Exchange) -> None:
    """End the node's worker as a crash does."""
    assert node.worker is not None
    assert node.worker.process is not None
    os.kill(node.worker.process.pid, signal.SIGKILL)


class Seat:
    """A desk with a peer: what a page with a camera is."""

    def __init__(self, desk: Desk, colour: tuple[int, int, int], tone_hz: float) -> None:
        self.desk = desk
        self.colour = colour
        self.tone_hz = tone_hz
        self.peer = ScriptedPeer(colour, tone_hz)

    async def connect(self, call_id: str) -> None:
        """Take the worker's offer for my leg and answer it."""
        leg = {"call_id": call_id, "leg_id": self.desk.leg_in(call_id)["id"]}
        offered = await self.desk.do("call.connect", **leg)
        await self.desk.do("call.describe", **leg, sdp=await self.peer.answer(offered["sdp"]))

    async def anew(self, call_id: str) -> None:
        """Connect with a new peer, as a page does when the worker is another one."""
        await self.peer.close()
        self.peer = ScriptedPeer(self.colour, self.tone_hz)
        await self.connect(call_id)

    async def meets(self, other: Seat, *, second: bool = False) -> None:
        def why_not() -> str | None:
            got = self.peer.received_second if second else self.peer.received
            seen = got.colour is not None and near(got.colour, other.colour)
            heard = got.tone_hz is not None and abs(got.tone_hz - other.tone_hz) < 15
            return None if seen and heard else f"{self.desk.login} has {got}"

        await until(why_not, MEDIA_S)


@asynccontextmanager
async def ringing(node: Exchange) -> AsyncIterator[tuple[str, Seat, Seat]]:
    """A call that rings at one approver."""
    async with AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(node.desk(CLERK))
        approver = await stack.enter_async_context(node.desk(APPROVERS[0]))
        await approver.do("desk.duty", duty="online")
        case_id = await registered(clerk)
        call_id = (await clerk.do("call.dial", case_id=case_id))["call_id"]
        for desk in (clerk, approver):
            await desk.sees(lambda call: call["state"] == "open", call_id)
        seats = Seat(clerk, RED, 440.0), Seat(approver, GREEN, 660.0)
        for seat in seats:
            stack.push_async_callback(lambda seat=seat: seat.peer.close())
        yield call_id, *seats


@asynccontextmanager
async def meeting(node: Exchange, *, consent: bool = True) -> AsyncIterator[tuple[str, Seat, Seat]]:
    """A live call of two seats that are not connected to media yet."""
    async with AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(node.desk(CLERK))
        approver = await stack.enter_async_context(node.desk(APPROVERS[0]))
        await approver.do("desk.duty", duty="online")
        case_id = await registered(clerk, consent=consent)
        call_id = (await clerk.do("call.dial", case_id=case_id))["call_id"]
        await approver.sees(lambda call: call["state"] == "open", call_id)
        await approver.do("call.answer", call_id=call_id, ring_id=approver.ring_in(call_id))
        for desk in (clerk, approver):
            await desk.sees(lambda call: call["state"] == "live", call_id)
        seats = Seat(clerk, RED, 440.0), Seat(approver, GREEN, 660.0)
        for seat in seats:
            stack.push_async_callback(lambda seat=seat: seat.peer.close())
        yield call_id, *seats


async def both(seats: tuple[Seat, Seat], call_id: str, flag: str, on: bool = True) -> None:
    """Wait until both desks see this flag on both newest legs."""

    def so(call: dict[str, Any]) -> bool:
        newest = {leg["seat"]: leg[flag] for leg in call["legs"]}
        return set(newest.values()) == {on}

    for seat in seats:
        await seat.desk.sees(so, call_id, MEDIA_S)


async def kept(store: Store, state: str, count: int) -> list[Any]:
    """Wait until so many recordings are in this state and none is still being written."""
    rows: list[Any] = []

    async def why_not() -> str | None:
        async with store.read() as connection:
            rows[:] = (await connection.execute(sa.select(recordings))).all()
        states = [row.state for row in rows]
        done = states.count(state) == count and "recording" not in states
        return None if done else f"recordings are {states}"

    await until(why_not, MEDIA_S)
    return [row for row in rows if row.state == state]


async def test_an_answer_brings_the_offer_for_its_leg(sqlite_site: Site) -> None:
    """As ``call.connect`` would; a repeat has none, and without a worker the answer is one all the same."""
    async with (
        exchange(sqlite_site, media=True) as node,
        ringing(node) as (call_id, window, approver),
    ):
        await window.connect(call_id)
        # The worker is there by then: the window's offer came from it.
        answer = {"call_id": call_id, "ring_id": approver.desk.ring_in(call_id), "connect": True}
        ack = await approver.desk.raw(
            "command", {"type": "call.answer", "id": "the-same-answer", **answer}
        )
        leg = {"call_id": call_id, "leg_id": ack["result"]["leg_id"]}
        assert ack["result"].keys() == {"call_id", "leg_id", "sdp", "ice_servers"}
        sdp = await approver.peer.answer(ack["result"]["sdp"])
        await approver.desk.do("call.describe", **leg, sdp=sdp)
        await window.meets(approver)
        await approver.meets(window)
        again = await approver.desk.raw(
            "command", {"type": "call.answer", "id": "the-same-answer", **answer}
        )
        assert again["result"] == leg
        # Who got no offer with it asks for one, and sits where he sat.
        await approver.anew(call_id)
        window.peer.forget()
        await window.meets(approver)
        await approver.meets(window)
        async with node.store.read() as connection:
            kept_acks = str(list((await connection.execute(sa.select(commands.c.ack))).scalars()))
        assert leg["leg_id"] in kept_acks
        assert "ice-ufrag" not in kept_acks, "an offer is never stored"


async def connected(seat: Seat) -> None:
    """Wait for the peer's connection; one that is closed before that leaves a task of aioice behind."""

    def why_not() -> str | None:
        state = seat.peer.state
        return None if state == "connected" else f"{seat.desk.login} is {state}"

    await until(why_not, MEDIA_S)


async def prepared(approver: Seat, call_id: str) -> dict[str, Any]:
    """Do while it rings what a page does: ask for the offer of the leg, and answer it."""
    ring = {"call_id": call_id, "ring_id": approver.desk.ring_in(call_id)}
    told: dict[str, Any] = {}

    async def offered() -> str | None:
        told.update(await approver.desk.do("call.prepare", **ring))
        return None if told else "the worker is just being started"

    await until(offered, MEDIA_S, every_s=0.2)
    assert told.keys() == {"leg_id", "sdp", "ice_servers"}
    sdp = await approver.peer.answer(told["sdp"])
    await approver.desk.do("call.describe", call_id=call_id, leg_id=told["leg_id"], sdp=sdp)
    await connected(approver)
    return {**ring, "leg_id": told["leg_id"], "connect": True}


async def expected_are(node: Exchange, count: int) -> None:
    """Wait until so many parties are expected at the worker."""

    async def why_not() -> str | None:
        there = (await client(node).figures())["worker"]["expected"]
        return None if there == count else f"{there} are expected"

    await until(why_not, MEDIA_S)


async def test_what_was_prepared_while_it_rang_has_only_to_be_let_in(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        ringing(node) as (call_id, window, approver),
    ):
        await window.connect(call_id)
        older = await prepared(approver, call_id)
        await approver.peer.close()
        approver.peer = ScriptedPeer(approver.colour, approver.tone_hz)
        answer = await prepared(approver, call_id)
        # The last offer of a page counts.
        assert older["leg_id"] != answer["leg_id"]
        await expected_are(node, 1)
        rung = approver.desk.calls[call_id]
        assert (rung["state"], rung["legs"]) == ("open", []), "it is nobody's leg yet"
        assert approver.peer.received.frames == 0
        command = {"type": "call.answer", "id": "the-same-answer", **answer}
        ack = await approver.desk.raw("command", command)
        leg = {"call_id": call_id, "leg_id": answer["leg_id"]}
        assert ack["result"] == {**leg, "seated": True}
        await window.meets(approver)
        await approver.meets(window)
        await expected_are(node, 0)
        await both((window, approver), call_id, "recording")
        # Whether it is seated is known at once or not at all.
        assert (await approver.desk.raw("command", command))["result"] == leg
        # On hold and back: what the answer said of it is over.
        await approver.desk.do("call.hold", call_id=call_id)
        parties = (await client(node).figures())["rooms"][call_id].values()
        assert {one["tracks"][mid]["muted"] for one in parties for mid in "01"} == {True}
        await approver.desk.do("call.resume", call_id=call_id)
        for seat in (window, approver):
            seat.peer.forget()
        await window.meets(approver)
        await approver.meets(window)
        async with node.store.read() as connection:
            kept_acks = str(list((await connection.execute(sa.select(commands.c.ack))).scalars()))
        assert "ice-ufrag" not in kept_acks, "an offer is never stored"


async def test_what_was_prepared_is_given_up_when_the_ring_is_over(sqlite_site: Site) -> None:
    async with exchange(sqlite_site, media=True) as node, AsyncExitStack() as stack:
        clerk = await stack.enter_async_context(node.desk(CLERK))
        seats: list[Seat] = []
        for login in APPROVERS:
            desk = await stack.enter_async_context(node.desk(login))
            await desk.do("desk.duty", duty="online")
            seats.append(Seat(desk, GREEN, 660.0))
            stack.push_async_callback(seats[-1].peer.close)
        first, second = seats
        call_id = await rung(clerk, [first.desk, second.desk])
        mine, others = await prepared(first, call_id), await prepared(second, call_id)
        await expected_are(node, 2)

        # Nobody answers with what another page prepared, nor describes it.
        stranger = {"call_id": call_id, "leg_id": mine["leg_id"], "sdp": "v=0"}
        told = await second.desk.send("call.describe", **stranger)
        assert told["code"] == "not_in_call"
        foreign = {**others, "leg_id": mine["leg_id"]}
        answered = await second.desk.do("call.answer", **foreign)
        assert answered["leg_id"] not in (mine["leg_id"], others["leg_id"])
        assert "seated" not in answered
        assert "a=ice-ufrag" in answered["sdp"], "it is an answer all the same"
        await expected_are(node, 0)
        late = await first.desk.send("call.answer", **mine)
        assert late["code"] == "ring_closed"
        ring = {"call_id": call_id, "ring_id": mine["ring_id"]}
        assert (await first.desk.send("call.prepare", **ring))["code"] == "ring_closed"
        await clerk.do("call.hang_up", call_id=call_id)

        # Declined by one, it rings on at the other; cancelled, it rings nowhere.
        for seat in seats:
            await seat.peer.close()
            seat.peer = ScriptedPeer(seat.colour, seat.tone_hz)
        call_id = await rung(clerk, [first.desk, second.desk])
        mine, others = await prepared(first, call_id), await prepared(second, call_id)
        await first.desk.do("call.decline", call_id=call_id, ring_id=mine["ring_id"])
        await expected_are(node, 1)
        await clerk.do("call.cancel", call_id=call_id)
        await expected_are(node, 0)
        assert (await second.desk.send("call.answer", **others))["code"] == "ring_closed"


async def test_what_was_prepared_at_a_worker_that_died_is_prepared_anew(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        ringing(node) as (call_id, window, approver),
    ):
        await window.connect(call_id)
        answer = await prepared(approver, call_id)
        died = node.worker
        kill(node)
        await until(lambda: None if node.worker not in (None, died) else "no other worker", MEDIA_S)
        await window.anew(call_id)
        result = await approver.desk.do("call.answer", **answer)
        assert "seated" not in result
        await approver.peer.close()
        approver.peer = ScriptedPeer(approver.colour, approver.tone_hz)
        leg = {"call_id": call_id, "leg_id": result["leg_id"]}
        sdp = await approver.peer.answer(result["sdp"])
        await approver.desk.do("call.describe", **leg, sdp=sdp)
        await window.meets(approver)
        await approver.meets(window)


@pytest.mark.postgres
async def test_what_was_prepared_at_one_node_is_let_in_beside_a_page_of_another(
    postgres_url: str, redis_url: str
) -> None:
    """The window's page is served by one node, the approver's by another; they share a worker."""
    async with AsyncExitStack() as stack:
        nodes: list[Exchange] = []
        folder = Path(tempfile.mkdtemp(prefix="yj-"))  # short: it holds a socket
        stack.callback(shutil.rmtree, folder)
        worker = await spawn(folder, host="127.0.0.1")
        assert worker.process is not None
        stack.push_async_callback(worker.process.wait)
        stack.callback(worker.process.terminate)
        await worker.client.close()  # what it tells is for the nodes
        for _ in range(2):
            place = await stack.enter_async_context(
                site_of(
                    postgres_url,
                    None,
                    filled=bool(nodes),
                    redis_url=redis_url,
                    bus_secret="a secret between two nodes",
                    media_workers=(socket_path(folder),),
                )
            )
            nodes.append(await stack.enter_async_context(exchange(place, media=True)))
            bus = nodes[-1].store.bus
            await until(lambda bus=bus: None if bus.connected else "no Redis yet", MEDIA_S)
            await until(lambda: None if nodes[-1].rooms.ready else "no worker yet", MEDIA_S)
        here, there = nodes
        clerk = await stack.enter_async_context(here.desk(CLERK))
        desk = await stack.enter_async_context(there.desk(APPROVERS[0]))
        window, approver = Seat(clerk, RED, 440.0), Seat(desk, GREEN, 660.0)
        for seat in (window, approver):
            stack.push_async_callback(lambda seat=seat: seat.peer.close())
        await desk.do("desk.duty", duty="online")

        # Cancelled at the one node, nobody is expected any more whom the other expected.
        call_id = await rung(clerk, [desk])
        late = await prepared(approver, call_id)
        await clerk.do("call.cancel", call_id=call_id)
        await expected_are(here, 0)
        assert (await desk.send("call.answer", **late))["code"] == "ring_closed"
        await approver.peer.close()
        approver.peer = ScriptedPeer(approver.colour, approver.tone_hz)

        call_id = await rung(clerk, [desk])
        await clerk.sees(lambda call: call["state"] == "open", call_id)
        await window.connect(call_id)
        answer = await prepared(approver, call_id)
        await expected_are(here, 1)
        leg = {"call_id": call_id, "leg_id": answer["leg_id"]}
        assert await desk.do("call.answer", **answer) == {**leg, "seated": True}
        await window.meets(approver)
        await approver.meets(window)
        await expected_are(here, 0)
        await both((window, approver), call_id, "recording")
        await clerk.do("call.hang_up", call_id=call_id)
        await desk.sees(lambda call: call["state"] == "ended", call_id)


async def test_an_answer_is_one_without_a_worker(sqlite_site: Site) -> None:
    async with exchange(sqlite_site) as node, ringing(node) as (call_id, _, approver):
        ring_id = approver.desk.ring_in(call_id)
        assert await approver.desk.do("call.prepare", call_id=call_id, ring_id=ring_id) == {}
        result = await approver.desk.do(
            "call.answer", call_id=call_id, ring_id=ring_id, connect=True
        )
        assert result.keys() == {"call_id", "leg_id"}
        leg = {"call_id": call_id, "leg_id": result["leg_id"]}
        told = await approver.desk.send("call.connect", **leg)
        assert told["code"] == "media_unavailable"


async def test_a_call_is_seen_heard_recorded_and_sealed(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        seats = window, approver
        for seat in seats:
            await seat.connect(call_id)
        await window.meets(approver)
        await approver.meets(window)
        await both(seats, call_id, "media")
        await both(seats, call_id, "recording")

        leg = {"call_id": call_id, "leg_id": window.desk.leg_in(call_id)["id"]}
        bad = await window.desk.send("call.describe", **leg, sdp="v=0\r\nnonsense\r\n")
        assert bad["code"] == "bad_sdp"
        again = await window.desk.do("call.connect", **leg, restart=True)
        assert "a=ice-ufrag" in again["sdp"]
        window.peer.forget()
        await window.meets(approver)

        await approver.desk.do("call.hang_up", call_id=call_id)
        sealed = await kept(node.store, "stored", 2)
        assert {row.leg_id for row in sealed} == {
            leg["id"] for leg in window.desk.calls[call_id]["legs"]
        }
        for row in sealed:
            assert await node.store.blobs.verify(row.sha256)
            assert row.size_bytes == await node.store.blobs.size(row.sha256)
            mine = window if row.leg_id == leg["leg_id"] else approver
            played = play(node.store.blobs.path(row.sha256))
            assert played.errors == ""
            assert played.colour is not None
            assert near(played.colour, mine.colour)
            assert played.tone_hz is not None
            assert abs(played.tone_hz - mine.tone_hz) < 15
            interval_s = (row.ended_at - row.started_at).total_seconds()
            assert abs(played.duration_s - interval_s) < 1
        async with node.store.read() as connection:
            acts = await connection.scalars(
                sa.select(ledger_entries.c.act).where(ledger_entries.c.subject == f"call:{call_id}")
            )
        acts = list(acts)
        assert acts.count("recording.started") == acts.count("recording.stored") == 2
        assert await client(node).list_segments() == []
        assert (await client(node).figures())["rooms"] == {}


async def test_who_dialled_is_connected_when_an_answer_comes_and_held_before_it(
    sqlite_site: Site,
) -> None:
    """What his peer sends while it rings reaches the worker and no file; after the answer all flows."""
    async with (
        exchange(sqlite_site, media=True) as node,
        ringing(node) as (call_id, window, approver),
    ):
        await window.connect(call_id)
        await window.desk.sees(lambda call: call["legs"][0]["media"], call_id, MEDIA_S)

        async def come_in() -> str | None:
            rooms = (await client(node).figures())["rooms"]
            (party,) = rooms[call_id].values()
            return None if party["packets_in"] > 50 else f"{party['packets_in']} packets"

        await until(come_in, MEDIA_S)
        assert await client(node).open_segments() == set()
        assert not window.desk.calls[call_id]["legs"][0]["recording"]
        ring_id = approver.desk.ring_in(call_id)
        await approver.desk.do("call.answer", call_id=call_id, ring_id=ring_id)
        await approver.desk.sees(lambda call: call["state"] == "live", call_id)
        await approver.connect(call_id)
        await window.meets(approver)
        await approver.meets(window)
        await both((window, approver), call_id, "recording")


async def test_who_has_not_consented_is_not_tapped(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node, consent=False) as (call_id, window, approver),
    ):
        for seat in (window, approver):
            await seat.connect(call_id)
        await window.meets(approver)
        await both((window, approver), call_id, "media")
        await both((window, approver), call_id, "recording", False)
        await window.desk.do("call.hang_up", call_id=call_id)
        await kept(node.store, "stored", 0)
        assert await client(node).list_segments() == []


@pytest.mark.timed
async def test_a_consent_that_is_taken_back_ends_the_recording_and_not_the_call(
    sqlite_site: Site,
) -> None:
    """Peers send on; no file has a packet of later than half a second after, the sign goes off
    everywhere, and who comes anew is not recorded either. What was recorded before is sealed."""
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        seats = window, approver
        for seat in seats:
            await seat.connect(call_id)
        await window.meets(approver)
        await both(seats, call_id, "recording")
        case_id = window.desk.calls[call_id]["case_id"]
        seen = len(window.desk.events)
        asked_at = time()
        await window.desk.do(
            "case.consent",
            case_id=case_id,
            given=False,
            text_version=consent_texts.CURRENT,
            language="zh-CN",
        )
        told_at = monotonic()
        # What is acknowledged is done at the worker.
        parties = (await client(node).figures())["rooms"][call_id]
        assert [one["recording"] for one in parties.values()] == [False, False]
        await both(seats, call_id, "recording", False)
        assert monotonic() - told_at < borne(1)
        [changed] = [
            event for event in window.desk.events[seen:] if event["type"] == "call.changed"
        ][:1]
        withdrawn_at = datetime.fromisoformat(changed["call"]["consent_withdrawn_at"])
        async with node.store.read() as connection:
            consent = await connection.scalar(
                sa.select(cases.c.consent).where(cases.c.id == case_id)
            )
        assert consent["given"] is False
        assert datetime.fromisoformat(consent["at"]) == withdrawn_at, "one moment, one transaction"

        # Both are still seen and heard, and who comes anew is not recorded either.
        await approver.desk.do("call.join", call_id=call_id)
        await approver.desk.sees(lambda call: len(call["legs"]) == 3, call_id)
        await approver.anew(call_id)
        window.peer.forget()
        await window.meets(approver)
        await approver.meets(window)
        sealed = await kept(node.store, "stored", 2)
        for row in sealed:
            assert play(node.store.blobs.path(row.sha256)).errors == ""
            last = max(track["ended_at"] for track in row.tracks)
            assert last - asked_at < borne(0.5)
        # An answer of yes counts from the next call on.
        await window.desk.do(
            "case.consent",
            case_id=case_id,
            given=True,
            text_version=consent_texts.CURRENT,
            language="zh-CN",
        )
        await window.desk.do("call.hang_up", call_id=call_id)
        await window.desk.sees(lambda call: call["state"] == "ended", call_id)
        await kept(node.store, "stored", 2)
        assert await client(node).list_segments() == []
        assert (await acts(node.store, call_id)).count("call.unrecord") == 1


async def test_a_worker_that_dies_ends_no_call(
    sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "TIDIED_EVERY_S", 3600.0)  # what is told here is told without it
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        seats = window, approver
        for seat in seats:
            await seat.connect(call_id)
        await both(seats, call_id, "recording")
        died = node.worker
        kill(node)
        await both(seats, call_id, "media", False)
        await until(lambda: None if node.worker not in (None, died) else "no worker again", MEDIA_S)
        for seat in seats:
            await seat.anew(call_id)
        await window.meets(approver)
        await approver.meets(window)
        await both(seats, call_id, "recording")
        assert {leg["state"] for leg in window.desk.calls[call_id]["legs"]} == {"joined"}

        # A node that dies between the record and the word leaves a worker that records without consent.
        async with node.store.change(SYSTEM) as change:
            await change.lock(f"call:{call_id}")
            await end_recording(change, calling, CallId(call_id), goes_on=True)

        async def records() -> str | None:
            parties = (await client(node).figures())["rooms"][call_id]
            return "it records" if any(one["recording"] for one in parties.values()) else None

        await until(records, 2)
        await window.desk.do("call.hang_up", call_id=call_id)
        # What the dead worker had begun is found again or said to be lost, and nothing hangs.
        async with node.store.read() as connection:
            begun = await connection.scalar(sa.select(sa.func.count()).select_from(recordings))
        assert begun == 4

        async def why_not() -> str | None:
            async with node.store.read() as connection:
                states = list(await connection.scalars(sa.select(recordings.c.state)))
            done = states.count("stored") >= 2 and "recording" not in states
            return None if done else f"recordings are {states}"

        await until(why_not, MEDIA_S)


async def test_a_reload_goes_on_in_the_same_call(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        for seat in (window, approver):
            await seat.connect(call_id)
        await approver.meets(window)
        await both((window, approver), call_id, "recording")
        await window.peer.close()
        await window.desk.close()
        async with node.desk(CLERK) as reloaded:
            await reloaded.do("call.join", call_id=call_id)
            await reloaded.sees(lambda call: len(call["legs"]) == 3, call_id)
            window = Seat(reloaded, (0, 0, 200), 880.0)
            try:
                await window.connect(call_id)
                approver.peer.forget()
                await approver.meets(window)
                await window.meets(approver)
                await both((window, approver), call_id, "recording")
                await window.desk.do("call.hang_up", call_id=call_id)
                assert len(await kept(node.store, "stored", 3)) == 3
            finally:
                await window.peer.close()


async def test_a_server_that_restarts_takes_the_worker_up_and_seals_what_is_left(
    sqlite_site: Site,
) -> None:
    pages = {}
    async with AsyncExitStack() as peers:
        async with (
            exchange(sqlite_site, media=True, keep_media=True) as node,
            meeting(node) as (call_id, window, approver),
        ):
            for seat in (window, approver):
                await seat.connect(call_id)
            await both((window, approver), call_id, "recording")
            pages = {CLERK: window.desk.page, APPROVERS[0]: approver.desk.page}
            kept_peers = [window.peer, approver.peer]
            window.peer = approver.peer = ScriptedPeer(RED, 440.0)
        for peer in kept_peers:
            peers.push_async_callback(peer.close)
        async with (
            exchange(sqlite_site, media=True) as node,
            node.desk(CLERK, page=pages[CLERK]) as clerk,
            node.desk(APPROVERS[0], page=pages[APPROVERS[0]]) as back,
        ):
            await until(lambda: None if node.rooms.ready else "no worker", MEDIA_S)
            assert node.worker is not None
            assert node.worker.process is None
            for peer in kept_peers:
                peer.forget()
            await until(
                lambda: None if all(peer.received.frames for peer in kept_peers) else "no picture",
                MEDIA_S,
            )
            call = clerk.calls[call_id]
            assert [leg["state"] for leg in call["legs"]] == ["joined", "joined"]
            assert all(leg["media"] and leg["recording"] for leg in call["legs"])
            await back.do("call.hang_up", call_id=call_id)
            await kept(node.store, "stored", 2)


async def test_a_third_party_is_seen_heard_and_recorded_and_leaves(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        (login,) = await seat_approvers(node.store, 1, demo.LIAOCHENG, "guest")
        async with node.desk(login) as desk:
            await desk.do("desk.duty", duty="online")
            for seat in (window, approver):
                await seat.connect(call_id)
            await window.meets(approver)
            await invited(approver.desk, [desk], call_id)
            await come(desk, call_id)
            third = Seat(desk, BLUE, 880.0)
            try:
                await third.connect(call_id)
                # Those who are there are to get lines for what the third sends them in layers.
                for seat in (window, approver):
                    leg_id = seat.desk.leg_in(call_id)["id"]
                    wanted = {"type": "call.offer_wanted", "call_id": call_id, "leg_id": leg_id}
                    await until(
                        lambda d=seat.desk, w=wanted: None if w in d.ephemerals else d.ephemerals
                    )
                for seat, first, second in (
                    (window, approver, third),
                    (approver, window, third),
                    (third, window, approver),
                ):
                    await seat.meets(first)
                    await seat.meets(second, second=True)
                await both((window, approver), call_id, "recording")
                await third.desk.do("call.hang_up", call_id=call_id)

                async def left() -> str | None:
                    rooms = (await client(node).figures())["rooms"]
                    there = set(rooms[call_id])
                    return None if len(there) == 2 else f"in the room: {there}"

                await until(left, MEDIA_S)

                async def sees_one() -> str | None:
                    window.peer.forget()  # what had arrived of him may still be decoded
                    await window.meets(approver)
                    frames = window.peer.received_second.frames
                    return f"{frames} frames of who left" if frames else None

                await until(sees_one)
                approver.peer.forget()
                await approver.meets(window)
                await window.desk.do("call.hang_up", call_id=call_id)
                sealed = await kept(node.store, "stored", 3)
                assert len({row.leg_id for row in sealed}) == 3
            finally:
                await third.peer.close()


async def test_the_same_person_twice_is_one_media_leg(sqlite_site: Site) -> None:
    """R16: the newer page wins, the older is told and its leg is gone from the room."""
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        for seat in (window, approver):
            await seat.connect(call_id)
        await approver.meets(window)
        older = window.desk.leg_in(call_id)["id"]
        async with node.desk(CLERK) as desk:
            joined = await desk.do("call.join", call_id=call_id)
            await desk.sees(lambda call: len(call["legs"]) == 3, call_id)
            newer = Seat(desk, BLUE, 880.0)
            try:
                await newer.connect(call_id)
                approver.peer.forget()
                await approver.meets(newer)
                parties = (await client(node).figures())["rooms"][call_id]
                assert set(parties) == {joined["leg_id"], approver.desk.leg_in(call_id)["id"]}
                assert window.desk.ephemerals == [{"type": "desk.replaced", "call_id": call_id}]
                again = await window.desk.send("call.connect", call_id=call_id, leg_id=older)
                assert again["code"] == "leg_replaced"
            finally:
                await newer.peer.close()


async def test_what_a_worker_was_not_told_is_put_right(sqlite_site: Site) -> None:
    """A node died between the end of a call and the word to the worker: the next one says it."""
    async with exchange(sqlite_site, media=True, keep_media=True) as node:
        async with meeting(node) as (call_id, window, approver):
            for seat in (window, approver):
                await seat.connect(call_id)
            await both((window, approver), call_id, "media")
            await window.desk.do("call.hang_up", call_id=call_id)
            await kept(node.store, "stored", 2)
        for room in (call_id, "of-no-call"):
            await client(node).open_room(room)
            await client(node).add_party(room, "somebody", record=False)
    async with exchange(sqlite_site, media=True) as node:
        await until(lambda: None if node.rooms.ready else "no worker", MEDIA_S)

        async def tidied() -> str | None:
            rooms = (await node.rooms.pool.figures())["rooms"]
            return None if rooms == {} else f"rooms: {set(rooms)}"

        await until(tidied, MEDIA_S)


async def test_media_that_are_said_to_flow_and_do_not_are_put_right(sqlite_site: Site) -> None:
    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        for seat in (window, approver):
            await seat.connect(call_id)
        await both((window, approver), call_id, "media")
        # As if the word that the consent was taken back had been lost: the worker records on.
        await both((window, approver), call_id, "recording")
        leg_id = window.desk.leg_in(call_id)["id"]
        await window.desk.do(
            "case.consent",
            case_id=window.desk.calls[call_id]["case_id"],
            given=False,
            text_version=consent_texts.CURRENT,
            language="zh-CN",
        )
        await client(node).record(call_id, leg_id, on=True)
        # As if the word that a party went had been lost: the worker holds it no more.
        await client(node).remove_party(call_id, approver.desk.leg_in(call_id)["id"])
        await window.desk.sees(
            lambda call: [leg["media"] for leg in call["legs"]] == [True, False],
            call_id,
            MEDIA_S,
        )
        found = (await client(node).figures())["rooms"][call_id][leg_id]
        assert not found["recording"]
        await approver.anew(call_id)
        window.peer.forget()
        await window.meets(approver)
        await approver.meets(window)


@pytest.mark.timed
async def test_on_hold_no_packet_passes_and_nothing_is_recorded(sqlite_site: Site) -> None:
    """C19: two peers go on sending; nobody and no file gets a packet of theirs until it is over."""

    async def passed() -> dict[str, int]:
        """Packets that went on to each party, and those that came from it."""
        parties = (await client(node).figures())["rooms"][call_id]
        went = {
            name: sum(f["packets"] for f in one["feeds"].values()) for name, one in parties.items()
        }
        return went | {f"{name} in": one["packets_in"] for name, one in parties.items()}

    async def come_in(since: dict[str, int]) -> None:
        """Both have sent some fifty packets more."""

        async def why_not() -> str | None:
            now = await passed()
            more = [now[key] - since[key] for key in now if key.endswith(" in")]
            return None if min(more) > 50 else f"came in: {more}"

        await until(why_not, MEDIA_S)

    async with (
        exchange(sqlite_site, media=True) as node,
        meeting(node) as (call_id, window, approver),
    ):
        seats = window, approver
        for seat in seats:
            await seat.connect(call_id)
        await window.meets(approver)
        await both(seats, call_id, "recording")
        mine = {"call_id": call_id, "leg_id": window.desk.leg_in(call_id)["id"]}
        await window.desk.do("call.mute", **mine, mid="0", on=True)
        await approver.desk.do("call.hold", call_id=call_id)
        held_at = monotonic()
        before = await passed()
        # What would open a line of one seat opens none while the call is on hold.
        await window.desk.do("call.mute", **mine, mid="1", on=True)
        await window.desk.do("call.mute", **mine, mid="1", on=False)
        assert (await window.desk.send("call.resume", call_id=call_id))["code"] == "not_yours"
        await come_in(before)
        after = await passed()
        assert {k: n for k, n in after.items() if not k.endswith(" in")} == {
            k: n for k, n in before.items() if not k.endswith(" in")
        }
        for seat in seats:
            seen = await seat.desk.sees(lambda call: call["holds"] != [], call_id)
            assert seen["holds"][0]["by"]["id"] == approver.desk.person_id

        # Who takes his seat again while it is on hold hears and sends nothing either.
        joined = await window.desk.do("call.join", call_id=call_id)
        await window.desk.sees(lambda call: call["legs"][-1]["id"] == joined["leg_id"], call_id)
        await window.anew(call_id)
        await both(seats, call_id, "media")
        before = await passed()
        await come_in(before)
        after = await passed()
        assert {k: n for k, n in after.items() if not k.endswith(" in")} == {
            k: n for k, n in before.items() if not k.endswith(" in")
        }

        held_s = monotonic() - held_at
        await approver.desk.do("call.resume", call_id=call_id)
        window.peer.forget()
        approver.peer.forget()
        await window.meets(approver)
        await until(
            lambda: (
                None
                if approver.peer.received.colour and near(approver.peer.received.colour, RED)
                else "no picture again"
            ),
            MEDIA_S,
        )
        assert approver.peer.received.tone_hz is None, "he had muted himself before the hold"
        await window.desk.sees(lambda call: bool(call["holds"][0]["until"]), call_id)
        await approver.desk.do("call.hang_up", call_id=call_id)
        sealed = await kept(node.store, "stored", 3)
        [of_approver] = [
            row for row in sealed if row.leg_id == approver.desk.calls[call_id]["legs"][1]["id"]
        ]
        kept_back_s = [
            gap["ended_at"] - gap["started_at"]
            for gap in of_approver.gaps
            if gap["reason"] == "held"
        ]
        assert kept_back_s, of_approver.gaps
        assert abs(max(kept_back_s) - held_s) < borne(1)
