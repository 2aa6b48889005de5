"""The wire itself: real browsers in a call through a real worker, without the application.

The worker offers, the pages answer. Checked on both pages: the other side's picture
by its colour, its sound by its pitch, DTLS, decoded frames; then an ICE restart, a
document camera on an m-line that was empty, a reloaded page, and the recordings.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from media.client import MediaClient, SegmentFinished, spawn
from media.control import SEGMENT_SUFFIX
from media.wire.sdp import VIDEO, mid_in
from tests.kit.lean import LeanPeer
from tests.kit.peer import BLUE, GREEN, RED, Colour, near
from tests.kit.recording import play
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(150)]

WIRE: Final = Path(__file__).parent / "wire"
CHROMIUM: Final = "/usr/bin/chromium"
FIREFOX: Final = "/usr/bin/firefox-esr"
MEET_S: Final = 20.0
MIDS: Final = [str(mid) for mid in range(8)]


class Seat(Protocol):
    """A page that can be opened and asked."""

    async def go(self, url: str) -> None: ...
    async def js(self, expression: str) -> Any: ...


class ChromiumSeat:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def go(self, url: str) -> None:
        await self._page.goto(url)

    async def js(self, expression: str) -> Any:
        return await self._page.evaluate(expression)


class FirefoxSeat:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def go(self, url: str) -> None:
        await self._order({"go": url})

    async def js(self, expression: str) -> Any:
        return await self._order({"js": expression})

    async def hear(self) -> Any:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["ok"]

    async def _order(self, order: dict[str, str]) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.hear()


async def _run(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(*arguments)
    assert await process.wait() == 0, arguments[0]


@asynccontextmanager
async def chromium(
    folder: Path, colour: Colour, hertz: int, size: str = "320x240"
) -> AsyncIterator[ChromiumSeat]:
    """A Chromium whose fake camera shows one colour and whose microphone hears one tone."""
    picture, sound = folder / f"{hertz}.mjpeg", folder / f"{hertz}.wav"
    paint = "color=c=0x{:02x}{:02x}{:02x}:size={}:rate=10".format(*colour, size)
    lavfi = ("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i")
    await _run(*lavfi, paint, "-t", "2", "-c:v", "mjpeg", "-q:v", "2", str(picture))
    tone = f"sine=frequency={hertz}:duration=10"
    await _run(*lavfi, tone, "-ar", "48000", "-ac", "1", str(sound))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream=fps=10",
                f"--use-file-for-fake-video-capture={picture}",
                f"--use-file-for-fake-audio-capture={sound}",
            ],
        )
        try:
            yield ChromiumSeat(await browser.new_page())
        finally:
            await browser.close()


@asynccontextmanager
async def firefox(hertz: int) -> AsyncIterator[FirefoxSeat]:
    """A Firefox whose microphone hears one tone, led by a small node program over BiDi."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(WIRE / "firefox.mjs"),
        FIREFOX,
        str(hertz),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    try:
        seat = FirefoxSeat(process)
        async with asyncio.timeout(40):
            await seat.hear()
        yield seat
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class Exchange:
    """The smallest server there can be between pages and worker: offers out, answers in."""

    def __init__(self, client: MediaClient) -> None:
        self.client = client
        self.parties: dict[str, str] = {}
        self.pages = 0
        self.finished: list[SegmentFinished] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._page),
            web.post("/offer", self._offer),
            web.post("/restart", self._restart),
            web.post("/answer", self._answer),
        ]

    async def listen(self) -> None:
        async for event in self.client.events():
            if isinstance(event, SegmentFinished):
                self.finished.append(event)

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(WIRE / "page.html")

    async def _offer(self, request: web.Request) -> web.Response:
        """A seat's first page, or its next one after a reload: always a new party."""
        name = (await request.json())["name"]
        if before := self.parties.get(name):
            await self.client.remove_party("room", before)
        self.pages += 1
        self.parties[name] = f"{name}-{self.pages}"
        sdp = await self.client.add_party("room", self.parties[name], record=True)
        return web.json_response({"sdp": sdp})

    async def _restart(self, request: web.Request) -> web.Response:
        name = (await request.json())["name"]
        sdp = await self.client.restart_ice("room", self.parties[name])
        return web.json_response({"sdp": sdp})

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        await self.client.answer("room", self.parties[body["name"]], body["sdp"])
        return web.json_response({})


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[tuple[Exchange, str, Path]]:
    async with _exchange(tmp_path) as found:
        yield found


