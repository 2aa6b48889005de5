"""Who has no business here, and members who mean harm: S13, S14, S16, and whoever was removed.

Each is done to a call of two real peers on a real worker. Small counts; the full ones are proofs.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import pylibsrtp
import pytest

from media.client import PartyDown
from media.rejected import Rejected, Rejection
from tests.kit.peer import GREEN, RED, Peer
from tests.kit.until import STRICT, borne, until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_PEER, FROM_WORKER, Middleman

Tell = Callable[[str, object], None]
FORGED_ALERT = struct.pack("!BHHHIH", 21, 0xFEFD, 0, 0, 1, 2) + b"\x02\x28"
LEAST: Final = 0.8 if STRICT else 0.5
"""How much of its frame rate a call keeps, at least; other tests share the cores of the suite."""
CLOSE_NOTIFY = struct.pack("!BHHHIH", 21, 0xFEFD, 0, 0, 2, 2) + b"\x01\x00"


def counts(small: int, full: int) -> Any:
    """The count of the suite and the one of the proofs."""
    full_count = pytest.param(full, marks=[pytest.mark.proofs, pytest.mark.timeout(1800)])
    return pytest.mark.parametrize("count", [small, full_count])


def is_hello(datagram: bytes) -> bool:
    return len(datagram) > 25 and datagram[0] == 22 and datagram[13] == 1


def is_media(datagram: bytes) -> bool:
    return len(datagram) > 12 and 127 < datagram[0] < 192


@contextmanager
def stranger() -> Iterator[socket.socket]:
    """A socket that nobody has checked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        found.setblocking(False)
        yield found


async def worker_address(studio: Studio) -> tuple[str, int]:
    worker = (await studio.client.figures())["worker"]
    return worker["address"], worker["port"]


async def seat_through(
    studio: Studio, room: str, name: str, peer: Peer, via: Middleman, *, record: bool = False
) -> str:
    """Bring a peer in over the middleman; returns the offer."""
    await studio.client.open_room(room)
    offer = await studio.client.add_party(room, name, record=record)
    await studio.client.answer(room, name, await peer.answer(via.through(offer)))
    return offer


@counts(3, 100)
async def test_strangers_before_during_and_after_the_handshake(
    studio: Studio, count: int, record_property: Tell
) -> None:
    """S13: every call lives, and no stranger hears a word."""
    worker = await worker_address(studio)
    hellos: list[bytes] = []
    lived = 0
    with stranger() as other:

        def barge() -> None:
            for datagram in (b"", FORGED_ALERT, CLOSE_NOTIFY, *hellos[-2:]):
                for _ in range(3):
                    other.sendto(datagram, worker)

        def overhear(side: str, datagram: bytes) -> bool:
            if side == FROM_PEER and is_hello(datagram):
                hellos.append(datagram)
                barge()
            elif side == FROM_WORKER and 19 < datagram[0] < 64:
                barge()
            return False

        for number in range(count):
            room = f"room-{number}"
            sun, li = Peer(RED, 440), Peer(GREEN, 880)
            via = Middleman(worker, overhear)
            await via.open()
            try:
                barge()
                await seat_through(studio, room, "sun", sun, via)
                barge()
                await studio.seat(room, "li", li)
                await until(lambda li=li: li.meets(RED, 440), 15)  # type: ignore[misc]
                barge()
                li.forget()
                await until(lambda li=li: li.meets(RED, 440), 5)  # type: ignore[misc]
                await until(lambda sun=sun: sun.meets(GREEN, 880), 5)  # type: ignore[misc]
                lived += 1
            finally:
                via.close()
                await asyncio.gather(sun.close(), li.close())
            with pytest.raises(BlockingIOError):
                other.recv(2048)
            await studio.client.close_room(room)
    record_property("lived", f"{lived} of {count}")
    assert lived == count
    dropped = (await studio.client.figures())["worker"]["dropped"]
    assert dropped.get("fault", 0) == 0
    assert dropped["stranger"] >= 12 * count


@pytest.mark.timed
@counts(2_000, 10_000)
async def test_random_and_replayed_packets(
    studio: Studio, count: int, record_property: Tell
) -> None:
    """S14: from strangers and on a member's own path, among the packets of a call."""
    worker = await worker_address(studio)
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    captured: list[bytes] = []

    def overhear(side: str, datagram: bytes) -> bool:
        if side == FROM_PEER and is_media(datagram):
            captured.append(datagram)
        return False

    via = Middleman(worker, overhear)
    await via.open()
    await seat_through(studio, "room", "sun", sun, via, record=True)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    before = await frames_a_second(li)
    chance = random.Random(14)
    with stranger() as other:

        async def harm() -> None:
            for number in range(count):
                old = captured[chance.randrange(len(captured))]
                random_ = bytes([128 | chance.randrange(64)]) + os.urandom(
                    chance.randrange(11, 1200)
                )
                sent = old if number % 2 else random_
                if number % 4 < 2:
                    other.sendto(sent, worker)
                else:
                    via.inject(sent)
                if number % 50 == 0:
                    await asyncio.sleep(0)

        harming = asyncio.create_task(harm())
        during = await frames_a_second(li)
        await harming
        with pytest.raises(BlockingIOError):
            other.recv(2048)
    li.forget()
    await until(lambda: li.meets(RED, 440), 5)
    record_property("frames_per_s", f"{before} before, {during} during")
    assert during >= LEAST * before
    figures = await studio.client.figures()
    party = figures["rooms"]["room"]["sun"]
    assert party["refused"] >= count * 0.4
    assert party["recording"]
    assert figures["worker"]["recorder_dropped"] == 0
    assert figures["worker"]["dropped"].get("fault", 0) == 0
    assert [one for one in studio.heard if isinstance(one, PartyDown)] == []
    via.close()


