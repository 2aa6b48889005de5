"""`yunjian demo --with-approver` as somebody starts it: one person plays the whole story."""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from server.demo import data as demo
from server.demo.approver import COLOUR, TONE_HZ
from tests.kit.seats import Window
from tests.kit.until import until

FILLED: Final = {
    "date": "2026-11-20",
    "identity_number": "11010519491231002X",
    "credit_code": "91350100M000100Y43",
    "phone": "13805316217",
}


@asynccontextmanager
async def started(folder: Path, *flags: str) -> AsyncIterator[str]:
    """The address that a demo in `folder` prints; ended by Ctrl+C, with status 0."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "demo", "--data", str(folder / "demo"), "--port", "0", "--no-past", *flags,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert child.stdout is not None
    printed = ""
    try:
        while f"password of all: {demo.PASSWORD}" not in printed:
            line = await child.stdout.readline()
            assert line, f"ended early: {printed}"
            printed += line.decode()
        address = re.search(r"https?://\S+", printed)
        assert address is not None
        assert "lixiulan" in printed
        yield address.group()
        child.send_signal(signal.SIGINT)
        await child.communicate()
        assert child.returncode == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def scan(kind: str) -> bytes:
    buffer = io.BytesIO()
    page = Image.effect_noise((300, 300), 50).convert("RGB")
    # both sides of a card, where one is wanted
    more = {"save_all": True, "append_images": [page]} if kind == "PDF" else {}
    page.save(buffer, kind, **more)
    return buffer.getvalue()


@pytest.mark.timeout(240)
async def test_one_person_plays_the_story_with_the_scripted_approver(tmp_path: Path) -> None:
    async with started(tmp_path, "--with-approver") as address:
        window = Window(address, "lixiulan", (200, 40, 40), 600.0)
        await window.sign_in()
        try:
            await play(window)
        finally:
            await window.leave()


async def play(window: Window) -> None:
    case_id = await window.register()
    await window.take_consent(case_id)
    item = (await window.case(case_id))["item"]

    async def on_duty() -> str | None:
        view = await window.ask({"type": "unit.open", "unit_id": item["unit_id"]})
        return None if view["approvers"] else "nobody is on duty"

    await until(on_duty, 30)
    call_id = await window.dial(case_id)
    call = await window.sees_call(call_id, lambda call: call["state"] == "live", 30)
    [leg] = [one["id"] for one in call["legs"] if one["seat"] == "window"]
    await window.take_seat(call_id, leg)
    assert window.peer is not None
    peer = window.peer
    await until(lambda: peer.meets(COLOUR, TONE_HZ), 30)

    for number, line in enumerate(item["lines"]):
        kind = "PDF" if number else "JPEG"
        await window.upload(case_id, line["key"], f"scan.{kind.lower()}", scan(kind))

    async def case_has(what: str, holds: Any) -> dict[str, Any]:
        case = await window.case(case_id)

        async def look() -> str | None:
            nonlocal case
            case = await window.case(case_id)
            reviews = [(one["line"], one["review"]) for one in case["materials"]]
            return None if holds(case) else f"no {what}: {case['state']} {reviews}"

        await until(look, 60, every_s=0.2)
        return case

    photo = item["lines"][0]["key"]
    await case_has(
        "photo sent back",
        lambda case: any(
            one["line"] == photo and one["review"] == "returned" and one["review_reason"]
            for one in case["materials"]
        ),
    )
    await window.upload(case_id, photo, "again.jpg", scan("JPEG"))
    first = item["form"][0]["name"]
    await window.fill(case_id, {first: "济南某某有限公司青岛分公司"})
    case = await case_has("proposal", lambda case: case["proposals"])
    [proposal] = case["proposals"]
    await window.ask(
        {
            "type": "case.close_proposal",
            "case_id": case_id,
            "proposal_id": proposal["id"],
            "adopt": True,
        }
    )
    await window.fill(
        case_id,
        {
            field["name"]: FILLED.get(field["kind"], (field["choices"] or ["李文博"])[0])
            for field in item["form"]
            if field["required"] and field["name"] not in (first, proposal["field"])
        },
    )
    case = await case_has("decision", lambda case: case["state"] == "accepted")
    assert case["number"]
    assert case["fields"][proposal["field"]]["value"] == proposal["value"]
    await window.ask({"type": "call.hang_up", "call_id": call_id})
    await window.sees_call(call_id, lambda call: call["state"] == "ended")
