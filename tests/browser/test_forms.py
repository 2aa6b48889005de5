"""A form that two pages fill: rows of a group, fields under a condition, rules between fields.

Clerks of one unit at two windows and the approver, each in a page of their own.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from server.demo import data as demo
from tests.browser.test_together import Both, both, picture
from tests.kit.browsers import Desk
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def field(page: Page, path: str) -> Locator:
    return page.locator(f'[data-field="{path}"]')


async def fill(page: Page, path: str, value: str) -> None:
    """Type a value and leave the field; it is saved when the page says so."""
    control = field(page, path).locator("input, textarea").first
    await control.fill(value)
    await control.blur()


async def choose(page: Page, path: str, value: str) -> None:
    await field(page, path).locator("select").first.select_option(value)


async def rows_of(page: Page, group: str) -> list[str]:
    boxes = field(page, group).locator("[data-row]")
    return [str(await box.get_attribute("data-row")) for box in await boxes.all()]


async def second_window(case: Both) -> Desk:
    """Another clerk of the same unit at the same case."""
    browser = case.window.page.context.browser
    assert browser is not None
    other = await Desk.open(browser)
    address = case.window.page.url.split("/window/")[0]
    await other.sign_in(address, "wangfang", demo.PASSWORD)
    await other.page.wait_for_url("**/window")
    await other.page.goto(case.window.page.url)
    await expect(other.page.locator("[data-case]")).to_be_visible()
    return other


async def test_two_pages_fill_rows_conditions_and_rules(tmp_path: Path) -> None:
    async with both(tmp_path, demo.FOUNDING) as case:
        window, far = case.window.page, case.approver.page
        other = await second_window(case)
        await expect(field(window, "begins_on")).to_have_count(0)

        # a region is chosen down to the county, and read by its name
        await field(window, "region").locator('[data-region="0"]').select_option(label="山东省")
        await field(window, "region").locator('[data-region="1"]').select_option(label="青岛市")
        await field(window, "region").locator('[data-region="2"]').select_option(label="黄岛区")
        await expect(field(far, "region")).to_contain_text("山东省 青岛市 黄岛区")
        await fill(window, "capital", "1,000,000")
        await expect(field(far, "capital")).to_contain_text("1,000,000.00 元")
        await fill(window, "staff", "1.5")
        await expect(field(window, "staff")).to_contain_text("请填数字，小数最多 0 位")
        await fill(window, "staff", "12")

        # fields that are there only then, and a rule between two
        await choose(window, "term", "固定期限")
        await fill(window, "begins_on", "20261201")
        await fill(window, "ends_on", "2026-11-30")
        await expect(field(window, "ends_on").locator(".fault")).to_contain_text("不得早于“期限自”")
        assert "ends_on" not in (await case.clerk.case(case.case_id))["fields"]
        await fill(window, "ends_on", "2046-11-30")
        await expect(field(far, "ends_on")).to_contain_text("2046-11-30")
        await fill(window, "begins_on", "2047-01-01")
        await expect(field(window, "ends_on").locator(".fault")).to_contain_text("不得早于“期限自”")
        await expect(field(far, "ends_on").locator(".fault")).to_contain_text("不得早于“期限自”")
        await fill(window, "begins_on", "2026-12-01")
        await expect(field(far, "ends_on")).not_to_contain_text("不得早于")

        # two clerks add a row each at once, and fill different rows
        for page in (window, other.page):
            await field(page, "owners").locator("[data-add-row]").click()
        for page in (window, other.page, far):
            await expect(field(page, "owners").locator("[data-row]")).to_have_count(2)
        first, second = await rows_of(window, "owners")
        await choose(window, f"owners.{first}.kind", "自然人")
        await choose(other.page, f"owners.{second}.kind", "单位")
        await expect(field(far, f"owners.{first}.identity_number")).to_be_visible()
        await expect(field(far, f"owners.{second}.credit_code")).to_be_visible()
        await expect(field(far, f"owners.{second}.identity_number")).to_have_count(0)
        await fill(window, f"owners.{first}.name", "孙雅宁")
        await fill(other.page, f"owners.{second}.name", "济南禾川检测技术有限公司")
        await fill(window, f"owners.{first}.identity_number", "11010519491231002X")
        await expect(field(far, f"owners.{first}.identity_number")).to_contain_text(
            "110105************"
        )
        await fill(window, f"owners.{first}.share", "66.67")
        await fill(other.page, f"owners.{second}.share", "33.34")
        for page in (window, far):
            await expect(field(page, "owners").locator("[data-fault]")).to_contain_text(
                "“出资比例”合计应为 100"
            )
        await picture(case.window, "form-group", large=True)
        await picture(case.approver, "form-group-read")
        await fill(other.page, f"owners.{second}.share", "33.33")
        await expect(field(window, "owners").locator("[data-fault]")).to_have_count(0)

        # a comment may be about the group itself, beside those about its cells
        top = field(far, "owners").locator(".top")
        await top.locator('[data-tool="comment"]').click()
        await field(far, "owners").get_by_label("写审查意见：股东").fill("请按章程的顺序填写")
        await field(far, "owners").get_by_role("button", name="提出意见", exact=True).click()
        told = field(window, "owners").locator('.top [data-tool="comment"]')
        await expect(told).to_have_attribute("data-open-comments", "1")
        await told.click()
        await expect(field(window, "owners").locator("[data-comment]")).to_contain_text(
            "章程的顺序"
        )
        await picture(case.window, "group-comment", large=True)
        await told.click()

        # the order of rows is one for all; a row goes for all
        await field(window, "owners").locator('[data-tool="down"]').first.click()
        for page in (far, other.page):
            await expect(field(page, "owners").locator("[data-row]").first).to_have_attribute(
                "data-row", second
            )
        assert await rows_of(other.page, "owners") == [second, first]
        saved = (await case.clerk.case(case.case_id))["fields"]
        assert saved["owners"]["value"] == f"{second},{first}"
        assert saved[f"owners.{first}.share"]["value"] == "66.67"
        await field(other.page, "owners").locator('[data-tool="remove"]').first.click()
        for page in (window, far):
            await expect(field(page, "owners").locator("[data-row]")).to_have_count(1)

        # an attachment is filled by its material line
        await expect(field(window, "articles")).to_contain_text("未交")
        await case.put(
            "articles",
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n"
            b"trailer<</Root 1 0 R>>\n%%EOF\n",
            "章程.pdf",
        )
        await expect(field(window, "articles")).to_contain_text("待审看")
        assert other.complaints == []


@pytest.mark.timed
async def test_pointing_proposing_and_locking_are_seen(tmp_path: Path) -> None:
    async with both(tmp_path) as case:
        window, far = case.window.page, case.approver.page
        other = await second_window(case)

        # who is where is seen on the other page within half a second
        await field(window, "remark").locator("textarea").focus()

        async def framed() -> str | None:
            text = await field(far, "remark").inner_text()
            return None if "李秀兰" in text else f"reads {text}"

        await until(framed, 0.5)
        await field(far, "remark").scroll_into_view_if_needed()
        await picture(case.approver, "field-present")

        await field(far, "delivery").locator('[data-tool="point"]').click()
        await expect(window.locator('[data-field="delivery"].pointed')).to_be_in_viewport()
        await expect(field(window, "delivery")).to_contain_text("周明远")
        await picture(case.window, "field-pointed")

        await field(far, "appointed_on").locator('[data-tool="propose"]').click()
        box = field(far, "appointed_on").locator("form")
        await box.locator("input.value").fill("20261118")
        await box.locator("input").nth(1).fill("见任职文件")
        await box.locator('[type="submit"]').click()
        card = field(window, "appointed_on").locator("[data-proposal]")
        await expect(card).to_contain_text("2026-11-18")
        await picture(case.window, "field-proposed")
        assert "appointed_on" not in (await case.clerk.case(case.case_id))["fields"]

        # another clerk types: the field is his for as long as he does, and what was typed is offered
        theirs = field(other.page, "old_principal").locator("input")
        await theirs.focus()
        await theirs.press_sequentially("刘启明", delay=30)
        mine = field(window, "old_principal").locator("input")
        await mine.focus()
        await mine.press_sequentially("刘")
        await expect(field(window, "old_principal")).to_have_attribute(
            "data-version", re.compile("[1-9]")
        )
        await expect(field(window, "old_principal").locator("[data-offer]")).to_be_visible()
        await picture(case.window, "field-locked")
        assert other.complaints == []


async def test_a_case_opens_where_one_left_off_on_another_machine(tmp_path: Path) -> None:
    async with both(tmp_path) as case:
        page = case.window.page
        number = field(page, "contact_phone").locator("input")
        await number.focus()
        await number.press_sequentially("1380531")  # no telephone number: kept as a draft alone
        await until_drafted(case)
        address = page.url
        browser = page.context.browser
        assert browser is not None
        await page.close()
        elsewhere = await Desk.open(browser)
        await elsewhere.sign_in(address.split("/window/")[0], "lixiulan", demo.PASSWORD)
        await elsewhere.page.wait_for_url("**/window")
        await elsewhere.page.goto(address)
        again = field(elsewhere.page, "contact_phone").locator("input")
        await expect(again).to_be_focused()
        await expect(again).to_have_value("1380531")
        await expect(again).to_be_in_viewport()
        # Alt+N leads to the next field that wants attention, going round
        await elsewhere.page.keyboard.press("Alt+n")
        await expect(field(elsewhere.page, "appointment_way").locator("select")).to_be_focused()
        assert elsewhere.complaints == []


async def until_drafted(case: Both) -> None:
    async def why_not() -> str | None:
        opened = await case.clerk.command("case.open", case_id=case.case_id)
        kept = opened["drafts"].get("contact_phone", {}).get("value")
        return None if kept == "1380531" else f"kept: {kept}"

    await until(why_not)
