"""Asking the node that holds what another was asked for, in one signed hop.

The request goes on as it came, to the address that the other node wrote into the database, with the
session's token and a signature of the nodes' secret; who may ask is judged again there, where the
bytes are. A signed request is never handed on. Knows HTTP; what is asked for it does not.
"""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import structlog
from aiohttp import hdrs, web

from server.edge.edge import LANGUAGE_HEADER, source, token_of
from server.neighbours.nodes import ConnectionCut, Nodes
from signaling.refusals import Code, Refusal

SIGNATURE: Final = "Yunjian-Node"
CONNECTED_WITHIN_S: Final = 3.0
_ASKED: Final = (
    hdrs.ACCEPT_LANGUAGE,
    LANGUAGE_HEADER,
    hdrs.CONTENT_TYPE,
    hdrs.CONTENT_LENGTH,
    hdrs.RANGE,
    "Tus-Resumable",
    "X-HTTP-Method-Override",
)
_ASKED_OF: Final = "upload-"
"""All that tus says of an upload begins so."""
_HOPS: Final = frozenset(
    name.lower()
    for name in (
        hdrs.CONNECTION, hdrs.KEEP_ALIVE, hdrs.TRANSFER_ENCODING, hdrs.TE, hdrs.TRAILER,
        hdrs.UPGRADE, hdrs.DATE, hdrs.SERVER, hdrs.SET_COOKIE,
    )
)  # fmt: skip

log = structlog.get_logger("nodes")
security = structlog.get_logger("security")


class Neighbours:
    """The way from this node to the others."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECTED_WITHIN_S)
        self._http = aiohttp.ClientSession(
            timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def sent_by_node(self, request: web.Request) -> bool:
        """Whether another node sends this request. Refused as forbidden when it only says so."""
        said = request.headers.get(SIGNATURE)
        if said is None:
            return False
        if not self._nodes.believe(said, _signed(request, token_of(request))):
            security.warning("forged_node", source=source(request))
            raise Refusal(Code.FORBIDDEN)
        return True

    async def ask(
        self, request: web.Request, node_id: str, body: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """The other node's answer to this request. Refused with node_away when it cannot be asked."""
        address = await self._nodes.address_of(node_id)
        token = token_of(request)
        if address is None or self._http is None or token is None:
            raise Refusal(Code.NODE_AWAY)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower().startswith(_ASKED_OF) or name in _ASKED
        }
        headers[hdrs.AUTHORIZATION] = f"Bearer {token}"
        headers[SIGNATURE] = self._nodes.sign(_signed(request, token))
        answering = False
        try:
            async with self._http.request(
                request.method,
                address.rstrip("/") + request.path,
                headers=headers,
                data=body if request.body_exists else None,
                allow_redirects=False,
            ) as told:
                response = web.StreamResponse(status=told.status, reason=told.reason)
                for name, value in told.headers.items():
                    if name.lower() not in _HOPS:
                        response.headers[name] = value
                answering = True
                await response.prepare(request)
                if request.method != hdrs.METH_HEAD:
                    async for piece in told.content.iter_any():
                        await response.write(piece)
                    await response.write_eof()
                return response
        except ConnectionCut:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if not answering:
                log.warning("node_away", node=node_id, error=type(error).__name__)
                raise Refusal(Code.NODE_AWAY) from None
            if request.transport is not None:
                # Less came than was announced: a clean end would say that this was all.
                request.transport.abort()
            raise ConnectionResetError from None


NEIGHBOURS: Final = web.AppKey("neighbours", Neighbours)
NODES: Final = web.AppKey("nodes", Nodes)


def _signed(request: web.Request, token: str | None) -> str:
    """What a signature is for: this method and path, with these words, by this session."""
    said = [
        f"{name}:{request.headers[name]}"
        for name in (hdrs.RANGE, "Upload-Offset", "Upload-Length", "Upload-Concat")
        if name in request.headers
    ]
    session = hashlib.sha256((token or "").encode()).hexdigest()
    return "\n".join((request.method, request.path, session, *said))
