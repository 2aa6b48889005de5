"""What a node has of its neighbours: which it is itself, and the way to the others."""

import asyncio
from typing import Final

from server.edge.route import Routes
from server.neighbours.nodes import Nodes, identify
from server.neighbours.relay import NEIGHBOURS, NODES, Neighbours
from server.node import Node

ROUTES: Final[tuple[Routes, ...]] = ()


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    node.app[NODES] = nodes = Nodes(
        node.store,
        await asyncio.to_thread(identify, node.data),
        address=node.settings.node_address,
        secret=node.settings.store.bus_secret,
    )
    node.app[NEIGHBOURS] = neighbours = Neighbours(nodes)
    await neighbours.open()
    node.closes(neighbours.close)
    node.runs("nodes", nodes.run)