@pytest.mark.timed
@counts(2, 10)
async def test_a_member_who_floods(studio: Studio, count: int, record_property: Tell) -> None:
    """S14: 5,000 packets a second in good SRTP; the others keep 80 % of their frames, and the
    recorder runs."""
    sun, li, flood = studio.peer(RED, 440), studio.peer(GREEN, 880), studio.peer(RED, 660)
    await studio.seat("room", "sun", sun, record=True)
    await studio.seat("room", "li", li)
    await studio.seat("other", "flood", flood)
    await until(lambda: li.meets(RED, 440), 10)
    await until(lambda: None if flood.state == "connected" else flood.state, 10)
    before = await frames_a_second(li)
    transport = flood.transport
    packets = sent = 0

    async def harm() -> None:
        nonlocal packets, sent
        began = time.monotonic()
        while (passed := time.monotonic() - began) < count + 1:
            due = int(passed * 5_000)
            for _ in range(min(250, due - sent)):
                head = struct.pack("!BBHII", 128, 96, sent & 0xFFFF, sent * 90, 0xABCDEF)
                await transport._send_rtp(head + bytes(200))
                sent += 1
            await asyncio.sleep(0.005)
        packets = int(sent / passed)

    harming = asyncio.create_task(harm())
    during = await frames_a_second(li, count)
    await harming
    record_property("frames_per_s", f"{before} before, {during} during {packets} packets/s")
    assert packets >= 3_000 * LEAST, "this machine sends as much as that"
    assert during >= LEAST * before
    figures = await studio.client.figures()
    assert figures["rooms"]["other"]["flood"]["refused"] >= 0.8 * sent
    assert figures["worker"]["recorder_dropped"] == 0
    assert figures["rooms"]["room"]["sun"]["recording"]


async def frames_a_second(peer: Peer, seconds: float = 2.0) -> float:
    """What this peer decodes, measured over so long."""
    first, began = peer.received.frames, time.monotonic()
    await until(lambda: None if time.monotonic() - began >= seconds else "measuring", seconds + 5)
    return round((peer.received.frames - first) / (time.monotonic() - began), 1)


async def test_candidates_are_never_spoken_to(studio: Studio) -> None:
    """S16: SDP that aims at inner addresses makes the worker speak to none of them."""
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    with ExitStack() as stack:
        aims = []
        for number in range(20):
            aim = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            aim.bind((f"127.0.1.{number + 1}", 0))
            aim.setblocking(False)
            aims.append(aim)

        def aimed(candidates: int) -> str:
            known = [f"{host} {port}" for host, port in (aim.getsockname() for aim in aims)]
            inner = [f"10.0.{n % 256}.{n // 256 + 1} {1024 + n}" for n in range(candidates)]
            return "".join(
                f"a=candidate:{n} 1 udp {2130706431 - n} {where} typ host\r\n"
                for n, where in enumerate((known + inner)[:candidates])
            )

        await studio.client.open_room("room")
        offer = await studio.client.add_party("room", "sun", record=False)
        answer = await sun.answer(offer)
        head, line, rest = answer.partition("a=mid:0\r\n")
        with pytest.raises(Rejected) as refused:
            await studio.client.answer("room", "sun", head + line + aimed(1_000) + rest)
        assert refused.value.code is Rejection.BAD_SDP
        await studio.client.answer("room", "sun", head + line + aimed(500) + rest)
        await studio.seat("room", "li", li)
        await until(lambda: li.meets(RED, 440), 10)
        await until(lambda: sun.meets(GREEN, 880), 10)
        for aim in aims:
            with pytest.raises(BlockingIOError):
                aim.recv(2048)
    # what is kept are the paths that a page has checked itself, not what it wrote
    assert (await studio.client.figures())["rooms"]["room"]["sun"]["paths"] <= 20


