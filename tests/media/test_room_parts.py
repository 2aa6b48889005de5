"""The parts of a media room without a socket, a file or a clock: parties, what is recorded of them, what may pass,
what each gets, what is said to senders, and who is silent."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from media.control import MediaEvent, PartyDown, PartyUp, RecordingResumed, RecordingStalled
from media.forwarding.forwarder import KEY_AGAIN_S
from media.rejected import Rejected
from media.room.connecting import SILENT_S, SILENT_WITHOUT_MEDIA_S, Connecting
from media.room.feedback import AGAIN_A_TICK, Feedback, Requests
from media.room.parties import MAX_PARTIES, Party, Rights, Room
from media.room.passing import Passing
from media.room.serving import Serving
from media.room.taping import UNWRITTEN_S, Taping
from media.wire import rtcp
from media.wire.dtls import Certificate
from media.wire.ice import Checks
from media.wire.port import AddressOwners
from media.wire.sdp import FACE, LAYERS
from media.wire.srtp import PROFILES, Buffer, Inbound, Outbound

PROFILE = next(iter(PROFILES))
SOUND, DOCUMENTS = "0", "2"


class Tape:
    """What the recorder is told."""

    def __init__(self) -> None:
        self.halted: set[tuple[str, str]] = set()
        self.written_at: dict[tuple[int, str], float] = {}
        self.told: list[Any] = []
        self.opened = 0

    def open(self, room: str, party: str, mids: tuple[str, ...]) -> int:
        self.opened += 1
        self.told.append(("open", party, mids))
        return self.opened

    def close(self, handle: int) -> None:
        self.told.append(("close", handle))

    def mute(self, handle: int, mid: str, on: bool, reason: str = "muted") -> None:
        self.told.append(("mute", handle, mid, on, reason))

    def stall(self, handle: int, mid: str) -> None:
        self.told.append(("stall", handle, mid))


class Hall:
    """One room, its parties up and with keys, and all that is said of it."""

    def __init__(self, *places: int) -> None:
        self.events: list[MediaEvent] = []
        self.tape = Tape()
        self.room = Room("room")
        self._keys: dict[str, Inbound] = {}
        self._theirs: dict[str, Outbound] = {}
        self.said: list[tuple[str, rtcp.Block]] = []
        self.requests = Requests(self._take)
        self.taping = Taping(self.tape, self.requests, self.events.append)
        self.passing = Passing(self.taping, self.requests)
        self.serving = Serving(self.requests)
        self.repaired: list[int] = []
        self.feedback = Feedback(self.requests, self._repair, lambda *_: None)
        self.connecting = Connecting(
            lambda *_: None,
            Checks(lambda: 0.0),
            AddressOwners(),
            Certificate(),
            self.requests,
            self.events.append,
            lambda: 0.0,
        )
        for place in places:
            self.sit(place)

    def sit(self, place: int, rights: Rights | None = None) -> Party:
        party = Party(self.room, f"p{place}", place)
        party.rights = rights or Rights()
        ours, theirs = (secrets.token_bytes(sum(PROFILES[PROFILE][1:])) for _ in range(2))
        party.inbound, self._theirs[party.name] = (
            Inbound(PROFILE, theirs),
            Outbound(PROFILE, theirs),
        )
        party.outbound, self._keys[party.name] = Outbound(PROFILE, ours), Inbound(PROFILE, ours)
        party.ready, party.down, party.destination = True, None, (party.name, place)
        self.room.parties[party.name] = party
        for number, (mid, track) in enumerate(party.tracks.items()):
            track.ssrc = 1000 * (place + 1) + number
            party.claim(track.ssrc, track)
            assert track.mid == mid
        self.room.grow()
        self.room.link(0.0)
        return party

    def __getitem__(self, place: int) -> Party:
        return self.room.parties[f"p{place}"]

    def hear(self, party: Party, packet: bytes, now: float) -> None:
        """This party says this (RTCP)."""
        buffer = Buffer()
        protected = self._theirs[party.name].rtcp(packet)
        buffer.view[: len(protected)] = protected
        self.feedback.receive(party, buffer, len(protected), now)

    def said_to(self, place: int) -> list[rtcp.Block]:
        """What was said to it since this was asked last."""
        found = [block for name, block in self.said if name == f"p{place}"]
        self.said = [one for one in self.said if one[0] != f"p{place}"]
        return found

    def _take(self, packet: bytes, address: Any) -> None:
        name, buffer = str(address[0]), Buffer()
        buffer.view[: len(packet)] = packet
        length = self._keys[name].rtcp(buffer, len(packet))
        self.said += [(name, block) for block in rtcp.split(bytes(buffer.view[:length]))]

    def _repair(self, feed: Any, number: int, now: float) -> bool:
        self.repaired.append(number)
        return number % 2 == 0


def sources(party: Party) -> dict[str, str]:
    """Who is brought to it on which m-line, of sound."""
    return {
        mid: feed.source.endpoint.name  # type: ignore[attr-defined]
        for mid, feed in party.feeds.items()
        if feed.kind == "audio" and feed.source is not None
    }


# ------------------------------------------------------------ parties


def test_each_place_comes_on_its_own_lines_whoever_sits_there() -> None:
    hall = Hall(0, 2)
    assert list(sources(hall[0]).values()) == ["p2"]
    (second,) = sources(hall[0])
    hall.sit(1)
    lines = sources(hall[0])
    assert list(lines.values()) == ["p1", "p2"]
    assert lines[second] == "p2", "who was there stays in his streams"
    assert list(sources(hall[1]).values()) == ["p0", "p2"]
    assert list(sources(hall[2]).values()) == ["p0", "p1"]


def test_who_may_not_be_heard_or_hear_has_no_source_there() -> None:
    hall = Hall(0, 1)
    unseen = hall.sit(5, Rights(receives_from=frozenset({0, 1}), sends_to=frozenset({1})))
    assert sorted(sources(unseen).values()) == ["p0", "p1"]
    assert list(sources(hall[0]).values()) == ["p1"]
    assert sorted(sources(hall[1]).values()) == ["p0", "p5"]
    assert not hall.room.layered, "he does not count among those who meet"
    assert hall.room.reporter(unseen) is hall[1]


def test_feedback_passes_end_to_end_between_two_alone() -> None:
    hall = Hall(0, 1)
    assert (hall.room.end_to_end, hall[0].departures) == (True, None)
    hall.sit(2)
    assert (hall.room.end_to_end, hall[0].end_to_end) == (False, False)
    assert hall[0].departures is not None
    assert hall[0].tracks[FACE].ring is not None
    del hall.room.parties["p2"]
    hall[0].layers[LAYERS[0]].active_at = 10.0
    hall.room.relink(10.1)
    hall.room.link(10.1)
    assert not hall.room.end_to_end, "layers that still come in end here"
    hall.room.relink(20.0)
    assert hall.room.end_to_end


def test_a_place_is_had_by_one() -> None:
    room = Hall(0, 2).room
    assert [room.free_place(one) for one in (None, 1, 3)] == [1, 1, 3]
    for taken in (0, 2, MAX_PARTIES):
        with pytest.raises(Rejected):
            room.free_place(taken)
    with pytest.raises(Rejected):
        room.party("nobody")


# ------------------------------------------------------------ what is recorded, what may pass


def test_a_held_room_lets_nothing_through_and_names_the_gap_so() -> None:
    hall = Hall(0, 1)
    for place in (0, 1):
        hall.taping.record(hall[place], True)
    hall.taping.record(hall[0], True)
    assert [one[1] for one in hall.tape.told] == ["p0"] * 3 + ["p1"] * 3, "once each"
    hall.tape.told.clear()
    hall.passing.let_through(hall.room, False, 1, {"p0": frozenset({FACE})}, True, 1.0)
    assert hall.tape.told == [("mute", 1, FACE, True, "muted")]
    hall.passing.let_through(hall.room, True, 3, {}, True, 2.0)
    assert ("mute", 1, SOUND, True, "held") in hall.tape.told
    assert all(track.muted for place in (0, 1) for track in hall[place].tracks.values())
    hall.passing.turn(hall.room, False, 2, 3.0)
    assert hall.room.held, "a word that was said before the last one comes too late"
    hall.said_to(0)
    hall.passing.turn(hall.room, False, 4, 4.0)
    assert [m for m, track in hall[0].tracks.items() if track.muted] == [FACE]
    wanted = {rtcp.ssrc_at(block.data, 8) for block in hall.said_to(0)}
    assert wanted == {hall[0].tracks[mid].ssrc for mid in (DOCUMENTS, "3")}, (
        "begin anew, but for what is muted"
    )
    hall.passing.let_through(hall.room, False, 5, {}, False, 5.0)
    assert [one for one in hall.tape.told if one[0] == "close"] == [
        ("close", n) for n in range(1, 7)
    ]
    assert not hall[0].recording


def test_what_comes_in_and_is_in_no_file_is_told_and_when_it_is_again() -> None:
    hall = Hall(0, 1)
    party = hall[0]
    hall.taping.record(party, True)
    party.tracks[SOUND].packets = 1
    hall.taping.watch(party, 10.0)
    hall.taping.watch(party, 10.0 + UNWRITTEN_S)
    assert hall.events == []
    hall.taping.watch(party, 10.1 + UNWRITTEN_S)
    hall.taping.watch(party, 10.2 + UNWRITTEN_S)
    assert hall.events == [RecordingStalled("room", "p0", (SOUND,))]
    assert hall.tape.told[3:] == [("stall", 1, SOUND)]
    hall.tape.written_at[1, SOUND] = 16.0
    hall.taping.watch(party, 16.1)
    assert hall.events[1:] == [RecordingResumed("room", "p0")]
    hall.passing.let_through(hall.room, False, 1, {"p0": frozenset({SOUND})}, True, 17.0)
    hall.taping.watch(party, 60.0)
    assert len(hall.events) == 2, "of what is muted nothing is due"


def test_of_layers_the_largest_that_comes_in_is_recorded() -> None:
    hall = Hall(0, 1, 2)
    party = hall[0]
    hall.taping.record(party, True)
    small, *_, large = party.layers.values()
    small.active_at = 5.0
    hall.taping.choose(party, 5.0)
    assert [s.segment for s in party.streams(FACE)] == [0, 1, *[0] * (len(LAYERS) - 1)]
    large.active_at = 6.0
    hall.said_to(0)
    large.ssrc = 77
    for _ in range(2):
        hall.taping.choose(party, 6.0)
    assert len(hall.said_to(0)) == 1, "its key frame is asked for once"
    assert [s.segment for s in party.streams(FACE)] == [*[0] * len(LAYERS), 1]


def test_the_recorder_asks_for_key_frames_of_what_it_records_and_not_all_the_time() -> None:
    hall = Hall(0, 1)
    hall.taping.record(hall[0], True)
    for now in (1.0, 1.0 + KEY_AGAIN_S / 2, 1.0 + KEY_AGAIN_S):
        hall.taping.key_wanted(1, FACE, now)
    hall.taping.key_wanted(99, FACE, 9.0)
    hall.taping.key_wanted(1, SOUND, 9.0)
    assert len(hall.said_to(0)) == 2


# ------------------------------------------------------------ what each gets


def test_too_narrow_a_way_costs_faces_before_documents_and_only_this_receiver() -> None:
    hall = Hall(0, 1, 2)
    for place in (1, 2):
        for mid, bps in ((SOUND, 30_000.0), (FACE, 500_000.0)):
            track = hall[place].tracks[mid]
            track.active_at, track.rate_bps = 10.0, bps
    papers = hall[2].tracks[DOCUMENTS]
    papers.active_at, papers.rate_bps = 10.0, 400_000.0
    # not the layers: they send in one piece
    narrow, wide = hall[0], hall[1]
    narrow.estimate.limit(550_000.0, 10.0)
    for party in (narrow, wide):
        hall.serving.serve(party, 10.0)
    got = {
        (feed.source.endpoint.name, feed.source.mid)  # type: ignore[attr-defined]
        for feed in narrow.feeds.values()
        if feed.source is not None and feed.source.rate_bps
    }
    assert got == {("p1", SOUND), ("p2", SOUND), ("p2", DOCUMENTS)}
    assert narrow.share.sent_bps == 460_000.0
    faces = [f for f in wide.feeds.values() if f.source is not None and f.source.mid == FACE]
    assert {f.source.endpoint.name for f in faces if f.source} == {"p0", "p2"}  # type: ignore[attr-defined]


# ------------------------------------------------------------ what is said to senders


def pictured(receiver: Party, source: Party) -> Any:
    """The feed of the source's face, in mid-stream: its packet 100 is our 7."""
    feed = next(f for f in receiver.feeds.values() if f.base is source.tracks[FACE])
    feed.take(source.tracks[FACE])
    feed.source_ssrc, feed.sequence_offset, feed.began_at = source.tracks[FACE].ssrc, 7 - 100, 0
    feed.waiting = False
    return feed


