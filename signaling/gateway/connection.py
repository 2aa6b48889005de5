"""Who sends commands: a socket, or one HTTP request; and the sockets of a node, by name and by person."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from signaling.gateway.allowance import EPHEMERALS_AT_ONCE, EPHEMERALS_PER_S, Bucket
from signaling.gateway.handshake import Handshake
from signaling.gateway.outlet import Outlet
from signaling.wire.envelope import Who


class Watching(Protocol):
    """Where it is kept who watches what."""

    async def watch(self, connection: "Connection", subject: str, audience: str) -> None: ...
    def forget(self, connection: "Connection", subject: str) -> None: ...
    def audience(self, connection: "Connection", subject: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Nobody:
    """Who sends what is no command of anybody's."""

    person_id: str = ""
    session_id: str = ""


@dataclass(eq=False)
class Connection:
    """Somebody who sends commands: a socket, or one HTTP request (then watching does nothing).

    ``page`` names the page itself, over all its sockets; a socket that does not tell it is a page
    of its own, and so is nobody's when ``sid`` is empty. A socket has the rest too, until it is gone.
    """

    who: Who
    language: str = "zh-CN"
    sid: str = ""
    page: str = ""
    handshake: Handshake | None = None
    watching: Watching | None = None
    outlet: Outlet | None = None
    checked_at: float = field(default_factory=time.monotonic)
    """When it was last asked who it is."""
    ephemerals: Bucket = field(default_factory=lambda: Bucket(EPHEMERALS_PER_S, EPHEMERALS_AT_ONCE))

    async def watch(self, subject: str, audience: str) -> None:
        """From now on this socket gets the events of ``subject`` as ``audience`` sees them.

        Call it before reading the snapshot: what happens meanwhile is sent after the ack, so that
        no event can fall between the two. A socket has one audience a subject, the last.
        """
        if self.watching is not None:
            await self.watching.watch(self, subject, audience)

    def unwatch(self, subject: str) -> None:
        """This socket gets nothing more of ``subject``, what waits behind an ack neither."""
        if self.watching is not None:
            self.watching.forget(self, subject)

    def watches(self, subject: str) -> str | None:
        """As which audience this socket watches ``subject``; None when it does not."""
        return self.watching.audience(self, subject) if self.watching is not None else None


class Connections:
    """The sockets of this node, by their name and by the person."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Connection] = {}
        self._by_person: dict[str, dict[str, Connection]] = {}

    def __iter__(self) -> Iterator[Connection]:
        """All that are there as this is asked, whatever comes or goes meanwhile."""
        return iter(list(self._by_sid.values()))

    def __len__(self) -> int:
        return len(self._by_sid)

    def get(self, sid: str) -> Connection | None:
        return self._by_sid.get(sid)

    def add(self, connection: Connection) -> None:
        self._by_sid[connection.sid] = connection
        self._by_person.setdefault(connection.who.person_id, {})[connection.sid] = connection

    def remove(self, sid: str) -> Connection | None:
        """Take it out; None when it was not there."""
        connection = self._by_sid.pop(sid, None)
        if connection is not None:
            own = self._by_person[connection.who.person_id]
            del own[sid]
            if not own:
                del self._by_person[connection.who.person_id]
        return connection

    def of_person(self, person_id: str) -> list[Connection]:
        return list(self._by_person.get(person_id, {}).values())
