"""Playbacks: what a supervisor plays after a call, made of its sealed recordings by jobs.

When a call has ended and nothing of it is being written any more, each party's segments are
copied into one seekable file, those of its document camera and its screen into others; a
segment that comes later makes it anew. All parties in one picture is a heavy job that is asked
for. Knows no codec and no HTTP.
"""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import structlog

from server.calls.rows import playbacks as rows
from server.calls.rows import recorded as recorded_rows
from server.calls.rows.playbacks import Playback, PlaybackSeat
from server.calls.rows.recorded import Recorded, Written
from server.calls.rules import PlaybackSource, PlaybackType
from server.calls.wire import PlaybackView
from server.jobs.rows import Job
from server.jobs.runner import Kind, Settle, enqueue
from server.people.rows.people import person_refs
from server.rights.ids import new_id
from server.rights.subjects import of_call
from server.store import SYSTEM, Change, Store
from server.work import compose, remux
from server.work.child import MIB, Children, JobFailed, Limits, left
from server.work.paper import FONT_DIRS
from signaling.call.parts import Call, LegState
from signaling.refusals import Code, Refusal
from signaling.wire.call import Seat
from signaling.wire.envelope import PersonRef

logger = structlog.get_logger("playbacks")

COPY: Final = "playback"
COMPOSE: Final = "composition"
COPY_PATIENCE_S: Final = 600.0
COMPOSE_PATIENCE_S: Final = 4 * 3600.0
SPARE_BYTES: Final = 64 * MIB
COMPOSED_BYTES_PER_S: Final = 400_000
"""More than a composed file ever takes: 1.5 Mbit/s of picture for three parties, and the sound."""
AWAY_S: Final = 0.25
"""From here on the time between two segments of a party is told as a gap."""
LABEL_FONTS: Final = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf")

WORTH_SAYING_S: Final = 0.5
"""A shorter gap is over before its plate could be read."""
EARLY_S: Final = 30.0
"""What happened so shortly before the first picture counts as its first second."""
PROGRESS_EVERY_S: Final = 1.0

_SEATS: Final = {
    "window": "窗口",
    "approver": "审批",
    "third": "第三方",
    "fourth": "第四方",
    "fifth": "第五方",
    "sixth": "第六方",
}
_SOURCES: Final = {"face": "", "camera": "高拍仪", "screen": "屏幕"}
_WHY: Final = {
    ("held", ""): "held",
    ("away", ""): "away",
    ("cut", ""): "cut",
    ("muted", "0"): "silenced",
    ("muted", "1"): "unseen",
    ("lost", "1"): "lost",
    ("dropped", "1"): "lost",
    ("unwritten", "1"): "cut",
}
"""By reason and m-line of a gap: what compose writes."""
_ACTS: Final = {
    "material.store": "收到材料 Material",
    "case.submit": "提交 Submitted",
    "case.sign": "签名 Signed",
    "case.decide": "决定 Decision",
    "case.refer": "转办 Referral",
}


async def ask(change: Change, call_id: str) -> None:
    """Ask for the playbacks that are missing of an ended call, in this transaction.

    Call it with the call locked, whenever it or a recording of it has changed. Nothing happens
    while a recording is being written, or when each party's playback is of all its segments.
    """
    recorded = await recorded_rows.list_recordings(change.connection, call_id)
    if any(one.state == "recording" for one in recorded):
        return
    there: dict[tuple[PlaybackSeat, str | None, PlaybackSource], Playback] = {
        (one.seat, one.person_id, one.source): one
        for one in await rows.list_playbacks(change.connection, call_id)
    }
    parties: dict[tuple[Seat, str, PlaybackSource], list[Recorded]] = {}
    for one in recorded:
        if one.state == "stored" and one.sha256 is not None:
            parties.setdefault((one.seat, one.person.id, one.source), []).append(one)
    for (seat, person_id, source), segments in parties.items():
        sources = [one.sha256 for one in segments if one.sha256 is not None]
        known = there.get((seat, person_id, source))
        if known is not None and known.sources == sources:
            continue
        began = segments[0].started_at
        playback = Playback(
            id=known.id if known else new_id(),
            call_id=call_id,
            seat=seat,
            person_id=person_id,
            state="waiting",
            sources=sources,
            started_at=began,
            gaps=tuple(gaps_of(segments)),
            source=source,
        )
        await (rows.save if known else rows.add)(change.connection, playback)
        offsets = [(one.started_at - began).total_seconds() for one in segments]
        await enqueue(
            change,
            COPY,
            of_call(call_id),
            {"playback": playback.id, "sources": sources, "offsets_s": offsets},
        )


