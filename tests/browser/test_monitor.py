"""A supervisor in a running call, on the real pages: unseen, heard by the approver alone, seated for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk
from tests.kit.screens import Screens
from tests.kit.talks import Talk, shows, stands, talking
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

OF_TWO = set("01234567")
"""The m-lines that pages of a call of two have."""


async def feeds(talk: Talk) -> dict[str, dict[str, Any]]:
    """What each party has been sent, by m-line; the parties in the order in which they came."""
    return {name: one["feeds"] for name, one in (await talk.figures()).items()}


async def test_from_silence_over_a_whisper_to_a_seat(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page
        chief = await Desk.open(talk.browser)
        await chief.sign_in(talk.node.address, "hanmei", demo.PASSWORD)
        page, screens = chief.page, Screens()
        await page.locator("[data-running]").click()
        await expect(page.locator("[data-begin]")).to_be_visible()
        await expect(page.locator(".monitor [data-case-code]")).to_contain_text("识别码")
        reason = page.get_by_label("为什么旁听这次通话")
        await reason.fill("群众投诉：多次补正")
        await reason.press("Control+Enter")
        pane = page.locator(".monitor")
        await expect(pane).to_have_attribute("data-way", "listen")
        for seat in ("window", "approver"):
            await shows(chief, selector=f"[data-face={seat}] video")
        await screens.take(chief, "monitor-listen")

        # Neither page tells of him, in what it shows or in the lines that it has.
        for desk in (window, approver):
            await expect(desk.locator("[data-party]")).to_have_count(2)
            await expect(desk.locator("[data-beside], [data-whisper]")).to_have_count(0)
        first, second, third = (await feeds(talk)).values()
        assert (set(first), set(second)) == (OF_TWO, OF_TWO)
        assert sum(line["packets"] for line in third.values()) > 0
        assert sum(first[mid]["packets"] + second[mid]["packets"] for mid in "4567") == 0

        # A whisper: the approver is told, and hears; at the window nothing is.
        await page.locator("[data-turn=whisper]").click()
        await expect(pane).to_have_attribute("data-way", "whisper")
        await expect(approver.locator("[data-whisper]")).to_contain_text("督查韩梅")

        async def whispered() -> str | None:
            first, second, _ = (await feeds(talk)).values()
            heard = [one for one in (first, second) if "g" in one and one["g"]["packets"] > 50]
            return None if len(heard) == 1 else f"{first.keys()} {second.keys()}"

        await until(whispered, 15)
        playing = "() => [...document.querySelectorAll('audio')].some(one => one.srcObject)"
        await approver.wait_for_function(playing)
        assert not await window.evaluate(playing)
        lacking = [one for one in (await feeds(talk)).values() if set(one) == OF_TWO]
        assert len(lacking) == 2, "the window has no line for him, and he needs none of it"
        await expect(window.locator("[data-whisper]")).to_have_count(0)
        await screens.take(talk.approver, "monitor-whisper")

        # A barge: a seat that all see.
        await page.get_by_label("改变方式的原因").fill("当面说明")
        await page.locator("[data-turn=barge]").click()
        await expect(pane).to_have_attribute("data-way", "barge")
        for desk in (window, approver):
            await expect(desk.get_by_text("督查 韩梅 · 青岛西海岸")).to_be_visible()
            await expect(desk.locator("[data-whisper]")).to_have_count(0)

        async def all_hear() -> str | None:
            sent = list((await feeds(talk)).values())
            heard = [one for one in sent if one["4"]["packets"] > 50]
            return None if len(sent) == len(heard) == 3 else f"{[one['4'] for one in sent]}"

        await until(all_hear, 20)
        await expect(pane).to_have_attribute("data-up", "true")
        for seat in ("window", "approver"):
            await shows(chief, selector=f"[data-face={seat}] video")
        await screens.take(talk.window, "monitor-barge")

        # He goes as he came: for all to see; the call goes on.
        await page.locator("[data-end]").click()
        await expect(page.locator("[data-begin]")).to_be_visible()
        for one in (talk.window, talk.approver):
            await expect(one.page.get_by_text("督查 韩梅")).to_have_count(0)
            await stands(one.page, "active")
        screens.check()
        assert talk.window.complaints + talk.approver.complaints + chief.complaints == []
