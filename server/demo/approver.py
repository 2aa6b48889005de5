"""A scripted approver: a program that plays the other side, so that one person can try the story.

It is a client like any page: bearer token, socket, commands, and a real WebRTC
peer with a moving picture and a tone. It answers rings, looks at materials,
proposes a value, decides when nothing is missing. It uses nothing of the server
but the wire; the demo starts it as a process of its own.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import aiohttp
import structlog

from media.peer import ScriptedPeer
from server.edge.logs import configure
from server.rights.subjects import of_case
from signaling.client import Client, Refused

ANSWER_AFTER_S: Final = 2.0
LOOK_FOR_S: Final = 2.0
"""How long he looks at a material, or thinks, before he says something."""
AGAIN_AFTER_S: Final = 2.0
COLOUR: Final = (38, 96, 134)
TONE_HZ: Final = 330.0

RETURNED: Final = "图像不够清晰，边角被裁切，请重新拍摄后上传。"
PROPOSED: Final = "异地办理，建议由审批单位邮寄送达。"
ACCEPTED: Final = "材料齐全，符合法定形式，予以受理。"

log = structlog.get_logger("scripted")


class ScriptedApprover:
    """One approver at one page. ``run`` serves calls until it is cancelled."""

    def __init__(self, address: str, token: str, *, ssl_verify: bool) -> None:
        self._client = Client(
            address, token, hear_event=self._hear, language="zh-CN", ssl_verify=ssl_verify
        )
        self._person = ""
        self._changed = asyncio.Event()
        self._calls: dict[str, Mapping[str, Any]] = {}
        self._case: str | None = None
        self._materials: dict[str, Mapping[str, Any]] = {}
        self._fields: dict[str, str] = {}
        self._item: Mapping[str, Any] = {}
        self._proposed = False
        self._returned: set[str] = set()
        self._decided = False
        self._peer: ScriptedPeer | None = None
        self._leg = ""

    async def run(self) -> None:
        """Go on duty and serve one call after another."""
        await self._client.connect()
        try:
            desk = await self._client.ask({"type": "desk.open"})
            self._person = desk["person"]["id"]
            for snapshot in desk["calls"]:
                self._calls[snapshot["call"]["id"]] = snapshot["call"]
            await self._client.ask({"type": "desk.duty", "duty": "online"})
            log.info("on_duty", person=self._person)
            while self._client.connected:
                await self._act()
                with suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._changed.wait()
                self._changed.clear()
        finally:
            await self._hang_up()
            await self._client.close()

    def _hear(self, event: Mapping[str, Any]) -> None:
        subject = str(event.get("subject", ""))
        mine = self._case is not None and subject == of_case(self._case)
        match event.get("type"):
            case "call.changed":
                self._calls[event["call"]["id"]] = event["call"]
            case "material.changed" if mine:
                material = event["material"]
                self._materials[material["id"]] = material
            case "case.edited" if mine:
                self._fields[event["field"]] = event["field_state"]["value"]
            case "case.proposal_closed" if mine:
                if event.get("field_state"):
                    self._fields[event["proposal"]["field"]] = event["field_state"]["value"]
        self._changed.set()

    async def _act(self) -> None:
        """Do the next thing that is to be done, if there is one."""
        for call in list(self._calls.values()):
            if call["state"] == "ended":
                del self._calls[call["id"]]
                if self._leg and any(leg["id"] == self._leg for leg in call["legs"]):
                    await self._hang_up()
            elif ring := self._my_ring(call):
                await self._answer(call, ring)
            elif call["state"] == "live" and not self._leg:
                await self._take_seat(call)
        if self._case and self._leg:
            try:
                await self._work_on_case()
            except Refused as refused:
                log.warning("refused", code=refused.code)

    def _my_ring(self, call: Mapping[str, Any]) -> str | None:
        for ring in call["rings"]:
            if ring["state"] == "ringing" and ring["target"]["id"] == self._person:
                return str(ring["id"])
        return None

    async def _answer(self, call: Mapping[str, Any], ring: str) -> None:
        await asyncio.sleep(ANSWER_AFTER_S)
        try:
            done = await self._client.ask(
                {"type": "call.answer", "call_id": call["id"], "ring_id": ring}
            )
        except Refused as refused:
            log.info("not_answered", code=refused.code)
            self._calls.pop(call["id"], None)
            return
        await self._sit(call, done["leg_id"])

    async def _take_seat(self, call: Mapping[str, Any]) -> None:
        """Back in a call that an earlier run of this program was in."""
        try:
            done = await self._client.ask({"type": "call.join", "call_id": call["id"]})
        except Refused as refused:
            log.info("not_joined", code=refused.code)
            self._calls.pop(call["id"], None)
            return
        await self._sit(call, done["leg_id"])

    async def _sit(self, call: Mapping[str, Any], leg: str) -> None:
        self._leg = leg
        self._peer = ScriptedPeer(COLOUR, TONE_HZ)
        offer = await self._client.ask(
            {"type": "call.connect", "call_id": call["id"], "leg_id": leg}
        )
        answer = await self._peer.answer(offer["sdp"])
        await self._client.ask(
            {"type": "call.describe", "call_id": call["id"], "leg_id": leg, "sdp": answer}
        )
        opened = await self._client.ask({"type": "case.open", "case_id": call["case_id"]})
        case = opened["case"]
        self._case = case["id"]
        self._item = case["item"]
        self._materials = {one["id"]: one for one in case["materials"]}
        self._fields = {name: state["value"] for name, state in case["fields"].items()}
        self._proposed = bool(case["proposals"])
        self._returned = {one["id"] for one in case["materials"] if one["review"] == "returned"}
        self._decided = case["state"] in ("accepted", "refused")
        log.info("in_call", call=call["id"], case=self._case)

    async def _hang_up(self) -> None:
        peer, self._peer, self._leg, self._case = self._peer, None, "", None
        if peer is not None:
            await peer.close()

    # ------------------------------------------------------------ the case

    async def _work_on_case(self) -> None:
        if self._decided:
            return
        if (waiting := self._unread()) is not None:
            await self._review(waiting)
        elif not self._proposed:
            await self._propose()
        elif self._complete():
            await asyncio.sleep(LOOK_FOR_S)
            seen = await self._client.ask({"type": "case.open", "case_id": self._case})
            await self._ask(
                "case.decide",
                decision="accepted",
                reason=ACCEPTED,
                seen_version=seen["version"],
            )
            self._decided = True

    def _unread(self) -> Mapping[str, Any] | None:
        """The newest version of a file that is stored and not judged yet."""
        for material in self._newest().values():
            if material["state"] == "stored" and material["review"] == "none":
                return material
        return None

    def _newest(self) -> dict[tuple[str, int], Mapping[str, Any]]:
        """The newest version of each file, by its line and its slot there."""
        newest: dict[tuple[str, int], Mapping[str, Any]] = {}
        for one in sorted(self._materials.values(), key=lambda one: int(one["number"])):
            if one["state"] != "cancelled":
                newest[one["line"], int(one["slot"])] = one
        return newest

    def _has(self, line: Mapping[str, Any]) -> bool:
        """Whether all of a line is there and judged good; a file of as many pages holds every side."""
        files = [one for (key, _), one in self._newest().items() if key == line["key"]]
        if not files or any(one["review"] not in ("accepted", "not_needed") for one in files):
            return False
        whole = any(int(one["pages"] or 1) >= len(line["slots"]) for one in files)
        return whole or {one["slot"] for one in files} >= set(range(1, len(line["slots"]) + 1))

    async def _review(self, material: Mapping[str, Any]) -> None:
        """The first photo of a case is sent back once, to show how that goes; all else is fine."""
        await asyncio.sleep(LOOK_FOR_S)
        first_photo = str(material["media_type"]).startswith("image/") and not self._returned
        if first_photo and material["number"] == 1:
            await self._ask(
                "case.review", material_id=material["id"], review="returned", reason=RETURNED
            )
            self._returned.add(material["id"])
        else:
            await self._ask("case.review", material_id=material["id"], review="accepted")

    async def _propose(self) -> None:
        """Point at the field for delivery and propose its first choice, once something is filled in."""
        choices = [
            field
            for field in self._item["form"]
            if field["kind"] == "choice" and not field["sensitive"] and field["choices"]
        ]
        if not choices:
            self._proposed = True
        elif self._fields:
            field = choices[-1]
            await self._client.hint(
                {"type": "case.point", "case_id": self._case, "field": field["name"]}
            )
            await asyncio.sleep(LOOK_FOR_S)
            self._proposed = True
            if self._fields.get(field["name"]) != field["choices"][0]:
                await self._ask(
                    "case.propose",
                    field=field["name"],
                    value=field["choices"][0],
                    reason=PROPOSED,
                )
            await self._client.hint({"type": "case.point", "case_id": self._case, "field": None})

    def _complete(self) -> bool:
        lines = [line for line in self._item["lines"] if line["need"] == "required"]
        return all(map(self._has, lines)) and all(
            self._fields.get(field["name"]) for field in self._item["form"] if field["required"]
        )

    async def _ask(self, kind: str, **members: Any) -> None:
        await self._client.ask({"type": kind, "case_id": self._case, **members})


async def serve(address: str, login: str, password: str, *, ssl_verify: bool = True) -> None:
    """Play the approver at ``address`` until cancelled; a lost connection is made anew."""
    while True:
        try:
            token = await _sign_in(address, login, password, ssl_verify=ssl_verify)
            await ScriptedApprover(address, token, ssl_verify=ssl_verify).run()
        except (aiohttp.ClientError, OSError, Refused) as error:
            log.warning("connection_lost", why=type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)


async def _sign_in(address: str, login: str, password: str, *, ssl_verify: bool) -> str:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{address}/api/v1/tokens", json={"login": login, "password": password}, ssl=ssl_verify
        ) as said,
    ):
        said.raise_for_status()
        return str((await said.json())["token"])


def main() -> None:
    """Run as told by the environment: YUNJIAN_ADDRESS, YUNJIAN_LOGIN, YUNJIAN_PASSWORD.

    Ends when it is asked to, and when its standard input ends: so when its starter is gone.
    """
    configure("WARNING")

    async def until_ended() -> None:
        playing = asyncio.create_task(
            serve(
                os.environ["YUNJIAN_ADDRESS"],
                os.environ["YUNJIAN_LOGIN"],
                os.environ["YUNJIAN_PASSWORD"],
                ssl_verify="YUNJIAN_OWN_CERTIFICATE" not in os.environ,
            )
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
        ended = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(ended), sys.stdin
        )
        watching = asyncio.create_task(ended.read())
        watching.add_done_callback(lambda _: playing.cancel())
        with suppress(asyncio.CancelledError):
            await playing
        watching.cancel()
        pipe.close()

    asyncio.run(until_ended())


if __name__ == "__main__":
    main()
