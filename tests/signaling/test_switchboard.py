"""The parts of the switchboard, each with no more of the world than it needs: whom it rings, whom it expects, what
follows from a change, what passes, what is shown, and what time does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import pytest

from signaling.beside import Beside
from signaling.call.inputs import Answered, Declined, HungUp, Invited, PutOnHold
from signaling.call.parts import (
    PATIENCE,
    Call,
    CallId,
    EndReason,
    InviteId,
    Leg,
    LegId,
    Monitor,
    MonitorId,
    PersonId,
    RingId,
    RingState,
)
from signaling.call.ringing import dial
from signaling.call.step import step
from signaling.refusals import Code, Refusal
from signaling.seats import Seats
from signaling.subjects import PRESENCE
from signaling.switchboard.asking import Asking
from signaling.switchboard.changes import Changes, known
from signaling.switchboard.engine import Engine
from signaling.switchboard.expected import Expected
from signaling.switchboard.pages import Pages
from signaling.switchboard.settling import Settling
from signaling.switchboard.sweeping import Sweeping
from signaling.switchboard.watching import Showing
from signaling.wire.envelope import Ack, Command, Message

T0: Final = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
CALL: Final = CallId("call-1")
WINDOW, APPROVER = LegId("leg-w"), LegId("leg-a")
CLERK: Final = PersonId("clerk")


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def dialled(*people: str) -> Call:
    rings = [(RingId(f"ring-{one}"), PersonId(one)) for one in people]
    return dial(CALL, CLERK, WINDOW, rings, T0, recording_consented=True)


def answered(call: Call | None = None, by: str = "li") -> Call:
    call = call or dialled(by)
    return step(call, Answered(RingId(f"ring-{by}"), PersonId(by), APPROVER), after(1))


@dataclass(frozen=True)
class Somebody:
    person_id: str
    session_id: str = "session"


@dataclass
class Page:
    """A line of this person, from this page."""

    who: Somebody
    page: str = "page-1"
    sid: str = "socket-1"

    async def watch(self, subject: str, audience: str) -> None: ...


@dataclass
class Place:
    """A desk of the unit."""

    person_id: str
    on_duty: bool = True
    engaged: bool = False
    rung: bool = False
    last_seen_at: datetime | None = T0


class Rooms:
    """The engine: what it was asked, in order. ``refuses`` is what the next one is refused with."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.ready = True
        self.refuses: Code | None = None

    async def full(self) -> str | None:
        return None

    async def prepare(self, call_id: CallId) -> None:
        self._note("prepare")

    async def offer(self, call: Call, leg: Leg | Monitor, *, restart: bool) -> str:
        self._note("offer", leg.id, restart)
        return "an offer"

    async def expect(self, call_id: CallId, leg_id: LegId) -> str:
        self._note("expect", leg_id)
        return "an offer"

    async def seat(self, call: Call, leg: Leg) -> None:
        self._note("seat", leg.id)

    async def describe(self, call_id: CallId, leg_id: LegId | MonitorId, sdp: str) -> None:
        self._note("describe", leg_id)

    async def let_through(self, call: Call) -> None:
        self._note("let through", call.on_hold() is not None)

    async def leave(self, call_id: CallId, leg_id: LegId | MonitorId | None) -> None:
        self._note("leave", leg_id)

    def _note(self, *what: Any) -> None:
        if self.refuses is not None:
            code, self.refuses = self.refuses, None
            raise Refusal(code)
        self.asked.append(what)


