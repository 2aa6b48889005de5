"""What two people see and do in a call, on the real pages with real media: hold, devices, papers.

What passes the worker is read from the worker; what is seen and heard, in the pages.
"""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from playwright.async_api import Page, WebSocket, expect

from server.demo import data as demo
from tests.kit.browsers import Desk, capture_files, chromium
from tests.kit.desks import demo_node
from tests.kit.peer import RED
from tests.kit.screens import LARGEST, Screens
from tests.kit.talks import FAR, REGISTER, Talk, dialled, shows, stands, talking
from tests.kit.until import borne, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def quiet(talk: Talk, mids: str) -> float:
    """Nothing more comes from the pages on these m-lines: a second goes by without a packet.

    Returns when that second began, on the monotonic clock: the last packet came before.
    """
    counts: list[int] = []
    since = monotonic()

    async def still() -> str | None:
        nonlocal since
        count = await talk.came(mids)
        if counts and count != counts[-1]:
            counts.clear()
        if not counts:
            since = monotonic()
        counts.append(count)
        return None if len(counts) > 10 else f"{counts[-1]} for {len(counts)} looks"

    await until(still, 10, every_s=0.1)
    return since


async def gone(talk: Talk) -> int:
    """How many packets went out in all, once it goes up no more: a call is said to be held a moment
    before the worker is told."""
    counts: list[int] = []

    async def still() -> str | None:
        counts.append(await talk.went())
        return None if len(counts) > 4 and len(set(counts[-4:])) == 1 else f"{counts[-5:]}"

    await until(still, 10, every_s=0.1)
    return counts[-1]


LOWER_RIGHT = """() => {
    const pane = document.querySelector('.pane').getBoundingClientRect()
    const [end] = document.querySelectorAll('.call-keys .end')
    if (!end) return 'no red key'
    const box = end.getBoundingClientRect()
    const others = [...document.querySelectorAll('.call-keys button:not(.end)')].map(one => one.getBoundingClientRect())
    if (box.bottom > innerHeight || box.top < 0) return 'out of sight'
    if (pane.right - box.right > 16 || pane.bottom - box.bottom > 24) return 'not at the lower right'
    const apart = others.every(one => one.right <= box.left - 8 || one.bottom <= box.top - 8)
    return apart ? '' : 'not apart'
}"""
"""What is wrong with where the key stands that ends the call."""

WATCH = """there => {
    addEventListener('click', () => { window.clickedAt = Date.now() }, { capture: true, once: true })
    window.turnedAt = new Promise(done => {
        const look = () => {
            if ((document.querySelector('.call-pane .recording') !== null) !== there) return
            seen.disconnect()
            done(Date.now())
        }
        const seen = new MutationObserver(look)
        seen.observe(document.body, { subtree: true, childList: true })
        look()
    })
}"""
"""From now on the page notes when it is clicked next, and when the sign of recording is there or gone. Asked
from outside such a moment is known to half a second at best: the questions come further and further apart."""


async def turned(clicked: Page, *pages: Page) -> float:
    """How long after the click the sign of recording had turned on the last of these pages, in seconds."""
    last = max([await page.evaluate("turnedAt") for page in pages])
    return (last - await clicked.evaluate("clickedAt")) / 1000


