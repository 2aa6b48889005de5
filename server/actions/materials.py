"""Files on their way into a case: begun, received, probed, sealed; and read again.

Bytes are appended to a file of this node under a lock whose holder can be asked
to let go. After the last byte the file is sealed, probed in a child process and
put into the blob store; one transaction makes it stored or rejected. Follows
tus 1.0.0 in meaning (offsets, checksums, expiry); knows no HTTP.
"""

import asyncio
import base64
import binascii
import errno
import hashlib
import hmac
import os
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from server.actions.cases import admitted, header, new_id, subject_of
from server.actions.views import material_view
from server.domain.form import APPLICANT
from server.domain.material import AFTER_CLOSING, Material, Purpose, next_number, sent
from server.domain.person import Actor, System
from server.store import SYSTEM, Change, Store
from server.store import cases as rows
from server.store import uploads as upload_rows
from server.store.people import person_refs
from server.store.uploads import Upload
from server.wire.case import MaterialChanged, MaterialProgress
from server.work import probe
from server.work.child import Children, JobFailed
from signaling.refusals import Code, Refusal

log = structlog.get_logger("materials")

LIVES: Final = timedelta(hours=24)
"""An unfinished upload is given up this long after it began."""
PROGRESS_EVERY_S: Final = 0.1
LETTING_GO_S: Final = 0.8
"""How long a writer that was asked to let go is waited for."""
SWEEP_EVERY_S: Final = 30.0
SPARE_BYTES: Final = 64 * 1024 * 1024
"""Room that an upload may not take from the disk."""
NAME_MAX: Final = 255
ALGORITHMS: Final = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
NOTHING_LEFT: Final = (errno.ENOSPC, errno.EDQUOT)

Progress = Callable[[MaterialProgress], Awaitable[None]]


class Cut(Exception):
    """The connection that brought the bytes is gone."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a chunk must hash to, as its sender says."""

    algorithm: str
    digest: bytes

    @classmethod
    def parse(cls, said: str) -> "Checksum":
        """From ``<algorithm> <Base64>``. Refused: upload_checksum_algorithm, malformed."""
        algorithm, _, encoded = said.strip().partition(" ")
        if algorithm not in ALGORITHMS:
            raise Refusal(Code.UPLOAD_CHECKSUM_ALGORITHM, known=",".join(ALGORITHMS))
        try:
            return cls(algorithm, base64.b64decode(encoded.strip(), validate=True))
        except binascii.Error:
            raise Refusal(Code.MALFORMED, fields="Upload-Checksum") from None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload has come, in bytes."""

    upload_id: str
    material_id: str
    offset: int
    length: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """A stored material that may be read."""

    material: Material
    case_id: str
    sha256: str
    media_type: str


class _Hold:
    """The lock of one upload. Its holder looks at ``asked`` between two chunks."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.asked = asyncio.Event()
        self.users = 0


