"""What a node has of the templates of papers."""

from typing import Final

from server.node import Node
from server.papers import api
from server.papers.studio import TemplateStudio
from server.work.child import Children

ROUTES: Final = (api.routes,)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    node.app[api.STUDIO] = TemplateStudio(node.store, Children(1), node.settings.font_dirs)
