"""The health page in a real browser (D9): each part with its state in words, what fails first, and a server that is gone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.async_api import expect

from server.app import running
from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.screens import Screens
from tests.kit.templates import fill

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]


async def test_health_page(tmp_path: Path) -> None:
    screens = Screens()
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        # a TURN server that never answers
        deaf.bind(("127.0.0.1", 0))
        turn = f"turn:127.0.0.1:{deaf.getsockname()[1]}?transport=udp"
        settings = node_settings(
            database, tmp_path, turn_urls=(turn,), turn_secret="a secret of the relay"
        )
        await fill(settings.store)
        async with chromium(tmp_path) as browser:
            desk = await Desk.open(browser)
            page = desk.page
            async with running(settings, media=False) as node:
                await desk.sign_in(node.address, "yunwei", demo.PASSWORD)
                await page.wait_for_url("**/admin/health")
                rows = page.locator("[data-part]")
                await expect(rows.first).to_be_visible(timeout=10_000)
                # what fails stands first, as a shape and a word, and is told what it means
                await expect(rows.first).to_have_attribute("data-part", "turn")
                await expect(rows.first).to_have_attribute("data-state", "failing")
                await expect(rows.first).to_contain_text("故障")
                await expect(page.locator("[data-health]")).to_have_attribute(
                    "data-status", "failing"
                )
                for part in ("version", "revision", "disk", "sequencer", "queue", "clock"):
                    row = page.locator(f'[data-part="{part}"]')
                    await expect(row).to_have_count(1)
                    await expect(row.locator(".value")).not_to_be_empty()
                await screens.take(desk, "admin-health", large=True)
                before = await page.locator(".health .caption .muted").inner_text()
                await page.get_by_role("button", name="刷新").click()
                await expect(page.locator(".health .caption .muted")).not_to_have_text(before)
            # the server is gone: it is said, and what was known stays readable
            await page.get_by_role("button", name="刷新").click()
            await expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
            await expect(rows.first).to_be_visible()
            assert desk.complaints == []
    screens.check()
