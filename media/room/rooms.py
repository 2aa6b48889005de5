"""All rooms of one worker on one port: the server's orders, the wire and the tick, each handed to the part whose it is.

Ties together a party's ICE and DTLS (`connecting`), its offers (`offering`), RTP (`media.forwarding.forwarder`) and RTCP
(`feedback`), what each receiver gets (`serving`), what may pass (`passing`) and what is recorded (`taping`). It knows
no control channel, no file format and nobody's name: rooms and parties are opaque strings.
"""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic, process_time
from typing import Any

from media.control import MediaEvent
from media.forwarding.forwarder import Forwarder
from media.load import LIMITS, Load, LoadLimits
from media.rejected import Rejected, Rejection
from media.room.connecting import Connecting
from media.room.feedback import Feedback, Requests
from media.room.figures import counters, party_figures
from media.room.offering import Offering
from media.room.parties import Party, Rights, Room
from media.room.passing import Passing
from media.room.serving import MEASURE_S, Serving
from media.room.taping import Taping
from media.tap import Recorder
from media.wire.dtls import Address, Certificate
from media.wire.ice import Agent
from media.wire.port import Port
from media.wire.sdp import CODEC_NAMES
from media.wire.srtp import Buffer

TICK_S = 0.1
FEEDBACK_HOLD_S = 1.0
REPORT_S = 1.0
EXPECTED_AT_MOST = 32
"""So many of those who are rung have an offer before one of them answers; the others get theirs then."""