class Uploads:
    """The uploads of one node, with their files below ``folder``.

    ``grew`` is told of each upload whose file has changed or gone, by its id.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        max_bytes: int,
        children: Children,
        progress: Progress,
        received: Callable[[int], None] = lambda size: None,
        ended: Callable[[str], None] = lambda result: None,
        grew: Callable[[str], None] = lambda upload_id: None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes
        self._children = children
        self._progress = progress
        self._received = received
        self._ended = ended
        self._grew = grew
        self._holds: dict[str, _Hold] = {}
        self._letting_go = False

    # ------------------------------------------------------------ the life of an upload

    async def begin(
        self,
        actor: Actor,
        case_id: str,
        line: str,
        name: str,
        length: int,
        *,
        purpose: Purpose = "material",
        answers: str | None = None,
    ) -> Standing:
        """Name a file that is to come: a new version of that line, ``receiving`` from now on.

        The window brings materials, the approver sends what has another ``purpose``; ``answers`` is
        the approver's file that this one returns. Refused: not_found, file_empty, file_too_large,
        disk_full, and as in ``server.domain.material.sent``.
        """
        if length <= 0:
            raise Refusal(Code.FILE_EMPTY)
        if length > self._max_bytes:
            raise Refusal(Code.FILE_TOO_LARGE, max_bytes=self._max_bytes)
        free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        if free < length + SPARE_BYTES:
            raise Refusal(Code.DISK_FULL)
        upload_id = new_id()
        await asyncio.to_thread(self._path(upload_id).touch, 0o600)
        try:
            async with self._store.change(actor) as change:
                material = await self._add(
                    change, actor, case_id, line, name, length, purpose, answers
                )
                upload = Upload(
                    id=upload_id,
                    material_id=material.id,
                    case_id=case_id,
                    person_id=actor.person_id,
                    length_bytes=length,
                    expires_at=change.at + LIVES,
                    finished_at=None,
                )
                await upload_rows.add(change.connection, upload)
        except BaseException:
            await self._forget(upload_id)
            raise
        return _standing(upload, 0)

    async def _add(
        self,
        change: Change,
        actor: Actor,
        case_id: str,
        line: str,
        name: str,
        length: int,
        purpose: Purpose,
        answers: str | None,
    ) -> Material:
        version = await change.lock(subject_of(case_id)) + 1
        record, hand = await admitted(change.connection, actor, case_id)
        case = record.case
        side = sent(case.item, case.materials, line, purpose, answers, hand, closed=case.closed)
        material = Material(
            id=new_id(),
            line=line,
            number=next_number(case.materials, line),
            name=clean_name(name),
            state="receiving",
            size_bytes=length,
            by=actor.person_id,
            at=change.at,
            side=side,
            purpose=purpose,
            answers=answers,
            version=version,
        )
        await rows.save_material(change.connection, case_id, material, new=True)
        await _record(change, case_id, material, "material.begin")
        return material

    async def standing(self, actor: Actor, upload_id: str) -> Standing:
        """How far it has come. A writer that hangs is asked to let go first.

        Refused: not_found (somebody else's, too), upload_expired, upload_locked.
        """
        async with self._mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is not None:
                return _standing(upload, upload.length_bytes)
            return _standing(upload, await self._size(upload_id))

    async def append(
        self,
        actor: Actor,
        upload_id: str,
        offset: int,
        chunks: AsyncIterator[bytes],
        *,
        size: int | None = None,
        checksum: Checksum | None = None,
    ) -> Standing:
        """Append bytes at ``offset``; what arrived stays when the connection is cut.

        With a checksum all or nothing is kept. ``size`` is what the sender says he will send.
        With the last byte the material is stored before this returns. Refused: not_found,
        upload_expired, upload_locked (another connection writes), upload_offset, too_large
        (more than was announced), upload_checksum, disk_full, and for the whole file
        file_type, file_broken, case_closed; then the material stands as rejected.
        """
        async with self._mine_alone(actor, upload_id, ask=False) as (upload, hold):
            if self._letting_go:
                raise Refusal(Code.UPLOAD_LOCKED)
            if upload.finished_at is not None:
                raise Refusal(Code.UPLOAD_OFFSET, offset=upload.length_bytes)
            at = await self._size(upload_id)
            if offset != at:
                raise Refusal(Code.UPLOAD_OFFSET, offset=at)
            room = upload.length_bytes - at
            if size is not None and size > room:
                raise Refusal(Code.TOO_LARGE, room_bytes=room)
            try:
                if not room:
                    pass  # complete since before: only its end is still to come
                elif checksum is None:
                    await self._take(upload, at, chunks, hold)
                else:
                    await self._take_checked(upload, at, chunks, hold, checksum)
            except Cut:
                with suppress(Refusal):
                    await self._look_at_head(upload, actor)
                raise
            if at < probe.HEAD_BYTES:
                await self._look_at_head(upload, actor)
            at = await self._size(upload_id)
            if at == upload.length_bytes:
                await self._seal(upload, actor)
        return _standing(upload, at)

    def let_go(self) -> None:
        """The node ends: whoever writes is asked to let go, with what arrived kept. Its sender
        goes on from there when a node is back."""
        self._letting_go = True
        for hold in self._holds.values():
            hold.asked.set()

    async def cancel(self, actor: Actor, upload_id: str) -> None:
        """Give an upload up; its material stands as cancelled. Refused as in ``standing``."""
        async with self._mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is not None:
                raise Refusal(Code.UPLOAD_EXPIRED)
            await self._give_up(upload, actor, "material.cancel")

    # ------------------------------------------------------------ what goes on by itself

    async def recover(self) -> None:
        """After a start: seal what was complete, remove files of uploads that are no more."""
        async with self._store.read() as connection:
            waiting = {one.id: one for one in await upload_rows.unfinished(connection)}
        for name in await asyncio.to_thread(self._names):
            if name not in waiting:
                await self._forget(name)
        for upload in waiting.values():
            with suppress(Refusal, FileNotFoundError):
                async with self._held(upload.id, ask=False):
                    if await self._size(upload.id) == upload.length_bytes:
                        await self._seal(upload, SYSTEM)

    async def sweep(self) -> int:
        """Give up what has expired; returns how many."""
        async with self._store.read() as connection:
            expired = await upload_rows.unfinished(connection, self._store.clock.now())
        given_up = 0
        for upload in expired:
            with suppress(Refusal):
                async with self._held(upload.id, ask=True):
                    given_up += await self._give_up(upload, SYSTEM, "material.expire")
        return given_up

    async def sweep_on(self) -> NoReturn:
        """Recover, then sweep for ever. A sweep that is refused is tried again."""
        while True:
            try:
                await self.recover()
                break
            except Refusal as refusal:
                log.warning("recovery_refused", code=refusal.code.value)
                await asyncio.sleep(SWEEP_EVERY_S)
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except Refusal as refusal:
                log.warning("sweep_refused", code=refusal.code.value)

    async def prepare(self) -> None:
        """Make the folder."""
        await asyncio.to_thread(self._folder.mkdir, 0o700, True, True)

    # ------------------------------------------------------------ bytes

    async def _take(
        self, upload: Upload, at: int, chunks: AsyncIterator[bytes], hold: _Hold
    ) -> None:
        began = at
        told = 0.0
        file = await asyncio.to_thread(self._path(upload.id).open, "ab", 0)
        try:
            async for chunk in _until_asked(chunks, hold.asked):
                if began < probe.HEAD_BYTES <= at and await self._head_is_wrong(upload):
                    return  # what it is can be told already: the rest need not be sent
                if at + len(chunk) > upload.length_bytes:
                    await asyncio.to_thread(file.truncate, began)
                    self._grew(upload.id)
                    raise Refusal(Code.TOO_LARGE, room_bytes=upload.length_bytes - began)
                await _write(file.write, chunk)
                self._grew(upload.id)
                at += len(chunk)
                self._received(len(chunk))
                now = time.monotonic()
                if now - told >= PROGRESS_EVERY_S or at == upload.length_bytes:
                    told = now
                    await self._tell(upload, at)
        finally:
            await asyncio.to_thread(file.close)

    async def _take_checked(
        self,
        upload: Upload,
        at: int,
        chunks: AsyncIterator[bytes],
        hold: _Hold,
        checksum: Checksum,
    ) -> None:
        """Unproven bytes wait beside the file: it never holds one that was not checked."""
        digest = ALGORITHMS[checksum.algorithm](usedforsecurity=False)
        beside = self._path(upload.id).with_suffix(".next")
        size = 0
        file = await asyncio.to_thread(beside.open, "wb", 0)
        try:
            try:
                async for chunk in _until_asked(chunks, hold.asked):
                    size += len(chunk)
                    if at + size > upload.length_bytes:
                        raise Refusal(Code.TOO_LARGE, room_bytes=upload.length_bytes - at)
                    digest.update(chunk)
                    await _write(file.write, chunk)
                    self._received(len(chunk))
            finally:
                await asyncio.to_thread(file.close)
            if not hmac.compare_digest(digest.digest(), checksum.digest):
                raise Refusal(Code.UPLOAD_CHECKSUM, offset=at)
            await _write(_append, beside, self._path(upload.id))
            self._grew(upload.id)
        finally:
            await asyncio.to_thread(beside.unlink, missing_ok=True)
        await self._tell(upload, at + size)

    async def _tell(self, upload: Upload, at: int) -> None:
        await self._progress(
            MaterialProgress(
                case_id=upload.case_id,
                material_id=upload.material_id,
                received_bytes=at,
                size_bytes=upload.length_bytes,
            )
        )

    # ------------------------------------------------------------ the end of an upload

    async def _head_is_wrong(self, upload: Upload) -> bool:
        head = await asyncio.to_thread(_head, self._path(upload.id))
        return len(head) == probe.HEAD_BYTES and probe.media_type_of(head) is None

    async def _look_at_head(self, upload: Upload, actor: Actor) -> None:
        """Reject at once what cannot be of a taken type, long before its last byte."""
        if await self._head_is_wrong(upload):
            await self._end(upload, actor, {"code": Code.FILE_TYPE.value}, None)

    async def _seal(self, upload: Upload, actor: Actor | System) -> None:
        """Judge the whole file; afterwards its material is stored, or rejected and this refused."""
        path = self._path(upload.id)
        await asyncio.to_thread(path.chmod, 0o400)
        try:
            found = await self._children.run(probe.__name__, str(path))
        except JobFailed:
            found = {"code": Code.FILE_BROKEN.value}
        sha256 = None if "code" in found else await self._store.blobs.put(path)
        await self._end(upload, actor, found, sha256)

    async def _end(
        self,
        upload: Upload,
        actor: Actor | System,
        found: Mapping[str, Any],
        sha256: str | None,
    ) -> None:
        async with self._store.change(actor) as change:
            code = await self._settle(change, upload, found, sha256)
        await self._forget(upload.id)
        if code is not None:
            self._ended(code.value)
            raise Refusal(code, material=upload.material_id)
        self._ended("stored")

    async def _settle(
        self, change: Change, upload: Upload, found: Mapping[str, Any], sha256: str | None
    ) -> Code | None:
        await change.lock(subject_of(upload.case_id))
        if not await upload_rows.finish(change.connection, upload.id, change.at):
            return Code.UPLOAD_EXPIRED
        record = await rows.find(change.connection, upload.case_id)
        assert record is not None
        materials = record.case.materials
        before = next(one for one in materials if one.id == upload.material_id)
        code = Code(found["code"]) if "code" in found else None
        if code is None and record.case.closed and before.purpose not in AFTER_CLOSING:
            code = Code.CASE_CLOSED
        if code is not None:
            after = replace(before, state="rejected", rejected_code=code.value)
            act = "material.reject"
        else:
            same = next((one.id for one in materials if one.sha256 == sha256), None)
            after = replace(
                before,
                state="stored",
                media_type=found["media_type"],
                pages=found["pages"],
                sha256=sha256,
                duplicate_of=same,
            )
            act = "material.store"
            if after.purpose == "material":
                await rows.outdate_signatures(change.connection, upload.case_id)
        await rows.save_material(change.connection, upload.case_id, after, new=False)
        await _record(change, upload.case_id, after, act)
        return code

    async def _give_up(self, upload: Upload, actor: Actor | System, act: str) -> bool:
        async with self._store.change(actor) as change:
            await change.lock(subject_of(upload.case_id))
            if not await upload_rows.finish(change.connection, upload.id, change.at):
                return False
            found = await upload_rows.find_material(change.connection, upload.material_id)
            assert found is not None
            cancelled = replace(found[0], state="cancelled")
            await rows.save_material(change.connection, upload.case_id, cancelled, new=False)
            await _record(change, upload.case_id, cancelled, act)
        self._ended("cancelled")
        await self._forget(upload.id)
        return True

    # ------------------------------------------------------------ one upload at a time

    @asynccontextmanager
    async def _held(self, upload_id: str, *, ask: bool) -> AsyncIterator[_Hold]:
        """The lock of an upload; with ``ask`` its present holder is asked to let go."""
        hold = self._holds.setdefault(upload_id, _Hold())
        hold.users += 1
        if ask:
            hold.asked.set()
        try:
            try:
                async with asyncio.timeout(LETTING_GO_S):
                    await hold.lock.acquire()
            except TimeoutError:
                raise Refusal(Code.UPLOAD_LOCKED) from None
            hold.asked.clear()
            try:
                yield hold
            finally:
                hold.lock.release()
        finally:
            hold.users -= 1
            if not hold.users:
                del self._holds[upload_id]

    @asynccontextmanager
    async def _mine_alone(
        self, actor: Actor, upload_id: str, *, ask: bool
    ) -> AsyncIterator[tuple[Upload, _Hold]]:
        """An upload of this person, as it stands once its lock is held."""
        await self._mine(actor, upload_id)  # nobody else's can be locked
        async with self._held(upload_id, ask=ask) as hold:
            yield await self._mine(actor, upload_id), hold

    async def _mine(self, actor: Actor, upload_id: str) -> Upload:
        """An upload of this person that was not given up; one that is stored or rejected is finished."""
        async with self._store.read() as connection:
            upload = await upload_rows.find(connection, upload_id)
            if upload is None or upload.person_id != actor.person_id:
                raise Refusal(Code.NOT_FOUND)
            found = await upload_rows.find_material(connection, upload.material_id)
        if found is None or found[0].state == "cancelled":
            raise Refusal(Code.UPLOAD_EXPIRED)
        if upload.finished_at is None and upload.expires_at <= self._store.clock.now():
            raise Refusal(Code.UPLOAD_EXPIRED)
        return upload

    # ------------------------------------------------------------ files

    def _path(self, upload_id: str) -> Path:
        return self._folder / upload_id

    def _names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir()]

    async def _size(self, upload_id: str) -> int:
        try:
            return (await asyncio.to_thread(self._path(upload_id).stat)).st_size
        except FileNotFoundError:
            raise Refusal(Code.UPLOAD_EXPIRED) from None

    async def _forget(self, upload_id: str) -> None:
        await asyncio.to_thread(self._path(upload_id).unlink, missing_ok=True)
        self._grew(upload_id)


async def find_content(store: Store, actor: Actor, material_id: str) -> Content:
    """A stored material of a case that this person may see. Refused: not_found, material_not_stored."""
    async with store.read() as connection:
        found = await upload_rows.find_material(connection, material_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        material, case_id = found
        await header(connection, actor, case_id)
    if material.sha256 is None or material.media_type is None:
        raise Refusal(Code.MATERIAL_NOT_STORED)
    return Content(material, case_id, material.sha256, material.media_type)


def clean_name(name: str) -> str:
    """A file name to be shown: its last part, NFC, without control characters, up to 255 long."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    if len(shown) > NAME_MAX:
        stem, dot, ending = shown.rpartition(".")
        ending = (dot + ending)[:20] if stem else ""
        shown = shown[: NAME_MAX - len(ending)] + ending
    return shown or "file"


async def _record(change: Change, case_id: str, material: Material, act: str) -> None:
    people = await person_refs(
        change.connection, {one for one in (material.by, material.reviewed_by) if one}
    )
    await change.record(
        subject_of(case_id),
        act,
        f"material:{material.id}",
        lambda version: MaterialChanged(
            subject=subject_of(case_id),
            version=version,
            at=change.at,
            material=material_view(material, people),
        ),
        payload={
            "line": material.line,
            "number": material.number,
            "name": material.name,
            "state": material.state,
            "size_bytes": material.size_bytes,
            "media_type": material.media_type,
            "sha256": material.sha256,
            "pages": material.pages,
            "rejected_code": material.rejected_code,
            "side": material.side,
            "purpose": material.purpose,
            "answers": material.answers,
        },
        on_behalf_of=APPLICANT
        if isinstance(change.actor, Actor) and material.side == "window"
        else None,
    )


def _standing(upload: Upload, offset: int) -> Standing:
    return Standing(upload.id, upload.material_id, offset, upload.length_bytes, upload.expires_at)


async def _until_asked(chunks: AsyncIterator[bytes], asked: asyncio.Event) -> AsyncIterator[bytes]:
    """The chunks, until somebody asks for the lock: then refused with upload_locked."""
    asking = asyncio.create_task(asked.wait())
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = asyncio.ensure_future(anext(chunks))
            await asyncio.wait({asking, coming}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise Refusal(Code.UPLOAD_LOCKED)
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
    finally:
        for task in (asking, coming):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


async def _write(writing: Callable[..., object], *what: object) -> None:
    try:
        await asyncio.to_thread(writing, *what)
    except OSError as error:
        if error.errno in NOTHING_LEFT:
            raise Refusal(Code.DISK_FULL) from error
        raise


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(probe.HEAD_BYTES)


def _append(source: Path, target: Path) -> None:
    """Add one file to the end of another, or nothing at all."""
    before = target.stat().st_size
    try:
        with source.open("rb") as coming, target.open("ab") as file:
            shutil.copyfileobj(coming, file, 1024 * 1024)
    except OSError:
        os.truncate(target, before)
        raise
