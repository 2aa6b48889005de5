"""What a node has of bytes on their way: uploads, the early view, copies, phones, quotas and the scanner."""

import asyncio
from typing import Final

from aiohttp import web

from server.case.acts.materials.files import COPY_KIND
from server.case.projection import to_all
from server.case.wire.materials import MaterialProgress
from server.edge.figures import FIGURES
from server.jobs.join import KINDS
from server.neighbours.relay import NODES
from server.node import Node
from server.uploads.acts import copies
from server.uploads.acts.announcing import LIVES
from server.uploads.acts.early import Early
from server.uploads.acts.phones import Phones
from server.uploads.acts.quotas import Quota
from server.uploads.acts.scanning import Scanner
from server.uploads.acts.uploads import Uploads
from server.uploads.api import early as early_view
from server.uploads.api import limits, phones, uploads
from server.work import cards
from server.work.child import Children
from server.work.probe import MEDIA_TYPES

ROUTES: Final = (uploads.routes, early_view.routes, phones.routes, limits.routes)
SCANNER: Final[web.AppKey[Scanner | None]] = web.AppKey("scanner")


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    app, store, settings, gateway = node.app, node.store, node.settings, node.gateway
    folder, node_id = node.data / "uploads", app[NODES].node_id
    app[limits.UPLOAD_LIMITS] = limits.UploadLimits(
        settings.max_upload_bytes,
        MEDIA_TYPES,
        int(LIVES.total_seconds()),
        await asyncio.to_thread(cards.installed),
    )
    app[SCANNER] = scanner = (
        Scanner(settings.clamd, settings.scan_max_bytes) if settings.clamd else None
    )
    copier = copies.Copier(store, Children(), node.data / "work", settings.font_dirs, scanner)
    app[KINDS][COPY_KIND] = copier.kind

    async def show_progress(message: MaterialProgress) -> None:
        for subject, room, seen in to_all(message.case_id, message):
            gateway.ephemeral(subject, room, seen)

    app[early_view.EARLY] = early = Early(
        store, folder, enabled=settings.shows_early, node_id=node_id
    )
    app[uploads.UPLOADS] = receiving = Uploads(
        store,
        folder,
        max_bytes=settings.max_upload_bytes,
        children=Children(),
        progress=show_progress,
        node_id=node_id,
        quota=Quota(
            settings.quota_person_files or None,
            settings.quota_person_bytes or None,
            settings.quota_unit_files or None,
            settings.quota_unit_bytes or None,
        ),
        silence_s=settings.upload_silence_s,
        scanned=scanner is not None,
        received=app[FIGURES].received,
        ended=app[FIGURES].upload_ended,
        grew=early.grew,
    )
    await receiving.files.prepare()
    app[limits.ROOM] = receiving.room
    app[phones.PHONES] = links = Phones(store, receiving)
    node.answers(copies.commands(store), links.commands())

    async def let_go() -> None:
        receiving.let_go()

    node.hangs_up(let_go)
    node.runs("uploads", receiving.sweeping.run)
    node.runs("phones", links.run)