class Book:
    """One call, its turns and what was written in them."""

    def __init__(self, call: Call, desks: Sequence[Place] = ()) -> None:
        self.call = call
        self.desks = list(desks)
        self.at = after(1)
        self.written: list[tuple[str, str]] = []
        self.reserved: list[tuple[int, datetime, set[str]]] = []
        self.replayed: Ack | None = None
        self.silent: Collection[Any] = ()
        self.barring: list[Any] = []
        self.away = False

    @asynccontextmanager
    async def turn(
        self, who: Any, call_id: CallId, command: Command | None = None
    ) -> AsyncIterator[Book]:
        if self.away:
            raise Refusal(Code.BUSY)
        yield self

    async def deciding(self) -> Collection[str]:
        return ()

    async def write(self, call: Call, act: str, object: str, **more: Any) -> None:
        self.call = call
        self.written.append((act, object))

    async def reserve(
        self, call_id: CallId, at_most: int, seen_since: datetime, but: Collection[str] = ()
    ) -> Sequence[str]:
        self.reserved.append((at_most, seen_since, set(but)))
        free = [d.person_id for d in self.desks if not d.engaged and d.person_id not in but]
        for desk in self.desks:
            desk.engaged = desk.engaged or desk.person_id in free[:at_most]
        return free[:at_most]

    async def around(self) -> tuple[Sequence[Place], float]:
        return self.desks, 120.0

    def ack(self, result: Mapping[str, Any]) -> Ack:
        return Ack(ok=True, result=dict(result))

    async def find(self, call_id: CallId) -> Call:
        return self.call

    async def due(
        self, quiet_since: datetime, at: datetime, also: Collection[CallId]
    ) -> Sequence[Any]:
        return [(self.call, {})]

    async def barred(self) -> Sequence[Any]:
        return self.barring


class Screens:
    def __init__(self) -> None:
        self.open: list[str] = []
        self.shown: list[tuple[str, str, Message]] = []

    async def tell(self, sid: str, message: Message) -> None: ...

    async def show(self, subject: str, audience: str, message: Message) -> None:
        self.shown.append((subject, audience, message))

    def ephemeral(self, subject: str, audience: str, message: Message) -> None:
        self.shown.append((subject, audience, message))

    def watched(self, prefix: str) -> Sequence[str]:
        return [one for one in self.open if one.startswith(prefix)]


def ids() -> Any:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


def asking(at_once: int = 2) -> Asking:
    return Asking(ids(), PATIENCE, at_once)


def any_of(part: Any) -> Any:
    """Of these ports only what the part under test asks of them is there."""
    return part


# ------------------------------------------------------------ whom it rings


async def test_so_many_free_desks_are_rung_at_once_and_nobody_who_was_not_seen() -> None:
    book = Book(
        dialled("li"), [Place("wang"), Place("zhao", engaged=True), Place("sun"), Place("wu")]
    )
    rings = await asking().first(any_of(book), CALL, ["wang"])
    assert rings == [("id-1", "sun"), ("id-2", "wu")]
    assert book.reserved == [(2, after(1 - PATIENCE.lost_after_s), {"wang"})]


@pytest.mark.parametrize(
    ("desks", "on_duty", "wait_s"),
    [
        ([], 0, None),
        ([Place("wang", on_duty=False, engaged=False)], 0, None),
        ([Place("wang", engaged=True), Place("sun", engaged=True, rung=True)], 2, 60),
    ],
)
async def test_where_nobody_is_free_it_says_how_long_that_may_last(
    desks: list[Place], on_duty: int, wait_s: int | None
) -> None:
    book = Book(dialled("li"), desks)
    but = [desk.person_id for desk in desks]
    with pytest.raises(Refusal) as refused:
        await asking().first(any_of(book), CALL, but)
    assert refused.value.code is Code.NO_APPROVER_FREE
    assert refused.value.details == {"on_duty": on_duty, "wait_s": wait_s}


async def test_for_who_declines_the_next_one_is_rung_and_nobody_twice() -> None:
    book = Book(dialled("li", "wang"), [Place("li"), Place("sun")])
    declined = Declined(RingId("ring-li"), PersonId("li"))
    call = await asking().stepped(any_of(book), declined)
    assert book.reserved == [(1, after(1 - PATIENCE.lost_after_s), {"clerk", "li", "wang"})]
    ringing = {ring.target_id for ring in call.rings if ring.state is RingState.RINGING}
    assert ringing == {"wang", "sun"}
    assert book.written == [], "the turn writes it, not who asks"


