"""The copy of a material that people look at, its grade and its mark, and who asks for the original.

A job makes the copy once a file is sealed, and anew when the window says how far it is to be
trusted; where a scanner is configured, nothing of a file is shown before it was found clean. The
sealed original stays as it came, and is given out for a stated reason, which the ledger keeps.
Knows no HTTP.
"""

import asyncio
import secrets
import shutil
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from server.case import rows
from server.case.acts.materials.files import (
    MaterialContent,
    ask_copy,
    changed,
    find,
    offered_name,
    tell_changed,
    with_material,
)
from server.case.rows import material as material_rows
from server.case.rules.materials import judging
from server.case.rules.materials import material as rules
from server.case.rules.materials.material import Material
from server.case.turn import Acts, CaseTurn, HeaderTurn
from server.case.wire.materials import CaseGrade, MaterialView
from server.jobs.rows import Job
from server.jobs.runner import JobKind, PutOff, Settle
from server.rights.person import Actor
from server.rights.seen import said
from server.rights.subjects import of_case
from server.standards.working_days import CHINA
from server.store import Change, Store
from server.store.subject import Told, Turn
from server.uploads.acts.scanning import Scanner, ScannerAway, ScanResult
from server.work import copying
from server.work.child import MIB, ChildLimits, Children, JobFailed, left
from server.work.paper import FONT_DIRS
from signaling.refusals import Code, Refusal

log = structlog.get_logger("viewing")

PATIENCE_S: Final = 180.0
SCANNER_AGAIN: Final = timedelta(seconds=10)
SPARE_BYTES: Final = 64 * MIB
GROWS: Final = 8
"""So many times as large as its original a copy gets at most: JPEG after HEIC, and WebP."""
MARK_FONTS: Final = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf")
_WITHOUT: Final = {
    "no_office": Code.NO_OFFICE,
    "no_ofd": Code.NO_OFD,
    "ofd_beyond": Code.OFD_BEYOND,
    "pdf_beyond": Code.PDF_BEYOND,
}
"""Faults of a copy that have a sentence of their own."""


acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseGrade, CaseTurn)
async def grade(turn: CaseTurn, command: CaseGrade) -> Told:
    """How far a material is trusted. Refusals: ``server.case.rules.materials.judging.graded``."""
    case = turn.case
    after = judging.graded(
        case.materials,
        command.material_id,
        command.grade,
        command.note,
        turn.hand,
        closed=case.shut(case.line_of(command.material_id)),
        at=turn.at,
    )
    turn.keep(with_material(case, after))
    making = after.viewed_state == "making"
    return replace(
        changed(turn, "case.grade", after, turn.people),
        then=partial(ask_copy, turn.change, case.id, after) if making else None,
    )


async def find_viewed(store: Store, actor: Actor, material_id: str) -> MaterialContent:
    """The copy of a material of a case that this person may see.

    Refused: not_found, material_not_stored, copy_not_ready, no_copy, no_office, no_ofd,
    ofd_beyond, pdf_beyond, material_locked.
    """
    material, case_id, audience = await find(store, actor, material_id, afterwards=True)
    if material.state != "stored":
        raise Refusal(Code.MATERIAL_NOT_STORED)
    match material.viewed_state:
        case "locked":
            raise Refusal(Code.MATERIAL_LOCKED, material=material_id)
        case "failed":
            raise Refusal(
                _WITHOUT.get(material.viewed_fault, Code.NO_COPY),
                material=material_id,
                fault=material.viewed_fault,
            )
        case "none" | "making":
            raise Refusal(Code.COPY_NOT_READY, material=material_id)
        case "ready":
            pass
    assert material.viewed_sha256 is not None
    assert material.viewed_type is not None
    assert material.viewed_bytes is not None
    name = offered_name(
        said(MaterialView.seen, "name", material.name, audience), material.viewed_type
    )
    return MaterialContent(
        material, case_id, name, material.viewed_sha256, material.viewed_type, material.viewed_bytes
    )


async def take_original(
    store: Store, actor: Actor, material_id: str, reason: str
) -> MaterialContent:
    """The sealed original, for a reason that is kept in the ledger with who asked.

    Refused: not_found (also for a person who is only a guest of the call), material_not_stored,
    material_locked, reason_missing.
    """
    material, case_id, audience = await find(store, actor, material_id)
    if not (audience.handles() or audience.supervises):
        raise Refusal(Code.NOT_FOUND)
    if material.state != "stored" or material.sha256 is None or material.media_type is None:
        raise Refusal(Code.MATERIAL_NOT_STORED)
    if material.viewed_state == "locked":
        raise Refusal(Code.MATERIAL_LOCKED, material=material_id)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    async with store.change(actor) as change:
        turn = await HeaderTurn.begin(change, actor, case_id)
        payload = {"reason": reason.strip(), "sha256": material.sha256, "name": material.name}
        await turn.enter("material.original", payload, f"material:{material_id}")
    name = offered_name(
        said(MaterialView.seen, "name", material.name, audience), material.media_type
    )
    return MaterialContent(
        material, case_id, name, material.sha256, material.media_type, material.size_bytes
    )


