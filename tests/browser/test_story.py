"""The first cloud meeting in real browsers: two people in a call, a supervisor afterwards.

Each person is a Chromium of its own with a known picture and tone; everything is done by
clicking and typing on the Chinese pages.
"""

from __future__ import annotations

import base64
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Locator, Page, expect

from server.actions import demo
from server.app import Running, running
from server.store import Store, upgrade
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.peer import GREEN, RED, Colour, near
from tests.kit.screens import Screens
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WINDOW: Colour = RED
APPROVER: Colour = GREEN
WINDOW_HZ, APPROVER_HZ = 440, 660
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
CALLS_FOR_ATTENTION = """
window.notices = []; window.tones = {started: 0, stopped: 0}
const Real = window.Notification
window.Notification = class extends Real {
    constructor(title, options) {
        super(title, options)
        const kept = {title, tag: options.tag, stays: options.requireInteraction, open: true}
        window.notices.push(kept)
        const close = this.close.bind(this)
        this.close = () => { kept.open = false; close() }
    }
}
for (const name of ['start', 'stop']) {
    const real = OscillatorNode.prototype[name]
    OscillatorNode.prototype[name] = function (when) {
        if (name === 'start') window.tones.started += 1
        else if (when === undefined) window.tones.stopped += 1
        return real.apply(this, arguments)
    }
}
"""
"""Counts what the page asks of the browser for a ring, and lets it happen."""
FAR, OWN = ".far-face video", ".small-face video"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    await upgrade(database)
    store = await Store.open(settings.store)
    try:
        await demo.load(store)
    finally:
        await store.close()
    async with running(settings) as node:
        yield node


def scan(page: int) -> bytes:
    """A paper as a scanner makes it: a few lines of Chinese on one page of PDF."""
    paper = Image.new("RGB", (900, 1272), (252, 252, 250))
    pen = ImageDraw.Draw(paper)
    title, text = (ImageFont.truetype(FONT, size) for size in (46, 28))
    pen.text((450, 130), "济南禾川检测技术有限公司文件", (176, 34, 30), title, anchor="mm")
    pen.line((90, 190, 810, 190), (176, 34, 30), 4)
    pen.text((450, 270), "关于孙雅宁同志任职的决定", (30, 30, 30), title, anchor="mm")
    words = (
        "各部门、青岛西海岸分公司：",
        "　　经公司执行董事决定，任命孙雅宁同志为青岛西海岸",
        "分公司负责人，任职时间自 2026 年 11 月 18 日起，任期三年。",
        "　　刘启明同志不再担任上述分公司负责人。",
        "　　特此决定。",
        f"（第 {page} 份）",
    )
    for row, words_in_row in enumerate(words):
        pen.text((90, 360 + row * 60), words_in_row, (30, 30, 30), text)
    pen.ellipse((560, 900, 760, 1100), outline=(196, 40, 34), width=6)
    pen.text((810, 1000), "济南禾川检测技术有限公司", (30, 30, 30), text, anchor="rm")
    out = io.BytesIO()
    paper.save(out, "PDF")
    return out.getvalue()


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (90, 120, 160)).save(out, "JPEG")
    return out.getvalue()


async def meets(desk: Desk, colour: Colour, tone_hz: int) -> None:
    """This page shows the other side's colour and plays its tone."""

    async def sees() -> str | None:
        got = await desk.sees(FAR)
        return None if near(got, colour) else f"sees {got}, wants {colour}"

    async def hears() -> str | None:
        got = await desk.hears(FAR)
        return None if got is not None and abs(got - tone_hz) < 15 else f"hears {got}"

    await until(sees, 20)
    await until(hears, 10)


async def state_of(page: Page, key: str, state: str) -> None:
    await expect(page.locator(f'[data-line="{key}"]')).to_have_attribute("data-state", state)


async def within(limit_s: float, act: Callable[[], Awaitable[object]]) -> float:
    began = time.monotonic()
    await act()
    took = time.monotonic() - began
    assert took <= limit_s, f"took {took:.2f} s, at most {limit_s} s"
    return took


