"""Somebody of the demo's past at his seat: what a page would send, hear and bring."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
import structlog

from media.peer import ScriptedPeer
from server.demo import data as demo
from server.demo.meetings import face_of
from signaling.client import Client

TUS: Final = {"Tus-Resumable": "1.0.0"}
SEEN_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.1
logger = structlog.get_logger("past")


class Player:
    """One of the demo's people at a page: signs in, hears events, is seen and heard in calls."""

    def __init__(self, address: str, login: str) -> None:
        self._address = address
        self._login = login
        self._stack = AsyncExitStack()
        self._changed = asyncio.Event()
        self._client: Client | None = None
        self._http: aiohttp.ClientSession | None = None
        self._peer: ScriptedPeer | None = None
        self.calls: dict[str, Mapping[str, Any]] = {}
        self.id = ""

    async def __aenter__(self) -> "Player":
        async with aiohttp.ClientSession(self._address) as plain:
            credentials = {"login": self._login, "password": demo.PASSWORD}
            async with plain.post("/api/v1/tokens", json=credentials) as said:
                said.raise_for_status()
                token = (await said.json())["token"]
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(self._address, headers={"Authorization": f"Bearer {token}"})
        )
        self._client = Client(self._address, token, hear_event=self._hear)
        await self._client.connect()
        self._stack.push_async_callback(self._client.close)
        self._stack.push_async_callback(self._leave)
        desk = await self.ask("desk.open")
        self.id = desk["person"]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _leave(self) -> None:
        if self._peer is not None:
            await self._peer.close()

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "call.changed":
            self.calls[event["call"]["id"]] = event["call"]
        self._changed.set()

    async def ask(self, kind: str, **members: Any) -> dict[str, Any]:
        assert self._client is not None
        return await self._client.ask({"type": kind, **members})

    async def act(self, kind: str, case_id: str, **members: Any) -> dict[str, Any]:
        """An act that rests on how the case stands now."""
        seen = (await self.get(f"/cases/{case_id}"))["version"]
        return await self.ask(kind, case_id=case_id, seen_version=seen, **members)

    async def hint(self, kind: str, **members: Any) -> None:
        assert self._client is not None
        await self._client.hint({"type": kind, **members})

    async def get(self, path: str) -> Any:
        assert self._http is not None
        async with self._http.get(f"/api/v1{path}") as said:
            said.raise_for_status()
            return await said.json()

    async def sees(
        self, call_id: str, holds: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any]:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not ((call := self.calls.get(call_id)) and holds(call)):
                self._changed.clear()
                await self._changed.wait()
            return call

    async def answer(self, call_id: str) -> None:
        """Take the ring of this call and sit down."""

        def mine(call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
            return [one for one in call["rings"] if one["target"]["id"] == self.id]

        ring = mine(await self.sees(call_id, lambda call: bool(mine(call))))[0]
        seat = await self.ask("call.answer", call_id=call_id, ring_id=ring["id"])
        await self.sit(call_id, seat["leg_id"])

    async def sit(self, call_id: str, leg_id: str) -> None:
        """Negotiate this leg's media: a drawn person, and a low hum."""
        seat = {"call_id": call_id, "leg_id": leg_id}
        offer = await self.ask("call.connect", **seat)
        person = next(one for one in demo.PEOPLE if one.login == self._login)
        picture = await asyncio.to_thread(face_of, person)
        tone_hz = 140.0 + 20 * len(self._login)
        self._peer = ScriptedPeer(tone_hz=tone_hz, picture=picture, listens=False)
        await self.ask("call.describe", **seat, sdp=await self._peer.answer(offer["sdp"]))

    async def bring(self, case_id: str, line: str, name: str, data: bytes, slot: int) -> str:
        """Upload a file for a line, or for its side with that number; returns the material's id."""
        assert self._http is not None
        about = {"case_id": case_id, "line": line, "filename": name}
        if slot:
            about["slot"] = str(slot)
        told = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())
        made = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": told}
        async with self._http.post("/api/v1/uploads", headers=made) as said:
            said.raise_for_status()
            location, material = said.headers["Location"], said.headers["Yunjian-Material"]
        piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        async with self._http.patch(location, data=data, headers=piece) as said:
            said.raise_for_status()
        return material
