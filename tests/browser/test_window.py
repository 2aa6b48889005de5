"""The window's side of the story in real browsers: the applicant's screen, and a network that breaks.

Needs the built pages, like every test of this folder. Each person is a Chromium of its own; the
second screen is a window of the clerk's browser, as it is on a desk with two displays.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import (
    active,
    meets,
    node,
    on_duty,
    parties,
    scan,
    shows,
    state_of,
    within,
    write,
)
from tests.kit.browsers import Desk, chromium
from tests.kit.peer import GREEN, RED, Colour
from tests.kit.screens import Screens
from tests.kit.until import borne, until

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WHOLE_NUMBER = "11010519491231002X"
FIELDS = {
    "branch_name": "济南禾川检测技术有限公司青岛西海岸分公司",
    "branch_credit_code": "91350100M000100Y43",
    "old_principal": "刘启明",
    "new_principal": "孙雅宁",
    "new_identity_number": WHOLE_NUMBER,
    "appointed_on": "2026-11-20",
    "contact_phone": "13805316217",
}


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def desk_of(stack: AsyncExitStack, tmp_path: Path, colour: Colour, tone_hz: int) -> Desk:
    return await Desk.open(await stack.enter_async_context(chromium(tmp_path, colour, tone_hz)))


async def in_call(window: Desk, approver: Desk, node: Running) -> None:
    """A case is registered, the applicant agrees to the recording, the approver answers."""
    await on_duty(approver, node, "zhoumingyuan")
    await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
    page = window.page
    await page.wait_for_url("**/window")
    await page.get_by_label("事项", exact=True).fill("分公司负责人")
    await page.get_by_role("option").filter(has_text="分公司负责人变更登记").click()
    await page.get_by_label("申请人", exact=True).fill("孙雅宁")
    await page.get_by_label("身份证号").fill(WHOLE_NUMBER)
    await page.get_by_label("联系电话").fill("13805316217")
    await page.get_by_label("企业信用代码").fill("91350100M000100Y43")
    await page.get_by_role("button", name="登记办件").click()
    await page.wait_for_url("**/window/cases/*")
    await page.get_by_role("button", name="发起云见面").click()
    await page.get_by_role("button", name="申请人同意").click()
    await approver.page.get_by_role("alertdialog").get_by_role("button", name="接听").click()
    for desk in (window, approver):
        await active(desk)


@pytest.mark.timed
async def test_a_network_that_breaks_and_a_call_that_is_not_hung_up_by_mistake(
    node: Running, stack: AsyncExitStack, tmp_path: Path
) -> None:
    window = await desk_of(stack, tmp_path, RED, 440)
    approver = await desk_of(stack, tmp_path, GREEN, 660)
    await in_call(window, approver, node)
    page = window.page
    microphone = page.locator("[data-key=microphone]")

    # C12: the keys do what the help says, and are inert where someone types
    await page.keyboard.press("Control+Shift+Slash")
    keys = page.get_by_role("dialog").locator("kbd")
    await expect(keys.first).to_be_visible()
    assert {"Ctrl D", "Ctrl E", "V", "F2", "Ctrl Shift M"} <= set(await keys.all_inner_texts())
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("Control+d")
    await expect(microphone).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Control+Shift+M")
    entry = page.locator("[data-messages] textarea")
    await expect(entry).to_be_focused()
    await page.keyboard.down("v")
    await expect(entry).to_have_value("v")
    await page.keyboard.up("v")
    await expect(microphone).to_have_attribute("aria-pressed", "true")
    await entry.fill("")
    await page.keyboard.press("F2")
    await expect(microphone).to_be_focused()
    await page.keyboard.down("v")
    await expect(microphone).to_have_attribute("aria-pressed", "false")
    await page.keyboard.up("v")
    await expect(microphone).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Control+d")
    await expect(microphone).to_have_attribute("aria-pressed", "false")

    # C22: told within 3 s, work goes on, the same call is back without a ring
    call_id = await page.locator(".call-pane").get_attribute("data-call")
    began = time.monotonic()
    await page.context.set_offline(True)
    await expect(page.get_by_text("本方网络断开").first).to_be_visible(timeout=1_000 * borne(3))
    assert time.monotonic() - began < borne(3)
    field = page.locator('[data-field="old_principal"] input')
    await field.fill("刘启明")
    await field.blur()

    async def told_there() -> str | None:
        found = await parties(approver)
        return None if found[1] in ("silent", "lost") else f"there the window is {found}"

    await until(told_there, 10)
    await page.context.set_offline(False)

    async def back() -> None:
        await active(window)
        await active(approver)

    await within(30.0, back)
    assert await page.locator(".call-pane").get_attribute("data-call") == call_id
    assert await approver.page.get_by_role("alertdialog").count() == 0
    far_field = approver.page.locator('[data-field="old_principal"]')
    await expect(far_field).to_contain_text("刘启明")
    await meets(window, GREEN, 660)

    # C26: hanging up asks only while something is unfinished
    await field.fill("刘启")
    await page.locator('[data-field="appointed_on"] input').fill("2026-99")
    await page.locator('[data-field="appointed_on"] input').blur()
    await page.get_by_role("button", name="挂断", exact=True).click()
    asked = page.locator("[data-unfinished]")
    await expect(asked).to_contain_text("没有保存")
    await asked.locator("[data-stay]").click()
    await active(window)
    await page.locator('[data-field="appointed_on"] input').fill("2026-11-18")
    await page.locator('[data-field="appointed_on"] input').blur()
    await expect(page.get_by_text("已保存")).to_be_visible()
    await page.get_by_role("button", name="挂断", exact=True).click()
    await expect(page.locator(".call-pane")).to_have_attribute("data-phase", "ended")
    # a browser always tells of connections that could not be made, or were given up before they were
    offline = re.compile("ERR_INTERNET_DISCONNECTED|is closed before the connection is established")
    assert [line for line in window.complaints if not offline.search(line)] == []
    assert approver.complaints == []


async def fill_in(page: Page, tmp_path: Path) -> None:
    for number, key in enumerate(("application", "appointment", "identity", "licence"), 1):
        file = tmp_path / f"{key}.pdf"
        file.write_bytes(scan(number, 2 if key == "identity" else 1))
        await page.locator(f'[data-line="{key}"] input[type=file]').set_input_files(str(file))
        await state_of(page, key, "unread")
    for name, value in FIELDS.items():
        entry = page.locator(f'[data-field="{name}"] :is(input, textarea)').first
        await entry.fill(value)
        await entry.blur()
    for choice in await page.locator("[data-field] select").all():
        await choice.select_option(index=1)
    await expect(page.get_by_text("材料和申请表已齐")).to_be_visible()


async def test_the_applicant_reads_signs_and_gets_a_receipt(
    node: Running, stack: AsyncExitStack, tmp_path: Path
) -> None:
    screens = Screens()
    window = await desk_of(stack, tmp_path, RED, 440)
    approver = await desk_of(stack, tmp_path, GREEN, 660)
    await in_call(window, approver, node)
    page, far = window.page, approver.page
    await fill_in(page, tmp_path)

    # C10: a window of its own; the approver's picture, the document, never what is between staff
    async with page.context.expect_page() as opened:
        await page.locator("[data-second]").click()
    second = Desk(await opened.value)
    screen = second.page
    await screen.set_viewport_size({"width": 1920, "height": 1080})
    await shows(second, ".face video", GREEN)
    await expect(screen.get_by_text("周明远")).to_be_visible()
    await far.locator("[data-lane=staff]").click()
    await far.locator("[data-messages] textarea").fill("内部：先核对公章")
    await far.locator("[data-messages] textarea").press("Enter")
    await expect(page.locator("[data-lane=staff] [data-unread]")).to_be_visible()
    await far.locator("[data-lane=shared]").click()
    await far.locator("[data-messages] textarea").fill("请您看右边的日期")
    await far.locator("[data-messages] textarea").press("Enter")
    await expect(screen.get_by_text("请您看右边的日期")).to_be_visible()

    # what is proposed is put before him, and it is he who answers
    row = far.locator('[data-field="appointed_on"]')
    await row.hover()
    await row.get_by_role("button", name="建议改").first.click()
    await far.get_by_label("建议改为").fill("2026-11-18")
    await far.get_by_role("button", name="发给窗口").click()
    await expect(screen.locator("[data-stage=confirm] [data-value]")).to_have_text("2026-11-18")
    await screens.take(second, "applicant-confirm")
    await screen.get_by_role("button", name="大字").click()
    await screen.get_by_role("button", name="高对比").click()
    await screens.take(second, "applicant-large")
    await screen.get_by_role("button", name="高对比").click()
    await screen.get_by_role("button", name="大字").click()
    await screen.locator("[data-answer=question]").click()
    await expect(far.locator("[data-messages]")).to_contain_text("我有疑问：任职日期")
    await screen.locator("[data-answer=yes]").click()
    # his word is on the card; the clerk changes the field
    card = page.locator('[data-field="appointed_on"] [data-proposal]')
    await expect(card.locator("[data-answered=yes]")).to_be_visible()
    appointed = page.locator('[data-field="appointed_on"] input')
    await expect(appointed).not_to_have_value("2026-11-18")
    await card.locator(".adopt").click()
    await expect(appointed).to_have_value("2026-11-18")
    await expect(row).to_contain_text("2026-11-18")

    # he may take his consent to the recording back, and is asked first
    await screen.locator("[data-consent=withdraw]").click()
    question = screen.locator("[data-withdraw]")
    await screens.take(second, "applicant-withdraw")
    await question.get_by_role("button", name="继续录制").click()
    await expect(question).to_have_count(0)
    await expect(screen.locator(".rec")).to_be_visible()
    await screen.locator("[data-consent=withdraw]").click()
    await question.locator("[data-consent=withdrawn]").click()
    await expect(screen.locator(".rec")).to_have_count(0)
    await expect(screen.locator("[data-consent=withdraw]")).to_have_count(0)
    for pane in (page, far):
        await expect(pane.locator(".call-pane .recording")).to_have_count(0)

    # C24: the summary is read before it is signed, on the screen that was turned round
    await page.locator("[data-review]").click()
    panel = page.locator("[data-submit]")
    await expect(panel.locator("[data-summary]")).to_be_visible()
    # what changed since the approver last looked, which he did when he proposed, is marked
    marked = panel.locator("[data-summary-field].changed, [data-summary-line].changed")
    await expect(marked).to_have_count(1)
    await expect(marked).to_have_attribute("data-summary-field", "appointed_on")
    hand_in = panel.locator("[data-hand-in]")
    await expect(hand_in).to_have_attribute("aria-disabled", "true")
    await screens.take(window, "window-submit", large=True)
    await panel.locator("[data-ask=turn]").click()
    turned = page.locator("[data-turned]")
    await expect(turned.locator("[data-stage=sign] [data-summary]")).to_be_visible()
    await screens.take(window, "turned-summary")
    # what he signs he can read whole, when he asks for it
    own = turned.locator("[data-summary-field=new_identity_number] dd")
    await expect(own).not_to_contain_text(WHOLE_NUMBER)
    await turned.locator("[data-whole-numbers]").click()
    await expect(own).to_contain_text(WHOLE_NUMBER)
    await turned.locator("[data-end]").scroll_into_view_if_needed()
    await turned.locator("[data-answer=write]").click()
    await expect(turned.locator("[data-answer=sign]")).to_have_attribute("aria-disabled", "true")
    await write(page, turned.locator("[data-pad]"))
    await turned.locator("[data-answer=clear]").click()
    await expect(turned.locator("[data-answer=sign]")).to_have_attribute("aria-disabled", "true")
    await write(page, turned.locator("[data-pad]"))
    await screens.take(window, "turned-pad")
    await turned.locator("[data-answer=sign]").click()
    await expect(turned.locator("[data-stage=signed] [data-signature] path").first).to_be_attached()
    await screens.take(window, "turned-signed")
    for shown in (await turned.inner_text(), await screen.locator("body").inner_text()):
        assert WHOLE_NUMBER not in shown
        assert "公章" not in shown
        # nor what is for the staff: the digest, what changed since the approver looked
        assert "校验值" not in shown
        assert "审批人员上次看过" not in shown
    # a signature is not dropped by one press
    await turned.locator("[data-answer=again]").click()
    await expect(turned.locator("[data-doubt] [data-answer=keep]")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(turned.locator("[data-answer=again]")).to_be_focused()
    # it is the window's turn: the one way on is to give the screen back
    await expect(turned.locator("h1")).to_have_text("您已签名，请交还窗口")
    await expect(turned.locator("[data-stage=signed] .filled")).to_have_count(1)
    await expect(turned.locator("[data-back]")).to_have_count(1)
    await turned.locator(".answers [data-back]").click()

    # A8: what was signed has changed, so it is signed anew
    await panel.get_by_role("button", name="收起").click()
    await page.locator('[data-field="old_principal"] input').fill("刘启民")
    await page.locator('[data-field="old_principal"] input').blur()
    await page.locator("[data-review]").click()
    await expect(panel.get_by_text("须重新签名")).to_be_visible()
    await expect(hand_in).to_have_attribute("aria-disabled", "true")
    await screen.evaluate("window.stays = true")
    await panel.locator("[data-ask=second]").click()
    await expect(screen.locator("[data-outdated]")).to_be_visible()
    # the window that is open is not loaded again
    assert await screen.evaluate("window.stays")
    await screen.locator("[data-end]").scroll_into_view_if_needed()
    await screen.locator("[data-answer=write]").click()
    await write(screen, screen.locator("[data-pad]"))
    await screen.locator("[data-answer=sign]").click()
    await expect(screen.locator("[data-stage=signed]")).to_be_visible()

    # handed in: a number for him, and a receipt that can be read and printed at the window
    await hand_in.click()
    await expect(panel).to_have_attribute("data-submitted", "true")
    await expect(panel.locator("[data-number] .tail")).to_be_visible()
    await expect(screen.locator("[data-stage=done] [data-value]")).to_have_text(
        re.compile(r"^\d{8}\w+$")
    )
    await screens.take(second, "applicant-done")
    receipt = page.locator("[data-paper=receipt]")
    await expect(receipt).to_have_attribute("data-paper-state", "ready", timeout=60_000)
    await receipt.get_by_role("button", name="看收件凭证").click()
    await expect(page.locator("[data-paper-shown=receipt] [data-drawn]").first).to_be_visible()
    await screens.take(window, "window-receipt", large=True)
    await page.evaluate(
        "addEventListener('beforeprint', () => { window.printed ="
        " document.querySelectorAll('.to-print img').length })"
    )
    await receipt.locator("[data-print]").click()

    async def printed() -> str | None:
        return None if await page.evaluate("window.printed || 0") else "nothing was printed"

    await until(printed, 10)

    # the clerk signs out, in the call: how he was served is asked over his sign-in, and waited for; then nothing of it is
    # left before whoever stands there next, nor the form of the staff
    at = page.url
    await page.locator("[data-leave]").click()
    await page.locator("[data-sign-out-go]").click()
    await expect(page.locator("[data-sign-out=rating]")).to_be_visible()
    await screen.locator("[data-rate] [data-answer=skip]").click()
    await page.wait_for_url("**/sign-in")
    await expect(screen.locator("[data-stage=nobody]")).to_be_visible()
    assert "请您看右边的日期" not in await screen.locator("body").inner_text()
    # signed in again with the case open, it comes back by itself
    await page.fill("#login", "lixiulan")
    await page.fill("#password", demo.PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await page.wait_for_url("**/window")
    assert urlsplit(screen.url).path.startswith("/applicant/")
    await expect(screen.locator("[data-stage=nobody]")).to_be_visible()
    await page.goto(at)
    await expect(screen.locator("[data-case]")).to_be_visible()
    # a browser tells of a connection that a page gave up before it stood
    given_up = re.compile("is closed before the connection is established")
    complaints = [*window.complaints, *approver.complaints, *second.complaints]
    assert [line for line in complaints if not given_up.search(line)] == []
    screens.check()
