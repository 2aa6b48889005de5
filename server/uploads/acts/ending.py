"""The end of an upload: judged and sealed, found of no type that is taken, or given up.

With it the upload's material is stored, rejected or cancelled in the same transaction, and its file goes.
"""

from collections.abc import Callable, Mapping
from typing import Any

from server.case.acts.materials import files as materials
from server.rights.person import Actor, System
from server.rights.subjects import of_case
from server.store import Change, Store
from server.uploads import rows as upload_rows
from server.uploads.acts.files import Files
from server.uploads.rows import Ended, Upload
from server.work import probe
from server.work.child import Children
from signaling.refusals import Code, Refusal


class Endings:
    """How uploads of one node end; whoever asks holds the upload's lock.

    ``scanned``: a scanner looks at what is stored before anybody else. ``told`` is the result of each:
    stored, cancelled, or the code of its rejection.
    """

    def __init__(
        self,
        store: Store,
        files: Files,
        children: Children,
        *,
        scanned: bool = False,
        told: Callable[[str], None] = lambda result: None,
    ) -> None:
        self._store = store
        self._files = files
        self._children = children
        self._scanned = scanned
        self._told = told

    async def head_is_wrong(self, upload: Upload) -> bool:
        """Whether its first bytes tell already that it is of no type that is taken."""
        if upload.part:
            return False
        head = await self._files.head_of(upload.id, probe.HEAD_BYTES)
        return len(head) == probe.HEAD_BYTES and probe.media_type_of(head) is None

    async def look_at_head(self, upload: Upload, actor: Actor) -> None:
        """Reject at once what cannot be of a taken type, long before its last byte. Refused: file_type."""
        if await self.head_is_wrong(upload):
            await self.end(upload, actor, {"code": Code.FILE_TYPE.value}, None)

    async def seal(self, upload: Upload, actor: Actor | System) -> None:
        """Judge the whole file; afterwards its material is stored, or rejected and this refused."""
        path = self._files.path_of(upload.id)
        found, sha256 = await materials.judge(self._store, self._children, path)
        await self.end(upload, actor, found, sha256)

    async def empty(self, upload: Upload, actor: Actor) -> None:
        """Reject a file of no bytes. Refused: file_empty."""
        await self.end(upload, actor, {"code": Code.FILE_EMPTY.value}, None)

    async def end(
        self,
        upload: Upload,
        actor: Actor | System,
        found: Mapping[str, Any],
        sha256: str | None,
    ) -> None:
        """Store the material with what was ``found``; refused with the code that it names, and then the
        material stands as rejected."""
        async with self._store.change(actor) as change:
            code = await self._settle(change, upload, found, sha256)
        await self._files.forget(upload.id)
        if code is not None:
            self._told(code.value)
            raise Refusal(code, material=upload.material_id)
        self._told("stored")

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

    async def give_up(self, upload: Upload, actor: Actor | System, act: str) -> bool:
        """End it without a file; its material stands as cancelled. False when it had ended before."""
        async with self._store.change(actor) as change:
            if upload.case_id is not None:
                await change.lock(of_case(upload.case_id))
            if not await upload_rows.finish(change.connection, upload.id, change.at):
                return False
            if upload.case_id is not None and upload.material_id is not None:
                await materials.give_up(change, upload.case_id, upload.material_id, act)
        self._told("cancelled")
        await self._files.forget(upload.id)
        return True
