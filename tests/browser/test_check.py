"""The device check on the real page: all eleven steps over a real worker, and what refused permission looks like."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.peer import RED
from tests.kit.screens import Screens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

BY_SYSTEM = """navigator.mediaDevices.getUserMedia = () =>
    Promise.reject(new DOMException('Permission denied by system', 'NotAllowedError'))"""
"""What Chromium says where the operating system refuses; no browser here can be made to meet that."""


async def at_the_check(desk: Desk, address: str) -> None:
    await desk.sign_in(address, "lixiulan", demo.PASSWORD)
    await desk.page.wait_for_url("**/window")
    await desk.page.get_by_role("link", name="完整自检").click()
    await desk.page.wait_for_url("**/check")


async def test_eleven_steps_and_a_report(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    screens = Screens()
    async with (
        demo_node(database, tmp_path, media=True) as node,
        chromium(tmp_path, RED, 440) as browser,
    ):
        desk = await Desk.open(browser)
        await at_the_check(desk, node.address)
        page = desk.page
        # by keyboard alone
        await page.locator("[data-run]").focus()
        await page.keyboard.press("Enter")
        await page.locator("[data-heard=yes]").focus(timeout=20_000)
        await page.keyboard.press("Enter")
        check = page.locator("[data-verdict]")
        await expect(check).to_have_attribute("data-verdict", "ready", timeout=40_000)
        steps = await page.eval_on_selector_all(
            "[data-step]", "all => all.map(one => [one.dataset.step, one.dataset.state])"
        )
        assert len(steps) == 11
        # a capture file stands for one camera, and no relay is set up
        assert [one for one in steps if one[1] != "ok"] == [
            ["document_camera", "skipped"],
            ["relay", "skipped"],
        ]
        await expect(page.locator("[data-step=relay]")).to_have_attribute("data-reason", "no_relay")
        await screens.take(desk, "device-check")

        async with page.expect_download() as saved:
            await page.locator("[data-report]").click()
        told = await asyncio.to_thread((await (await saved.value).path()).read_text)
        report = json.loads(told)
        assert report["verdict"] == "ready"
        assert len(report["steps"]) == 11
        # nothing about anybody, and no name of a device
        assert "lixiulan" not in told
        assert "李秀兰" not in told
        assert "fake" not in told.lower()
        # pulled out afterwards: what was found well no longer is
        await page.locator(".picture video").first.evaluate(
            "one => one.srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
        )
        camera = page.locator("[data-step=camera]")
        await expect(camera).to_have_attribute("data-reason", "unplugged")
        await expect(check).to_have_attribute("data-verdict", "usable")
        await page.locator("html").evaluate("() => localStorage.setItem('yunjian.language', 'en')")
        await page.reload()
        await expect(page.get_by_role("button", name="Start the check")).to_be_visible()
        assert await desk.axe() == []
        assert desk.complaints == []
    screens.check()


async def test_refused_is_never_called_broken(tmp_path: Path) -> None:
    """C3: the browser's block and the system's have a drawing and instructions each."""
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    screens = Screens()
    async with (
        demo_node(database, tmp_path) as node,
        chromium(tmp_path, more=("--use-fake-device-for-media-stream",)) as browser,
    ):
        for by, reason, script in (
            ("browser", "refused", ""),
            ("system", "refused_by_system", BY_SYSTEM),
        ):
            desk = await Desk.open(browser)
            if script:
                await desk.page.add_init_script(script)
            await at_the_check(desk, node.address)
            await desk.page.locator("[data-run]").click()
            camera = desk.page.locator("[data-step=camera]")
            await expect(camera).to_have_attribute("data-reason", reason)
            await expect(camera).to_contain_text("设备没有坏")
            # how many cameras there are, a browser that gives none does not say
            papers = desk.page.locator("[data-step=document_camera]")
            await expect(papers).to_have_attribute("data-reason", "camera_first")
            await expect(camera.locator("[data-help]")).to_have_attribute("data-help", by)
            drawing = camera.get_by_role("img")
            await expect(drawing).to_have_accessible_name(
                "图：浏览器地址栏左侧的图标，点开后把摄像头改为允许"
                if by == "browser"
                else "图：电脑的设置，隐私一栏，打开摄像头下面的两个开关"
            )
            await screens.take(desk, f"device-check-{by}")
            await desk.context.close()
    screens.check()
