"""Where materials come from beside a scan, and what follows them: earlier cases, promises, papers by post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.browser.test_together import both, paper, picture
from tests.kit.capabilities import needs
from tests.kit.casework import CLOSING_VALUES, INK
from tests.kit.sheets import NAME, identity_card
from tests.kit.talks import judges

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


async def test_a_material_follows_by_a_promise(tmp_path: Path) -> None:
    async with both(tmp_path, demo.CLOSING) as people:
        case_id, clerk, judge = people.case_id, people.clerk, people.judge
        for line in ("application", "decision", "licence"):
            material = await people.put(line, paper(1), f"{line}.pdf")
            await judge.command(
                "case.review", case_id=case_id, material_id=material, review="accepted"
            )
        for field, value in CLOSING_VALUES.items():
            edit = {"field": field, "value": value, "base_version": 0}
            await clerk.command("case.edit", case_id=case_id, **edit)
        shown = await clerk.command("case.summarise", case_id=case_id)
        seen = {"case_id": case_id, "hash": shown["hash"]}
        await clerk.command("case.sign", **seen, shown_at=shown["shown_at"], **INK)
        await clerk.command("case.submit", **seen)
        window, approver = people.window.page, people.approver.page
        accept = approver.locator('[data-decision="accepted"]')
        await expect(accept).to_contain_text("1 项待承诺补交：清税证明")
        await window.locator('[data-line="tax"] [data-promise-line]').click()
        asked = window.locator("[data-promising]")
        await expect(asked.get_by_role("document")).to_contain_text(
            "“清税证明”属于可以容缺后补的材料"
        )
        await picture(people.window, "promise")
        await window.locator("[data-promise-now]").click()
        await expect(asked).to_be_hidden()
        for page in (window, approver):
            told = page.locator('[data-line="tax"] [data-promise="open"]')
            await expect(told).to_contain_text("前补交")
        decided = {"decision": "accepted", "reason": "材料齐全，清税证明容缺后补。"}
        await judge.command("case.decide", case_id=case_id, **decided)
        # the approver gives it another day, which both sides read
        await approver.locator('[data-line="tax"] .thumb').click()
        await approver.locator("[data-move]").click()
        moving = approver.locator("[data-moving]")
        later = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
        await moving.locator("input[type=date]").fill(later)
        await moving.locator("input[type=text]").fill("税务机关尚在办理")
        await picture(people.approver, "promise-move")
        await approver.locator("[data-move-now]").click()
        for page in (window, approver):
            told = page.locator('[data-line="tax"] [data-moved]')
            await expect(told).to_contain_text("周明远改期")
        # both desks are reminded, and what is owed is still taken and judged
        await window.goto(window.url.partition("/cases")[0])
        await expect(window.locator('[data-owed-line="tax"][data-standing="open"]')).to_be_visible()
        await picture(people.window, "owed")
        await window.locator("[data-owed] button").click()
        await window.locator('[data-line="tax"] .pick').click()
        await window.locator('[data-line="tax"] [data-phone-line]').click()
        await expect(window.locator("[data-qr]")).to_be_visible()
        await picture(people.window, "owed-phone")
        await window.locator("[data-scan-close]").click()
        await window.locator('[data-line="tax"] input[type="file"]').set_input_files(
            [{"name": "清税证明.pdf", "mimeType": "application/pdf", "buffer": paper(1)}]
        )
        came = approver.locator('[data-line="tax"] [data-promise="received"]')
        await expect(came).to_be_visible()
        await approver.locator('[data-line="tax"] .thumb').click()
        await expect(approver.locator(".document[data-shown]")).to_be_visible()
        await judges(approver)
        await approver.locator(".segments label").first.click()
        await expect(approver.locator('[data-line="tax"] [data-promise="done"]')).to_be_visible()
        await picture(people.approver, "promise-done")


async def test_paper_originals_travel_with_their_list_and_the_form_is_printed(
    tmp_path: Path,
) -> None:
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        await window.locator("[data-send-originals]").click()
        parcel = window.locator("[data-parcel]")
        await window.locator("[data-confirm-parcel]").click()
        await expect(parcel.get_by_role("alert")).to_contain_text("请填写快递公司和单号")
        await parcel.get_by_label("快递公司").fill("中国邮政 EMS")
        await parcel.get_by_label("快递单号").fill("EX123456789CN")
        await picture(people.window, "originals-send")
        await window.locator("[data-confirm-parcel]").click()
        await expect(window.locator('[data-handover-state="waiting"]')).to_be_visible()
        await expect(window.locator('[data-paper="handover"]')).to_be_visible()
        await approver.locator("[data-receive-originals]").click()
        parcel = approver.locator("[data-parcel]")
        licence = parcel.locator('[data-arrived="licence"]')
        await licence.get_by_role("checkbox").uncheck()
        await approver.locator("[data-confirm-parcel]").click()
        await expect(parcel.get_by_role("alert")).to_contain_text("请写明情况")
        await licence.get_by_label("差异说明").fill("只有正本，缺副本")
        await picture(people.approver, "originals-receive")
        await approver.locator("[data-confirm-parcel]").click()
        told = window.locator('[data-handover-state="differs"]')
        await expect(told).to_contain_text("营业执照正、副本 未收到：只有正本，缺副本")
        await expect(
            window.locator('[data-paper="handover"][data-paper-state="ready"]')
        ).to_have_count(2)
        # the form as it is filled, for the window and the applicant alone
        await window.locator("[data-review]").click()
        await window.locator("[data-print-form]").click()
        printed = '[data-paper="application"][data-paper-state="ready"]'
        await expect(window.locator(printed)).to_be_visible()
        await expect(approver.locator('[data-paper="handover"]')).to_have_count(2)
        await expect(approver.locator('[data-paper="application"]')).to_have_count(0)


@needs("RapidOCR")
async def test_a_card_is_read_and_each_field_adopted(tmp_path: Path) -> None:
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        await window.locator('[data-line="identity"] input[type="file"]').set_input_files(
            [{"name": "身份证.jpg", "mimeType": "image/jpeg", "buffer": identity_card()}]
        )
        await expect(window.locator('[data-line="identity"][data-state="unread"]')).to_be_visible()
        await window.locator('[data-line="identity"] .pick').click()
        bar = window.locator("[data-card]")
        await expect(bar).to_contain_text("可读出证上内容")
        await window.locator("[data-card-read]").click()
        await expect(bar).to_contain_text("已从身份证读出 2 项", timeout=60_000)
        name = window.locator('[data-field="new_principal"]')
        await expect(name.locator("[data-proposal]")).to_contain_text(NAME)
        await picture(people.window, "card-read")
        told = approver.locator('[data-field="new_identity_number"]')
        await expect(told).to_contain_text("110105************")
        await name.locator(".adopt").click()
        await expect(approver.locator('[data-field="new_principal"]')).to_contain_text(NAME)
        await window.locator("[data-card-read]").click()
        await expect(bar).to_contain_text("与已填的相同", timeout=60_000)
