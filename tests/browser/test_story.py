"""The whole story in real browsers: from signing in to the replay, with everything that one case can hold.

Three Chromium processes, each with a known picture and tone: the window with the applicant, the
deciding unit (an approver and a colleague), and a third unit, in whose browser the supervisor and
the administrator sit down afterwards. Everything is done by clicking and typing on the Chinese pages.
"""

from __future__ import annotations

import base64
import io
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Locator, Page, expect

from server.app import Running, running
from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.peer import BLUE, GREEN, RED, Colour, near
from tests.kit.screens import Screens
from tests.kit.talks import judges, numbered
from tests.kit.templates import fill
from tests.kit.until import borne, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WINDOW: Colour = RED
APPROVER: Colour = GREEN
THIRD: Colour = BLUE
WINDOW_HZ, APPROVER_HZ, THIRD_HZ = 440, 660, 880
SAID = "请把任职文件放平再扫描一次"
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
FAR, OWN, SECOND = ".far-face video", ".small-face video", ".second video"


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    await fill(settings.store)
    async with running(settings) as node:
        yield node


def scan(page: int, pages: int = 1) -> bytes:
    """A paper as a scanner makes it: a few lines of Chinese on each page of a PDF."""
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
    paper.save(out, "PDF", save_all=True, append_images=[paper] * (pages - 1))
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
    assert took <= borne(limit_s), f"took {took:.2f} s, at most {limit_s} s"
    return took


@pytest.mark.timed
async def test_whole_story(node: Running, tmp_path: Path) -> None:
    screens = Screens()
    async with AsyncExitStack() as stack:
        clerk_browser = await stack.enter_async_context(chromium(tmp_path, WINDOW, WINDOW_HZ))
        far_browser = await stack.enter_async_context(chromium(tmp_path, APPROVER, APPROVER_HZ))
        third_browser = await stack.enter_async_context(chromium(tmp_path, THIRD, THIRD_HZ))
        window = await Desk.open(clerk_browser)
        approver = await Desk.open(far_browser)
        await approver.page.add_init_script(CALLS_FOR_ATTENTION)
        colleague = await Desk.open(far_browser)
        third = await Desk.open(third_browser)

        # signing in: a wrong password is said, what was typed stays
        await window.page.goto(f"{node.address}/sign-in")
        await expect(window.page.locator("html")).to_have_attribute("lang", "zh-CN")
        await screens.take(window, "sign-in")
        await window.sign_in(node.address, "lixiulan", "not the password")
        refused = window.page.locator("[data-code=bad_credentials]")
        await expect(refused).to_contain_text("账号或密码不正确")
        assert "bad_credentials" not in await refused.inner_text()
        await screens.take(window, "sign-in-refused")
        await expect(window.page.locator("#login")).to_have_value("lixiulan")
        await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await window.page.wait_for_url("**/window")
        await on_duty(approver, node, "zhoumingyuan")
        await screens.take(approver, "approver-duty")
        await on_duty(colleague, node, "gaoxinmin")

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

        await say(window, approver)
        await hear_a_third(window, approver, third, node, screens)
        await send_a_form_and_have_it_back(window, approver, tmp_path)
        await materials(window, approver, screens)
        await guidance(window, approver, screens)
        await tell_all_at_once(window, approver, screens)

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

        number = await sign_and_hand_in(window, screens)
        for desk in (window, approver):
            await numbered(desk.page, number)
        assert await decide(window, approver, screens) == number
        await rate(window, screens)
        for desk in (window, approver):
            await expect(desk.page.locator(".call-pane")).to_have_attribute("data-phase", "ended")
            await expect(desk.page.get_by_text(number).first).to_be_visible()
        await screens.take(window, "window-decided")

        supervisor = await Desk.open(third_browser)
        await supervise(supervisor, node, number, screens)
        administrator = await Desk.open(third_browser)
        await administrator.sign_in(node.address, "admin", demo.PASSWORD)
        await administrator.page.wait_for_url("**/admin")
        await expect(
            administrator.page.get_by_text("济南市市中区政务服务中心").first
        ).to_be_visible()
        await screens.take(administrator, "admin")
        await administrator.page.goto(f"{node.address}/no-such-page")
        await expect(administrator.page.get_by_text("没有这一页").first).to_be_visible()
        await screens.take(administrator, "not-found")
        complaints = [
            line
            for desk in (window, approver, colleague, third, supervisor, administrator)
            for line in desk.complaints
        ]
    assert complaints == []
    screens.check()


