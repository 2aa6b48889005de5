"""ICE-lite for one party (RFC 8445): answer checks, remember which paths were checked.

No checks of our own and no gathering: a restart is a new pair of credentials on
the same party. It decides which source may be believed and where to send; the
socket is the port's, what is sent is not its affair.
"""

import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aioice import stun

Address = tuple[Any, ...]

OLD_CREDENTIALS_S = 30.0
MAX_PATHS = 32


@dataclass(slots=True)
class Credentials:
    """One generation of a party's local user name and password; `expires_at` is set by a restart."""

    generation: int
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    expires_at: float | None = None


class Agent:
    """The lite side of one party's ICE.

    `destination` is where its packets go: the highest-priority nominated path of
    the current generation (Firefox nominates each path that it checks, so the
    last one is not the best one), before any nomination the path on which DTLS
    came in (Chromium starts DTLS before it nominates). A path of lower priority is taken once it
    was nominated twice without a check of the present one between: the peer has left that
    one, and a browser whose address changed may find only a lesser path. `nominated` is the
    generation of its nomination, 0 before there is one.
    """

    def __init__(self) -> None:
        self.current = Credentials(1)
        self.destination: Address | None = None
        self.paths: dict[Address, None] = {}
        self.checks = 0
        self.nominated = 0
        self._best = -1
        self._lesser: tuple[Address, bytes] | None = None
        """A path of lower priority that was nominated, and by which transaction: the same one sent
        again is no second word."""
        self._old: list[Credentials] = []

    def restart(self, now: float) -> Credentials:
        """Begin a new generation; the old credentials stay good for 30 s."""
        self.current.expires_at = now + OLD_CREDENTIALS_S
        self._old.append(self.current)
        self.current = Credentials(self.current.generation + 1)
        self._best = -1
        self._lesser = None
        return self.current

    def credentials(self, ufrag: str, now: float) -> Credentials | None:
        if ufrag == self.current.ufrag:
            return self.current
        for old in self._old:
            if old.ufrag == ufrag and old.expires_at is not None and now < old.expires_at:
                return old
        return None

    def forget_expired(self, now: float) -> list[str]:
        """Drop credentials whose time is over and return their user names."""
        gone = [c for c in self._old if c.expires_at is not None and now >= c.expires_at]
        self._old = [c for c in self._old if c not in gone]
        return [c.ufrag for c in gone]

    def ufrags(self) -> list[str]:
        return [self.current.ufrag, *(c.ufrag for c in self._old)]

    def checked(self, message: stun.Message, generation: int, address: Address) -> bool:
        """Note an authentic check; whether its path is a new one."""
        self.checks += 1
        fresh = address not in self.paths
        self.paths[address] = None
        priority = int(message.attributes.get("PRIORITY", 0))
        if address == self.destination:
            self._lesser = None
        if "USE-CANDIDATE" in message.attributes and generation == self.current.generation:
            before, by = self._lesser or (None, b"")
            again = address == before and message.transaction_id != by
            if priority >= self._best or again:
                self._best = priority
                self.destination = address
                self.nominated = generation
                self._lesser = None
            elif address != before:
                self._lesser = (address, message.transaction_id)
        return fresh

    def surplus(self) -> list[Address]:
        """Forget the oldest paths beyond what one party may have, and return them."""
        surplus = [p for p in self.paths if p != self.destination][
            : max(0, len(self.paths) - MAX_PATHS)
        ]
        for path in surplus:
            del self.paths[path]
        return surplus

    def heard_dtls(self, address: Address) -> None:
        """DTLS came in on a checked path: good enough to answer on until one is nominated."""
        if self.destination is None:
            self.destination = address


class Checks:
    """All agents of one worker by user name: reads a STUN datagram, writes the answer.

    Anything that is not an authentic binding request for a live user name gets no
    answer at all: a stranger learns nothing and gets nothing amplified.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._agents: dict[str, Agent] = {}
        self._clock = clock
        self.refused = 0

    def add(self, agent: Agent) -> None:
        """Answer to all live user names of this agent from now on."""
        for ufrag in agent.ufrags():
            self._agents[ufrag] = agent

    def remove(self, agent: Agent) -> None:
        for ufrag in agent.ufrags():
            self._agents.pop(ufrag, None)

    def forget_expired(self, agent: Agent) -> None:
        for ufrag in agent.forget_expired(self._clock()):
            self._agents.pop(ufrag, None)

    def receive(self, datagram: bytes, address: Address) -> tuple[Agent, bytes, bool] | None:
        """The agent meant, the answer to send, and whether the path is new; None to stay silent."""
        verdict = self._verify(datagram)
        if verdict is None:
            self.refused += 1
            return None
        message, agent, credentials = verdict
        fresh = agent.checked(message, credentials.generation, address)
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = (address[0], address[1])
        answer.add_message_integrity(credentials.password.encode())
        return agent, bytes(answer), fresh

    def _verify(self, datagram: bytes) -> tuple[stun.Message, Agent, Credentials] | None:
        try:
            message = stun.parse_message(datagram)
        except (ValueError, struct.error):
            return None
        if (
            message.message_method != stun.Method.BINDING
            or message.message_class != stun.Class.REQUEST
        ):
            return None
        ufrag = str(message.attributes.get("USERNAME", "")).partition(":")[0]
        agent = self._agents.get(ufrag)
        credentials = agent.credentials(ufrag, self._clock()) if agent is not None else None
        if agent is None or credentials is None:
            return None
        if not message.check_message_integrity(credentials.password.encode()):
            return None
        return message, agent, credentials