@asynccontextmanager
async def _exchange(folder: Path, codec: str = "") -> AsyncIterator[tuple[Exchange, str, Path]]:
    """The worker on the machine's outward address (Firefox sends no check to 127.0.0.1)."""
    async with AsyncExitStack() as stack:
        workdir = folder / "media"
        worker = await spawn(workdir, codec=codec)
        exchange = Exchange(worker.client)
        listening = asyncio.create_task(exchange.listen())

        async def stop() -> None:
            await worker.stop()
            await listening

        stack.push_async_callback(stop)
        await worker.client.open_room("room")
        application = web.Application()
        application.add_routes(exchange.routes())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield exchange, f"http://127.0.0.1:{port}/", workdir


async def _meets(seat: Seat, colour: Colour, hertz: float) -> None:
    async def why_not() -> str | None:
        got = await seat.js("report()")
        if not got or got["dtls"] != "connected":
            return f"not connected: {got}"
        if not near(got["colour"], colour):
            return f"sees {got}, wants {colour}"
        if got["decoded"] <= 5:
            return f"decoded {got['decoded']}"
        tone = await seat.js("toneHeard()")
        return None if abs(tone - hertz) <= 15 else f"hears {tone}, wants {hertz}"

    await until(why_not, MEET_S, every_s=0.2)


async def _goes_on(seat: Seat, frames: int) -> None:
    before = (await seat.js("report()"))["decoded"]

    async def why_not() -> str | None:
        now = (await seat.js("report()"))["decoded"]
        return None if now >= before + frames else f"{now - before} of {frames} new frames"

    await until(why_not, MEET_S, every_s=0.2)


def _css(colour: Colour) -> str:
    return "rgb({},{},{})".format(*colour)


FIRST_GUESS_BIT_S: Final = 300_000
"""What Chromium and Firefox take the line for until they hear of it."""


async def _story(
    exchange: Exchange, url: str, workdir: Path, first: Seat, second: Seat, joins: list[str]
) -> None:
    """Both meet; both restart ICE; a document is shown; the first reloads; all is recorded."""
    await first.go(url)
    await second.go(url)
    assert await first.js(joins[0]) == MIDS

    async def moves() -> str | None:
        """Alone, it hears of the worker only; without that it would stay at its first guess. Mostly it rises; on a
        machine that has no time for its packets it falls."""
        estimate = (await first.js("report()"))["estimate"]
        heard = estimate and abs(estimate - FIRST_GUESS_BIT_S) > 50_000
        return None if heard else f"estimates {estimate} bit/s"

    await until(moves, MEET_S, every_s=0.2)
    assert await second.js(joins[1]) == MIDS
    await _meets(first, GREEN, 880)
    await _meets(second, RED, 440)

    for seat, name in ((first, "first"), (second, "second")):
        assert await seat.js(f"restart('{name}')") is True

    async def checked_anew() -> str | None:
        parties = (await exchange.client.figures())["rooms"]["room"]
        old = [name for name, party in parties.items() if party["nominated"] != 2]
        return f"{old} still on the old path" if old else None

    await until(checked_anew, MEET_S, every_s=0.1)
    await _goes_on(first, 10)
    await _goes_on(second, 10)

    assert await first.js(f"showDocument('{_css(BLUE)}')") == "stable"

    async def document() -> str | None:
        got = await second.js("report()")
        return None if near(got["document"], BLUE) else f"document is {got['document']}"

    await until(document, MEET_S, every_s=0.1)

    await first.go(url)
    await first.js(joins[0])
    await _meets(first, GREEN, 880)
    await _meets(second, RED, 440)
    await _goes_on(second, 10)

    figures = await exchange.client.figures()
    assert figures["worker"]["recorder_dropped"] == 0
    await exchange.client.close_room("room")

    def sealed() -> str | None:
        files = [sorted(t.mid for t in s.tracks) for s in exchange.finished]
        wanted = [["0", "1"], ["0", "1"], ["0", "1"], ["2"]]
        return None if sorted(files) == wanted else f"finished: {files}"

    await until(sealed, 10)
    for segment in exchange.finished:
        path = workdir / "segments" / f"{segment.segment}.mkv"
        played = await asyncio.to_thread(play, path)
        assert played.errors == ""
        assert abs(played.duration_s - (segment.ended_at - segment.started_at)) < 1
        wanted = BLUE if segment.tracks[0].mid == "2" else RED
        if segment.party.startswith("second"):
            wanted = GREEN
        assert near(played.colour, wanted), (segment.party, played)


