"""The items page in a real browser: a list is checked row by row before anything is written, then imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

ROWS = [
    {"实施编码": "11370211MB287554194000131014001", "事项名称": "食品经营许可", "事项类型": "行政许可",
     "承诺办结时限": "5", "实施主体": "青岛西海岸新区行政审批服务局",
     "材料": [{"材料名称": "营业执照", "材料必要性": "必要"}]},
    {"实施编码": "11370211MB287554194000131015001", "事项名称": "户外广告设置审批",
     "实施主体": "青岛西海岸新区行政审批服务局"},
    {"实施编码": "坏的编码", "事项名称": "写错的一行", "实施主体": "青岛西海岸新区行政审批服务局"},
    {"实施编码": "11370211MB287554194000131016001", "事项名称": "找不到单位", "实施主体": "不存在的局"},
]  # fmt: skip


async def test_a_list_is_checked_and_imported(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    file = tmp_path / "事项清单.json"
    file.write_text(json.dumps(ROWS, ensure_ascii=False), encoding="utf-8")
    async with demo_node(database, tmp_path / "node") as node, chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "admin", demo.PASSWORD)
        await page.wait_for_url("**/admin")
        await page.get_by_role("link", name="事项", exact=True).click()
        await page.wait_for_url("**/admin/items")
        await expect(page.locator("[data-total]")).to_have_text("共 4 项")
        await page.locator("[data-import]").click()
        await page.locator("input[type=file]").set_input_files(file)
        would = page.locator("[data-would]")
        await expect(would).to_contain_text(
            "共 4 行：新增 2，更新 0，不变 0，不能导入 2", timeout=20_000
        )
        await expect(would.locator("[data-why=bad_code]")).to_contain_text("第 3 行")
        await expect(would.locator("[data-why=unit_unknown]")).to_contain_text("没有这个单位")
        write = would.get_by_role("button", name="导入 2 项")
        await expect(write).to_have_attribute("aria-disabled", "true")
        await screens.take(desk, "admin-items-import")
        await would.get_by_label("跳过不能导入的行").check()
        await write.click()
        await expect(page.locator("[data-did]")).to_contain_text("新增 2", timeout=20_000)
        await expect(page.locator("[data-total]")).to_have_text("共 6 项")
        await page.get_by_role("searchbox").fill("食品")
        await expect(page.locator("[data-item]")).to_have_count(1)
        await page.get_by_role("button", name="查看 食品经营许可").click()
        pane = page.locator("[data-item-pane]")
        await expect(pane).to_contain_text("营业执照")
        await pane.get_by_role("button", name="暂停受理").click()
        await expect(page.locator("[data-item]")).to_contain_text("暂停")
        await screens.take(desk, "admin-items", large=True)
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url("**/sign-in")
        await desk.sign_in(node.address, "yunwei", demo.PASSWORD)
        await page.wait_for_url("**/admin/health")
        # the calendar: a day is switched, its consequence told, and written
        await page.get_by_role("link", name="工作日历").click()
        await page.wait_for_url("**/admin/calendar")
        day = page.locator("[data-day$='-03-03']")
        was = await day.get_attribute("aria-pressed")
        await day.click()
        await expect(page.locator("[data-changed]")).to_have_text("改动 1 天")
        check = page.get_by_role("button", name="查看影响")
        await expect(check).to_have_attribute("aria-disabled", "true")
        await page.get_by_label("依据").fill("国务院办公厅通知")
        await check.click()
        await expect(page.locator("[data-would]")).to_contain_text("没有办件的期限会改变")
        await screens.take(desk, "admin-calendar")
        await page.get_by_role("button", name="写入 1 天").click()
        await expect(page.locator("[data-did]")).to_contain_text("已写入 1 天")
        await page.reload()
        await expect(day).not_to_have_attribute("aria-pressed", str(was))
        assert desk.complaints == []
    screens.check()


async def test_a_form_is_edited_beside_its_preview_and_published(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path / "node") as node, chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "admin", demo.PASSWORD)
        await page.wait_for_url("**/admin")
        await page.goto(f"{node.address}/admin/items")
        await page.get_by_role("button", name="查看 有限责任公司设立登记").click()
        await page.locator("[data-item-pane]").get_by_role("link", name="编辑申请表").click()
        editor = page.locator("[data-form-editor]")
        source, publish = editor.locator("textarea.source"), editor.locator("[data-publish]")
        preview = editor.locator(".preview")
        await expect(preview.locator('[data-field="company_name"]')).to_be_visible()
        text = await source.input_value()

        # a fault stands in its line and nothing is published with it
        line = next(n for n, one in enumerate(text.split("\n"), 1) if '"address"' in one)
        await source.fill(text.replace('"maxLength": 200', '"maxLenght": 200', 1))
        await expect(editor.locator("[data-fault-line]").first).to_contain_text("maxLenght")
        told = int(
            str(await editor.locator("[data-fault-line]").first.get_attribute("data-fault-line"))
        )
        assert text.split("\n")[told - 1].strip().startswith('"maxLength"')
        assert told > line - 1
        await editor.locator("#form-note").fill("增加一项")
        await expect(publish).to_have_attribute("aria-disabled", "true")
        await screens.take(desk, "admin-form-fault")
        await source.fill(text[:-1])
        await expect(editor.locator("[data-fault-line]").first).to_contain_text("不是正确的 JSON")

        # a field is put in, tried in the preview, and published as a new version
        await source.fill(text)
        await expect(editor).to_have_attribute("data-faults", "0")
        await editor.locator("#form-kind").select_option("money")
        await editor.locator("[data-add-field]").click()
        fresh = preview.locator('[data-field="field_15"] input')
        await expect(fresh).to_be_visible()
        # what was put in can be undone and done again, from where one stands after it
        put_in = await source.input_value()
        assert put_in != text
        await page.keyboard.press("Control+z")
        await expect(source).to_have_value(text)
        await page.keyboard.press("Control+Shift+Z")
        await expect(source).to_have_value(put_in)
        await page.keyboard.press("Control+z")
        await page.keyboard.press("Control+y")
        await expect(source).to_have_value(put_in)
        # and it stays for who goes back to the items: told before and in the list, and let go there
        await expect(editor.locator("[data-stays]")).to_have_text("未发布的改动留在这台电脑上")
        await editor.get_by_role("link", name="返回事项").click()
        await page.locator("[data-item] [data-draft]").click()
        restored = editor.locator("[data-restored]")
        await expect(restored).to_contain_text("已取回这台电脑上尚未发布的改动")
        await expect(source).to_have_value(put_in)
        await screens.take(desk, "admin-form-restored", large=True)
        await restored.get_by_role("button", name="放弃，回到第 1 版").click()
        await expect(source).to_have_value(text)
        await page.keyboard.press("Control+z")
        await expect(source).to_have_value(put_in)
        await editor.locator("#form-note").fill("增加一项")
        await fresh.fill("1,000")
        await fresh.blur()
        await expect(fresh).to_have_value("1000.00")
        await preview.locator("[data-add-row]").first.click()
        await expect(preview.locator("[data-row]")).to_have_count(1)
        await screens.take(desk, "admin-form", large=True)
        await publish.click()
        await expect(editor).to_contain_text("第 2 版")
        await page.goto(f"{node.address}/admin/items")
        await page.get_by_role("button", name="查看 有限责任公司设立登记").click()
        await expect(page.locator("[data-item-pane] .versions")).to_contain_text("增加一项")
        await expect(page.locator("[data-draft]")).to_have_count(0)

        # what makes a field less sensitive waits for a second person, and is nothing before
        await page.locator("[data-item-pane]").get_by_role("link", name="编辑申请表").click()
        await expect(preview.locator('[data-field="contact_phone"]')).to_be_visible()
        less = json.loads(await source.input_value())
        del less["presentation"]["fields"]["contact_phone"]["sensitive"]
        await source.fill(json.dumps(less, ensure_ascii=False, indent=2))
        await expect(editor.locator("[data-lowers]")).to_contain_text("联系电话")
        await editor.locator("#form-note").fill("座机号码公开")
        await publish.click()
        waits = editor.locator("[data-lowering]")
        await expect(waits).to_have_attribute("data-mine", "true")
        await screens.take(desk, "admin-form-waits")
        await page.get_by_role("button", name="退出登录").click()
        await page.wait_for_url("**/sign-in")
        await desk.sign_in(node.address, "hejing", demo.PASSWORD)
        await page.wait_for_url("**/admin")
        # she finds it: counted at the place of the items, marked in their list, told field by field
        await expect(page.locator("[data-to-agree]")).to_contain_text("1 份待您复核")
        await page.locator("[data-to-agree]").click()
        await expect(page.locator('[data-item] [data-waits="other"]')).to_be_visible()
        await page.get_by_role("button", name="查看 有限责任公司设立登记").click()
        await page.locator('[data-item-pane] [data-waits="other"]').click()
        await expect(waits).to_contain_text("座机号码公开")
        differs = waits.locator("[data-changed-field]")
        await expect(differs).to_have_count(1)
        await expect(differs.locator("td")).to_have_text(["敏感，遮盖显示", "不敏感，完整显示"])
        # the text shows it where it would change
        await waits.locator("[data-look]").click()
        place = editor.locator("[data-changed-places] button")
        await expect(place).to_have_count(1)
        await expect(editor.locator("[data-changed-line]")).to_have_count(1)
        chosen = "one => one.value.slice(one.selectionStart, one.selectionEnd)"
        assert await source.evaluate(chosen) == '"contact_phone"'
        assert await source.evaluate("one => one.scrollTop") > 0
        await screens.take(desk, "admin-form-agree")
        await waits.locator("[data-agree]").click()
        await expect(editor).to_contain_text("第 3 版")
        await expect(waits).to_have_count(0)
        assert desk.complaints == []
    screens.check()
