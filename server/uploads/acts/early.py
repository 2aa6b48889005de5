"""The early view: the bytes of a file, read while they still arrive.

A reader follows the file that the upload grows, without its lock: the file's own size and
links tell how far it is and whether it is over. Nothing that is read here was checked;
download and acceptance need the sealed copy. An upload is followed at the node that holds it.
Of several that one person reads at once, what is left of a file that has all come goes first.
Knows no HTTP; whoever sends the pieces asks ``may`` again while he does.
"""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server.case.admission import header
from server.case.rows import material as material_rows
from server.case.rules.materials.material import Material
from server.case.wire.materials import MaterialView
from server.neighbours.nodes import Elsewhere
from server.rights.person import Actor
from server.rights.seen import said, sees
from server.store import Store
from server.store.files import opened
from server.uploads import rows as upload_rows
from server.uploads.acts.turns import HandedBytes, Reader, Turns
from server.uploads.rows import Upload
from server.work import probe
from signaling.refusals import Code, Refusal

PIECE_BYTES: Final = 64 * 1024
FIRST_BYTES_WITHIN_S: Final = 15.0
"""How long a reader waits for so many bytes that they tell a type."""
READERS_OF_A_PERSON: Final = 16
NOT_AT_ONCE: Final = (errno.EAGAIN, errno.EOPNOTSUPP)
"""preadv2(2) with RWF_NOWAIT: not in memory; not known to this file system."""
READERS: Final = 400
"""Of one node: each holds a file open and one piece in memory."""


class UploadCut(Exception):
    """Nothing more will come, though not all was read: given up, rejected, or taken back."""


@dataclass(frozen=True, slots=True)
class EarlyLook:
    """What a reader found: bytes from where he stands, how many there are, and whether more may come."""

    piece: bytes
    size: int
    over: bool


