"""Before a call: what the registration says already, who is at his desk, and a call that nobody answered.

A clerk and an approver in one Chromium, each with a page of their own; nobody sits in a call.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node, desk_of
from tests.kit.peer import RED
from tests.kit.screens import SIDEWAYS, Screens
from tests.kit.talks import stands
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

NARROW: Final = 390
"""The width of a phone held upright, in px."""


async def folds(page: Page) -> None:
    """As narrow as a phone nothing scrolls sideways, and what calls back lies within the page."""
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size({"width": NARROW, "height": 844})
    assert await page.evaluate(SIDEWAYS) == []
    for button in await page.locator("[data-missed-case] button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW, await button.inner_text()
    await page.set_viewport_size(before)


async def test_what_is_known_who_is_there_and_what_was_missed(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(demo_node(database, tmp_path, media=True))
        clerk = await stack.enter_async_context(desk_of(node, "lixiulan"))
        browser = await stack.enter_async_context(chromium(tmp_path, RED, 440))
        case_id = await clerk.open_case()
        window, approver = await Desk.open(browser), await Desk.open(browser)
        page, far = window.page, approver.page
        for desk, login in ((window, "lixiulan"), (approver, "zhoumingyuan")):
            await desk.sign_in(node.address, login, demo.PASSWORD)
        await page.wait_for_url("**/window")
        await far.wait_for_url("**/approver")
        await page.goto(f"{node.address}/window/cases/{case_id}")

        # what was said at registering is not typed twice; what a field holds is not offered for it
        applicant = (await clerk.case(case_id))["applicant"]
        told = {
            "contact_phone": applicant["phone"],
            "new_identity_number": applicant["identity_number"],
        }
        for name, value in told.items():
            field = page.locator(f'[data-field="{name}"]')
            known = field.locator("[data-known]")
            await expect(known).to_contain_text(value[-4:])
            await known.focus()
            await page.keyboard.press("Enter")
            await expect(field.locator("input").first).to_have_value(value)
            # the focus is in the field, and leaving it saves what was put in
            await expect(field.locator("input").first).to_be_focused()
            await page.keyboard.press("Tab")
            await expect(known).to_have_count(0)
        await expect(page.locator('[data-field="branch_name"] [data-known]')).to_have_count(0)

        async def saved() -> str | None:
            fields = (await clerk.case(case_id))["fields"]
            held = {name: fields.get(name, {}).get("value") for name in told}
            return None if held == told else f"{held}"

        await until(saved, 5)

        # who leaves his desk is gone from the window's page, and nobody can be called
        pane, dial = page.locator(".call-pane"), page.get_by_role("button", name="发起云见面")
        duty = far.locator("[data-duty-set]")
        await expect(pane).to_contain_text("对方现在没有人在岗")
        await duty.click()
        there = pane.get_by_role("listitem").filter(has_text="周明远")
        await expect(there).to_contain_text("空闲")
        await expect(dial).not_to_have_attribute("aria-disabled", "true")
        await duty.click()
        await expect(far.locator("[data-duty]")).to_have_attribute("data-duty", "away")
        await expect(there).to_have_count(0)
        await expect(pane).to_contain_text("对方现在没有人在岗")
        await expect(dial).to_have_attribute("aria-disabled", "true")
        await duty.click()
        await expect(there).to_contain_text("空闲")

        # a call that nobody answered stays with both, on a narrow page too
        await dial.click()
        await page.get_by_role("button", name="申请人同意").click()
        await stands(page, "ringing")
        await expect(far.get_by_role("alertdialog")).to_be_visible()
        await pane.get_by_role("button", name="取消").click()
        await expect(far.get_by_role("alertdialog")).to_be_hidden()
        await page.goto(f"{node.address}/window")
        for desk, words in ((approver, "请窗口回拨"), (window, "回拨")):
            missed = desk.page.locator(f'[data-missed-case="{case_id}"]')
            await expect(missed.locator("[data-call-back]")).to_have_text(words)
            await folds(desk.page)
        await screens.take(approver, "approver-missed")
        await screens.take(window, "window-missed")
        # asked for, the longest words stand in the row
        await far.locator("[data-missed-case] [data-call-back]").click()
        asked = page.locator(f'[data-missed-case="{case_id}"][data-asked]')
        await expect(asked).to_contain_text("周明远")
        for desk in (approver, window):
            await folds(desk.page)
        await screens.take(approver, "approver-missed-asked")
        await screens.take(window, "window-missed-asked")
        for desk in (window, approver):
            assert desk.complaints == []
    screens.check()
