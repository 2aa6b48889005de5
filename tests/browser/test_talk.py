"""What two people see and do in a call, on the real pages with real media: hold and mute.

What passes the worker is read from the worker; what is seen and heard, in the pages.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.kit.talks import Talk, shows, stands, talking
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def quiet(talk: Talk, mids: str) -> None:
    """Nothing more comes from the pages on these m-lines: a second goes by without a packet."""
    counts: list[int] = []

    async def still() -> str | None:
        counts.append(await talk.came(mids))
        return None if len(counts) > 10 and len(set(counts[-10:])) == 1 else f"{counts[-5:]}"

    await until(still, 10, every_s=0.1)


async def test_hold_and_mute_stop_what_passes(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page

        # muted, the page itself sends nothing of that line
        await window.keyboard.press("Control+d")
        await expect(approver.get_by_text("对方已静音")).to_be_visible()
        await approver.keyboard.press("Control+d")
        await quiet(talk, "0")
        await window.keyboard.press("Control+d")
        await approver.keyboard.press("Control+d")
        await expect(approver.get_by_text("对方已静音")).to_be_hidden()

        # held by the approver: said on both with a running clock, and not one packet passes
        await approver.get_by_role("button", name="保持", exact=True).click()
        await stands(approver, "held_here")
        await stands(window, "held_there")
        went = await talk.went()
        await expect(window.locator("[data-held=there]")).to_contain_text("周明远保持了通话")
        await expect(window.get_by_role("button", name="继续通话")).to_have_count(0)
        assert await talk.window.axe() == []
        await quiet(talk, "0123")
        clock = window.locator("[data-held] .clock")
        first = await clock.inner_text()
        await expect(clock).not_to_have_text(first)
        assert await talk.went() == went
        # who takes his seat again while it is held is held too: another party, which gets nothing
        await window.reload()
        await stands(window, "held_there")
        await quiet(talk, "0123")
        parties = (await talk.figures()).values()
        assert min(sum(f["packets"] for f in one["feeds"].values()) for one in parties) == 0

        await approver.locator("[data-resume]").click()
        for desk in (talk.window, talk.approver):
            await stands(desk.page, "active")
            await shows(desk)
        assert talk.window.complaints + talk.approver.complaints == []