async def test_the_last_who_declines_ends_it_unless_another_can_be_rung() -> None:
    declined = Declined(RingId("ring-li"), PersonId("li"))
    call = await asking().stepped(any_of(Book(dialled("li"))), declined)
    assert call.reason is EndReason.DECLINED
    call = await asking().stepped(any_of(Book(dialled("li"), [Place("sun")])), declined)
    assert call.reason is None


async def test_an_answer_asks_nobody_else() -> None:
    book = Book(dialled("li", "wang"), [Place("sun")])
    await asking(3).stepped(any_of(book), Answered(RingId("ring-li"), PersonId("li"), APPROVER))
    assert book.reserved == []


# ------------------------------------------------------------ the one way to change a call


def changes(book: Book, settled: list[Any], woken: list[int]) -> Changes:
    return Changes(
        any_of(book),
        asking(),
        PATIENCE,
        lambda before, call: settled.append((before, call)),
        lambda: woken.append(1),
    )


class Hang(Command):
    type: str = "call.hang_up"


async def test_a_change_is_written_once_and_settled_after_it() -> None:
    before = answered()
    book, settled, woken = Book(before), list[Any](), list[int]()
    ack, call = await changes(book, settled, woken).take(
        Page(Somebody("clerk")), CALL, Hang(id="command-1"), HungUp(CLERK), {"so": 1}
    )
    assert (ack.result, book.written) == ({"so": 1}, [("call.hang_up", CALL)])
    assert (settled, woken) == ([(before, call)], [1])


async def test_what_was_done_before_or_is_none_of_his_changes_nothing() -> None:
    book, settled, woken = Book(answered()), list[Any](), list[int]()
    done = changes(book, settled, woken)
    with pytest.raises(Refusal) as refused:
        await done.take(Page(Somebody("sun")), CALL, Hang(id="command-1"), HungUp(CLERK))
    assert refused.value.code is Code.NOT_FOUND
    book.replayed = Ack(ok=True, result={"before": 1})
    ack, call = await done.take(Page(Somebody("clerk")), CALL, Hang(id="command-1"), HungUp(CLERK))
    assert (ack, call) == (book.replayed, None)
    assert (book.written, settled, woken) == ([], [], [])


def test_a_call_is_known_to_whom_it_has_rung() -> None:
    for person in ("clerk", "li", "wang"):
        known(dialled("li", "wang"), Somebody(person))
    with pytest.raises(Refusal):
        known(dialled("li", "wang"), Somebody("sun"))


# ------------------------------------------------------------ who is expected


async def test_each_page_has_one_offer_and_it_ends_with_its_ring() -> None:
    rooms, beside = Rooms(), Beside()
    expected = Expected(rooms, ids(), lambda leg_id: [{"urls": leg_id}], beside.begin)
    call = dialled("li", "wang")
    li, wang = call.rings
    page, other = Page(Somebody("li")), Page(Somebody("li"), page="page-2")
    assert await expected.offer(CALL, li, page) == {
        "leg_id": "id-1",
        "sdp": "an offer",
        "ice_servers": [{"urls": "id-1"}],
    }
    await expected.offer(CALL, li, other)
    await expected.offer(CALL, li, page)
    await expected.offer(CALL, wang, Page(Somebody("wang")))
    await beside.wait()
    assert ("leave", "id-1") in rooms.asked, "the last offer of a page counts"
    assert expected.find("id-1", CALL, page) is None
    assert expected.find("id-2", CALL, page) is not None, "by person, from whichever page"
    assert expected.find("id-3", CALL, Page(Somebody("wang"))) is None
    assert expected.find("id-3", CallId("call-2"), page) is None
    expected.come(LegId("id-3"))
    expected.settle(step(call, Declined(li.id, PersonId("li")), after(1)))
    await beside.wait()
    assert [one for one in rooms.asked if one[0] == "leave"] == [
        ("leave", "id-1"),
        ("leave", "id-2"),
    ]
    expected.lapse(wang.deadline_at - timedelta(seconds=1))
    assert expected.find("id-4", CALL, Page(Somebody("wang"))) is not None
    expected.lapse(wang.deadline_at)
    await beside.wait()
    assert rooms.asked[-1] == ("leave", "id-4")


