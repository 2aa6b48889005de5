"""From the answer to the first remote picture on both sides: python -m tests.bench.first_frame

Two Chromium processes, each with a camera and a microphone of its own. Measured in turn, so that
both meet the same machine: our pages over a whole node (click on 接听, ring, offer of the worker,
recording on), and a bare call of two empty pages that speak to each other directly and exchange
offer, answer and candidates over one plain Socket.IO server. In both the side that answers opens
its devices at the click and says so at once; the side that calls has opened them while it rang. Nobody
answers before that: neither while the window's own connection is being made, which takes less than a
person needs to hear a ring, nor while the call before is still being copied. The aim is a
ratio of at most 1.5, which is told. Writes build/bench/first_frame.json.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import socketio
import sqlalchemy as sa
from aiohttp import web
from playwright.async_api import Browser, Page

from server.app import Running
from server.edge.route import STORE
from server.store.tables import jobs
from tests.bench.first_meeting import desk, first_frame_at, register, row
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.peer import GREEN, RED
from tests.kit.until import until

OUT: Final = Path("build/bench/first_frame.json")
ROUNDS: Final = 20
AT_MOST: Final = 1.5
CLIENT: Final = (
    Path(__file__).parents[2] / "web/node_modules/socket.io-client/dist/socket.io.min.js"
)
DEVICES: Final = """{audio: {echoCancellation: true, noiseSuppression: true, autoGainControl: true},
    video: {width: {ideal: 640}, height: {ideal: 480}, frameRate: {ideal: 24, max: 30}}}"""
BARE: Final = (
    """<!doctype html><title>bare</title><video autoplay playsinline></video>
<script src="/socket.io.min.js"></script><script>
const socket = io({transports: ['websocket']})
let call, own, opening, early = []
window.firstFrame = 0
const devices = () => navigator.mediaDevices.getUserMedia("""
    + DEVICES
    + """)
