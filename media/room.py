"""Rooms of parties: who receives what, who may be believed, what is recorded.

Ties together a party's ICE, DTLS and media, translates RTCP from one leg's
numbers to the other's, and keeps publishers fed with congestion feedback and
asked for key frames. It knows no control channel, no file format and nobody's
name: rooms and parties are opaque strings.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic, process_time
from typing import Any

from media import rtcp
from media.control import (
    MediaEvent,
    OfferWanted,
    PartyDown,
    PartyUp,
    RecordingResumed,
    RecordingStalled,
)
from media.dtls import Address, Certificate, Handshake
from media.estimate import MAX_BPS, Estimate, Sent
from media.forward import IDLE_S, KEY_AGAIN_S, Endpoint, Feed, Forwarder, Ring, Track
from media.ice import Agent
from media.load import LIMITS, Limits, Load
from media.port import Port
from media.rejected import Code, Rejected
from media.rtcp import Departures
from media.sdp import (
    CODEC_NAMES,
    FACE,
    GROUPS,
    LAYERED,
    LAYERS,
    MAX_GROUPS,
    SEAT_LINES,
    Answer,
    OfferedLine,
    lines_in,
    mid_in,
    read_answer,
    write_offer,
)
from media.share import Share
from media.srtp import Buffer
from media.tap import Recorder

log = logging.getLogger(__name__)

TICK_S = 0.1
# A party that sends sound or pictures is heard fifty times a second; of one that sends nothing a
# browser checks its path every 2.5 s (Chromium) to 6 s (RFC 7675), so that its silence says less.
SILENT_S = 4.0
SILENT_WITHOUT_MEDIA_S = 15.0
SENDING_S = 1.0
FEEDBACK_HOLD_S = 1.0
MAX_PARTIES = MAX_GROUPS + 1
MEASURE_S = 0.5
REPORT_S = 1.0
UNWRITTEN_S = 5.0
"""So long may what comes in of a recorded party not be in its file before that is told."""
EXPECTED_AT_MOST = 32
"""So many of those who are rung have an offer before one of them answers; the others get theirs then."""
AGAIN_A_TICK = 200
"""So many packets a party gets sent again in a tenth of a second; a NACK can name thousands."""

# Sound and face share a file; document camera and screen get one of their own when used.
FILES: tuple[tuple[str, ...], ...] = (("0", "1"), ("2",), ("3",))
SOUND = "0"
SOUND_AND_FACE = FILES[0]


@dataclass(frozen=True, slots=True)
class Rights:
    """The places of a room whose parties one party hears and sees, and which hear and see it.

    None: all of them, whoever comes. It is of places, not of names, so that a party that comes
    anew (a reload) is under the same rights from its first packet on.
    """

    receives_from: frozenset[int] | None = None
    sends_to: frozenset[int] | None = None


class Party(Endpoint):
    """One seat's connection to the worker: `offered → answered → up ⇄ down`.

    One that is expected has no seat yet: it may answer and connect, and nothing passes."""

    def __init__(self, room: "Room", name: str, place: int) -> None:
        super().__init__(SEAT_LINES, tuple(line for g in range(GROUPS) for line in lines_in(g)))
        self.room = room
        self.name = name
        self.place = place
        self.agent = Agent()
        self.handshake: Handshake | None = None
        self.answered: Answer | None = None
        self.offered: list[OfferedLine] = []
        self.session = secrets.randbits(62)
        self.version = 0
        self.recording: dict[int, tuple[str, ...]] = {}
        self.due_since: dict[str, float] = {}
        self.stalled: tuple[str, ...] = ()
        self.down: str | None = "new"
        self.order = list(self.feeds)
        self.estimate = Estimate(start_bps=MAX_BPS)
        self.share = Share()
        self.sent_again = 0
        self.rights = Rights()
        self.silenced: set[str] = set()
        self.counted = 0
        self.sent_at = 0.0

    def lines(self) -> list[OfferedLine]:
        """The m-lines of its offer; new ones only ever come behind the old ones."""
        return [
            OfferedLine(mid, "video", 0, 0, True)
            if mid == LAYERED
            else OfferedLine(
                mid,
                self.feeds[mid].kind,
                self.feeds[mid].ssrc,
                self.feeds[mid].rtx_ssrc,
                mid in self.tracks,
            )
            for mid in self.order
        ]

    def grow(self) -> bool:
        """Have the m-lines that it needs by now, and whether there are more than before; new ones
        bring nothing before an answer. Of whom it may not get it has none, and no line tells."""
        before = len(self.order)
        groups = GROUPS
        for other in self.room.parties.values():
            further = other.place - (other.place > self.place) >= GROUPS
            if other is not self and further and _gets(self, other):
                groups = MAX_GROUPS
        if self.room.layered and not self.layers and not self.unheard:
            self.order.append(LAYERED)
            for rid in LAYERS:
                layer = self.layers[rid] = Track(self, FACE, "video", rid)
                layer.muted = self.tracks[FACE].muted
        for group in range(len(self.feeds) // len(SEAT_LINES), groups):
            lines = lines_in(group)
            self.receive(lines)
            for mid, _ in lines:
                self.order.append(mid)
                self.feeds[mid].wanted = False
        return len(self.order) > before

    @property
    def seated(self) -> bool:
        return self.room.parties.get(self.name) is self

    @property
    def unheard(self) -> bool:
        """Whether not all may get what it sends: it does not count among those who meet here."""
        return self.rights.sends_to is not None

    def streams(self, mid: str) -> list[Track]:
        """All that the party sends as this track: the track itself, and the layers of a face."""
        return [self.tracks[mid], *(self.layers.values() if mid == FACE else ())]

    def candidates(self, mid: str, now: float) -> list[Track]:
        """The streams of a track that come in now, the smallest first; layers before the whole,
        unless the sender has turned from them to it."""
        base, *layers = self.streams(mid)
        coming = [layer for layer in layers if now - layer.active_at <= IDLE_S]
        if all(layer.active_at < base.active_at for layer in coming):
            coming = []
        return coming or [base] * (now - base.active_at <= IDLE_S)


@dataclass(slots=True)
class Room:
    name: str
    parties: dict[str, Party] = field(default_factory=dict)
    expected: dict[str, Party] = field(default_factory=dict)
    held: bool = False
    turn: int = 0
    layered: bool = False
    end_to_end: bool = True

    def grow(self) -> list[Party]:
        """Have the m-lines that these need; whose offers have more than before."""
        meeting = [party for party in self.parties.values() if not party.unheard]
        self.layered = self.layered or len(meeting) > 2
        return [party for party in self.parties.values() if party.grow()]

    def link(self) -> list[Track]:
        """Give each feed its source: the first group of m-lines that of the first other place,
        the second that of the second, whoever is there. What a party may not get has no source
        for it: no packet and no report of it is sent.

        A party that leaves frees the feeds of those who stay; the next one to come to its
        place continues them, in the same streams. Of two, feedback passes end to end; among
        three it ends here, since a sender has one encoder and two ways to its receivers.
        Returns the tracks that somebody gets now who did not before.
        """
        begun: list[Track] = []
        seated = {party.place: party for party in self.parties.values()}
        self.end_to_end = len(seated) <= 2 and not self.has_layers(monotonic())
        for party in seated.values():
            changed = False
            others = [seated.get(place) for place in range(MAX_PARTIES) if place != party.place]
            for group, other in enumerate(others[: len(party.feeds) // len(SEAT_LINES)]):
                for mid, _ in SEAT_LINES:
                    base = other.tracks[mid] if other is not None and _gets(party, other) else None
                    feed = party.feeds[mid_in(group, mid)]
                    if feed.base is not base:
                        feed.base = base
                        feed.take(base)
                        changed = True
                        if base is not None:
                            begun.append(base)
            if changed:
                party.numbering.change_source()
            party.end_to_end = self.end_to_end
            if self.end_to_end:
                party.departures = None
                for feed in party.feeds.values():
                    feed.take(feed.base)
            else:
                party.self_reporting = True
                party.departures = party.departures or Departures()
            for mid, kind in SEAT_LINES:
                for stream in party.streams(mid) if kind == "video" else ():
                    stream.ring = None if self.end_to_end else stream.ring or Ring()
        return begun

    def has_layers(self, now: float) -> bool:
        """Whether somebody sends a face in layers, of which most end here."""
        return any(
            now - layer.active_at <= IDLE_S
            for party in self.parties.values()
            for layer in party.layers.values()
        )

    def reporter(self, publisher: Party) -> Party | None:
        """Whose reception reports a publisher gets: one receiver's, or its loss would seem to jump."""
        return min(
            (
                party
                for party in self.parties.values()
                if party is not publisher and party.ready and _gets(party, publisher)
            ),
            key=lambda party: party.place,
            default=None,
        )


