"""Whose an upload is, and that one at a time works at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.case.admission import header
from server.neighbours.nodes import Elsewhere
from server.rights.person import Actor
from server.store import Store
from server.uploads import rows as upload_rows
from server.uploads.acts.files import Files
from server.uploads.acts.receiving import Holds, UploadLock
from server.uploads.rows import Upload
from signaling.refusals import Code, Refusal


class UploadOwners:
    """The way to an upload for those who bring it; ``holds`` are the locks of this node."""

    def __init__(self, store: Store, files: Files, holds: Holds, node_id: str) -> None:
        self._store = store
        self._files = files
        self._holds = holds
        self._node_id = node_id

    @asynccontextmanager
    async def mine_alone(
        self, actor: Actor, upload_id: str, *, ask: bool
    ) -> AsyncIterator[tuple[Upload, UploadLock]]:
        """An upload of this person, as it stands once its lock is held. Refused and raises as ``mine``, and:
        upload_locked."""
        owners = self._files.owners
        if owners.get(upload_id) != actor.person_id:  # nobody else's can be locked
            await self.mine(actor, upload_id)
        async with self._holds.held(upload_id, ask=ask) as hold:
            upload = await self.mine(actor, upload_id)
            if upload.finished_at is None:
                owners[upload_id] = upload.person_id
            yield upload, hold

    async def mine(self, actor: Actor, upload_id: str) -> Upload:
        """An upload of this person that was not given up; one that is stored or rejected is finished.

        Refused: not_found (somebody else's, too, and of a case that is his no more), upload_expired.
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
            if not here and not await asyncio.to_thread(self._files.path_of(upload_id).exists):
                raise Elsewhere(upload.node_id)
        return upload
