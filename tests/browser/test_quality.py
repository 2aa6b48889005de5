"""How good the other side's line is, while one talks and afterwards in the replay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk
from tests.kit.screens import Screens
from tests.kit.talks import stands, talking

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

LEVEL = re.compile("excellent|good|poor")


async def test_each_side_sees_the_line_of_the_other_and_the_replay_keeps_both(
    tmp_path: Path,
) -> None:
    screens = Screens()
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page
        for page in (window, approver):
            await expect(page.locator("[data-quality]")).to_have_attribute("data-quality", LEVEL)
        await window.locator("[data-quality]").click()
        await expect(window.locator("[data-far-figures]")).to_contain_text("往返用时")
        await expect(window.locator("[data-far-figures]")).to_contain_text("直接相连")
        await screens.take(talk.window, "call-far-quality")
        call_id = await window.locator(".call-pane").get_attribute("data-call")
        await window.get_by_role("button", name="挂断", exact=True).click()
        await stands(approver, "ended")

        chief = await Desk.open(talk.browser)
        await chief.sign_in(talk.node.address, "chenli", demo.PASSWORD)
        await chief.page.wait_for_url("**/supervisor/calls")
        await chief.page.goto(f"{talk.node.address}/supervisor/calls/{call_id}")
        for person in ("李秀兰", "周明远"):
            line = chief.page.locator(f'ul[aria-label*="{person}"] [data-line]').first
            await expect(line).to_have_attribute("data-line", LEVEL)
            await expect(line).to_have_attribute("title", re.compile("往返最多"))
        screens.check()
        assert talk.window.complaints + talk.approver.complaints == []
