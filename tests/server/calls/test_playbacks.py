"""After a call: each party in one file that plays and can be sought, all composed, each byte checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import sqlalchemy as sa

from server.audit.acts.archive import Archive
from server.calls.acts import asking
from server.calls.acts.marks import UnwrittenMarks
from server.calls.acts.playbacks import PlaybackMaker
from server.calls.rows import calls, recordings
from server.case.rules.consent import CURRENT
from server.case.wire.registering import CaseConsent
from server.jobs.runner import Jobs
from server.people.rows import people as staff
from server.store import SYSTEM
from server.store.tables import ledger_entries
from server.work.child import Children
from signaling.call.parts import CallId, LegId
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallAnswer, CallDial, CallHangUp, CallOpen
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, Office
from tests.kit.footage import index_in_front, seek, segment
from tests.kit.peer import BLUE, GREEN, RED, Colour, near
from tests.kit.recording import play
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until


@cache
def footage(seconds: float, colour: Colour, tone_hz: float) -> bytes:
    """A segment, made once for all tests."""
    folder = Path(mkdtemp(prefix="yj-footage-"))
    path = segment(folder / "1.webm", seconds, colour, tone_hz)
    content = path.read_bytes()
    path.unlink()
    folder.rmdir()
    return content


class Past:
    """A call that was held, its recordings, and who looks at it now."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.archive = Archive(office.store)
        self.supervisor = office.actors[SUPERVISOR]
        self.studio = PlaybackMaker(office.store, Children(), folder / "work")
        self.jobs = Jobs(office.store, self.studio.kinds)
        self.case_id = ""
        self.call_id = ""
        self.legs: dict[str, str] = {}
        self._segments = 0

    async def hold(self) -> None:
        office = self.office
        await self.studio.prepare()
        self.case_id = await office.case()
        await office.do(
            CLERK,
            CaseConsent,
            case_id=self.case_id,
            given=True,
            text_version=CURRENT,
            language="zh-CN",
        )
        await office.duty(APPROVER)
        self.call_id = (await office.do(CLERK, CallDial, case_id=self.case_id))["call_id"]
        call = (await office.do(APPROVER, CallOpen, call_id=self.call_id))["call"]
        await office.do(APPROVER, CallAnswer, call_id=self.call_id, ring_id=call["rings"][0]["id"])
        call = (await office.do(CLERK, CallOpen, call_id=self.call_id))["call"]
        self.legs = {leg["seat"]: leg["id"] for leg in call["legs"]}
        self.began = office.clock.now()

    async def hang_up(self) -> None:
        await self.office.do(CLERK, CallHangUp, call_id=self.call_id)

    async def record(
        self, seat: str, after_s: float, content: bytes, seconds: float, state: str = "stored"
    ) -> str:
        """A recording of a seat that begins so long after the answer; as the engine leaves it."""
        store = self.office.store
        self._segments += 1
        name = f"segment-{self._segments}"
        sha256 = await store.blobs.put(content)
        began = self.began + timedelta(seconds=after_s)
        async with store.change(SYSTEM) as change:
            await change.lock(f"call:{self.call_id}")
            await recordings.add_recording(
                change.connection,
                recordings.RecordedSegment(
                    id=name,
                    call_id=CallId(self.call_id),
                    leg_id=LegId(self.legs[seat]),
                    segment=name,
                    state=state,
                    started_at=began,
                    ended_at=began + timedelta(seconds=seconds),
                    size_bytes=len(content),
                    sha256=sha256,
                    gaps=[
                        {
                            "mid": "1",
                            "started_at": began.timestamp() + 1,
                            "ended_at": began.timestamp() + 1.5,
                            "reason": "lost",
                        }
                    ],
                ),
            )
            call, _ = await found(self, change.connection)
            if call.state == "ended":
                await asking.ask(change, self.call_id)
        return sha256

    async def detail(self) -> dict[str, Any]:
        shown = await self.archive.call(self.supervisor, self.call_id)
        return shown.model_dump(mode="json")

    async def played(self) -> list[dict[str, Any]]:
        """Do the jobs; the playbacks then."""
        while await self.jobs.work_once():
            pass
        shown: list[dict[str, Any]] = (await self.detail())["playbacks"]
        return shown

    def file(self, playback: dict[str, Any]) -> Path:
        return self.office.store.blobs.path(playback["sha256"])

    async def refused(self, playback_id: str, *, anyway: bool = False) -> Code:
        with pytest.raises(Refusal) as refused:
            await self.archive.playback(self.supervisor, playback_id, download=False, anyway=anyway)
        return refused.value.code

    async def acts(self) -> list[str]:
        async with self.office.store.read() as connection:
            return list(
                await connection.scalars(
                    sa.select(ledger_entries.c.act)
                    .where(ledger_entries.c.subject == f"call:{self.call_id}")
                    .order_by(ledger_entries.c.version)
                )
            )


