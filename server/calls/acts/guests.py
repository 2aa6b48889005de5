"""Who watches a case as a guest in its call, and for no longer than he is one.

Who is a guest is told by the record of the calls; who watches, by the sockets of this node.
"""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

from server.calls.rows import calls as rows
from server.rights.hand import Side
from server.rights.subjects import id_of, of_case
from server.store import Store

THIRD: Final[Side] = "third"


class GuestSockets(Protocol):
    """The sockets of this node."""

    def watchers(self, prefix: str, audience: str) -> Collection[tuple[str, str]]:
        """(person, subject) of those that watch such a subject as this audience."""
        ...

    def unwatch(self, person_id: str, subject: str, audience: str) -> None: ...


class Guests:
    """Those of one node. ``sweep`` is done with each sweep of its calls."""

    def __init__(self, store: Store, sockets: GuestSockets) -> None:
        self._store = store
        self._sockets = sockets

    async def sweep(self) -> None:
        """Let nobody watch a case any more in whose call he is a guest no longer."""
        watching = self._sockets.watchers(of_case(""), THIRD)
        if not watching:
            return
        guests = await guests_of(self._store, {subject for _, subject in watching})
        for person_id, subject in watching:
            if person_id not in guests[subject]:
                self._sockets.unwatch(person_id, subject, THIRD)


async def guests_of(store: Store, cases: Collection[str]) -> Mapping[str, Collection[str]]:
    """Of each of these cases (subjects), who is a guest in the running call about it."""
    by_id = {id_of(subject): subject for subject in cases}
    async with store.read() as connection:
        found = await rows.guests_of(connection, by_id)
    return {by_id[case_id]: guests for case_id, guests in found.items()}
