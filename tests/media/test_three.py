"""Three real peers in one room: each sees two pictures and hears two tones, told apart by m-line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from media.client import PartyUp, RecordingStarted
from media.wire import rtcp
from media.wire.rtcp import Block
from media.wire.sdp import VP8
from tests.kit.peer import BLUE, GREEN, RED, Colour, Peer, near
from tests.kit.recording import play
from tests.kit.until import until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_WORKER, Middleman

pytestmark = pytest.mark.timeout(120)

MEET_S = 30.0
"""Three peers that encode and decode on a busy machine."""

WINDOW, APPROVER, THIRD = (RED, 440.0), (GREEN, 880.0), (BLUE, 1320.0)


async def _meets(peer: Peer, *others: tuple[tuple[int, int, int], float] | None) -> None:
    """Wait until the peer has these two others, in the order of its groups; None: nobody."""

    def why_not() -> str | None:
        for second, other in enumerate(others):
            if other is not None:
                why = peer.meets(*other, second=bool(second))
                if why is not None:
                    return f"{'second' if second else 'first'} other: {why}"
        return None

    await until(why_not, MEET_S)


async def _three(studio: Studio, *, record: bool = False) -> tuple[Peer, Peer, Peer]:
    window, approver = studio.peer(*WINDOW), studio.peer(*APPROVER)
    await studio.seat("room", "window", window, record=record, place=0)
    await studio.seat("room", "approver", approver, record=record, place=1)
    await _meets(window, APPROVER)
    await _meets(approver, WINDOW)
    third = studio.peer(*THIRD)
    await studio.seat("room", "third", third, record=record, place=2)
    await _meets(window, APPROVER, THIRD)
    await _meets(approver, WINDOW, THIRD)
    await _meets(third, WINDOW, APPROVER)
    return window, approver, third


async def test_each_of_three_sees_and_hears_both_others(studio: Studio, tmp_path: Path) -> None:
    window, approver, third = await _three(studio, record=True)

    def all_recorded() -> str | None:
        begun = {e.party for e in studio.heard if isinstance(e, RecordingStarted)}
        return None if begun == {"window", "approver", "third"} else f"recorded: {begun}"

    await until(all_recorded, 10)

    # The third leaves: the others go on, nothing of him is left, and his place is free.
    await studio.client.remove_party("room", "third")
    await third.close()
    for peer, other in ((window, APPROVER), (approver, WINDOW)):

        async def hears_one(peer: Peer = peer, other: tuple[Colour, float] = other) -> str | None:
            peer.forget()  # what had arrived of him may still be decoded
            await _meets(peer, other)
            return f"{peer.received_second}" if peer.received_second.frames else None

        await until(hears_one, 10)
    assert window.state == approver.state == "connected"
    downs = [e for e in studio.heard if type(e).__name__ == "PartyDown" and e.party != "third"]
    assert downs == []

    again = studio.peer((200, 200, 30), 1760.0)
    await studio.seat("room", "another", again, record=True, place=2)
    await _meets(window, APPROVER, ((200, 200, 30), 1760.0))
    await studio.client.close_room("room")
    for party, (colour, tone_hz) in (
        ("window", WINDOW),
        ("approver", APPROVER),
        ("third", THIRD),
        ("another", ((200, 200, 30), 1760.0)),
    ):
        (segment,) = await studio.finished(party)
        played = await asyncio.to_thread(play, await studio.pull(segment, tmp_path))
        assert played.errors == ""
        assert near(played.colour, colour)
        assert played.tone_hz is not None
        assert abs(played.tone_hz - tone_hz) < 15


async def test_places_decide_the_lines_whoever_is_there(studio: Studio) -> None:
    """A third and a window without an approver meet on the lines that they will keep."""
    window, third = studio.peer(*WINDOW), studio.peer(*THIRD)
    await studio.seat("room", "third", third, place=2)
    await studio.seat("room", "window", window, place=0)
    await _meets(window, None, THIRD)
    await _meets(third, WINDOW)
    assert window.received.frames == third.received_second.frames == 0
    approver = studio.peer(*APPROVER)
    await studio.seat("room", "approver", approver, place=1)
    await _meets(window, APPROVER, THIRD)
    await _meets(third, WINDOW, APPROVER)
    ups = [e.party for e in studio.heard if isinstance(e, PartyUp)]
    # two who connect at once are there in whatever order
    assert sorted(ups) == ["approver", "third", "window"]


async def test_a_repair_goes_only_to_who_asked_for_it(studio: Studio) -> None:
    """What the window lost on its way is sent again to it alone, and it sees on."""
    figures = await studio.client.figures()
    lose = [False]
    lost = 0

    def loses(side: str, datagram: bytes) -> bool:
        nonlocal lost
        # A repair comes through: a decoder waits many seconds for what never comes.
        picture = len(datagram) > 12 and 127 < datagram[0] < 192 and datagram[1] & 127 == VP8
        if side == FROM_WORKER and lose[0] and picture:
            lost += 1
            return lost % 5 == 0
        return False

    middle = Middleman((figures["worker"]["address"], figures["worker"]["port"]), loses)
    await middle.open()
    try:
        window, approver, third = (
            studio.peer(*WINDOW),
            studio.peer(*APPROVER),
            studio.peer(*THIRD),
        )
        await studio.client.open_room("room")
        offer = await studio.client.add_party("room", "window", record=False, place=0)
        await studio.client.answer("room", "window", await window.answer(middle.through(offer)))
        await studio.seat("room", "approver", approver, place=1)
        await studio.seat("room", "third", third, place=2)
        await _meets(window, APPROVER, THIRD)
        await _meets(third, WINDOW, APPROVER)
        lose[0] = True

        async def repaired() -> str | None:
            feeds = (await studio.client.figures())["rooms"]["room"]["window"]["feeds"]
            sent = {mid: feeds[mid]["retransmitted"] for mid in ("1", "5")}
            return None if all(sent.values()) else f"sent again: {sent}"

        await until(repaired, 20)
        lose[0] = False
        # Who has lost nothing asks for nothing; on a machine that was away, one of them may have.
        rooms = (await studio.client.figures())["rooms"]["room"]
        asked = (await studio.client.counters())["room"]
        for party in ("approver", "third"):
            again = sum(f["retransmitted"] for f in rooms[party]["feeds"].values())
            assert again <= asked[party]["nacks_in"], f"{party} got {again} again"
        window.forget()
        await _meets(window, APPROVER, THIRD)
    finally:
        middle.close()


@pytest.mark.parametrize("mask", [0, 1, 0x8001])
def test_the_numbers_of_a_nack(mask: int) -> None:
    data = b"\x81\xcd\x00\x03" + b"\0" * 8 + (0xFFFE).to_bytes(2, "big") + mask.to_bytes(2, "big")
    wanted = [0xFFFE, *((0xFFFF + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)]
    assert list(rtcp.nacked(Block(205, 1, data))) == wanted
