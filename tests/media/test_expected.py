"""A party that is expected: it has answered and connects before it has a seat, and gets nothing."""

from __future__ import annotations

import pytest

from media.client import PartyUp
from media.rejected import Rejected, Rejection
from media.room.rooms import EXPECTED_AT_MOST
from tests.kit.peer import GREEN, RED, Peer
from tests.kit.until import until
from tests.media.conftest import Studio

APPROVER = 1


async def expected(studio: Studio, name: str, peer: Peer) -> None:
    """Let the peer answer the offer for the approver's place, and connect."""
    offer = await studio.client.expect_party("room", name, place=APPROVER)
    await studio.client.answer("room", name, await peer.answer(offer))
    await until(lambda: None if peer.state == "connected" else f"{name} is {peer.state}", 10)


async def refusal(asking: object) -> Rejection:
    with pytest.raises(Rejected) as refused:
        await asking  # type: ignore[misc]
    return refused.value.code


async def test_who_is_expected_gets_nothing_before_he_has_his_seat(studio: Studio) -> None:
    sun, li, late = studio.peer(RED, 440), studio.peer(GREEN, 880), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, place=0)
    await expected(studio, "li", li)
    await expected(studio, "late", late)

    async def sent() -> int:
        figures = await studio.client.figures()
        assert figures["worker"]["parties"] == 1, "nobody sees him"
        assert figures["worker"]["expected"] == 2
        return int(figures["rooms"]["room"]["sun"]["tracks"]["1"]["packets"])

    before = await sent()

    async def sun_sends_on() -> str | None:
        return None if await sent() > before + 8 else "no new pictures"

    await until(sun_sends_on, 10)
    for peer in (sun, li, late):
        assert (peer.received.frames, peer.received.audio_frames) == (0, 0)
    assert {e.party for e in studio.heard if isinstance(e, PartyUp)} == {"sun"}

    await studio.client.seat_party("room", "li", record=False, held=False, turn=1)
    await until(lambda: li.meets(RED, 440), 10)
    await until(lambda: sun.meets(GREEN, 880), 10)
    assert (late.received.frames, late.received.audio_frames) == (0, 0)
    # One who sits there ends what others were expected at that place.
    assert (await studio.client.figures())["worker"]["expected"] == 0
    gone = studio.client.seat_party("room", "late", record=False, held=False, turn=1)
    assert await refusal(gone) is Rejection.UNKNOWN_PARTY
    taken = studio.client.expect_party("room", "next", place=APPROVER)
    assert await refusal(taken) is Rejection.FULL


async def test_an_older_word_about_holding_is_passed_over(studio: Studio) -> None:
    sun, li = studio.peer(RED, 440), studio.peer(GREEN, 880)
    await studio.seat("room", "sun", sun, place=0)
    await expected(studio, "li", li)
    await studio.client.let_through("room", held=True, turn=2, muted={})
    await studio.client.seat_party("room", "li", record=False, held=False, turn=1)
    await studio.client.let_through("room", held=False, turn=1, muted={"li": ()})

    async def stopped() -> set[bool]:
        parties = (await studio.client.figures())["rooms"]["room"]
        return {one["tracks"][mid]["muted"] for one in parties.values() for mid in ("0", "1")}

    assert await stopped() == {True}
    await studio.client.let_through("room", held=False, turn=3, muted={"li": ()})
    assert await stopped() == {False}
    await until(lambda: li.meets(RED, 440), 10)
    await until(lambda: sun.meets(GREEN, 880), 10)


async def test_of_very_many_who_are_expected_the_oldest_are_forgotten(studio: Studio) -> None:
    client = studio.client
    unknown = client.expect_party("elsewhere", "li", place=APPROVER)
    assert await refusal(unknown) is Rejection.UNKNOWN_ROOM
    await client.open_room("room")
    for number in range(EXPECTED_AT_MOST + 1):
        await client.expect_party("room", f"li-{number}", place=APPROVER)
    again = client.expect_party("room", "li-1", place=APPROVER)
    assert await refusal(again) is Rejection.PARTY_EXISTS
    assert (await client.figures())["worker"]["expected"] == EXPECTED_AT_MOST
    assert await refusal(client.remove_party("room", "li-0")) is Rejection.UNKNOWN_PARTY
    # One that has not answered has nothing to sit down with.
    early = client.seat_party("room", "li-1", record=False, held=False, turn=1)
    assert await refusal(early) is Rejection.UNKNOWN_PARTY
    await client.remove_party("room", "li-1")
    assert (await client.figures())["worker"]["expected"] == EXPECTED_AT_MOST - 1
    await client.close_room("room")
    assert (await client.figures())["worker"]["expected"] == 0