@dataclass(frozen=True, slots=True)
class Arriving:
    """A material that is being read. ``length`` is what its sender announced, in bytes; None: he
    has not yet."""

    case_id: str
    material: Material
    name: str
    """As who reads it may know it."""
    media_type: str
    length: int | None
    _early: "Early"
    _upload_id: str
    _file: int
    _sealed: bool
    _turns: Turns
    _reader: Reader

    async def pieces(self, start: int, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` up to, not including, ``end`` (None: the announced length), each
        as soon as it is there. Raises Cut when the upload ends before that.
        """
        try:
            async for piece in self._pieces(start, self.length if end is None else end):
                yield piece
            await self._turns.sent(self._reader)
        finally:
            self._turns.leave(self._reader)

    async def _pieces(self, at: int, upto: int | None) -> AsyncIterator[bytes]:
        while upto is None or at < upto:
            bell = self._early.bell(self._upload_id)
            look = await _looked(self._file, at, upto)
            if look.piece:
                at += len(look.piece)
                if look.size == self.length and not self._sealed:
                    self._turns.complete(self._reader)
                await self._turns.mine(self._reader)
                yield look.piece
            elif look.over or self._sealed or look.size < at:
                if upto is None and at == await self._early.stored_length(self._upload_id):
                    return
                raise UploadCut
            else:
                await bell.wait()


class Early:
    """The early views of one node, over the files of its uploads below ``folder``."""

    def __init__(self, store: Store, folder: Path, *, enabled: bool, node_id: str = "") -> None:
        self._store = store
        self._node_id = node_id
        self._folder = folder
        self._enabled = enabled
        self._bells: dict[str, asyncio.Event] = {}
        self._turns: dict[str, Turns] = {}
        self._followed: Counter[str] = Counter()

    def grew(self, upload_id: str) -> None:
        """Wake who follows this upload: bytes were written, or it is over."""
        if bell := self._bells.pop(upload_id, None):
            bell.set()

    def bell(self, upload_id: str) -> asyncio.Event:
        """Is set by the next ``grew``. Take it before looking, or what comes between is missed."""
        return self._bells.setdefault(upload_id, asyncio.Event())

    async def may(self, actor: Actor, arriving: Arriving) -> bool:
        """Whether this person may still see the file, where it lay when he began."""
        try:
            async with self._store.read() as connection:
                _, audience = await header(connection, actor, arriving.case_id)
        except Refusal as refusal:
            if refusal.code is Code.NOT_FOUND:
                return False
            raise
        return sees(MaterialView.seen, arriving.material, audience)

    @asynccontextmanager
    async def open(
        self, actor: Actor, material_id: str, way: HandedBytes | None = None
    ) -> AsyncIterator[Arriving]:
        """Follow a material of a case that this person may see; a stored one is there at once, until
        the copy that people look at is made. ``way`` tells how his bytes go on.

        Waits until its first bytes tell the type. Raises Elsewhere for what arrives at another
        node. Refused: not_found; no_early_view (switched off, given up or rejected, no type that
        can be shown, or no bytes for 15 s); throttled (16 views of one person), busy (400 of the
        node).
        """
        material, name, case_id, upload = await self._find(actor, material_id)
        upload_id = upload.id
        sealed = material.sha256 is not None
        length = material.size_bytes if sealed else upload.length_bytes
        path = (
            self._folder / upload_id
            if material.sha256 is None
            else self._store.blobs.path(material.sha256)
        )
        with self._counted(actor.person_id, upload_id) as turns:
            try:
                file = await opened(lambda: os.open(path, os.O_RDONLY), os.close)
            except FileNotFoundError:
                if not sealed and upload.node_id not in ("", self._node_id):
                    raise Elsewhere(upload.node_id) from None
                raise Refusal(Code.NO_EARLY_VIEW, material=material_id) from None
            try:
                media_type = await self._media_type(file, upload_id, length)
                if media_type is None:
                    raise Refusal(Code.NO_EARLY_VIEW, material=material_id)
                yield Arriving(
                    case_id,
                    material,
                    name,
                    media_type,
                    length,
                    self,
                    upload_id,
                    file,
                    sealed,
                    turns,
                    Reader(way),
                )
            finally:
                await asyncio.to_thread(os.close, file)

    async def stored_length(self, upload_id: str) -> int | None:
        """How long an upload was that ended well; None for any other."""
        async with self._store.read() as connection:
            upload = await upload_rows.find(connection, upload_id)
        return upload.length_bytes if upload is not None and upload.ended == "stored" else None

    async def _find(self, actor: Actor, material_id: str) -> tuple[Material, str, str, Upload]:
        """The material, what it is called to this person, its case, and the upload that brings it."""
        async with self._store.read() as connection:
            found = await material_rows.find_material(connection, material_id)
            if found is None:
                raise Refusal(Code.NOT_FOUND)
            material, case_id = found
            _, audience = await header(connection, actor, case_id)
            if not sees(MaterialView.seen, material, audience):
                raise Refusal(Code.NOT_FOUND)
            upload = await upload_rows.find_by_material(connection, material_id)
        arrives = material.state == "receiving"
        fresh = material.state == "stored" and material.viewed_state == "making"
        if not self._enabled or upload is None or not (arrives or fresh):
            raise Refusal(Code.NO_EARLY_VIEW, material=material_id)
        name = said(MaterialView.seen, "name", material.name, audience)
        return material, name, case_id, upload

    async def _media_type(self, file: int, upload_id: str, length: int | None) -> str | None:
        """The type that the first bytes tell, as soon as they do; None when they will not."""
        needed = probe.HEAD_BYTES if length is None else min(probe.HEAD_BYTES, length)
        try:
            async with asyncio.timeout(FIRST_BYTES_WITHIN_S):
                while True:
                    bell = self.bell(upload_id)
                    look = await _looked(file, 0)
                    told = probe.media_type_of(look.piece[: probe.HEAD_BYTES])
                    if told is not None or look.over or look.size >= needed:
                        return told if told in probe.EARLY_TYPES else None
                    await bell.wait()
        except TimeoutError:
            return None

    @contextmanager
    def _counted(self, person_id: str, upload_id: str) -> Iterator[Turns]:
        turns = self._turns.get(person_id, Turns())
        if turns.readers >= READERS_OF_A_PERSON:
            raise Refusal(Code.THROTTLED)
        if self._followed.total() >= READERS:
            raise Refusal(Code.BUSY)
        self._turns[person_id] = turns
        turns.readers += 1
        self._followed[upload_id] += 1
        try:
            yield turns
        finally:
            turns.readers -= 1
            if not turns.readers:
                del self._turns[person_id]
            self._followed[upload_id] -= 1
            if not self._followed[upload_id]:
                del self._followed[upload_id]
                self._bells.pop(upload_id, None)


async def _looked(file: int, at: int, upto: int | None = None) -> EarlyLook:
    """What just came lies in memory and is read at once; what has to be fetched is, in a thread."""
    try:
        return _look(file, at, upto, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno not in NOT_AT_ONCE:
            raise
        return await asyncio.to_thread(_look, file, at, upto)


def _look(file: int, at: int, upto: int | None = None, flags: int = 0) -> EarlyLook:
    # Links before bytes: a file that is unlinked grows no more, so what is read then is all.
    told = os.fstat(file)
    most = PIECE_BYTES if upto is None else min(PIECE_BYTES, upto - at)
    piece = bytearray(max(0, min(most, told.st_size - at)))
    got = os.preadv(file, [piece], at, flags) if piece else 0
    return EarlyLook(bytes(memoryview(piece)[:got]), told.st_size, told.st_nlink == 0)
