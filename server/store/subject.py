"""The turn of a subject: locked in a change, with what an act on it does in the same way everywhere.

It knows no case and no other subject: who may act, what is read and what else is written is of the
subject's own turn, made of this one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict

from server.store.batch import Write
from server.store.unit_of_work import Change
from signaling.wire.envelope import Event


class Stamp(TypedDict):
    """What every event bears: ``CaseSaid(**turn.stamp, saying=view)``."""

    subject: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an act. ``event`` None: no page shows it. ``about`` is the ledger's object.

    ``result`` is the ack's; ``people`` are whose sockets watch the subject from now on, each as an audience;
    ``beside`` is written in the same go and is no part of the subject; ``then`` follows in the same
    transaction, with events of its own: a paper, a job; ``after`` follows the commit, once.
    """

    event: Event | Mapping[str, Any] | None
    about: str
    payload: Mapping[str, Any]
    result: Mapping[str, Any] = field(default_factory=dict)
    on_behalf_of: str | None = None
    people: Mapping[str, str] | None = None
    beside: Sequence[Write] = ()
    then: Callable[[], Awaitable[object]] | None = None
    after: Callable[[], Awaitable[object]] | None = None


class Turn:
    """An act on a subject that is locked."""

    def __init__(self, change: Change, subject: str, version: int) -> None:
        self.change, self.connection, self.at = change, change.connection, change.at
        self.subject = subject
        self.version = version
        """That which the next event will have; the one before it is what the subject is at."""

    @classmethod
    async def of(cls, change: Change, subject: str) -> "Turn":
        """Lock the subject."""
        return Turn(change, subject, await change.lock(subject) + 1)

    @property
    def stamp(self) -> Stamp:
        return Stamp(subject=self.subject, version=self.version, at=self.at)

    async def tell(self, act: str, told: Told) -> None:
        """Write what changed, the event and the entry in one go, then what follows. Several may be told in one
        change, one after another."""
        version = await self.change.record(
            self.subject,
            act,
            told.about,
            told.event,
            payload=told.payload,
            on_behalf_of=told.on_behalf_of,
            people=told.people,
            beside=[*self._changed(), *told.beside],
        )
        self.version = version + 1
        if told.then is not None:
            await told.then()

    async def enter(self, act: str, payload: Mapping[str, Any], about: str | None = None) -> None:
        """Keep an act that no page shows; ``about`` the subject itself where nothing else is named."""
        await self.tell(act, Told(None, about or self.subject, payload))

    def _changed(self) -> Sequence[Write]:
        """What the act changed of the subject itself, to be written with it."""
        return ()
