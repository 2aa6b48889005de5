"""The call in a window above the others: on a click, with the document first, and gone with the call."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.kit.browsers import Desk
from tests.kit.screens import Screens
from tests.kit.talks import FAR, shows, stands, talking
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SPY = """
    const set = navigator.mediaSession.setActionHandler.bind(navigator.mediaSession)
    window.session = {}
    navigator.mediaSession.setActionHandler = (action, handler) => {
        window.session[action] = handler
        set(action, handler)
    }
"""
"""What the page tells the browser to do at the keys of its own small windows."""


async def test_the_small_window_has_picture_and_keys(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page
        async with window.context.expect_page() as opened:
            await window.locator("[data-pip-open]").click()
        small = Desk(await opened.value)
        await shows(small, selector="[data-pip] video")
        await expect(small.page.locator("[data-pip]")).to_contain_text("周明远")
        await expect(small.page.locator("[data-pip]")).to_contain_text("XHA-0217")

        # The sound comes from the page alone, and its picture goes on.
        muted = "() => [...document.querySelectorAll('video')].every(one => one.muted)"
        assert await small.page.evaluate(muted)
        await shows(talk.window, selector=FAR)

        await small.page.locator("[data-pip-key=microphone]").click()
        await expect(approver.get_by_text("对方已静音")).to_be_visible()
        await expect(small.page.locator("[data-pip-key=microphone]")).to_have_text("已静音")
        await small.page.locator("[data-pip-key=microphone]").click()
        await expect(approver.get_by_text("对方已静音")).to_be_hidden()

        # What the other side shows comes first.
        await approver.locator("[data-key=paper]").click()
        await expect(small.page.locator("[data-pip]")).to_have_attribute("data-shows", "paper")
        await shows(small, selector="[data-pip] .paper video")
        screens = Screens()
        await small.page.set_viewport_size({"width": 360, "height": 320})
        await screens.take(small, "call-pip")
        screens.check()
        await approver.locator("[data-key=paper]").click()
        await expect(small.page.locator("[data-pip]")).to_have_attribute("data-shows", "face")

        async with small.page.expect_event("close"):
            await small.page.locator("[data-pip-key=hang_up]").click()
        for page in (window, approver):
            await stands(page, "ended")
        assert talk.window.complaints + talk.approver.complaints + small.complaints == []


async def test_what_the_browser_opens_itself_and_what_one_without_such_windows_shows(
    tmp_path: Path,
) -> None:
    """Chromium asks the media session when the tab is left; here the test asks in its place. An
    older one knows pictures alone: what is shown before the face, with the browser's own keys."""
    kept = "() => document.pictureInPictureElement?.matches('[data-pip-picture]') ?? false"
    streams = """() => ['[data-pip-picture]', '[data-stage=paper] video', '.far-face video']
        .map(one => document.querySelector(one)?.srcObject?.id)"""
    async with talking(tmp_path) as talk:
        page, approver = talk.window.page, talk.approver.page
        await page.add_init_script(SPY)
        await page.reload()
        await stands(page, "active")
        asked = "() => Object.keys(window.session).filter(name => window.session[name]).sort()"
        wanted = ["enterpictureinpicture", "hangup", "togglecamera", "togglemicrophone"]

        async def answers() -> str | None:
            found = await page.evaluate(asked)
            return None if found == wanted else f"asked for {found}"

        await until(answers)
        # A gesture on the page stands for Chromium's own permission.
        await page.locator(".call-pane").click(position={"x": 5, "y": 5})
        async with page.context.expect_page() as opened:
            await page.evaluate("() => window.session.enterpictureinpicture({})")
        small = await opened.value
        await expect(small.locator("[data-pip]")).to_be_visible()
        # The tab is looked at again: what opened by itself goes by itself.
        async with small.expect_event("close"):
            await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        await expect(page.locator("[data-pip-open]")).to_have_attribute("aria-pressed", "false")

        await page.add_init_script("delete window.documentPictureInPicture")
        await page.reload()
        await stands(page, "active")
        await shows(talk.window, selector=FAR)
        key = page.locator("[data-pip-open]")
        await key.click()
        await expect(key).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate(kept)
        await shows(talk.window, selector="[data-pip-picture]")
        alone, _, face = await page.evaluate(streams)
        assert alone == face
        assert await page.locator("[data-pip-picture]").evaluate("one => one.muted")

        # A paper comes in its place, and the face again: the small window stays meanwhile.
        await approver.locator("[data-key=paper]").click()
        await shows(talk.window, selector="[data-stage=paper] video")
        await shows(talk.window, selector="[data-pip-picture]")
        alone, paper, face = await page.evaluate(streams)
        assert alone == paper != face
        await approver.locator("[data-key=paper]").click()
        await expect(page.locator("[data-stage]")).to_have_count(0)
        await shows(talk.window, selector="[data-pip-picture]")
        alone, _, face = await page.evaluate(streams)
        assert alone == face
        assert await page.evaluate(kept)

        # The keys of the browser's small window.
        await page.evaluate("() => window.session.togglemicrophone()")
        await expect(approver.get_by_text("对方已静音")).to_be_visible()
        await page.evaluate("() => window.session.hangup()")
        for side in (page, approver):
            await stands(side, "ended")
        await expect(page.locator("[data-pip-picture]")).to_have_count(0)
        assert not await page.evaluate(kept)
        assert talk.window.complaints + talk.approver.complaints == []
