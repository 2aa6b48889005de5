"""A case from its acceptance to the archive on the real pages of both desks."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from playwright.async_api import Locator, Page, expect

from server.demo import data as demo
from tests.browser.test_together import Both, both
from tests.kit import desks
from tests.kit.browsers import Desk, chromium
from tests.kit.casework import INK, OTHER_IDENTITY_NUMBER, VALUES
from tests.kit.peer import RED
from tests.kit.screens import Screens
from tests.kit.talks import stands as in_call

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

LICENCE = "营业执照（分公司）"


def two_pages() -> bytes:
    """Both sides of a card, and of any other line more than is wanted."""
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(595, 842))
        pdf.save(made)
    return made.getvalue()


async def accepted(clerk: desks.Desk, judge: desks.Desk, case_id: str) -> None:
    """All of it brought, judged, signed and handed in; and accepted."""
    scan = two_pages()
    for name, value in VALUES.items():
        edit = {"field": name, "value": value, "base_version": 0}
        await clerk.command("case.edit", case_id=case_id, **edit)
    for line in (await clerk.case(case_id))["item"]["lines"]:
        location, material_id = await clerk.begin(case_id, line["key"], len(scan))
        async with clerk.patch(location, 0, scan) as said:
            assert said.status == 204
        judged = {"material_id": material_id, "review": "accepted"}
        await judge.command("case.review", case_id=case_id, **judged)
    shown = await clerk.command("case.summarise", case_id=case_id)
    seen: dict[str, Any] = {"case_id": case_id, "hash": shown["hash"]}
    await clerk.command("case.sign", **seen, shown_at=shown["shown_at"], **INK)
    await clerk.command("case.submit", **seen)
    reason = "材料齐全，符合法定形式。"
    await judge.command("case.decide", case_id=case_id, decision="accepted", reason=reason)


def head(page: Page) -> Locator:
    """The step of the window's head at which the case is."""
    return page.locator(".steps [aria-current=step]")


def act(page: Page, name: str) -> Locator:
    return page.locator(f".foot [data-course-act={name}]")


async def confirm(page: Page, name: str) -> None:
    """What cannot be taken back is asked once, and the way back has the focus."""
    asked = page.locator(f"[data-course-ask][data-asked={name}]")
    await expect(asked).to_be_visible()
    await page.locator("[data-course-confirm]").click()
    await expect(asked).to_be_hidden()


async def stands(people: Both, state: str) -> None:
    for desk in (people.window, people.approver):
        await expect(desk.page.locator("[data-course]")).to_have_attribute(
            "data-course-state", state
        )


def verified(package: Path) -> None:
    with zipfile.ZipFile(package) as within:
        within.extract("verify.py", package.parent)
    command = [sys.executable, "-I", package.parent / "verify.py", package]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout
    assert said.stdout.endswith("HOLDS\n")