def _gets(party: Party, source: Party) -> bool:
    """Whether the party may hear and see the source: both ends' rights say so."""
    receives_from, sends_to = party.rights.receives_from, source.rights.sends_to
    return (receives_from is None or source.place in receives_from) and (
        sends_to is None or party.place in sends_to
    )


class Rooms:
    """All rooms of one worker on one port. `emit` gets what the server should hear; `codecs` are
    those of pictures that are offered, the preferred one first."""

    def __init__(
        self,
        host: str,
        port: int,
        advertised: list[str],
        recorder: Recorder,
        emit: Callable[[MediaEvent], None],
        codecs: tuple[str, ...] = CODEC_NAMES,
        limits: Limits = LIMITS,
    ) -> None:
        self._codecs = codecs
        self._load = Load(limits, TICK_S, monotonic(), process_time())
        self._rooms: dict[str, Room] = {}
        self._recorder = recorder
        self._emit = emit
        self._certificate = Certificate()
        self._port: Port[Party] = Port(
            host,
            port,
            media=self._on_media,
            dtls=self._on_dtls,
            checked=self._on_checked,
            drained=recorder.flush,
        )
        self._candidates = [(a, self._port.number) for a in advertised or [host]]
        self._forwarder = Forwarder(
            self._port.queue, recorder, self._ask_key_frame, self._ask_again
        )
        self._agents: dict[Agent, Party] = {}
        self._taps: dict[int, Party] = {}
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
            raise Rejected(Code.BUSY, why)
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
            raise Rejected(Code.PARTY_EXISTS)
        party = Party(there, name, self._free_place(there, place))
        party.rights = rights or Rights()
        self._reach(party)
        self._sit(party, record)
        return self._offer(party)

    def expect_party(self, room: str, name: str, place: int) -> str:
        """Make a party that may sit down at this place later, and return its offer."""
        there = self._room(room)
        if name in there.parties or name in there.expected:
            raise Rejected(Code.PARTY_EXISTS)
        place = self._free_place(there, place)
        if len(there.expected) >= EXPECTED_AT_MOST:
            self._part(there.expected.pop(next(iter(there.expected))))
        party = there.expected[name] = Party(there, name, place)
        party.grow()
        self._reach(party)
        return self._offer(party)

    def seat_party(self, room: str, name: str, record: bool, held: bool, turn: int) -> None:
        """Let an expected party that has answered sit down, expect nobody else at its place, and
        hold the room or not."""
        there = self._room(room)
        party = there.expected.get(name)
        if party is None or party.answered is None:
            raise Rejected(Code.UNKNOWN_PARTY)
        self._free_place(there, party.place)
        self._turn(there, held, turn)
        self._sit(there.expected.pop(name), record)
        self._settle(party)
        self._agree(there)

    def _free_place(self, room: Room, place: int | None) -> int:
        taken = {party.place for party in room.parties.values()}
        free = [p for p in range(MAX_PARTIES) if p not in taken and place in (None, p)]
        if not free:
            raise Rejected(Code.FULL, f"a room holds {MAX_PARTIES} parties, one a place")
        return free[0]

    def _reach(self, party: Party) -> None:
        """Answer to the party's checks from now on."""
        self._agents[party.agent] = party
        self._port.checks.add(party.agent)

    def _sit(self, party: Party, record: bool) -> None:
        """Let the party meet those who are in the room."""
        there = party.room
        for name in [n for n, other in there.expected.items() if other.place == party.place]:
            self._part(there.expected.pop(name))
        if there.held:
            for track in party.tracks.values():
                track.muted = True
        there.parties[party.name] = party
        grown = there.grow()
        there.link()
        self.record(there.name, party.name, record)
        self._ask_anew(grown)

    def _ask_anew(self, grown: list[Party]) -> None:
        for party in grown:
            if party.answered is not None:
                self._emit(OfferWanted(party.room.name, party.name))

    def answer(self, room: str, name: str, sdp: str) -> None:
        party = self._room(room).expected.get(name) or self._party(room, name)
        answer = read_answer(sdp, party.offered)
        if party.answered is not None and party.answered.fingerprint != answer.fingerprint:
            raise Rejected(Code.BAD_SDP, "the fingerprint changed")
        party.answered = answer
        party.codecs = frozenset(answer.codecs)
        party.reports = answer.transport_cc
        for line in answer.lines:
            track = party.tracks.get(line.mid)
            if track is not None and line.sends:
                for ssrc in line.ssrcs:
                    party.claim(ssrc, track)
            if line.mid in party.feeds:
                party.feeds[line.mid].wanted = line.receives
        self._settle(party)
        self._agree(party.room)

    def restart_ice(self, room: str, name: str) -> str:
        party = self._party(room, name)
        party.agent.restart(monotonic())
        self._port.checks.add(party.agent)
        return self._offer(party)

    def record(self, room: str, name: str, on: bool) -> None:
        party = self._party(room, name)
        if on and not party.recording:
            for mids in FILES:
                handle = self._recorder.open(room, name, mids)
                party.recording[handle] = mids
                self._taps[handle] = party
                for mid in mids:
                    party.tracks[mid].segment = handle
                    if party.tracks[mid].muted:
                        self._recorder.mute(handle, mid, True, _why_muted(party, mid))
        elif not on:
            for mid in party.tracks:
                for stream in party.streams(mid):
                    stream.segment = 0
            for handle in party.recording:
                self._recorder.close(handle)
                del self._taps[handle]
            party.recording.clear()

    def permit(self, room: str, name: str, rights: Rights) -> None:
        """Give the party these rights instead of those that it has."""
        party = self._party(room, name)
        party.rights = rights
        self._ask_anew(party.room.grow())
        for track in party.room.link():
            self._ask_key_frame(track)

    def let_through(
        self,
        room: str,
        held: bool,
        turn: int,
        muted: Mapping[str, frozenset[str]],
        recorded: bool = True,
    ) -> None:
        """Hold the room or not, and of these parties, where they are there, exactly these lines. End
        what is recorded, unless it may be; nothing begins to be."""
        parties = self._room(room).parties
        if not recorded:
            for name in parties:
                self.record(room, name, False)
        self._turn(self._room(room), held, turn)
        for name in muted.keys() & parties.keys():
            party = parties[name]
            for mid in party.tracks:
                (party.silenced.add if mid in muted[name] else party.silenced.discard)(mid)
                self._silence(party, mid)

    def _turn(self, room: Room, held: bool, turn: int) -> None:
        """Hold the room or not, unless a later word of that was heard."""
        if turn >= room.turn:
            room.turn = turn
            self._hold(room, held)

    def _hold(self, room: Room, on: bool) -> None:
        """Let nobody of the room hear or see anyone, and no file anything, or let them again."""
        if room.held == on:
            return
        room.held = on
        for party in room.parties.values():
            for mid in party.tracks:
                self._silence(party, mid)

    def _silence(self, party: Party, mid: str) -> None:
        """Let the track's packets through, or stop them, as the room and what is muted say."""
        on = party.room.held or mid in party.silenced
        for stream in party.streams(mid):
            if stream.muted == on:
                continue
            stream.muted = on
            for feed in stream.feeds:
                feed.hold()
            if stream.segment:
                self._recorder.mute(stream.segment, mid, on, _why_muted(party, mid))
            if not on:
                self._ask_key_frame(stream)

    def remove_party(self, room: str, name: str) -> None:
        expected = self._room(room).expected.pop(name, None)
        if expected is not None:
            self._part(expected)
            return
        party = self._party(room, name)
        self.record(room, name, False)
        del party.room.parties[name]
        for feed in party.feeds.values():
            feed.take(None)
        party.room.link()
        self._part(party)

    def _part(self, party: Party) -> None:
        """End the connection of a party that is in no room any more."""
        if party.handshake is not None:
            party.handshake.close(party.destination)
        party.ready = False
        self._port.checks.remove(party.agent)
        del self._agents[party.agent]
        for address in party.agent.paths:
            if self._port.owners.get(address) is party:
                del self._port.owners[address]
        party.handshake = None
        party.dissolve()

    def close_room(self, room: str) -> None:
        place = self._rooms.get(room)
        if place is not None:
            for name in [*place.expected, *place.parties]:
                self.remove_party(room, name)
            del self._rooms[room]

    def key_wanted(self, handle: int, mid: str) -> None:
        """The recorder of this handle cannot go on without a key frame."""
        party = self._taps.get(handle)
        streams = party.streams(mid) if party is not None and mid in party.tracks else ()
        track = next((stream for stream in streams if stream.segment == handle), None)
        now = monotonic()
        if track is not None and now - track.key_asked_at >= KEY_AGAIN_S:
            self._ask_key_frame(track)

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
                room.name: {p.name: _party_figures(p) for p in room.parties.values()}
                for room in self._rooms.values()
            },
        }

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        """What was counted of each party that has been up, since it came: see `counters` of the client."""
        return {
            room.name: {
                party.name: _counters(party)
                for party in room.parties.values()
                if party.packets_in or party.packets_out
            }
            for room in self._rooms.values()
        }

    # From the wire.

    def _on_checked(self, agent: Agent, address: Address, fresh: bool) -> None:
        party = self._agents[agent]
        if self._port.owners.get(address) is not party:
            self._port.owners[address] = party
        if fresh:
            for stale in agent.surplus():
                if self._port.owners.get(stale) is party:
                    del self._port.owners[stale]
        party.destination = agent.destination
        self._hear(party, monotonic())

    def _on_dtls(self, party: Party, datagram: bytes, address: Address) -> None:
        party.agent.heard_dtls(address)
        party.destination = party.agent.destination
        if party.handshake is None:
            party.handshake = Handshake(
                self._certificate,
                self._port.send,
                lambda: self._settle(party),
                lambda reason: self._lose(party, reason),
            )
        party.handshake.receive(datagram, address)

    def _on_media(self, party: Party, buffer: Buffer, length: int, now: float) -> None:
        if 191 < buffer.data[1] < 224:
            self._on_rtcp(party, buffer, length, now)
        else:
            self._forwarder.rtp(party, buffer, length, now)

    def _on_rtcp(self, party: Party, buffer: Buffer, length: int, now: float) -> None:
        if party.inbound is None or not party.ready:
            party.refused += 1
            return
        length = party.inbound.rtcp(buffer, length)
        if not length:
            party.refused += 1
            return
        party.heard_at = now
        reports: dict[Endpoint, list[bytes]] = {}
        for block in rtcp.split(bytes(buffer.view[:length])):
            if len(block.data) < 8:
                continue
            if block.kind in (rtcp.SR, rtcp.RR):
                if block.kind == rtcp.SR and len(block.data) >= 28:
                    self._pass_sender_report(party, block, now)
                self._gather_reports(party, block, reports, now)
            elif len(block.data) < 12:
                continue
            elif block.kind == rtcp.PSFB and block.count == rtcp.PLI:
                party.plis_in += 1
                self._pass_key_request(party, rtcp.ssrc_at(block.data, 8), now)
            elif block.kind == rtcp.PSFB and block.count == rtcp.FIR and len(block.data) >= 20:
                party.plis_in += 1
                self._pass_key_request(party, rtcp.ssrc_at(block.data, 12), now)
            elif block.kind == rtcp.RTPFB and block.count == rtcp.NACK:
                asked = sum(1 for _ in rtcp.nacked(block))
                party.nacks_in += asked
                feed, source = _source(party, rtcp.ssrc_at(block.data, 8))
                if feed is not None and source is not None and feed.source_ssrc is not None:
                    if source.endpoint.end_to_end:
                        source.endpoint.nacks_out += asked
                        self._send_rtcp(
                            source.endpoint,
                            rtcp.rewrite_nack(block, feed.source_ssrc, feed.sequence_offset),
                        )
                    else:
                        self._repair(party, feed, source, block, now)
            elif block.kind == rtcp.RTPFB and block.count == rtcp.TWCC:
                self._pass_feedback(party, block, now)
            elif block.kind == rtcp.PSFB and block.count == rtcp.AFB and not party.end_to_end:
                limit = rtcp.read_remb(block.data)
                # One below what comes to it says that this is too much; any other says little.
                if limit is not None and not party.reports and limit < party.share.sent_bps:
                    party.estimate.limit(limit, now)
        for publisher, blocks in reports.items():
            self._send_rtcp(publisher, rtcp.receiver_report(blocks))

    def _repair(
        self, party: Party, feed: Feed, source: Track, block: rtcp.Block, now: float
    ) -> None:
        """Send again what a receiver lacks; what is not here its sender is asked for."""
        lacking: list[int] = []
        for number in rtcp.nacked(block):
            if party.sent_again >= AGAIN_A_TICK:
                break
            party.sent_again += 1
            if self._forwarder.send_again(feed, number, now):
                continue
            original = feed.original(number)
            if original is not None:
                feed.ask(original)
                if source.asks(original, now):
                    lacking.append(original)
        if lacking and source.ssrc is not None and source.ssrc == feed.source_ssrc:
            source.endpoint.nacks_out += len(lacking)
            self._send_rtcp(source.endpoint, rtcp.ask_for(source.ssrc, lacking))

    def _pass_sender_report(self, party: Party, block: rtcp.Block, now: float) -> None:
        ssrc = rtcp.ssrc_at(block.data, 4)
        track = party.by_ssrc.get(ssrc)
        if track is None or track.ssrc != ssrc:
            return
        ntp = int.from_bytes(block.data[8:16], "big")
        track.report.heard(ntp, now)
        if track.segment:
            self._recorder.report(track, ntp, rtcp.ssrc_at(block.data, 16), now)
        for feed in track.feeds:
            if feed.source is track and feed.source_ssrc == ssrc and not feed.waiting:
                self._send_rtcp(
                    feed.endpoint, rtcp.sender_report(block, feed.ssrc, feed.timestamp_offset)
                )

    def _gather_reports(
        self,
        party: Party,
        block: rtcp.Block,
        reports: dict[Endpoint, list[bytes]],
        now: float,
    ) -> None:
        for report in rtcp.report_blocks(block):
            ssrc = rtcp.ssrc_at(report, 0)
            feed, source = _source(party, ssrc)
            if feed is None or source is None:
                continue
            publisher = source.endpoint
            if not publisher.end_to_end:
                if ssrc == feed.ssrc and not party.reports:
                    party.estimate.report(rtcp.lost_share(report), now)
                continue
            if not isinstance(publisher, Party) or party.room.reporter(publisher) is not party:
                continue
            highest = rtcp.ssrc_at(report, 8)
            if ssrc == feed.ssrc and feed.source_ssrc is not None and source.highest >= 0:
                number = (highest - feed.sequence_offset) & 0xFFFF
                told = rtcp.rewrite_report(
                    report, feed.source_ssrc, rtcp.nearest(number, source.highest)
                )
            elif ssrc == feed.rtx_ssrc and feed.rtx_source_ssrc is not None:
                told = rtcp.rewrite_report(report, feed.rtx_source_ssrc, highest - feed.rtx_offset)
            else:
                continue
            reports.setdefault(source.endpoint, []).append(told)

    def _pass_key_request(self, party: Party, ssrc: int, now: float) -> None:
        _, source = _source(party, ssrc)
        if source is None:
            return
        # Several receivers may ask at once.
        if source.endpoint.end_to_end or now - source.key_asked_at >= KEY_AGAIN_S:
            self._ask_key_frame(source)

    def _pass_feedback(self, party: Party, block: rtcp.Block, now: float) -> None:
        """The single subscriber's feedback, in the publisher's numbers.

        Exactly one source of feedback a publisher: this one, or the worker. Among three and more
        it ends here and says what this receiver's way carries.
        """
        if party.departures is not None:
            feedback = rtcp.read_feedback(block.data)
            if feedback is not None:
                packets = [Sent(*packet) for packet in party.departures.match(feedback)]
                if packets:
                    party.estimate.feedback(packets, now)
            return
        source = next((f.source for f in party.feeds.values() if f.source is not None), None)
        if source is None or not source.endpoint.end_to_end:
            return
        feedback = rtcp.read_feedback(block.data)
        if feedback is None:
            return
        translated = party.numbering.translate(feedback)
        if translated is not None and not source.endpoint.self_reporting:
            self._send_feedback(source.endpoint, translated)

    # To the wire.

    def _send_rtcp(self, endpoint: Endpoint, packet: bytes) -> bool:
        if not endpoint.ready or endpoint.outbound is None or endpoint.destination is None:
            return False
        protected = endpoint.outbound.rtcp(packet)
        if protected:
            self._port.send(protected, endpoint.destination)
        return bool(protected)

    def _send_feedback(self, endpoint: Endpoint, feedback: rtcp.Feedback) -> None:
        ssrc = next((t.ssrc for t in endpoint.tracks.values() if t.ssrc is not None), 0)
        self._send_rtcp(endpoint, rtcp.write_feedback(feedback, ssrc, endpoint.feedback_count))
        endpoint.feedback_count += 1

    def _ask_key_frame(self, track: Track) -> None:
        """Nobody can be asked before his stream has a name; whoever waits asks again then."""
        if track.kind != "video" or track.ssrc is None:
            return
        if self._send_rtcp(track.endpoint, rtcp.picture_loss(track.ssrc)):
            track.key_asked_at = monotonic()
            track.endpoint.plis_out += 1

    def _ask_again(self, track: Track, first: int, count: int) -> None:
        if track.kind == "video" and track.ssrc is not None:
            now = monotonic()
            for number in range(first, first + count):
                track.asks(number & 0xFFFF, now)
            track.endpoint.nacks_out += count
            self._send_rtcp(track.endpoint, rtcp.ask_again(track.ssrc, first, count))

    def _agree(self, room: Room) -> None:
        """Ask for a new offer to whoever sends a codec that another one does not take.

        Nothing of it is sent on meanwhile.
        """
        answered = [party for party in room.parties.values() if party.answered is not None]
        common = frozenset(self._codecs).intersection(*(party.codecs for party in answered))
        for party in answered:
            sends = party.answered.codecs[:1] if party.answered is not None else ()
            if common and not common.issuperset(sends):
                self._emit(OfferWanted(room.name, party.name))

    def _offer(self, party: Party) -> str:
        party.version += 1
        party.offered = party.lines()
        others = [p for p in party.room.parties.values() if p is not party and p.answered]
        codecs = tuple(c for c in self._codecs if all(c in other.codecs for other in others))
        return write_offer(
            party.offered,
            codecs=codecs or self._codecs,
            session=party.session,
            version=party.version,
            ufrag=party.agent.current.ufrag,
            password=party.agent.current.password,
            fingerprint=self._certificate.fingerprint,
            candidates=self._candidates,
        )

    # What becomes of a party.

    def _settle(self, party: Party) -> None:
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
        party.heard_at = monotonic()
        self._emit(PartyUp(party.room.name, party.name))
        # What was sent meanwhile is lost: begin with a key frame, both ways.
        for feed in party.feeds.values():
            if feed.source is not None:
                self._ask_key_frame(feed.source)

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

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        # First: whatever goes wrong in one tick, there is a next one.
        self._ticking = loop.call_later(TICK_S, self._tick, loop)
        now = monotonic()
        if now - self._measured_at >= MEASURE_S:
            passed_s, self._measured_at = now - self._measured_at, now
            for room in self._rooms.values():
                self._divide(room, passed_s, now)
        reporting = now - self._reported_at >= REPORT_S
        if reporting:
            self._reported_at = now
        self._load.tick(now, process_time(), self._port.datagrams)
        for party in self._agents.values():
            party.sent_again = 0
            if reporting and party.ready and not party.end_to_end:
                self._report(party, now)
            self._port.checks.forget_expired(party.agent)
            if not party.ready:
                continue
            if party.packets_in != party.counted:
                party.counted, party.sent_at = party.packets_in, now
            sending = party.heard_at - party.sent_at < SENDING_S
            if now - party.heard_at > (SILENT_S if sending else SILENT_WITHOUT_MEDIA_S):
                if party.down is None:
                    party.down = "silent"
                    self._emit(PartyDown(party.room.name, party.name, "silent"))
            elif party.down == "silent":
                self._hear(party, party.heard_at)
            if party.self_reporting and (feedback := party.arrivals.report()) is not None:
                self._send_feedback(party, feedback)
            relaying = party.end_to_end and now - party.relayed_at < FEEDBACK_HOLD_S
            if relaying and party.self_reporting:
                party.arrivals.clear()
            party.self_reporting = not relaying
        self._recorder.flush()

    def _report(self, party: Party, now: float) -> None:
        """Tell a sender what came in of it: among three and more nobody else does."""
        self._send_rtcp(
            party,
            rtcp.receiver_report(
                [
                    s.report.block(s.ssrc, s.highest, s.packets - s.repaired, now)
                    for mid in party.tracks
                    for s in party.streams(mid)
                    if s.ssrc is not None and s.highest >= 0
                ]
            ),
        )

    def _divide(self, room: Room, passed_s: float, now: float) -> None:
        """Measure what comes in, and let each receiver of a larger room get what its way carries."""
        for party in room.parties.values():
            for mid in party.tracks:
                for stream in party.streams(mid):
                    stream.measure(passed_s, now)
            self._watch_recording(party, now)
        if not room.layered:
            return
        if room.end_to_end != (len(room.parties) <= 2 and not room.has_layers(now)):
            room.link()
        for party in room.parties.values():
            # Also of two that are left of three: they send in one piece again.
            self._record_best(party, now)
            if party.ready and not room.end_to_end:
                self._serve(party, now)

    def _serve(self, party: Party, now: float) -> None:
        """Choose for one receiver: sound always, documents before faces, the earlier place first."""
        found: dict[str, list[Track]] = {}
        sound_bps = 0.0
        for feed in party.feeds.values():
            base = feed.base
            if base is None or not feed.wanted:
                continue
            owner = base.endpoint
            assert isinstance(owner, Party)
            if base.kind == "audio":
                sound_bps += 0.0 if base.muted else base.rate_bps
            elif not base.muted:
                found[feed.mid] = owner.candidates(base.mid, now)
        order = sorted(found, key=lambda mid: (party.feeds[mid].is_face, mid))
        estimate = party.estimate
        estimate.forget_limit(now)
        budget = estimate.target_bps - sound_bps if estimate.bounded else None
        rates = {mid: [stream.rate_bps for stream in found[mid]] for mid in order}
        chosen = party.share.decide(now, budget, rates, pausing=estimate.loses(now))
        party.share.sent_bps = sound_bps
        for mid in order:
            feed, at = party.feeds[mid], chosen[mid]
            if at is not None:
                party.share.sent_bps += rates[mid][at]
            self._aim(feed, found[mid][at] if at is not None else None, now, bool(found[mid]))

    def _aim(self, feed: Feed, track: Track | None, now: float, coming: bool) -> None:
        """Let the feed bring this stream: at its next key frame while there is something else."""
        if track is None:
            # Nothing comes in: it begins with the first packet. Too much comes in: nothing is sent.
            if coming:
                feed.take(None)
            elif feed.source is None:
                feed.take(feed.base)
            return
        if track is feed.source:
            feed.wait_for(None)
            return
        before = feed.source
        if before is None or feed.waiting or now - before.active_at > MEASURE_S / 2:
            feed.take(track)
        else:
            feed.wait_for(track)
        self._ask_key_frame(track)

    def _watch_recording(self, party: Party, now: float) -> None:
        """Tell when what comes in of sound or face is not in the file, and when it is again.

        Of what is muted, or does not come in, nothing is due; but sound that has come comes on.
        """
        stalled: list[str] = []
        whose = party.room.name, party.name
        due = party.ready and party.down is None and whose not in self._recorder.halted
        for handle, mid in [(h, m) for h, mids in party.recording.items() for m in mids]:
            if mid not in SOUND_AND_FACE:
                continue
            base = party.tracks[mid]
            sent = base.packets if mid == SOUND else party.candidates(mid, now)
            if not due or base.muted or not sent:
                party.due_since[mid] = now
                continue
            written_at = self._recorder.written_at.get((handle, mid), float("-inf"))
            if now - max(written_at, party.due_since.setdefault(mid, now)) > UNWRITTEN_S:
                stalled.append(mid)
                if mid not in party.stalled:
                    self._recorder.stall(handle, mid)
                for stream in party.streams(mid):
                    if now - stream.key_asked_at >= KEY_AGAIN_S:
                        self._ask_key_frame(stream)
        if tuple(stalled) == party.stalled:
            return
        party.stalled = tuple(stalled)
        self._emit(RecordingStalled(*whose, party.stalled) if stalled else RecordingResumed(*whose))

    def _record_best(self, party: Party, now: float) -> None:
        """Of a face in layers the largest is recorded."""
        streams = party.streams(FACE)
        segment = next((stream.segment for stream in streams if stream.segment), 0)
        coming = party.candidates(FACE, now)
        if not segment or not coming or coming[-1].segment:
            return
        for stream in streams:
            stream.segment = 0
        coming[-1].segment = segment
        self._ask_key_frame(coming[-1])

    def _room(self, room: str) -> Room:
        place = self._rooms.get(room)
        if place is None:
            raise Rejected(Code.UNKNOWN_ROOM)
        return place

    def _party(self, room: str, name: str) -> Party:
        party = self._room(room).parties.get(name)
        if party is None:
            raise Rejected(Code.UNKNOWN_PARTY)
        return party


