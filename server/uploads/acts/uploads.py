"""Files on their way into a case: begun, received, joined, and handed to be judged and sealed.

Bytes are appended to a file of the node that holds the upload (``server.uploads.acts.receiving``).
After the last byte the file becomes a material of the record, or not (``server.case.acts.materials.files``).
Follows tus 1.0.0 in meaning (offsets, lengths told late, parts, checksums, expiry); knows no HTTP.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from server.case.acts.materials import files as materials
from server.case.admission import header
from server.case.rules.material import Purpose
from server.case.wire.materials import MaterialProgress
from server.neighbours.nodes import GONE, Cut, Elsewhere
from server.rights.ids import new_id
from server.rights.person import Actor, Role, System
from server.rights.subjects import of_case
from server.store import SYSTEM, Change, Store
from server.store.files import closed, head_of, opened
from server.uploads import rows as upload_rows
from server.uploads.acts.quotas import UNLIMITED, Quota, Room
from server.uploads.acts.receiving import (
    Checksum,
    Hold,
    Holds,
    append,
    coming,
    join,
    write,
    written,
)
from server.uploads.rows import PART, Ended, Upload
from server.work import probe
from server.work.child import Children
from signaling.refusals import Code, Refusal

log = structlog.get_logger("materials")

LIVES: Final = timedelta(hours=72)
"""An unfinished upload is given up this long after it last took bytes: Friday's goes on on Monday."""
EXTENDED_FROM: Final = timedelta(hours=1)
"""An expiry is moved on only when it moves by as much, or each piece would write to the database."""
PROGRESS_EVERY_S: Final = 0.1
SWEEP_EVERY_S: Final = 30.0
ORPHANED_S: Final = 60.0
"""A file that no upload names is removed when nothing was written to it for as long."""
SPARE_BYTES: Final = 64 * 1024 * 1024
"""Room that an upload may not take from the disk."""
PARTS_MAX: Final = 64
"""Of one file."""
SILENCE_S: Final = 60.0
"""A sender who brings nothing for so long is cut off; what arrived stays."""

