"""Who speaks, who speaks while muted, which document camera, and the call on a telephone: on real pages."""

from __future__ import annotations

import asyncio
import re
import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect

from server.demo import data as demo
from tests.kit.browsers import Desk
from tests.kit.screens import Screens
from tests.kit.talks import shows, stands, talking

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def speech(folder: Path) -> Path:
    """Syllables of a gliding voice: a steady tone would be taken for noise and suppressed."""
    path, rate = folder / "speech.wav", 48_000
    at = np.arange(10 * rate) / rate
    pitch = 140 + 40 * np.sin(2 * np.pi * 0.7 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(n * phase) / n for n in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at) + 0.6, 0, 1) * (at % 1.0 < 0.8)
    samples = (0.25 * voice * syllables * 32_767).clip(-32_767, 32_767).astype("<i2")

    def write() -> None:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(samples.tobytes())

    await asyncio.to_thread(write)
    return path


async def test_who_speaks_is_marked_and_who_speaks_muted_is_told(tmp_path: Path) -> None:
    """Both microphones bring a voice that never ends: who is not muted speaks."""
    flags = (f"--use-file-for-fake-audio-capture={await speech(tmp_path)}",)
    async with talking(tmp_path, flags=flags) as talk:
        window, approver = talk.window.page, talk.approver.page
        await expect(window.locator(".who [data-speaking]")).to_be_visible()
        await expect(window.locator(".far-face.speaks")).to_be_visible()
        await expect(window.locator(".own-face.speaks")).to_be_visible()
        await approver.locator("[data-key=microphone]").click()
        await expect(window.locator(".who [data-speaking]")).to_have_count(0)
        await expect(window.locator(".far-face.speaks")).to_have_count(0)
        await expect(approver.locator(".own-face.speaks")).to_have_count(0)
        # He goes on speaking: his own page says so, and one click is enough.
        note = approver.locator("[data-note=speaks_muted]")
        await expect(note).to_be_visible()
        screens = Screens()
        await screens.take(talk.approver, "call-speaks-muted")
        await note.locator("[data-unmute]").click()
        await expect(note).to_have_count(0)
        await expect(window.locator(".who [data-speaking]")).to_be_visible()
        screens.check()
        assert talk.window.complaints + talk.approver.complaints == []


IN_USE = (
    "() => document.querySelector('.own-paper video')?.srcObject"
    "?.getVideoTracks()[0]?.getSettings().deviceId"
)


async def test_the_document_camera_is_chosen_in_the_call_and_kept(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        window, approver = talk.window.page, talk.approver.page
        await window.locator("[data-key=paper]").click()
        chosen = window.locator("[data-paper-camera]")
        # the one that does not show the face is taken, and one may choose
        await expect(chosen.locator("option")).to_have_count(2)
        other = await chosen.input_value()
        assert other == "second-camera"
        await chosen.focus()
        await chosen.select_option(index=0)
        await window.wait_for_function(f"wanted => ({IN_USE})() !== wanted", arg=other)
        await chosen.select_option(other)
        await window.wait_for_function(f"wanted => ({IN_USE})() === wanted", arg=other)
        await expect(chosen).to_be_focused()
        await expect(approver.locator("[data-stage=paper]")).to_be_visible()
        await shows(talk.approver, selector="[data-stage=paper] video")
        await window.locator("[data-turn-picture]").click()
        await approver.locator("[data-turn-picture]").click()
        screens = Screens()
        await screens.take(talk.window, "call-paper-tools")
        screens.check()

        # Both are as they were after a reload, and so is how the other side had turned it.
        await window.reload()
        await stands(window, "active")
        await window.locator("[data-key=paper]").click()
        await window.wait_for_function(f"wanted => ({IN_USE})() === wanted", arg=other)
        for page, picture in ((window, ".own-paper"), (approver, ".stage .whole")):
            await expect(page.locator(picture)).to_have_attribute(
                "style", re.compile("--turn: ?90deg")
            )


async def cut_off(page: Page) -> list[str]:
    """What of the page reaches over its right edge, beside what scrolls in a box of its own."""
    found: list[str] = await page.evaluate("""() => {
        const wide = document.documentElement.clientWidth
        const scrolls = one => {
            for (let at = one.parentElement; at; at = at.parentElement) {
                if (/auto|scroll|hidden/.test(getComputedStyle(at).overflowX) && at !== document.body
                    && at.getBoundingClientRect().right <= wide + 1) return true
            }
            return false
        }
        return [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().width && one.getBoundingClientRect().right > wide + 1)
            .filter(one => !scrolls(one) && getComputedStyle(one).position !== 'absolute')
            .map(one => `${one.tagName}.${one.className}`).slice(0, 8)
    }""")
    return found


async def test_a_call_on_a_telephone_is_whole(tmp_path: Path) -> None:
    async with talking(tmp_path) as talk:
        context = await talk.browser.new_context(
            viewport={"width": 390, "height": 844}, has_touch=True, locale="zh-CN"
        )
        phone = Desk(await context.new_page())
        page, address = phone.page, talk.node.address
        await phone.sign_in(address, "zhoumingyuan", demo.PASSWORD)
        await page.wait_for_url("**/approver")
        await page.goto(talk.approver.page.url)
        await stands(page, "elsewhere")
        await page.locator(".call-pane [data-take]").tap()
        await stands(page, "active")
        await shows(phone)
        screens = Screens()
        await screens.take(phone, "call-telephone")
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert await cut_off(page) == []
        # its one camera shows the face
        await expect(page.locator(".call-pane [data-key=paper]")).to_have_count(0)
        for key in ("microphone", "camera", "hold", "hang_up"):
            button = page.locator(f".call-pane [data-key={key}]")
            await button.scroll_into_view_if_needed()
            box = await button.bounding_box()
            assert box is not None
            assert box["x"] >= 0, key
            assert box["x"] + box["width"] <= 390, key
            assert min(box["width"], box["height"]) >= 44, key
        await page.locator(".call-pane [data-key=microphone]").tap()
        await expect(talk.window.page.get_by_text("对方已静音")).to_be_visible()
        await page.locator(".call-pane [data-key=hang_up]").tap()
        await stands(talk.window.page, "ended")
        screens.check()
        await context.close()