@pytest.mark.timed
async def test_hold_and_mute_stop_what_passes(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page

        # muted, the page itself sends nothing of that line
        await window.keyboard.press("Control+d")
        await expect(approver.get_by_text("对方已静音")).to_be_visible()
        await approver.keyboard.press("Control+d")
        await quiet(talk, "0")
        await window.keyboard.press("Control+d")
        await approver.keyboard.press("Control+d")
        await expect(approver.get_by_text("对方已静音")).to_be_hidden()

        # the camera off: no picture leaves the page any more, within half a second (P4)
        off_at = monotonic()
        for page in (window, approver):
            await page.keyboard.press("Control+e")
        took_s = await quiet(talk, "1") - off_at
        record_property("camera_off_s", round(took_s, 2))
        assert took_s < borne(0.5)
        for page in (window, approver):
            await page.keyboard.press("Control+e")
        for desk in (talk.window, talk.approver):
            await shows(desk)

        # held by the approver: said on both with a running clock, and not one packet passes
        await approver.get_by_role("button", name="保持", exact=True).click()
        await stands(approver, "held_here")
        await stands(window, "held_there")
        went = await gone(talk)
        await expect(window.locator("[data-held=there]")).to_contain_text("周明远保持了通话")
        await expect(window.get_by_role("button", name="继续通话")).to_have_count(0)
        screens = Screens()
        await screens.take(talk.window, "call-hold")
        screens.check()
        await quiet(talk, "0123")
        clock = window.locator("[data-held] .clock")
        # the seconds are shown and not spoken
        await expect(clock).to_have_attribute("aria-live", "off")
        await expect(window.locator("[data-held]")).not_to_have_attribute("role", "status")
        # the red key stands apart at the lower right, on hold as ever
        for page in (window, approver):
            assert await page.evaluate(LOWER_RIGHT) == ""
        first = await clock.inner_text()
        await expect(clock).not_to_have_text(first)
        assert await talk.went() == went
        # who takes his seat again while it is held is held too: another party, which gets nothing
        before = set(await talk.figures())
        await window.reload()
        await stands(window, "held_there")

        async def seated_anew() -> str | None:
            now = set(await talk.figures())
            return None if len(now) == 2 and now != before else f"{now} of {before}"

        await until(seated_anew, 10)
        await quiet(talk, "0123")
        parties = (await talk.figures()).values()
        assert min(sum(f["packets"] for f in one["feeds"].values()) for one in parties) == 0

        await approver.locator("[data-resume]").click()
        for desk in (talk.window, talk.approver):
            await stands(desk.page, "active")
            await shows(desk)

        # called again: both see within a second of the answer that it is recorded (P4)
        await window.get_by_role("button", name="挂断").click()
        signs = [page.locator(".call-pane .recording") for page in (window, approver)]
        for sign in signs:
            await expect(sign).to_have_count(0)
        await window.get_by_role("button", name="再次发起云见面").click()
        answer = approver.get_by_role("alertdialog").get_by_role("button", name="接听")
        await expect(answer).to_be_visible()
        for page in (window, approver):
            await page.evaluate(WATCH, True)
        await answer.click()
        for sign in signs:
            await expect(sign).to_be_visible()
        took_s = await turned(approver, window, approver)
        record_property("recording_sign_s", round(took_s, 2))
        assert took_s < borne(1)
        # the focus that was on the ring is on what lies open, and after the call on what comes next
        await expect(approver.locator(".thumb").first).to_be_focused()
        # the applicant takes his consent back: asked first, then the sign is off on both within a second
        await window.locator("[data-consent=withdraw]").click()
        question = window.get_by_role("dialog", name="撤回录制同意")
        await expect(question).to_contain_text("按原同意保存")
        await screens.take(talk.window, "call-withdraw")
        screens.check()
        for sign in signs:
            await expect(sign).to_be_visible()
        for page in (window, approver):
            await page.evaluate(WATCH, False)
        await question.locator("[data-consent=withdrawn]").click()
        for sign in signs:
            await expect(sign).to_have_count(0)
        took_s = await turned(window, window, approver)
        record_property("recording_off_s", round(took_s, 2))
        assert took_s < borne(1)
        for page in (window, approver):
            await stands(page, "active")
            await expect(page.locator("[data-refused=withdrawn]")).to_contain_text("录制已停止")
            # told in one line, which leaves the other's face its room in the largest letters
            size = await page.evaluate(LARGEST, "largest")
            assert await page.locator(".far-face").evaluate("one => one.offsetHeight") >= 170
            # and one's own lies on it
            await page.locator("[data-text-size]").select_option("largest")
            await expect(page.locator(".far-face .own-face")).to_be_in_viewport(ratio=1)
            await page.locator("[data-text-size]").select_option("standard")
            await page.evaluate(LARGEST, size)
        await expect(window.locator("[data-consent=withdraw]")).to_have_count(0)
        await window.get_by_role("button", name="挂断").click()
        await stands(window, "ended")
        # undecided: the next step is to call again, the rating is offered beside it
        await expect(window.locator(".call-pane .dial")).to_be_focused()
        await expect(window.locator("[data-step=rate]")).to_be_visible()

        # in one row, in large letters too: what is seldom needed stands behind a key
        await window.locator("[data-text-size]").select_option("large")
        assert await window.locator("footer.foot").evaluate("one => one.offsetHeight") < 64
        await window.locator("[data-text-size]").select_option("standard")

        # the applicant refuses the recording: on the ring card, and told to both at the answer
        await window.locator("[data-more-acts=step]").click()
        await window.locator("[data-consent=ask]").click()
        await window.get_by_role("button", name="申请人不同意").click()
        # the next step has the focus, not the button that asked
        await expect(window.locator(".call-pane .dial")).to_be_focused()
        await window.get_by_role("button", name="再次发起云见面").click()
        card = approver.get_by_role("alertdialog")
        await expect(card).to_contain_text("申请人不同意录制")
        assert await window.evaluate(LOWER_RIGHT) == ""
        await card.get_by_role("button", name="接听").click()
        for page in (window, approver):
            await stands(page, "active")
            await expect(page.locator("[data-refused]")).to_contain_text("本次通话不录制")

        # on the page of another case it is said which one the call is about, and it can be ended
        other = await window.evaluate(REGISTER, [demo.PRINCIPAL, "register-case-2"])
        await window.goto(f"{talk.node.address}/window/cases/{other}")
        told = window.locator(".elsewhere[data-elsewhere]")
        await expect(told).to_contain_text("通话中的是另一办件")
        await expect(told).to_contain_text("孙**")
        await screens.take(talk.window, "call-elsewhere")
        screens.check()
        await window.locator("[data-bar-end]").click()
        await stands(approver, "ended")
        assert talk.window.complaints + talk.approver.complaints == []


async def silence(folder: Path) -> Path:
    """What a microphone with its mute key down brings."""
    path = folder / "silence.wav"

    def write() -> None:
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(48_000)
            out.writeframes(b"\0\0" * 48_000)

    await asyncio.to_thread(write)
    return path


async def test_devices_papers_and_screens_beside_the_face(tmp_path: Path) -> None:
    """C2, C9, C13, C23, P13: what is shown, what fails and what is said of it, in one call."""
    quiet_microphone = await silence(tmp_path)
    flags = (f"--use-file-for-fake-audio-capture={quiet_microphone}",)
    screens = Screens()
    async with talking(tmp_path, flags=flags) as talk:
        window, approver = talk.window.page, talk.approver.page

        # the document camera beside the face: large on both sides in the place of the document,
        # over nothing of the work, and never mirrored
        await window.get_by_role("button", name="高拍仪", exact=True).click()
        stage = approver.locator("[data-stage=paper]")
        await expect(stage).to_be_visible()
        for page in (window, approver):
            assert await page.evaluate(IN_THE_WAY) == []
            await expect(page.locator(".document")).to_be_hidden()
        await shows(talk.window, selector="[data-stage=own] video")
        await shows(talk.approver, selector="[data-stage=paper] video")
        await shows(talk.approver)
        turned = "one => getComputedStyle(one).transform"
        upright = "matrix(1, 0, 0, 1, 0, 0)"
        assert await stage.locator("video").evaluate(turned) == upright
        assert await approver.locator(FAR).evaluate(turned) == "none"
        mirrored = await window.locator(".own-face video").evaluate(turned)
        assert mirrored.startswith("matrix(-1")
        assert await window.locator(".own-paper video").evaluate(turned) == "none"
        await stage.get_by_role("button", name="旋转").click()
        assert (await stage.locator("video").evaluate(turned)).startswith("matrix(0, 1, -1, 0")
        await screens.take(talk.approver, "call-paper")
        # drawn nearer it is looked over by scrolling; folded, the document is there again
        await stage.get_by_role("button", name="放大").click()
        wider = "one => one.scrollWidth > one.clientWidth * 1.4"
        assert await stage.locator(".ground").evaluate(wider)
        await stage.get_by_role("button", name="收起").click()
        await expect(stage).to_have_count(0)
        await expect(approver.locator(".document")).to_be_visible()
        await approver.get_by_role("button", name="看对方高拍仪").click()
        await expect(stage).to_be_visible()
        await approver.locator(".thumb").first.click()
        await expect(stage).to_have_count(0)
        await window.get_by_role("button", name="高拍仪", exact=True).click()
        await quiet(talk, "2")

        # one window of the approver's own system, after a word about what others may see in it
        await approver.get_by_role("button", name="共享", exact=True).click()
        await expect(approver.locator("[data-share]")).to_contain_text("只选一个窗口")
        await approver.keyboard.press("Escape")
        await expect(approver.locator("[data-share]")).to_have_count(0)
        await expect(approver.get_by_role("button", name="共享", exact=True)).to_be_focused()
        await approver.keyboard.press("Enter")
        await approver.locator("[data-share-go]").click()
        await expect(window.locator("[data-stage=screen] video")).to_be_visible()
        await expect(approver.locator("[data-sharing]")).to_be_visible()
        await approver.get_by_role("button", name="停止共享").click()
        await expect(window.locator("[data-stage]")).to_have_count(0, timeout=15_000)

        # a microphone that is open and brings nothing for ten seconds
        await expect(window.locator("[data-note=silent]")).to_be_visible(timeout=20_000)

        # a camera that is pulled out: another is taken, and the call goes on
        await window.locator(".own-face video").evaluate(
            "one => one.srcObject.getVideoTracks()[0].stop()"  # no event tells of it
        )
        await expect(window.locator("[data-note=camera_replaced]")).to_be_visible()
        await shows(talk.approver)

        # how good the line is, and by which way it goes
        bars = window.locator(".opener")
        await expect(bars).to_have_attribute("data-level", re.compile("excellent|good|poor"))
        await bars.click()
        await expect(window.locator(".figures")).to_contain_text("直接相连")
        await screens.take(talk.window, "call-quality")
        assert talk.window.complaints + talk.approver.complaints == []
    screens.check()


IN_THE_WAY = """() => {
    const stage = document.querySelector('[data-stage]').getBoundingClientRect()
    const meets = one => {
        const box = one.getBoundingClientRect()
        return box.width && box.left < stage.right - 1 && box.right > stage.left + 1
            && box.top < stage.bottom - 1 && box.bottom > stage.top + 1
    }
    return [...document.querySelectorAll('.side, .call-pane, .foot, .left, .thumbs')].filter(meets).map(one => one.className)
}"""
"""Which parts of the desk lie under what is shown."""


class Acks:
    """Which commands of a page were acknowledged, by type."""

    def __init__(self, page: Page) -> None:
        self.seen: set[str] = set()
        self._asked: dict[str, str] = {}
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._came)

    def _sent(self, frame: str | bytes) -> None:
        if found := re.match(r'42(\d+)\["command",.*"type":"([a-z_.]+)"', str(frame)):
            self._asked[found[1]] = found[2]

    def _came(self, frame: str | bytes) -> None:
        if (found := re.match(r"43(\d+)\[", str(frame))) and found[1] in self._asked:
            self.seen.add(self._asked[found[1]])