async def test_first_meeting(node: Running, tmp_path: Path) -> None:
    screens = Screens()
    async with AsyncExitStack() as stack:
        clerk_browser = await stack.enter_async_context(chromium(tmp_path, WINDOW, WINDOW_HZ))
        far_browser = await stack.enter_async_context(chromium(tmp_path, APPROVER, APPROVER_HZ))
        window = await Desk.open(clerk_browser)
        approver = await Desk.open(far_browser)
        await approver.page.add_init_script(CALLS_FOR_ATTENTION)
        colleague = await Desk.open(far_browser)

        # signing in: a wrong password is said, what was typed stays
        await window.page.goto(f"{node.address}/sign-in")
        await expect(window.page.locator("html")).to_have_attribute("lang", "zh-CN")
        await screens.take(window, "sign-in")
        await window.sign_in(node.address, "lixiulan", "not the password")
        await expect(window.page.get_by_role("alert").filter(has_text="代码")).to_be_visible()
        await expect(window.page.locator("#login")).to_have_value("lixiulan")
        await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await window.page.wait_for_url("**/window")
        await approver.sign_in(node.address, "zhoumingyuan", demo.PASSWORD)
        await approver.page.wait_for_url("**/approver")
        await approver.page.get_by_role("button", name="上线接听").click()
        await expect(approver.page.get_by_role("status").filter(has_text="在线")).to_be_visible()
        await screens.take(approver, "approver-duty")
        await colleague.sign_in(node.address, "gaoxinmin", demo.PASSWORD)
        await colleague.page.wait_for_url("**/approver")
        await colleague.page.get_by_role("button", name="上线接听").click()

        await register(window, screens)
        case_id = window.page.url.rsplit("/", 1)[1]
        assert len(await window.page.locator("[data-line]").all()) == 4  # C4: before the call

        await consent_dial_cancel_and_answer(window, approver, colleague, screens)

        # both see and hear each other; the sign of the recording stands on both pages
        await meets(window, APPROVER, APPROVER_HZ)
        await meets(approver, WINDOW, WINDOW_HZ)
        for desk in (window, approver):
            await expect(desk.page.get_by_text("录制中", exact=True)).to_be_visible()
        await expect(window.page.get_by_text("周明远").first).to_be_visible()  # A2
        await expect(window.page.get_by_text("XHA-0217").first).to_be_visible()
        # C9: mirrored only locally
        assert "-1" in await transform(window.page, OWN)
        assert "-1" not in await transform(window.page, FAR)

        await materials(window, approver, screens)
        await guidance(window, approver, screens)

        # a reload in mid-call: back in the same call and case within 5 s, no new ring
        call_id = await window.page.locator(".call-pane").get_attribute("data-call")

        async def back() -> None:
            await window.page.reload()
            await expect(window.page.locator(".call-pane")).to_have_attribute(
                "data-phase", "active"
            )
            await until(lambda: seen(window, APPROVER), 10)

        await within(5.0, back)
        assert window.page.url.endswith(case_id)
        assert await window.page.locator(".call-pane").get_attribute("data-call") == call_id
        assert await approver.page.get_by_role("alertdialog").count() == 0
        await meets(approver, WINDOW, WINDOW_HZ)

        number = await decide(window, approver, screens)
        await window.page.get_by_role("button", name="挂断").click()
        for desk in (window, approver):
            await expect(desk.page.locator(".call-pane")).to_have_attribute("data-phase", "ended")
            await expect(desk.page.get_by_text(number).first).to_be_visible()

        await supervise(stack, node, number, screens, tmp_path)
        administrator = await Desk.open(far_browser)
        await administrator.sign_in(node.address, "admin", demo.PASSWORD)
        await administrator.page.wait_for_url("**/admin")
        await expect(
            administrator.page.get_by_text("济南市市中区政务服务中心").first
        ).to_be_visible()
        await screens.take(administrator, "admin")
        await administrator.page.goto(f"{node.address}/no-such-page")
        await expect(administrator.page.get_by_text("没有这一页").first).to_be_visible()
        assert await administrator.axe() == []
        complaints = [
            line
            for desk in (window, approver, colleague, administrator)
            for line in desk.complaints
        ]
    assert complaints == []
    screens.check()


async def transform(page: Page, selector: str) -> str:
    found: str = await page.locator(selector).first.evaluate(
        "one => { let all = ''; for (let at = one; at; at = at.parentElement)"
        " all += getComputedStyle(at).transform + getComputedStyle(at).scale; return all }"
    )
    return found


async def seen(desk: Desk, colour: Colour) -> str | None:
    got = await desk.sees(FAR)
    return None if near(got, colour) else f"sees {got}"


