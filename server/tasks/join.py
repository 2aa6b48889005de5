"""What a node has of tasks: what people do with them, their lists, and the sweep that raises them."""

from functools import partial
from typing import Final

from server.node import Node
from server.tasks import api
from server.tasks.acts import raising, working

ROUTES: Final = (api.routes,)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    node.answers(working.commands(node.store))
    node.runs("tasks", partial(raising.run, node.store))
