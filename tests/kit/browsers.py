"""Debian's Chromium with a face and a voice of its own: one colour before the camera, one tone at the microphone.

Capture files are flags of the process, so each person of a story is one Chromium. What a page
shows and plays is measured in the page itself: a mean colour, a dominant frequency.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    async_playwright,
    expect,
)

from tests.kit.peer import Colour
from tests.kit.personal import leaks

PATIENCE_MS: Final = 15_000
"""How long a page is waited for; what must be quicker is measured where it is asked for."""
expect.set_options(timeout=PATIENCE_MS)
CHROMIUM: Final = "/usr/bin/chromium"
AXE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
AXE_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
    "--autoplay-policy=no-user-gesture-required",
]
SEEN: Final = """selector => {
    const video = document.querySelector(selector)
    if (!video || !video.videoWidth) return null
    const canvas = document.createElement('canvas')
    canvas.width = 64; canvas.height = 48
    const pen = canvas.getContext('2d')
    pen.drawImage(video, 0, 0, 64, 48)
    const dots = pen.getImageData(8, 6, 32, 24).data
    const sum = [0, 0, 0]
    for (let i = 0; i < dots.length; i += 4) for (let k = 0; k < 3; k++) sum[k] += dots[i + k]
    return sum.map(one => one * 4 / dots.length)
}"""
HEARD: Final = """async selector => {
    const video = document.querySelector(selector)
    if (!video || !video.srcObject || !video.srcObject.getAudioTracks().length) return null
    const context = window.earContext ??= new AudioContext()
    if (window.earStream !== video.srcObject) {
        window.earStream = video.srcObject
        window.ear = context.createAnalyser()
        window.ear.fftSize = 8192
        context.createMediaStreamSource(video.srcObject).connect(window.ear)
    }
    await new Promise(done => setTimeout(done, 250))
    const power = new Float32Array(window.ear.frequencyBinCount)
    window.ear.getFloatFrequencyData(power)
    let best = 0
    for (let i = 1; i < power.length; i++) if (power[i] > power[best]) best = i
    return power[best] < -80 ? null : best * context.sampleRate / window.ear.fftSize
}"""


async def _made(file: Path, *arguments: str) -> None:
    """Let ffmpeg make this file from a source of its own, unless it is there."""
    if await asyncio.to_thread(file.exists):
        return
    new = file.with_name(f"{next(_numbers)}-{file.name}")
    lavfi = ("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i")
    process = await asyncio.create_subprocess_exec(*lavfi, *arguments, str(new))
    assert await process.wait() == 0, arguments
    await asyncio.to_thread(new.rename, file)


@cache
def _captures() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="yj-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


async def capture_files(
    colour: Colour, tone_hz: int, *, fps: int = 10, moving: bool = False
) -> tuple[Path, Path]:
    """A picture and a sound for the fake devices, 320x240, of one colour or moving; each is made once in
    a process."""
    shown = "moving" if moving else "{:02x}{:02x}{:02x}".format(*colour)
    picture = _captures() / f"{shown}-{fps}.mjpeg"
    sound = _captures() / f"{tone_hz}.wav"
    paint = (
        f"testsrc2=size=320x240:rate={fps}"
        if moving
        else f"color=c=0x{shown}:size=320x240:rate={fps}"
    )
    await _made(picture, paint, "-t", "2", "-c:v", "mjpeg", "-q:v", "2")
    await _made(sound, f"sine=frequency={tone_hz}:duration=10", "-ar", "48000", "-ac", "1")
    return picture, sound


@dataclass
class _Driver:
    """Playwright's own process, which all Chromiums of a test share, and how many there are."""

    users: int = 0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    runs: Playwright | None = None


@asynccontextmanager
async def _driver() -> AsyncIterator[Playwright]:
    """The driver of this loop, started for the first and stopped after the last who uses it."""
    loop = asyncio.get_running_loop()
    driver = _drivers.setdefault(loop, _Driver())
    driver.users += 1
    try:
        async with driver.starting:
            if driver.runs is None:
                driver.runs = await async_playwright().start()
        yield driver.runs
    finally:
        driver.users -= 1
        if driver.users == 0:
            del _drivers[loop]
            if driver.runs is not None:
                await driver.runs.stop()


_drivers: Final[dict[asyncio.AbstractEventLoop, _Driver]] = {}
_numbers: Final = itertools.count(1)


@asynccontextmanager
async def chromium(
    folder: Path,
    colour: Colour | None = None,
    tone_hz: int = 0,
    *,
    program: str | Path = CHROMIUM,
    more: Sequence[str] = (),
    fps: int = 10,
    moving: bool = False,
) -> AsyncIterator[Browser]:
    """A Chromium of its own, `more` being further flags; without a colour it has no fake devices."""
    flags = [*FLAGS]
    if colour is not None:
        picture, sound = await capture_files(colour, tone_hz, fps=fps, moving=moving)
        flags += [
            "--use-fake-ui-for-media-stream",
            f"--use-fake-device-for-media-stream=fps={fps}",
            f"--use-file-for-fake-video-capture={picture}",
            f"--use-file-for-fake-audio-capture={sound}",
        ]
    async with _driver() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, headless=True, args=[*flags, *more]
        )
        try:
            yield browser
        finally:
            await browser.close()