def gaps_of(segments: Sequence[Recorded]) -> list[dict[str, Any]]:
    """The spans of a party without packets, by seconds of its playback; between segments: ``away``,
    or ``cut`` when the recorder died over the one before."""
    began = segments[0].started_at
    gaps = []
    for one in segments:
        for gap in one.gaps:
            gaps.append(
                {
                    "from_s": round(gap["started_at"] - began.timestamp(), 3),
                    "to_s": round(gap["ended_at"] - began.timestamp(), 3),
                    "reason": gap["reason"],
                    "mid": gap.get("mid", ""),
                }
            )
    for before, after in pairwise(segments):
        if before.ended_at is None:
            continue
        from_s = (before.ended_at - began).total_seconds()
        to_s = (after.started_at - began).total_seconds()
        if to_s - from_s > AWAY_S:
            gaps.append(
                {
                    "from_s": round(from_s, 3),
                    "to_s": round(to_s, 3),
                    "reason": "cut" if before.cut else "away",
                    "mid": "",
                }
            )
    return sorted(gaps, key=lambda gap: (gap["from_s"], gap["to_s"]))


async def ask_composition(
    change: Change, call: Call, acts: Sequence[Written], media_type: PlaybackType
) -> Playback:
    """Ask for all parties of a call in one file; one that is there, or being made, is given instead.

    ``acts`` are the entries of the ledger of its case: those within the call become chapters.
    Refused: material_not_stored (a party's playback is not ready, or there is none).
    """
    await change.lock(of_call(call.id))
    found = await rows.list_playbacks(change.connection, call.id)
    made = [one for one in found if one.seat != "composed"]
    ready = [one for one in made if one.state == "ready" and one.sha256 and one.started_at]
    parties = [one for one in ready if one.source == "face"]
    if not parties or any(one.state == "waiting" for one in made):
        raise Refusal(Code.MATERIAL_NOT_STORED, call=call.id)
    sources = [str(one.sha256) for one in ready]
    known = next(
        (one for one in found if one.seat == "composed" and one.media_type == media_type), None
    )
    if known is not None and known.sources == sources and known.state != "failed":
        return known
    began = min(one.started_at for one in parties if one.started_at)
    chapters = _chapters(call, acts, ready, began)
    playback = Playback(
        id=known.id if known else new_id(),
        call_id=call.id,
        seat="composed",
        person_id=None,
        state="waiting",
        sources=sources,
        started_at=began,
        media_type=media_type,
        chapters=tuple(chapters),
    )
    await (rows.save if known else rows.add)(change.connection, playback)
    refs = await person_refs(change.connection, {one.person_id or "" for one in ready})
    await change.record(
        of_call(call.id),
        "playback.ask",
        f"playback:{playback.id}",
        None,
        payload={"seat": "composed", "sources": sources, "media_type": media_type},
    )
    await enqueue(
        change,
        COMPOSE,
        of_call(call.id),
        {
            "playback": playback.id,
            "sources": sources,
            "media_type": media_type,
            "began_at": began.timestamp(),
            "chapters": chapters,
            "parties": [
                {
                    "source": one.sha256,
                    "offset_s": _seconds(one.started_at, began),
                    "label": _label(one, refs),
                    "spans": spans_of(one, _seconds(one.started_at, began)),
                }
                for one in parties
            ],
            "documents": [
                {
                    "source": one.sha256,
                    "offset_s": _seconds(one.started_at, began),
                    "label": f"{_SOURCES[one.source]} {_label(one, refs)}",
                }
                for one in ready
                if one.source != "face"
            ],
            "length_s": max(
                _seconds(one.started_at, began) + (one.duration_s or 0.0) for one in parties
            ),
        },
    )
    return playback


def spans_of(one: Playback, offset_s: float) -> list[dict[str, Any]]:
    """What is missing of a party, by the seconds of the whole and the names that compose knows."""
    spans = []
    for gap in one.gaps:
        why = _WHY.get((gap["reason"], gap.get("mid", ""))) or _WHY.get((gap["reason"], ""))
        if why is not None and gap["to_s"] - gap["from_s"] >= WORTH_SAYING_S:
            spans.append(
                {"from_s": gap["from_s"] + offset_s, "to_s": gap["to_s"] + offset_s, "why": why}
            )
    return spans


