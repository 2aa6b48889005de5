"""What is done at each beat, with a given clock and no socket; and who is let in."""

from collections import Counter
from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from signaling.gateway.admission import SOCKETS_OF_A_PERSON, Admission
from signaling.gateway.beat import PACKETS_WAITING, Beat, Recheck
from signaling.gateway.connection import Connection, Connections, Nobody
from signaling.gateway.doorkeeper import Doorkeeper
from signaling.gateway.handshake import Handshake
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Who


class Line:
    """Sockets by their names; that of a socket's transport has a ``t`` before it."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.deaf: set[str] = set()
        self.cuts: list[str] = []
        self.beats: list[tuple[str, object]] = []

    async def emit(self, sid: str, event: str, body: object) -> None:
        assert event == "beat"
        self.beats.append((sid, body))

    async def cut(self, transport_id: str) -> bool:
        there = transport_id in self.open
        if there:
            self.open.remove(transport_id)
            self.cuts.append(transport_id)
        return there

    def transport_of(self, sid: str) -> str:
        return f"t{sid}"

    def transports(self) -> Collection[str]:
        return list(self.open)

    def waiting(self, sid: str) -> int:
        return PACKETS_WAITING + (sid in self.deaf)


class Hall:
    def __init__(self) -> None:
        self.now = 0.0
        self.line, self.connections, self.counts = Line(), Connections(), Counter[str]()
        self.there: list[Collection[str]] = []
        self.security: list[tuple[str, Any]] = []
        self.bugs: list[object] = []
        self.beat = Beat(
            self.line,
            self.connections,
            self.there.append,
            every_s=2.0,
            nameless_s=6.0,
            counts=self.counts,
            security=lambda what, ids: self.security.append((what, dict(ids))),
            bug=self.bugs.append,
            clock=lambda: self.now,
        )

    def enter(self, person: str, sid: str) -> Connection:
        shown = Handshake({}, {}, "", {"token": person})
        found = Connection(Nobody(person), sid=sid, handshake=shown, checked_at=self.now)
        self.connections.add(found)
        self.line.open.append(f"t{sid}")
        return found


async def test_all_hear_the_beat_and_who_reads_nothing_is_closed() -> None:
    hall = Hall()
    hall.enter("ann", "1")
    hall.enter("ben", "2")
    hall.line.deaf.add("2")
    await hall.beat.beat(7)
    assert ("1", 7) in hall.line.beats
    assert hall.line.cuts == ["t2"]
    assert hall.security == [("socket_stuck", {"person": "ben"})]


async def test_a_transport_of_nobody_is_closed_after_a_while() -> None:
    hall = Hall()
    hall.enter("ann", "1")
    hall.line.open += ["stranger", "late"]
    await hall.beat.close_nameless()
    hall.now = 6.0
    await hall.beat.close_nameless()
    assert hall.line.cuts == []
    hall.enter("ben", "late")  # says his name at last, over a transport of another name
    hall.line.open.remove("late")
    hall.now = 6.1
    await hall.beat.close_nameless()
    assert (hall.line.cuts, hall.counts["nameless_closed"]) == (["stranger"], 1)
    assert hall.there[-1] == ["t1", "stranger", "tlate"]
    hall.line.open.append("stranger")  # another one, by chance of the same name
    hall.now = 7.0
    await hall.beat.close_nameless()
    await hall.beat.close_nameless()
    assert hall.counts["nameless_closed"] == 2, "its time had begun"


async def test_it_is_asked_again_of_each_whose_turn_it_is() -> None:
    hall, asked, ended = Hall(), list[list[str]](), list[str]()
    away = True

    async def ask_again(shown: Sequence[Handshake]) -> Sequence[Who | None]:
        tokens = [str(one.auth["token"]) for one in shown]
        asked.append(tokens)
        if away:
            raise Refusal(Code.BUSY)
        return [Nobody({"ben": "cem"}.get(one, one)) if one != "ann" else None for one in tokens]

    async def end(connection: Connection) -> None:
        ended.append(connection.who.person_id)
        hall.connections.remove(connection.sid)

    recheck = Recheck(
        hall.connections,
        ask_again,
        end,
        every_s=60.0,
        beat_every_s=2.0,
        bug=hall.bugs.append,
        clock=lambda: hall.now,
    )
    for person, sid in (("ann", "1"), ("ben", "2"), ("dan", "3")):
        hall.enter(person, sid)
    hall.now = 59.0
    hall.enter("eve", "4")
    await recheck.ask()
    assert asked == []
    hall.now = 60.0
    await recheck.ask()
    await recheck.ask()
    assert (asked, ended) == ([["ann", "ben", "dan"]], []), "not asked again before its time"
    away = False
    hall.now = 120.0
    await recheck.ask()
    assert asked[1:] == [["ann", "ben", "dan", "eve"]]
    assert ended == ["ann", "ben"], "who is nobody now, or somebody else"


def doorkeeper(security: list[Any], bugs: list[Any], counts: Counter[str]) -> Doorkeeper:
    async def authenticate(handshake: Handshake) -> Who | None:
        token = str(handshake.auth.get("token", ""))
        if token == "broken":
            raise KeyError(token)
        return Nobody(token) if token else None

    def note(what: str, ids: Any) -> None:
        security.append((what, dict(ids)))

    return Doorkeeper(
        admission=Admission(counts, note),
        authenticate=authenticate,
        recheck=None,
        secure=lambda request: bool(request.secure),
        source=lambda request: str(request.remote),
        allowed_origins=["https://friend.example"],
        counts=counts,
        security=note,
        bug=lambda error, language: bugs.append((type(error), language)),
    )


def environ(secure: bool = False, **headers: str) -> dict[str, Any]:
    request = SimpleNamespace(remote="far", secure=secure)
    return {"aiohttp.request": request, **{f"HTTP_{k}": v for k, v in headers.items()}}


@pytest.mark.parametrize(
    ("origin", "secure", "allowed"),
    [
        (None, False, True),
        ("http://here", False, True),
        ("HTTP://HERE", False, True),
        ("https://here", False, False),
        ("https://here", True, True),
        ("https://friend.example", False, True),
        ("https://friend.example.evil", False, False),
        ("null", False, False),
    ],
)
def test_a_page_of_elsewhere_may_not_speak(origin: str | None, secure: bool, allowed: bool) -> None:
    security, counts = list[Any](), Counter[str]()
    door = doorkeeper(security, [], counts)
    asked = environ(secure, HOST="here")
    assert [door.origin_allowed(origin, asked) for _ in range(2)] == [allowed] * 2
    assert security == ([] if allowed else [("foreign_origin", {"remote": "far"})]), "told once"


async def test_who_comes_is_somebody_or_is_told_why_not() -> None:
    security, bugs = list[Any](), list[Any]()
    door = doorkeeper(security, bugs, Counter())
    cookies = environ(COOKIE="session=1; other=2", ACCEPT_LANGUAGE="en")
    shown = door.read(cookies, {"token": "ann", "page": "page-0001", "language": "en"})
    assert (shown.cookies["session"], shown.headers["accept-language"]) == ("1", "en")
    assert (shown.language, shown.page) == ("en", "page-0001")
    assert (await door.let_in(shown, "t1")).person_id == "ann"
    for auth, code in (
        ("nonsense", Code.UNAUTHENTICATED),
        ({"token": "ann", "person": "ben"}, Code.UNAUTHENTICATED),
        ({"token": "broken", "page": "no", "language": "xx"}, Code.INTERNAL),
    ):
        shown = door.read(environ(), auth)
        assert (shown.language, shown.page) == ("zh-CN", None)
        with pytest.raises(Refusal) as refused:
            await door.let_in(shown, "t1")
        assert refused.value.code is code
        assert security.pop() == ("socket_refused", {"remote": "far", "code": code})
    assert bugs == [(KeyError, "zh-CN")]


async def test_a_transport_is_his_who_says_so_as_it_opens_or_later() -> None:
    security = list[Any]()
    door = doorkeeper(security, [], Counter())
    transport = await door.admit(environ())
    assert (transport.source, transport.person_id) == ("far", "")
    admission = door._admission
    admission.opened("t1", transport)
    for number in range(SOCKETS_OF_A_PERSON):
        admission.opened(f"ann-{number}", admission.admit("far", "ann"))
    with pytest.raises(Refusal) as refused:
        await door.let_in(door.read(environ(), {"token": "ann"}), "t1")
    assert refused.value.code is Code.THROTTLED
    assert [what for what, _ in security] == ["too_many_sockets"]
    await door.let_in(door.read(environ(), {"token": "ben"}), "t1")
    assert admission.person_of("t1") == "ben"
