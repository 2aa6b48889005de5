"""What browsers do that a prototype stumbled over; docs/media.md lists which test holds which."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest
from aioice import stun

from media.wire.dtls import MTU_BYTES, split_records
from media.wire.rtcp import read_remb
from media.wire.sdp import LAYERED, VIDEO, OfferedLine, write_offer
from media.wire.srtp import PROFILES, REPLAY_WINDOW, Buffer, Inbound, Outbound
from tests.kit.lean import LeanPeer
from tests.kit.until import borne, until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_WORKER, Middleman

pytestmark = pytest.mark.timeout(60)

PROFILE = "SRTP_AEAD_AES_128_GCM"


class Pair:
    """Two lean peers, one of whom sends its face to the other end to end."""

    def __init__(self, studio: Studio, stack: AsyncExitStack) -> None:
        self.client = studio.client
        self._stack = stack

    async def offer(self, name: str) -> str:
        await self.client.open_room("room")
        return await self.client.add_party("room", name, record=False)

    async def sit(self, name: str, peer: LeanPeer, through: Middleman | None = None) -> LeanPeer:
        self._stack.push_async_callback(peer.close)
        offer = await self.offer(name)
        if through is not None:
            await through.open()
            self._stack.callback(through.close)
            offer = through.through(offer)
        await self.client.answer("room", name, await peer.answer(offer))
        await asyncio.wait_for(peer.up.wait(), 10)
        return peer

    async def worker(self) -> tuple[str, int]:
        worker = (await self.client.figures())["worker"]
        return worker["address"], worker["port"]


@pytest.fixture
async def pair(studio: Studio) -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        yield Pair(studio, stack)


def _gets(peer: LeanPeer, least: int) -> str | None:
    got = peer.packets["1"]
    return None if got >= least else f"{got} of {least} packets"


def test_both_streams_of_a_line_are_declared_with_their_group_or_none() -> None:
    lines = [
        OfferedLine("0", "audio", 10, 11, True),
        OfferedLine("1", "video", 12, 13, True),
        OfferedLine(LAYERED, "video", 0, 0, True),
    ]
    offer = write_offer(
        lines,
        session=1,
        version=1,
        ufrag="u",
        password="p",
        fingerprint="AB",
        candidates=[("192.0.2.1", 5)],
    )
    sound, face, layered = offer.split("m=")[1:]
    assert re.findall(r"a=ssrc:(\d+)", sound) == ["10"]
    assert re.findall(r"a=ssrc-group:FID (\d+) (\d+)", face) == [("12", "13")]
    assert re.findall(r"a=ssrc:(\d+)", face) == ["12", "13"]
    assert "a=ssrc" not in layered
    assert "a=simulcast:recv q;h;f" in layered


async def test_a_publisher_alone_hears_from_the_worker_and_later_from_one_alone(pair: Pair) -> None:
    window = await pair.sit("window", LeanPeer())
    window.send("1", 200_000)
    await until(lambda: None if window.transport_feedback_in >= 10 else "no feedback", 5)
    approver = await pair.sit("approver", LeanPeer())
    await until(lambda: _gets(approver, 50), 5)
    # The receiver reports every 50 ms; the worker's own would come as well, were there two sources.
    before, sent = window.transport_feedback_in, approver.feedback
    await until(lambda: None if approver.feedback >= sent + 60 else "wait", 10)
    assert window.transport_feedback_in - before <= approver.feedback - sent + 5


async def test_media_flow_before_a_path_is_nominated(pair: Pair) -> None:
    window = await pair.sit("window", LeanPeer(nominates=False))
    approver = await pair.sit("approver", LeanPeer(nominates=False))
    window.send("1", 200_000)
    await until(lambda: _gets(approver, 20), 5)


async def test_an_answer_may_come_after_the_handshake(pair: Pair) -> None:
    """Nothing passes before the fingerprint is known, then a key frame is asked for."""
    window = await pair.sit("window", LeanPeer())
    face = window.send("1", 200_000)
    late = LeanPeer()
    offer = await pair.offer("approver")
    answer = await late.answer(offer)
    try:
        await asyncio.wait_for(late.up.wait(), 10)
        keys, sequence = face.keys, face.sequence
        await until(lambda: None if face.sequence > sequence + 20 else "wait", 5)
        assert not late.packets
        assert face.keys == keys
        await pair.client.answer("room", "approver", answer)
        await until(lambda: _gets(late, 20), 5)
        assert face.keys > keys
    finally:
        await late.close()


async def test_a_client_hello_in_two_datagrams_is_one(pair: Pair) -> None:
    window = await pair.sit("window", LeanPeer(mtu_bytes=220))
    assert window.hellos >= 2, "the hello was not cut"
    approver = await pair.sit("approver", LeanPeer())
    window.send("1", 200_000)
    await until(lambda: _gets(approver, 20), 5)


async def test_a_flight_leaves_in_datagrams_of_whole_records(pair: Pair) -> None:
    peer = await pair.sit("window", LeanPeer())
    assert peer.flights
    for datagram in peer.flights:
        assert len(datagram) <= MTU_BYTES
        at = 0
        while at < len(datagram):
            at += 13 + int.from_bytes(datagram[at + 11 : at + 13], "big")
        assert at == len(datagram)


def test_what_a_memory_bio_ran_together_is_cut_apart() -> None:
    record = b"\x16\xfe\xfd" + bytes(8) + (500).to_bytes(2, "big") + bytes(500)
    parts = split_records(record * 5)
    assert [len(part) for part in parts] == [1026, 1026, 513]
    assert b"".join(parts) == record * 5


async def test_answers_leave_from_the_address_that_the_candidate_names(pair: Pair) -> None:
    peer = await pair.sit("window", LeanPeer())
    assert peer.checked_by == {await pair.worker()}


async def test_a_check_with_an_attribute_that_nobody_knows_is_answered(pair: Pair) -> None:
    """Chromium's checks carry 0xC057; of those that may be ignored (RFC 8489, 14)."""
    offer = await pair.offer("window")
    ufrag, password = (re.findall(rf"a=ice-{name}:(\S+)", offer)[0] for name in ("ufrag", "pwd"))
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{ufrag}:page"
    check.attributes["PRIORITY"] = 1
    raw = bytes(check) + b"\xc0\x57\x00\x04\x00\x00\x00\x0a"
    integrity = stun.message_integrity(raw, password.encode())
    length = len(raw) - 20 + 24
    raw = raw[:2] + length.to_bytes(2, "big") + raw[4:] + b"\x00\x08\x00\x14" + integrity
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        probe.bind(("127.0.0.1", 0))
        await loop.sock_sendto(probe, raw, await pair.worker())
        answer = stun.parse_message(await asyncio.wait_for(loop.sock_recv(probe, 2048), 10))
    assert answer.message_class is stun.Class.RESPONSE