async def test_a_case_goes_from_acceptance_to_the_archive(tmp_path: Path) -> None:
    screens = Screens()
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        await accepted(people.clerk, people.judge, people.case_id)
        await stands(people, "accepted")
        await expect(head(window)).to_have_text("受理")
        await expect(window.locator(".steps")).not_to_contain_text("办结")
        await expect(window.locator("[data-course-wait=ruling]")).to_contain_text(
            "等审批人员作出决定"
        )
        # materials and form are one key away, and back
        await window.locator("[data-to=papers]").click()
        await expect(window.locator('[data-line="application"]')).to_be_visible()
        await window.locator("[data-to=course]").click()

        # 准予, with its basis; a denial without a reason leads to what lacks
        await act(approver, "denied").click()
        await expect(approver.get_by_text("不予许可要写明理由")).to_be_visible()
        await expect(approver.locator("[data-course-entry=reason]")).to_be_focused()
        await expect(approver.locator("[data-basis]")).to_have_count(2)
        await expect(approver.locator("[data-basis]").first).to_be_checked()
        await screens.take(people.approver, "course-ruling", large=True)
        # the key of the next step asks, and the focus lies on the way back
        await approver.keyboard.press("Control+Enter")
        await expect(approver.locator("[data-course-back]")).to_be_focused()
        await confirm(approver, "granted")
        await stands(people, "granted")
        await expect(head(window)).to_have_text("决定")
        await expect(window.locator("[data-course-wait=issuing]")).to_contain_text("等审批人员制证")

        # 签发 of one licence
        await expect(act(approver, "issue")).to_have_attribute("data-filled", "true")
        await act(approver, "issue").click()
        await expect(approver.get_by_text("请填写名称和编号")).to_be_visible()
        await approver.locator("[data-issue-entry=name]").fill(LICENCE)
        await approver.locator("[data-issue-entry=number]").fill("91370211MA3N5XGY1G")
        await act(approver, "issue").click()
        await confirm(approver, "issue")
        await stands(people, "issued")
        await expect(approver.locator("[data-course-wait=delivery]")).to_contain_text("等窗口送达")

        # 告知申请人: no gateway is set, so whoever decided tells it, and enters who answered
        told = approver.locator("[data-telling=accepted]")
        await expect(told).to_have_attribute("data-telling-state", "to_tell", timeout=25_000)
        await screens.take(people.approver, "course-telling")
        await approver.locator("[data-telling-told]").first.click()
        await expect(approver.get_by_text("请写明谁接的、怎么说的")).to_be_visible()
        await approver.locator("[data-telling-text]").first.fill("本人接听，已告知")
        await approver.keyboard.press("Enter")
        await expect(told).to_have_attribute("data-telling-state", "told")
        await expect(told).to_contain_text("本人接听，已告知")

        # 窗口自取: laid ready, the identity seen, and only then 登记送达
        await expect(head(window)).to_have_text("送达")
        await expect(window.locator("[data-result=licence]")).to_contain_text("待送达")
        await expect(act(window, "begin")).to_contain_text("登记待领")
        await screens.take(people.window, "course-begin")
        await act(window, "begin").click()
        await expect(window.locator("[data-result=licence]")).to_contain_text("在窗口，待领")
        await expect(act(window, "check")).to_contain_text("刷证核对")
        await act(window, "check").click()
        await expect(window.get_by_text("请填写领取人姓名和证件号码")).to_be_visible()
        await window.locator("[data-course-entry=name]").fill("孙雅宁")
        await window.locator("[data-course-entry=number]").fill("11010519491231002")
        await act(window, "check").click()
        await expect(window.locator(".right [data-code]")).to_be_visible()
        await window.locator("[data-course-entry=number]").fill(OTHER_IDENTITY_NUMBER)
        await screens.take(people.window, "course-check", large=True)
        await act(window, "check").click()
        seen = window.locator("[data-receiver]")
        await expect(seen).to_contain_text("孙雅宁 居民身份证")
        await expect(seen).not_to_contain_text(OTHER_IDENTITY_NUMBER)
        await expect(act(window, "delivered")).to_have_attribute("data-filled", "true")
        await act(window, "delivered").click()
        await confirm(window, "delivered")
        await stands(people, "delivered")
        await expect(approver.locator("[data-result=licence]")).to_contain_text("已领取")
        await screens.take(people.approver, "course-delivered", large=True)

        # a call can still be dialled before the archive, and none after it
        dial = window.locator(".call-pane .dial")
        await expect(dial).to_be_visible()
        await expect(window.locator(".call-pane")).not_to_contain_text("办件已归档")
        await act(approver, "archive").click()
        await confirm(approver, "archive")
        await stands(people, "archived")
        await expect(head(window)).to_have_text("归档")
        await expect(window.locator(".call-pane")).to_contain_text("办件已归档")
        await expect(act(approver, "archive")).to_have_count(0)
        await screens.take(people.window, "course-archived")

        # the package, for a reason; what verifies it needs Python alone
        await approver.locator("[data-stage=archive]").click()
        await approver.locator("[data-course-package]").click()
        await approver.get_by_role("button", name="留存归档").click()
        async with approver.expect_download() as coming:
            await approver.locator("[data-take-original]").click()
        kept = tmp_path / "package.zip"
        await (await coming.value).save_as(kept)
        await asyncio.to_thread(verified, kept)

        # in the list its last eight are seen whole, beside the key that copies all of it
        await approver.keyboard.press("Escape")
        await approver.locator("[data-back]").click()
        await approver.get_by_role("tab", name="已办结").click()
        row = approver.locator("tr[data-case]").first
        await expect(row.locator("[data-copy]")).to_be_visible()
        seen = await row.locator(".tail").bounding_box()
        room = await row.locator(".case-number").bounding_box()
        assert seen is not None
        assert room is not None
        assert seen["y"] + seen["height"] <= room["y"] + room["height"] + 1
    screens.check()


async def test_an_applicant_withdraws_at_the_window(tmp_path: Path) -> None:
    async with both(tmp_path) as people:
        window = people.window.page
        await window.locator("[data-more-acts]").click()
        await window.locator("[data-course-end=withdrawn]").click()
        asked = window.locator("[data-course-ask]")
        await expect(asked.locator("textarea")).to_be_focused()
        await window.locator("[data-course-confirm]").click()
        await expect(asked.get_by_role("alert").filter(has_text="写明理由")).to_be_visible()
        await asked.locator("textarea").fill("暂不变更")
        await window.locator("[data-course-confirm]").click()
        await stands(people, "withdrawn")
        await expect(head(window)).to_have_text("撤回")
        await expect(window.locator("[data-stage=withdrawn]")).to_be_visible()
        await expect(people.approver.page.locator("[data-course-act=archive]")).to_be_visible()


QUESTION = "公司换了负责人，营业执照能在这里换吗？"
ANSWER = "可以，带上任免文件，当场办。"


