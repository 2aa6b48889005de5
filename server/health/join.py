"""What a node tells of itself: readiness, figures and 系统状态, of what all rooms hand over."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from server.edge import logs
from server.health import acts
from server.health.api import health, machine
from server.node import Node
from server.uploads.join import SCANNER

ROUTES: Final = (machine.routes, health.routes)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    app, store, settings = node.app, node.store, node.settings

    async def log_figures() -> Mapping[str, Any]:
        lost, refuses = await asyncio.to_thread(logs.standing)
        return {"lost_lines": lost, "refusing": int(refuses)}

    node.figures["log"] = log_figures
    for part, count in acts.COUNTED.items():
        node.figures[part] = partial(count, store)
    node.checks.update(acts.checks(store))
    app[machine.LOG] = logs.standing
    app[machine.COUNTED] = node.figures
    app[machine.CHECKS] = node.checks
    app[health.HEALTH] = acts.NodeHealth(
        store=store,
        places={
            "data": node.data,
            "uploads": node.data / "uploads",
            "blobs": settings.store.blob_root,
            "ledger": settings.store.ledger_dir,
        },
        worker=node.figures["media"] if node.media else None,
        turn_urls=settings.turn_urls,
        certificate=settings.tls_certificate,
        font_dirs=settings.font_dirs,
        redis=settings.redis_url is not None,
        scanner=app[SCANNER],
        log=logs.standing,
    )
