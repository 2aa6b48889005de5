"""The copy that both look at: its mark and grade, and the original for a reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.test_together import LINE, both, open_line, paper, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_the_window_compares_with_the_original_and_both_see_the_mark(tmp_path: Path) -> None:
    data = paper(2)
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        material = await people.put(LINE, data, "任职文件.pdf")
        for page, side in ((window, "window"), (approver, "approver")):
            await open_line(page, side)
            await expect(page.locator('.document [data-grade="C"]')).to_be_visible()
        before = (await people.clerk.copied(people.case_id, material))["viewed"]["sha256"]
        await window.locator('[data-grade-to="B"]').click()
        for page in (window, approver):
            await expect(page.locator('.document [data-grade="B"]')).to_be_visible()
        after = await people.clerk.copied(people.case_id, material)
        assert after["viewed"]["sha256"] != before
        for page in (window, approver):
            shown = page.locator(f'.document[data-copy="{after["viewed"]["sha256"]}"]')
            await expect(shown.locator("[data-page='1'][data-drawn]")).to_be_visible()
        await picture(people.window, "grade-window")
        await picture(people.approver, "grade-approver")
        await window.locator('[data-grade-to="C"]').click()
        await expect(approver.locator('.document [data-grade="C"]')).to_be_visible()

        # the original, for a reason
        await approver.locator('[data-tool="original"]').click()
        asked = approver.locator("[data-original]")
        await expect(asked).to_be_visible()
        await approver.locator("[data-take-original]").click()
        await expect(asked.get_by_role("alert")).to_have_text("请写明理由")
        await picture(people.approver, "original-asked")
        await asked.get_by_role("button", name="核对印章细节").click()
        async with approver.expect_download() as coming:
            await approver.locator("[data-take-original]").click()
        kept = await (await coming.value).path()
        assert await asyncio.to_thread(Path(kept).read_bytes) == data
        await expect(asked).to_be_hidden()
