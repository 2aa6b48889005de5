"""帮办代办 on its own page: a task from the applicant's wish to its last paper, with the keys, in both languages."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from server.standards.working_days import CHINA
from server.store import SystemClock
from tests.browser.test_together import paper
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node, desk_of
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def made(page: Page, kind: str) -> None:
    """This paper stands there, ready to be printed."""
    one = page.locator(f"[data-agent-paper={kind}][data-state=ready]")
    await expect(one).to_have_count(1, timeout=60_000)


async def test_a_task_goes_from_the_wish_to_its_last_paper(tmp_path: Path) -> None:
    screens = Screens()
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, SystemClock()) as node, chromium(tmp_path) as browser:
        now = SystemClock().now().astimezone(CHINA)
        later = (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
        until = (now + timedelta(days=30)).strftime("%Y-%m-%d")
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await page.wait_for_url("**/window")
        # nobody is helped: the desk has the way to tasks alone, and from there it goes on
        await expect(page.locator("[data-to-tasks]")).to_be_visible()
        await expect(page.locator("[data-to-agents]")).to_have_count(0)
        await page.locator("[data-to-tasks]").click()
        await page.locator("[data-to-agents]").click()
        await page.wait_for_url("**/agents")
        await expect(page.get_by_role("heading", name="帮办代办")).to_be_visible()
        await expect(page.get_by_text("这里没有帮办代办")).to_be_visible()
        await screens.take(desk, "agents-empty")

        # a new one: the case is looked for, with the keys alone
        async with desk_of(node, "lixiulan") as clerk:
            case_id = await clerk.open_case()
            scan = paper(1)
            location, _ = await clerk.begin(case_id, "other", len(scan), "委托书.pdf")
            async with clerk.patch(location, 0, io.BytesIO(scan)) as said:
                assert said.status == 204, await said.text()
        await page.locator("[data-new-agent]").focus()
        await page.keyboard.press("Enter")
        words = page.locator("[data-pick-words]")
        await expect(words).to_be_focused()
        await page.keyboard.type("孙雅宁")
        await page.keyboard.press("Enter")
        await page.locator(f'[data-pick="{case_id}"]').focus()
        await page.keyboard.press("Enter")
        await page.locator("[data-agent-ask]").click()
        await page.locator("input[value=proxy]").check()
        await page.locator("[data-agent-text]").fill("行动不便，请代领证照")
        await page.keyboard.press("Enter")
        row = page.locator("[data-task]")
        await expect(row).to_have_count(1)
        await expect(page.locator("[data-tab=unclaimed]")).to_have_attribute("aria-pressed", "true")
        await expect(row).to_contain_text("没有委托书")
        await expect(page.locator("[data-task-pane]")).to_contain_text("行动不便，请代领证照")
        await expect(page.locator("[data-raise-at]")).to_contain_text("没有结果自动提级")
        await expect(page.locator("[data-levels] li")).to_have_text(["承办人", "单位负责人"])

        # accepted, with its first paper; the mandate is printed, signed, scanned and entered
        await page.locator("[data-claim]").click()
        await page.locator("[data-tab=mine]").click()
        await page.locator("[data-agent-make=agent_start]").click()
        await made(page, "agent_start")
        await page.locator("[data-agent-make=mandate]").click()
        await page.locator("[data-agent-scope]").fill("代领、代寄证照")
        await page.locator("[data-agent-until]").fill(until)
        await page.locator("[data-agent-make-now]").click()
        await made(page, "mandate")
        await page.locator("[data-mandate-open]").click()
        await page.locator("[data-mandate-file]").select_option(label="委托书.pdf")
        await page.locator("[data-mandate-scope]").fill("代领、代寄证照")
        await page.locator("[data-mandate-until]").fill(until)
        await page.locator("[data-mandate-enter]").click()
        await expect(row.locator("[data-mandated=good]")).to_have_text("有委托书")

        # what is said about the case stands beside it
        talk = page.locator("[data-case-talk]")
        await talk.locator("textarea").fill("您好，证照出来后由我代领")
        await talk.locator("textarea").press("Enter")
        await expect(talk).to_contain_text("您好，证照出来后由我代领")
        await screens.take(desk, "agents", large=True)

        # suspended with its paper, renewed, and on
        await page.locator("[data-task-text]").fill("申请人住院")
        await page.locator("[data-task-at]").fill(later)
        await page.locator("[data-suspend]").click()
        await page.locator("[data-agent-make=agent_pause]").click()
        await made(page, "agent_pause")
        await page.locator("[data-agent-make=renewal]").click()
        await page.locator("[data-agent-scope]").fill("代领、代寄证照")
        await page.locator("[data-agent-until]").fill(until)
        await page.locator("[data-agent-make-now]").click()
        await made(page, "renewal")
        await page.locator("[data-task-step]").fill("代领证照")
        await page.locator("[data-task-at]").fill(later)
        await page.locator("[data-resume]").click()
        await expect(page.locator("[data-suspend]")).to_be_visible()

        # done, by the key; then its last paper
        await page.locator("input[name=outcome][value=done]").check()
        await page.locator("[data-task-text]").fill("证照已送到本人手里")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-task-pane]")).to_have_count(0)
        await page.locator("[data-tab=ended]").click()
        await page.locator("[data-agent-make=agent_end]").click()
        await made(page, "agent_end")
        await expect(page.locator("[data-agent-make]")).to_have_count(0)
        async with page.expect_download() as kept:
            await page.locator("[data-agent-paper=agent_end] a[download]").click()
        assert (await kept.value).suggested_filename.startswith("帮办代办办结（终止）单-370103-DB-")
        await screens.take(desk, "agents-ended")
        screens.check()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", name="Help for applicants")).to_be_visible()
        await expect(page.locator("[data-agent-paper=agent_end]")).to_contain_text(
            "Notice of the end of help"
        )
        assert desk.complaints == []