async def test_chromium_and_firefox(exchange: tuple[Exchange, str, Path], tmp_path: Path) -> None:
    led, url, workdir = exchange
    async with chromium(tmp_path, RED, 440) as first, firefox(880) as second:
        joins = [
            "join({name: 'first'})",
            f"join({{name: 'second', colour: '{_css(GREEN)}'}})",
        ]
        await _story(led, url, workdir, first, second, joins)


async def test_chromium_and_chromium(exchange: tuple[Exchange, str, Path], tmp_path: Path) -> None:
    led, url, workdir = exchange
    async with (
        chromium(tmp_path, RED, 440) as first,
        chromium(tmp_path, GREEN, 880) as second,
    ):
        joins = ["join({name: 'first'})", "join({name: 'second'})"]
        await _story(led, url, workdir, first, second, joins)


@pytest.mark.proofs
async def test_three_chromiums_see_each_other_and_send_in_layers(
    exchange: tuple[Exchange, str, Path], tmp_path: Path
) -> None:
    """Two meet; a third comes, and the two get more lines without a break; it leaves again."""
    led, url, _ = exchange
    wanted = {"first": (GREEN, BLUE), "second": (RED, BLUE), "third": (RED, GREEN)}
    async with (
        chromium(tmp_path, RED, 440, "640x480") as first,
        chromium(tmp_path, GREEN, 880, "640x480") as second,
        chromium(tmp_path, BLUE, 1320, "640x480") as third,
    ):
        seats = {"first": first, "second": second, "third": third}
        for name, seat in seats.items():
            await seat.go(url)
            if name == "third":
                await _meets(first, GREEN, 880)
                await _meets(second, RED, 440)
            joined = f"join({{name: '{name}', width: 640, height: 480}})"
            assert await seat.js(joined) == [*MIDS, *(["k"] if name == "third" else [])]
        for name in ("first", "second"):
            assert await seats[name].js(f"renew('{name}')") == [*MIDS, "k"]

        async def all_meet() -> str | None:
            for name, seat in seats.items():
                colours = await seat.js("coloursOf(['1', '5'])")
                for got, colour in zip(colours, wanted[name], strict=True):
                    if not near(got, colour):
                        return f"{name} sees {colours}"
                sent = (await seat.js("codecs()"))["sent"]
                if len([rid for rid in sent if rid]) < 2:
                    return f"{name} sends {sent}"
            return None

        await until(all_meet, MEET_S, every_s=0.3)
        figures = (await led.client.figures())["rooms"]["room"]
        for party in figures.values():
            assert not party["end_to_end"]
            assert party["feeds"]["1"]["layer"] in ("q", "h", "f")
        for seat in seats.values():
            await _goes_on(seat, 10)
        await led.client.remove_party("room", led.parties["third"])
        await third.go("about:blank")
        for seat in (first, second):
            await _goes_on(seat, 10)
        refused = {name: party["refused"] for name, party in figures.items()}
        assert not any(refused.values()), refused


@pytest.mark.parametrize("pages", [1, pytest.param(2, marks=pytest.mark.proofs)])
async def test_six_parties_of_whom_most_do_not_decode(
    exchange: tuple[Exchange, str, Path], tmp_path: Path, pages: int
) -> None:
    """One or two Chromiums, the others lean peers: all are sent by all, the pages' faces in layers."""
    led, url, _ = exchange
    sound_and_face = {mid_in(group, mid) for group in range(5) for mid in ("0", "1")}
    async with AsyncExitStack() as stack:
        seats: dict[str, Seat] = {}
        for number, colour in enumerate((RED, GREEN)[:pages]):
            made = chromium(tmp_path, colour, 440 + 440 * number, "640x480")
            name = f"page{number}"
            seats[name] = await stack.enter_async_context(made)
            await seats[name].go(url)
            joined = f"join({{name: '{name}', width: 640, height: 480}})"
            assert await seats[name].js(joined) == MIDS
        lean: dict[str, LeanPeer] = {}
        for place in range(pages, 6):
            name = f"lean{place}"
            peer = lean[name] = LeanPeer()
            stack.push_async_callback(peer.close)
            offer = await led.client.add_party("room", name, record=False, place=place)
            await led.client.answer("room", name, await peer.answer(offer))
            await asyncio.wait_for(peer.up.wait(), 10)
            peer.send("0", 32_000)
            peer.send("1", 80_000)
        for name, peer in lean.items():
            sdp = await peer.answer(await led.client.restart_ice("room", name))
            await led.client.answer("room", name, sdp)
        grown = [*MIDS, "k", "8", "9", *"abcdefghij"]
        for name, seat in seats.items():
            assert await seat.js(f"renew('{name}')") == grown

        def lean_get_all() -> str | None:
            for name, peer in lean.items():
                there = {mid for mid, got in peer.packets.items() if got > 20}
                if there != sound_and_face:
                    return f"{name} gets {dict(peer.packets)}"
            return None

        await until(lean_get_all, MEET_S)

        async def pages_get_all() -> str | None:
            for name, seat in seats.items():
                got = await seat.js("packets()")
                if {mid for mid, count in got.items() if count > 20} != sound_and_face:
                    return f"{name} gets {got}"
                sent = (await seat.js("codecs()"))["sent"]
                if len([rid for rid in sent if rid]) < 2:
                    return f"{name} sends {sent}"
            return None

        await until(pages_get_all, MEET_S, every_s=0.3)
        figures: dict[str, Any] = {}

        async def layers_come_in() -> str | None:
            """What a layer brings is measured over half a second, after its first packets."""
            figures.update((await led.client.figures())["rooms"]["room"])
            for number in range(pages):
                found = figures[led.parties[f"page{number}"]]["tracks"]["1"]["layers"]
                if len([rid for rid, rate in found.items() if rate]) < 2:
                    return f"page{number}: {found}"
            return None

        await until(layers_come_in, MEET_S, every_s=0.3)
        for number in range(pages):
            assert figures[led.parties[f"page{number}"]]["refused"] == 0
        layers = {figures[name]["feeds"]["1"]["layer"] for name in lean}
        assert layers <= {"q", "h", "f"}
        if pages == 2:
            assert near((await seats["page0"].js("coloursOf(['1'])"))[0], GREEN)
            assert near((await seats["page1"].js("coloursOf(['1'])"))[0], RED)