async def register(window: Desk, screens: Screens) -> None:
    page = window.page
    await page.get_by_label("事项", exact=True).fill("分公司负责人")
    await page.get_by_role("option").filter(has_text="分公司负责人变更登记").click()
    await page.get_by_label("申请人", exact=True).fill("孙雅宁")
    await page.get_by_label("身份证号").fill("110105194912310021")
    await page.get_by_label("联系电话").fill("13805316217")
    await page.get_by_label("企业信用代码").fill("91350100M000100Y43")
    await page.get_by_role("button", name="登记办件").click()
    await expect(page.get_by_text("身份证号不对")).to_be_visible()
    await expect(page.get_by_label("身份证号")).to_be_focused()
    await screens.take(window, "window-idle", large=True)
    # nothing that was typed is lost by a reload
    await page.reload()
    await expect(page.get_by_label("申请人", exact=True)).to_have_value("孙雅宁")
    await page.get_by_label("身份证号").fill("11010519491231002X")
    await page.get_by_role("button", name="登记办件").click()
    await page.wait_for_url("**/window/cases/*")
    await expect(page.locator("[data-case]")).to_be_visible()


async def consent_dial_cancel_and_answer(
    window: Desk, approver: Desk, colleague: Desk, screens: Screens
) -> None:
    page = window.page
    await expect(page.get_by_text("审批在线")).to_be_visible()
    await page.get_by_role("button", name="发起云见面").click()
    # A1: no ring before the answer about recording; the text is shown with its version
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.get_by_text("告知书版本")).to_be_visible()
    await screens.take(window, "window-consent")
    await page.get_by_role("button", name="申请人同意").click()
    await expect(page.locator(".call-pane")).to_have_attribute("data-phase", "ringing")

    # P2, P3: card, flashing title, sound; all gone when the clerk cancels (C6)
    card = approver.page.get_by_role("alertdialog")
    await expect(card).to_be_visible()
    await expect(card).to_contain_text("分公司负责人变更登记")
    await expect(card).to_contain_text("3号窗口")
    await expect(card).to_contain_text("孙**")
    await expect(card).not_to_contain_text("孙雅宁")
    await until(lambda: flashes(approver.page), 4)
    (notice,) = await approver.page.evaluate("window.notices")
    assert notice["stays"], "a notification stays until it is handled"
    assert notice["open"]
    assert await approver.page.evaluate("window.tones") == {"started": 1, "stopped": 0}
    await screens.take(approver, "approver-ring")
    await screens.take(window, "window-ringing")
    await page.get_by_role("button", name="取消", exact=True).click()
    await expect(card).to_be_hidden()
    await expect(page.locator(".call-pane")).to_have_attribute("data-phase", "ended")
    await until(lambda: rests(approver.page), 4)
    (notice,) = await approver.page.evaluate("window.notices")
    assert not notice["open"]
    assert await approver.page.evaluate("window.tones") == {"started": 1, "stopped": 1}

    await page.get_by_role("button", name="再次发起云见面").click()
    await expect(card).to_be_visible()
    elsewhere = colleague.page.get_by_role("alertdialog")
    await expect(elsewhere).to_be_visible()
    await card.get_by_role("button", name="接听").click()

    async def rings_nowhere_else() -> None:
        await expect(elsewhere).to_be_hidden()

    await within(2.0, rings_nowhere_else)
    await approver.page.wait_for_url("**/approver/cases/*")
    for desk in (window, approver):
        await expect(desk.page.locator(".call-pane")).to_have_attribute("data-phase", "active")


async def flashes(page: Page) -> str | None:
    title = await page.title()
    return None if "来电" in title else f"the title is {title}"


async def rests(page: Page) -> str | None:
    title = await page.title()
    return None if "来电" not in title else f"the title is still {title}"


