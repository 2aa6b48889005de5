"""Malformed and forged messages, and malformed SDP, at a running node with a live call (S2, S9).

Hypothesis makes them: of every kind of message, with real ids of a call that is not the sender's,
with fields dropped, exchanged for junk or added; frames that are no Socket.IO; SDP answers with
lines lost, doubled and forged. All bring refusals; nothing of the call reaches a stranger and
nothing of a stranger reaches the call; no error is logged and nothing is started anew; afterwards
a call is made as ever. A thousand in the suite, ten thousand among the proofs.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from server.case.wire.messages import FROM_PAGE
from server.demo import data as demo
from server.people.rows import people
from server.rights.person import Role
from server.settings import Settings
from server.shapes import UNIONS
from server.store import SYSTEM, Store
from signaling.client import Client
from signaling.gateway.allowance import COMMANDS_AT_ONCE, COMMANDS_PER_S
from signaling.refusals import Code
from tests.kit.casework import hashed
from tests.kit.desks import desk_of
from tests.kit.peer import GREEN, RED, Peer
from tests.kit.processes import Serving, serving
from tests.kit.seats import Approver, Window, story
from tests.kit.templates import fill
from tests.kit.until import until

SEED: Final = 20261124
BATCH: Final = 25
PER_STRANGER: Final = 100
"""What one of them may send at once without being slowed down."""


@dataclass(frozen=True)
class Barrage:
    """What will be sent."""

    batches: list[list[tuple[str, Any]]]
    raw: list[list[str]]
    answers: list[list[tuple[str, int, int, str, str]]]

    @property
    def strangers(self) -> int:
        return len(self.batches) * BATCH // PER_STRANGER


@pytest.fixture
def barrage(request: pytest.FixtureRequest) -> Barrage:
    count = int(request.param)
    batch = st.lists(anything, min_size=BATCH, max_size=BATCH)
    batches = made(batch, count // BATCH)
    raw = made(st.lists(frames, max_size=4), len(batches))
    return Barrage(batches, raw, made(spoilings, count // 10))


@pytest.fixture
async def node(tmp_path: Path, barrage: Barrage) -> AsyncIterator[Serving]:
    """A node of its own process with the demo's data and as many strangers as are needed."""
    async with serving(tmp_path / "node") as node:
        chosen = Settings(data=node.data)
        await asyncio.to_thread(node.data.mkdir, parents=True)
        await fill(chosen.store)
        store = await Store.open(chosen.store)
        try:
            async with store.change(SYSTEM) as change:
                for number in range(barrage.strangers):
                    await people.add_person(
                        change.connection, person_id=f"person-{number:04}", login=f"s{number:04}",
                        password_hash=hashed(), name="外人", staff_number=f"YT-{number}",
                        unit_id=demo.YANTAI, window_id=None,
                        roles=(Role.CLERK, Role.APPROVER, Role.SUPERVISOR),
                    )  # fmt: skip
        finally:
            await store.close()
        await node.start()
        yield node


class Spy:
    """A stranger who remembers whatever reaches him."""

    def __init__(self, node: Serving, token: str) -> None:
        self.heard: list[Any] = []
        self.client = Client(
            node.address, token, hear_event=self.heard.append, hear_ephemeral=self.heard.append
        )

    async def send(self, event: str, body: Any) -> Any:
        return await self.client._io.call(event, body, timeout=20)


# ---------------------------------------------------------------- what is sent

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.just("x" * 5000),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


IDS: Final = (
    "case_id", "call_id", "item_id", "ring_id", "leg_id", "unit_id", "field", "on", "lane", "hash",
    "mid", "reason", "text", "value", "decision", "mode", "duty",
)  # fmt: skip


class Right(str):
    """Stands for the right value of a member: an id of the call, of the case, of another's seat."""

    __slots__ = ()


@st.composite
def forged(draw: Callable[..., Any]) -> tuple[str, Any]:
    """A message of a known kind, right or wrong in any of its members."""
    kind = draw(st.sampled_from(("command", "command", "command", "ephemeral")))
    models = UNIONS["AnyCommand"] if kind == "command" else FROM_PAGE
    model = draw(st.sampled_from(models))
    body: dict[str, Any] = {"type": model.model_fields["type"].default}
    if kind == "command":
        body["id"] = draw(st.text("abcdefgh-0123", min_size=8, max_size=20) | junk)
    for name in model.model_fields:
        if name not in body and draw(st.integers(0, 9)):
            right = st.just(Right(name)) if name in IDS else junk
            other = st.sampled_from(IDS).map(Right)
            body[name] = draw(st.one_of(right, right, right, other, junk))
    if not draw(st.integers(0, 9)):
        body[draw(st.text(max_size=12))] = draw(junk)
    if not draw(st.integers(0, 19)):
        body["type"] = draw(junk)
    return kind, body


