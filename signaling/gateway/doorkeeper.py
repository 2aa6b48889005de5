"""Who gets in: which pages may speak to us, how many transports there may be, and who stands behind a handshake."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from signaling.gateway.admission import Admission, Transport
from signaling.gateway.handshake import Handshake, handshake_of, remote
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Who

_TOLD: Final = "yunjian.foreign_origin"


class Doorkeeper:
    """Asked at each door of one node: before a page is read, before a transport opens, as a socket connects.

    ``authenticate``, ``recheck``, ``secure``, ``source``, ``allowed_origins`` and ``security`` are as the Gateway
    is given them; ``bug`` gets what broke while somebody came, and the language of his page."""

    def __init__(
        self,
        *,
        admission: Admission,
        authenticate: Callable[[Handshake], Awaitable[Who | None]],
        recheck: Callable[[Sequence[Handshake]], Awaitable[Sequence[Who | None]]] | None,
        secure: Callable[[Any], bool],
        source: Callable[[Any], str],
        allowed_origins: Sequence[str],
        counts: Counter[str],
        security: Callable[[str, Mapping[str, Any]], None],
        bug: Callable[[Exception, str], None],
    ) -> None:
        self._admission = admission
        self._authenticate = authenticate
        self._recheck = recheck
        self._secure = secure
        self._source = source
        self._allowed_origins = frozenset(allowed_origins)
        self._counts = counts
        self._security = security
        self._bug = bug

    def origin_allowed(self, origin: str | None, environ: MutableMapping[str, Any]) -> bool:
        """Whether a page from there may speak to this host: from the host itself, or of ``allowed_origins``."""
        if origin is None:
            return True
        scheme = "https" if self._secure(environ["aiohttp.request"]) else "http"
        own = origin.lower() == f"{scheme}://{environ.get('HTTP_HOST')}".lower()
        if own or origin in self._allowed_origins:
            return True
        # Engine.IO asks twice about a request that it refuses.
        if not environ.get(_TOLD):
            environ[_TOLD] = True
            self._counts["foreign_origins"] += 1
            self._security("foreign_origin", {"remote": remote(environ)})
        return False

    async def admit(self, environ: Mapping[str, Any]) -> Transport:
        """The transport that this request opens, by person where it says whose it is, else by where it
        comes from; refused as ``Admission.admit`` is."""
        who = await self._authenticate(self.read(environ))
        source = self._source(environ["aiohttp.request"])
        return self._admission.admit(source, "" if who is None else who.person_id)

    def read(self, environ: Mapping[str, Any], auth: object = None) -> Handshake:
        """What this request shows, and the payload with it."""
        shown = auth if isinstance(auth, Mapping) else {}
        return handshake_of(environ, shown, self._secure(environ["aiohttp.request"]))

    async def let_in(self, handshake: Handshake, transport_id: str) -> Who:
        """Who it is who connects over this transport.

        Refused: unauthenticated, internal where that could not be found out, throttled as
        ``Admission.name`` is, and as ``authenticate`` refuses."""
        try:
            who = await self._authenticate(handshake)
            # Who signed in at another page of this browser does not act on the pages of the one before.
            if who is None or handshake.auth.get("person", who.person_id) != who.person_id:
                raise Refusal(Code.UNAUTHENTICATED)
        except Exception as error:  # noqa: BLE001 - the edge: a bug must not leave the page without an answer
            refusal = error if isinstance(error, Refusal) else Refusal(Code.INTERNAL)
            if refusal is not error:
                self._bug(error, handshake.language)
            ids = {"remote": handshake.remote, "code": refusal.code}
            self._security("socket_refused", ids)
            raise refusal from None
        self._admission.name(transport_id, who.person_id)
        return who

    async def ask_again(self, shown: Sequence[Handshake]) -> Sequence[Who | None]:
        """Who these are now, in their order."""
        if self._recheck is not None:
            return await self._recheck(shown)
        return [await self._authenticate(handshake) for handshake in shown]