async def found(past: Past, connection: Any) -> Any:
    call = await calls.find(connection, past.call_id)
    assert call is not None
    return call, await calls.find_header(connection, past.call_id)


@pytest.fixture
async def past(office: Office, tmp_path: Path) -> AsyncIterator[Past]:
    past = Past(office, tmp_path)
    await past.hold()
    yield past
    await office.switchboard.close()


async def held(past: Past) -> list[dict[str, Any]]:
    """A call with a file of each party; its playbacks."""
    await past.record("window", 0.0, footage(6, RED, 440.0), 6)
    await past.record("approver", 2.0, footage(5, GREEN, 880.0), 5)
    await past.hang_up()
    return await past.played()


async def test_each_party_of_an_ended_call_has_one_file(past: Past) -> None:
    await past.record("window", 0.0, footage(6, RED, 440.0), 6)
    await past.record("window", 10.0, footage(4, BLUE, 660.0), 4)
    await past.record("approver", 2.0, footage(5, GREEN, 880.0), 5)
    assert await past.played() == [], "the call goes on"
    await past.hang_up()
    waiting = (await past.detail())["playbacks"]
    assert [one["state"] for one in waiting] == ["waiting", "waiting"]
    assert await past.refused(waiting[0]["id"]) is Code.MATERIAL_NOT_STORED
    window, approver = await past.played()
    assert (window["seat"], window["state"], window["person"]["name"]) == (
        "window",
        "ready",
        "李秀兰",
    )
    assert (approver["seat"], approver["state"]) == ("approver", "ready")
    assert window["started_at"] == past.began.isoformat().replace("+00:00", "Z")
    assert abs(window["duration_s"] - 14) < 0.3
    assert [(gap["from_s"], gap["to_s"], gap["reason"]) for gap in window["gaps"]] == [
        (1.0, 1.5, "lost"),
        (6.0, 10.0, "away"),
        (11.0, 11.5, "lost"),
    ]
    assert index_in_front(past.file(window))
    assert play(past.file(window)).errors == ""
    for moment, colour in ((3.0, RED), (12.0, BLUE)):
        shown = seek(past.file(window), moment)
        assert abs(shown.at_s - moment) < 0.5
        assert near(shown.left, colour)
    assert (await past.acts()).count("playback.make") == 2


@SQLITE_ALONE
async def test_nothing_is_made_while_a_file_is_being_written_and_a_late_one_is_added(
    past: Past,
) -> None:
    await past.record("window", 0.0, footage(6, RED, 440.0), 6)
    late = await past.record("window", 8.0, footage(4, BLUE, 660.0), 4, state="recording")
    await past.hang_up()
    assert await past.played() == []
    async with past.office.store.change(SYSTEM) as change:
        await change.lock(f"call:{past.call_id}")
        begun = await recordings.find_recording(change.connection, "segment-2")
        assert begun is not None
        assert begun.sha256 == late
        lost = recordings.RecordedSegment(
            **{
                **{name: getattr(begun, name) for name in begun.__dataclass_fields__},
                "state": "lost",
            }
        )
        await recordings.save_recording(change.connection, lost)
        await asking.ask(change, past.call_id)
    [before] = await past.played()
    assert abs(before["duration_s"] - 6) < 0.3
    # what was thought lost is found after all, when the machine that has it starts again
    await past.record("window", 14.0, footage(4, BLUE, 660.0), 4)
    assert (await past.detail())["playbacks"][0]["state"] == "waiting"
    [after] = await past.played()
    assert after["id"] == before["id"]
    assert abs(after["duration_s"] - 18) < 0.3


async def test_all_parties_are_composed_when_it_is_asked_for(past: Past) -> None:
    store = past.office.store
    with pytest.raises(Refusal) as early:
        await past.archive.compose(past.supervisor, past.call_id)
    assert early.value.code is Code.MATERIAL_NOT_STORED
    await held(past)
    with pytest.raises(Refusal) as foreign:
        await past.archive.compose(past.office.actors[CLERK], past.call_id)
    assert foreign.value.code is Code.NOT_FOUND
    asked = await past.archive.compose(past.supervisor, past.call_id)
    assert (asked.seat, asked.state) == ("composed", "waiting")
    again = await past.archive.compose(past.supervisor, past.call_id)
    assert again.id == asked.id
    *_, composed = await past.played()
    assert (composed["id"], composed["state"]) == (asked.id, "ready")
    assert (composed["width"], composed["height"]) == (1280, 720)
    assert abs(composed["duration_s"] - 7) < 0.3
    shown = seek(past.file(composed), 5.0)
    assert near(shown.left, RED)
    assert near(shown.right, GREEN)
    assert (await past.archive.compose(past.supervisor, past.call_id)).state == "ready"
    acts = await past.acts()
    assert (acts.count("playback.ask"), acts.count("playback.make")) == (1, 3)
    await store.seal()


