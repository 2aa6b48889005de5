"""Playbacks: what a supervisor plays after a call, made of its sealed recordings by jobs.

When a call has ended and nothing of it is being written any more, each party's segments are
copied into one seekable file; a segment that comes later makes it anew. All parties side by
side in one file is a heavy job that is asked for. Knows no codec and no HTTP.
"""

import asyncio
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from server.actions.cases import new_id
from server.actions.jobs import Kind, Settle, enqueue
from server.store import Change, Store, log
from server.store import playbacks as rows
from server.store.jobs import Job
from server.store.log import Recorded
from server.store.people import person_refs
from server.store.playbacks import Playback, PlaybackSeat
from server.wire.http import PlaybackView
from server.work import compose, remux
from server.work.child import MIB, Children, Limits
from server.work.paper import FONT_DIRS
from signaling.protocol import PersonRef, Seat
from signaling.refusals import Code, Refusal

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

_SEATS: Final = {"window": "窗口", "approver": "审批", "third": "第三方"}


def _subject(call_id: str) -> str:
    return f"call:{call_id}"


async def ask(change: Change, call_id: str) -> None:
    """Ask for the playbacks that are missing of an ended call, in this transaction.

    Call it with the call locked, whenever it or a recording of it has changed. Nothing happens
    while a recording is being written, or when each party's playback is of all its segments.
    """
    recorded = await log.list_recordings(change.connection, call_id)
    if any(one.state == "recording" for one in recorded):
        return
    there: dict[tuple[PlaybackSeat, str | None], Playback] = {
        (one.seat, one.person_id): one
        for one in await rows.list_playbacks(change.connection, call_id)
    }
    parties: dict[tuple[Seat, str], list[Recorded]] = {}
    for one in recorded:
        if one.state == "stored" and one.sha256 is not None:
            parties.setdefault((one.seat, one.person.id), []).append(one)
    for (seat, person_id), segments in parties.items():
        sources = [one.sha256 for one in segments if one.sha256 is not None]
        known = there.get((seat, person_id))
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
            gaps=tuple(_gaps(segments)),
        )
        await (rows.save if known else rows.add)(change.connection, playback)
        offsets = [(one.started_at - began).total_seconds() for one in segments]
        await enqueue(
            change,
            COPY,
            _subject(call_id),
            {"playback": playback.id, "sources": sources, "offsets_s": offsets},
        )


def _gaps(segments: Sequence[Recorded]) -> list[dict[str, Any]]:
    """The spans of a party without packets, by seconds of its playback; between segments: ``away``."""
    began = segments[0].started_at
    gaps = []
    for one in segments:
        for gap in one.gaps:
            gaps.append(
                {
                    "from_s": round(gap["started_at"] - began.timestamp(), 3),
                    "to_s": round(gap["ended_at"] - began.timestamp(), 3),
                    "reason": gap["reason"],
                }
            )
    for before, after in pairwise(segments):
        if before.ended_at is None:
            continue
        from_s = (before.ended_at - began).total_seconds()
        to_s = (after.started_at - began).total_seconds()
        if to_s - from_s > AWAY_S:
            gaps.append({"from_s": round(from_s, 3), "to_s": round(to_s, 3), "reason": "away"})
    return sorted(gaps, key=lambda gap: (gap["from_s"], gap["to_s"]))


