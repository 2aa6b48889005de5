"""The applicant's own screen in a real browser: what he can press stays in sight, and it never shows another one's case."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from tests.browser.test_right_case import register
from tests.browser.test_story import photo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node, desk_of
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

REASON = (
    "材料不齐，且下列内容填写不完整。请对照办事指南逐项补齐后再来本窗口，原件须一并带来核对。" * 3
)
OUT_OF_SIGHT = """() => [...document.querySelectorAll('[data-answer], [data-large], h1, .until')]
    .filter(one => one.checkVisibility())
    .filter(one => {
        const {top, bottom, left, right} = one.getBoundingClientRect()
        const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
        return top < 0 || bottom > innerHeight || !(one.contains(there))
    })
    .map(one => `${one.className}: ${one.textContent.trim()}`)"""
"""What the applicant reads first or presses, and would have to scroll to."""
SCROLLS = "one => one.scrollHeight > one.clientHeight + 1"


RING_CUT = """() => {
    const one = document.activeElement
    const {outlineOffset, outlineWidth, outlineStyle} = getComputedStyle(one)
    const out = parseFloat(outlineOffset) + parseFloat(outlineWidth)
    if (outlineStyle === 'none') return ['no ring']
    const {top, bottom, left, right} = one.getBoundingClientRect()
    const found = []
    for (let box = one.parentElement; box; box = box.parentElement) {
        if (getComputedStyle(box).overflowX === 'visible') continue
        const edge = box.getBoundingClientRect()
        if (left - out < edge.left - 0.5 || right + out > edge.right + 0.5) found.push(box.className)
    }
    return found
}"""
"""What cuts the ring of the focus at a side."""


async def in_sight(screen: Page) -> None:
    """All that he presses, in both sizes of letters, on a desk's display and a large one; the list alone scrolls."""
    wanted = screen.locator("[data-wanted]")
    for width, height in ((1920, 1080), (1366, 768)):
        await screen.set_viewport_size({"width": width, "height": height})
        for _ in range(2):
            assert await screen.evaluate(OUT_OF_SIGHT) == [], (width, height)
            assert not await screen.locator("#work").evaluate(SCROLLS), (width, height)
            await screen.get_by_role("button", name="大字").click()
    assert await wanted.evaluate(SCROLLS)
    await wanted.press("End")
    await expect(wanted.locator("li").last).to_be_in_viewport()


async def test_a_long_notice_leaves_the_question_in_sight_and_another_case_is_told(
    tmp_path: Path,
) -> None:
    screens = Screens()
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node, chromium(tmp_path) as browser:
        async with desk_of(node, "lixiulan") as clerk, desk_of(node, "zhoumingyuan") as approver:
            one = await register(clerk, demo.PRINCIPAL, "孙雅宁")
            other = await register(clerk, demo.CLOSING, "赵立群")
            location, _ = await clerk.begin(one["id"], "application", len(photo()), "申请书.jpg")
            async with clerk.patch(location, 0, io.BytesIO(photo())) as said:
                assert said.status == 204, await said.text()
            await approver.command(
                "case.decide", case_id=one["id"], decision="to_correct", reason=REASON
            )
            noticed = await clerk.case(one["id"])
        assert len(noticed["decision"]["points"]) >= 7
        window = await Desk.open(browser)
        page = window.page
        await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await page.wait_for_url("**/window")
        await page.goto(f"{node.address}/window/cases/{one['id']}")
        await expect(page.locator("[data-second]")).to_be_visible()
        await expect(page.locator("[data-strayed]")).to_have_count(0)
        async with page.context.expect_page() as opened:
            await page.locator("[data-second]").click()
        second = Desk(await opened.value)
        screen = second.page
        await expect(screen.locator("[data-stage=correct] [data-noticed]").first).to_be_visible()
        await in_sight(screen)
        await screens.take(second, "applicant-correct")
        # the ring of focus is whole at the edge of the pane, too
        await page.locator("[data-tool=search]").press("Enter")
        for part in (".in.search", ".in.search + .tool"):
            await page.locator(f"[data-messages] {part}").focus()
            await page.keyboard.press("Shift")
            assert await page.evaluate(RING_CUT) == [], part
        await page.keyboard.press("Enter")
        # with a page beside it
        await page.locator('[data-line="application"]').first.click()
        await expect(screen.locator("[data-wanted].beside")).to_be_visible()
        await in_sight(screen)

        # the clerk goes on to the next one: nothing of the first stands there, and both sides say so
        await page.locator("[data-back]").click()
        await page.wait_for_url("**/window")
        await expect(screen.locator("[data-stage=nobody]")).to_be_visible()
        await expect(screen.locator("[data-strays]")).to_have_count(0)
        row = page.get_by_role("row").filter(has_text="赵").filter(has_text=other["item"]["name"])
        await row.get_by_role("button").click()
        strayed = page.locator("[data-strayed]")
        await expect(strayed).to_contain_text("申请人屏还开在另一办件，不显示本办件")
        await expect(screen.locator("[data-strays]")).to_contain_text("转到本办件")
        await expect(screen.locator("body")).not_to_contain_text("孙")
        await expect(screen.locator("body")).not_to_contain_text("赵")
        await screens.take(window, "window-screen-elsewhere", large=True)
        await screens.take(second, "applicant-nobody")
        await strayed.locator("[data-bring-screen]").click()
        whose = screen.locator("[data-whose]")
        await expect(whose).to_contain_text("赵** · 分公司注销登记")
        await expect(strayed).to_have_count(0)
        await expect(screen.locator("body")).not_to_contain_text("孙")

        # closed while it stands elsewhere, it is spoken of no more
        await page.goto(f"{node.address}/window/cases/{one['id']}")
        await expect(strayed).to_be_visible()
        await screen.close()
        await expect(strayed).to_have_count(0)
        assert [*window.complaints, *second.complaints] == []
    screens.check()
