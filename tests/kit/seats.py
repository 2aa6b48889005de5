"""The people of a story, each at a seat with a real connection: window, approver, supervisor.

A seat signs in over HTTP, keeps a Socket.IO connection, and has a scripted WebRTC peer with a
picture and a tone of its own. It remembers every event and ephemeral in the order of arrival;
calls are state-carrying, so the newest event of a call is the call.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Protocol, Self, TypeVar

import aiohttp

from server.case.wire import messages, words
from server.demo import data as demo
from signaling.client import Client
from tests.kit.peer import Colour, Peer
from tests.kit.until import until

REGISTRATION: Final = {
    "item_id": demo.PRINCIPAL,
    "mode": "proxy",
    "applicant_name": "孙雅宁",
    "identity_number": "11010519491231002X",
    "phone": "13805316217",
    "credit_code": "91350100M000100Y43",
}
"""What a window asks of who applies."""
TUS: Final = {"Tus-Resumable": "1.0.0"}
ACTS: Final = {
    str(model.model_fields["type"].default)
    for model in messages.COMMANDS
    if issubclass(model, words.CaseAct)
}
"""Commands that name the version of the case that was seen."""


class Seat:
    """One person at one page. Made by `seated`."""

    def __init__(self, address: str, login: str, colour: Colour, tone_hz: float) -> None:
        self.address = address
        self.login = login
        self.colour = colour
        self.tone_hz = tone_hz
        self.events: list[dict[str, Any]] = []
        self.ephemerals: list[dict[str, Any]] = []
        self.calls: dict[str, dict[str, Any]] = {}
        self.person: dict[str, Any] = {}
        self.peer: Peer | None = None
        self.leg_id = ""
        self._token = ""
        self._http: aiohttp.ClientSession | None = None
        self._client: Client | None = None

    # ------------------------------------------------------------ coming and going

    async def sign_in(self) -> Self:
        """A bearer token, a connection, and the desk as it stands."""
        async with (
            aiohttp.ClientSession(self.address) as session,
            session.post(
                "/api/v1/tokens", json={"login": self.login, "password": demo.PASSWORD}
            ) as said,
        ):
            body = await said.json()
            assert said.status in (200, 201), body
        self._token = body["token"]
        self.person = body["person"]
        self._http = aiohttp.ClientSession(
            self.address, headers={"Authorization": f"Bearer {self._token}"}
        )
        await self.open_page()
        return self

    async def open_page(self) -> dict[str, Any]:
        """A fresh page: nothing is remembered but what the server says."""
        if self._client is not None:
            await self._client.close()
        self.events, self.ephemerals, self.calls = [], [], {}
        self._client = Client(
            self.address,
            self._token,
            hear_event=self._hear,
            hear_ephemeral=lambda told: self.ephemerals.append(dict(told)),
        )
        await self._client.connect()
        desk = await self.ask({"type": "desk.open"})
        for snapshot in desk["calls"]:
            self.calls[snapshot["call"]["id"]] = {
                "version": snapshot["version"],
                **snapshot["call"],
            }
        return desk

    async def close_page(self) -> None:
        """As a reload does: the socket and the media go without a word."""
        if self.peer is not None:
            await self.peer.close()
            self.peer = None
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def leave(self) -> None:
        await self.close_page()
        if self._http is not None:
            await self._http.close()

    # ------------------------------------------------------------ the wire

    @property
    def http(self) -> aiohttp.ClientSession:
        assert self._http is not None
        return self._http

    async def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._client is not None
        return await self._client.ask(await self.looking(command))

    async def looking(self, command: dict[str, Any]) -> dict[str, Any]:
        """The command of somebody who has the newest version of the case before him."""
        if command["type"] not in ACTS:
            return command
        return {
            "seen_version": (await self.get(f"/cases/{command['case_id']}"))["version"],
            **command,
        }

    async def send(self, command: dict[str, Any]) -> Any:
        """The answer to this command, whether it is taken or refused."""
        assert self._client is not None
        return await self._client.send(command)

    async def refused(self, command: dict[str, Any]) -> str:
        """The code with which this command is refused."""
        assert self._client is not None
        ack = await self._client.send(await self.looking(command))
        assert not ack.ok, ack
        assert ack.title, "a refusal has a sentence"
        return str(ack.code)

    async def hint(self, message: dict[str, Any]) -> None:
        assert self._client is not None
        await self._client.hint(message)

    async def get(self, path: str) -> Any:
        async with self.http.get(f"/api/v1{path}") as said:
            assert said.status == 200, await said.text()
            return await said.json()

    async def search(self, path: str, **wanted: str) -> Any:
        """What is found in this list, ``/calls`` or ``/cases``."""
        async with self.http.post(f"/api/v1/search{path}", json=wanted) as said:
            assert said.status == 200, await said.text()
            return await said.json()

    async def case(self, case_id: str) -> dict[str, Any]:
        """The case as this seat sees it."""
        case: dict[str, Any] = (await self.get(f"/cases/{case_id}"))["case"]
        return case

    def _hear(self, event: Any) -> None:
        self.events.append(dict(event))
        if event["type"] == "call.changed":
            known = self.calls.get(event["call"]["id"])
            if known is None or known["version"] < event["version"]:
                self.calls[event["call"]["id"]] = {"version": event["version"], **event["call"]}

    # ------------------------------------------------------------ seeing

    async def sees_event(self, kind: str, timeout_s: float = 5.0, **wanted: Any) -> dict[str, Any]:
        """The newest event of this type whose members are as wanted; waits for it."""

        def found() -> dict[str, Any] | None:
            of_kind = [event for event in self.events if event["type"] == kind]
            hits = [event for event in of_kind if wanted.items() <= event.items()]
            return hits[-1] if hits else None

        await until(
            lambda: None if found() else f"{self.login} saw {[e['type'] for e in self.events]}",
            timeout_s,
        )
        event = found()
        assert event is not None
        return event

    async def sees_ephemeral(
        self, kind: str, holds: Callable[[dict[str, Any]], bool] = lambda told: True
    ) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            for told in self.ephemerals:
                if told["type"] == kind and holds(told):
                    return told
            return None

        await until(
            lambda: None if found() else f"{self.login} heard {self.ephemerals[-5:]}",
        )
        told = found()
        assert told is not None
        return told

    async def sees_call(
        self,
        call_id: str,
        holds: Callable[[dict[str, Any]], bool],
        timeout_s: float = 8.0,
    ) -> dict[str, Any]:
        def why_not() -> str | None:
            call = self.calls.get(call_id)
            if call is None:
                return f"{self.login} knows no call {call_id}"
            if holds(call):
                return None
            return f"{self.login}: {call['state']} {call['reason']} {call['rings']} {call['legs']}"

        await until(why_not, timeout_s)
        return self.calls[call_id]

    async def meets(self, other: Seat, timeout_s: float = 15.0, *, second: bool = False) -> None:
        """This seat sees the other's colour and hears the other's tone.

        ``second``: the other is the second of the two other seats, window before approver before
        third.
        """
        peer = self.peer
        assert peer is not None
        await until(lambda: peer.meets(other.colour, other.tone_hz, second=second), timeout_s)

    # ------------------------------------------------------------ the record, from any side

    async def upload(
        self,
        case_id: str,
        line: str,
        name: str,
        data: bytes,
        *,
        between: Callable[[], Awaitable[None]] | None = None,
        last: int = 204,
        **more: str,
    ) -> str:
        """Send a file in two pieces by tus; `between` runs when the first piece is there.

        `last` is the status that the file ends with: 415 when its type is refused. `more` is
        metadata: what it is for (`purpose`), which file it `answers`.
        """
        about = {"case_id": case_id, "line": line, "filename": name, **more}
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in about.items()
        )
        async with self.http.post(
            "/api/v1/uploads",
            headers={**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": metadata},
        ) as said:
            assert said.status == 201, await said.text()
            location, material_id = said.headers["Location"], said.headers["Yunjian-Material"]
        half = len(data) // 2
        for offset, piece in ((0, data[:half]), (half, data[half:])):
            async with self.http.patch(
                location,
                data=piece,
                headers={
                    **TUS,
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                },
            ) as said:
                # a wrong type is refused by its first bytes already
                if said.status == last != 204:
                    return material_id
                assert said.status == 204, await said.text()
            if offset == 0 and between is not None:
                await between()
        return material_id

    async def says(
        self, case_id: str, text: str, *, lane: str = "shared", call_id: str | None = None
    ) -> str:
        """A text message beside the voice; returns its id."""
        said = await self.ask(
            {
                "type": "case.say", "case_id": case_id, "lane": lane, "text": text,
                "call_id": call_id, "for_applicant": False,
            }
        )  # fmt: skip
        return str(said["saying_id"])

    async def comments(self, case_id: str, on: str, text: str) -> str:
        """Begin a thread about a field, a line or the case; returns its id."""
        said = await self.ask({"type": "case.comment", "case_id": case_id, "on": on, "text": text})
        return str(said["comment_id"])

    async def sees_paper(self, case_id: str, kind: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """The newest paper of this kind as soon as it is ready."""
        found: dict[str, Any] = {}

        async def ready() -> str | None:
            papers = [p for p in (await self.case(case_id))["papers"] if p["kind"] == kind]
            if not papers or papers[-1]["state"] != "ready":
                return f"papers: {papers}"
            found.update(papers[-1])
            return None

        await until(ready, timeout_s)
        return found

    # ------------------------------------------------------------ media

    async def take_seat(self, call_id: str, leg_id: str | None = None) -> None:
        """Answer the worker's offer for this seat's leg; without one, join anew."""
        if leg_id is None:
            leg_id = (await self.ask({"type": "call.join", "call_id": call_id}))["leg_id"]
        self.leg_id = leg_id
        seat = {"call_id": call_id, "leg_id": leg_id}
        offer = await self.ask({"type": "call.connect", **seat})
        self.peer = Peer(self.colour, self.tone_hz)
        sdp = await self.peer.answer(offer["sdp"])
        await self.ask({"type": "call.describe", **seat, "sdp": sdp})


class Window(Seat):
    """The clerk, with the applicant beside him."""

    async def register(self, **changed: Any) -> str:
        made = await self.ask({"type": "case.create", **REGISTRATION, **changed})
        case_id = str(made["case_id"])
        await self.ask({"type": "case.open", "case_id": case_id})
        return case_id

    async def consult(self, question: str, **about: Any) -> str:
        """咨询, about the same item unless another is named."""
        about = about or {"item_id": demo.PRINCIPAL}
        made = await self.ask({"type": "case.consult", "question": question, **about})
        case_id = str(made["case_id"])
        await self.ask({"type": "case.open", "case_id": case_id})
        return case_id

    async def register_consulted(self, case_id: str, **changed: Any) -> None:
        """收件登记 of what was asked."""
        registered = {"type": "case.register_consulted", **REGISTRATION, **changed}
        await self.ask({**registered, "case_id": case_id})

    async def take_consent(self, case_id: str, given: bool = True) -> None:
        text = await self.get("/consent-text?language=zh-CN")
        assert text["text"]
        await self.ask(
            {
                "type": "case.consent",
                "case_id": case_id,
                "given": given,
                "text_version": text["version"],
                "language": "zh-CN",
            }
        )

    async def dial(self, case_id: str) -> str:
        said = await self.ask({"type": "call.dial", "case_id": case_id})
        return str(said["call_id"])

    async def fill(self, case_id: str, values: dict[str, str]) -> None:
        for name, value in values.items():
            case = await self.case(case_id)
            base = case["fields"].get(name, {"version": 0})["version"]
            await self.ask(
                {
                    "type": "case.edit",
                    "case_id": case_id,
                    "field": name,
                    "value": value,
                    "base_version": base,
                }
            )


class Approver(Seat):
    """Someone of the deciding unit."""

    async def on_duty(self) -> Self:
        await self.ask({"type": "desk.duty", "duty": "online"})
        return self

    async def rung(self, call_id: str) -> dict[str, Any]:
        """My ring of this call, as soon as it rings here."""

        def mine(call: dict[str, Any]) -> list[dict[str, Any]]:
            return [ring for ring in call["rings"] if ring["target"]["id"] == self.person["id"]]

        call = await self.sees_call(call_id, lambda call: bool(mine(call)))
        return mine(call)[0]

    async def answer(self, call_id: str) -> None:
        ring = await self.rung(call_id)
        said = await self.ask({"type": "call.answer", "call_id": call_id, "ring_id": ring["id"]})
        await self.take_seat(call_id, said["leg_id"])

    async def review(self, case_id: str, material_id: str, review: str, reason: str = "") -> None:
        await self.ask(
            {
                "type": "case.review",
                "case_id": case_id,
                "material_id": material_id,
                "review": review,
                "reason": reason,
            }
        )


class Supervisor(Seat):
    """Reads what was recorded."""


S = TypeVar("S", bound=Seat)


class Addressed(Protocol):
    """A node, in this process or another."""

    @property
    def address(self) -> str: ...


class Usher(Protocol):
    """Seats a person of a kind under a login."""

    async def __call__(self, kind: type[S], login: str, colour: Colour, tone_hz: float) -> S: ...


@asynccontextmanager
async def story(node: Addressed) -> AsyncIterator[Usher]:
    """A function that seats people at a node and lets them leave at the end of the block."""
    async with AsyncExitStack() as stack:

        async def seat(kind: type[S], login: str, colour: Colour, tone_hz: float) -> S:
            person = kind(node.address, login, colour, tone_hz)
            stack.push_async_callback(person.leave)
            await person.sign_in()
            return person

        yield seat
