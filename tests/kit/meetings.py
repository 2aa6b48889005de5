"""A call that runs, with an upload on its way: what the tests of survival begin with and look at afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.kit.desks import metadata
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED
from tests.kit.recording import play
from tests.kit.seats import TUS, Approver, Seat, Supervisor, Usher, Window
from tests.kit.templates import fill
from tests.kit.until import until

PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


async def load(database: str, folder: Path) -> None:
    """The demo's people and items in this database, with the files of a node below `folder`."""
    await fill(node_settings(database, folder).store)


def scan(page: int) -> bytes:
    """A PDF of one page as a scanner makes it, a few hundred kilobytes."""
    out = io.BytesIO()
    grain = np.random.default_rng(page).integers(0, 255, (600, 400, 3), np.uint8)
    Image.fromarray(grain).save(out, "PDF")
    return out.getvalue()


async def met(
    seat: Usher,
    clerk: str = "lixiulan",
    approver_login: str = "zhoumingyuan",
) -> tuple[Window, Approver, str, str]:
    """A live call of two who see and hear each other; with the ids of case and call."""
    window = await seat(Window, clerk, RED, 440.0)
    approver = await seat(Approver, approver_login, GREEN, 660.0)
    await approver.on_duty()
    case_id = await window.register()
    await window.take_consent(case_id)
    call_id = await window.dial(case_id)
    await approver.answer(call_id)
    live = await window.sees_call(call_id, lambda call: call["state"] == "live")
    mine = next(leg for leg in live["legs"] if leg["seat"] == "window")
    await window.take_seat(call_id, mine["id"])
    await meet_again(window, approver)
    return window, approver, case_id, call_id


async def meet_again(window: Seat, approver: Seat, timeout_s: float = 15.0) -> None:
    """Each sees and hears the other from now on; what came before does not count."""
    for one in (window, approver):
        assert one.peer is not None
        one.peer.forget()
    await asyncio.gather(window.meets(approver, timeout_s), approver.meets(window, timeout_s))


@dataclass
class Underway:
    """An upload of this person that goes on piece by piece, whatever happens to the server."""

    window: Window
    case_id: str
    content: bytes = field(default_factory=lambda: scan(1))
    location: str = ""
    material_id: str = ""
    acknowledged: int = 0

    async def begin(self) -> None:
        about = {"case_id": self.case_id, "line": "appointment", "filename": "任职文件.pdf"}
        async with self.window.http.post(
            "/api/v1/uploads",
            headers={
                **TUS,
                "Upload-Length": str(len(self.content)),
                "Upload-Metadata": metadata(about),
            },
        ) as said:
            assert said.status == 201, await said.text()
            self.location = said.headers["Location"]
            self.material_id = said.headers["Yunjian-Material"]

    async def send(self, upto: float) -> None:
        """Send as far as this share of the file, from where the server says it stands."""
        async with self.window.http.head(self.location, headers=TUS) as said:
            assert said.status == 200, said.status
            offset = int(said.headers["Upload-Offset"])
        assert offset >= self.acknowledged, "bytes that were acknowledged are gone"
        end = int(len(self.content) * upto)
        async with self.window.http.patch(
            self.location,
            data=self.content[offset:end],
            headers={**PIECE, "Upload-Offset": str(offset)},
        ) as said:
            assert said.status == 204, await said.text()
            self.acknowledged = int(said.headers["Upload-Offset"])
        assert self.acknowledged == end


async def nothing_is_open(supervisor: Supervisor, call_id: str) -> None:
    """The call is over for everybody, and nothing rings or is lost any more."""
    call = (await supervisor.get(f"/calls/{call_id}"))["call"]
    assert call["state"] == "ended"
    assert {ring["state"] for ring in call["rings"]} <= {"answered", "superseded", "cancelled"}
    assert {leg["state"] for leg in call["legs"]} == {"left"}
    async with supervisor.http.get("/metrics") as said:
        figures = dict(
            line.rsplit(" ", 1) for line in (await said.text()).splitlines() if line[0] != "#"
        )
    for name in ("yunjian_calls_open", "yunjian_calls_live", "yunjian_calls_ringing"):
        assert float(figures[name]) == 0, name


async def recorded(supervisor: Supervisor, call_id: str, folder: Path) -> dict[str, Any]:
    """Every file of the call is whole, plays to its end and has its hash; returns the call's detail."""
    detail: dict[str, Any] = {}

    async def sealed() -> str | None:
        detail.update(await supervisor.get(f"/calls/{call_id}"))
        states = {one["seat"]: one["state"] for one in detail["playbacks"]}
        files = [one["state"] for one in detail["recordings"]]
        if {"window", "approver"} <= set(states) and set(states.values()) == {"ready"}:
            return f"recordings: {files}" if "recording" in files else None
        return f"playbacks: {states}, recordings: {files}"

    await until(sealed, 40)
    for one in detail["recordings"]:
        assert one["state"] == "stored", one
        async with supervisor.http.get(f"/api/v1/recordings/{one['id']}/content") as said:
            assert said.status == 200
            data = await said.read()
        assert hashlib.sha256(data).hexdigest() == one["sha256"]
        file = folder / f"{one['id']}.mkv"
        await asyncio.to_thread(file.write_bytes, data)
        played = await asyncio.to_thread(play, file)
        assert played.errors == "", played.errors
        assert played.pictures > 0
    return detail


__all__ = ["BLUE", "Underway", "load", "meet_again", "met", "nothing_is_open", "recorded", "scan"]