async def test_without_an_engine_and_for_a_guest_nobody_is_expected() -> None:
    rooms = Rooms()
    expected = Expected(rooms, ids(), lambda leg_id: [], Beside().begin)
    (ring,) = dialled("li").rings
    guest = replace(ring, invite_id=InviteId("invite-1"))
    assert await expected.offer(CALL, guest, Page(Somebody("li"))) == {}
    rooms.ready = False
    assert await expected.offer(CALL, ring, Page(Somebody("li"))) == {}
    rooms.ready, rooms.refuses = True, Code.MEDIA_UNAVAILABLE
    assert await expected.offer(CALL, ring, Page(Somebody("li"))) == {}
    assert rooms.asked == []


# ------------------------------------------------------------ what follows, what passes


class Node:
    """Seats of one node, and what follows from a change."""

    def __init__(self) -> None:
        self.rooms, self.screens, self.seats = Rooms(), Screens(), Seats()
        self.beside, self.woken = Beside(), list[int]()
        self.written: list[Any] = []
        self.now = after(1)
        self.expected = Expected(self.rooms, ids(), lambda leg_id: [], self.beside.begin)
        self.settling = Settling(
            self.seats, self.expected, self.rooms, self.screens, self.beside.begin
        )
        self.pages = Pages(
            self.seats,
            any_of(self),
            self.rooms,
            PATIENCE,
            lambda: self.now,
            self.beside.begin,
            lambda: self.woken.append(1),
        )

    async def seen(self, people: Any, legs: Any) -> None:
        """As a roster."""
        self.written.append((dict(people), dict(legs)))


async def test_with_a_call_its_seats_and_its_room_go() -> None:
    node = Node()
    call = answered()
    node.pages.sit(CALL, WINDOW, Page(Somebody("clerk")))
    node.pages.sit(CALL, APPROVER, Page(Somebody("li"), "page-2", "socket-2"))
    node.settling.settle(dialled("li"), call)
    await node.beside.wait()
    assert (WINDOW in node.seats, node.rooms.asked) == (True, [])
    node.settling.settle(call, step(call, HungUp(CLERK), after(2)))
    await node.beside.wait()
    assert (list(node.seats.calls), node.rooms.asked) == ([], [("leave", None)])


async def test_whoever_was_expected_is_let_go_when_another_answers() -> None:
    node = Node()
    call = dialled("li", "wang")
    await node.expected.offer(CALL, call.rings[1], Page(Somebody("wang")))
    node.settling.settle(call, answered(call))
    await node.beside.wait()
    assert node.rooms.asked == [("expect", "id-1"), ("leave", "id-1")]


async def test_a_guest_who_leaves_takes_his_own_party_with_him() -> None:
    node = Node()
    ring = (RingId("ring-g"), PersonId("guest"))
    call = step(answered(), Invited(CLERK, InviteId("invite-1"), (ring,)), after(2))
    both = step(call, Answered(*ring, LegId("leg-g")), after(3))
    node.settling.settle(both, step(both, HungUp(PersonId("guest")), after(4)))
    await node.beside.wait()
    assert node.rooms.asked == [("leave", "leg-g")]


async def test_who_is_signed_out_has_nothing_flowing_and_keeps_his_place() -> None:
    node = Node()
    line = Page(Somebody("clerk"))
    node.pages.sit(CALL, WINDOW, line)
    node.pages.sit(CALL, APPROVER, Page(Somebody("li"), page="", sid="socket-2"))
    assert APPROVER not in node.seats, "what is no page holds no seat"
    node.pages.signed_out(line)
    await node.beside.wait()
    assert (node.rooms.asked, WINDOW in node.seats) == ([("leave", WINDOW)], True)
    node.pages.gone(line)
    node.pages.gone(Page(Somebody("sun"), "page-9", "socket-9"))
    node.pages.heard(line)
    node.pages.heard(line)
    assert len(node.woken) == 3, "signed out, gone, back: no more than that"


