"""Strangers, liars and bad networks: what must not end a call, and what must not begin one."""

from __future__ import annotations

import re
import socket
import struct

import pytest

from media.client import PartyDown, PartyUp
from media.rejected import Rejected, Rejection
from tests.kit.peer import GREEN, RED
from tests.kit.until import until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_PEER, FROM_WORKER, Middleman


async def _worker_address(studio: Studio) -> tuple[str, int]:
    worker = (await studio.client.figures())["worker"]
    return worker["address"], worker["port"]


def _is_dtls(datagram: bytes) -> bool:
    return 20 <= datagram[0] <= 63


def _is_hello(datagram: bytes) -> bool:
    return datagram[0] == 22 and len(datagram) > 25 and datagram[13] == 1


async def test_datagrams_of_strangers_do_not_end_a_call(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    hellos: list[bytes] = []
    worker = await _worker_address(studio)

    def overhear(side: str, datagram: bytes) -> bool:
        if side == FROM_PEER and _is_hello(datagram):
            hellos.append(datagram)
        return False

    middleman = Middleman(worker, overhear)
    await middleman.open()
    await studio.client.open_room("room")
    offer = await studio.client.add_party("room", "sun", record=False)
    answer = await sun.answer(middleman.through(offer))
    await studio.client.answer("room", "sun", answer)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    ufrag = re.search(r"a=ice-ufrag:(\S+)", offer)
    assert ufrag is not None
    forged_alert = struct.pack("!BHHHIH", 21, 0xFEFD, 0, 0, 1, 2) + b"\x02\x28"
    username = f"{ufrag[1]}:abcd".encode()
    username += bytes(-len(username) % 4)
    attributes = struct.pack("!HH", 6, len(f"{ufrag[1]}:abcd")) + username
    attributes += struct.pack("!HH", 8, 20) + bytes(20)
    unsigned_check = struct.pack("!HHI12x", 1, len(attributes), 0x2112A442) + attributes
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.setblocking(False)
        for datagram in (
            b"",
            forged_alert,
            hellos[0],
            unsigned_check,
            b"\x80\x60" + bytes(40),
            b"\x80\xc8\x00\x06" + bytes(40),
            b"\xff" * 100,
            b"\x00",
            b"\x16" * 3000,
        ):
            for _ in range(5):
                stranger.sendto(datagram, worker)
        li.forget()
        await until(lambda: li.meets(RED, 440), 5)
        with pytest.raises(BlockingIOError):
            stranger.recv(2048)
    figures = await studio.client.figures()
    dropped = figures["worker"]["dropped"]
    assert dropped["stranger"] == 20
    assert dropped["size"] == 10
    assert dropped["stun"] == 10
    assert dropped["unknown_kind"] == 5
    assert [e for e in studio.heard if isinstance(e, PartyDown)] == []
    middleman.close()


async def test_another_certificate_than_the_answered_one_gets_no_media(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "li", li)
    offer = await studio.client.add_party("room", "sun", record=True)
    answer = await sun.answer(offer)
    forged = re.sub(
        r"(a=fingerprint:sha-\d+) (\S\S)", lambda m: f"{m[1]} {int(m[2], 16) ^ 1:02X}", answer
    )
    await studio.client.answer("room", "sun", forged)

    def refused() -> str | None:
        downs = [e for e in studio.heard if isinstance(e, PartyDown)]
        return None if downs == [PartyDown("room", "sun", "fingerprint")] else f"{downs}"

    await until(refused, 8)

    async def sent_on() -> str | None:
        party = (await studio.client.figures())["rooms"]["room"]["sun"]
        return None if party["refused"] >= 20 else f"only {party['refused']} packets refused"

    await until(sent_on, 8)
    party = (await studio.client.figures())["rooms"]["room"]
    assert party["sun"]["packets_in"] == 0
    assert party["li"]["packets_out"] == 0
    assert li.received.frames == 0
    assert PartyUp("room", "sun") not in studio.heard


async def test_a_lost_first_flight_is_sent_again_at_the_first_repeat(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    hellos = 0

    def lose_first_flight(side: str, datagram: bytes) -> bool:
        nonlocal hellos
        if side == FROM_PEER and _is_hello(datagram):
            hellos += 1
        return side == FROM_WORKER and _is_dtls(datagram) and hellos < 2

    middleman = Middleman(await _worker_address(studio), lose_first_flight)
    await middleman.open()
    await studio.client.open_room("room")
    offer = await studio.client.add_party("room", "sun", record=False)
    await studio.client.answer("room", "sun", await sun.answer(middleman.through(offer)))
    await studio.seat("room", "li", li)
    await until(lambda: sun.meets(GREEN, 880), 10)
    await until(lambda: li.meets(RED, 440), 10)
    assert (await studio.client.figures())["rooms"]["room"]["sun"]["flights_resent"] >= 1
    middleman.close()


async def test_lost_packets_are_repaired_by_retransmission(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    count = lost = 0

    def lose_some(side: str, datagram: bytes) -> bool:
        nonlocal count, lost
        if side != FROM_WORKER or not 127 < datagram[0] < 192 or datagram[1] & 127 != 96:
            return False
        count += 1
        lost += count % 10 == 5
        return count % 10 == 5

    middleman = Middleman(await _worker_address(studio), lose_some)
    await middleman.open()
    await studio.client.open_room("room")
    offer = await studio.client.add_party("room", "sun", record=False)
    await studio.client.answer("room", "sun", await sun.answer(middleman.through(offer)))
    await studio.seat("room", "li", li)
    await until(lambda: sun.meets(GREEN, 880), 10)
    await until(lambda: None if lost >= 5 else f"{lost} lost so far", 10)

    async def repaired() -> str | None:
        feed = (await studio.client.figures())["rooms"]["room"]["sun"]["feeds"]["1"]
        enough = feed["retransmitted"] >= lost - 1
        return None if enough else f"{lost} lost, {feed['retransmitted']} sent again"

    await until(repaired, 5)
    sun.forget()
    await until(lambda: sun.meets(GREEN, 880), 5)
    middleman.close()


async def test_a_fingerprint_that_changes_in_a_later_answer_is_refused(studio: Studio) -> None:
    """Who could swap it would put himself between the worker and the page; what flows goes on."""
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.client.open_room("room")
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    again = await sun.answer(await studio.client.restart_ice("room", "sun"))
    swapped = re.sub(
        r"(a=fingerprint:sha-\d+) (\S\S)", lambda m: f"{m[1]} {int(m[2], 16) ^ 1:02X}", again
    )
    assert swapped != again
    with pytest.raises(Rejected) as refused:
        await studio.client.answer("room", "sun", swapped)
    assert refused.value.code is Rejection.BAD_SDP
    await studio.client.answer("room", "sun", again)
    li.forget()
    await until(lambda: li.meets(RED, 440), 10)


async def test_a_bad_answer_is_refused_and_a_good_one_still_taken(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.client.open_room("room")
    offer = await studio.client.add_party("room", "sun", record=False)
    answer = await sun.answer(offer)
    for code, bad in (
        (Rejection.BAD_SDP, "not SDP at all"),
        (Rejection.BAD_SDP, answer.replace("a=setup:active", "a=setup:passive")),
        (Rejection.BAD_SDP, answer[: answer.index("m=video")]),
        (Rejection.BAD_SDP, answer.replace("a=mid:1", "a=mid:7")),
        (Rejection.FINGERPRINT_MISSING, re.sub(r"a=fingerprint:.*\r\n", "", answer)),
    ):
        with pytest.raises(Rejected) as refused:
            await studio.client.answer("room", "sun", bad)
        assert refused.value.code is code
    await studio.client.answer("room", "sun", answer)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
