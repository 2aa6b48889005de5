"""What a node does of the heavy jobs of all: those whose kinds its other rooms bring."""

from typing import Final

import structlog
from aiohttp import web

from server.edge.route import Routes
from server.jobs.runner import JobKind, Jobs
from server.node import Node
from server.work import walls

ROUTES: Final[tuple[Routes, ...]] = ()
KINDS: Final[web.AppKey[dict[str, JobKind]]] = web.AppKey("kinds")
"""How each kind of job is done; a room adds its own as it joins."""
AT_ONCE: Final = 3

log = structlog.get_logger("app")


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    if (found := await walls.walls()).program is None:
        log.warning("cell.without_walls", why=found.why, told=found.told)
    kinds: dict[str, JobKind] = {}
    node.app[KINDS] = kinds
    node.runs("jobs", Jobs(node.store, kinds, AT_ONCE).run)
