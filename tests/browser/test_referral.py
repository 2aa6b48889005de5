"""转办 on the real pages: found by pinyin, told on both, and who passed it on reads until the call ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.kit.screens import Screens
from tests.kit.talks import talking

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

UNIT = "聊城市东昌府区政务服务中心"
WHY = "负责人变更的分公司已迁至东昌府区"


async def test_a_case_is_referred_in_the_call(tmp_path: Path) -> None:
    screens = Screens()
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page
        await approver.locator("[data-decision=referred]").click()
        panel = approver.locator("[data-refer]")
        unit = panel.get_by_role("combobox", name="转往单位")
        await expect(unit).to_be_focused()
        # nothing lies over the reason before one types
        await expect(unit).to_have_attribute("aria-expanded", "false")
        await panel.locator("[data-confirm]").click()
        await expect(panel.get_by_text("请从列表中选择单位")).to_be_visible()
        await expect(panel.get_by_text("请写明理由")).to_be_visible()
        await unit.fill("dcf")
        await expect(panel.get_by_role("option")).to_have_count(1)
        await expect(panel.get_by_role("option")).to_contain_text(f"{UNIT}聊城东昌府")
        await unit.press("Enter")
        await expect(unit).to_have_value(UNIT)
        await panel.get_by_label("理由").fill(WHY)
        await screens.take(talk.approver, "refer")
        await panel.locator("[data-confirm]").click()

        for page in (window, approver):
            note = page.locator("[data-referred]")
            await expect(note).to_contain_text(f"已转办至{UNIT}")
            await expect(note).to_contain_text(WHY)
            await expect(note).to_contain_text("邀请该单位加入")
        await expect(approver.locator(".desk")).to_have_attribute("data-audience", "third")
        await expect(approver.locator("[data-decision]")).to_have_count(0)
        await expect(approver.locator("[data-referred]")).to_be_focused()
        await expect(approver.locator("footer.third")).to_contain_text(f"本件已转办至{UNIT}")
        await screens.take(talk.approver, "referred-approver", called=True)
        await screens.take(talk.window, "referred-window", called=True)
        screens.check()

        await window.get_by_role("button", name="挂断").click()
        await expect(approver.get_by_text("本次会商已结束，办件不再可见")).to_be_visible()
        await expect(approver.locator("[data-referred-to]")).to_contain_text(f"已转办至{UNIT}")
        await expect(approver.locator("[data-referred-to]")).to_contain_text(WHY)
        await expect(approver.locator("[data-back-to-list]")).to_be_focused()
        assert talk.window.complaints == talk.approver.complaints == []