@pytest.mark.proofs
async def test_chromium_with_chromium_in_each_codec(tmp_path: Path) -> None:
    """VP8, VP9, H264 and AV1: each is sent as the worker prefers it, decoded and recorded."""
    async with (
        chromium(tmp_path, RED, 440) as first,
        chromium(tmp_path, GREEN, 880) as second,
    ):
        for codec in VIDEO:
            async with _exchange(tmp_path / codec, codec) as (led, url, workdir):
                seats = {"first": first, "second": second}
                for name, seat in seats.items():
                    await seat.go(url)
                    await seat.js(f"join({{name: '{name}'}})")
                await _meets(first, GREEN, 880)
                await _meets(second, RED, 440)
                for seat in seats.values():
                    assert await seat.js("codecs()") == {
                        "sent": {"": codec},
                        "received": {"1": codec},
                    }
                await led.client.close_room("room")

                def sealed() -> str | None:
                    return None if len(led.finished) == 2 else f"{len(led.finished)} finished"

                await until(sealed, 10)
                for segment in led.finished:
                    (track,) = [t for t in segment.tracks if t.mid == "1"]
                    assert track.codec == codec.lower()
                    path = workdir / "segments" / f"{segment.segment}{SEGMENT_SUFFIX}"
                    played = await asyncio.to_thread(play, path)
                    assert played.errors == ""
                    assert near(played.colour, RED if segment.party.startswith("first") else GREEN)


@pytest.mark.proofs
@pytest.mark.parametrize("codec", ["VP8", "VP9", "AV1"])
async def test_chromium_with_firefox_in_a_codec(
    tmp_path: Path, record_property: Callable[[str, object], None], codec: str
) -> None:
    """The two see and hear each other, whichever the worker prefers; what each sends then is told.

    Not so with H264 where Firefox lacks its plugin: it takes it in its answer and decodes nothing.
    """
    async with (
        chromium(tmp_path, RED, 440) as first,
        firefox(880) as second,
        _exchange(tmp_path / codec, codec) as (led, url, workdir),
    ):
        await first.go(url)
        await first.js("join({name: 'first'})")
        await second.go(url)
        await second.js(f"join({{name: 'second', colour: '{_css(GREEN)}'}})")
        await _meets(first, GREEN, 880)
        await _meets(second, RED, 440)
        for name, seat in (("chromium", first), ("firefox", second)):
            sent = (await seat.js("codecs()"))["sent"]
            record_property(f"{name}_sends", sent)
            assert sent
            assert set(sent.values()) <= set(VIDEO)
        await led.client.close_room("room")

        def sealed() -> str | None:
            return None if len(led.finished) == 2 else f"{len(led.finished)} finished"

        await until(sealed, 10)
        for segment in led.finished:
            path = workdir / "segments" / f"{segment.segment}{SEGMENT_SUFFIX}"
            played = await asyncio.to_thread(play, path)
            assert played.errors == ""
            assert near(played.colour, RED if segment.party.startswith("first") else GREEN)
