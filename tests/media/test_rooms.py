"""Rooms of three to six peers that never decode: what each is sent, and by what it is bounded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from media.client import NewOfferWanted, RecordingResumed, RecordingStalled, RecordingStarted
from media.room.taping import UNWRITTEN_S
from media.wire.rtcp import nearest
from media.wire.sdp import LAYERED, VIDEO, group_of
from tests.kit.lean import LeanPeer, Sending
from tests.kit.until import until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_PEER, FROM_WORKER, Middleman, Narrow

pytestmark = pytest.mark.timeout(120)

SOUND_BPS = 32_000.0
LAYER_BPS = {"q": 150_000.0, "h": 400_000.0, "f": 1_000_000.0}


class Room:
    """Lean peers in one room, who negotiate again whenever the worker asks for it."""

    def __init__(self, studio: Studio, stack: AsyncExitStack) -> None:
        self.studio = studio
        self.peers: dict[str, LeanPeer] = {}
        self._stack = stack
        self._wanted = 0

    async def sit(
        self,
        name: str,
        place: int,
        *,
        codecs: tuple[str, ...] = ("VP8",),
        through: Middleman | None = None,
        record: bool = False,
        sends_to: tuple[int, ...] | None = None,
    ) -> LeanPeer:
        client = self.studio.client
        peer = self.peers[name] = LeanPeer(codecs=codecs)
        self._stack.push_async_callback(peer.close)
        await client.open_room("room")
        offer = await client.add_party("room", name, record=record, place=place, sends_to=sends_to)
        if through is not None:
            await through.open()
            self._stack.callback(through.close)
            offer = through.through(offer)
        await client.answer("room", name, await peer.answer(offer))
        await asyncio.wait_for(peer.up.wait(), 10)
        await self.renew()
        return peer

    async def renew(self) -> None:
        """Answer anew for everybody whom the worker asked to."""
        events = [e for e in self.studio.heard if isinstance(e, NewOfferWanted)]
        for event in events[self._wanted :]:
            if event.party in self.peers:
                offer = await self.studio.client.restart_ice("room", event.party)
                sdp = await self.peers[event.party].answer(offer)
                await self.studio.client.answer("room", event.party, sdp)
        self._wanted = len(events)

    async def figures(self, name: str) -> dict[str, object]:
        return dict((await self.studio.client.figures())["rooms"]["room"][name])

    async def worker(self) -> tuple[str, int]:
        worker = (await self.studio.client.figures())["worker"]
        return worker["address"], worker["port"]

    def leave(self, name: str) -> None:
        del self.peers[name]


def _layers(peer: LeanPeer) -> dict[str, Sending]:
    return {rid: peer.send(LAYERED, bps, rid=rid) for rid, bps in LAYER_BPS.items()}


@pytest.fixture
async def room(studio: Studio) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        yield Room(studio, stack)


async def _rates(peer: LeanPeer, seconds: float) -> dict[str, float]:
    """Bits a second on each m-line over the next so many seconds."""
    peer.forget()
    began = monotonic()
    await until(lambda: None if monotonic() - began >= seconds else "measuring", seconds + 2)
    passed = monotonic() - began
    return {mid: 8 * size / passed for mid, size in peer.bytes.items()}


async def test_six_parties_get_sound_and_face_of_the_five_others(room: Room) -> None:
    for place in range(6):
        peer = await room.sit(str(place), place)
        peer.send("0", SOUND_BPS)
        peer.send("1", 100_000)

    async def all_there() -> str | None:
        await room.renew()  # the worker's last wishes may come after the peer that they are about
        for name, peer in room.peers.items():
            groups = Counter(group_of(mid) for mid, got in peer.packets.items() if got > 20)
            if groups != Counter(dict.fromkeys(range(5), 2)):
                return f"{name} gets {dict(groups)}, {dict(peer.packets)}"
        return None

    await until(all_there, 30)
    figures = (await room.studio.client.figures())["rooms"]["room"]
    assert [party["end_to_end"] for party in figures.values()] == [False] * 6
    # Everybody hears of his own sending from the worker alone.
    await until(
        lambda: (
            None
            if all(p.reports_in and p.transport_feedback_in > 5 for p in room.peers.values())
            else "no reports"
        ),
        10,
    )
    assert all(max(p.reports_in.values()) < 0.02 for p in room.peers.values())
    # One goes: his lines are silent at once, the others go on.
    await room.studio.client.remove_party("room", "3")
    gone = room.peers.pop("3")
    before = dict(gone.packets)

    def all_but_one() -> str | None:
        for name, peer in room.peers.items():
            there = {mid: got for mid, got in peer.packets.items() if got > 20}
            if len(there) != 8:
                return f"{name} gets {dict(peer.packets)}"
        return None

    # What was on its way when he left has come by the time when so much has come after it.
    for _ in range(2):
        for peer in room.peers.values():
            peer.forget()
        await until(all_but_one, 30)
    assert [len(peer.packets) for peer in room.peers.values()] == [8] * 5
    assert sum(gone.packets.values()) - sum(before.values()) < 20


@pytest.mark.parametrize("idle", [False, pytest.param(True, marks=pytest.mark.proofs)])
async def test_a_bad_line_lowers_nobody_else(room: Room, idle: bool) -> None:
    """Two send in layers to each other at full size; the third has 600 kbit/s and hears both.

    How much comes is measured on an `idle` machine alone: on a busy one packets are late for
    everybody, which is what a full line looks like. What the senders hear is always the same.
    """
    narrow = Narrow(await room.worker(), 600_000)
    window = await room.sit("window", 0)
    approver = await room.sit("approver", 1)
    third = await room.sit("third", 2, through=narrow)
    for peer in (window, approver):
        peer.send("0", SOUND_BPS)
        _layers(peer)
    third.send("0", SOUND_BPS)

    since: list[float] = []

    async def settled() -> str | None:
        feeds = (await room.figures("third"))["feeds"]
        layers = [feeds[mid]["layer"] for mid in ("1", "5")]  # type: ignore[index]
        if layers != ["q", "q"]:
            since.clear()
            return f"third gets {layers}"
        since.append(monotonic())
        return None if since[-1] - since[0] > 3 else "for three seconds"

    await until(settled, 45)
    full = [next(s for s in p.sendings if s.rid == "f") for p in (window, approver)]
    before = [sending.sequence for sending in full]
    to_third, to_window, to_approver = await asyncio.gather(
        _rates(third, 6), _rates(window, 6), _rates(approver, 6)
    )
    # Sound comes through whole, whatever the pictures do, and the line is not overfilled for long.
    whole = 0.9 if idle else 0.6
    assert to_third["0"] > whole * SOUND_BPS
    assert to_third["4"] > whole * SOUND_BPS
    if idle:
        assert sum(to_third.values()) < 1.05 * 600_000
        assert to_third["1"] > 0.8 * LAYER_BPS["q"]
    # The two keep the full size of each other, all of it.
    sent = [
        sending.sequence - number & 0xFFFF for sending, number in zip(full, before, strict=True)
    ]
    for peer, rates, other in (
        () if not idle else ((window, to_window, sent[1]), (approver, to_approver, sent[0]))
    ):
        assert peer.packets["1"] > 0.95 * other
        assert rates["1"] > 2 * LAYER_BPS["q"] + LAYER_BPS["h"]
        assert rates["0"] > 0.9 * SOUND_BPS
    assert all(loss < 0.05 for p in (window, approver) for loss in p.reports_in.values())
    if not idle:
        return
    # The line widens: the third is given more.
    narrow.bps = 20_000_000

    async def more() -> str | None:
        feeds = (await room.figures("third"))["feeds"]
        layers = [feeds[mid]["layer"] for mid in ("1", "5")]  # type: ignore[index]
        return None if "h" in layers or "f" in layers else f"third still gets {layers}"

    await until(more, 40)


async def test_what_a_receiver_lacks_comes_from_the_worker(room: Room) -> None:
    """One of three loses every twentieth picture packet on its way: its sender never hears of it."""
    count = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal count
        if side == FROM_WORKER and datagram[1] & 127 == VIDEO["VP8"].payload:
            count += 1
            return count % 20 == 0
        return False

    window = await room.sit("window", 0)
    await room.sit("approver", 1)
    third = await room.sit("third", 2, through=Middleman(await room.worker(), loses))
    face = window.send("1", 600_000)
    await until(lambda: None if third.repairs["1"] >= 20 else f"{third.repairs}", 20)
    assert face.repaired == 0
    assert room.peers["approver"].repairs["1"] == 0
    await until(lambda: _repaired_once(third))


async def test_what_the_worker_lacks_it_asks_for_once_for_all(room: Room) -> None:
    """Every twentieth packet is lost on the way to the worker: both receivers get it by RTX."""
    count = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal count
        if side == FROM_PEER and datagram[1] & 127 == VIDEO["VP8"].payload:
            count += 1
            return count % 20 == 0
        return False

    window = await room.sit("window", 0, through=Middleman(await room.worker(), loses))
    approver, third = await room.sit("approver", 1), await room.sit("third", 2)
    face = window.send("1", 600_000)
    await until(
        lambda: None if min(p.repairs["1"] for p in (approver, third)) >= 20 else "not yet", 20
    )
    lost = count // 20
    assert face.repaired <= 2 * lost + 2, "asked for again and again"
    for peer in (approver, third):
        await until(lambda peer=peer: _repaired_once(peer))


async def test_what_each_leg_lost_and_asked_for_is_counted(room: Room) -> None:
    """Every twentieth packet is lost on the way in, whether it is repaired or not."""
    count = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal count
        if side == FROM_PEER and datagram[1] & 127 == VIDEO["VP8"].payload:
            count += 1
            return count % 20 == 0
        return False

    async def counters(name: str) -> dict[str, int]:
        rooms = await room.studio.client.counters()
        assert rooms is not None
        return rooms["room"].get(name, {})

    window = await room.sit("window", 0, through=Middleman(await room.worker(), loses))
    approver = await room.sit("approver", 1)
    assert await counters("window") == {}, "nothing was sent yet"
    face = window.send("1", 600_000)
    first = face.sequence
    await until(lambda: None if approver.repairs["1"] >= 10 else f"{approver.repairs}", 20)
    asked_before = (await counters("window"))["plis_out"]
    third = await room.sit("third", 2)
    await until(lambda: None if third.packets["1"] else "the third sees nothing", 10)
    face.on = False
    sent = (face.sequence - first) & 0xFFFF

    async def settled() -> str | None:
        now, told = await counters("window"), await counters("approver")
        # The last one may be the one that was lost, and then nobody knows of it.
        all_in = now["packets_in"] + now["lost_in"] - face.repaired in (sent, sent - 1)
        all_out = told["packets_out"] == approver.packets["1"] + approver.repairs["1"]
        return None if all_in and all_out else f"{now}, {told} of {sent}, {face.repaired} again"

    await until(settled, 10)
    now, told = await counters("window"), await counters("approver")
    lost = count // 20
    assert lost - 1 <= now["lost_in"] <= lost
    assert now["nacks_out"] >= lost - 1
    assert now["bytes_in"] > 500 * now["packets_in"]
    assert now["plis_out"] > asked_before, "a key frame was asked for when the third came"
    assert (now["packets_out"], now["nacks_in"], now["plis_in"]) == (0, 0, 0)
    assert told["nacks_in"] >= approver.repairs["1"] >= 10
    assert (told["packets_in"], told["lost_in"], told["nacks_out"]) == (0, 0, 0)


async def test_a_muted_face_stops_in_all_its_layers_and_one_layer_is_recorded(room: Room) -> None:
    window = await room.sit("window", 0, record=True)
    approver, third = await room.sit("approver", 1), await room.sit("third", 2)
    layers = _layers(window)
    await until(lambda: None if third.packets["1"] > 200 else f"{third.packets}", 10)
    await until(lambda: None if approver.packets["1"] > 200 else f"{approver.packets}", 10)
    assert not {"k"} & set(third.packets)
    await until(
        lambda: (
            None
            if any(isinstance(e, RecordingStarted) for e in room.studio.heard)
            else "not recorded"
        ),
        5,
    )
    await room.studio.mute("room", "window", "1")
    feeds = (await room.figures("third"))["feeds"]
    told = feeds["1"]["packets"]  # type: ignore[index]

    def all_came() -> str | None:
        came = third.packets["1"] + third.repairs["1"]
        return None if came == told else f"{came} of {told}"

    await until(all_came)
    got = {rid: layer.sequence for rid, layer in layers.items()}
    await until(
        lambda: None if all(s.sequence > got[r] + 20 for r, s in layers.items()) else "wait", 10
    )
    assert all_came() is None
    await room.studio.mute("room", "window")
    third.forget()
    await until(lambda: None if third.packets["1"] > 50 else "not back", 5)
    # Numbers go on without a break over layers and mute, so that a decoder sees no loss.
    assert not _lacking(third.numbers["1"])


async def test_a_codec_that_one_does_not_take_is_never_sent_to_him(studio: Studio) -> None:
    async with AsyncExitStack() as stack:
        room = Room(studio, stack)
        several = ("AV1", "VP9", "VP8", "H264")
        window = await room.sit("window", 0, codecs=several)
        assert "102 103 98 99 96 97" in window._describe(
            await studio.client.restart_ice("room", "window")
        )
        face = window.send("1", 200_000, codec="AV1")
        approver = await room.sit("approver", 1, codecs=several)
        await until(lambda: None if approver.packets["1"] > 20 else "no AV1", 5)
        assert approver.payloads["1"] == {VIDEO["AV1"].payload}
        wanted = len([e for e in studio.heard if isinstance(e, NewOfferWanted)])
        old = await room.sit("old", 2, codecs=("VP8",))

        def asked() -> str | None:
            found = [e.party for e in studio.heard if isinstance(e, NewOfferWanted)][wanted:]
            return None if set(found) == {"window", "approver"} else f"asked: {found}"

        await until(asked)
        before = face.sequence
        await until(lambda: None if face.sequence > before + 40 else "wait", 5)
        assert not old.packets["1"], "AV1 went to who does not take it"
        offer = await studio.client.restart_ice("room", "window")
        assert f" {VIDEO['AV1'].payload} " not in offer
        face.on = False
        window.codecs = ("VP8",)
        await studio.client.answer("room", "window", await window.answer(offer))
        window.send("1", 200_000)
        await until(lambda: None if old.packets["1"] > 20 else "no VP8", 5)
        assert old.payloads["1"] == {VIDEO["VP8"].payload}


@pytest.mark.parametrize("codec", list(VIDEO))
async def test_each_codec_begins_at_a_key_frame_and_passes_unchanged(
    room: Room, codec: str
) -> None:
    window = await room.sit("window", 0, codecs=(codec,))
    face = window.send("1", 200_000)
    await until(lambda: None if face.sequence and len(face.sent) > 30 else "not sending", 5)
    approver = await room.sit("approver", 1, codecs=(codec,))
    await until(lambda: None if approver.packets["1"] > 30 else "nothing comes", 5)
    assert face.keys >= 2, "it was asked for a key frame"
    assert approver.payloads["1"] == {VIDEO[codec].payload}
    assert not _lacking(approver.numbers["1"])


async def test_two_are_end_to_end_and_recorded_as_before_when_the_third_has_left(
    room: Room,
) -> None:
    window = await room.sit("window", 0, record=True)
    approver = await room.sit("approver", 1)
    for peer in (window, approver):
        peer.send("0", SOUND_BPS)
    whole = window.send("1", 200_000)
    await until(lambda: None if approver.packets["1"] > 20 else "not yet", 5)
    assert (await room.figures("window"))["end_to_end"] is True
    await room.sit("third", 2)
    assert (await room.figures("window"))["end_to_end"] is False
    layers = _layers(window)
    whole.on = False
    await until(lambda: None if approver.payloads["1"] else "not yet", 5)
    await room.studio.client.remove_party("room", "third")

    async def again() -> str | None:
        return None if (await room.figures("window"))["end_to_end"] else "not end to end"

    # Layers that still come in end here; without them two are two again.
    approver.forget()
    await until(lambda: None if approver.packets["1"] > 50 else "not yet", 5)
    assert await again() is not None
    for layer in layers.values():
        layer.on = False
    whole.on = True
    await until(again, 10)
    approver.forget()
    await until(lambda: None if approver.packets["1"] > 150 else "not yet", 20)
    # What is sent in one piece again is what the file goes on with, to its end.
    await room.studio.client.remove_party("room", "window")
    (segment,) = await room.studio.finished("window")
    ends = {track.mid: track.ended_at for track in segment.tracks}
    assert ends["1"] > ends["0"] - 2, (ends, segment.gaps)


async def test_a_picture_that_comes_in_and_is_not_written_is_told_and_named_in_the_file(
    room: Room,
) -> None:
    window = await room.sit("window", 0, record=True)
    window.send("0", SOUND_BPS)
    face = window.send("1", 200_000)
    face.deaf, face.key_wanted = True, False

    def told() -> list[tuple[str, ...] | None]:
        kinds = RecordingStalled, RecordingResumed
        return [getattr(e, "mids", None) for e in room.studio.heard if isinstance(e, kinds)]

    await until(lambda: None if told() == [("1",)] else f"told: {told()}", 15)
    face.deaf = False
    await until(lambda: None if told() == [("1",), None] else f"told: {told()}", 10)
    await room.studio.client.remove_party("room", "window")
    (segment,) = await room.studio.finished("window")
    (gap,) = [gap for gap in segment.gaps if gap.reason == "unwritten"]
    assert (gap.mid, gap.started_at) == ("1", segment.started_at)
    assert gap.ended_at - gap.started_at > UNWRITTEN_S - 1


def _repaired_once(peer: LeanPeer) -> str | None:
    """This peer asked for what it lacks and got it, once; a few may be on their way."""
    lacking, repairs = len(_lacking(peer.numbers["1"])), peer.repairs["1"]
    return None if abs(lacking - repairs) <= 3 else f"{lacking} lacking, {repairs} repaired"


def _lacking(numbers: list[int]) -> list[int]:
    """The numbers that are missing between the first and the last."""
    near = numbers[0]
    seen = set()
    for number in numbers:
        near = nearest(number, near)
        seen.add(near)
    return [number for number in range(min(seen), max(seen)) if number not in seen]


async def test_of_who_listens_or_whispers_only_who_gets_it_is_told(room: Room) -> None:
    """Not even a wish for a new offer, or a line of one, tells the others that somebody is there."""

    def asked() -> list[str]:
        return [e.party for e in room.studio.heard if isinstance(e, NewOfferWanted)]

    faces = {}
    for place, name in enumerate(("window", "approver")):
        faces[name] = (await room.sit(name, place)).send("1", 200_000)
    chief = await room.sit("chief", 5, sends_to=())
    chief.send("0", SOUND_BPS)
    await until(lambda: None if min(chief.packets["1"], chief.packets["5"]) > 20 else "unseen", 10)
    assert asked() == []
    feeds = {name: (await room.figures(name))["feeds"] for name in faces}
    assert all(set(one) == set("01234567") for one in feeds.values())

    await room.studio.client.permit("room", "chief", receives_from=None, sends_to=[1])
    await until(lambda: None if asked() else "nobody was asked", 5)
    await room.renew()
    assert asked() == ["approver"]
    approver, window = room.peers["approver"], room.peers["window"]
    await until(lambda: None if approver.packets["g"] > 50 else "he hears no whisper", 10)
    assert set((await room.figures("window"))["feeds"]) == set("01234567")
    assert set(window.packets) <= set("0123")

    await room.studio.client.permit("room", "chief", receives_from=None, sends_to=[])
    told = approver.packets["g"]
    before = faces["window"].sequence
    await until(lambda: None if faces["window"].sequence > before + 60 else "wait", 10)
    assert approver.packets["g"] <= told + 2, "packets behind the order"
    # A third who comes is told to all as ever, and to who listens.
    await room.sit("third", 2)
    await until(lambda: None if len(asked()) >= 4 else asked(), 5)
    assert set(asked()) == {"approver", "window", "chief"}