@pytest.mark.timed
async def test_who_was_removed_hears_no_more(studio: Studio) -> None:
    """No packet within the two seconds that are allowed, and none that it sends is passed on."""
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    worker = await worker_address(studio)
    heard: list[tuple[float, bytes]] = []
    spoken = 0

    def overhear(side: str, datagram: bytes) -> bool:
        nonlocal spoken
        if side == FROM_WORKER:
            heard.append((time.monotonic(), datagram))
        else:
            spoken += 1
        # the worker's goodbye is kept from it: it goes on as if it were still a member
        return side == FROM_WORKER and meets and 19 < datagram[0] < 64

    meets = False
    via = Middleman(worker, overhear)
    await via.open()
    await seat_through(studio, "room", "sun", sun, via)
    await studio.seat("room", "li", li)
    await until(lambda: sun.meets(GREEN, 880), 10)
    await until(lambda: li.meets(RED, 440), 10)
    meets = True
    await studio.client.remove_party("room", "sun")
    removed, said = time.monotonic(), spoken
    frames = (await studio.client.figures())["rooms"]["room"]["li"]["packets_out"]
    await until(lambda: None if time.monotonic() > removed + 3 else "three seconds", 5)
    assert spoken > said, "it still speaks, and asks"
    late = [one for at, one in heard if at > removed + borne(0.5)]
    assert late == []
    assert (await studio.client.figures())["rooms"]["room"]["li"]["packets_out"] <= frames + 3
    via.close()


async def test_names_on_the_wire_cannot_be_guessed(studio: Studio) -> None:
    """What lets a stranger in: user name and password of ICE, of at least 24 and 128 bits (RFC 8445)."""
    names, passwords = set[str](), set[str]()
    for number in range(40):
        await studio.client.open_room(f"room-{number}")
        offer = await studio.client.add_party(f"room-{number}", "sun", record=False)
        [name] = set(re.findall(r"a=ice-ufrag:(\S+)", offer))
        [password] = set(re.findall(r"a=ice-pwd:(\S+)", offer))
        assert len(bytes.fromhex(name)) * 8 >= 24
        assert len(bytes.fromhex(password)) * 8 >= 128
        names.add(name)
        passwords.add(password)
    assert len(names) == len(passwords) == 40


@counts(1_500, 20_000)
async def test_whatever_a_member_says_is_no_fault(
    studio: Studio, count: int, record_property: Tell
) -> None:
    """RTP and RTCP in good SRTP and in bad shape: cut, stretched, with lengths that lie."""
    sun, li, liar = studio.peer(RED, 440), studio.peer(GREEN, 880), studio.peer(RED, 660)
    await studio.seat("room", "sun", sun, place=0)
    await studio.seat("room", "li", li, place=1)
    await studio.seat("room", "liar", liar, place=2, record=True)
    await until(lambda: li.meets(RED, 440), 10)
    await until(lambda: None if liar.state == "connected" else liar.state, 10)
    chance = random.Random(count)
    sent = 0
    for number in range(count):
        # what has no shape at all even the liar's own library will not encrypt
        with suppress(pylibsrtp.Error):
            await liar.transport._send_rtp(said(chance))
            sent += 1
        if number % 100 == 0:
            await asyncio.sleep(0.01)
    li.forget()
    await until(lambda: li.meets(RED, 440), 10)
    await until(lambda: sun.meets(GREEN, 880), 10)
    figures = await studio.client.figures()
    record_property("sent", f"{sent} of {count}; {figures['worker']['dropped']}")
    assert sent >= count / 2
    assert figures["worker"]["dropped"].get("fault", 0) == 0
    assert figures["worker"]["recorder_restarts"] == 0
    assert figures["worker"]["recorder_pid"]


def said(chance: random.Random) -> bytes:
    """One packet of a liar: RTP of any codec and extension, or RTCP of any kind."""
    noise = chance.randbytes(chance.choice([0, 1, 2, 3, 8, 40, 300, 1_100]))
    if chance.random() < 0.5:
        flags = 128 | chance.randrange(64)
        payload = chance.choice([96, 97, 98, 100, 102, 104, 111, chance.randrange(64)])
        payload |= chance.choice([0, 128])
        head = struct.pack(
            "!BBHII",
            flags,
            payload,
            chance.randrange(1 << 16),
            chance.randrange(1 << 32),
            chance.choice([1, 2, 3, chance.randrange(1 << 32)]),
        )
        if flags & 16 and chance.random() < 0.8:
            mid = chance.choice([b"0", b"1", b"2", b"3", b"9", b""])
            body = bytes([0x40 | max(0, len(mid) - 1)]) + mid + b"\x51" + chance.randbytes(2)
            body += bytes(-len(body) % 4)
            words = chance.choice([len(body) // 4, 0, 1, 300, 0xFFFF])
            head += bytes(4 * (flags & 15)) + struct.pack("!HH", 0xBEDE, words) + body
        return head + noise
    kind = chance.choice([200, 201, 202, 203, 204, 205, 206, 207])
    count = chance.randrange(32)
    words = chance.choice([len(noise) // 4, 0, 1, 2, 6, 0xFFFF])
    packet = struct.pack("!BBH", 128 | count, kind, words) + noise
    return packet.ljust(8, b"\0")