async def test_a_question_becomes_a_case_in_the_call_that_goes_on(tmp_path: Path) -> None:
    """先咨询 of a unit alone, in one press; 收件登记 while they talk; and one that ends with its answer."""
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with (
        desks.demo_node(database, tmp_path, media=True) as node,
        chromium(tmp_path, RED, 440) as browser,
        desks.desk_of(node, "lixiulan") as clerk,
    ):
        window, approver = await Desk.open(browser), await Desk.open(browser)
        await window.watch_media()
        for desk, login in ((window, "lixiulan"), (approver, "zhoumingyuan")):
            await desk.sign_in(node.address, login, demo.PASSWORD)
        near, far = window.page, approver.page
        await far.get_by_role("button", name="上岗接听").click()

        # what lacks is said where it lacks; then one press begins and calls, after the word on the recording
        # the new case leaves the lists in sight
        new = await near.locator("[data-new-case]").bounding_box()
        assert new
        assert new["height"] <= 176
        await near.locator("[data-ask-first]").click()
        await expect(near.locator("#new-asked")).to_be_focused()
        await near.locator("[data-consult-start]").click()
        await expect(near.get_by_text("请选一个事项，或选一个单位")).to_be_visible()
        await expect(near.locator("#new-asked")).to_be_focused()
        await near.locator("#new-asked").select_option(demo.XIHAIAN)
        await near.locator("#new-question").fill(QUESTION)
        await screens.take(window, "consult-first", large=True)
        await near.locator("#new-question").press("Enter")
        # there is no applicant yet, and no mark in his place
        await expect(near.locator("[data-whose]")).to_have_text(re.compile("^未选事项 识别码"))
        await near.get_by_role("button", name="申请人同意").click()
        card = far.get_by_role("alertdialog")
        await expect(card).to_contain_text("咨询")
        await expect(card).to_contain_text(QUESTION)
        await card.get_by_role("button", name="接听").click()
        for desk in (approver, window):
            await in_call(desk.page, "active")
        work = far.locator("[data-consultation]")
        await expect(work.locator("[data-question]")).to_have_text(QUESTION)
        await expect(far.locator("[data-decide]")).to_have_count(0)
        await far.locator("#consult-answer").fill(ANSWER)
        case_id = near.url.rpartition("/")[2]

        # both reload: the call, the question and what was begun of the answer are there
        for page in (near, far):
            await page.reload()
            await in_call(page, "active")
            await expect(page.locator("[data-consultation]")).to_contain_text(QUESTION)
        await expect(far.locator("#consult-answer")).to_have_value(ANSWER)
        await screens.take(approver, "consult-approver", large=True)

        # a paper is shown; it lies on the one open line, and the other side opens it
        await near.locator("[data-show-paper]").click()
        await expect(near.locator("[data-scan]")).to_be_visible()
        await near.keyboard.press("Escape")
        scan = two_pages()
        location, material_id = await clerk.begin(case_id, "other", len(scan), "任免文件.pdf")
        async with clerk.patch(location, 0, scan) as said:
            assert said.status == 204
        await far.locator(f"[data-shown-paper='{material_id}']").click()
        await expect(far.locator(".document[data-shown]")).to_be_visible()

        # 收件登记 in the same call, by the keyboard
        await near.locator("[data-to=course]").click()
        await screens.take(window, "consult-register", large=True)
        item = near.locator("#new-item")
        await item.fill("负责人变更")
        await near.locator("[role=listbox] [role=option]").first.click()
        known = {"applicant_name": "孙雅宁", "identity_number": OTHER_IDENTITY_NUMBER}
        for name, value in {**known, "phone": "13805316217"}.items():
            await near.locator(f"#new-{name}").fill(value)
        await near.keyboard.press("Control+Enter")
        await expect(near.locator('[data-line="application"]')).to_be_visible()
        await expect(far.locator('[data-line="application"]')).to_be_visible()
        # the focus stands at its head, not on a key of the foot, and the days are those of the item
        await expect(near.locator(".titles h1")).to_be_focused()
        await expect(far.locator(".foot .strip")).to_contain_text("第 1 日")
        for page in (near, far):
            await in_call(page, "active")
        seen = await clerk.case(case_id)
        assert (seen["state"], seen["materials"][0]["id"]) == ("reviewing", material_id)
        await near.get_by_role("button", name="挂断", exact=True).click()

        # another one is answered, and stands in the list of both with its answer
        asked = {"item_id": demo.PRINCIPAL, "question": QUESTION}
        other = (await clerk.command("case.consult", **asked))["case_id"]
        await far.goto(f"{node.address}/approver/cases/{other}")
        await far.locator("[data-conclude]").click()
        await expect(far.locator("#consult-answer")).to_have_attribute("aria-invalid", "true")
        await far.locator("#consult-answer").fill(ANSWER)
        await far.locator("[data-conclude]").click()
        await expect(far.locator("[data-consultation] [data-answer]")).to_have_text(ANSWER)
        for desk, side in ((window, "window"), (approver, "approver")):
            await desk.page.goto(f"{node.address}/{side}")
            await desk.page.locator("[data-consult-state]").click()
            row = desk.page.locator(f"[data-consulted='{other}']")
            await expect(row.locator("[data-answer]")).to_have_text(ANSWER)
            await expect(desk.page.locator(f"[data-consulted='{case_id}']")).to_have_count(0)
        await screens.take(window, "consult-list", large=True)
        screens.check()
        assert window.complaints + approver.complaints == []
