"""How long the first meeting makes people wait: python -m tests.bench.first_meeting

Measured on a whole node (SQLite, synchronous=FULL) on this machine, seen from the other person:
dial to ring, answer to the first picture on both pages, last byte to sealed, edit to the other
page. Absolute figures are told; the ratio to a plain Socket.IO echo on the same loop, taken in the
same run, is what can be compared between machines. Writes build/bench/first_meeting.json.
"""

from __future__ import annotations

import asyncio
import io
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import socketio
from aiohttp import web
from PIL import Image
from playwright.async_api import Browser

from server.app import Running, running
from server.demo import data as demo
from server.store import Store, upgrade
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.peer import GREEN, RED
from tests.kit.seats import Approver, Window, story
from tests.kit.until import until

OUT: Final = Path("build/bench/first_meeting.json")
ROUNDS: Final = 20
PAGES: Final = 5
FIRST_FRAME: Final = """
window.firstFrame = 0
new MutationObserver(() => {
    const video = document.querySelector('.far-face video')
    if (!video || video.watched) return
    video.watched = true
    video.requestVideoFrameCallback(() => { window.firstFrame ||= Date.now() })
}).observe(document, {childList: true, subtree: true})
"""


def row(samples_ms: list[float]) -> dict[str, float]:
    ordered = sorted(samples_ms)
    return {
        "n": len(ordered),
        "median_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], 2),
    }


async def echo() -> list[float]:
    """The floor: one event there and its ack back, nothing done between."""
    io_server = socketio.AsyncServer(async_mode="aiohttp", async_handlers=False)

    async def heard(sid: str, body: Any) -> Any:
        return body

    io_server.on("echo", heard)
    app = web.Application()
    io_server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = socketio.AsyncClient()
    await client.connect(f"http://127.0.0.1:{runner.addresses[0][1]}", transports=["websocket"])
    took: list[float] = []
    for _ in range(200):
        began = time.perf_counter()
        await client.call("echo", {"value": "x" * 100})
        took.append((time.perf_counter() - began) * 1e3)
    await client.disconnect()
    await io_server.shutdown()
    await runner.cleanup()
    return took


async def elapsed_ms(
    act: Callable[[], Awaitable[object]], holds: Callable[[], bool], why: str
) -> float:
    """From the start of an act to the moment at which the other side has it."""
    began = time.perf_counter()
    acting = asyncio.ensure_future(act())
    await until(lambda: None if holds() else why, 20, every_s=0.0005)
    took = (time.perf_counter() - began) * 1e3
    await acting
    return took


async def over_the_socket(node: Running) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {"dial_to_ring": [], "edit": [], "sealed": []}
    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        await approver.on_duty()
        case_id = await window.register()
        await window.take_consent(case_id)
        await approver.ask({"type": "case.open", "case_id": case_id})
        for _ in range(ROUNDS):
            known = len(approver.calls)
            figures["dial_to_ring"].append(
                await elapsed_ms(
                    lambda: window.dial(case_id),
                    lambda known=known: len(approver.calls) > known,  # type: ignore[misc]
                    "no ring",
                )
            )
            call_id = next(reversed(approver.calls))
            await window.ask({"type": "call.cancel", "call_id": call_id})
            await approver.sees_call(call_id, lambda call: call["state"] == "ended")
        version = 0
        for turn in range(ROUNDS * 2):
            edit = {
                "type": "case.edit",
                "case_id": case_id,
                "field": "new_principal",
                "value": f"孙雅宁{turn}",
                "base_version": version,
            }
            seen = len(approver.events)
            figures["edit"].append(
                await elapsed_ms(
                    lambda edit=edit: window.ask(edit),  # type: ignore[misc]
                    lambda seen=seen: any(  # type: ignore[misc]
                        event["type"] == "case.edited" for event in approver.events[seen:]
                    ),
                    "no edit",
                )
            )
            version = approver.events[-1]["version"]
        for turn in range(ROUNDS):
            figures["sealed"].append(await sealed_ms(window, approver, case_id, turn))
        await approver.ask({"type": "desk.duty", "duty": "away"})
    return figures


