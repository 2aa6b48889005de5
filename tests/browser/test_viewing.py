"""The copy that both look at: its mark and grade, and the original for a reason."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_together import LINE, both, open_line, paper, picture
from tests.kit import ofds
from tests.kit.capabilities import needs
from tests.kit.until import borne, until

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
        asked = approver.locator("[data-asked=original]")
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


@needs("ofd-cli")
async def test_ofd_is_seen_on_both_sides_with_what_was_not_drawn(tmp_path: Path) -> None:
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        material = await people.put(LINE, ofds.licence(), "电子证照.ofd")
        copied = await people.clerk.copied(people.case_id, material, within_s=60)
        assert copied["viewed"]["state"] == "ready"
        for page, side in ((window, "window"), (approver, "approver")):
            await open_line(page, side)
            await expect(page.locator(".document [data-page='1'][data-drawn]")).to_be_visible()
            await expect(page.locator(".document").get_by_role("note")).to_contain_text(
                "电子签章不绘出"
            )
        await picture(people.approver, "document-ofd")


@pytest.mark.timed
async def test_both_draw_on_a_document_and_what_is_drawn_stays(
    tmp_path: Path, record_property: Any
) -> None:
    """P5: strokes in the document's coordinates, with who drew them, within 200 ms on the other side."""
    async with both(tmp_path) as people:
        window, approver = people.window.page, people.approver.page
        material = await people.put(LINE, paper(2), "任职文件.pdf")
        await people.clerk.copied(people.case_id, material)
        for page, side in ((window, "window"), (approver, "approver")):
            await open_line(page, side)
            await expect(page.locator(".document [data-page='1'][data-drawn]")).to_be_visible()

        async def stroke(page: Page, *places: tuple[float, float], lift: bool = True) -> None:
            """Draw through these places of the first page, as shares of it."""
            box = await page.locator(".document [data-page='1']").bounding_box()
            assert box is not None
            for number, (x, y) in enumerate(places):
                await page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
                if number == 0:
                    await page.mouse.down()
            if lift:
                await page.mouse.up()

        # it grows on the other side while the pen is still down
        await approver.locator('[data-tool="pen"]').click()
        await stroke(approver, (0.2, 0.15), (0.4, 0.12), lift=False)
        growing = window.locator('.document [data-stroke^="of "]')
        await expect(growing).to_be_visible()
        times = []
        for number in range(20):
            before = await growing.get_attribute("points")
            box = await approver.locator(".document [data-page='1']").bounding_box()
            assert box is not None
            began = time.monotonic()
            await approver.mouse.move(
                box["x"] + box["width"] * (0.4 + number * 0.015), box["y"] + box["height"] * 0.2
            )

            async def grown(before: str | None = before) -> str | None:
                now = await growing.get_attribute("points")
                return None if now != before else f"still {now}"

            await until(grown, 2)
            times.append(time.monotonic() - began)
        record_property(
            "a growing stroke is seen after, ms", round(statistics.median(times) * 1000)
        )
        assert statistics.median(times) <= borne(0.2), times
        await approver.mouse.up()
        kept = window.locator(".document [data-page='1'] [data-stroke]")
        await expect(kept).to_have_count(1)
        await expect(growing).to_have_count(0)
        await expect(window.locator(".document [data-ink] .name")).to_have_text("周明远")

        await window.locator('[data-tool="pen"]').click()
        await stroke(window, (0.3, 0.3), (0.6, 0.3), (0.6, 0.4), (0.3, 0.4), (0.3, 0.3))
        for page in (window, approver):
            await expect(page.locator(".document [data-page='1'] [data-stroke]")).to_have_count(2)
        await picture(people.window, "drawing-window")
        await picture(people.approver, "drawing-approver")

        # turned and enlarged they lie where they lay, and a page that is loaded anew has them
        points = await kept.nth(1).get_attribute("points")
        await window.get_by_role("button", name="转 90 度").click()
        turned = await kept.nth(1).get_attribute("points")
        first, then = (str(one).split(" ")[0].split(",") for one in (points, turned))
        assert [float(then[0]), float(then[1])] == [1000 - float(first[1]), float(first[0])]
        await window.reload()
        await open_line(window, "window")
        await expect(kept).to_have_count(2)
        assert await kept.nth(1).get_attribute("points") == points

        # rights: only the approver, then all; each clears his own, the approver all
        await approver.locator("[data-only-me]").click()
        await expect(window.locator('[data-tool="pen"]')).to_be_disabled()
        await approver.locator("[data-only-me]").click()
        await expect(window.locator('[data-tool="pen"]')).to_be_enabled()
        await window.locator('[data-clear="mine"]').click()
        await expect(approver.locator(".document [data-page='1'] [data-stroke]")).to_have_count(1)
        await expect(window.locator('[data-clear="all"]')).to_have_count(0)
        await approver.locator('[data-clear="all"]').click()
        await expect(kept).to_have_count(0)