anything = st.one_of(
    forged(),
    forged(),
    forged(),
    st.tuples(st.sampled_from(("command", "ephemeral", "beat", "event", "nonsense")), junk),
)


def filled(body: Any, ids: dict[str, str]) -> Any:
    """The message with what stands in for right values put in."""
    if isinstance(body, Right):
        return ids[body]
    if isinstance(body, dict):
        return {name: filled(value, ids) for name, value in body.items()}
    return body


frames = st.one_of(
    st.text(max_size=60),
    st.text("0123456789-/[]{}\",:abc", max_size=60),
    st.sampled_from((
        "42", "421", '42["command"', '42["command",{}', "42[]", "42[1]", "42{}", '42["connect",{}]',
        '42["disconnect"]', "43[]", "431[", "451-[\"command\",{\"_placeholder\":true,\"num\":0}]",
        "459999999999-[]", "44", "41", "40", "40{", "40/other,", "6", "5", "4", "3probe", "2probe",
        '42["command",' + "[" * 3000 + "]" * 3000 + "]", '42["command",' + "9" * 5000 + "]",
    )),
)  # fmt: skip


spoilings = st.lists(
    st.tuples(
        st.sampled_from(("lose", "double", "move", "junk", "value", "forge", "cut")),
        st.integers(0, 200),
        st.integers(0, 200),
        st.text(max_size=100),
        st.sampled_from((
            "a=candidate:1 1 udp 1 127.0.0.1 22 typ host",
            "a=candidate:1 1 udp 1 169.254.169.254 80 typ host",
            "a=candidate:1 1 tcp 1 ::1 5432 typ host tcptype active",
            "a=fingerprint:sha-256 " + "00:" * 31 + "00",
            "a=fingerprint:md5 00", "a=setup:passive", "a=setup:holdconn", "a=ice-pwd:",
            "a=ice-ufrag:" + "u" * 3000, "a=mid:" + "9" * 400, "m=audio 0 RTP/AVP",
            "m=video 9 UDP/TLS/RTP/SAVPF " + "96 " * 3000, "a=ssrc:99999999999999 cname:x",
            "a=rtpmap:96", "a=extmap:300 x", "a=group:BUNDLE " + "0 " * 500, "a=ssrc:-1",
        )),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def spoiled(sdp: str, how: list[tuple[str, int, int, str, str]]) -> str:
    """An SDP answer with some of its lines lost, doubled, moved, forged or filled with junk."""
    lines = sdp.split("\r\n")
    for what, first, second, junk_text, forgery in how:
        at, other = first % (len(lines) or 1), second % (len(lines) or 1)
        here = lines[at] if lines else ""
        if what == "lose":
            del lines[at : at + 1 + second % 5]
        elif what == "double":
            lines.insert(at, here)
        elif what == "move":
            lines.insert(other, here)
        elif what == "junk":
            lines.insert(at, junk_text)
        elif what == "value" and lines:
            lines[at] = here.partition(":")[0] + ":" + junk_text
        elif what == "forge":
            lines.insert(at, forgery)
        else:
            lines = lines[:at]
    return "\r\n".join(lines)[:60_000] or " "


def made(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """So many examples, the same in each run, before anything runs: Hypothesis does not share its
    time with a loop."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    while len(found) < count:
        seed(SEED + len(found))(collect)()
    return found[:count]


# ---------------------------------------------------------------- the story

COUNTS: Final = [
    pytest.param(1000, marks=pytest.mark.timeout(120)),
    pytest.param(10_000, marks=[pytest.mark.proofs, pytest.mark.timeout(1800)]),
]
TOLD: Final = {code.value for code in Code} - {Code.INTERNAL.value, Code.THROTTLED.value}
COUNTED: Final = {"rehearsal.open"}
"""What has a bound of its own besides that of all commands; at it, to be throttled is a right answer."""


@pytest.mark.parametrize("barrage", COUNTS, indirect=True)
async def test_malformed_and_forged_messages_bring_refusals(
    node: Serving, barrage: Barrage, record_property: Callable[[str, object], None]
) -> None:
    async with AsyncExitStack() as stack:
        seat = await stack.enter_async_context(story(node))  # type: ignore[arg-type]
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        case_id, call_id = await _live(window, approver)
        case = await window.case(case_id)
        call = window.calls[call_id]
        worker = [one.pid for one in node.find("media")]
        ids = {
            "case_id": case_id, "call_id": call_id, "item_id": demo.PRINCIPAL,
            "ring_id": call["rings"][0]["id"], "leg_id": call["legs"][0]["id"],
            "unit_id": demo.XIHAIAN, "field": "remark", "on": "case", "lane": "shared",
            "hash": "0" * 64, "mid": "0", "reason": "because", "text": "hello", "value": "forged",
            "decision": "accepted", "mode": "proxy", "duty": "away",
        }  # fmt: skip
        spies = []
        for number in range(barrage.strangers):
            desk = await stack.enter_async_context(desk_of(node, f"s{number:04}"))  # type: ignore[arg-type]
            spy = Spy(node, desk.token)
            await spy.client.connect()
            stack.push_async_callback(spy.client.close)
            spies.append(spy)
        sent = 0
        for number, batch in enumerate(barrage.batches):
            spy = spies[number * BATCH // PER_STRANGER % len(spies)]
            for event, body in batch:
                what = filled(body, ids)
                ack = await spy.send(event, what)
                sent += 1
                if event != "beat" and ack["ok"]:  # a refusal may repeat what was sent
                    spy.heard.append(ack)
                right = TOLD | _counted(what)
                assert event == "beat" or ack["ok"] or ack["code"] in right, (event, what, ack)
            if number < len(barrage.raw):
                await _raw(node, barrage.raw[number])
            # The case goes on meanwhile, and none of it may reach a stranger.
            await window.hint(
                {"type": "case.typing", "case_id": case_id, "field": "remark", "value": str(sent)}
            )
        assert sent == len(barrage.batches) * BATCH
        record_property("messages", sent)
        record_property("descriptions", len(barrage.answers))
        await _sdp(approver, call_id, barrage.answers)

        for spy in spies:
            told = json.dumps(spy.heard, ensure_ascii=False)
            assert case_id not in told
            assert call_id not in told
            assert spy.client.connected
        after = await window.case(case_id)
        assert after["fields"] == case["fields"]
        assert after["comments"] == case["comments"] == []
        assert after["sayings"] == case["sayings"] == []
        assert after["state"] == case["state"]
        assert not [one for one in window.ephemerals if "forged" in json.dumps(one)]
        assert not node.errors(), json.dumps(node.errors()[:3])
        assert [one.pid for one in node.find("media")] == worker

        # The call that was fired at goes on, and so does the next one.
        await approver.close_page()
        await approver.open_page()
        await approver.take_seat(call_id)
        await window.meets(approver)
        await approver.meets(window)
        await window.ask({"type": "call.hang_up", "call_id": call_id})
        await _live(window, approver, case_id)


def _counted(what: Any) -> set[str]:
    """The code for too many of this very message, where it has a bound of its own."""
    kind = what.get("type") if isinstance(what, dict) else None
    return {Code.THROTTLED.value} if isinstance(kind, str) and kind in COUNTED else set()


async def _live(window: Window, approver: Approver, case_id: str = "") -> tuple[str, str]:
    await approver.on_duty()
    if not case_id:
        case_id = await window.register()
        await window.take_consent(case_id)
    call_id = await window.dial(case_id)
    await approver.answer(call_id)
    live = await window.sees_call(call_id, lambda call: call["state"] == "live")
    await window.take_seat(call_id, live["legs"][0]["id"])
    await window.meets(approver)
    await approver.meets(window)
    return case_id, call_id


async def _raw(node: Serving, raw: list[str]) -> None:
    """Frames that are no Socket.IO, on a connection of their own."""
    if not raw:
        return
    address = f"{node.address}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(address) as socket:
        for frame in raw:
            try:
                await socket.send_str(frame)
                await socket.send_bytes(frame.encode("utf-8", "surrogatepass"))
            except (aiohttp.ClientError, ConnectionError):
                return


async def _sdp(approver: Approver, call_id: str, answers: list[Any]) -> None:
    """Describe the approver's own leg with spoiled answers."""
    leg_id = (await approver.ask({"type": "call.join", "call_id": call_id}))["leg_id"]
    about = {"call_id": call_id, "leg_id": leg_id}
    offer = await approver.ask({"type": "call.connect", **about})
    peer = Peer(approver.colour, approver.tone_hz)
    try:
        answer = await peer.answer(offer["sdp"])
        for how in answers:
            sdp = spoiled(answer, how)
            ack: Any = None

            async def why_not(sdp: str = sdp) -> str | None:
                nonlocal ack
                assert approver._client is not None
                ack = await approver._client.send({"type": "call.describe", **about, "sdp": sdp})
                return "too fast" if ack.code == Code.THROTTLED else None

            await until(why_not, 20)
            assert ack.ok or ack.code in (Code.BAD_SDP, Code.MALFORMED), (sdp, ack)
        # What this person may send is used up; his page, which comes next, needs some of it.
        await asyncio.sleep(COMMANDS_AT_ONCE / COMMANDS_PER_S)
    finally:
        await peer.close()