def nack(ssrc: int, first: int, count: int) -> bytes:
    return rtcp.ask_again(ssrc, first, count)


def test_of_two_what_one_asks_for_the_other_is_asked_in_his_own_numbers() -> None:
    hall = Hall(0, 1)
    feed = pictured(hall[0], hall[1])
    hall.hear(hall[0], nack(feed.ssrc, 7, 2), 1.0)
    (block,) = hall.said_to(1)
    assert list(rtcp.nacked(block)) == [100, 101]
    assert rtcp.ssrc_at(block.data, 8) == hall[1].tracks[FACE].ssrc
    for _ in range(2):
        hall.hear(hall[0], rtcp.picture_loss(feed.ssrc), 1.0)
    assert len(hall.said_to(1)) == 2, "each passes"
    assert (hall[0].nacks_in, hall[0].plis_in, hall.repaired) == (2, 2, [])


def test_among_three_it_is_repaired_here_and_asked_once_for_what_is_not() -> None:
    hall = Hall(0, 1, 2)
    for place in (0, 2):
        feed = pictured(hall[place], hall[1])
        hall.hear(hall[place], nack(feed.ssrc, 7, 3), 1.0)
        for _ in range(2):
            hall.hear(hall[place], rtcp.picture_loss(feed.ssrc), 1.0)
    assert hall.repaired == [7, 8, 9] * 2
    asked = hall.said_to(1)
    lacking = [list(rtcp.nacked(b)) for b in asked if b.kind == rtcp.RTPFB]
    assert lacking == [[100, 102]], "the second one is told what the first has asked for"
    assert sum(block.kind == rtcp.PSFB for block in asked) == 1