class Copier:
    """Makes the copies: the job's side. Its files lie below ``folder`` until they are sealed."""

    def __init__(
        self,
        store: Store,
        children: Children,
        folder: Path,
        font_dirs: Collection[Path] = (),
        scanner: Scanner | None = None,
    ) -> None:
        self._store = store
        self._children = children
        self._folder = folder
        self._scanner = scanner
        self._faults: dict[str, str] = {}
        """Why a job failed for good, until that is written."""
        self._font_dirs = [*font_dirs] or [*map(Path, FONT_DIRS)]
        self._fonts = [str(where / name) for where in self._font_dirs for name in MARK_FONTS]

    @property
    def kind(self) -> JobKind:
        """What the queue asks for."""
        return JobKind(self._run, self._failed)

    async def _run(self, job: Job) -> Settle:
        async with self._store.read() as connection:
            record = await rows.find(connection, job.body["case"])
        assert record is not None
        material = next(one for one in record.case.materials if one.id == job.body["material"])
        if material.state != "stored" or material.sha256 is None:
            return _nothing
        scan = material.scan
        if self._scanner is not None and scan != "clean":
            try:
                found = await self._scanner.scan(self._store.blobs.path(material.sha256))
            except ScannerAway as away:
                raise PutOff(SCANNER_AGAIN, str(away)) from None
            if found is not ScanResult.CLEAN:
                return await self._condemn(material, found)
            scan = "clean"
        elif material.viewed_state == "locked" and self._scanner is None:
            scan = "off"
        mark = rules.mark(
            material,
            f"{record.window_unit_name} {record.window_name}",
            _moment(material.graded_at or material.at),
        )
        made, sha256, size = await self._make(job, material, mark)

        async def settle(change: Change) -> None:
            turn, now = await _locked(change, job)
            # Graded anew meanwhile: the next job makes the copy that counts.
            if now is None or (now.grade, now.graded_at) != (material.grade, material.graded_at):
                return
            ready = replace(
                now,
                viewed_state="ready",
                viewed_type=made["media_type"],
                viewed_sha256=sha256,
                viewed_bytes=size,
                viewed_fault="",
                # Of Word, Excel and OFD only the copy tells how many there are.
                pages=now.pages or made["pages"],
                scan=scan,
            )
            await tell_changed(turn, "material.copy", ready)

        return settle

    async def _make(
        self, job: Job, material: Material, mark: list[str]
    ) -> tuple[dict[str, Any], str, int]:
        assert material.sha256 is not None
        # A folder of its own: whatever a child that is killed leaves goes with it.
        folder = self._folder / f"{job.id}-{secrets.token_hex(4)}"
        await asyncio.to_thread(folder.mkdir, 0o700)
        source, target = self._store.blobs.path(material.sha256), folder / "copy"
        limits = ChildLimits(
            memory_bytes=3072 * MIB,
            processor_s=120,
            file_bytes=GROWS * material.size_bytes + SPARE_BYTES,
            files=256,
        )
        try:
            made = await self._children.run(
                copying.__name__,
                given={
                    "source": str(source),
                    "target": str(target),
                    "media_type": material.media_type,
                    "mark": mark,
                    "fonts": self._fonts,
                },
                limits=limits,
                patience_s=PATIENCE_S,
                reads=[source, *self._font_dirs],
                writes=[folder],
            )
            sha256 = await self._store.blobs.put(await asyncio.to_thread(left, target))
        except JobFailed as failure:
            self._faults[job.id] = str(failure) if failure.final else "gave_up"
            raise
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        self._faults.pop(job.id, None)
        return made, sha256, await self._store.blobs.size(sha256)

    async def _condemn(self, material: Material, found: ScanResult) -> Settle:
        """What was found in it decides: quarantined and rejected, or locked as not scanned."""
        if found is ScanResult.INFECTED and material.sha256 is not None:
            await self._store.blobs.quarantine(material.sha256)
            log.warning("material.infected", material=material.id)

        async def rejected(change: Change) -> None:
            # The content is gone for every material that has it, whoever brought it.
            sha256 = material.sha256 or ""
            there = await material_rows.stored_with(change.connection, sha256)
            for subject in sorted({of_case(case_id) for _, case_id in there}):
                await change.lock(subject)
            for one, case_id in await material_rows.stored_with(change.connection, sha256):
                after = replace(
                    one,
                    state="rejected",
                    rejected_code=Code.FILE_INFECTED.value,
                    viewed_state="none",
                    sha256=None,
                    grade=None,
                )
                turn = await Turn.of(change, of_case(case_id))
                await tell_changed(turn, "material.quarantine", after)

        async def locked(change: Change) -> None:
            now = await material_rows.find_material(change.connection, material.id)
            assert now is not None
            turn = await Turn.of(change, of_case(now[1]))
            after = replace(now[0], scan="not_scanned", viewed_fault="too_large")
            await tell_changed(turn, "material.not_scanned", after)

        return rejected if found is ScanResult.INFECTED else locked

    async def _failed(self, change: Change, job: Job) -> None:
        turn, before = await _locked(change, job)
        fault = self._faults.pop(job.id, "gave_up")
        if before is not None and before.viewed_state == "making":
            failed = replace(before, viewed_state="failed", viewed_fault=fault)
            await tell_changed(turn, "material.copy_fail", failed)


async def _nothing(_: Change) -> None:
    """There is nothing to write."""


async def _locked(change: Change, job: Job) -> tuple[Turn, Material | None]:
    """The material of this job in its locked case; None when it is not stored."""
    turn = await Turn.of(change, job.subject)
    found = await material_rows.find_material(change.connection, job.body["material"])
    return turn, found[0] if found is not None and found[0].state == "stored" else None


def _moment(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