async def ask_composition(change: Change, call_id: str) -> Playback:
    """Ask for all parties of a call in one file; one that is there, or being made, is given instead.

    Refused: material_not_stored (a party's playback is not ready, or there is none).
    """
    await change.lock(_subject(call_id))
    found = await rows.list_playbacks(change.connection, call_id)
    parties = [one for one in found if one.seat != "composed"]
    ready = [one for one in parties if one.state == "ready" and one.sha256 and one.started_at]
    if not ready or any(one.state == "waiting" for one in parties):
        raise Refusal(Code.MATERIAL_NOT_STORED, call=call_id)
    sources = [str(one.sha256) for one in ready]
    known = next((one for one in found if one.seat == "composed"), None)
    if known is not None and known.sources == sources and known.state != "failed":
        return known
    began = min(one.started_at for one in ready if one.started_at)
    playback = Playback(
        id=known.id if known else new_id(),
        call_id=call_id,
        seat="composed",
        person_id=None,
        state="waiting",
        sources=sources,
        started_at=began,
    )
    await (rows.save if known else rows.add)(change.connection, playback)
    refs = await person_refs(change.connection, {one.person_id or "" for one in ready})
    await change.record(
        _subject(call_id),
        "playback.ask",
        f"playback:{playback.id}",
        None,
        payload={"seat": "composed", "sources": sources},
    )
    await enqueue(
        change,
        COMPOSE,
        _subject(call_id),
        {
            "playback": playback.id,
            "sources": sources,
            "offsets_s": [_seconds(one.started_at, began) for one in ready],
            "length_s": max(
                _seconds(one.started_at, began) + (one.duration_s or 0.0) for one in ready
            ),
            "labels": [_label(one, refs) for one in ready],
        },
    )
    return playback


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
        | {"person": people.get(playback.person_id or ""), "gaps": list(playback.gaps)}
    )


class Studio:
    """Makes playbacks: the jobs' side. Its files lie below ``folder`` until they are sealed."""

    def __init__(
        self, store: Store, children: Children, folder: Path, font_dirs: Collection[Path] = ()
    ) -> None:
        self._store = store
        self._children = children
        self._folder = folder
        self._fonts = [
            str(Path(where) / name)
            for where in ([*font_dirs] or [*map(Path, FONT_DIRS)])
            for name in LABEL_FONTS
        ]

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
        for left in self._folder.iterdir():
            left.unlink()

    async def _copy(self, job: Job) -> Settle:
        paths = self._paths(job)
        room = 2 * sum([await self._store.blobs.size(one) for one in job.body["sources"]])
        asked = {
            "segments": [
                {"path": path, "offset_s": offset_s}
                for path, offset_s in zip(paths, job.body["offsets_s"], strict=True)
            ]
        }
        limits = Limits(processor_s=300, file_bytes=room + SPARE_BYTES, files=1024)
        return await self._make(job, remux.__name__, asked, limits, COPY_PATIENCE_S)

    async def _compose(self, job: Job) -> Settle:
        paths = self._paths(job)
        asked = {
            "parties": [
                {"path": path, "offset_s": offset_s, "label": label}
                for path, offset_s, label in zip(
                    paths, job.body["offsets_s"], job.body["labels"], strict=True
                )
            ],
            "fonts": self._fonts,
        }
        room = round(job.body["length_s"] * COMPOSED_BYTES_PER_S)
        limits = Limits(
            memory_bytes=4096 * MIB,
            processor_s=round(2 * COMPOSE_PATIENCE_S),
            file_bytes=room + SPARE_BYTES,
            files=256,
        )
        return await self._make(job, compose.__name__, asked, limits, COMPOSE_PATIENCE_S)

    def _paths(self, job: Job) -> list[str]:
        return [str(self._store.blobs.path(one)) for one in job.body["sources"]]

    async def _make(
        self, job: Job, module: str, asked: dict[str, Any], limits: Limits, patience_s: float
    ) -> Settle:
        target = self._folder / f"{job.id}-{secrets.token_hex(4)}.webm"
        try:
            made = await self._children.run(
                module,
                given={**asked, "target": str(target)},
                limits=limits,
                patience_s=patience_s,
            )
            sha256 = await self._store.blobs.put(target)
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)
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
            )
            await rows.save(change.connection, ready)
            await _record(change, ready, "playback.make", left_out=len(made["left_out"]))

        return settle

    async def _failed(self, change: Change, job: Job) -> None:
        before = await self._locked(change, job)
        if before is not None:
            failed = replace(before, state="failed")
            await rows.save(change.connection, failed)
            await _record(change, failed, "playback.fail")

    async def _locked(self, change: Change, job: Job) -> Playback | None:
        """The row of this job; None when it is to be made of other files by now."""
        await change.lock(job.subject)
        playback = await rows.find(change.connection, job.body["playback"])
        return playback if playback and playback.sources == job.body["sources"] else None


async def _record(change: Change, playback: Playback, act: str, **payload: Any) -> None:
    await change.record(
        _subject(playback.call_id),
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
