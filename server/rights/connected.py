"""Where a command comes from, and whose it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from pydantic import BaseModel

from server.rights.person import Actor
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack

Handler = Callable[[Any, Any], Awaitable[Mapping[str, Any] | Ack | BaseModel]]
"""Answers one command of a connection, as the gateway wants it."""


class Watcher(Protocol):
    """A socket, and as which audience it watches a subject; None: it does not."""

    @property
    def who(self) -> Any: ...

    def watches(self, subject: str) -> str | None: ...


class Connected(Watcher, Protocol):
    """The socket or request that a command comes by."""

    async def watch(self, subject: str, audience: str) -> None: ...

    def unwatch(self, subject: str) -> None: ...


def signed_in(who: object) -> Actor:
    """The member of staff that somebody is; refused ``unauthenticated`` for anything else."""
    if not isinstance(who, Actor):
        raise Refusal(Code.UNAUTHENTICATED)
    return who


def actor_of(connection: Watcher) -> Actor:
    """The member of staff behind a connection; refused as ``signed_in`` does."""
    return signed_in(connection.who)