def _chapters(
    call: Call, acts: Sequence[Written], ready: Sequence[Playback], began: datetime
) -> list[dict[str, Any]]:
    """What began when in a call: who came and went, hold, documents, signature, decision."""
    found: list[tuple[datetime, str]] = []
    for leg in call.legs:
        seat = _SEATS[leg.seat.value]
        again = leg.previous_leg_id is not None
        found.append((leg.joined_at, f"{seat}{'重新加入 back' if again else '加入 joined'}"))
        if leg.ended_at is not None and leg.ended_at != call.ended_at:
            lost = leg.state is LegState.LOST
            found.append((leg.ended_at, f"{seat}{'连接中断 lost' if lost else '离开 left'}"))
    for one in ready:
        assert one.started_at is not None
        if one.source != "face":
            found.append((one.started_at, f"{_SEATS[one.seat]}展示{_SOURCES[one.source]} shown"))
        for gap in one.gaps:
            if gap["reason"] == "held" and gap["to_s"] - gap["from_s"] >= WORTH_SAYING_S:
                for second, title in (
                    (gap["from_s"], "保持 On hold"),
                    (gap["to_s"], "恢复 Resumed"),
                ):
                    found.append((one.started_at + timedelta(seconds=second), title))
    for entry in acts:
        if entry.act in _ACTS and entry.result == "ok":
            found.append((datetime.fromisoformat(entry.at), _ACTS[entry.act]))
    chapters: list[dict[str, Any]] = []
    for at, title in sorted(found):
        at_s = round(_seconds(at, began), 3)
        if call.ended_at is not None and at >= call.ended_at:
            continue
        at_s = 0.0 if -EARLY_S < at_s < 0 else at_s
        # A hold is told by every party's file.
        told = any(c["title"] == title and at_s - c["at_s"] < 2.0 for c in chapters)
        if at_s >= 0 and not told:
            chapters.append({"at_s": at_s, "title": title})
    return chapters


def _seconds(at: datetime | None, began: datetime) -> float:
    return 0.0 if at is None else (at - began) / timedelta(seconds=1)


def _label(one: Playback, refs: dict[str, PersonRef]) -> str:
    ref = refs.get(one.person_id or "")
    return f"{_SEATS[one.seat]} {ref.name} {ref.staff_number}" if ref else _SEATS[one.seat]


def playback_view(playback: Playback, people: dict[str, PersonRef]) -> PlaybackView:
    """A playback for the supervisor's page."""
    told = asdict(playback)
    return PlaybackView.model_validate(
        {name: told[name] for name in PlaybackView.model_fields if name != "person"}
        | {
            "person": people.get(playback.person_id or ""),
            "gaps": list(playback.gaps),
            "chapters": list(playback.chapters),
        }
    )


