"""Bytes of a request as they come, and an answer of the node at which those of an upload lie."""

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from server.neighbours.nodes import ConnectionCut, Elsewhere
from server.neighbours.relay import NEIGHBOURS
from signaling.refusals import Code, Refusal


async def here_or_there(
    request: web.Request, here: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The answer of this node, or of the one that holds the bytes."""
    came_from_node = request.app[NEIGHBOURS].sent_by_node(request)
    try:
        return await here()
    except Elsewhere as away:
        if came_from_node:
            raise Refusal(Code.NODE_AWAY) from None
        return await request.app[NEIGHBOURS].ask(request, away.node_id, pieces_of(request))


async def pieces_of(request: web.Request) -> AsyncIterator[bytes]:
    """The bytes of a body as they come. Raises Cut when its sender breaks off, or is cut off."""
    content = request.content
    try:
        while piece := await content.readany():
            yield piece
    except (OSError, ClientError, HttpProcessingError) as error:
        # A reader that was told of the end gives out no more, though these bytes came before it.
        if left := b"".join(content._buffer):
            yield left
        raise ConnectionCut from error
