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
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import structlog

from server.calls.acts.asking import COMPOSE, COPY, record
from server.calls.rows import playbacks as rows
from server.calls.rows.playbacks import Playback
from server.calls.wire import PlaybackView
from server.jobs.rows import Job
from server.jobs.runner import JobKind, Settle
from server.store import SYSTEM, Change, Store
from server.work import compose, remux
from server.work.child import MIB, ChildLimits, Children, JobFailed, left
from server.work.paper import FONT_DIRS
from signaling.refusals import Refusal
from signaling.wire.envelope import PersonRef

logger = structlog.get_logger("playbacks")

COPY_PATIENCE_S: Final = 600.0
COMPOSE_PATIENCE_S: Final = 4 * 3600.0
SPARE_BYTES: Final = 64 * MIB
COMPOSED_BYTES_PER_S: Final = 400_000
"""More than a composed file ever takes: 1.5 Mbit/s of picture for three parties, and the sound."""
LABEL_FONTS: Final = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf")

PROGRESS_EVERY_S: Final = 1.0


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


class PlaybackMaker:
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
    def kinds(self) -> dict[str, JobKind]:
        """What the queue asks for."""
        return {
            COPY: JobKind(self._copy, self._failed),
            COMPOSE: JobKind(self._compose, self._failed, heavy=True),
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
        limits = ChildLimits(processor_s=300, file_bytes=room + SPARE_BYTES, files=1024)
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
        limits = ChildLimits(
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
        limits: ChildLimits,
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
            await record(change, ready, "playback.make", left_out=len(made["left_out"]))

        return settle

    async def _failed(self, change: Change, job: Job) -> None:
        before = await self._locked(change, job)
        if before is not None:
            failed = replace(before, state="failed", fault=self._faults.pop(before.id, ""))
            await rows.save(change.connection, failed)
            await record(change, failed, "playback.fail")

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