async def test_who_answers_without_devices_sees_hears_and_gets_them_by_trying_again(
    tmp_path: Path,
) -> None:
    """Refused at an answer that was prepared while it rang, allowed later, and unplugged then."""
    picture, sound = await capture_files(RED, 440)
    flags = (
        "--use-fake-device-for-media-stream=fps=10",
        f"--use-file-for-fake-video-capture={picture}",
        f"--use-file-for-fake-audio-capture={sound}",
    )
    async with (
        demo_node(
            f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}", tmp_path, media=True
        ) as node,
        chromium(tmp_path, more=flags) as browser,
    ):
        window, approver = await Desk.open(browser), await Desk.open(browser)
        allowed = ["camera", "microphone", "notifications"]
        await window.context.grant_permissions(allowed)
        await approver.watch_media()
        acks = Acks(approver.page)

        async def ready() -> str | None:
            said = await window.context.request.get(f"{node.address}/readyz")
            return None if said.ok else await said.text()

        # a worker that is only being started offers nothing while it rings
        await until(ready, 30)
        await dialled(node, window, approver)
        card = approver.page.get_by_role("alertdialog")
        await expect(card).to_be_visible()
        await until(lambda: None if "call.describe" in acks.seen else f"{acks.seen}", 15)
        await card.get_by_role("button", name="接听").click()

        # said on both pages, and the window is seen and heard all the same
        for desk in (window, approver):
            await stands(desk.page, "active")
        trouble = approver.page.locator("[data-trouble]")
        await expect(trouble).to_contain_text("浏览器不允许用麦克风和摄像头，对方听不到、看不到您")
        await shows(approver)
        assert (await approver.media())["connections"] == 1, "it is what was prepared"

        async def hears() -> str | None:
            got = await approver.hears(FAR)
            return None if got and abs(got - 440) < 15 else f"hears {got}"

        await until(hears, 15)
        far = window.page.locator(".far-face")
        await expect(far).to_contain_text("对方未检测到摄像头")
        await expect(window.page.get_by_text("对方未检测到麦克风")).to_be_visible()

        # still refused, also by its key; allowed in the address bar, the same key opens both
        again = trouble.get_by_role("button", name="再试一次")
        await again.click()
        await expect(again).not_to_have_attribute("aria-busy", "true")
        camera = approver.page.locator("[data-key=camera]")
        await expect(camera).to_have_text("无摄像头")
        await approver.context.grant_permissions(allowed)
        await camera.click()
        await expect(trouble).to_have_count(0)
        await expect(camera).to_have_text("摄像头")
        await shows(window)
        await expect(far.locator(".waiting")).to_have_count(0)
        await expect(window.page.get_by_text("对方未检测到麦克风")).to_be_hidden()

        # unplugged: its last picture is not taken for a face that listens
        await approver.page.evaluate(
            """() => {
                const devices = navigator.mediaDevices
                devices.getUserMedia = () => Promise.reject(new DOMException('gone', 'NotFoundError'))
                const [track] = document.querySelector('.own-face video').srcObject.getVideoTracks()
                track.stop()
                track.dispatchEvent(new Event('ended'))
            }"""
        )
        await expect(trouble).to_contain_text("没有找到摄像头")
        await expect(far).to_contain_text("对方未检测到摄像头")
        await expect(far.locator("video")).to_be_hidden()
        assert "call.mute" not in acks.seen, "nobody has pressed a key"
        await approver.page.evaluate("() => delete navigator.mediaDevices.getUserMedia")
        await again.click()
        await expect(far.locator("video")).to_be_visible()
        await shows(window)
        assert window.complaints + approver.complaints == []
