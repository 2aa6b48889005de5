"""The whole story by keyboard alone: from signing in to hanging up, not one click.

Two people, a Chromium each; the applicant uses the clerk's keyboard on the screen that was turned
round. Files come through the browser's own chooser, which is opened by Enter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import meets, node, scan, state_of
from tests.kit.browsers import Desk, chromium
from tests.kit.keyboard import Keyboard
from tests.kit.peer import GREEN, RED
from tests.kit.screens import Screens
from tests.kit.talks import judges
from tests.kit.until import until

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LINES: Final = ("application", "appointment", "identity", "licence")
FIELDS: Final = {
    "branch_name": "济南禾川检测技术有限公司青岛西海岸分公司",
    "branch_credit_code": "91350100M000100Y43",
    "old_principal": "刘启明",
    "new_principal": "孙雅宁",
    "new_identity_number": "11010519491231002X",
    "appointed_on": "2026-11-20",
    "contact_phone": "13805316217",
}
KEEP_SPOKEN: Final = """() => {
    const region = document.querySelector('[role=status].region')
    const said = (window.spoken = [])
    const seen = new MutationObserver(() => said.push(region.textContent))
    seen.observe(region, { childList: true, characterData: true, subtree: true })
}"""
"""Keeps what the page says aloud from now on: it stands for some seconds, and the next sentence takes its place."""
CHOICES: Final = ("appointment_way", "delivery")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def sign_in(hands: Keyboard, node: Running, login: str, lands: str) -> None:
    page = hands.desk.page
    await page.goto(f"{node.address}/sign-in")
    await expect(page.locator("#login")).to_be_focused()
    await hands.write(login)
    await hands.press("Tab")
    await hands.write(demo.PASSWORD)
    await hands.press("Enter")
    await page.wait_for_url(f"**/{lands}")


async def active(page: Page) -> None:
    await expect(page.locator(".call-pane")).to_have_attribute(
        "data-phase", "active", timeout=30_000
    )


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


async def test_the_whole_story_without_a_mouse(
    node: Running, stack: AsyncExitStack, tmp_path: Path
) -> None:
    screens = Screens()
    window = await Desk.open(await stack.enter_async_context(chromium(tmp_path, RED, 440)))
    approver = await Desk.open(await stack.enter_async_context(chromium(tmp_path, GREEN, 660)))
    clerk, judge = Keyboard(window), Keyboard(approver)
    page, far = window.page, approver.page

    await sign_in(judge, node, "zhoumingyuan", "approver")
    await judge.enter(far.get_by_role("button", name="上岗接听"))
    await expect(far.locator("[data-duty]")).to_have_attribute("data-duty", "online")
    await expect(far.locator("[data-duty-set]")).to_be_focused()
    await sign_in(clerk, node, "lixiulan", "window")
    await register(clerk)
    await expect(page.locator(".call-pane .numbers b").nth(1)).to_have_text("1")
    await clerk.press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await clerk.enter(page.get_by_role("button", name="申请人同意"))

    # the ring takes the focus, on the key that answers
    await expect(far.get_by_role("alertdialog")).to_be_visible()
    await expect(far.get_by_role("button", name="接听")).to_be_focused()
    await judge.press("Enter")
    await far.wait_for_url("**/approver/cases/*")
    for one in (page, far):
        await active(one)
    # what the call is about has the focus then, whatever came first: the page or the call
    await expect(far.locator(".thumb").first).to_be_focused()
    await meets(window, GREEN, 660)
    await meets(approver, RED, 440)

    await bring_materials(clerk, tmp_path)
    await fill(clerk)
    await propose_and_adopt(clerk, judge)
    await talk(clerk, judge)
    await review(clerk, judge, tmp_path)
    await comment_and_resolve(clerk, judge)
    await sign_and_hand_in(clerk, screens)
    await decide(clerk, judge)

    looks = far.locator("[data-looks]")
    await expect(looks).to_have_count(1)
    # F2 leads to the call keys
    await clerk.press("F2")
    await expect(page.locator("[data-key=microphone]")).to_be_focused()
    await clerk.enter(page.locator("[data-key=hang_up]"))
    for one in (page, far):
        await expect(one.locator(".call-pane")).to_have_attribute("data-phase", "ended")
    await expect(page.locator("[data-step=rate]")).to_be_focused()
    # who hung up is not said to look any more
    await expect(looks).to_have_count(0)
    for hands in (clerk, judge):
        await hands.stays("hanging up")
    await clerk.press("Control+Enter")
    await expect(page.locator("[data-turned] [data-rate]")).to_be_visible()
    assert clerk.faults | judge.faults == set()
    assert [*window.complaints, *approver.complaints] == []
    screens.check()


async def register(clerk: Keyboard) -> None:
    page = clerk.desk.page
    await clerk.to(page.get_by_label("事项", exact=True))
    await clerk.write("分公司负责人")
    await expect(page.locator("[role=option]")).to_have_count(1)
    await clerk.press("Enter")
    for label, text in (
        ("申请人", "孙雅宁"),
        ("居民身份证号码", "11010519491231002X"),
        ("联系电话", "13805316217"),
        ("企业信用代码", "91350100M000100Y43"),
    ):
        await clerk.to(page.get_by_label(label, exact=True))
        await clerk.write(text)
    await clerk.press("Control+Enter")
    await page.wait_for_url("**/window/cases/*")
    await expect(page.locator("[data-case]")).to_be_visible()
    # the next act has the focus
    await expect(page.locator(".foot [data-consent=ask]")).to_be_focused()


async def bring_materials(clerk: Keyboard, folder: Path) -> None:
    page = clerk.desk.page
    for number, key in enumerate(LINES, 1):
        paper = folder / f"{key}.pdf"
        paper.write_bytes(scan(number, 2 if key == "identity" else 1))
        await clerk.choose(page.locator(f'[data-line="{key}"] input[type=file]'), paper)
        await state_of(page, key, "unread")


async def fill(clerk: Keyboard) -> None:
    page = clerk.desk.page
    for name, text in FIELDS.items():
        await clerk.to(field(page, name).locator("input"))
        await clerk.write(text)
    for name in CHOICES:
        await clerk.to(field(page, name).locator("select"))
        await clerk.press("ArrowDown", "Tab")
    await expect(page.get_by_text("材料和申请表已齐")).to_be_visible()


async def propose_and_adopt(clerk: Keyboard, judge: Keyboard) -> None:
    page, far = clerk.desk.page, judge.desk.page
    row = field(far, "appointed_on")
    await expect(row).to_contain_text("2026-11-20")
    # one stop a field: to point; with the focus there a key opens the proposal
    await judge.to(row.locator("[data-tool=point]"))
    await judge.press("Alt+s")
    await expect(far.get_by_label("建议改为")).to_be_focused()
    await judge.press("Control+a")
    await judge.write("2026-11-18")
    await judge.press("Tab")
    await judge.write("任职文件第 1 页")
    await judge.press("Enter")
    await expect(row.locator("[data-tool=point]")).to_be_focused()
    await expect(field(page, "appointed_on").locator("[data-proposal]")).to_contain_text(
        "2026-11-18"
    )
    await far.evaluate(KEEP_SPOKEN)
    await clerk.press("Alt+a")
    await clerk.stays("Alt A")
    await expect(field(page, "appointed_on").locator("input")).to_have_value("2026-11-18")

    async def unsaid() -> str | None:
        said: list[str] = await far.evaluate("window.spoken")
        return None if any("窗口采用了您对任职日期的建议" in one for one in said) else f"{said}"

    await until(unsaid, 10)


async def talk(clerk: Keyboard, judge: Keyboard) -> None:
    page, far = clerk.desk.page, judge.desk.page
    await judge.press("Control+Shift+M")
    await judge.write("请核对右边的日期")
    await judge.press("Enter")
    await expect(page.locator("[data-saying]")).to_contain_text("请核对右边的日期")
    await clerk.press("Alt+p")
    await expect(page.get_by_role("combobox", name="文字或拼音首字母")).to_be_focused()
    await clerk.press("Escape")
    await clerk.stays("Escape from the phrases")
    await clerk.press("Control+Shift+M")
    await clerk.write("已核对")
    await clerk.press("Enter")
    await expect(far.locator("[data-saying]").last).to_contain_text("已核对")
    # what is between members of staff, in the other lane
    await clerk.to(page.locator('[role="tab"][data-lane="shared"]'), back=True)
    await clerk.press("ArrowRight")
    await clerk.to(page.get_by_label("消息，仅工作人员"))
    await clerk.write("申请人赶时间")
    await clerk.press("Enter")
    await expect(far.locator('[data-lane="staff"] [data-unread]')).to_be_visible()


async def review(clerk: Keyboard, judge: Keyboard, folder: Path) -> None:
    """One is returned with its reason and brought anew; then each is accepted."""
    page, far = clerk.desk.page, judge.desk.page
    await judge.enter(far.locator('[data-line="application"] .thumb'))
    await expect(far.locator(".document [data-drawn]").first).to_be_visible()
    await judges(far)
    await judge.press("2")
    await expect(far.get_by_label("补正理由")).to_be_focused()
    await judge.write("缺落款日期")
    await judge.press("Enter")
    await state_of(page, "application", "returned")
    anew = folder / "申请书（补）.pdf"
    anew.write_bytes(scan(5))
    await clerk.choose(page.locator('[data-line="application"] input[type=file]'), anew)
    # what was returned is what it most likely replaces
    await expect(page.locator("[data-asking=placing] input:checked")).to_be_focused()
    await clerk.press("Enter")
    await state_of(far, "application", "unread")
    for key in ("appointment", "identity", "licence", "application"):
        await judge.enter(far.locator(f'[data-line="{key}"] .thumb'))
        await expect(far.locator(".document[data-shown]")).to_be_visible()
        await judges(far)
        await judge.press("1")
        await state_of(page, key, "accepted")


async def comment_and_resolve(clerk: Keyboard, judge: Keyboard) -> None:
    page, far = clerk.desk.page, judge.desk.page
    row = field(far, "contact_phone")
    await judge.to(row.locator("[data-tool=point]"))
    await judge.press("Alt+c")
    await expect(row.get_by_label("写审查意见：联系电话")).to_be_focused()
    await judge.write("请确认能接通")
    await judge.enter(row.get_by_role("button", name="提出意见", exact=True))
    theirs = field(page, "contact_phone").locator("[data-tool=comment]")
    await expect(theirs).to_have_attribute("data-open-comments", "1")
    await clerk.enter(theirs)
    await clerk.to(page.get_by_label("回复关于联系电话的审查意见"))
    await clerk.write("已打通")
    await clerk.enter(page.locator("[data-comment]").get_by_role("button", name="回复"))
    await expect(row.locator("[data-comment]")).to_contain_text("已打通")
    await judge.enter(row.locator("[data-resolve]"))
    await expect(theirs).not_to_have_attribute("data-open-comments", "1")
    await expect(far.locator(".foot .filled")).to_be_focused()


async def sign_and_hand_in(clerk: Keyboard, screens: Screens) -> None:
    page = clerk.desk.page
    await clerk.press("Control+Enter")
    await expect(page.locator("[data-submit] [data-summary]")).to_be_visible()
    await expect(page.locator("[data-submit] .sheet")).to_be_focused()
    await clerk.enter(page.locator("[data-ask=turn]"))
    turned = page.locator("[data-turned]")
    await expect(turned.locator("[data-summary]")).to_be_visible()
    # signing is offered at the end of what is read
    await clerk.to(turned.locator("[data-sheet]"))
    await clerk.press("End")
    await clerk.enter(turned.locator("[data-answer=write]"))
    await clerk.to(turned.locator("[data-pad-keys]"))
    # two strokes: Space sets the pen down and lifts it
    for way in ("ArrowDown", "ArrowRight"):
        await clerk.press("Space", *[way] * 8, "Space", "ArrowRight", "ArrowRight", "ArrowUp")
    await screens.take(clerk.desk, "turned-keyboard")
    await clerk.press("Backspace")
    await clerk.press("Space", *["ArrowRight"] * 6, "ArrowUp", "Space")
    await clerk.enter(turned.locator("[data-answer=sign]"))
    await expect(turned.locator("[data-stage=signed] [data-signature] path").first).to_be_attached()
    await clerk.enter(turned.locator("[data-back]"))
    await expect(turned).to_have_count(0)
    await expect(page.locator("[data-hand-in]")).to_be_focused()
    await clerk.enter(page.locator("[data-hand-in]"))
    await expect(page.locator("[data-submit]")).to_have_attribute("data-submitted", "true")


async def decide(clerk: Keyboard, judge: Keyboard) -> None:
    page, far = clerk.desk.page, judge.desk.page
    # Ctrl Enter is the next step: to the first point that is not checked
    await judge.press("Control+Enter")
    await expect(far.locator("[data-check] [data-verdict]:focus")).to_be_attached()
    accept = far.locator('[data-decision="accepted"]')
    await judge.enter(accept)
    await expect(far.get_by_label("理由")).to_be_focused()
    # put away, it gives the focus back to what opened it
    await judge.press("Escape")
    await expect(accept).to_be_focused()
    await judge.press("Enter")
    await expect(far.get_by_label("理由")).to_be_focused()
    await judge.enter(far.get_by_role("button", name="确认受理"))
    # who decided reads what was decided
    await expect(far.locator("[data-decided]")).to_be_focused()
    shown = far.locator(".foot [data-number]")
    await expect(shown).to_be_visible()
    number = (await shown.inner_text()).split()[-1]
    await expect(page.get_by_text(number).first).to_be_visible()