class Rooms:
    """`emit` gets what the server should hear; `codecs` are those of pictures that are offered, the
    preferred one first. The time is read here, and told to all parts."""

    def __init__(
        self,
        host: str,
        port: int,
        advertised: list[str],
        recorder: Recorder,
        emit: Callable[[MediaEvent], None],
        codecs: tuple[str, ...] = CODEC_NAMES,
        limits: LoadLimits = LIMITS,
    ) -> None:
        self._load = Load(limits, TICK_S, monotonic(), process_time())
        self._rooms: dict[str, Room] = {}
        self._recorder = recorder
        self._port: Port[Party] = Port(
            host,
            port,
            media=self._on_media,
            dtls=self._on_dtls,
            checked=self._on_checked,
            drained=recorder.flush,
        )
        certificate = Certificate()
        candidates = [(a, self._port.number) for a in advertised or [host]]
        self._requests = requests = Requests(self._port.send)
        self._forwarder = Forwarder(
            self._port.queue, recorder, requests.ask_key_frame, requests.ask_again
        )
        self._feedback = Feedback(requests, self._forwarder.send_again, recorder.report)
        self._connecting = Connecting(
            self._port.send,
            self._port.checks,
            self._port.owners,
            certificate,
            requests,
            emit,
            monotonic,
        )
        self._offering = Offering(codecs, certificate.fingerprint, candidates, emit)
        self._serving = Serving(requests)
        self._taping = Taping(recorder, requests, emit)
        self._passing = Passing(self._taping, requests)
        self._ticking: asyncio.TimerHandle | None = None
        self._measured_at = monotonic()
        self._reported_at = monotonic()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._port.open(loop)
        self._tick(loop)

    def close(self) -> None:
        for name in list(self._rooms):
            self.close_room(name)
        if self._ticking is not None:
            self._ticking.cancel()
        self._port.close()

    # Orders of the server.

    def open_room(self, room: str, resumed: bool = False) -> None:
        """Make the room. A new call's is refused (busy) at a limit; one that another worker lost
        is let in."""
        if room in self._rooms:
            return
        if not resumed and (why := self.full()) is not None:
            raise Rejected(Rejection.BUSY, why)
        self._rooms[room] = Room(room)

    def full(self) -> str | None:
        """Why no new call is taken: `draining`, `calls` or `load`; None when one is."""
        return self._load.full(len(self._rooms))

    def drain(self) -> None:
        """Take no new call from now on."""
        self._load.draining = True

    @property
    def empty(self) -> bool:
        return not self._rooms

    def add_party(
        self,
        room: str,
        name: str,
        record: bool,
        place: int | None = None,
        rights: Rights | None = None,
    ) -> str:
        there = self._room(room)
        if name in there.parties:
            raise Rejected(Rejection.PARTY_EXISTS)
        party = Party(there, name, there.free_place(place))
        party.rights = rights or Rights()
        self._connecting.reach(party)
        self._sit(party, record)
        return self._offering.offer(party)

    def expect_party(self, room: str, name: str, place: int) -> str:
        """Make a party that may sit down at this place later, and return its offer."""
        there = self._room(room)
        if name in there.parties or name in there.expected:
            raise Rejected(Rejection.PARTY_EXISTS)
        place = there.free_place(place)
        if len(there.expected) >= EXPECTED_AT_MOST:
            self._connecting.part(there.expected.pop(next(iter(there.expected))))
        party = there.expected[name] = Party(there, name, place)
        party.grow()
        self._connecting.reach(party)
        return self._offering.offer(party)

    def seat_party(self, room: str, name: str, record: bool, held: bool, turn: int) -> None:
        """Let an expected party that has answered sit down, expect nobody else at its place, and
        hold the room or not."""
        there, now = self._room(room), monotonic()
        party = there.expected.get(name)
        if party is None or party.answered is None:
            raise Rejected(Rejection.UNKNOWN_PARTY)
        there.free_place(party.place)
        self._passing.turn(there, held, turn, now)
        self._sit(there.expected.pop(name), record)
        self._connecting.settle(party, now)
        self._offering.agree(there)

    def _sit(self, party: Party, record: bool) -> None:
        """Let the party meet those who are in the room."""
        there = party.room
        for name in [n for n, other in there.expected.items() if other.place == party.place]:
            self._connecting.part(there.expected.pop(name))
        self._passing.sit(party)
        there.parties[party.name] = party
        grown = there.grow()
        there.link(monotonic())
        self._taping.record(party, record)
        self._offering.ask_anew(grown)

    def answer(self, room: str, name: str, sdp: str) -> None:
        there = self._room(room)
        party = there.expected.get(name) or there.party(name)
        self._offering.answer(party, sdp)
        self._connecting.settle(party, monotonic())
        self._offering.agree(there)

    def restart_ice(self, room: str, name: str) -> str:
        party = self._room(room).party(name)
        self._connecting.restart(party, monotonic())
        return self._offering.offer(party)

    def record(self, room: str, name: str, on: bool) -> None:
        self._taping.record(self._room(room).party(name), on)

    def permit(self, room: str, name: str, rights: Rights) -> None:
        """Give the party these rights instead of those that it has."""
        there, now = self._room(room), monotonic()
        there.party(name).rights = rights
        self._offering.ask_anew(there.grow())
        for track in there.link(now):
            self._requests.ask_key_frame(track, now)

    def let_through(
        self,
        room: str,
        held: bool,
        turn: int,
        muted: Mapping[str, frozenset[str]],
        recorded: bool = True,
    ) -> None:
        """As `Passing.let_through`."""
        self._passing.let_through(self._room(room), held, turn, muted, recorded, monotonic())

    def remove_party(self, room: str, name: str) -> None:
        there = self._room(room)
        expected = there.expected.pop(name, None)
        if expected is not None:
            self._connecting.part(expected)
            return
        party = there.party(name)
        self._taping.record(party, False)
        del there.parties[name]
        for feed in party.feeds.values():
            feed.take(None)
        there.link(monotonic())
        self._connecting.part(party)

    def close_room(self, room: str) -> None:
        place = self._rooms.get(room)
        if place is not None:
            for name in [*place.expected, *place.parties]:
                self.remove_party(room, name)
            del self._rooms[room]

    def key_wanted(self, handle: int, mid: str) -> None:
        """The recorder of this handle cannot go on without a key frame."""
        self._taping.key_wanted(handle, mid, monotonic())

    def figures(self) -> dict[str, Any]:
        port = self._port
        return {
            "worker": {
                "address": port.host,
                "port": port.number,
                "datagrams": port.datagrams,
                "wakeups": port.wakeups,
                "dropped": dict(port.dropped),
                "recorder_dropped": self._recorder.dropped,
                "recorder_restarts": self._recorder.restarts,
                "recorder_halted": len(self._recorder.halted),
                "recorder_backlog_bytes": self._recorder.backlog_bytes,
                "recorder_pid": self._recorder.process_id,
                "rooms": len(self._rooms),
                **self._load.figures(),
                "parties": sum(len(room.parties) for room in self._rooms.values()),
                "expected": sum(len(room.expected) for room in self._rooms.values()),
            },
            "rooms": {
                room.name: {p.name: party_figures(p) for p in room.parties.values()}
                for room in self._rooms.values()
            },
        }

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        """What was counted of each party that has been up, since it came: see `counters` of the client."""
        return {
            room.name: {
                party.name: counters(party)
                for party in room.parties.values()
                if party.packets_in or party.packets_out
            }
            for room in self._rooms.values()
        }

    # From the wire.

    def _on_checked(self, agent: Agent, address: Address, fresh: bool) -> None:
        self._connecting.checked(agent, address, fresh, monotonic())

    def _on_dtls(self, party: Party, datagram: bytes, address: Address) -> None:
        self._connecting.dtls(party, datagram, address)

    def _on_media(self, party: Party, buffer: Buffer, length: int, now: float) -> None:
        if 191 < buffer.data[1] < 224:
            self._feedback.receive(party, buffer, length, now)
        else:
            self._forwarder.rtp(party, buffer, length, now)

    # With time.

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        # First: whatever goes wrong in one tick, there is a next one.
        self._ticking = loop.call_later(TICK_S, self._tick, loop)
        now = monotonic()
        if now - self._measured_at >= MEASURE_S:
            passed_s, self._measured_at = now - self._measured_at, now
            for room in self._rooms.values():
                self._measure(room, passed_s, now)
        reporting = now - self._reported_at >= REPORT_S
        if reporting:
            self._reported_at = now
        self._load.tick(now, process_time(), self._port.datagrams)
        for party in self._connecting.agents.values():
            party.sent_again = 0
            if reporting and party.ready and not party.end_to_end:
                self._requests.report(party, now)
            self._port.checks.forget_expired(party.agent)
            if not party.ready:
                continue
            self._connecting.tick(party, now)
            if party.self_reporting and (feedback := party.arrivals.report()) is not None:
                self._requests.send_feedback(party, feedback)
            relaying = party.end_to_end and now - party.relayed_at < FEEDBACK_HOLD_S
            if relaying and party.self_reporting:
                party.arrivals.clear()
            party.self_reporting = not relaying
        self._recorder.flush()

    def _measure(self, room: Room, passed_s: float, now: float) -> None:
        """Measure what comes in, and let each receiver of a larger room get what its way carries."""
        room.measure(passed_s, now)
        for party in room.parties.values():
            self._taping.watch(party, now)
        if not room.layered:
            return
        room.relink(now)
        for party in room.parties.values():
            # Also of two that are left of three: they send in one piece again.
            self._taping.choose(party, now)
            if party.ready and not room.end_to_end:
                self._serving.serve(party, now)

    def _room(self, room: str) -> Room:
        place = self._rooms.get(room)
        if place is None:
            raise Rejected(Rejection.UNKNOWN_ROOM)
        return place
