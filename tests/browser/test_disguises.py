"""Row F1: files that are two things at once, opened by real Chromium: no script runs, nothing is asked for."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page, expect

from tests.browser.test_together import both
from tests.kit.disguises import EVIL_NAME, SCRIPT, disguises

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

EMBEDDINGS = """(address) => {
  for (const [tag, member] of [['iframe', 'src'], ['object', 'data'], ['embed', 'src'], ['img', 'src'],
    ['script', 'src'], ['link', 'href']]) {
    const one = document.createElement(tag)
    if (tag === 'link') one.rel = 'stylesheet'
    one[member] = address
    document.body.append(one)
  }
}"""


async def gone_to(page: Page, address: str) -> None:
    """Open a link as somebody who clicked on it; a file to keep is no page, and stops the going."""
    try:
        await page.goto(address, wait_until="load")
    except Error as stopped:
        if "Download is starting" not in str(stopped) and "ERR_ABORTED" not in str(stopped):
            raise


async def test_f1_no_disguise_runs_or_asks_for_anything(
    tmp_path: Path, record_property: Any
) -> None:
    files = disguises()
    assert len(files) >= 25
    async with both(tmp_path) as people:
        stored: dict[str, str] = {}
        refused: list[str] = []
        for name, data in files.items():
            assert SCRIPT in data or name in (
                "utf16.png", "packed.svgz", "zip.pdf", "action.pdf", "address.pdf"
            ), name  # fmt: skip
            shown = EVIL_NAME + "." + name.rpartition(".")[2]
            location, material = await people.clerk.begin(people.case_id, "other", len(data), shown)
            async with people.clerk.patch(location, 0, io.BytesIO(data)) as said:
                if said.status == 204:
                    stored[name] = material
                else:
                    assert said.status in (415, 422), (name, said.status)
                    refused.append(name)
        record_property("refused", len(refused))
        record_property("stored", len(stored))
        assert len(stored) >= 12

        page = people.approver.page
        base = page.url.split("/approver")[0]
        asked: list[str] = []
        page.context.on("request", lambda one: asked.append(one.url))
        page.on("dialog", lambda one: asyncio.ensure_future(one.dismiss()))
        for name, material in stored.items():
            one = await people.clerk.copied(people.case_id, material)
            assert one["viewed"]["state"] in ("ready", "failed"), name
            for link in ("content", "early"):
                address = f"{base}/api/v1/materials/{material}/{link}"
                await page.goto("about:blank")
                asked.clear()
                await gone_to(page, address)
                assert set(asked) <= {address}, (name, link, asked)
                assert await page.title() != "ran"
            # as parts of a page of this origin, which its policy forbids in the first place
            await page.goto(f"{base}/healthz")
            asked.clear()
            address = f"{base}/api/v1/materials/{material}/content"
            await page.evaluate(EMBEDDINGS, address)
            await page.wait_for_load_state("networkidle")
            assert set(asked) <= {address}, (name, asked)
            assert await page.title() != "ran"
            if one["viewed"]["state"] == "ready":
                assert SCRIPT not in await people.clerk.viewed(material), name

        # and on the desk, where each is drawn, under its name
        asked.clear()
        for side, desk in (("window", people.window), ("approver", people.approver)):
            await desk.page.goto(f"{base}/{side}/cases/{people.case_id}")
            await expect(desk.page.locator("[data-case]")).to_be_visible()
        for material in stored.values():
            held = people.window.page.locator(
                f'[data-others] [data-material="{material}"] button[aria-pressed]'
            )
            await held.click()
            shown = people.window.page.locator(f'.document[data-material="{material}"]')
            await expect(shown).to_be_visible()
            one = await people.clerk.material(people.case_id, material)
            if one["viewed"]["state"] == "ready":
                await expect(people.window.page.locator(".document[data-shown]")).to_be_visible()
        assert not [url for url in asked if url.endswith("/ran")]
        for desk in (people.window, people.approver):
            assert await desk.page.title() != "ran"
        people.approver.complaints.clear()  # that its policy forbade what was embedded above
