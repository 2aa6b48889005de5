"""How many transports may be open at once: of one person, of nobody, and of nobody from one place.

A transport is one socket of Engine.IO, before and after it is said whose it is. They are counted as they come
and go, so that a handshake costs the same however many are there. No stranger can keep out who signed in: who
said his name has a limit of his own. Knows no library and no clock.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from signaling.refusals import Code, Refusal

NAMELESS_AT_ONCE: Final = 400
NAMELESS_OF_A_SOURCE: Final = 100
"""Of them, in all and from one place; a browser is known by its cookie as it opens and is none of them, and whoever
says it in its first exchange tries again when it is refused."""
SOCKETS_OF_A_PERSON: Final = 64
"""At once, on one node."""


@dataclass(slots=True)
class Transport:
    """What one transport shows: where it comes from, and whose it is, if it was said."""

    source: str
    person_id: str = ""


class Admission:
    """The transports that are open. ``counts`` and ``security`` hear of who is kept out."""

    def __init__(
        self, counts: Counter[str], security: Callable[[str, Mapping[str, Any]], None]
    ) -> None:
        self._counts = counts
        self._security = security
        self._open: dict[str, Transport] = {}
        self._people: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._nameless = 0

    def admit(self, source: str, person_id: str) -> Transport:
        """One more, which counts from ``opened`` on; ``person_id`` is empty where nobody's name was said.

        Refused: throttled (this person), busy (nobody's)."""
        if person_id:
            self._leave_room_for(person_id)
        elif self._nameless >= NAMELESS_AT_ONCE or self._sources[source] >= NAMELESS_OF_A_SOURCE:
            self._counts["nameless_refused"] += 1
            raise Refusal(Code.BUSY)
        return Transport(source, person_id)

    def opened(self, transport_id: str, transport: Transport) -> None:
        self._open[transport_id] = transport
        self._count(transport, 1)

    def closed(self, transport_id: str) -> None:
        """It went; twice does nothing."""
        if transport := self._open.pop(transport_id, None):
            self._count(transport, -1)

    def name(self, transport_id: str, person_id: str) -> None:
        """Whose this one is was said after it had opened; refused with throttled."""
        transport = self._open.get(transport_id)
        if transport is None or transport.person_id == person_id:
            return
        self._leave_room_for(person_id)
        self._count(transport, -1)
        transport.person_id = person_id
        self._count(transport, 1)

    def person_of(self, transport_id: str) -> str:
        """Whose it is; empty where nobody said it."""
        transport = self._open.get(transport_id)
        return transport.person_id if transport else ""

    def keep(self, there: Collection[str]) -> None:
        """Only these are open any more."""
        for transport_id in [one for one in self._open if one not in there]:
            self.closed(transport_id)

    def _leave_room_for(self, person_id: str) -> None:
        if self._people[person_id] >= SOCKETS_OF_A_PERSON:
            self._counts["too_many_sockets"] += 1
            self._security("too_many_sockets", {"person": person_id})
            raise Refusal(Code.THROTTLED)

    def _count(self, transport: Transport, by: int) -> None:
        self._nameless += 0 if transport.person_id else by
        counts = self._people if transport.person_id else self._sources
        key = transport.person_id or transport.source
        counts[key] += by
        if not counts[key]:
            del counts[key]
