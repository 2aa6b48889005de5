"""What is watched afterwards: refused commands, the log of calls, recordings, the ledger's check.

Supervisors see the cases and calls of their unit, on either side. Knows no HTTP.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from server.domain.person import Actor
from server.store import Store, version_of
from signaling.protocol import Command, Who
from signaling.refusals import Code, Refusal

_NOT_KEPT: Final = frozenset({Code.UNAUTHENTICATED, Code.THROTTLED, Code.BUSY, Code.INTERNAL})
_SUBJECTS: Final = ("case", "call", "unit", "item")


def refusals(store: Store) -> Callable[[Who, Command, Refusal], Awaitable[None]]:
    """What keeps, under the person, that a command of his was refused."""

    async def keep(who: Who, command: Command, refusal: Refusal) -> None:
        if isinstance(who, Actor) and refusal.code not in _NOT_KEPT:
            await store.refused(who, str(getattr(command, "type", "")), object_of(command), refusal)

    return keep


def object_of(command: Command) -> str:
    """What a command is about, as the ledger names it: ``case:<id>``, ``call:<id>``, or ``none``."""
    for noun in _SUBJECTS:
        if isinstance(named := getattr(command, f"{noun}_id", None), str):
            return f"{noun}:{named}"
    return "none"


def checks(store: Store) -> Mapping[str, Callable[[], Awaitable[bool]]]:
    """What readiness asks of the store."""

    async def database() -> bool:
        async with store.read() as connection:
            await version_of(connection, "readiness")
        return True

    return {"database": database}
