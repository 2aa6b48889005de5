"""Files on their way into a case: announced, received, joined, and handed to be judged and sealed.

This is the front for those who bring them. The bytes lie in files of the node that holds the upload
(``files``); whose it is and who works at it (``owning``), how it ends (``ending``) and what goes on by
itself (``sweeping``) have modules of their own beside this one. Follows tus 1.0.0 in meaning (offsets,
lengths told late, parts, checksums, expiry); knows no HTTP.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from server.case.rules.materials.material import Purpose
from server.case.wire.materials import MaterialProgress
from server.neighbours.nodes import ConnectionCut
from server.rights.person import Actor, Role, System
from server.store import Change, Store
from server.uploads import rows as upload_rows
from server.uploads.acts.announcing import Announced, announce, lengthened, prolonged
from server.uploads.acts.ending import Endings
from server.uploads.acts.files import SILENCE_S, Files
from server.uploads.acts.joining import PARTS_MAX, Joining
from server.uploads.acts.owning import UploadOwners
from server.uploads.acts.quotas import UNLIMITED, Quota, QuotaLeft
from server.uploads.acts.receiving import Checksum, Holds, UploadLock
from server.uploads.acts.sweeping import UploadSweeping
from server.uploads.rows import PART, Upload
from server.work import probe
from server.work.child import Children
from signaling.refusals import Code, Refusal

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
    """The uploads of one node, with their ``files`` below ``folder``, and their care (``sweeping``).

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
        self.files = Files(folder, silence_s=silence_s, received=received, grew=grew)
        self._store = store
        self._max_bytes = max_bytes
        self._progress = progress
        self._node_id = node_id
        self._quota = quota
        self._holds = Holds()
        self._owners = UploadOwners(store, self.files, self._holds, node_id)
        self._joining = Joining(store, self.files, self._holds, self._owners)
        self._endings = Endings(store, self.files, children, scanned=scanned, told=ended)
        self.sweeping = UploadSweeping(store, self.files, self._holds, self._endings, node_id)
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
        the approver's file that this one returns, ``slot`` as in ``server.case.rules.materials.bringing.placed``.
        Refused: not_found, file_too_large, disk_full, disk_read_only, quota_exceeded, and as in
        ``server.case.rules.materials.bringing.sent``.
        """
        what = Announced(case_id, line, name, purpose, answers, slot)
        upload = await self._announced(actor, length, what, told)
        if length == 0:
            with suppress(Refusal):
                await self._endings.empty(upload, actor)
        return _standing(upload, 0)

    async def begin_part(self, actor: Actor, length: int | None, *, told: str = "") -> Standing:
        """Announce a part of a file that ``join`` will make. Refused: not_yours (whose role
        brings no files), file_too_large, disk_full, quota_exceeded."""
        if not actor.roles & {Role.CLERK, Role.APPROVER}:
            raise Refusal(Code.NOT_YOURS)
        return _standing(await self._announced(actor, length, None, told, PART), 0)

    async def _announced(
        self,
        actor: Actor,
        length: int | None,
        what: Announced | None,
        told: str,
        concat: str = "",
    ) -> Upload:
        await self._has_room(length)
        async with self.files.new() as upload_id, self._store.change(actor) as change:
            await self._quota.admit(change, actor, length, self._max_bytes)
            upload = await announce(
                change, actor, upload_id, self._node_id, length, what, told=told, concat=concat
            )
        self.files.owners[upload_id] = actor.person_id
        return upload

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
        what = Announced(case_id, line, name, purpose, answers, slot)

        async def whole(change: Change, upload_id: str, length: int) -> Upload:
            node = self._node_id
            return await announce(
                change, actor, upload_id, node, length, what, told=told, concat=concat
            )

        upload = await self._joining.joined(actor, parts, whole, self._has_room)
        length = upload.length_bytes or 0
        async with self._holds.held(upload.id, ask=False):
            await self._tell(upload, length)
            if length:
                await self._endings.seal(upload, actor)
            else:
                await self._endings.empty(upload, actor)
        return _standing(upload, length)

    async def _has_room(self, length: int | None) -> None:
        if length is not None and length > self._max_bytes:
            raise Refusal(Code.FILE_TOO_LARGE, max_bytes=self._max_bytes)
        await self.files.fits(length)

    async def room(self, actor: Actor) -> QuotaLeft:
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
        async with self._owners.mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is not None:
                return _standing(upload, upload.length_bytes or 0)
            return _standing(upload, await self.files.size_of(upload_id))

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
        async with self._owners.mine_alone(actor, upload_id, ask=False) as (upload, hold):
            if self._letting_go:
                raise Refusal(Code.UPLOAD_LOCKED)
            if upload.concat and not upload.part:
                raise Refusal(Code.UPLOAD_FINAL)
            if upload.finished_at is not None:
                raise Refusal(Code.UPLOAD_OFFSET, offset=upload.length_bytes or 0)
            at = await self.files.size_of(upload_id)
            if offset != at:
                raise Refusal(Code.UPLOAD_OFFSET, offset=at)
            if length is not None:
                upload = await lengthened(self._store, actor, upload, length, at, self._max_bytes)
            room = self._most(upload) - at
            if size is not None and size > room:
                raise Refusal(Code.TOO_LARGE, room_bytes=room)
            try:
                if room:  # else complete since before: only its end is still to come
                    await self._take(upload, at, chunks, hold, checksum)
            except ConnectionCut:
                with suppress(Refusal):
                    await self._endings.look_at_head(upload, actor)
                raise
            if at < probe.HEAD_BYTES:
                await self._endings.look_at_head(upload, actor)
            at = await self.files.size_of(upload_id)
            if at == upload.length_bytes and not upload.part:
                await self._endings.seal(upload, actor)
            else:
                upload = await prolonged(self._store, actor, upload)
        return _standing(upload, at)

    async def _take(
        self,
        upload: Upload,
        at: int,
        chunks: AsyncIterator[bytes],
        hold: UploadLock,
        checksum: Checksum | None,
    ) -> None:
        most, tell = self._most(upload), partial(self._tell, upload)
        if checksum is not None:
            await self.files.take_checked(
                upload.id, at, chunks, hold, checksum, most=most, tell=tell
            )
            return

        async def enough(began: int, so_far: int) -> bool:
            # What it is can be told already: the rest need not be sent.
            passed = began < probe.HEAD_BYTES <= so_far
            return passed and await self._endings.head_is_wrong(upload)

        await self.files.take(
            upload.id,
            at,
            chunks,
            hold,
            most=most,
            whole=upload.length_bytes,
            tell=tell,
            enough=enough,
        )

    def _most(self, upload: Upload) -> int:
        return self._max_bytes if upload.length_bytes is None else upload.length_bytes

    def let_go(self) -> None:
        """The node ends: whoever writes is asked to let go, with what arrived kept. Its sender
        goes on from there when a node is back."""
        self._letting_go = True
        self._holds.ask_all()

    async def cancel(self, actor: Actor, upload_id: str) -> None:
        """Give an upload up; its material stands as cancelled. Of one that was judged only the
        upload is forgotten, the record keeps the material. Refused as in ``standing``."""
        async with self._owners.mine_alone(actor, upload_id, ask=True) as (upload, _):
            if upload.finished_at is None:
                await self._endings.give_up(upload, actor, "material.cancel")
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
                        await self._endings.give_up(found, actor, "material.cancel")
                return
            async with self._owners.mine_alone(actor, upload_id, ask=True) as (upload, _):
                await self._endings.give_up(upload, actor, "material.cancel")

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
