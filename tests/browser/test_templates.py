"""Templates of papers in a real browser: a fault by its line, text kept over a reload, versions there and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

DRAWN_MS = 45_000
"""A paper is drawn by a child of its own, behind whatever else the machine does."""
END = "本文书一式两份，一份交申请人，一份存档。"


async def test_a_template_is_tried_out_published_and_taken_back(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path / "node") as node, chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "admin", demo.PASSWORD)
        await page.wait_for_url("**/admin")
        await page.get_by_role("link", name="文书模板").click()
        await page.wait_for_url("**/admin/papers")
        room = page.locator("[data-templates]")
        source, publish = room.locator("textarea.source"), room.locator("[data-publish]")
        preview, standing = room.locator("[data-preview] img"), room.locator("[data-standing]")
        await room.locator("[data-template=refusal]").click()
        await expect(room.locator(".caption h2")).to_have_text("不予受理通知书")
        await expect(preview.first).to_be_visible(timeout=DRAWN_MS)
        await expect(room.locator("[data-template]")).to_have_count(21)
        await expect(standing).to_have_text("系统自带")
        text = await source.input_value()
        assert END in text

        # what is wrong is told with its line, and not published
        await source.fill(text.replace("body-par(decision.reason)", "body-par(decison.reason)", 1))
        fault = room.locator("[data-fault-line]")
        await expect(fault).to_contain_text("没有“decison”这个名称", timeout=DRAWN_MS)
        line = int(str(await fault.get_attribute("data-fault-line")))
        assert "body-par(decision.reason)" in text.split("\n")[line - 1]
        await room.locator("#template-note").fill("按本局样式")
        await expect(publish).to_have_attribute("aria-disabled", "true")
        await screens.take(desk, "admin-template-fault")

        # what is not published outlives a reload
        await source.fill(text.replace(END, "本文书按本局样式制作。"))
        await page.reload()
        await room.locator("[data-template=refusal]").click()
        await expect(room.locator("[data-restored]")).to_be_visible()
        assert "本文书按本局样式制作。" in await source.input_value()
        await expect(room).to_have_attribute("data-checked", "true", timeout=DRAWN_MS)
        await expect(room).to_have_attribute("data-faults", "0")
        await room.locator("#template-note").fill("按本局样式")
        await screens.take(desk, "admin-template")
        await publish.click()
        await expect(standing).to_have_text("第 1 版", timeout=DRAWN_MS)
        versions = room.locator("[data-versions]")
        await expect(versions).to_contain_text("按本局样式")

        # back to the built-in layout, as a version of its own
        await room.locator("[data-take-built-in]").click()
        await expect(publish).not_to_have_attribute("aria-disabled", "true", timeout=DRAWN_MS)
        await publish.click()
        await expect(standing).to_have_text("第 2 版 · 系统自带", timeout=DRAWN_MS)
        assert await source.input_value() == text
        await expect(versions.locator("li")).to_have_count(3)
        assert desk.complaints == []
    screens.check()


async def test_a_supervisor_reads_the_templates_of_his_unit(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path / "node") as node, chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "chenli", demo.PASSWORD)
        await page.wait_for_url("**/supervisor/calls")
        await page.get_by_role("link", name="文书模板").click()
        room = page.locator("[data-templates]")
        await expect(room.locator("textarea.source")).to_have_attribute("readonly", "")
        await expect(room.locator("[data-publish]")).to_have_count(0)
        await room.locator("[data-show=facts]").click()
        await expect(room.locator("[data-facts]")).to_contain_text("made_at")
        await page.get_by_role("link", name="通话记录").click()
        await page.wait_for_url("**/supervisor/calls")
        assert desk.complaints == []
