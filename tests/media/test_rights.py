"""Who hears and sees whom, counted on the wire between the worker and real peers.

Every party sends sound and pictures all the time; what leaves the worker towards each of them
is counted by m-line, from the SSRCs of the offer, which SRTP leaves readable.
"""

from __future__ import annotations

import re
from collections import Counter
from time import monotonic

import pytest

from media.rejected import Rejected, Rejection
from tests.kit.peer import BLUE, GREEN, RED, Peer
from tests.kit.until import until
from tests.media.conftest import Studio
from tests.media.middleman import FROM_WORKER, Middleman

pytestmark = pytest.mark.timeout(120)

MEET_S = 30.0
WINDOW, APPROVER, SUPERVISOR = (RED, 440.0), (GREEN, 880.0), (BLUE, 1320.0)
FIRST, SECOND = ("0", "1"), ("4", "5")
SENDER_REPORT = 200


class Seated:
    """A peer behind a line that counts what the worker sends it, media and reports of media."""

    def __init__(
        self, studio: Studio, name: str, looks: tuple[tuple[int, int, int], float]
    ) -> None:
        self.name = name
        self.peer: Peer = studio.peer(*looks)
        self.sent: Counter[str] = Counter()
        self.reports: Counter[str] = Counter()
        self.last_at = 0.0
        self._studio = studio
        self._mids: dict[int, str] = {}
        self._line: Middleman | None = None

    async def sit(self, place: int, *, record: bool = False, sends_to: list[int] | None) -> None:
        client = self._studio.client
        worker = (await client.figures())["worker"]
        self._line = Middleman((worker["address"], worker["port"]), self._count)
        await self._line.open()
        await client.open_room("room")
        offer = await client.add_party(
            "room", self.name, record=record, place=place, sends_to=sends_to
        )
        for section in offer.split("m=")[1:]:
            mid = re.findall(r"a=mid:(\S+)", section)[0]
            self._mids |= {int(ssrc): mid for ssrc in re.findall(r"a=ssrc:(\d+) ", section)}
        await client.answer("room", self.name, await self.peer.answer(self._line.through(offer)))

    def _count(self, side: str, datagram: bytes) -> bool:
        if side != FROM_WORKER:
            return False
        self.last_at = monotonic()
        if not 127 < datagram[0] < 192:
            return False
        if 191 < datagram[1] < 224:
            if datagram[1] == SENDER_REPORT:
                self.reports[self._mids[int.from_bytes(datagram[4:8], "big")]] += 1
        else:
            self.sent[self._mids[int.from_bytes(datagram[8:12], "big")]] += 1
        return False

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    async def gets(self, mids: tuple[str, ...]) -> Counter[str]:
        """What the worker has sent this party on these lines, as the worker counts it."""
        feeds = (await self._studio.client.figures())["rooms"]["room"][self.name]["feeds"]
        return Counter({mid: feeds[mid]["packets"] for mid in mids})

    async def goes_on_sending(self) -> None:
        """Wait until a second or so of this party's sound and pictures more has come in."""

        async def came() -> dict[str, int]:
            tracks = (await self._studio.client.figures())["rooms"]["room"][self.name]["tracks"]
            return {mid: tracks[mid]["packets"] for mid in FIRST}

        before = await came()

        async def more() -> str | None:
            now = await came()
            few = [
                mid
                for mid, least in zip(FIRST, (50, 10), strict=True)
                if now[mid] < before[mid] + least
            ]
            return f"little came in on {few}" if few else None

        await until(more, 10)

    async def sees(self, *others: tuple[tuple[int, int, int], float] | None) -> None:
        def why_not() -> str | None:
            for second, other in enumerate(others):
                if other is not None and (why := self.peer.meets(*other, second=bool(second))):
                    return f"{self.name}, {'second' if second else 'first'} other: {why}"
            return None

        await until(why_not, MEET_S)


class Parties:
    """Window, approver and a third in one room, the third with the rights of a test."""

    def __init__(self, studio: Studio) -> None:
        self.window = Seated(studio, "window", WINDOW)
        self.approver = Seated(studio, "approver", APPROVER)
        self.third = Seated(studio, "third", SUPERVISOR)

    async def sit(self, *, record: bool = False, sends_to: list[int] | None = None) -> None:
        await self.window.sit(0, record=record, sends_to=None)
        await self.approver.sit(1, record=record, sends_to=None)
        await self.third.sit(2, sends_to=sends_to)
        await self.third.sees(WINDOW, APPROVER)
        await self.window.sees(APPROVER)
        await self.approver.sees(WINDOW)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.window, self.approver, self.third))

    def close(self) -> None:
        for seated in self:
            seated.close()


