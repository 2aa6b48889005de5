"""What goes on by itself with uploads: taken over after a start, and given up when nobody brings the rest."""

import asyncio
from contextlib import suppress
from typing import Final, NoReturn

import structlog

from server.neighbours.nodes import GONE
from server.store import SYSTEM, Store
from server.uploads import rows as upload_rows
from server.uploads.acts.ending import Endings
from server.uploads.acts.files import Files
from server.uploads.acts.receiving import Holds
from signaling.refusals import Refusal

log = structlog.get_logger("materials")

SWEEP_EVERY_S: Final = 30.0


class UploadSweeping:
    """The care of one node for its uploads, and for those of nodes that are gone."""

    def __init__(
        self, store: Store, files: Files, holds: Holds, endings: Endings, node_id: str
    ) -> None:
        self._store = store
        self._files = files
        self._holds = holds
        self._endings = endings
        self._node_id = node_id

    async def recover(self) -> None:
        """After a start: take over what lies here, seal what was complete, remove files of uploads
        that are no more."""
        async with self._store.read() as connection:
            waiting = {one.id: one for one in await upload_rows.unfinished(connection)}
        for name in await self._files.names():
            if name not in waiting:
                await self._files.forget(name)
                continue
            upload = waiting[name]
            with suppress(Refusal, FileNotFoundError):
                async with self._holds.held(upload.id, ask=False):
                    if upload.node_id != self._node_id:
                        async with self._store.change(SYSTEM) as change:
                            await upload_rows.set_node(change.connection, upload.id, self._node_id)
                    if (
                        not upload.part
                        and await self._files.size_of(upload.id) == upload.length_bytes
                    ):
                        await self._endings.seal(upload, SYSTEM)

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
                    given_up += await self._endings.give_up(upload, SYSTEM, "material.expire")
        for name in await self._files.idle():
            upload_id = name.partition(".")[0]
            if upload_id not in waiting and upload_id not in self._holds:
                await self._files.forget(name)
        return given_up

    async def run(self) -> NoReturn:
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