SECOND_CAMERA: Final = """() => {
    const devices = navigator.mediaDevices
    if (!devices) return
    const [list, get] = [devices.enumerateDevices.bind(devices), devices.getUserMedia.bind(devices)]
    const id = 'second-camera'
    devices.enumerateDevices = async () => [...await list(),
        {kind: 'videoinput', deviceId: id, groupId: id, label: '高拍仪 2'}]
    devices.getUserMedia = async wanted => {
        if (wanted?.video?.deviceId?.exact !== id) return get(wanted)
        const {deviceId, ...video} = wanted.video
        const stream = await get({...wanted, video})
        for (const track of stream.getVideoTracks()) {
            const settings = track.getSettings.bind(track)
            track.getSettings = () => ({...settings(), deviceId: id})
        }
        return stream
    }
}"""


WATCHED: Final = """() => {
    const connections = []
    const Own = window.RTCPeerConnection
    window.RTCPeerConnection = class extends Own {
        constructor(...given) { super(...given); connections.push(this) }
    }
    window.mediaFigures = async () => {
        const sum = {connections: connections.length, frames: 0, sounds: 0, lost: 0, concealed: 0,
            samples: 0, sent: 0, relay: null, protocol: null, states: [], users: []}
        for (const one of connections) {
            sum.states.push(one.connectionState)
            sum.users.push((one.getConfiguration().iceServers ?? []).map(s => s.username ?? ''))
            const report = await one.getStats()
            report.forEach(entry => {
                if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
                    sum.frames += entry.framesDecoded ?? 0
                } else if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
                    sum.sounds += entry.packetsReceived ?? 0
                    sum.lost += entry.packetsLost ?? 0
                    sum.concealed += entry.concealedSamples ?? 0
                    sum.samples += entry.totalSamplesReceived ?? 0
                } else if (entry.type === 'outbound-rtp') {
                    sum.sent += entry.bytesSent ?? 0
                } else if (entry.type === 'transport' && entry.selectedCandidatePairId) {
                    const local = report.get(report.get(entry.selectedCandidatePairId)?.localCandidateId)
                    sum.relay = local?.candidateType ?? null
                    sum.protocol = local?.relayProtocol ?? null
                }
            })
        }
        return sum
    }
    window.mediaStalls = async during_ms => {
        const last = {sounds: performance.now(), frames: performance.now()}
        const seen = {sounds: -1, frames: -1}
        const stalls = []
        const began = performance.now()
        while (performance.now() - began < during_ms) {
            const now = await window.mediaFigures()
            for (const kind of ['sounds', 'frames']) {
                if (now[kind] === seen[kind]) continue
                const at = performance.now()
                if (at - last[kind] > 400) stalls.push([kind, (last[kind] - began) / 1e3, (at - began) / 1e3])
                last[kind] = at
                seen[kind] = now[kind]
            }
            await new Promise(done => setTimeout(done, 40))
        }
        for (const kind of ['sounds', 'frames']) {
            const at = performance.now()
            if (at - last[kind] > 400) stalls.push([kind, (last[kind] - began) / 1e3, null])
        }
        return stalls
    }
}"""


class Desk:
    """One person's page in Chinese, with every complaint of its console kept, and every address
    that tells something of a person."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.context: BrowserContext = page.context
        page.on("console", self._hear)
        page.on("request", self._look)
        page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused request is part of a story (a wrong password), and Chromium always tells it.
        refused = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(f"{message.type}: {message.text}")

    def _look(self, request: Request) -> None:
        # An address of a page's own making (data:, blob:) goes nowhere.
        if request.url.startswith("http") and (found := leaks(request.url)):
            self.complaints.append(f"in an address: {found}")

    @classmethod
    async def open(
        cls, browser: Browser, *, width: int = 1366, height: int = 768, locale: str = "zh-CN"
    ) -> Desk:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            permissions=["notifications", "clipboard-read", "clipboard-write"],
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return cls(page)

    async def sign_in(self, address: str, login: str, password: str) -> None:
        await self.page.goto(f"{address}/sign-in")
        await self.page.fill("#login", login)
        await self.page.fill("#password", password)
        await self.page.get_by_role("button", name="登录", exact=True).click()

    async def sees(self, selector: str) -> tuple[float, ...] | None:
        """Mean RGB of what this video shows now."""
        got: list[float] | None = await self.page.evaluate(SEEN, selector)
        return None if got is None else tuple(got)

    async def add_camera(self) -> None:
        """Give this desk a second camera from its next load on, which Chromium does not fake beside a
        file: it shows what the first one does, under a name of its own."""
        await self.context.add_init_script(f"({SECOND_CAMERA})()")

    async def watch_media(self) -> None:
        """Let `media` tell of every connection that this page makes from its next load on."""
        await self.page.add_init_script(f"({WATCHED})()")

    async def media(self) -> dict[str, Any]:
        """What has come in over all connections of this page: frames decoded, packets of sound
        received and lost, and how the newest one leads to the worker."""
        figures: dict[str, Any] = await self.page.evaluate("mediaFigures()")
        return figures

    async def stalls(self, during_s: float) -> list[tuple[str, float, float | None]]:
        """Where sound or picture stood still for over 0.4 s: what, from and to when, counted from
        now; None for what still does at the end."""
        found: list[list[Any]] = await self.page.evaluate(f"mediaStalls({during_s * 1000})")
        return [(kind, begins, ends) for kind, begins, ends in found]

    async def hears(self, selector: str) -> float | None:
        """The strongest frequency (Hz) of what this element plays, None for silence."""
        got: float | None = await self.page.evaluate(HEARD, selector)
        return got

    async def axe(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, one line a finding."""
        if not await self.page.evaluate("'axe' in window"):
            # a script tag would be stopped by our own content policy, rightly
            await self.page.evaluate(await asyncio.to_thread(AXE.read_text))
        found: dict[str, Any] = await self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", AXE_TAGS
        )
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]
