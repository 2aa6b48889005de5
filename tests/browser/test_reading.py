"""Pages for those who read large, on a narrow screen or in English: text that grows, columns that stack, words of whom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.screens import Screens
from tests.kit.talks import REGISTER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

PLACES = {
    "/admin": "table",
    "/admin/items": "[data-item]",
    f"/admin/items/{demo.FOUNDING}/form": "textarea",
    "/admin/papers": "[data-preview] img",
}
OF_ALL = {"/admin/calendar": "[data-day]", "/admin/health": "[data-part]"}
"""What an operator has."""


async def size_of(page: Page, selector: str) -> float:
    """The size of this text, in px."""
    said = await page.locator(selector).first.evaluate("one => getComputedStyle(one).fontSize")
    return float(said.removesuffix("px"))


async def test_text_follows_its_reader_and_pages_fold(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path) as node, chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "admin", demo.PASSWORD)
        await page.wait_for_url("**/admin")
        for place, there in PLACES.items():
            await page.goto(node.address + place)
            await expect(page.locator(there).first).to_be_visible()
            # nobody is on the other side: the ink is a bar on top, as wide as the page
            bar = await page.locator(".ink").first.bounding_box()
            assert bar is not None
            assert bar["width"] == 1366, (place, bar)
            assert bar["height"] <= 64, (place, bar)
            await screens.take(desk, "reading" + place.replace("/", "-").replace("_", "-"))

        # as large as this person had it last, and no other
        await page.goto(f"{node.address}/admin")
        cell = ".list-table th"
        assert await size_of(page, cell) == 13
        await page.set_viewport_size({"width": 1920, "height": 1080})
        assert await size_of(page, cell) > 13.5
        await page.set_viewport_size({"width": 1366, "height": 768})
        await page.locator("[data-text-size]").select_option("largest")
        await screens.take(desk, "reading-largest")
        await page.reload()
        await expect(page.locator(cell).first).to_be_visible()
        assert round(await size_of(page, cell), 1) == 16.9
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url("**/sign-in")
        await desk.sign_in(node.address, "yunwei", demo.PASSWORD)
        await page.wait_for_url("**/admin/health")
        for place, there in OF_ALL.items():
            await page.goto(node.address + place)
            await expect(page.locator(there).first).to_be_visible()
            await screens.take(desk, "reading" + place.replace("/", "-"))
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url("**/sign-in")
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await page.wait_for_url("**/window")
        assert await size_of(page, ".small") == 13

        # the desk of a window, folded, and in English
        await page.evaluate(REGISTER, [demo.PRINCIPAL, "register-case-1"])
        await page.reload()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await screens.take(desk, "reading-window")
        await page.get_by_role("button", name="English").click()
        row = page.locator("tbody tr")
        day = re.compile(r"^\d{1,2} [A-Z][a-z]{2,3} \d{4}$")
        await expect(row.locator(".clock")).to_have_attribute("title", day)
        await expect(row.locator("[data-due]")).to_contain_text(re.compile(r"^\d days? left$"))
        await expect(row.locator("td.item[lang=zh-CN]")).to_contain_text("分公司负责人变更登记")
        await expect(page.locator("[data-own-words]")).to_contain_text("in Chinese")
        await screens.take(desk, "reading-window-en")
        assert desk.complaints == []
    screens.check()