class Studio:
    """Makes playbacks: the jobs' side. Its files lie below ``folder`` until they are sealed."""

    def __init__(
        self, store: Store, children: Children, folder: Path, font_dirs: Collection[Path] = ()
    ) -> None:
        self._store = store
        self._children = children
        self._folder = folder
        self._faults: dict[str, str] = {}
        """Why the composing of a playback failed for good, until that is written."""
        self._font_dirs = [*font_dirs] or [*map(Path, FONT_DIRS)]
        self._fonts = [str(where / name) for where in self._font_dirs for name in LABEL_FONTS]

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the queue asks for."""
        return {
            COPY: Kind(self._copy, self._failed),
            COMPOSE: Kind(self._compose, self._failed, heavy=True),
        }

    async def prepare(self) -> None:
        """Make the folder and remove what an interrupted job left."""
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        for one in self._folder.iterdir():
            # A folder, of a job that was killed with its node.
            if one.is_dir():
                shutil.rmtree(one, ignore_errors=True)
            else:
                one.unlink()

    async def _copy(self, job: Job) -> Settle:
        paths = [self._store.blobs.path(one) for one in job.body["sources"]]
        room = 2 * sum([await self._store.blobs.size(one) for one in job.body["sources"]])
        asked = {
            "segments": [
                {"path": str(path), "offset_s": offset_s}
                for path, offset_s in zip(paths, job.body["offsets_s"], strict=True)
            ]
        }
        limits = Limits(processor_s=300, file_bytes=room + SPARE_BYTES, files=1024)
        async with self._folder_of(job) as folder:
            return await self._make(
                job, remux.__name__, asked, paths, folder, limits, COPY_PATIENCE_S
            )

    async def _compose(self, job: Job) -> Settle:
        paths = {
            one["source"]: self._store.blobs.path(one["source"])
            for name in ("parties", "documents")
            for one in job.body[name]
        }
        placed = {
            name: [{**one, "path": str(paths[one["source"]])} for one in job.body[name]]
            for name in ("parties", "documents")
        }
        asked = {
            **placed,
            "fonts": self._fonts,
            **{name: job.body[name] for name in ("chapters", "began_at", "media_type")},
        }
        room = round(job.body["length_s"] * COMPOSED_BYTES_PER_S)
        limits = Limits(
            memory_bytes=4096 * MIB,
            processor_s=round(2 * COMPOSE_PATIENCE_S),
            file_bytes=room + SPARE_BYTES,
            files=256,
        )
        async with self._folder_of(job) as folder:
            progress = folder / "progress"
            asked["progress"] = str(progress)
            telling = asyncio.create_task(self._tell_progress(job, progress))
            try:
                return await self._make(
                    job,
                    compose.__name__,
                    asked,
                    [*paths.values(), *self._font_dirs],
                    folder,
                    limits,
                    COMPOSE_PATIENCE_S,
                )
            except JobFailed as failure:
                if failure.final:
                    self._faults[job.body["playback"]] = str(failure)
                raise
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)

    async def _tell_progress(self, job: Job, progress: Path) -> None:
        """Keep how far the child is, as often as a page asks."""
        told = 0.0
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            share = await asyncio.to_thread(_share, progress)
            if share <= told:
                continue
            try:
                async with self._store.change(SYSTEM) as change:
                    await rows.tell_progress(change.connection, job.body["playback"], share)
                told = share
            except Refusal as refusal:
                logger.warning("job.progress_not_told", job=job.id, code=refusal.code.value)

    @asynccontextmanager
    async def _folder_of(self, job: Job) -> AsyncIterator[Path]:
        """A folder of this job's own, the only one that its child may write."""
        folder = self._folder / f"{job.id}-{secrets.token_hex(4)}"
        await asyncio.to_thread(folder.mkdir, 0o700)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _make(
        self,
        job: Job,
        module: str,
        asked: dict[str, Any],
        reads: Iterable[Path],
        folder: Path,
        limits: Limits,
        patience_s: float,
    ) -> Settle:
        target = folder / "film"
        made = await self._children.run(
            module,
            given={**asked, "target": str(target)},
            limits=limits,
            patience_s=patience_s,
            reads=reads,
            writes=[folder],
        )
        sha256 = await self._store.blobs.put(await asyncio.to_thread(left, target))
        size = await self._store.blobs.size(sha256)

        async def settle(change: Change) -> None:
            before = await self._locked(change, job)
            if before is None:
                return
            ready = replace(
                before,
                state="ready",
                duration_s=made["duration_s"],
                width=made["width"] or None,
                height=made["height"] or None,
                sha256=sha256,
                size_bytes=size,
                media_type=made["media_type"],
                progress=1.0,
                fault="",
                loudness=made.get("loudness"),
            )
            await rows.save(change.connection, ready)
            await _record(change, ready, "playback.make", left_out=len(made["left_out"]))

        return settle

    async def _failed(self, change: Change, job: Job) -> None:
        before = await self._locked(change, job)
        if before is not None:
            failed = replace(before, state="failed", fault=self._faults.pop(before.id, ""))
            await rows.save(change.connection, failed)
            await _record(change, failed, "playback.fail")

    async def _locked(self, change: Change, job: Job) -> Playback | None:
        """The row of this job; None when it is to be made of other files by now."""
        await change.lock(job.subject)
        playback = await rows.find(change.connection, job.body["playback"])
        return playback if playback and playback.sources == job.body["sources"] else None


def _share(progress: Path) -> float:
    """How far the child says that it is, in a file that it may have made anything of."""
    try:
        descriptor = os.open(progress, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0.0
    with os.fdopen(descriptor, "rb") as file:
        try:
            return float(file.read(32) or 0.0)
        except (OSError, ValueError):
            return 0.0


async def _record(change: Change, playback: Playback, act: str, **payload: Any) -> None:
    await change.record(
        of_call(playback.call_id),
        act,
        f"playback:{playback.id}",
        None,
        payload={
            "seat": playback.seat,
            "person": playback.person_id,
            "sources": playback.sources,
            "sha256": playback.sha256,
            "size_bytes": playback.size_bytes,
            **payload,
        },
    )
