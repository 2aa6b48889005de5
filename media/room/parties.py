"""Who is in a room, at which place, on which m-lines, and who gets what of whom. Knows no network and no clock.

Rooms and parties are opaque strings; nobody's name is known here.
"""

import secrets
from dataclasses import dataclass, field

from media.forwarding.estimate import MAX_BPS, Estimate
from media.forwarding.share import Share
from media.forwarding.streams import IDLE_S, Endpoint, PacketRing, Track
from media.rejected import Rejected, Rejection
from media.wire.dtls import DtlsAssociation
from media.wire.ice import Agent
from media.wire.rtcp import Departures
from media.wire.sdp import (
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
)

MAX_PARTIES = MAX_GROUPS + 1


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
        self.handshake: DtlsAssociation | None = None
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
            if other is not self and further and gets(self, other):
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

    def free_place(self, place: int | None) -> int:
        """This place, or the first one, when nobody has it; refused with full."""
        taken = {party.place for party in self.parties.values()}
        free = [p for p in range(MAX_PARTIES) if p not in taken and place in (None, p)]
        if not free:
            raise Rejected(Rejection.FULL, f"a room holds {MAX_PARTIES} parties, one a place")
        return free[0]

    def party(self, name: str) -> Party:
        """Who sits here by this name; refused with unknown_party."""
        party = self.parties.get(name)
        if party is None:
            raise Rejected(Rejection.UNKNOWN_PARTY)
        return party

    def measure(self, passed_s: float, now: float) -> None:
        """Note what came in since the last time, `passed_s` ago."""
        for party in self.parties.values():
            for mid in party.tracks:
                for stream in party.streams(mid):
                    stream.measure(passed_s, now)

    def relink(self, now: float) -> None:
        """`link` anew where feedback is to end elsewhere than it does."""
        if self.end_to_end != (len(self.parties) <= 2 and not self.has_layers(now)):
            self.link(now)

    def grow(self) -> list[Party]:
        """Have the m-lines that these need; whose offers have more than before."""
        meeting = [party for party in self.parties.values() if not party.unheard]
        self.layered = self.layered or len(meeting) > 2
        return [party for party in self.parties.values() if party.grow()]

    def link(self, now: float) -> list[Track]:
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
        self.end_to_end = len(seated) <= 2 and not self.has_layers(now)
        for party in seated.values():
            changed = False
            others = [seated.get(place) for place in range(MAX_PARTIES) if place != party.place]
            for group, other in enumerate(others[: len(party.feeds) // len(SEAT_LINES)]):
                for mid, _ in SEAT_LINES:
                    base = other.tracks[mid] if other is not None and gets(party, other) else None
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
                    stream.ring = None if self.end_to_end else stream.ring or PacketRing()
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
                if party is not publisher and party.ready and gets(party, publisher)
            ),
            key=lambda party: party.place,
            default=None,
        )


def gets(party: Party, source: Party) -> bool:
    """Whether the party may hear and see the source: both ends' rights say so."""
    receives_from, sends_to = party.rights.receives_from, source.rights.sends_to
    return (receives_from is None or source.place in receives_from) and (
        sends_to is None or party.place in sends_to
    )