@SQLITE_ALONE
async def test_one_flipped_byte_is_found_and_never_played_unsaid(past: Past) -> None:
    window, approver = await held(past)
    checked = await past.archive.check(past.supervisor, past.call_id)
    assert checked.ok
    assert {(one.kind, one.ok) for one in checked.files} == {
        ("recording", True),
        ("playback", True),
    }
    one = await past.archive.playback(past.supervisor, window["id"], download=False, anyway=False)
    assert one.sha256 == window["sha256"]
    path = past.file(window)
    await asyncio.to_thread(flip, path)
    assert await past.refused(window["id"]) is Code.CONTENT_ALTERED
    checked = await past.archive.check(past.supervisor, past.call_id)
    assert not checked.ok
    assert [(one.id, one.reason) for one in checked.files if not one.ok] == [
        (window["id"], "altered")
    ]
    assert checked.ledger.ok
    shown = await past.archive.playback(past.supervisor, window["id"], download=False, anyway=True)
    assert shown.id == window["id"]
    path.unlink()
    assert await past.refused(window["id"], anyway=True) is Code.CONTENT_ALTERED
    checked = await past.archive.check(past.supervisor, past.call_id)
    assert [one.reason for one in checked.files if not one.ok] == ["missing"]
    await past.archive.playback(past.supervisor, approver["id"], download=False, anyway=False)
    await past.archive.playback(past.supervisor, approver["id"], download=False, anyway=False)
    # whole, altered, and the other party's: once each
    assert (await past.acts()).count("recording.watch") == 3
    for login in (CLERK, APPROVER):
        with pytest.raises(Refusal) as refused:
            await past.archive.check(past.office.actors[login], past.call_id)
        assert refused.value.code is Code.NOT_FOUND


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


async def test_what_was_pointed_at_is_kept_for_the_replay(past: Past) -> None:
    office = past.office
    marks = UnwrittenMarks(office.store)
    async with office.store.read() as connection:
        refs = await staff.person_refs(
            connection, [office.actors[APPROVER].person_id, office.actors[CLERK].person_id]
        )
    approver = refs[office.actors[APPROVER].person_id]
    clerk = refs[office.actors[CLERK].person_id]

    def note(kind: Any, by: Any = approver, **body: Any) -> None:
        office.clock.move(0.1)
        marks.note(past.case_id, kind, by, body)

    note("point", field="new_principal")
    note("point", field="new_principal")  # a page says it again
    note("look", material_id="material-1", page=2)
    for step in range(10):
        note("pointer", material_id="material-1", page=2, x=step / 10, y=0.5)
    note("pointer", by=clerk, material_id="material-1", page=2, x=0.1, y=0.1)
    marks.note("case-without-call", "point", approver, {"field": "delivery"})
    await marks.write()
    note("pointer", material_id="material-1", page=2, x=None, y=None)
    note("point", field=None)
    await marks.close()
    shown = (await past.archive.marks(past.supervisor, past.call_id)).marks
    assert [(one.kind, one.by.name == approver.name, one.body) for one in shown] == [
        ("point", True, {"field": "new_principal"}),
        ("look", True, {"material_id": "material-1", "page": 2}),
        ("pointer", True, {"material_id": "material-1", "page": 2, "x": 0.9, "y": 0.5}),
        ("pointer", False, {"material_id": "material-1", "page": 2, "x": 0.1, "y": 0.1}),
        ("pointer", True, {"material_id": "material-1", "page": 2, "x": None, "y": None}),
        ("point", True, {"field": None}),
    ]
    with pytest.raises(Refusal) as refused:
        await past.archive.marks(office.actors[CLERK], past.call_id)
    assert refused.value.code is Code.NOT_FOUND


@asynccontextmanager
async def working(jobs: Jobs) -> AsyncIterator[None]:
    """The queue runs by itself for the time of the block."""
    running = asyncio.create_task(jobs.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_playbacks_are_begun_by_the_end_of_the_call(past: Past) -> None:
    await past.record("window", 0.0, footage(6, RED, 440.0), 6)
    async with working(past.jobs):
        await past.hang_up()

        async def why_not() -> str | None:
            shown = (await past.detail())["playbacks"]
            return None if [one["state"] for one in shown] == ["ready"] else f"{shown}"

        await until(why_not, 10.0)


async def test_what_a_killed_conversion_left_does_not_keep_a_node_from_starting(
    office: Office, tmp_path: Path
) -> None:
    left = tmp_path / "work" / "office-of-a-killed-one" / "profile"
    left.mkdir(parents=True)
    (left / "file.docx").write_bytes(b"PK")
    (tmp_path / "work" / "a.copy").write_bytes(b"x")
    await PlaybackMaker(office.store, Children(), tmp_path / "work").prepare()
    assert list((tmp_path / "work").iterdir()) == []
    await office.switchboard.close()
