"""Who sends bytes to this node just now, so that a sign-in that is over sends no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import StreamReader, web

from server.edge.route import Ask
from server.rights.person import Actor


class Senders:
    """The bodies of files that come to one node, by whose they are."""

    def __init__(self) -> None:
        self._bodies: dict[Actor, set[StreamReader]] = {}

    def who(self) -> set[Actor]:
        """The sign-ins that send something."""
        return set(self._bodies)

    def cut(self, session_id: str) -> None:
        """Cut off what this sign-in sends; what arrived stays."""
        for actor, bodies in self._bodies.items():
            if actor.session_id == session_id:
                for body in bodies:
                    body.set_exception(ConnectionResetError("the sign-in is over"))

    @contextmanager
    def sending(self, ask: Ask[Any, Any]) -> Iterator[None]:
        """For the time in which the body of this request comes."""
        actor, body = ask.actor, ask.request.content
        self._bodies.setdefault(actor, set()).add(body)
        try:
            yield
        finally:
            self._bodies[actor].discard(body)
            if not self._bodies[actor]:
                del self._bodies[actor]


SENDERS: Final = web.AppKey("senders", Senders)