function begin() {
    window.firstFrame = 0
    call = new RTCPeerConnection({bundlePolicy: 'max-bundle'})
    const video = document.querySelector('video')
    call.onicecandidate = ({candidate}) => candidate && socket.emit('say', {candidate: candidate.toJSON()})
    call.ontrack = ({track, streams}) => {
        if (track.kind !== 'video') return
        video.srcObject = streams[0]
        video.requestVideoFrameCallback(() => { window.firstFrame ||= Date.now() })
    }
    own.getTracks().forEach(track => call.addTrack(track, own))
}
async function ring() { own = await devices() }
function answer() {
    const clicked = Date.now()
    opening = devices()
    socket.emit('say', {answered: true})
    return clicked
}
function end() {
    call?.close(); own?.getTracks().forEach(track => track.stop()); call = own = null
    early = []
    window.firstFrame = 0
    document.querySelector('video').srcObject = null
}
// one after another: candidates must not overtake the description that they belong to
let turn = Promise.resolve()
socket.on('said', message => turn = turn.then(() => hear(message)))
async function hear({answered, offer, answer, candidate}) {
    if (answered) {
        begin()
        await call.setLocalDescription(await call.createOffer())
        socket.emit('say', {offer: call.localDescription.sdp})
    } else if (offer) {
        own = await opening
        begin()
        await describe({type: 'offer', sdp: offer})
        await call.setLocalDescription(await call.createAnswer())
        socket.emit('say', {answer: call.localDescription.sdp})
    } else if (answer) await describe({type: 'answer', sdp: answer})
    else if (candidate && call?.remoteDescription) await call.addIceCandidate(candidate)
    else if (candidate) early.push(candidate)
}
async function describe(description) {
    await call.setRemoteDescription(description)
    for (const candidate of early.splice(0)) await call.addIceCandidate(candidate)
}
</script>"""
)


@asynccontextmanager
async def plain() -> AsyncIterator[str]:
    """A server that hands on what one page says to the other, and the page itself."""
    server = socketio.AsyncServer(async_mode="aiohttp", async_handlers=False)

    async def say(sid: str, message: Any) -> None:
        await server.emit("said", message, skip_sid=sid)

    server.on("say", say)
    app = web.Application()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=BARE, content_type="text/html")

    async def client(request: web.Request) -> web.Response:
        text = await asyncio.to_thread(CLIENT.read_text)
        return web.Response(text=text, content_type="text/javascript")

    app.router.add_get("/", page)
    app.router.add_get("/socket.io.min.js", client)
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await server.shutdown()
        await runner.cleanup()


async def bare_page(browser: Browser, address: str) -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(address)
    await until(lambda: page.evaluate("socket.connected ? null : 'not connected'"), 10)
    return page


async def measure(folder: Path) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {
        name: [] for name in ("bare_caller", "bare_callee", "ours_caller", "ours_callee")
    }
    database = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
    async with (
        demo_node(database, folder, media=True) as node,
        plain() as address,
        chromium(folder, RED, 440) as near_browser,
        chromium(folder, GREEN, 660) as far_browser,
    ):
        caller, callee = (
            await bare_page(near_browser, address),
            await bare_page(far_browser, address),
        )
        window = await desk(near_browser, node, "lixiulan")
        approver = await desk(far_browser, node, "zhoumingyuan")
        await approver.page.wait_for_url("**/approver")
        await approver.page.get_by_role("button", name="上岗接听").click()
        await register(window)

        for turn in range(ROUNDS + 1):
            # bare
            await caller.bring_to_front()
            await callee.bring_to_front()
            await caller.evaluate("ring()")
            clicked = float(await callee.evaluate("answer()"))
            took = {}
            for page, name in ((caller, "bare_caller"), (callee, "bare_callee")):
                took[name] = await frame_at(page) - clicked
            for page in (caller, callee):
                await page.evaluate("end()")
            # ours
            await window.page.bring_to_front()
            await approver.page.bring_to_front()
            if turn == 0:
                await window.page.get_by_role("button", name="发起云见面").click()
                await window.page.get_by_role("button", name="申请人同意").click()
            else:
                await window.page.get_by_role("button", name="再次发起云见面").click()
            answer = approver.page.get_by_role("alertdialog").get_by_role("button", name="接听")
            await answer.wait_for()
            await until(lambda: connected(window), 20, every_s=0.1)
            for one in (window, approver):
                await one.page.evaluate("window.firstFrame = 0")
            clicked = await answer.evaluate("one => { one.click(); return Date.now() }")
            for one, name in ((window, "ours_caller"), (approver, "ours_callee")):
                took[name] = await first_frame_at(one) - clicked
            await window.page.get_by_role("button", name="挂断").click()
            await window.page.get_by_role("button", name="再次发起云见面").wait_for()
            await until(partial(copied, node, 2 * (turn + 1)), 60, every_s=0.1)
            # the first of each loads what the later ones have
            if turn:
                for name, ms in took.items():
                    figures[name].append(ms)
    return figures


async def connected(desk: Desk) -> str | None:
    """The connection of the newest call stands, though nothing is sent before the answer."""
    states = (await desk.media())["states"]
    return None if states and states[-1] == "connected" else f"{states[-1:]}"


async def copied(node: Running, files: int) -> str | None:
    """All that was recorded so far can be played, so that no child of the server works any more."""
    async with node.app[STORE].read() as connection:
        found = await connection.execute(sa.select(jobs.c.state))
        states = list(found.scalars())
    done = states.count("done")
    return None if done >= files and len(states) == done else f"{states}"


async def frame_at(page: Page) -> float:
    at = 0.0

    async def shown() -> str | None:
        nonlocal at
        at = float(await page.evaluate("window.firstFrame"))
        return None if at > 0 else "no picture yet"

    await until(shown, 20)
    return at


NAMES: Final = {
    "bare_callee": "bare call, who answers",
    "bare_caller": "bare call, who called",
    "ours_callee": "ours, the approver who answers",
    "ours_caller": "ours, the window that called",
}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="yj-") as folder:
        figures = asyncio.run(measure(Path(folder)))
    rows: dict[str, Any] = {name: row(figures[name]) for name in NAMES}
    print(f"{'answer -> first remote picture':40}{'n':>4}{'median ms':>11}{'p95 ms':>9}")
    for name, words in NAMES.items():
        one = rows[name]
        print(f"{words:40}{one['n']:>4}{one['median_ms']:>11.1f}{one['p95_ms']:>9.1f}")
    # a call has begun when both see each other
    slower = {
        kind: row(
            [
                max(pair)
                for pair in zip(figures[f"{kind}_caller"], figures[f"{kind}_callee"], strict=True)
            ]
        )
        for kind in ("bare", "ours")
    }
    ratio = slower["ours"]["median_ms"] / slower["bare"]["median_ms"]
    rows |= {"both": slower, "ratio": round(ratio, 2), "at_most": AT_MOST}
    print(
        f"both see each other: bare {slower['bare']['median_ms']:.0f} ms, ours {slower['ours']['median_ms']:.0f} ms"
    )
    print(f"ratio {ratio:.2f} (aim: at most {AT_MOST})")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
