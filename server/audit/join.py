"""What a node has of the record as a supervisor looks at it: the log of calls, histories, pruning."""

import asyncio
from typing import Final

from server.audit.acts.archive import Archive
from server.audit.acts.packages import Packing
from server.audit.acts.pruning import Pruning
from server.audit.api import calls, histories, packages
from server.case.acts.form.cards import CardReader
from server.node import Node
from server.papers.seals import SealFolder
from server.work import cards
from server.work.child import Children

ROUTES: Final = (histories.routes, calls.routes, packages.routes)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    settings = node.settings
    node.app[calls.ARCHIVE] = Archive(node.store)
    node.app[packages.PACKING] = Packing(node.store, settings.store.ledger_dir)
    node.app[calls.SEALS] = SealFolder(settings.seals, Children(at_once=1))
    node.app[calls.CARDS] = CardReader(
        node.store, Children(at_once=1), await asyncio.to_thread(cards.installed)
    )
    pruning = Pruning(
        node.store,
        acks_days=settings.keep_acks_days,
        sign_ins_days=settings.keep_sign_ins_days,
        jobs_days=settings.keep_jobs_days,
        events_days=settings.keep_events_days,
    )
    node.runs("pruning", pruning.run)