async def materials(window: Desk, approver: Desk, screens: Screens) -> None:
    page, far = window.page, approver.page
    # the picker
    await page.get_by_label("上传文件到：变更登记申请书").set_input_files(
        {"name": "申请书.pdf", "mimeType": "application/pdf", "buffer": scan(1)}
    )
    await state_of(far, "application", "unread")
    # drag and drop
    await drop(page, "appointment", "任职文件.pdf", "application/pdf", scan(2))
    await state_of(far, "appointment", "unread")
    # a screenshot from the clipboard
    await page.locator('[data-line="identity"] .pick').click()
    await paste(page, photo())
    await state_of(far, "identity", "unread")
    # what is no document is refused by its content, in words
    await page.get_by_label("上传文件到：营业执照正、副本").set_input_files(
        {"name": "执照.pdf", "mimeType": "application/pdf", "buffer": b"<script>alert(1)</script>"}
    )
    await state_of(page, "licence", "rejected")
    await page.get_by_label("上传文件到：营业执照正、副本").set_input_files(
        {"name": "执照.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    await state_of(far, "licence", "unread")

    # P9: the approver opens them beside the video and judges each
    await far.locator('[data-line="application"] .thumb').click()
    await expect(far.locator(".document [data-drawn]").first).to_be_visible()
    await screens.take(approver, "approver-desk", large=True)
    await far.keyboard.press("1")
    await state_of(page, "application", "accepted")
    await far.locator('[data-line="appointment"] .thumb').click()
    await far.keyboard.press("2")
    await far.get_by_label("补正理由").fill("缺落款日期")
    await far.get_by_role("button", name="退回补正").click()
    await state_of(page, "appointment", "returned")
    await expect(page.locator('[data-line="appointment"]')).to_contain_text("缺落款日期")
    # C17: a replacement keeps the version before
    await page.get_by_label("上传文件到：原负责人免职文件与新负责人任职文件").set_input_files(
        {"name": "任职文件（补）.pdf", "mimeType": "application/pdf", "buffer": scan(3)}
    )
    await state_of(far, "appointment", "unread")
    await page.locator('[data-line="appointment"]').get_by_role("button", name="旧版 1").click()
    await expect(page.get_by_role("button", name="打开第 1 版")).to_be_visible()


async def drop(page: Page, key: str, name: str, kind: str, data: bytes) -> None:
    """Let go of a file over a line, as a hand does."""
    await page.locator(f'[data-line="{key}"]').evaluate(
        """(line, [name, kind, data]) => {
            const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0))
            const carried = new DataTransfer()
            carried.items.add(new File([bytes], name, {type: kind}))
            for (const type of ['dragenter', 'dragover', 'drop'])
                line.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: carried}))
        }""",
        [name, kind, base64.b64encode(data).decode()],
    )


async def paste(page: Page, data: bytes) -> None:
    await page.evaluate(
        """data => {
            const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0))
            const carried = new DataTransfer()
            carried.items.add(new File([bytes], 'image.jpg', {type: 'image/jpeg'}))
            document.body.dispatchEvent(
                new ClipboardEvent('paste', {bubbles: true, cancelable: true, clipboardData: carried}))
        }""",
        base64.b64encode(data).decode(),
    )


async def guidance(window: Desk, approver: Desk, screens: Screens) -> None:
    page, far = window.page, approver.page
    values = {
        "branch_name": "济南禾川检测技术有限公司青岛西海岸分公司",
        "branch_credit_code": "91350100M000100Y43",
        "old_principal": "刘启明",
        "new_principal": "孙雅宁",
        "new_identity_number": "11010519491231002X",
        "contact_phone": "13805316217",
    }
    for name, value in values.items():
        await field(page, name).locator("input").fill(value)
        await field(page, name).locator("input").blur()
        await expect(field(far, name)).not_to_have_attribute("data-version", "0")
    # what is sensitive is masked on its way to the other side
    await expect(field(far, "new_identity_number")).to_contain_text("110105********002X")
    # a day that does not exist is said under its field
    day = field(page, "appointed_on").locator("input")
    await day.fill("2026-02-30")
    await day.blur()
    await expect(field(page, "appointed_on").get_by_role("alert")).to_contain_text("没有这一天")

    # P8: who is where, within half a second; what is typed appears as it is typed
    await day.focus()

    async def framed() -> None:
        await expect(field(far, "appointed_on").locator(".who")).to_contain_text("李秀兰")

    await within(1.5, framed)
    await day.fill("")
    await day.press_sequentially("2026-11-2", delay=60)
    await expect(field(far, "appointed_on")).to_contain_text("2026-11-2")
    await day.press_sequentially("0")
    await day.blur()
    await expect(field(far, "appointed_on")).to_contain_text("2026-11-20")

    # A6: pointing scrolls the window's form to the field and says who points
    await field(page, "branch_name").scroll_into_view_if_needed()
    await field(far, "delivery").locator('[data-tool="point"]').click()
    pointed = field(page, "delivery")
    await expect(pointed.locator(".who")).to_contain_text("周明远 指着这里")
    await expect(pointed).to_be_in_viewport()
    await field(far, "delivery").locator('[data-tool="point"]').click()
    for name in ("appointment_way", "delivery"):
        choice = field(page, name).locator("select")
        await choice.select_option(index=1)
        await expect(field(far, name)).not_to_have_attribute("data-version", "0")

    # propose and adopt: nothing changes before the window's click
    await field(far, "appointed_on").locator('[data-tool="propose"]').click()
    await far.get_by_label("建议改为").fill("2026-11-18")
    await far.get_by_label("依据").fill("任职文件第 1 页")
    await far.get_by_role("button", name="发给窗口").click()
    card = field(page, "appointed_on").locator("[data-proposal]")
    await expect(card).to_contain_text("2026-11-18")
    await expect(day).to_have_value("2026-11-20")
    await screens.take(window, "window-desk", large=True)
    await page.keyboard.press("Alt+a")
    await expect(day).to_have_value("2026-11-18")
    await expect(field(far, "appointed_on")).to_contain_text("2026-11-18")


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


async def decide(window: Desk, approver: Desk, screens: Screens) -> str:
    far = approver.page
    # P10: the days to the due date are there before the decision; what is missing is said
    await expect(far.get_by_role("group", name="办理期限推算")).to_be_visible()
    await expect(far.get_by_role("button", name="受理 · 还差")).to_have_attribute(
        "aria-disabled", "true"
    )
    for key in ("appointment", "identity", "licence"):
        await far.locator(f'[data-line="{key}"] .thumb').click()
        await far.keyboard.press("1")
        await state_of(window.page, key, "accepted")
    await far.get_by_role("button", name="受理", exact=True).click()
    reason = far.get_by_label("理由")
    await reason.fill("")
    await far.get_by_role("button", name="确认受理").click()
    await expect(far.get_by_text("请写明理由").first).to_be_visible()
    await reason.fill("材料齐全，符合法定形式。")
    await far.get_by_role("button", name="确认受理").click()
    shown = far.locator(".foot [data-number]")
    await expect(shown).to_be_visible()
    number = (await shown.inner_text()).split()[-1]
    assert len(number) == 43
    await expect(window.page.get_by_text(number).first).to_be_visible()
    await screens.take(approver, "approver-decided")
    return number


async def supervise(
    stack: AsyncExitStack, node: Running, number: str, screens: Screens, folder: Path
) -> None:
    """S3: found by number, staff and day; both files play; the ledger holds."""
    browser = await stack.enter_async_context(chromium(folder))
    desk = await Desk.open(browser)
    page = desk.page
    await desk.sign_in(node.address, "chenli", demo.PASSWORD)
    await page.wait_for_url("**/supervisor/calls")
    rows = page.get_by_role("region", name="通话记录").locator(".rows").get_by_role("button")
    await page.get_by_label("办件编号").fill(number)
    await expect(rows).to_have_count(2)  # the cancelled one and the one that was answered
    await screens.take(desk, "supervisor-log")
    await page.get_by_label("办件编号").fill("0" * 43)
    await expect(page.get_by_text("没有符合条件的通话")).to_be_visible()
    await page.get_by_label("办件编号").fill("")
    await page.get_by_label("人员").fill("周明远")
    await expect(rows).to_have_count(1)
    await rows.first.click()
    await page.wait_for_url("**/supervisor/calls/*")
    await expect(page.get_by_text(number).first).to_be_visible()
    # one picture a party, though the window came in two segments
    videos = page.locator("[data-playback] video")
    await expect(videos).to_have_count(2, timeout=20_000)
    await expect(page.locator("[data-integrity]")).to_have_attribute(
        "data-state", "whole", timeout=20_000
    )
    await expect(page.get_by_text("存证一致")).to_be_visible()
    await page.locator("[data-play]").click()
    for video in await videos.all():

        async def played(video: Locator = video) -> str | None:
            at: float = await video.evaluate("one => one.currentTime")
            return None if at > 0.8 else f"at {at} s"

        await until(played, 15)
    await page.locator("[data-play]").click()
    await screens.take(desk, "supervisor-call", large=True)
    assert desk.complaints == []