Progress = Callable[[MaterialProgress], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an upload has come, in bytes; ``length`` None: not told yet. ``material_id`` is None
    for a part. ``ended_in`` is the case in which one that was sent in a row was stored or rejected."""

    upload_id: str
    material_id: str | None
    offset: int
    length: int | None
    expires_at: datetime
    told: str = ""
    concat: str = ""
    ended_in: str | None = None


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
        node_id: str = "",
        quota: Quota = UNLIMITED,
        silence_s: float = SILENCE_S,
        scanned: bool = False,
        received: Callable[[int], None] = lambda size: None,
        ended: Callable[[str], None] = lambda result: None,
        grew: Callable[[str], None] = lambda upload_id: None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes
        self._children = children
        self._progress = progress
        self._node_id = node_id
        self._quota = quota
        self._silence_s = silence_s
        self._scanned = scanned
        self._received = received
        self._ended = ended
        self._grew = grew
        self._holds = Holds()
        self._owners: dict[str, str] = {}
        self._letting_go = False

    # ------------------------------------------------------------ the life of an upload

    async def begin(
        self,
        actor: Actor,
        case_id: str,
        line: str,
        name: str,
        length: int | None,
        *,
        purpose: Purpose = "material",
        answers: str | None = None,
        slot: int | None = None,
        told: str = "",
    ) -> Standing:
        """Name a file that is to come: a new version of that line, ``receiving`` from now on.

        ``length`` None will be told with a piece. An empty file is taken and stands as rejected.
        The window brings materials, the approver sends what has another ``purpose``; ``answers`` is
        the approver's file that this one returns, ``slot`` as in ``server.case.rules.material.placed``.
        Refused: not_found, file_too_large, disk_full, disk_read_only, quota_exceeded, and as in
        ``server.case.rules.material.sent``.
        """
        await self._has_room(length)
        async with self._new_file() as upload_id, self._store.change(actor) as change:
            await self._quota.admit(change, actor, length, self._max_bytes)
            upload = await self._add(
                change, actor, upload_id, case_id, line, name, length, purpose, answers, slot
            )
            upload = replace(upload, told=told)
            await upload_rows.add(change.connection, upload)
        self._owners[upload_id] = actor.person_id
        if length == 0:
            with suppress(Refusal):
                await self._end(upload, actor, {"code": Code.FILE_EMPTY.value}, None)
        return _standing(upload, 0)

    async def begin_part(self, actor: Actor, length: int | None, *, told: str = "") -> Standing:
        """Announce a part of a file that ``join`` will make. Refused: not_yours (whose role
        brings no files), file_too_large, disk_full, quota_exceeded."""
        if not actor.roles & {Role.CLERK, Role.APPROVER}:
            raise Refusal(Code.NOT_YOURS)
        await self._has_room(length)
        async with self._new_file() as upload_id, self._store.change(actor) as change:
            await self._quota.admit(change, actor, length, self._max_bytes)
            upload = self._row(change, actor, upload_id, length, told=told, concat=PART)
            await upload_rows.add(change.connection, upload)
        self._owners[upload_id] = actor.person_id
        return _standing(upload, 0)

    async def join(
        self,
        actor: Actor,
        case_id: str,
        line: str,
        name: str,
        parts: Sequence[str],
        *,
        purpose: Purpose = "material",
        answers: str | None = None,
        slot: int | None = None,
        told: str = "",
        concat: str = "",
    ) -> Standing:
        """Make one file of whole parts, by their upload ids in order, and judge it as after a last byte.

        The parts are used up. Said twice by the same words, it is done once. Refused as in ``begin``
        and ``append``, and: not_found (a part of somebody else's), upload_unfinished, malformed.
        """
        if not 0 < len(parts) <= PARTS_MAX:
            raise Refusal(Code.MALFORMED, fields="Upload-Concat")
        async with self._store.read() as connection:
            made = await upload_rows.find_joined(connection, actor.person_id, concat, told)
        if made is not None:
            return await self.standing(actor, made.id)
        for part in parts:
            await self._mine(actor, part)  # nobody else's can be locked
        async with self._holds.all_held(parts):
            for part in parts:
                await self._whole_part(actor, part)
            sizes = [await self._size(part) for part in parts]
            length = sum(sizes)
            await self._has_room(length)
            async with self._new_file() as upload_id:
                paths = [self.path_of(part) for part in parts]
                await write(join, paths, self.path_of(upload_id))
                async with self._store.change(actor) as change:
                    upload = await self._add(
                        change,
                        actor,
                        upload_id,
                        case_id,
                        line,
                        name,
                        length,
                        purpose,
                        answers,
                        slot,
                    )
                    upload = replace(upload, told=told, concat=concat)
                    await upload_rows.add(change.connection, upload)
                    for part in set(parts):
                        await upload_rows.finish(change.connection, part, change.at, "joined")
            for part in set(parts):
                await self._forget(part)
        async with self._holds.held(upload_id, ask=False):
            await self._tell(upload, length)
            if length:
                await self._seal(upload, actor)
            else:
                await self._end(upload, actor, {"code": Code.FILE_EMPTY.value}, None)
        return _standing(upload, length)

    async def _whole_part(self, actor: Actor, part_id: str) -> None:
        part = await self._mine(actor, part_id)
        if not part.part:
            raise Refusal(Code.MALFORMED, fields="Upload-Concat")
        if part.finished_at is not None or part.length_bytes != await self._size(part_id):
            raise Refusal(Code.UPLOAD_UNFINISHED, upload=part_id)

    async def _add(
        self,
        change: Change,
        actor: Actor,
        upload_id: str,
        case_id: str,
        line: str,
        name: str,
        length: int | None,
        purpose: Purpose,
        answers: str | None,
        slot: int | None,
    ) -> Upload:
        material = await materials.begin(
            change,
            actor,
            case_id,
            line,
            name,
            length or 0,
            purpose=purpose,
            answers=answers,
            slot=slot,
        )
        return self._row(change, actor, upload_id, length, material=material.id, case_id=case_id)

    def _row(
        self,
        change: Change,
        actor: Actor,
        upload_id: str,
        length: int | None,
        *,
        material: str | None = None,
        case_id: str | None = None,
        told: str = "",
        concat: str = "",
    ) -> Upload:
        return Upload(
            id=upload_id,
            material_id=material,
            case_id=case_id,
            person_id=actor.person_id,
            unit_id=actor.unit_id,
            node_id=self._node_id,
            length_bytes=length,
            began_at=change.at,
            expires_at=change.at + LIVES,
            told=told,
            concat=concat,
        )

    @asynccontextmanager
    async def _new_file(self) -> AsyncIterator[str]:
        """The id of a new upload with an empty file, which goes when the block fails."""
        upload_id = new_id()
        await write(self.path_of(upload_id).touch, 0o600)
        try:
            yield upload_id
        except BaseException:
            await self._forget(upload_id)
            raise

    async def _has_room(self, length: int | None) -> None:
        if length is not None and length > self._max_bytes:
            raise Refusal(Code.FILE_TOO_LARGE, max_bytes=self._max_bytes)
        free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        if free < (length or 0) + SPARE_BYTES:
            raise Refusal(Code.DISK_FULL)

    async def room(self, actor: Actor) -> Room:
        """What this person may still bring now."""
        async with self._store.read() as connection:
            return await self._quota.room(
                connection, actor, self._store.clock.now(), self._max_bytes
            )

    # ------------------------------------------------------------ bytes that come

    async def standing(self, actor: Actor, upload_id: str) -> Standing:
        """How far it has come. A writer that hangs is asked to let go first.

        Refused: not_found (somebody else's, too, and of a case that is his no more),
        upload_expired, upload_locked. Raises Elsewhere.
        """
        async with self._mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is not None:
                return _standing(upload, upload.length_bytes or 0)
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
        length: int | None = None,
    ) -> Standing:
        """Append bytes at ``offset``; what arrived stays when the connection is cut.

        With a checksum all or nothing is kept. ``size`` is what the sender says he will send,
        ``length`` the whole one's that he tells only now. With the last byte the material is
        stored before this returns. Raises Cut and Elsewhere. Refused: not_found, upload_expired,
        upload_locked (another connection writes), upload_final (made of parts), upload_offset,
        too_large (more than was announced), upload_checksum, upload_length (told otherwise
        before), disk_full, and for the whole file what ``server.work.probe`` tells, case_closed; then the
        material stands as rejected.
        """
        async with self._mine_alone(actor, upload_id, ask=False) as (upload, hold):
            if self._letting_go:
                raise Refusal(Code.UPLOAD_LOCKED)
            if upload.concat and not upload.part:
                raise Refusal(Code.UPLOAD_FINAL)
            if upload.finished_at is not None:
                raise Refusal(Code.UPLOAD_OFFSET, offset=upload.length_bytes or 0)
            at = await self._size(upload_id)
            if offset != at:
                raise Refusal(Code.UPLOAD_OFFSET, offset=at)
            if length is not None:
                upload = await self._with_length(upload, actor, length, at)
            room = self._most(upload) - at
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
            if at == upload.length_bytes and not upload.part:
                await self._seal(upload, actor)
            else:
                upload = await self._live_on(upload, actor)
        return _standing(upload, at)

    def _most(self, upload: Upload) -> int:
        return self._max_bytes if upload.length_bytes is None else upload.length_bytes

    async def _with_length(self, upload: Upload, actor: Actor, length: int, at: int) -> Upload:
        if length > self._max_bytes:
            raise Refusal(Code.FILE_TOO_LARGE, max_bytes=self._max_bytes)
        if upload.length_bytes not in (None, length) or length < at:
            raise Refusal(Code.UPLOAD_LENGTH)
        if upload.length_bytes is None:
            async with self._store.change(actor) as change:
                await upload_rows.set_length(change.connection, upload.id, length)
        return replace(upload, length_bytes=length)

    async def _live_on(self, upload: Upload, actor: Actor) -> Upload:
        until = self._store.clock.now() + LIVES
        if until - upload.expires_at < EXTENDED_FROM:
            return upload
        async with self._store.change(actor) as change:
            await upload_rows.set_expiry(change.connection, upload.id, until)
        return replace(upload, expires_at=until)

    def let_go(self) -> None:
        """The node ends: whoever writes is asked to let go, with what arrived kept. Its sender
        goes on from there when a node is back."""
        self._letting_go = True
        self._holds.ask_all()

    async def cancel(self, actor: Actor, upload_id: str) -> None:
        """Give an upload up; its material stands as cancelled. Of one that was judged only the
        upload is forgotten, the record keeps the material. Refused as in ``standing``."""
        async with self._mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is None:
                await self._give_up(upload, actor, "material.cancel")
                return
            async with self._store.change(actor) as change:
                await upload_rows.free(change.connection, upload_id)

    async def abandon(self, actor: Actor | System, upload_id: str) -> None:
        """Give up what its sender was never told of, or may send no more; nothing when it was judged already."""
        with suppress(Refusal):
            if isinstance(actor, System):
                async with self._holds.held(upload_id, ask=True):
                    async with self._store.read() as connection:
                        found = await upload_rows.find(connection, upload_id)
                    if found is not None and found.finished_at is None:
                        await self._give_up(found, actor, "material.cancel")
                return
            async with self._mine_alone(actor, upload_id, ask=True) as (upload, _):
                await self._give_up(upload, actor, "material.cancel")

    # ------------------------------------------------------------ what goes on by itself

    async def recover(self) -> None:
        """After a start: take over what lies here, seal what was complete, remove files of uploads
        that are no more."""
        async with self._store.read() as connection:
            waiting = {one.id: one for one in await upload_rows.unfinished(connection)}
        for name in await asyncio.to_thread(self._names):
            if name not in waiting:
                await self._forget(name)
                continue
            upload = waiting[name]
            with suppress(Refusal, FileNotFoundError):
                async with self._holds.held(upload.id, ask=False):
                    if upload.node_id != self._node_id:
                        async with self._store.change(SYSTEM) as change:
                            await upload_rows.set_node(change.connection, upload.id, self._node_id)
                    if not upload.part and await self._size(upload.id) == upload.length_bytes:
                        await self._seal(upload, SYSTEM)

    async def sweep(self) -> int:
        """Give up what has expired, and what a node held that is gone; returns how many."""
        now = self._store.clock.now()
        async with self._store.read() as connection:
            expired = await upload_rows.unfinished(connection, now)
            stranded = await upload_rows.stranded(connection, now - GONE, self._node_id)
            waiting = {one.id for one in await upload_rows.unfinished(connection)}
        given_up = 0
        for upload in {one.id: one for one in (*expired, *stranded)}.values():
            with suppress(Refusal):
                async with self._holds.held(upload.id, ask=True):
                    given_up += await self._give_up(upload, SYSTEM, "material.expire")
        for name in await asyncio.to_thread(self._orphans, waiting):
            await self._forget(name)
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
        self, upload: Upload, at: int, chunks: AsyncIterator[bytes], hold: Hold
    ) -> None:
        began = at
        told = 0.0
        most = self._most(upload)
        path = self.path_of(upload.id)
        with written():
            file = await opened(lambda: path.open("ab", 0))
        try:
            async for chunk in coming(chunks, hold, self._silence_s):
                if began < probe.HEAD_BYTES <= at and await self._head_is_wrong(upload):
                    return  # what it is can be told already: the rest need not be sent
                if at + len(chunk) > most:
                    await asyncio.to_thread(file.truncate, began)
                    self._grew(upload.id)
                    raise Refusal(Code.TOO_LARGE, room_bytes=most - began)
                await write(file.write, chunk)
                self._grew(upload.id)
                at += len(chunk)
                self._received(len(chunk))
                now = time.monotonic()
                if now - told >= PROGRESS_EVERY_S or at == upload.length_bytes:
                    told = now
                    await self._tell(upload, at)
        finally:
            await closed(file)

    async def _take_checked(
        self,
        upload: Upload,
        at: int,
        chunks: AsyncIterator[bytes],
        hold: Hold,
        checksum: Checksum,
    ) -> None:
        """Unproven bytes wait beside the file: it never holds one that was not checked."""
        digest = checksum.begin()
        beside = self.path_of(upload.id).with_suffix(".next")
        most = self._most(upload)
        size = 0
        with written():
            file = await opened(lambda: beside.open("wb", 0))
        try:
            try:
                async for chunk in coming(chunks, hold, self._silence_s):
                    size += len(chunk)
                    if at + size > most:
                        raise Refusal(Code.TOO_LARGE, room_bytes=most - at)
                    digest.update(chunk)
                    await write(file.write, chunk)
                    self._received(len(chunk))
            finally:
                await closed(file)
            if not checksum.holds(digest):
                raise Refusal(Code.UPLOAD_CHECKSUM, offset=at)
            await write(append, beside, self.path_of(upload.id))
            self._grew(upload.id)
        finally:
            await asyncio.to_thread(beside.unlink, missing_ok=True)
        await self._tell(upload, at + size)

    async def _tell(self, upload: Upload, at: int) -> None:
        if upload.case_id is None or upload.material_id is None:
            return
        await self._progress(
            MaterialProgress(
                case_id=upload.case_id,
                material_id=upload.material_id,
                received_bytes=at,
                size_bytes=upload.length_bytes or 0,
            )
        )

    # ------------------------------------------------------------ the end of an upload

    async def _head_is_wrong(self, upload: Upload) -> bool:
        if upload.part:
            return False
        head = await asyncio.to_thread(head_of, self.path_of(upload.id), probe.HEAD_BYTES)
        return len(head) == probe.HEAD_BYTES and probe.media_type_of(head) is None

    async def _look_at_head(self, upload: Upload, actor: Actor) -> None:
        """Reject at once what cannot be of a taken type, long before its last byte."""
        if await self._head_is_wrong(upload):
            await self._end(upload, actor, {"code": Code.FILE_TYPE.value}, None)

    async def _seal(self, upload: Upload, actor: Actor | System) -> None:
        """Judge the whole file; afterwards its material is stored, or rejected and this refused."""
        found, sha256 = await materials.judge(self._store, self._children, self.path_of(upload.id))
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
        assert upload.case_id is not None
        assert upload.material_id is not None
        await change.lock(of_case(upload.case_id))
        ended: Ended = "rejected" if "code" in found else "stored"
        if not await upload_rows.finish(change.connection, upload.id, change.at, ended):
            return Code.UPLOAD_EXPIRED
        return await materials.settle(
            change,
            upload.case_id,
            upload.material_id,
            found,
            sha256,
            upload.length_bytes,
            scanned=self._scanned,
        )

    async def _give_up(self, upload: Upload, actor: Actor | System, act: str) -> bool:
        async with self._store.change(actor) as change:
            if upload.case_id is not None:
                await change.lock(of_case(upload.case_id))
            if not await upload_rows.finish(change.connection, upload.id, change.at):
                return False
            if upload.case_id is not None and upload.material_id is not None:
                await materials.give_up(change, upload.case_id, upload.material_id, act)
        self._ended("cancelled")
        await self._forget(upload.id)
        return True

    # ------------------------------------------------------------ one upload at a time

    @asynccontextmanager
    async def _mine_alone(
        self, actor: Actor, upload_id: str, *, ask: bool
    ) -> AsyncIterator[tuple[Upload, Hold]]:
        """An upload of this person, as it stands once its lock is held."""
        if self._owners.get(upload_id) != actor.person_id:  # nobody else's can be locked
            await self._mine(actor, upload_id)
        async with self._holds.held(upload_id, ask=ask) as hold:
            upload = await self._mine(actor, upload_id)
            if upload.finished_at is None:
                self._owners[upload_id] = upload.person_id
            yield upload, hold

    async def _mine(self, actor: Actor, upload_id: str) -> Upload:
        """An upload of this person that was not given up; one that is stored or rejected is finished.

        Raises Elsewhere for one whose bytes are not here."""
        async with self._store.read() as connection:
            upload = await upload_rows.find(connection, upload_id)
            if upload is None or upload.person_id != actor.person_id:
                raise Refusal(Code.NOT_FOUND)
            if upload.case_id is not None:
                await header(connection, actor, upload.case_id)
        if upload.ended in ("cancelled", "joined", "freed"):
            raise Refusal(Code.UPLOAD_EXPIRED)
        if upload.finished_at is None:
            if upload.expires_at <= self._store.clock.now():
                raise Refusal(Code.UPLOAD_EXPIRED)
            here = upload.node_id in ("", self._node_id)
            if not here and not await asyncio.to_thread(self.path_of(upload_id).exists):
                raise Elsewhere(upload.node_id)
        return upload

    # ------------------------------------------------------------ files

    def path_of(self, upload_id: str) -> Path:
        """Where its bytes lie while they arrive."""
        return self._folder / upload_id

    def _names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir()]

    def _orphans(self, waiting: set[str]) -> list[str]:
        """Files that no unfinished upload names, and that nobody writes to."""
        before = time.time() - ORPHANED_S
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                idle = path.stat().st_mtime < before
                if idle and path.stem not in waiting and path.stem not in self._holds:
                    found.append(path.name)
        return found

    async def _size(self, upload_id: str) -> int:
        try:
            return (await asyncio.to_thread(self.path_of(upload_id).stat)).st_size
        except FileNotFoundError:
            raise Refusal(Code.UPLOAD_EXPIRED) from None

    async def _forget(self, upload_id: str) -> None:
        self._owners.pop(upload_id, None)
        await asyncio.to_thread(self.path_of(upload_id).unlink, missing_ok=True)
        self._grew(upload_id)


def _standing(upload: Upload, offset: int) -> Standing:
    return Standing(
        upload.id,
        upload.material_id,
        offset,
        upload.length_bytes,
        upload.expires_at,
        upload.told,
        upload.concat,
        None if upload.finished_at is None or upload.concat else upload.case_id,
    )