async def on_duty(desk: Desk, node: Running, login: str) -> None:
    await desk.sign_in(node.address, login, demo.PASSWORD)
    await desk.page.wait_for_url("**/approver")
    await desk.page.get_by_role("button", name="上岗接听").click()
    await expect(desk.page.get_by_role("status").filter(has_text="在岗")).to_be_visible()


async def active(desk: Desk) -> None:
    pane = desk.page.locator(".call-pane")
    await expect(pane).to_have_attribute("data-phase", "active", timeout=30_000)


async def shows(desk: Desk, selector: str, colour: Colour) -> None:
    async def there() -> str | None:
        got = await desk.sees(selector)
        return None if near(got, colour) else f"{selector} shows {got}"

    await until(there, 20)


async def parties(desk: Desk) -> list[str]:
    states: list[str] = await desk.page.locator("[data-party]").evaluate_all(
        "all => all.map(one => one.dataset.party)"
    )
    return states


async def write(page: Page, pad: Locator) -> None:
    """Three strokes with the mouse, as somebody writes three characters."""
    await expect(pad).to_be_visible()
    box = await pad.bounding_box()
    assert box is not None
    for sign in range(3):
        x, y = box["x"] + box["width"] * (0.2 + 0.2 * sign), box["y"] + box["height"] * 0.3
        await page.mouse.move(x, y)
        await page.mouse.down()
        for step in range(12):
            await page.mouse.move(x + 6 * step, y + 4 * step + 14 * (step % 4))
        await page.mouse.up()


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
    await expect(page.get_by_text("审批在岗")).to_be_visible()
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


async def hear_a_third(
    window: Desk, approver: Desk, third: Desk, node: Running, screens: Screens
) -> None:
    await on_duty(third, node, "sunlei")
    page, pane = window.page, window.page.locator("[data-invite]")
    card = third.page.get_by_role("alertdialog")

    # whom: a unit, with who of it is free now; what for; and the invitation can be taken back
    await page.locator("[data-key=invite]").click()
    await pane.get_by_label("单位").select_option(label="聊城市东昌府区政务服务中心")
    await expect(pane.get_by_text("现在空闲 1 人")).to_be_visible()
    await pane.get_by_label("请他来做什么").fill("请核对营业执照")
    await screens.take(window, "window-invite", large=True)
    await pane.locator("[data-ask]").click()
    await expect(card).to_be_visible()
    for told in ("邀请您加入云见面", "请核对营业执照", "李秀兰 · 济南市中", "孙**", "通话正在录制"):
        await expect(card).to_contain_text(told)
    await expect(card.get_by_role("button", name="先看材料")).to_have_count(0)
    await screens.take(third, "third-ring")
    await pane.locator("[data-withdraw]").click()
    await expect(card).to_be_hidden()

    # the approver may invite as well; who joins sees and hears both, and both see him
    await approver.page.locator("[data-key=invite]").click()
    other_pane = approver.page.locator("[data-invite]")
    await other_pane.get_by_label("单位").select_option(label="聊城市东昌府区政务服务中心")
    await other_pane.locator("[data-ask]").click()
    await card.get_by_role("button", name="加入").click()
    await third.page.wait_for_url("**/approver/cases/*")
    for desk in (window, approver, third):
        await active(desk)
    await expect(third.page.locator(".call-pane")).to_have_attribute("data-seat", "third")
    await shows(window, SECOND, THIRD)
    await shows(approver, SECOND, THIRD)
    await shows(third, SECOND, APPROVER)
    await meets(third, WINDOW, WINDOW_HZ)
    await meets(window, APPROVER, APPROVER_HZ)

    async def all_connected() -> str | None:
        found = [await parties(desk) for desk in (window, approver, third)]
        return None if found == [["connected"] * 3] * 3 else f"parties are {found}"

    await until(all_connected, 10)
    await screens.take(window, "window-three", large=True)
    await screens.take(third, "third-desk", large=True)

    # he leaves, and the call of the two goes on
    await third.page.get_by_role("button", name="离开").click()
    await third.page.wait_for_url("**/approver")
    await expect(page.locator(SECOND)).to_have_count(0)
    for desk in (window, approver):
        await active(desk)
    await meets(approver, WINDOW, WINDOW_HZ)