async def test_signs_of_life_are_written_down_when_they_are_due() -> None:
    node = Node()
    node.pages.sit(CALL, WINDOW, Page(Somebody("clerk")))
    node.pages.heard(Page(Somebody("clerk")))
    for _ in range(2):
        await node.pages.write_down(node.now)
    assert node.written == [({"clerk": after(1)}, {WINDOW: after(1)})]


async def test_the_engine_follows_the_record_as_it_is_when_its_turn_comes() -> None:
    book, rooms = Book(answered()), Rooms()
    engine = Engine(any_of(book), rooms, lambda leg_id: [{"urls": leg_id}])
    (leg,) = [one for one in book.call.legs if one.id == APPROVER]
    asked = book.call
    book.call = step(book.call, PutOnHold(CLERK), after(2))
    offered = await engine.offer(Somebody("li"), asked, leg, restart=True)
    assert offered == {"sdp": "an offer", "ice_servers": [{"urls": APPROVER}]}
    assert rooms.asked == [("offer", APPROVER, True), ("let through", True)]
    rooms.refuses = Code.MEDIA_UNAVAILABLE
    await engine.let_through(CALL)  # the next offer says it
    book.call = step(book.call, HungUp(CLERK), after(3))
    with pytest.raises(Refusal):
        await engine.offer(Somebody("li"), asked, leg, restart=False)
    assert rooms.asked[2:] == [("offer", APPROVER, False), ("leave", None)], "it ended meanwhile"


# ------------------------------------------------------------ what is shown, and what time does


class Lists(Message):
    """What is told of a subject at a moment."""

    free: int
    at: datetime


class Units:
    """A roster of what is told of subjects, alone."""

    def __init__(self) -> None:
        self.free, self.at = 1, T0

    async def presence(self, unit_ids: Collection[str]) -> Mapping[str, Message]:
        return {one: Lists(free=self.free, at=self.at) for one in unit_ids}

    running = missed = presence


async def test_a_unit_is_shown_when_more_than_the_moment_has_changed() -> None:
    units, screens = Units(), Screens()
    showing = Showing(any_of(units), screens)
    await showing.show()
    screens.open += ["unit:one", "missed:desk", "case:one"]
    for free, seconds in ((1, 0), (1, 1), (2, 2), (2, 3)):
        units.free, units.at = free, after(seconds)
        await showing.show()
    assert [one for one in screens.shown if one[0] == "unit:one"] == [
        ("unit:one", PRESENCE, Lists(free=1, at=T0)),
        ("unit:one", PRESENCE, Lists(free=2, at=after(2))),
    ]
    assert {subject for subject, _, _ in screens.shown} == {"unit:one", "missed:desk"}
    screens.open.clear()
    await showing.show()
    screens.open.append("unit:one")
    await showing.show()
    assert len(screens.shown) == 5, "who watches anew is shown it anew"


class Nothing:
    async def show(self) -> None: ...
    async def write_down(self, now: datetime) -> None: ...


async def test_time_ends_a_ring_and_is_put_off_for_the_call_alone_that_cannot_be_read() -> None:
    node, book = Node(), Book(dialled("li"))
    settled, swept = list[Any](), list[int]()

    async def also() -> None:
        swept.append(1)

    sweeping = Sweeping(
        any_of(book),
        asking(),
        node.expected,
        node.seats,
        any_of(Nothing()),
        any_of(Nothing()),
        PATIENCE,
        lambda before, call: settled.append(call.reason),
        lambda: book.at,
        asyncio.Event(),
        [also],
    )
    await sweeping.sweep()
    assert book.written == [], "nothing is due"
    book.at = after(PATIENCE.ring_for_s)
    book.away = True
    await sweeping.sweep()
    assert (book.written, settled, swept) == ([], [], [1, 1]), "what else there is goes on"
    book.away = False
    await sweeping.sweep()
    assert (book.written, settled) == ([("call.missed", CALL)], [EndReason.MISSED])
    await sweeping.sweep()
    assert len(book.written) == 1
