"""A call with an upload running, and something is killed: nothing acknowledged is lost.

Real processes, real peers, SIGKILL. After each kill the call is back within 15 s, the upload
goes on from its offset, what was recorded plays and its gap is told, and in the end nothing is
left open. Rows R4, R6 to R9 and R16 of the proofs in small counts.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from server.calls.acts.asking import AWAY_S
from server.demo import data as demo
from server.people.acts.passwords import Passwords
from server.people.rows import people
from server.rights.person import Role
from server.store import SYSTEM, Store
from tests.kit import services
from tests.kit.meetings import Underway, load, meet_again, met, nothing_is_open, recorded
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED
from tests.kit.processes import Engine, Serving, serving
from tests.kit.seats import Approver, Seat, Supervisor, Window, story
from tests.kit.until import borne, until

pytestmark = pytest.mark.timeout(240)

BACK_WITHIN_S = 15.0


@dataclass
class Running:
    """What runs when something is killed."""

    node: Serving
    window: Window
    approver: Approver
    case_id: str
    call_id: str
    upload: Underway
    postgres: services.Postgres | None
    redis: services.Redis | None

    async def reopen(self, seat: Seat) -> None:
        """As a page does whose connection is gone: connect again, look, take the seat again."""
        seat.address = self.node.address
        desk = await seat.open_page()
        assert [one["call"]["id"] for one in desk["calls"]] == [self.call_id]
        old, seat.peer = seat.peer, None
        await seat.take_seat(self.call_id)
        if old is not None:
            await old.close()


async def kill_serve(running: Running) -> None:
    """The server: pictures and sound flow on while it is away, and its call is taken up again."""
    await running.node.kill()
    await meet_again(running.window, running.approver)
    await running.node.start()
    await asyncio.gather(running.reopen(running.window), running.reopen(running.approver))


async def kill_worker(running: Running) -> None:
    """The media worker: the server starts another, and the pages connect again by themselves."""
    await end(running.node, "media.node")
    for seat in (running.window, running.approver):
        await seat.sees_call(
            running.call_id, lambda call: not any(leg["media"] for leg in call["legs"])
        )
        old, seat.peer = seat.peer, None
        assert old is not None
        await old.close()
        await seat.take_seat(running.call_id, my_leg(running, seat))


async def kill_recorder(running: Running) -> None:
    """The recorder alone: the call does not notice."""
    await end(running.node, "media.recorder")


async def kill_job(running: Running) -> None:
    """The child that sets a paper: it is tried again, and the paper comes."""
    before = {one.pid for one in running.node.find(JOB)}
    notice = {
        "type": "case.decide", "case_id": running.case_id, "decision": "to_correct",
        "reason": "身份证件未收齐",
    }  # fmt: skip
    deciding = asyncio.create_task(running.approver.ask(notice))
    child: list[psutil.Process] = []

    def why_not() -> str | None:
        child[:] = [one for one in running.node.find(JOB) if one.pid not in before]
        return None if child else "no child yet"

    await until(why_not, 10, every_s=0.005)
    child[0].kill()
    await deciding
    await running.window.sees_paper(running.case_id, "correction")
    assert [event for event in running.node.said() if event["event"] == "job.failed"]


async def kill_postgres(running: Running) -> None:
    """The database server with all its backends, away for a second."""
    assert running.postgres is not None
    await asyncio.to_thread(running.postgres.kill)
    await meet_again(running.window, running.approver)
    async with running.window.http.get("/api/v1/cases") as said:
        assert said.status == 503, await said.text()
    await asyncio.to_thread(running.postgres.start)
    began = time.monotonic()
    await until(running.node.why_not_ready, BACK_WITHIN_S)
    assert time.monotonic() - began < borne(5.0), "R7: back within 5 s"


async def kill_redis(running: Running) -> None:
    """Redis, away for three seconds, while the call is worked in."""
    assert running.redis is not None
    await asyncio.to_thread(running.redis.kill)
    gone = time.monotonic()
    await running.window.fill(running.case_id, {"old_principal": "刘启明"})
    await running.approver.sees_event("case.edited", field="old_principal")
    await asyncio.sleep(max(0.0, 3.0 - (time.monotonic() - gone)))  # the row's seconds away
    await asyncio.to_thread(running.redis.start)


KILLS: dict[str, Callable[[Running], Awaitable[None]]] = {
    "serve": kill_serve,
    "worker": kill_worker,
    "recorder": kill_recorder,
    "job": kill_job,
    "postgres": kill_postgres,
    "redis": kill_redis,
}
JOB = "server.work.cell"
CUTS = ("worker", "recorder")
"""What ends the files that are being written."""


@pytest.mark.timed
@pytest.mark.parametrize("what", KILLS)
async def test_a_call_survives_the_death_of(tmp_path: Path, what: str) -> None:
    with ExitStack() as stack:
        await survive(tmp_path, what, stack)


async def survive(folder: Path, what: str, stack: ExitStack) -> None:
    postgres = redis = None
    more: dict[str, Any] = {}
    database = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
    if what in ("postgres", "redis"):
        postgres = await asyncio.to_thread(stack.enter_context, services.postgres(durable=True))
        redis = await asyncio.to_thread(stack.enter_context, services.redis())
        database = postgres.url(await asyncio.to_thread(postgres.create))
        more = {"redis_url": redis.url, "bus_secret": "a secret between nodes"}
    await load(database, folder)
    async with serving(folder, database_url=database, **more) as node, story(node) as seat:
        await node.start()
        window, approver, case_id, call_id = await met(seat)
        for person in (window, approver):
            await person.sees_call(
                call_id, lambda call: all(leg["recording"] for leg in call["legs"]), 15
            )
        upload = Underway(window, case_id)
        await upload.begin()
        await upload.send(0.4)
        await approver.ask({"type": "case.open", "case_id": case_id})
        await window.fill(case_id, {"appointed_on": "2026-11-20"})
        await until(grown(node.data / "media" / "segments"), 30)
        running = Running(
            node, window, approver, case_id, call_id, upload, postgres, redis
        )  # fmt: skip

        killed_at = time.monotonic()
        await KILLS[what](running)
        await meet_again(window, approver, BACK_WITHIN_S)
        took_s = time.monotonic() - killed_at
        limit_s = BACK_WITHIN_S + (3.0 if what == "redis" else 0.0)
        assert took_s < borne(limit_s), took_s

        # What was acknowledged is there, the upload goes on, and the case can be worked in.
        case = await window.case(case_id)
        assert case["fields"]["appointed_on"]["value"] == "2026-11-20"
        await upload.send(1.0)
        await window.fill(case_id, {"appointed_on": "2026-11-21"})
        [material] = (await window.case(case_id))["materials"]
        assert material["state"] == "stored"
        if what in CUTS:
            await window.sees_call(
                call_id,
                lambda call: all(leg["recording"] for leg in call["legs"]),
                15,
            )
            await until(grown(node.data / "media" / "segments"), 30)
        call = window.calls[call_id]
        assert call["state"] == "live"
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        await window.sees_call(call_id, lambda call: call["state"] == "ended")

        supervisor = await seat(Supervisor, "chenli", BLUE, 880.0)
        detail = await recorded(supervisor, call_id, folder)
        await nothing_is_open(supervisor, call_id)
        if what in CUTS:
            for playback in detail["playbacks"]:
                spans = spans_of(detail["recordings"], playback["seat"])
                assert len(spans) > 1, f"{playback['seat']} was not cut"
                holes = holes_of(spans)
                told = [(gap["from_s"], gap["to_s"]) for gap in playback["gaps"]]
                for hole in holes:
                    assert hole in told, f"{playback['seat']}: {hole} is not told in {told}"
        async with supervisor.http.post(f"/api/v1/cases/{case_id}/ledger-check", json={}) as said:
            assert (await said.json())["ok"]
        assert node.errors() == [] or what in ("postgres", "worker", "recorder"), node.errors()


Spans = list[tuple[datetime, datetime]]


def spans_of(recordings: list[dict[str, Any]], seat: str) -> Spans:
    """From when to when each file of this seat goes. When a file begins is told by its first packet: one
    that was late on a busy machine may leave little of the time that a new worker takes."""
    return sorted(
        (moment(one["started_at"]), moment(one["ended_at"]))
        for one in recordings
        if one["seat"] == seat
    )


def holes_of(spans: Spans) -> list[tuple[float, float]]:
    """Where one file ends and the next one begins later, in seconds of the first."""
    began = spans[0][0]
    return [
        (round((ended - began).total_seconds(), 3), round((after - began).total_seconds(), 3))
        for (_, ended), (after, _) in pairwise(spans)
        if (after - ended).total_seconds() > AWAY_S
    ]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


# ---------------------------------------------------------------- R4


async def many_calls(
    folder: Path, url: str, redis_url: str, pairs: int, *, abandoned: int, seen: int
) -> list[float]:
    """So many calls across two nodes, and the windows' node is killed; returns the seconds that
    each page took to be back in its call by the other node.

    In the last ``seen`` calls both send pictures and sound through the worker that the nodes
    share, and none of their packets may be lost meanwhile. Of ``abandoned`` calls nobody comes
    back; they must have ended a minute later.
    """
    await load(url, folder)
    clerks, approvers = await staffed(url, folder, pairs)
    async with AsyncExitStack() as stack:
        # Short: the path of a Unix socket may have 107 bytes.
        engine = Engine(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yj-"))))
        stack.callback(engine.close)
        await engine.start()
        more = {
            "database_url": url,
            "redis_url": redis_url,
            "bus_secret": "a secret between nodes",
            "blob_root": folder / "blobs",
            "media_workers": [str(engine.socket)],
        }
        nodes = [
            await stack.enter_async_context(serving(folder / name, **more))
            for name in ("here", "there")
        ]
        for node in nodes:
            await node.start()
        here, there = [await stack.enter_async_context(story(node)) for node in nodes]
        calls: list[tuple[Window, Approver, str]] = []
        for number, (clerk, login) in enumerate(zip(clerks, approvers, strict=True)):
            window = await here(Window, clerk, RED, 440.0)
            approver = await there(Approver, login, GREEN, 660.0)
            await approver.on_duty()
            case_id = await window.register()
            await window.take_consent(case_id)
            call_id = await window.dial(case_id)
            ring = await approver.rung(call_id)
            await approver.ask({"type": "call.answer", "call_id": call_id, "ring_id": ring["id"]})
            call = await window.sees_call(call_id, lambda call: call["state"] == "live")
            calls.append((window, approver, call_id))
            if number >= pairs - seen:
                for leg, seat in zip(call["legs"], (window, approver), strict=True):
                    await seat.take_seat(call_id, leg["id"])
                await meet_again(window, approver)
        assert len([window for window, _, _ in calls if window.peer]) == seen
        before = {
            window: await packets(window, approver) for window, approver, _ in calls if window.peer
        }
        killed_at = time.monotonic()
        await nodes[0].kill()

        async def come_back(window: Window, approver: Approver, call_id: str) -> float:
            old = window.peer
            if old is not None:
                # Nobody has noticed anything yet: pictures and sound flow on, packet by packet.
                await meet_again(window, approver)
                came, lost = await packets(window, approver)
                assert (came > before[window][0], lost) == (True, before[window][1])
            window.address = nodes[1].address
            desk = await window.open_page()
            assert [one["call"]["id"] for one in desk["calls"]] == [call_id]
            if old is None:
                await window.ask({"type": "call.join", "call_id": call_id})
            else:
                await window.take_seat(call_id)
                await meet_again(window, approver, BACK_WITHIN_S)
                await old.close()
            await approver.sees_call(call_id, lambda call: len(call["legs"]) == 3, BACK_WITHIN_S)
            return time.monotonic() - killed_at

        took = sorted(await asyncio.gather(*(come_back(*one) for one in calls[abandoned:])))
        assert took[-1] <= borne(BACK_WITHIN_S), took
        assert took[int(len(took) * 0.95) - 1] <= borne(10.0), took

        for _, approver, _ in calls[:abandoned]:
            await approver.close_page()
        left_at = time.monotonic()
        for window, _, call_id in calls[abandoned:]:
            await window.ask({"type": "call.hang_up", "call_id": call_id})
        supervisor = await there(Supervisor, "chenli", BLUE, 880.0)

        async def all_over() -> str | None:
            states = [
                (await supervisor.get(f"/calls/{call_id}"))["call"]["state"]
                for _, _, call_id in calls
            ]
            return None if set(states) == {"ended"} else f"{states}"

        await until(all_over, 90 if abandoned else 10, every_s=0.5)
        # Lost after 15 s of silence, and then held for 60 s for whom nobody waits.
        assert time.monotonic() - left_at <= 60 + 15 + borne(5)
        assert nodes[1].errors() == []
        return took


async def packets(window: Window, approver: Approver) -> tuple[int, int]:
    """How many came at both ends of a call, and how many are missing."""
    assert window.peer is not None
    assert approver.peer is not None
    ends = [await window.peer.packets(), await approver.peer.packets()]
    return ends[0][0] + ends[1][0], ends[0][1] + ends[1][1]


async def staffed(url: str, folder: Path, pairs: int) -> tuple[list[str], list[str]]:
    """So many clerks at the demo's window and approvers of its unit; returns their logins."""
    store = await Store.open(node_settings(url, folder).store)
    secret = await asyncio.to_thread(Passwords().hash, demo.PASSWORD)
    clerks = [f"clerk{number:02}" for number in range(pairs)]
    approvers = [f"approver{number:02}" for number in range(pairs)]
    try:
        async with store.read() as connection:
            known = await people.find_account(connection, "lixiulan")
            unit = await people.find_account(connection, "zhoumingyuan")
        assert known is not None
        assert unit is not None
        async with store.change(SYSTEM) as change:
            for login in (*clerks, *approvers):
                clerk = login in clerks
                await people.add_person(
                    change.connection,
                    person_id=f"person-{login}",
                    login=login,
                    password_hash=secret,
                    name=login,
                    staff_number="R-4",
                    unit_id=(known if clerk else unit).actor.unit_id,
                    window_id=known.actor.window_id if clerk else None,
                    roles=[Role.CLERK if clerk else Role.APPROVER],
                )
    finally:
        await store.close()
    return clerks, approvers