def test_one_party_is_sent_no_more_again_than_so_much_a_tick() -> None:
    hall = Hall(0, 1, 2)
    feed = pictured(hall[0], hall[1])
    for first in range(0, 17 * 20, 17):
        hall.hear(hall[0], nack(feed.ssrc, first, 17), 1.0)
    assert len(hall.repaired) == AGAIN_A_TICK


def test_what_cannot_be_read_is_counted_and_not_believed() -> None:
    hall = Hall(0, 1)
    buffer = Buffer()
    buffer.view[:40] = bytes(40)
    hall.feedback.receive(hall[0], buffer, 40, 1.0)
    hall[0].ready = False
    hall.feedback.receive(hall[0], buffer, 40, 1.0)
    assert (hall[0].refused, hall[0].heard_at) == (2, 0.0)


# ------------------------------------------------------------ who is silent


def test_who_sent_something_is_missed_sooner_than_who_sends_nothing() -> None:
    hall = Hall(0, 1)
    speaks, listens = hall[0], hall[1]
    for party in (speaks, listens):
        party.heard_at = 10.0
    speaks.packets_in = 5
    for party in (speaks, listens):
        hall.connecting.tick(party, 10.0)
    down = PartyDown("room", "p0", "silent")
    hall.connecting.tick(speaks, 10.0 + SILENT_S)
    assert hall.events == []
    for _ in range(2):
        hall.connecting.tick(speaks, 10.1 + SILENT_S)
    hall.connecting.tick(listens, 10.0 + SILENT_WITHOUT_MEDIA_S)
    assert hall.events == [down]
    hall.connecting.tick(listens, 10.1 + SILENT_WITHOUT_MEDIA_S)
    speaks.heard_at = 30.0
    hall.connecting.tick(speaks, 30.0)
    assert hall.events[1:] == [PartyDown("room", "p1", "silent"), PartyUp("room", "p0")]
