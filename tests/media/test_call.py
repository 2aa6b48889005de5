"""Two real peers meet through the worker; one restarts, is muted, reloads its page."""

from __future__ import annotations

import re
import socket

import pytest
from aioice import stun

from media.client import PartyDown, PartyUp
from media.rejected import Rejected, Rejection
from tests.kit.peer import BLUE, GREEN, RED
from tests.kit.until import until
from tests.media.conftest import Studio


async def test_each_sees_and_hears_the_other(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: sun.meets(GREEN, 880), 10)
    await until(lambda: li.meets(RED, 440), 10)
    assert {e.party for e in studio.heard if isinstance(e, PartyUp)} == {"sun", "li"}
    figures = await studio.client.figures()
    assert figures["rooms"]["room"]["sun"]["srtp"] == "SRTP_AEAD_AES_128_GCM"
    assert figures["rooms"]["room"]["sun"]["refused"] == 0


async def test_one_who_does_not_listen_is_seen_and_heard_and_sent_nothing(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440, listens=False), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    party = (await studio.client.figures())["rooms"]["room"]["sun"]
    assert [feed["packets"] for feed in party["feeds"].values() if feed["packets"]] == []
    assert (sun.received.frames, sun.received.audio_frames) == (0, 0)


async def test_taken_places_and_unknown_names_are_refused(studio: Studio) -> None:
    await studio.client.open_room("room")
    for name in ("a", "b"):
        await studio.client.add_party("room", name, record=False)
    for code, asking in (
        (Rejection.FULL, studio.client.add_party("room", "c", record=False, place=1)),
        (Rejection.FULL, studio.client.add_party("room", "c", record=False, place=6)),
        (Rejection.PARTY_EXISTS, studio.client.add_party("room", "a", record=False)),
        (Rejection.UNKNOWN_ROOM, studio.client.add_party("elsewhere", "a", record=False)),
        (Rejection.UNKNOWN_PARTY, studio.client.restart_ice("room", "c")),
    ):
        with pytest.raises(Rejected) as refused:
            await asking
        assert refused.value.code is code
    for place, name in enumerate("cdef", 2):
        await studio.client.add_party("room", name, record=False, place=place)
    with pytest.raises(Rejected) as refused:
        await studio.client.add_party("room", "g", record=False)
    assert refused.value.code is Rejection.FULL


async def test_a_muted_track_stops_at_the_worker_and_comes_back(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)

    async def sent(mid: str) -> tuple[int, int]:
        party = (await studio.client.figures())["rooms"]["room"]
        return party["sun"]["tracks"][mid]["packets"], party["li"]["feeds"][mid]["packets"]

    await studio.mute("room", "sun", "0", "1")
    before = {mid: await sent(mid) for mid in ("0", "1")}

    async def both_sent_on() -> str | None:
        now = {mid: await sent(mid) for mid in ("0", "1")}
        behind = [mid for mid in now if now[mid][0] < before[mid][0] + 8]
        return f"nothing new came in on {behind}" if behind else None

    await until(both_sent_on, 5)
    for mid in ("0", "1"):
        assert (await sent(mid))[1] == before[mid][1], "a muted track went out"
    li.forget()
    await studio.mute("room", "sun")
    await until(lambda: li.meets(RED, 440), 5)


async def test_a_reloaded_page_continues_the_streams_of_the_one_who_stayed(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    await sun.close()

    def gone() -> str | None:
        downs = [e for e in studio.heard if isinstance(e, PartyDown)]
        return None if PartyDown("room", "sun", "closed") in downs else f"only {downs}"

    await until(gone, 5)
    await studio.client.remove_party("room", "sun")
    again = studio.peer(BLUE, 600)
    await studio.seat("room", "sun-2", again)
    await until(lambda: again.meets(GREEN, 880), 10)
    await until(lambda: li.meets(BLUE, 600), 10)
    assert li.state == "connected"


async def test_an_ice_restart_keeps_media_and_opens_a_new_way_in(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun)
    await studio.seat("room", "li", li)
    await until(lambda: li.meets(RED, 440), 10)
    offer = await studio.client.restart_ice("room", "sun")
    ufrag, password = _credentials(offer)
    figures = await studio.client.figures()
    worker = (figures["worker"]["address"], figures["worker"]["port"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        probe.settimeout(3)
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{ufrag}:page"
        request.attributes["PRIORITY"] = 1
        request.add_message_integrity(password.encode())
        probe.sendto(bytes(request), worker)
        answer = stun.parse_message(probe.recv(2048))
        assert answer.message_class is stun.Class.RESPONSE
        assert answer.check_message_integrity(password.encode())
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == probe.getsockname()
    li.forget()
    await until(lambda: li.meets(RED, 440), 5)
    assert (await studio.client.figures())["rooms"]["room"]["sun"]["generation"] == 2


def _credentials(offer: str) -> tuple[str, str]:
    ufrag = re.search(r"a=ice-ufrag:(\S+)", offer)
    password = re.search(r"a=ice-pwd:(\S+)", offer)
    assert ufrag is not None
    assert password is not None
    return ufrag[1], password[1]
