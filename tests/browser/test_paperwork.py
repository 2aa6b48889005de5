"""What is done with the papers of a case on the pages of those who decide: each in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import node
from tests.kit.browsers import Desk, chromium
from tests.kit.casework import PDF, VALUES
from tests.kit.desks import desk_of
from tests.kit.peer import GREEN
from tests.kit.screens import Screens

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield await Desk.open(await stack.enter_async_context(chromium(tmp_path, GREEN, 660)))


async def filled(node: Running) -> str:
    """A case with everything in it."""
    async with desk_of(node, "lixiulan") as clerk, desk_of(node, "zhoumingyuan") as approver:
        case_id = await clerk.open_case()
        for name, value in VALUES.items():
            edit = {"field": name, "value": value, "base_version": 0}
            await clerk.command("case.edit", case_id=case_id, **edit)
        for line in (await clerk.case(case_id))["item"]["lines"]:
            location, material_id = await clerk.begin(case_id, line["key"], len(PDF))
            async with clerk.patch(location, 0, PDF) as said:
                assert said.status == 204
            judged = {"material_id": material_id, "review": "accepted"}
            await approver.command("case.review", case_id=case_id, **judged)
    return case_id


async def test_the_clock_of_a_case_is_stopped_and_its_limit_extended(
    node: Running, desk: Desk
) -> None:
    case_id = await filled(node)
    async with desk_of(node, "zhoumingyuan") as approver:
        decided = {"decision": "accepted", "reason": "材料齐全，符合法定形式。"}
        await approver.command("case.decide", case_id=case_id, **decided)
    screens = Screens()
    await desk.sign_in(node.address, "gaoxinmin", demo.PASSWORD)
    page = desk.page
    await page.wait_for_url("**/approver")
    await page.goto(f"{node.address}/approver/cases/{case_id}")
    clock = page.locator("[data-clock]")
    await expect(clock.locator("[data-promised]")).to_contain_text("3 个工作日")
    await clock.get_by_role("button", name="暂停计时").click()
    await clock.get_by_role("button", name="确认暂停").click()
    await expect(clock.get_by_role("alert").filter(has_text="请写明理由")).to_be_visible()
    # the paper names the procedure: none is meant before one is chosen
    await expect(clock.get_by_role("alert").filter(has_text="请选择特别程序")).to_be_visible()
    await expect(clock.get_by_label("特别程序")).to_be_focused()
    await clock.get_by_label("特别程序").select_option("hearing")
    await clock.get_by_label("事由和所需时间").fill("听证会定于 12 月 1 日举行，约需 5 个工作日")
    await clock.scroll_into_view_if_needed()
    await screens.take(desk, "clock-stop")
    await clock.get_by_role("button", name="确认暂停").click()
    await expect(clock.get_by_text("计时已暂停 · 听证")).to_be_visible()
    await expect(page.locator("footer [data-halted]")).to_have_text("计时已暂停")
    resume = clock.locator("[data-act=resume]")
    await expect(resume).to_be_focused()
    # it makes a record: asked once, and the way back has the focus
    await resume.click()
    await expect(clock.locator("[data-resume-back]")).to_be_focused()
    await clock.locator("[data-confirm-resume]").click()
    await expect(page.locator("footer [data-halted]")).to_have_count(0)
    await clock.get_by_role("button", name="延长期限").click()
    await clock.get_by_label("延长的理由").fill("案情复杂，需要向登记机关函询")
    await clock.get_by_role("button", name="确认延长").click()
    await expect(clock.locator("[data-promised]")).to_contain_text("延长 5 日")
    await expect(clock.get_by_role("button", name="延长期限")).to_have_count(0)
    await screens.take(desk, "clock")
    screens.check()


async def test_a_sensitive_value_is_read_whole_for_a_reason_and_a_while(
    node: Running, desk: Desk
) -> None:
    case_id = await filled(node)
    screens = Screens()
    await desk.sign_in(node.address, "zhoumingyuan", demo.PASSWORD)
    page = desk.page
    await page.wait_for_url("**/approver")
    await page.goto(f"{node.address}/approver/cases/{case_id}")
    field = page.locator("[data-field=new_identity_number]")
    await expect(field).to_contain_text("110105************")
    await field.get_by_role("button", name="查看全文").click()
    await field.get_by_role("button", name="查看", exact=True).click()
    await expect(field.get_by_role("alert")).to_have_text("请写明查看事由")
    await field.get_by_label("查看事由").fill("与身份证件逐位核对")
    await screens.take(desk, "unmask-ask")
    assert VALUES["new_identity_number"] not in await page.content()
    await field.get_by_role("button", name="查看", exact=True).click()
    await expect(field.get_by_text(VALUES["new_identity_number"])).to_be_visible()
    await screens.take(desk, "unmask")
    await field.get_by_role("button", name="立即遮盖").click()
    await expect(field).to_contain_text("110105************")
    assert VALUES["new_identity_number"] not in await page.content()
    async with desk_of(node, "chenli") as supervisor:
        [seen] = (await supervisor.case(case_id))["unmaskings"]
        assert (seen["reason"], seen["by"]["name"]) == ("与身份证件逐位核对", "周明远")
    screens.check()