def _source(party: Party, ssrc: int) -> tuple[Feed | None, Track | None]:
    """The feed with this SSRC and the track behind it."""
    feed = party.by_feed_ssrc.get(ssrc)
    return feed, feed.source if feed is not None else None


def _places(places: frozenset[int] | None) -> list[int] | None:
    return sorted(places) if places is not None else None


def _why_muted(party: Party, mid: str) -> str:
    return "muted" if mid in party.silenced or not party.room.held else "held"


def _counters(party: Party) -> dict[str, int]:
    return {
        "packets_in": party.packets_in,
        "packets_out": party.packets_out,
        "bytes_in": party.bytes_in,
        "bytes_out": party.bytes_out,
        "lost_in": sum(s.lost for mid in party.tracks for s in party.streams(mid)),
        "nacks_in": party.nacks_in,
        "nacks_out": party.nacks_out,
        "plis_in": party.plis_in,
        "plis_out": party.plis_out,
    }


def _party_figures(party: Party) -> dict[str, Any]:
    return {
        "up": party.ready and party.down is None,
        "packets_in": party.packets_in,
        "packets_out": party.packets_out,
        "bytes_in": party.bytes_in,
        "bytes_out": party.bytes_out,
        "refused": party.refused,
        "checks": party.agent.checks,
        "paths": len(party.agent.paths),
        "generation": party.agent.current.generation,
        "nominated": party.agent.nominated,
        "flights_resent": party.handshake.resent if party.handshake is not None else 0,
        "srtp": party.handshake.profile if party.handshake is not None else "",
        "place": party.place,
        "receives_from": _places(party.rights.receives_from),
        "sends_to": _places(party.rights.sends_to),
        "end_to_end": party.end_to_end,
        "carries_bps": round(party.estimate.target_bps) if party.estimate.bounded else None,
        "recording": bool(party.recording),
        "tracks": {
            track.mid: {
                "packets": track.packets,
                "bytes": track.bytes,
                "muted": track.muted,
                "codec": track.codec,
                "layers": {
                    rid: round(layer.rate_bps)
                    for rid, layer in (party.layers.items() if track.mid == FACE else ())
                },
            }
            for track in party.tracks.values()
        },
        "feeds": {
            feed.mid: {
                "packets": feed.packets,
                "retransmitted": feed.retransmitted,
                "layer": feed.source.rid if feed.source is not None else None,
            }
            for feed in party.feeds.values()
        },
    }