async def test_a_silent_listener_is_neither_heard_nor_shown(studio: Studio) -> None:
    """Monitor, whisper, barge and monitor again, in one call."""
    room = Parties(studio)
    try:
        await room.sit(sends_to=[])
        await room.third.goes_on_sending()
        for listener in (room.window, room.approver):
            assert [listener.sent[mid] + listener.reports[mid] for mid in SECOND] == [0, 0]

        await studio.client.permit("room", "third", receives_from=None, sends_to=[1])
        await room.approver.sees(WINDOW, SUPERVISOR)
        await room.third.goes_on_sending()
        assert [room.window.sent[mid] + room.window.reports[mid] for mid in SECOND] == [0, 0]

        await studio.client.permit("room", "third", receives_from=None, sends_to=None)
        await room.window.sees(APPROVER, SUPERVISOR)

        await studio.client.permit("room", "third", receives_from=None, sends_to=[])
        told = {seated: await seated.gets(SECOND) for seated in (room.window, room.approver)}
        await room.third.goes_on_sending()
        for seated, sent in told.items():
            assert {mid: seated.sent[mid] for mid in SECOND} == sent, "packets behind the order"
        room.third.peer.forget()
        await room.third.sees(WINDOW, APPROVER)
    finally:
        room.close()


async def test_who_may_not_hear_gets_nothing(studio: Studio) -> None:
    """The other end of the rights: a party that receives from the approver alone."""
    room = Parties(studio)
    try:
        await room.sit()
        await studio.client.permit("room", "third", receives_from=[1], sends_to=None)
        of_window = await room.third.gets(FIRST)
        await room.window.goes_on_sending()
        assert {mid: room.third.sent[mid] for mid in FIRST} == of_window

        async def sees_one() -> str | None:
            room.third.peer.forget()  # what had arrived of the window may still be decoded
            await room.third.sees(None, APPROVER)
            return f"{room.third.peer.received}" if room.third.peer.received.frames else None

        await until(sees_one)
        await room.window.sees(APPROVER, SUPERVISOR)
        with pytest.raises(Rejected) as refused:
            await studio.client.permit("room", "nobody", receives_from=None, sends_to=None)
        assert refused.value.code is Rejection.UNKNOWN_PARTY
        with pytest.raises(Rejected) as refused:
            await studio.client.permit("room", "third", receives_from=[99], sends_to=None)
        assert refused.value.code is Rejection.BAD_REQUEST
    finally:
        room.close()


async def test_a_held_room_is_silent_and_a_removed_party_is_sent_nothing(studio: Studio) -> None:
    room = Parties(studio)
    everything = FIRST + SECOND
    try:
        await room.sit(record=True)
        await room.window.sees(APPROVER, SUPERVISOR)
        await studio.mute("room", "window", "1")
        await studio.client.let_through("room", held=True, turn=1, muted={})
        told = {seated: await seated.gets(everything) for seated in room}

        def all_came() -> str | None:
            behind = [s.name for s in room if {m: s.sent[m] for m in everything} != told[s]]
            return f"packets are on their way to {behind}" if behind else None

        await until(all_came)
        reports = {seated: dict(seated.reports) for seated in room}
        for seated in room:
            await seated.goes_on_sending()
        for seated, sent in told.items():
            assert {mid: seated.sent[mid] for mid in everything} == sent, "sent while held"
            assert dict(seated.reports) == reports[seated], "a report of what is held"
            seated.peer.forget()

        # What was muted before stays so; the others come back.
        await studio.client.let_through("room", held=False, turn=2, muted={})
        await room.window.sees(APPROVER, SUPERVISOR)
        await room.third.sees(None, APPROVER)
        await until(lambda: _hears(room.third.peer, WINDOW[1]), 5)
        muted = await room.third.gets(("1",))
        await room.window.goes_on_sending()
        assert room.third.sent["1"] == muted["1"]
        assert room.third.peer.received.frames == 0

        await studio.client.remove_party("room", "third")
        removed_at = monotonic()
        await room.window.goes_on_sending()
        await until(lambda: None if monotonic() > removed_at + 3 else "three seconds", 5)
        assert room.third.last_at < removed_at + 2

        await studio.client.close_room("room")
        (segment,) = await studio.finished("window")
        # what stayed muted to the end is a gap too
        assert {(gap.mid, gap.reason) for gap in segment.gaps} == {("0", "held"), ("1", "muted")}
        (segment,) = await studio.finished("approver")
        assert {(gap.mid, gap.reason) for gap in segment.gaps} == {("0", "held"), ("1", "held")}
        assert all(gap.ended_at - gap.started_at > 0.5 for gap in segment.gaps)
    finally:
        room.close()


async def test_who_comes_to_a_held_room_waits_as_well(studio: Studio) -> None:
    window, approver = (
        Seated(studio, "window", WINDOW),
        Seated(studio, "approver", APPROVER),
    )
    try:
        await studio.client.open_room("room")
        await studio.client.let_through("room", held=True, turn=1, muted={})
        await window.sit(0, sends_to=None)
        await approver.sit(1, sends_to=None)
        for seated in (window, approver):
            await until(lambda: None if seated.peer.state == "connected" else "not yet", 10)  # noqa: B023
            await seated.goes_on_sending()
        assert not window.sent
        assert not approver.sent
        await studio.client.let_through("room", held=False, turn=2, muted={})
        await window.sees(APPROVER)
        await approver.sees(WINDOW)
    finally:
        window.close()
        approver.close()


def _hears(peer: Peer, tone_hz: float) -> str | None:
    got = peer.received.tone_hz
    return None if got is not None and abs(got - tone_hz) < 12 else f"hears {got}"
