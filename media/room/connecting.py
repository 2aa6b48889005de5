"""What becomes of a party's connection: ICE checks, DTLS, `answered → up ⇄ down`, until it parts."""

from collections.abc import Callable

from media.control import MediaEvent, PartyDown, PartyUp
from media.room.feedback import Requests
from media.room.parties import Party
from media.wire.dtls import Address, Certificate, DtlsAssociation
from media.wire.ice import Agent, Checks
from media.wire.port import AddressOwners

# A party that sends sound or pictures is heard fifty times a second; of one that sends nothing a
# browser checks its path every 2.5 s (Chromium) to 6 s (RFC 7675), so that its silence says less.
SILENT_S = 4.0
SILENT_WITHOUT_MEDIA_S = 15.0
SENDING_S = 1.0


class Connecting:
    """The connections of one worker's parties, those that are expected too. `checks` and `owners` are its port's:
    whose checks are answered, and whose datagrams come from which address. `clock` is for what a handshake does."""

    def __init__(
        self,
        send: Callable[[bytes | memoryview, Address], None],
        checks: Checks,
        owners: AddressOwners[Party],
        certificate: Certificate,
        requests: Requests,
        emit: Callable[[MediaEvent], None],
        clock: Callable[[], float],
    ) -> None:
        self._send = send
        self._checks = checks
        self._owners = owners
        self._certificate = certificate
        self._requests = requests
        self._emit = emit
        self._clock = clock
        self.agents: dict[Agent, Party] = {}

    def reach(self, party: Party) -> None:
        """Answer to the party's checks from now on."""
        self.agents[party.agent] = party
        self._checks.add(party.agent)

    def restart(self, party: Party, now: float) -> None:
        """Give it new credentials; the old ones are good for a while."""
        party.agent.restart(now)
        self._checks.add(party.agent)

    def checked(self, agent: Agent, address: Address, fresh: bool, now: float) -> None:
        party = self.agents[agent]
        if self._owners.get(address) is not party:
            self._owners[address] = party
        if fresh:
            for stale in agent.surplus():
                if self._owners.get(stale) is party:
                    del self._owners[stale]
        party.destination = agent.destination
        self._hear(party, now)

    def dtls(self, party: Party, datagram: bytes, address: Address) -> None:
        party.agent.heard_dtls(address)
        party.destination = party.agent.destination
        if party.handshake is None:
            party.handshake = DtlsAssociation(
                self._certificate,
                self._send,
                lambda: self.settle(party, self._clock()),
                lambda reason: self._lose(party, reason),
            )
        party.handshake.receive(datagram, address)

    def settle(self, party: Party, now: float) -> None:
        """Let media through once the keys stand and belong to the answered fingerprint, and the
        party has its seat.

        Any of them may come last: Firefox ends its handshake up to 170 ms before its
        answer is here, and who is expected has answered before.
        """
        handshake = party.handshake
        if party.ready or party.answered is None or handshake is None or not party.seated:
            return
        digest, wanted = party.answered.fingerprint
        shown = handshake.peer_fingerprint(digest)
        if shown is None:
            return
        if shown != wanted:
            self._lose(party, "fingerprint")
            return
        party.inbound, party.outbound = handshake.inbound, handshake.outbound
        party.ready = True
        party.down = None
        party.heard_at = now
        self._emit(PartyUp(party.room.name, party.name))
        # What was sent meanwhile is lost: begin with a key frame, both ways.
        for feed in party.feeds.values():
            if feed.source is not None:
                self._requests.ask_key_frame(feed.source, now)

    def _lose(self, party: Party, reason: str) -> None:
        party.ready = False
        if party.down != reason and party.seated:
            party.down = reason
            self._emit(PartyDown(party.room.name, party.name, reason))

    def _hear(self, party: Party, now: float) -> None:
        party.heard_at = now
        if party.ready and party.down == "silent":
            party.down = None
            self._emit(PartyUp(party.room.name, party.name))

    def tick(self, party: Party, now: float) -> None:
        """Tell of a party that is silent, or is heard again."""
        if party.packets_in != party.counted:
            party.counted, party.sent_at = party.packets_in, now
        sending = party.heard_at - party.sent_at < SENDING_S
        if now - party.heard_at > (SILENT_S if sending else SILENT_WITHOUT_MEDIA_S):
            if party.down is None:
                party.down = "silent"
                self._emit(PartyDown(party.room.name, party.name, "silent"))
        elif party.down == "silent":
            self._hear(party, party.heard_at)

    def part(self, party: Party) -> None:
        """End the connection of a party that is in no room any more."""
        if party.handshake is not None:
            party.handshake.close(party.destination)
        party.ready = False
        self._checks.remove(party.agent)
        del self.agents[party.agent]
        for address in party.agent.paths:
            if self._owners.get(address) is party:
                del self._owners[address]
        party.handshake = None
        party.dissolve()
