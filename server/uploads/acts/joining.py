"""Parts of a file, announced and sent apart, made into one."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from server.rights.person import Actor
from server.store import Change, Store
from server.uploads import rows as upload_rows
from server.uploads.acts.files import Files
from server.uploads.acts.owning import UploadOwners
from server.uploads.acts.receiving import Holds
from server.uploads.rows import Upload
from signaling.refusals import Code, Refusal

PARTS_MAX: Final = 64
"""Of one file."""

Announce = Callable[[Change, str, int], Awaitable[Upload]]
"""Writes down the whole file, by its id and its length, in the transaction in which its parts end."""


class Joining:
    """How one node joins what it holds."""

    def __init__(self, store: Store, files: Files, holds: Holds, owners: UploadOwners) -> None:
        self._store = store
        self._files = files
        self._holds = holds
        self._owners = owners

    async def joined(
        self,
        actor: Actor,
        parts: Sequence[str],
        announce: Announce,
        fits: Callable[[int], Awaitable[None]],
    ) -> Upload:
        """One file of whole parts, by their upload ids in order; the parts are used up. ``fits`` may refuse
        its length before anything is made. Refused: not_found (a part of somebody else's),
        upload_unfinished, upload_locked, malformed, disk_full, and as ``announce``."""
        for part in parts:
            await self._owners.mine(actor, part)  # nobody else's can be locked
        async with self._holds.all_held(parts):
            for part in parts:
                await self._whole(actor, part)
            length = sum([await self._files.size_of(part) for part in parts])
            await fits(length)
            async with self._files.new() as upload_id:
                await self._files.join(parts, upload_id)
                async with self._store.change(actor) as change:
                    upload = await announce(change, upload_id, length)
                    for part in set(parts):
                        await upload_rows.finish(change.connection, part, change.at, "joined")
            for part in set(parts):
                await self._files.forget(part)
        return upload

    async def _whole(self, actor: Actor, part_id: str) -> None:
        part = await self._owners.mine(actor, part_id)
        if not part.part:
            raise Refusal(Code.MALFORMED, fields="Upload-Concat")
        if part.finished_at is not None or part.length_bytes != await self._files.size_of(part_id):
            raise Refusal(Code.UPLOAD_UNFINISHED, upload=part_id)
