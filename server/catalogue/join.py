"""What a node has of the catalogue: the calendar and the regions that it starts with, and the import."""

from typing import Final

from server.catalogue import api
from server.catalogue.acts import reading
from server.catalogue.acts.importing import Importer
from server.node import Node
from server.work.child import Children

ROUTES: Final = (api.routes,)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    await reading.seed_calendar(node.store)
    await reading.learn_regions()
    node.app[api.IMPORTER] = Importer(node.store, Children(), node.settings.item_code_pattern)
