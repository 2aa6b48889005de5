"""The page is about the case that its address names, whatever way one came to it, and a running call about
another case says so."""

from __future__ import annotations

import io
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from tests.browser.test_story import photo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import Desk as Api
from tests.kit.desks import demo_node, desk_of
from tests.kit.peer import RED
from tests.kit.screens import Screens
from tests.kit.talks import shows, stands
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

KEYS = "([at, name]) => [...document.querySelectorAll(at)].map(one => one.getAttribute(name))"


async def register(clerk: Api, item_id: str, applicant: str) -> dict[str, Any]:
    made = await clerk.command(
        "case.create",
        item_id=item_id,
        mode="proxy",
        applicant_name=applicant,
        identity_number="11010519491231002X",
        phone="13805316217",
    )
    case_id = str(made["case_id"])
    await clerk.command(
        "case.consent", case_id=case_id, given=True, text_version="2026-11", language="zh-CN"
    )
    return await clerk.case(case_id)


async def is_about(page: Page, case: dict[str, Any]) -> None:
    """Head, materials, form and foot of this page are those of the case that its address names."""
    await page.wait_for_url(f"**/cases/{case['id']}")
    item = case["item"]
    await expect(page.locator(".desk")).to_have_attribute("data-case", case["id"])
    await expect(page.locator("header.head h1")).to_have_text(item["name"])
    await expect(page.locator("header.head [data-number]")).to_contain_text(
        case["applicant"]["name"]
    )

    async def differs() -> str | None:
        lines = await page.evaluate(KEYS, [".desk [data-line]", "data-line"])
        fields = await page.evaluate(KEYS, [".desk [data-field]", "data-field"])
        wanted = {one["key"] for one in item["lines"]}, {one["name"] for one in item["form"]}
        got = {one for one in lines if one != "other"}, set(fields)
        return None if got == wanted else f"{got} where {wanted} belong"

    await until(differs, 10)
    if await page.locator(".desk").get_attribute("data-audience") == "approver":
        await expect(page.locator("footer")).to_contain_text(
            f"承诺 {item['promised_days']} 个工作日"
        )


async def open_from_list(page: Page, case: dict[str, Any]) -> None:
    name = case["applicant"]["name"]
    row = page.get_by_role("row").filter(has_text=name[0]).filter(has_text=case["item"]["name"])
    await row.locator("[data-row-act]").click()
    await is_about(page, case)


async def calls(window: Desk, approver: Desk, case: dict[str, Any], answer: str = "接听") -> None:
    """The clerk dials from the page of this case, and the approver answers wherever he is."""
    await window.page.get_by_role("button", name="发起云见面").click()
    await approver.page.get_by_role("alertdialog").get_by_role("button", name=answer).click()
    await stands(approver.page, "active")
    await stands(window.page, "active")


