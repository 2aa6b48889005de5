"""Where materials come from beside a scan, and what follows them: earlier cases, promises, papers by post."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from server.actions import demo
from tests.browser.test_together import both, paper, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_an_earlier_material_is_used_by_consent(tmp_path: Path) -> None:
    async with both(tmp_path) as people:
        before = await people.clerk.open_case(demo.CLOSING)
        case_id, people.case_id = people.case_id, before
        await people.put("licence", paper(1), "营业执照.pdf")
        people.case_id = case_id
        window, approver = people.window.page, people.approver.page
        await window.locator('[data-line="licence"] .pick').click()
        await window.locator('[data-line="licence"] [data-earlier-line]').click()
        asked = window.locator("[data-earlier]")
        await expect(asked.get_by_role("document")).to_contain_text("不必重新扫描")
        await picture(people.window, "earlier-consent")
        await window.locator('[data-earlier-consent="given"]').click()
        offered = asked.locator("[data-earlier-material]")
        await expect(offered).to_have_count(1)
        await expect(offered).to_contain_text("营业执照正、副本")
        await expect(offered).to_contain_text("营**.pdf")
        await picture(people.window, "earlier-list")
        await offered.locator("[data-take-earlier]").click()
        await expect(asked).to_be_hidden()
        await expect(window.locator('[data-line="licence"][data-state="unread"]')).to_be_visible()
        await expect(window.locator(".document[data-shown] [data-origin]")).to_be_visible()
        await approver.locator('[data-line="licence"] .thumb').click()
        told = approver.locator(".document[data-shown] [data-origin]")
        await expect(told).to_contain_text("取自“分公司注销登记”的营业执照正、副本")
        await picture(people.approver, "earlier-taken")