@pytest.mark.timed
@pytest.mark.postgres
async def test_calls_come_back_by_the_other_node(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    await many_calls(tmp_path, postgres_url, redis_url, 4, abandoned=0, seen=1)


@pytest.mark.proofs
@pytest.mark.timeout(900)
async def test_fifty_calls_come_back_by_the_other_node(
    tmp_path: Path,
    postgres_url: str,
    redis_url: str,
    record_property: Callable[[str, object], None],
) -> None:
    took = await many_calls(tmp_path, postgres_url, redis_url, 50, abandoned=5, seen=3)
    record_property("rejoined_p50_s", round(took[len(took) // 2], 1))
    record_property("rejoined_p95_s", round(took[int(len(took) * 0.95) - 1], 1))
    record_property("rejoined_max_s", round(took[-1], 1))


def grown(folder: Path, times: int = 4) -> Callable[[], str | None]:
    """Two files there were written to disk so often: a recording of a second has nothing to lose."""
    sizes: dict[str, set[int]] = {}

    def why_not() -> str | None:
        for file in folder.glob("*.mkv"):
            sizes.setdefault(file.name, set()).add(file.stat().st_size)
        counts = sorted((len(seen) for seen in sizes.values()), reverse=True)
        return None if len(counts) >= 2 and counts[1] > times else f"grown {counts} times"

    return why_not


async def end(node: Serving, *words: str) -> None:
    """SIGKILL to the newest process of the node with these words in its command line."""
    found = node.find(*words)
    assert found, f"no process of {words}"
    found[-1].kill()
    with suppress(psutil.NoSuchProcess):
        await asyncio.to_thread(found[-1].wait, 5)


def my_leg(running: Running, seat: Seat) -> str:
    legs = seat.calls[running.call_id]["legs"]
    return next(
        str(leg["id"])
        for leg in reversed(legs)
        if leg["person"]["id"] == seat.person["id"] and leg["state"] == "joined"
    )