async def test_a_repair_names_the_packet_as_its_receiver_knows_it(pair: Pair) -> None:
    """End to end: the number inside an RTX packet is the primary's, moved as the primary's was; a
    probe of padding alone has none and harms nothing."""
    count = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal count
        if side == FROM_WORKER and datagram[1] & 127 == VIDEO["VP8"].payload:
            count += 1
            return count % 10 == 0
        return False

    window = await pair.sit("window", LeanPeer())
    approver = await pair.sit("approver", LeanPeer(), Middleman(await pair.worker(), loses))
    face = window.send("1", 400_000)
    await until(lambda: _gets(approver, 30), 5)
    window.probe(face, 50)
    await until(lambda: None if len(approver.restored["1"]) >= 15 else "few repairs", 10)
    seen = approver.numbers["1"]
    lacking = {n for n in range(seen[0], max(seen)) if n not in set(seen)}
    assert len(approver.restored["1"] - lacking) <= 1, "repairs of packets that were not lost"
    assert len(lacking - approver.restored["1"]) <= 3, "lost for good"


@pytest.mark.timed
async def test_a_probe_that_comes_first_keeps_nobody_waiting_for_a_key_frame(pair: Pair) -> None:
    """Chromium probes by RTX before its first picture, when there is no stream yet that could be
    asked: the request is made as soon as there is one, not a while after."""
    window = await pair.sit("window", LeanPeer())
    approver = await pair.sit("approver", LeanPeer())
    face = window.send("1", 100_000)  # a packet a picture, 20 a second
    first = face.sequence
    face.key_wanted = False
    window.probe(face, 5)
    await until(lambda: _gets(approver, 1), 5, every_s=0.005)
    assert face.keys == 1
    sent = (face.sequence - first) & 0xFFFF
    assert sent / 20 <= borne(0.4), f"asked for after {sent} pictures"


async def test_numbers_go_on_over_their_wrap(pair: Pair) -> None:
    """Sequence and transport-cc begin at 65500: no packet and no report of one is missing."""
    window = await pair.sit("window", LeanPeer(first_number=65500))
    approver = await pair.sit("approver", LeanPeer())
    face = window.send("1", 400_000)
    face.sequence = 65500
    await until(lambda: _gets(approver, 150), 10)
    assert face.sequence < 60000
    seen = approver.numbers["1"]
    assert all((b - a) & 0xFFFF == 1 for a, b in pairwise(seen))
    assert approver.lost_reported == 0
    assert window.transport_feedback_in > 5


def test_a_rate_that_a_receiver_names_is_read() -> None:
    remb = b"\x8f\xce\x00\x05" + bytes(8) + b"REMB" + b"\x01" + (6 << 18 | 31250).to_bytes(3, "big")
    assert read_remb(remb + bytes(4)) == 2_000_000
    assert read_remb(remb[:19]) is None
    assert read_remb(remb.replace(b"REMB", b"ABCD") + bytes(4)) is None


def test_a_packet_is_encrypted_once_and_taken_once_within_the_window() -> None:
    _, key, salt = PROFILES[PROFILE]
    outbound, inbound = Outbound(PROFILE, bytes(key + salt)), Inbound(PROFILE, bytes(key + salt))
    buffer = Buffer()

    def put(packet: bytes) -> None:
        buffer.data[: len(packet)] = packet

    def plain(sequence: int) -> bytes:
        return (
            b"\x80\x60" + sequence.to_bytes(2, "big") + bytes(4) + b"\x00\x00\x00\x07" + bytes(50)
        )

    kept: dict[int, bytes] = {}
    for sequence in range(100, 100 + REPLAY_WINDOW + 200):
        put(plain(sequence))
        length = outbound.rtp(buffer, 62)
        kept[sequence] = bytes(buffer.view[:length])
    put(plain(500))
    assert outbound.rtp(buffer, 62) == 0, "the same SSRC and number twice would break the cipher"

    def taken(sequence: int) -> bool:
        put(kept[sequence])
        return inbound.rtp(buffer, len(kept[sequence])) == 62

    newest = 100 + REPLAY_WINDOW + 199
    assert taken(newest)
    assert not taken(newest)
    assert taken(newest - REPLAY_WINDOW + 10), "late, and within the window"
    assert not taken(newest - REPLAY_WINDOW - 10)