async def sealed_ms(window: Window, approver: Approver, case_id: str, turn: int) -> float:
    """A PDF of about 1 MB in two pieces: from the second piece's start to stored on the other side."""
    out = io.BytesIO()
    grain = np.random.default_rng(turn).integers(0, 255, (1200, 900, 3), np.uint8)
    Image.fromarray(grain).save(out, "PDF")
    began = 0.0

    async def started() -> None:
        nonlocal began
        began = time.perf_counter()

    material_id = await window.upload(
        case_id, "application", f"{turn}.pdf", out.getvalue(), between=started
    )
    await until(
        lambda: (
            None
            if any(
                event.get("material", {}).get("id") == material_id
                and event["material"]["state"] == "stored"
                for event in approver.events
            )
            else "not sealed"
        ),
        20,
        every_s=0.0005,
    )
    return (time.perf_counter() - began) * 1e3


async def in_browsers(node: Running, folder: Path) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {"first_frame_window": [], "first_frame_approver": []}
    async with chromium(folder, RED, 440) as near_browser, chromium(folder, GREEN, 660) as far:
        window = await desk(near_browser, node, "lixiulan")
        approver = await desk(far, node, "zhoumingyuan")
        await approver.page.wait_for_url("**/approver")
        await approver.page.get_by_role("button", name="上岗接听").click()
        await register(window)
        for turn in range(PAGES):
            page = window.page
            if turn == 0:
                await page.get_by_role("button", name="发起云见面").click()
                await page.get_by_role("button", name="申请人同意").click()
            else:
                await page.get_by_role("button", name="再次发起云见面").click()
            card = approver.page.get_by_role("alertdialog")
            answer = card.get_by_role("button", name="接听")
            await answer.wait_for()
            for one in (window, approver):
                await one.page.evaluate("window.firstFrame = 0")
            clicked: float = await answer.evaluate("one => { one.click(); return Date.now() }")
            for one, name in ((window, "window"), (approver, "approver")):
                at = await first_frame_at(one)
                figures[f"first_frame_{name}"].append(at - clicked)
            await page.get_by_role("button", name="挂断").click()
            await page.get_by_role("button", name="再次发起云见面").wait_for()
    return figures


async def first_frame_at(one: Desk) -> float:
    """When the page showed its first remote picture (ms); asked again, not polled in the page."""
    at = 0.0

    async def shown() -> str | None:
        nonlocal at
        at = await one.page.evaluate("window.firstFrame")
        return None if at > 0 else "no picture yet"

    await until(shown, 20)
    return at


async def desk(browser: Browser, node: Running, login: str) -> Desk:
    opened = await Desk.open(browser)
    await opened.watch_media()
    await opened.page.add_init_script(FIRST_FRAME)
    await opened.sign_in(node.address, login, demo.PASSWORD)
    return opened


async def register(window: Desk) -> None:
    page = window.page
    await page.get_by_label("事项", exact=True).fill("分公司负责人")
    await page.get_by_role("option").filter(has_text="分公司负责人变更登记").click()
    await page.get_by_label("申请人", exact=True).fill("孙雅宁")
    await page.get_by_label("身份证号").fill("11010519491231002X")
    await page.get_by_label("联系电话").fill("13805316217")
    await page.get_by_role("button", name="登记办件").click()
    await page.wait_for_url("**/window/cases/*")


async def measure(folder: Path) -> dict[str, list[float]]:
    database = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
    settings = node_settings(database, folder)
    await upgrade(database)
    store = await Store.open(settings.store)
    try:
        await demo.load(store)
    finally:
        await store.close()
    figures = {"echo": await echo()}
    async with running(settings) as node:
        figures |= await over_the_socket(node)
        figures |= await in_browsers(node, folder)
    return figures


NAMES: Final = {
    "echo": "floor: a plain Socket.IO echo",
    "dial_to_ring": "dial -> ring on the approver's desk",
    "first_frame_approver": "answer -> first remote picture, approver's page",
    "first_frame_window": "answer -> first remote picture, window's page",
    "sealed": "last piece of a 1 MB PDF -> sealed, told to the other side",
    "edit": "case.edit -> on the other side",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder)))
    rows = {name: row(figures[name]) for name in NAMES}
    floor = rows["echo"]["median_ms"]
    print(f"{'':62}{'n':>4}{'median ms':>11}{'p95 ms':>9}{'x floor':>9}")
    for name, words in NAMES.items():
        one = rows[name]
        one["ratio_to_floor"] = round(one["median_ms"] / floor, 1)
        print(
            f"{words:62}{one['n']:>4}{one['median_ms']:>11.1f}{one['p95_ms']:>9.1f}"
            f"{one['ratio_to_floor']:>9.1f}"
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
