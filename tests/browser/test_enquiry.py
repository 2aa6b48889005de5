"""An applicant asks on his phone how his case stands: by the code of the receipt, without a sign-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node, desk_of
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]


async def test_a_phone_asks_how_a_case_stands(tmp_path: Path) -> None:
    screens = Screens()
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path) as node, chromium(tmp_path) as browser:
        async with desk_of(node, "lixiulan") as clerk, desk_of(node, "zhoumingyuan") as approver:
            case_id = await clerk.open_case()
            no = {"decision": "to_correct", "reason": "请补正"}
            await approver.command("case.decide", case_id=case_id, **no)
            case = await clerk.case(case_id)
        phone = await Desk.open(browser, width=390, height=844)
        page = phone.page
        await page.goto(f"{node.address}/enquiry#{case['number']}")
        await expect(page.get_by_label("办件编号")).to_have_value(case["number"])
        tail = page.get_by_label("证件号码后六位")
        await expect(tail).to_be_focused()
        await tail.press("Enter")
        await expect(page.get_by_text("请填写六位")).to_be_visible()
        await tail.fill("000000")
        await tail.press("Enter")
        await expect(page.get_by_text("没有查到")).to_be_visible()
        await screens.take(phone, "enquiry-ask")
        await tail.fill(case["applicant"]["identity_number"][-6:])
        await tail.press("Enter")
        told = page.locator("[data-state=to_correct]")
        await expect(told).to_contain_text("需要补正")
        await expect(told).to_contain_text(case["number"])
        await expect(told.locator("[data-day=decided_on]")).to_be_visible()
        await expect(page.locator("body")).not_to_contain_text(case["applicant"]["name"])
        await screens.take(phone, "enquiry-told")
        screens.check()
        await page.get_by_role("button", name="English").click()
        await expect(told).to_contain_text("To be corrected")
        assert phone.complaints == []