async def test_every_way_from_one_case_to_another(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(demo_node(database, tmp_path, media=True))
        clerk = await stack.enter_async_context(desk_of(node, "lixiulan"))
        colleague = await stack.enter_async_context(desk_of(node, "gaoxinmin"))
        browser = await stack.enter_async_context(chromium(tmp_path, RED, 440))
        one = await register(clerk, demo.PRINCIPAL, "孙雅宁")
        other = await register(clerk, demo.CLOSING, "赵立群")
        # a file that lies on the wrong line
        location, material = await clerk.begin(one["id"], "application", len(photo()), "身份证.jpg")
        async with clerk.patch(location, 0, io.BytesIO(photo())) as said:
            assert said.status == 204, await said.text()
        theirs = await register(clerk, demo.PRINCIPAL, "钱思源")
        window, approver, guest = [await Desk.open(browser) for _ in range(3)]
        await window.watch_media()
        for desk, login in ((window, "lixiulan"), (approver, "zhoumingyuan"), (guest, "sunlei")):
            await desk.sign_in(node.address, login, demo.PASSWORD)
        far, screens = approver.page, Screens()
        for desk in (approver, guest):
            await desk.page.get_by_role("button", name="上岗接听").click()
        # what was not handed in yet lies in the list of the other side
        await guest.page.get_by_role("tab", name="对方处理").click()
        await colleague.command(
            "case.refer", case_id=theirs["id"], unit_id=demo.LIAOCHENG, reason="由东昌府办理"
        )
        # long before the list would be asked for anew by itself
        await expect(guest.page.locator("[data-referred-from]")).to_have_count(1, timeout=15_000)

        # by a ring that is answered on the page of another case
        await far.goto(f"{node.address}/approver/cases/{one['id']}")
        await is_about(far, one)
        await open_from_list(window.page, one)
        await window.page.go_back()
        await open_from_list(window.page, other)
        await calls(window, approver, other)
        await is_about(far, other)
        await shows(approver)

        # back and forward, with the call going on
        await far.go_back()
        await is_about(far, one)
        await far.go_forward()
        await is_about(far, other)
        await stands(far, "active")
        await shows(approver)

        # by an invitation
        await guest.page.goto(f"{node.address}/approver/cases/{theirs['id']}")
        await is_about(guest.page, theirs)
        await far.locator("[data-key=invite]").click()
        pane = far.locator("[data-invite]")
        await pane.get_by_label("单位").select_option(label="聊城市东昌府区政务服务中心")
        await pane.locator("[data-ask]").click()
        await guest.page.get_by_role("alertdialog").get_by_role("button", name="加入").click()
        await is_about(guest.page, other)
        await stands(guest.page, "active")

        # back to the list with the call going on, on to another case, and back into the call
        page = window.page
        ways = (await window.media())["connections"]
        await page.locator("[data-back]").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/window")
        bar = page.locator("[data-bar]")
        await expect(bar.locator("[data-bar-case]")).to_have_text("赵** · 分公司注销登记")
        # the code of a case is the same wherever it is named
        row = page.get_by_role("row").filter(has_text="赵")
        code = await row.locator("[data-case-code]").inner_text()
        await expect(bar.locator("[data-bar-code]")).to_contain_text(code)
        await shows(window, RED, "[data-bar] video")
        await screens.take(window, "window-list-in-call", large=True)
        await bar.locator("[data-bar-mute]").click()
        await expect(bar.locator("[data-bar-mute]")).to_have_attribute("aria-pressed", "true")
        await open_from_list(page, one)
        await expect(page.locator("[data-elsewhere]")).to_contain_text("赵** · 分公司注销登记")
        await expect(page.locator("[data-elsewhere] [data-case-code]")).to_have_text(code)
        await screens.take(window, "window-other-case-in-call", large=True)
        # who is there came for the case of the call: this one is shown to him after a word of the clerk alone
        turn, asked = page.locator("[data-turn]"), page.locator("[data-asked=other]")
        await turn.click()
        await expect(asked.locator("[data-other-case]")).to_contain_text(
            f"赵立群 · 分公司注销登记 · {code}"
        )
        await expect(asked.locator("[data-this-case]")).to_contain_text(
            "孙雅宁 · 分公司负责人变更登记"
        )
        await asked.locator("[data-act-back]").click()
        await is_about(page, other)
        await expect(page.locator("[data-turned]")).to_have_count(0)
        await page.go_back()
        await is_about(page, one)
        await turn.click()
        await asked.locator("[data-act-on]").click()
        turned = page.locator("[data-turned]")
        whose = re.compile(r"^孙\*\* · 分公司负责人变更登记 识别码 \d{5}$")
        await expect(turned.locator("[data-whose]")).to_have_text(whose)
        edges = "() => ['[data-bar]', '[data-turned]'].map(one => document.querySelector(one).getBoundingClientRect())"
        above, below = await page.evaluate(edges)
        assert 0 < above["bottom"] <= below["top"]
        await shows(window, RED, "[data-bar] video")
        await screens.take(window, "turned-other-case-in-call", large=True)
        await turned.locator("[data-back]").click()
        # a question that names both people does not stay above a screen that is turned
        await page.locator("[data-review]").click()
        await page.locator("[data-print-form]").click()
        await expect(asked).to_be_visible()
        await turn.press("Enter")
        await expect(turned).to_be_visible()
        await expect(asked).to_have_count(0)
        await turned.locator("[data-back]").click()
        await bar.locator("[data-bar-go]").click()
        await is_about(page, other)
        await expect(page.locator("[data-bar]")).to_have_count(0)
        await expect(page.locator("[data-key=microphone]")).to_have_attribute(
            "aria-pressed", "true"
        )
        await page.go_back()
        await is_about(page, one)
        await page.go_forward()
        await is_about(page, other)
        await stands(page, "active")
        await shows(window)
        assert (await window.media())["connections"] == ways
        # loaded again: nothing was begun here, and the focus is not led to what is missing
        await page.reload()
        await stands(page, "active")
        await shows(window)
        await expect(page.locator(".titles h1")).to_be_focused()

        # a decision about another case than the call's: told what changed since, asked which case is meant
        await far.locator("[data-back]").click()
        await far.wait_for_url("**/approver")
        await shows(approver, RED, "[data-bar] video")
        await screens.take(approver, "approver-list-in-call", large=True)
        # the list and every other page say that nothing rings meanwhile
        await expect(far.locator(".duty [role=status]")).to_have_text("通话中")
        await far.get_by_role("tab", name="对方处理").click()
        await open_from_list(far, one)
        await expect(far.locator("[data-duty-mark]")).to_have_attribute("data-duty-mark", "busy")
        # nothing is pointed at where those he speaks with would not see it
        point = far.locator("[data-tool=point]").first
        await expect(point).to_have_attribute("aria-disabled", "true")
        await expect(point).to_have_attribute("title", re.compile("另一办件"))
        # what reaches people is asked about once on this page; over a dialog by keyboard too
        await far.locator(f'[data-put="{material}"]').click()
        await far.locator('[data-asking=moving] [data-choice="identity"]').check()
        await far.locator("[data-pick-it]").click()
        asked = far.locator("[data-asked=other]")
        await expect(asked.locator("[data-act-back]")).to_be_focused()
        assert [one["line"] for one in (await clerk.case(one["id"]))["materials"]] == [
            "application"
        ]
        await far.keyboard.press("Tab")
        await expect(asked.locator("[data-act-on]")).to_be_focused()
        await expect(asked.locator("[data-act-on]")).not_to_have_attribute("aria-disabled", "true")
        await far.keyboard.press("Enter")
        await expect(
            far.locator(f'[data-line="identity"][data-material="{material}"]')
        ).to_be_attached()
        say = far.get_by_label("消息，申请人可见")
        await say.fill("请带原件")
        await say.press("Enter")
        await expect(far.locator("[data-saying]").last).to_contain_text("请带原件")
        await far.locator("[data-decision=refused]").click()
        await far.locator("form.decision textarea").fill("不属于本机关职权范围")
        # what calls him away takes no word of it
        await far.locator("[data-back]").click()
        await open_from_list(far, one)
        await far.locator("[data-decision=refused]").click()
        await expect(far.locator("form.decision textarea")).to_have_value("不属于本机关职权范围")
        edit = {"field": "old_principal", "value": "刘启明", "base_version": 0}
        await clerk.command("case.edit", case_id=one["id"], **edit)
        await expect(far.locator('[data-field="old_principal"]')).to_contain_text("刘启明")
        await far.locator("[data-confirm]").click()
        asked = far.locator("[data-asked=changed]")
        await expect(asked.locator("[data-changed]")).to_have_text(
            ["原负责人：现为“刘启明”（李秀兰）"]
        )
        await screens.take(approver, "approver-changed", large=True)
        await far.keyboard.press("Control+Enter")
        await asked.locator("[data-act-back]").click()
        await expect(far.get_by_text("请核对变化后再办理")).to_be_visible()
        await far.locator("[data-confirm]").click()
        asked = far.locator("[data-asked=other]")
        await expect(asked.locator("[data-other-case]")).to_have_text(
            re.compile(rf"^赵立群 · 分公司注销登记 · {code} · 未编号，.+登记（3 ?号窗口）$")
        )
        await expect(asked.locator("[data-this-case]")).to_have_text(
            re.compile(
                r"^孙雅宁 · 分公司负责人变更登记 · 识别码 \d{5} · 未编号，.+登记（3 ?号窗口）$"
            )
        )
        await screens.take(approver, "approver-other-case", large=True)
        # the key of the next step answers no question; who leaves it himself is told of no refusal
        await far.keyboard.press("Control+Enter")
        await asked.locator("[data-act-back]").click()
        await expect(asked).to_have_count(0)
        await expect(far.locator("form.decision .problem")).to_have_count(0)
        await far.locator("[data-confirm]").click()
        await asked.locator("[data-act-on]").click()
        await expect(far.locator("footer [data-number]")).to_be_visible()
        assert (await clerk.case(one["id"]))["state"] == "refused"
        assert (await clerk.case(other["id"]))["state"] == "reviewing"

        # hung up from the list
        await page.locator("[data-back]").click()
        await bar.locator("[data-bar-end]").click()
        await expect(bar.get_by_role("button", name="关闭")).to_be_visible()
        await bar.get_by_role("button", name="关闭").click()
        await expect(bar).to_have_count(0)
        # in the list a whole number stands on one line
        await far.locator("[data-back]").click()
        await far.get_by_role("tab", name="要我处理").click()
        whole = far.locator(".number [data-whole]")
        await expect(whole).to_have_count(1)
        assert await whole.evaluate("one => one.getClientRects().length") == 1
        screens.check()
        for desk in (window, approver, guest):
            assert desk.complaints == []
