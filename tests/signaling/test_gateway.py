"""The Socket.IO edge over a real socket: who gets in, what is answered, in which order."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import aiohttp
import pytest
import socketio
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import StringConstraints

from signaling.gateway.admission import NAMELESS_OF_A_SOURCE, SOCKETS_OF_A_PERSON
from signaling.gateway.allowance import COMMANDS_AT_ONCE
from signaling.gateway.beat import PACKETS_WAITING
from signaling.gateway.connection import Connection
from signaling.gateway.dispatch import Delivery
from signaling.gateway.gateway import Gateway
from signaling.gateway.handshake import Handshake
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command, Id, Message, StoredEvent, Who
from tests.kit.until import until

AT = datetime(2026, 11, 24, tzinfo=UTC)
ROOM = "room:one"
_OVER = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING)


@dataclass(frozen=True)
class Guest:
    person_id: str
    session_id: str


class Say(Command):
    type: Literal["test.say"] = "test.say"
    text: Annotated[str, StringConstraints(max_length=100)]


class Slow(Command):
    type: Literal["test.slow"] = "test.slow"
    number: int


class Break(Command):
    type: Literal["test.break"] = "test.break"


class Open(Command):
    type: Literal["test.open"] = "test.open"
    subject: str
    audience: Id | str


class Wave(Message):
    type: Literal["test.wave"] = "test.wave"
    by: str = ""


@dataclass
class Outbox:
    """Events in memory."""

    kept: dict[str, list[StoredEvent]] = field(default_factory=dict)
    away: int = 0
    """How many more reads are refused, as when the database is away."""

    def add(self, subject: str, people: Mapping[str, str] | None = None) -> int:
        events = self.kept.setdefault(subject, [])
        version = len(events) + 1
        body = {"type": "test.happened", "subject": subject, "version": version, "secret": "s"}
        events.append(StoredEvent(subject, version, "test.happened", body, dict(people or {}), AT))
        return version

    async def following(self, subject: str, after: int, limit: int) -> list[StoredEvent]:
        if self.away:
            self.away -= 1
            raise Refusal(Code.BUSY)
        return [e for e in self.kept.get(subject, []) if e.version > after][: min(limit, 2)]

    async def version(self, subject: str) -> int:
        return len(self.kept.get(subject, []))


def project(event: StoredEvent, audience: str) -> dict[str, Any]:
    body = {k: v for k, v in event.body.items() if k != "secret" or audience == "inside"}
    return {**body, "audience": audience}


@dataclass
class Edge:
    url: str
    gateway: Gateway
    outbox: Outbox
    security: list[tuple[str, Mapping[str, Any]]]
    refused: list[Code]
    ended: set[str]
    """Tokens that are good no more."""
    rechecked: list[int]
    """How many were asked about at once while the answer about one of them never comes."""

    @asynccontextmanager
    async def page(
        self, person: str, *, transports: Iterable[str] = ("websocket",), **auth: Any
    ) -> AsyncIterator[Page]:
        async with aiohttp.ClientSession() as http:
            page = Page(http)
            await page.socket.connect(
                self.url, auth={"token": person, **auth}, transports=list(transports)
            )
            try:
                yield page
            finally:
                await page.socket.disconnect()


class Page:
    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.socket = socketio.AsyncClient(reconnection=False, http_session=http)
        self.seen: list[Any] = []
        self.gone = asyncio.Event()
        for event in ("event", "ephemeral", "beat"):
            self.socket.on(event, lambda body, event=event: self.seen.append((event, body)))
        self.socket.on("disconnect", lambda *_: self.gone.set())

    async def say(self, *body: Any, event: str = "command") -> dict[str, Any]:
        ack: dict[str, Any] = await self.socket.call(event, body, timeout=10)
        self.seen.append(("ack", ack))
        return ack

    async def do(self, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.say({"type": kind, "id": "command-1", **fields})

    def got(self, event: str) -> list[Any]:
        return [body for name, body in self.seen if name == event]

    async def gets(self, event: str, count: int) -> list[Any]:
        def why_not() -> str | None:
            return None if len(self.got(event)) >= count else f"{self.got(event)}"

        await until(why_not)
        return self.got(event)


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    security: list[tuple[str, Mapping[str, Any]]] = []
    refused: list[Code] = []
    ended: set[str] = set()
    rechecked: list[int] = []
    outbox = Outbox()

    async def authenticate(handshake: Handshake) -> Who | None:
        assert "host" in handshake.headers
        assert handshake.remote == "127.0.0.1"
        bearer = handshake.headers.get("authorization", "").removeprefix("Bearer ")
        token = str(handshake.auth.get("token", bearer))
        if token == "throttled":
            raise Refusal(Code.THROTTLED)
        if token == "broken":
            raise KeyError(token)
        return Guest(token, f"session-{token}") if token and token not in ended else None

    async def recheck(shown: Sequence[Handshake]) -> list[Who | None]:
        if any(handshake.auth.get("token") == "stuck" for handshake in shown):
            rechecked.append(len(shown))
            await asyncio.Event().wait()
        return [await authenticate(handshake) for handshake in shown]

    async def told(who: Who, command: Command, refusal: Refusal) -> None:
        refused.append(refusal.code)

    gateway = Gateway(
        authenticate=authenticate,
        outbox=outbox,
        project=project,
        sentence=lambda code, language, details: f"{language} {code} {dict(details)}",
        refused=told,
        security=lambda what, ids: security.append((what, ids)),
        allowed_origins=["https://friend.example"],
        source=lambda request: request.headers.get("X-From", ""),
        nameless_s=60.0,
        beat_every_s=0.05,
        recheck=recheck,
        recheck_every_s=0.5,
    )
    finished: list[int] = []

    async def say(connection: Connection, command: Say) -> dict[str, Any]:
        if command.text == "no":
            raise Refusal(Code.FORBIDDEN, limit=3)
        return {"text": command.text, "language": connection.language}

    async def slow(connection: Connection, command: Slow) -> dict[str, Any]:
        if command.number % 2 == 0:
            await asyncio.sleep(0.01)  # the even ones would be overtaken
        finished.append(command.number)
        return {"finished": list(finished)}

    async def broken(connection: Connection, command: Break) -> Ack:
        raise KeyError("private words")

    async def opened(connection: Connection, command: Open) -> dict[str, Any]:
        await connection.watch(command.subject, command.audience)
        version = await outbox.version(command.subject)
        # What happens between the snapshot and the ack must still be seen, and after the ack.
        if command.subject in ("room:busy", "room:shut"):
            await gateway.publish(command.subject, outbox.add(command.subject))
            await asyncio.sleep(0.05)
        if command.subject == "room:shut":
            gateway.unwatch(connection.who.person_id, command.subject, command.audience)
        return {"version": version}

    async def wave(connection: Connection, message: Wave) -> list[Delivery]:
        return [(ROOM, "inside", Wave(by=connection.who.person_id))]

    gateway.on(Say, say)
    gateway.on(Slow, slow)
    gateway.on(Break, broken)
    gateway.on(Open, opened)
    gateway.on_ephemeral(Wave, wave)
    app = web.Application()
    gateway.attach(app)
    await gateway.start()
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield Edge(
            f"http://127.0.0.1:{runner.addresses[0][1]}",
            gateway,
            outbox,
            security,
            refused,
            ended,
            rechecked,
        )
    finally:
        await gateway.close()
        await runner.cleanup()


async def turned_away(edge: Edge, auth: dict[str, str]) -> list[Any]:
    """Try to connect, and be refused; returns what the page is told."""
    told: list[Any] = []
    async with aiohttp.ClientSession() as http:
        page = Page(http)
        page.socket.on("connect_error", told.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await page.socket.connect(
                edge.url, auth=auth, transports=["websocket"], wait_timeout=20
            )
        await page.socket.disconnect()
    return told


@pytest.mark.parametrize(
    ("auth", "code"), [({}, "unauthenticated"), ({"token": "throttled"}, "throttled")]
)
async def test_who_is_nobody_does_not_get_in(edge: Edge, auth: dict[str, str], code: str) -> None:
    told = await turned_away(edge, auth)
    assert told == [{"message": code, "data": {"code": code, "title": f"zh-CN {code} {{}}"}}]
    assert edge.security == [("socket_refused", {"remote": "127.0.0.1", "code": code})]


async def test_a_page_of_somebody_else_does_not_get_in(edge: Edge) -> None:
    """Somebody else has signed in at another page of the browser: what the page shows and would do is not his."""
    told = await turned_away(edge, {"token": "ann", "person": "ben"})
    assert [one["message"] for one in told] == ["unauthenticated"]
    async with aiohttp.ClientSession() as http:
        own = Page(http)
        await own.socket.connect(
            edge.url, auth={"token": "ann", "person": "ann"}, transports=["websocket"]
        )
        await own.socket.disconnect()


async def test_a_foreign_origin_is_refused_before_anything_is_read(edge: Edge) -> None:
    query = f"{edge.url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as http:
        for origin, status in [
            ("https://evil.example", 400),
            ("null", 400),
            ("https://friend.example", 200),
            (edge.url, 200),
        ]:
            async with http.get(query, headers={"Origin": origin}) as answer:
                assert answer.status == status, origin
                shared = answer.headers.get("Access-Control-Allow-Origin")
                assert shared == (origin if status == 200 else None)
    assert [what for what, _ in edge.security] == ["foreign_origin"] * 2


async def test_each_command_is_acknowledged(edge: Edge) -> None:
    async with edge.page("ann", language="en") as page:
        said = await page.do("test.say", text="你好")
        assert said == {
            "ok": True,
            "result": {"text": "你好", "language": "en"},
            "code": None,
            "title": None,
            "details": {},
            "reference": None,
        }
        no = await page.do("test.say", text="no")
        assert (no["code"], no["details"]) == ("forbidden", {"limit": 3})
        assert no["title"] == "en forbidden {'limit': 3}"
        assert edge.refused == [Code.FORBIDDEN]


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ((), "malformed", "type"),
        ((None,), "malformed", "type"),
        (("test.say",), "malformed", "type"),
        (({},), "malformed", "type"),
        (({"type": 7},), "malformed", "type"),
        (({"type": "test.unheard_of", "id": "command-1"},), "unknown_type", None),
        (({"type": "test.say"},), "malformed", "id, text"),
        (({"type": "test.say", "id": "short", "text": ""},), "malformed", "id"),
        (({"type": "test.say", "id": "command-1", "text": "x" * 101},), "malformed", "text"),
        (({"type": "test.say", "id": "command-1", "text": "", "more": 1},), "malformed", "more"),
        (
            ({"type": "test.say", "id": "command-1", "text": "", "<b>孙雅宁</b>": 1},),
            "malformed",
            "",
        ),
    ],
)
async def test_what_is_not_a_command(
    edge: Edge, body: tuple[Any, ...], code: str, fields: str | None
) -> None:
    async with edge.page("ann") as page:
        ack = await page.say(*body)
        assert (ack["ok"], ack["code"]) == (False, code)
        assert ack["details"].get("fields") == fields
        assert (await page.do("test.say", text="still here"))["ok"]


async def test_an_unknown_socket_message_is_answered(edge: Edge) -> None:
    async with edge.page("ann") as page:
        assert (await page.say({"any": "thing"}, event="shutdown"))["code"] == "unknown_type"
        assert edge.security == [("unknown_message", {"person": "ann"})]


async def test_a_bug_is_logged_once_under_the_reference_that_is_shown(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    async with edge.page("ann") as page:
        ack = await page.do("test.break")
        assert ack["code"] == "internal"
        logged = [r for r in caplog.records if r.name == "yunjian.gateway"]
        assert len(logged) == 1
        assert ack["reference"] in logged[0].getMessage()
        assert "private words" not in json.dumps(ack) + logged[0].getMessage()
        assert (await page.do("test.say", text="still here"))["ok"]


async def test_commands_of_one_page_do_not_overtake_each_other(edge: Edge) -> None:
    for transports in (["websocket"], ["polling"]):
        async with edge.page("ann", transports=transports) as page:
            first = len((await page.do("test.slow", number=0))["result"]["finished"])
            acks = await asyncio.gather(*(page.do("test.slow", number=n) for n in range(20)))
            assert acks[-1]["result"]["finished"][first:] == list(range(20))


async def test_a_flood_is_throttled_and_a_page_recovers(edge: Edge) -> None:
    async with edge.page("ann") as page, edge.page("ben") as other:
        count = 4 * int(COMMANDS_AT_ONCE)
        acks = await asyncio.gather(*(page.do("test.say", text=str(n)) for n in range(count)))
        assert "throttled" in {ack["code"] for ack in acks}
        assert (await other.do("test.say", text="mine"))["ok"]

        async def why_not() -> str | None:
            ack = await page.do("test.say", text="again")
            return None if ack["ok"] else str(ack["code"])

        await until(why_not, every_s=0.1)


async def test_a_flood_over_requests_and_many_sockets_is_one_flood(edge: Edge) -> None:
    def refusal(n: int) -> dict[str, str]:
        return {"type": "test.say", "id": f"command-{n}", "text": "no"}

    ann = Guest("ann", "session-ann")
    count = 4 * int(COMMANDS_AT_ONCE)
    acks = [await edge.gateway.hear(Connection(ann, "en"), refusal(n)) for n in range(count)]
    assert "throttled" in {ack.code for ack in acks}
    assert len(edge.refused) < count / 2, "what is throttled is not kept"
    ben = Connection(Guest("ben", "session-ben"), "en")
    assert (await edge.gateway.hear(ben, refusal(0))).code == "forbidden"


async def test_a_socket_that_reads_nothing_is_closed(edge: Edge) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            f"{edge.url}/socket.io/?EIO=4&transport=websocket", autoclose=False
        ) as socket,
    ):
        await socket.receive()
        await socket.send_str('40{"token":"deaf"}')
        await until(lambda: None if edge.gateway.connected() else "not there")
        (sid,) = (connection.sid for connection in edge.gateway._connections)
        words = Wave(by="x" * 100_000)
        for _ in range(PACKETS_WAITING + 500):
            await edge.gateway.tell(sid, words)
        await until(lambda: "still there" if edge.gateway.connected() else None)
    assert [what for what, _ in edge.security] == ["socket_stuck"]


@pytest.mark.parametrize(
    "said", ['51-["command",{"_placeholder":true,"num":0}]', "61-1[]", b"bytes"]
)
async def test_who_sends_binary_is_closed_and_nothing_of_it_is_kept(
    edge: Edge, said: str | bytes
) -> None:
    """The protocol has none; the parts of a message that never ends would be kept."""
    async with aiohttp.ClientSession() as http, edge.page("li") as rightful:
        socket = await http.ws_connect(f"{edge.url}/socket.io/?EIO=4&transport=websocket")
        await socket.receive_str()
        await socket.send_str('40{"token":"sun"}')
        assert (await socket.receive_str()).startswith("40")
        await (socket.send_bytes(said) if isinstance(said, bytes) else socket.send_str(f"4{said}"))
        async with asyncio.timeout(10):
            while (await socket.receive()).type not in _OVER:
                pass
        assert ("binary_message", {"person": "sun"}) in edge.security
        assert edge.gateway.figures()["binary_message_refused"] == 1
        assert edge.gateway._sockets._sio._binary_packet == {}
        assert (await rightful.do("test.say", text="hello"))["ok"]


@pytest.mark.parametrize(
    "said",
    [
        '2["command",', '21["command",{"id":1', "2", "2[]", "2[1]", '2{"a":1}', "7[]", "4[]", "x", "2²[]",
        '21["command",' + "[" * 5_000 + "]" * 5_000 + "]", "2" + "9" * 200 + '["command"]',
    ],
)  # fmt: skip
async def test_who_sends_what_is_no_packet_is_closed_and_waits_for_no_answer(
    edge: Edge, said: str
) -> None:
    """Broken JSON, nesting without end, an event without a name, a packet that there is not."""
    async with aiohttp.ClientSession() as http, edge.page("li") as rightful:
        socket = await http.ws_connect(f"{edge.url}/socket.io/?EIO=4&transport=websocket")
        await socket.receive_str()
        await socket.send_str('40{"token":"sun"}')
        assert (await socket.receive_str()).startswith("40")
        await socket.send_str(f"4{said}")
        async with asyncio.timeout(10):
            while (await socket.receive()).type not in _OVER:
                pass
        assert ("no_packet", {"person": "sun"}) in edge.security
        assert edge.gateway.figures()["no_packet_refused"] == 1
        assert (await rightful.do("test.say", text="hello"))["ok"]


async def test_a_stranger_with_hundreds_of_sockets_keeps_nobody_out(edge: Edge) -> None:
    """Limited by where he comes from, and only he; who signed in is limited by himself."""
    path = f"{edge.url}/socket.io/?EIO=4&transport=polling"
    bearer = {"Authorization": "Bearer sun"}

    async def opened(headers: Mapping[str, str]) -> int:
        async with http.get(path, headers=headers) as said:
            return said.status

    async with aiohttp.ClientSession() as http:
        async with http.get(path, headers={"X-From": "far"}) as said:
            first = json.loads((await said.text())[1:])["sid"]
        statuses = [await opened({"X-From": "far"}) for _ in range(NAMELESS_OF_A_SOURCE + 20)]
        assert statuses.count(200) == NAMELESS_OF_A_SOURCE - 1
        # from elsewhere, and from the very same place with a sign-in
        assert await opened({"X-From": "near"}) == 200
        assert await opened({"X-From": "far", **bearer}) == 200
        async with edge.page("li") as page:
            assert (await page.do("test.say", text="hello"))["ok"]
            # one person has his own limit, and is nobody else's
            mine = [await opened(bearer) for _ in range(SOCKETS_OF_A_PERSON)]
            assert mine.count(200) == SOCKETS_OF_A_PERSON - 1
            assert ("too_many_sockets", {"person": "sun"}) in edge.security
            told = await turned_away(edge, {"token": "sun"})
            assert told[0]["data"]["code"] == "throttled"
            assert await opened({"Authorization": "Bearer li"}) == 200
        # who goes makes room for one more
        assert await opened({"X-From": "far"}) != 200
        async with http.post(f"{path}&sid={first}", data="1") as said:
            assert said.status == 200
        assert await opened({"X-From": "far"}) == 200
        assert await opened({"X-From": "far"}) != 200


async def test_each_audience_gets_its_own_view_in_order(edge: Edge) -> None:
    async with edge.page("ann") as inside, edge.page("ben") as outside, edge.page("cid") as other:
        await inside.do("test.open", subject=ROOM, audience="inside")
        await outside.do("test.open", subject=ROOM, audience="outside")
        await other.do("test.open", subject="room:two", audience="inside")
        for _ in range(30):
            edge.outbox.add(ROOM)
        # Hints may come late, twice, in any order, or from somebody who makes them up.
        for version in (3, 1, 30, 30, 2, 10**9, 17):
            await edge.gateway.publish(ROOM, version)
        seen = await inside.gets("event", 30)
        assert [event["version"] for event in seen] == list(range(1, 31))
        assert {event["secret"] for event in seen} == {"s"}
        seen = await outside.gets("event", 30)
        assert [event["version"] for event in seen] == list(range(1, 31))
        assert not any("secret" in event for event in seen)
        assert other.got("event") == []


async def test_an_event_brings_in_the_people_that_it_names(edge: Edge) -> None:
    async with edge.page("ann") as one, edge.page("ann") as two, edge.page("ben") as other:
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM, {"ann": "outside"}))
        for page in (one, two):
            assert (await page.gets("event", 1))[0]["audience"] == "outside"
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM, {"ann": "inside"}))
        for page in (one, two):
            assert (await page.gets("event", 2))[1]["audience"] == "inside"
        assert other.got("event") == []


async def test_nothing_falls_between_a_snapshot_and_what_follows(edge: Edge) -> None:
    async with edge.page("ann") as page:
        ack = await page.do("test.open", subject="room:busy", audience="inside")
        version = ack["result"]["version"]
        await page.gets("event", 1)
        names = [name for name, _ in page.seen if name != "beat"]
        assert names == ["ack", "event"]
        assert page.got("event")[0]["version"] == version + 1


async def test_hints_that_were_lost_are_made_up_for(edge: Edge) -> None:
    async with edge.page("ann") as page:
        await page.do("test.open", subject=ROOM, audience="inside")
        for _ in range(250):
            edge.outbox.add(ROOM)
        await edge.gateway.missed()
        seen = await page.gets("event", 250)
        assert [event["version"] for event in seen] == list(range(1, 251))


async def test_events_that_could_not_be_read_come_later(edge: Edge) -> None:
    async with edge.page("ann") as page:
        await page.do("test.open", subject=ROOM, audience="inside")
        edge.outbox.away = 1
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM))
        assert [event["version"] for event in await page.gets("event", 1)] == [1]


async def test_ephemerals_reach_the_audience_they_are_meant_for(edge: Edge) -> None:
    async with edge.page("ann") as inside, edge.page("ben") as outside:
        await inside.do("test.open", subject=ROOM, audience="inside")
        await outside.do("test.open", subject=ROOM, audience="outside")
        assert (await outside.say({"type": "test.wave"}, event="ephemeral"))["ok"]
        assert await inside.gets("ephemeral", 1) == [{"type": "test.wave", "by": "ben"}]
        assert outside.got("ephemeral") == []
        forged = await outside.say({"type": "test.happened"}, event="ephemeral")
        assert forged["code"] == "unknown_type"


async def test_the_beat_goes_out_and_its_answer_is_a_sign_of_life(edge: Edge) -> None:
    heard: list[Connection] = []
    gone: list[Connection] = []
    edge.gateway.on_beat(heard.append)
    edge.gateway.on_gone(gone.append)
    async with edge.page("ann", page="page-of-ann") as page:
        await page.gets("beat", 3)
        before = len(heard)
        await page.socket.emit("beat", 3)
        await until(lambda: None if len(heard) > before else "not heard")
        assert {(c.who.person_id, c.page) for c in heard} == {("ann", "page-of-ann")}
    await until(lambda: None if gone else "not gone")
    assert [c.page for c in gone] == ["page-of-ann"]


async def test_a_page_that_does_not_tell_its_name_is_its_own(edge: Edge) -> None:
    heard: list[Connection] = []
    edge.gateway.on_beat(heard.append)
    async with edge.page("ann"), edge.page("ann", page="bad name!"), edge.page("ann", page=["x"]):
        await until(lambda: None if len(heard) >= 3 else "not all there")
        assert len({c.page for c in heard}) == 3
        assert all(c.page == c.sid for c in heard)


async def test_a_sign_in_that_has_ended_loses_its_sockets(edge: Edge) -> None:
    async with edge.page("ann") as ann, edge.page("ben") as ben:
        edge.ended.add("ann")
        await asyncio.wait_for(ann.gone.wait(), 5)
        assert (await ben.do("test.say", text="here"))["ok"]


async def test_beats_go_on_while_it_is_asked_who_is_still_signed_in(edge: Edge) -> None:
    """Of all whose turn it is at once, and beside the beats: the answer here never comes."""
    async with edge.page("stuck") as stuck, edge.page("ann"), edge.page("ben"):
        await until(lambda: None if edge.rechecked else "nobody was asked about")
        before = len(stuck.got("beat"))
        await stuck.gets("beat", before + 5)
        assert len(edge.rechecked) == 1


async def test_an_authentication_that_breaks_is_told_as_such(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    told = await turned_away(edge, {"token": "broken"})
    assert [one["message"] for one in told] == ["internal"]
    assert len([r for r in caplog.records if r.name == "yunjian.gateway"]) == 1


async def test_signing_out_closes_the_sockets_of_that_session(edge: Edge) -> None:
    out: list[str] = []
    edge.gateway.on_signed_out(lambda connection: out.append(connection.who.person_id))
    async with edge.page("ann") as ann, edge.page("ben") as ben:
        await edge.gateway.disconnect_session("session-ann")
        await asyncio.wait_for(ann.gone.wait(), 5)
        assert (await ben.do("test.say", text="here"))["ok"]
        assert edge.gateway.figures()["sockets"] == 1
        assert out == ["ann"]


async def test_whose_rights_have_changed_loses_his_sockets_and_may_come_back(edge: Edge) -> None:
    out: list[str] = []
    edge.gateway.on_signed_out(lambda connection: out.append(connection.who.person_id))
    async with edge.page("ann") as ann, edge.page("ben") as ben:
        before = next(who for who in edge.gateway.connected() if who.person_id == "ann")
        await edge.gateway.reconnect(before)
        await asyncio.wait_for(ann.gone.wait(), 5)
        async with edge.page("ann") as again:
            assert (await again.do("test.say", text="here"))["ok"]
        assert (await ben.do("test.say", text="here"))["ok"]
    assert out == []


async def test_who_is_gone_watches_nothing(edge: Edge) -> None:
    async with edge.page("ann") as page:
        await page.do("test.open", subject=ROOM, audience="inside")
        assert edge.gateway.watched("room:") == [ROOM]
    await until(lambda: None if not edge.gateway.watched("room:") else "still watched")


async def test_who_is_sent_out_hears_nothing_more_of_it(edge: Edge) -> None:
    async with edge.page("ann") as one, edge.page("ann") as two, edge.page("ben") as other:
        for page in (one, two, other):
            await page.do("test.open", subject=ROOM, audience="inside")
        await two.do("test.open", subject="room:two", audience="inside")
        assert edge.gateway.watchers("room:", "inside") == {
            ("ann", ROOM),
            ("ben", ROOM),
            ("ann", "room:two"),
        }
        edge.gateway.unwatch("ann", ROOM, "outside")  # as which nobody watches: nothing happens
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM))
        for page in (one, two, other):
            await page.gets("event", 1)
        edge.gateway.unwatch("ann", ROOM, "inside")
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM))
        await edge.gateway.publish("room:two", edge.outbox.add("room:two"))
        await other.gets("event", 2)
        assert [event["subject"] for event in await two.gets("event", 2)] == [ROOM, "room:two"]
        # What was sent before this ack would have come before it.
        await one.do("test.say", text="still here")
        assert len(one.got("event")) == 1


async def test_what_waits_behind_an_ack_is_not_sent_to_who_is_sent_out(edge: Edge) -> None:
    async with edge.page("ann") as page:
        await page.do("test.open", subject="room:shut", audience="inside")
        await page.do("test.open", subject=ROOM, audience="inside")
        await edge.gateway.publish(ROOM, edge.outbox.add(ROOM))
        assert [event["subject"] for event in await page.gets("event", 1)] == [ROOM]


async def test_a_request_without_a_socket_is_answered_alike(edge: Edge) -> None:
    over_http = Connection(Guest("ann", "session-ann"), "en")
    opened = {"type": "test.open", "id": "command-1", "subject": ROOM, "audience": "inside"}
    ack = await edge.gateway.dispatch(over_http, opened)
    assert ack.ok
    assert edge.gateway.watched("room:") == []
    assert (await edge.gateway.dispatch(over_http, {"type": "test.nothing"})).code == "unknown_type"


async def test_what_messages_hold_is_never_logged(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with edge.page("ann") as page:
        await page.do("test.say", text="37010319900101")
        await page.do("test.say", text="no", id="37010319900101")
        await page.say("37010319900101", event="37010319900101")
    logged = [r.getMessage() for r in caplog.records if "client" not in r.name]
    assert not [line for line in logged if "37010319900101" in line]


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        junk,
        st.fixed_dictionaries({"type": st.just("test.say")}, optional={"id": junk, "text": junk}),
    )
)
async def test_no_input_goes_unanswered(edge: Edge, body: Any) -> None:
    ack = await edge.gateway.dispatch(Connection(Guest("ann", "s")), body)
    assert ack.ok or ack.code in ("malformed", "unknown_type", "forbidden")
    json.dumps(ack.model_dump(mode="json"))