async def say(window: Desk, approver: Desk) -> None:
    """Beside the voice: what the applicant may read, and what stays between members of staff."""
    far = approver.page
    await far.get_by_label("消息，申请人可见").fill(SAID)
    await far.get_by_label("消息，申请人可见").press("Enter")
    await expect(window.page.locator("[data-saying]").last).to_contain_text(SAID)
    await far.locator('[role="tab"][data-lane="staff"]').click()
    await far.get_by_label("消息，仅工作人员").fill("这一户上周来过")
    await far.get_by_label("消息，仅工作人员").press("Enter")
    await expect(window.page.locator('[data-lane="staff"] [data-unread]')).to_be_visible()
    await far.locator('[role="tab"][data-lane="shared"]').click()


async def send_a_form_and_have_it_back(window: Desk, approver: Desk, folder: Path) -> None:
    """The approver sends a blank form into the same record; the window returns it signed."""
    page, far = window.page, approver.page
    form = folder / "授权委托书.pdf"
    form.write_bytes(scan(9))
    await far.locator("[data-tool=send]").click()
    await far.locator("[data-sending] input[type=file]").set_input_files(str(form))
    await far.locator("[data-send]").click()
    row = page.locator("[data-sent-file=blank_form]")
    await expect(row).to_have_attribute("data-state", "stored")
    await expect(row).to_contain_text("授权委托书.pdf")
    await row.get_by_role("button", name="看授权委托书.pdf").click()
    await expect(page.locator("[data-shown=true]")).to_be_visible()
    await row.locator("input[type=file]").set_input_files(str(form))
    await expect(row.get_by_text("已交回")).to_be_visible()
    await expect(row.get_by_role("button", name="看交回的")).to_be_visible()
    await far.locator("[data-sending]").get_by_role("button", name="返回").click()


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
    # both sides of a card are wanted
    await page.locator('[data-line="identity"] [data-side="2"]').set_input_files(
        {"name": "反面.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
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
    await screens.take(approver, "approver-desk", large=True, called=True)
    await judges(far)
    await far.keyboard.press("1")
    await state_of(page, "application", "accepted")
    await far.locator('[data-line="appointment"] .thumb').click()
    await judges(far)
    await far.keyboard.press("2")
    await far.get_by_label("补正理由").fill("缺落款日期")
    await far.get_by_role("button", name="退回补正").click()
    await state_of(page, "appointment", "returned")
    await expect(page.locator('[data-line="appointment"]')).to_contain_text("缺落款日期")
    # C17: a replacement keeps the version before
    await page.get_by_label("上传文件到：原负责人免职文件与新负责人任职文件").set_input_files(
        {"name": "任职文件（补）.pdf", "mimeType": "application/pdf", "buffer": scan(3)}
    )
    await page.locator("[data-pick-it]").click()
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
    await expect(field(far, "new_identity_number")).to_contain_text("110105************")
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
    await screens.take(window, "window-desk", large=True, called=True)
    await page.keyboard.press("Alt+a")
    await expect(day).to_have_value("2026-11-18")
    await expect(field(far, "appointed_on")).to_contain_text("2026-11-18")


async def tell_all_at_once(window: Desk, approver: Desk, screens: Screens) -> None:
    """C25: a comment and a lacking point go into one notice, which the window reads and prints."""
    page, far = window.page, approver.page
    row = field(far, "contact_phone")
    await row.locator('[data-tool="comment"]').click()
    await row.get_by_label("写审查意见：联系电话").fill("请确认能接通")
    await row.get_by_role("button", name="提出意见", exact=True).click()
    await far.locator('[data-side="checks"]').click()
    check = far.locator("[data-check]").first
    await check.locator('[data-verdict="lacking"]').click()
    await far.keyboard.type("未带原件")
    await far.keyboard.press("Enter")
    await expect(check).to_contain_text("未带原件")
    await far.locator('[data-decision="to_correct"]').click()
    for words in ("请确认能接通", "未带原件"):
        await expect(far.locator("[data-preview]")).to_contain_text(words)
    # files came that nobody has looked at: said before it is confirmed
    await expect(far.locator("form.decision [data-unlooked]")).to_be_visible()
    await expect(far.locator("[data-look-first]")).to_be_in_viewport(ratio=1)
    await expect(far.locator("[data-confirm]")).to_be_in_viewport(ratio=1)
    await far.locator("[data-confirm]").click()
    await expect(page.locator('[data-decided="to_correct"]')).to_contain_text("未带原件")
    paper = page.locator("[data-paper=correction]")
    await expect(paper).to_have_attribute("data-paper-state", "ready", timeout=60_000)
    await paper.get_by_role("button", name="看补正材料通知书").click()
    await expect(page.locator("[data-paper-shown=correction] [data-drawn]").first).to_be_visible()
    await screens.take(window, "window-notice", large=True)
    # answered and seen to be well: neither stands in the way any more
    await far.locator('[data-side="checks"]').click()
    await check.locator('[data-verdict="ok"]').click()
    await expect(check).to_have_attribute("data-check-verdict", "ok")
    await row.locator("[data-resolve]").click()
    await expect(field(page, "contact_phone").locator("[data-tool=comment]")).not_to_have_attribute(
        "data-open-comments", "1"
    )


async def sign_and_hand_in(window: Desk, screens: Screens) -> str:
    """The applicant reads and signs on the screen that is turned to him; returns the 办件编号."""
    page = window.page
    await page.locator("[data-review]").click()
    panel = page.locator("[data-submit]")
    await expect(panel.locator("[data-summary]")).to_be_visible()
    await screens.grow(window, "window-summary")
    await panel.locator("[data-ask=turn]").click()
    turned = page.locator("[data-turned]")
    await turned.locator("[data-end]").scroll_into_view_if_needed()
    await turned.locator("[data-answer=write]").click()
    await write(page, turned.locator("[data-pad]"))
    await turned.locator("[data-answer=sign]").click()
    await expect(turned.locator("[data-stage=signed] [data-signature] path").first).to_be_attached()
    await turned.locator("[data-back]").click()
    await panel.locator("[data-hand-in]").click()
    await expect(panel).to_have_attribute("data-submitted", "true")
    number = (await panel.locator("[data-number]").inner_text()).split()[-1]
    await expect(page.locator("[data-paper=receipt]")).to_have_attribute(
        "data-paper-state", "ready", timeout=60_000
    )
    return number


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


async def decide(window: Desk, approver: Desk, screens: Screens) -> str:
    far = approver.page
    # P10: the days to the due date are there before the decision; what is missing is said
    await expect(far.get_by_role("group", name="办理期限推算")).to_be_visible()
    # the next step is to look at what nobody has judged, and only one button says so
    filled, review = far.locator(".foot .filled"), far.locator("[data-step=review]")
    await expect(review).to_have_text(re.compile("审看材料"))
    await expect(filled).to_have_count(1)
    await review.click()
    await expect(far.locator("[data-review] input").first).to_be_focused()
    await expect(far.get_by_role("button", name="受理 · 5 份待审看")).to_have_attribute(
        "aria-disabled", "true"
    )
    for key in ("appointment", "identity", "licence"):
        await far.locator(f'[data-line="{key}"] .thumb').click()
        await judges(far)
        await far.keyboard.press("1")
        if key == "identity":
            # the other side of the card opens by itself
            front, back = (f'[data-line="identity"] [data-slot="{side}"]' for side in (1, 2))
            await expect(far.locator(front)).to_have_attribute("data-state", "accepted")
            await expect(far.locator(f"{back} .file")).to_have_attribute("aria-pressed", "true")
            await judges(far)
            await far.keyboard.press("1")
        await state_of(window.page, key, "accepted")
    # one more came that is on no line
    await expect(filled).to_have_text(re.compile("审看材料（1 份待审看）"))
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
    # a head with a number in a call, a foot with all that follows a decision
    await screens.take(approver, "approver-decided", called=True)
    await screens.take(window, "window-decided-in-call", called=True)
    return number


async def rate(window: Desk, screens: Screens) -> None:
    """A10, C10: asked on his own screen once the call has ended; a bad one says why; the clerk sees nothing."""
    page = window.page
    # the case is decided: the one filled button ends the call and turns the screen to him
    await expect(page.locator(".foot .filled")).to_have_count(1)
    await page.locator("[data-step=finish]").click()
    turned = page.locator("[data-turned]")
    asked = turned.locator("[data-rate]")
    await expect(asked.get_by_text("请您评价这次服务")).to_be_visible()
    await asked.locator('[data-level="4"]').check(force=True)
    await asked.locator('[data-answer="rate"]').click()
    await expect(asked.get_by_role("alert")).to_contain_text("请选一项原因")
    await asked.locator('[data-reason="repeated"]').check()
    await screens.take(window, "turned-rate", large=True)
    await asked.locator('[data-answer="rate"]').click()
    await expect(asked.get_by_text("谢谢您的评价")).to_be_visible()
    await asked.locator('[data-answer="leave"]').click()
    await expect(asked).to_be_hidden()
    await turned.locator("[data-back]").click()
    await expect(page.locator(".foot .filled")).to_be_focused()
    # closed, and the lock lies over no arrow
    closed = page.locator('[data-field="delivery"] select')
    await expect(closed).to_be_disabled()
    await expect(closed).to_have_css("appearance", "none")
    await expect(page.get_by_text("不满意")).to_have_count(0)


async def supervise(desk: Desk, node: Running, number: str, screens: Screens) -> None:
    """S3, S4: found by number, staff, file and words; played; the ledger holds; the form of a second."""
    page = desk.page
    await desk.sign_in(node.address, "chenli", demo.PASSWORD)
    await page.wait_for_url("**/supervisor/calls")
    rows = page.get_by_role("region", name="通话记录").locator(".rows").get_by_role("button")
    await page.get_by_label("办件编号").fill(number)
    await expect(rows).to_have_count(2)  # the cancelled one and the one that was answered
    await screens.take(desk, "supervisor-log")
    await page.get_by_label("办件编号").fill("0" * 43)
    await expect(page.get_by_text("没有符合条件的通话")).to_be_visible()
    await screens.take(desk, "supervisor-log-empty")
    await page.get_by_label("办件编号").fill("")
    await page.get_by_label("人员").fill("周明远")
    await expect(rows).to_have_count(1)
    await page.get_by_label("说过的话", exact=True).fill(SAID[:6])
    await page.get_by_label("文件名", exact=True).fill("授权委托书")
    await expect(rows).to_have_count(1)
    await rows.first.click()
    await page.wait_for_url("**/supervisor/calls/*")
    await expect(page.get_by_text(number).filter(visible=True).first).to_be_visible()
    # one picture a party, though the window came in two segments
    videos = page.locator("[data-playback] video")
    await expect(videos).to_have_count(3, timeout=20_000)
    await expect(page.locator("[data-integrity]")).to_have_attribute(
        "data-state", "whole", timeout=20_000
    )
    await expect(page.get_by_text("存证一致")).to_be_visible()
    # S4, A10: only here it is read what the applicant said of the service
    await page.get_by_label("找文件名、字段、说过的话").fill("评价")
    await expect(page.locator('[data-event][data-kind="rated_4"]')).to_have_count(1)
    # the second of an edit: the form stands as it stood then
    await page.get_by_label("找文件名、字段、说过的话").fill("任职日期")
    await page.locator('[data-event][data-kind="adopted"]').first.get_by_role("button").click()
    then = page.locator('[data-then="appointed_on"]')
    await expect(then).to_have_attribute("data-value", "2026-11-18")
    await page.locator('[data-event][data-kind="edited"]').first.get_by_role("button").click()
    await expect(then).to_have_attribute("data-value", "2026-11-20")
    began = float(str(await page.locator(".replay").get_attribute("data-position")))
    await page.locator("[data-play]").click()

    async def plays() -> str | None:
        at = float(str(await page.locator(".replay").get_attribute("data-position")))
        return None if at > began + 0.8 else f"at {at} s"

    await until(plays, 15)
    await page.locator("[data-play]").click()
    await screens.take(desk, "supervisor-call", large=True)
