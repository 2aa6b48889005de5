"""Papers under the document camera: cut out by themselves, corrected by hand, bound into one PDF in their order.

The camera is Chromium's fake one and shows a drawn page whose corners are known.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from playwright.async_api import Page, expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import node
from tests.browser.test_uploads import LEFT, LINE, is_stored, materials, open_case
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import Desk as Api
from tests.kit.desks import desk_of
from tests.kit.peer import near
from tests.kit.screens import Screens
from tests.kit.sheets import MARKS, distance, footage, laid, sheet
from tests.kit.until import until

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SIZE = (1280, 960)
CORNERS = ((420.0, 70.0), (960.0, 130.0), (890.0, 890.0), (330.0, 820.0))
WITHIN_PX = 4.0


async def camera_of(folder: Path) -> list[str]:
    shown = await footage(folder / "paper.mjpeg", laid(sheet(), CORNERS, SIZE))
    return [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream=fps=10",
        f"--use-file-for-fake-video-capture={shown}",
    ]


async def corners_of(page: Page) -> list[tuple[float, float]]:
    told = await page.locator("[data-corners]").get_attribute("data-corners")
    return [(one["x"], one["y"]) for one in json.loads(told or "[]")]


async def pages_are(page: Page, count: int) -> list[str]:
    await expect(page.locator("[data-page]")).to_have_count(count)
    return await page.locator("[data-page]").evaluate_all("all => all.map(one => one.dataset.page)")


@asynccontextmanager
async def cut_anew(page: Page, id: str) -> AsyncIterator[None]:
    """Returns when what was done in the block has given this page another flat sheet."""
    picture = page.locator(f'[data-page="{id}"] img')
    before = await picture.get_attribute("src") or ""
    yield
    await expect(picture).not_to_have_attribute("src", before)


def spots(page: Image.Image) -> list[tuple[int, ...]]:
    """What is near the corners of a flat sheet, where it was drawn."""
    w, h = page.size
    places = ((90, 90), (750, 90), (750, 1098), (90, 1098))
    return [tuple(page.getpixel((round(x / 840 * w), round(y / 1188 * h)))[:3]) for x, y in places]  # type: ignore[index]


async def content(api: Api, material_id: str) -> bytes:
    """The copy that people look at, once it is made."""
    got = b""

    async def made() -> str | None:
        nonlocal got
        async with api.http.get(f"/api/v1/materials/{material_id}/content") as said:
            if said.status == 409:
                return await said.text()
            assert said.status == 200
            got = await said.read()
            return None

    await until(made, 20)
    return got


async def test_pages_under_the_document_camera_become_one_pdf(
    node: Running, tmp_path: Path
) -> None:
    screens = Screens()
    async with AsyncExitStack() as stack:
        more = await camera_of(tmp_path)
        browser = await stack.enter_async_context(chromium(tmp_path, more=more))
        api = await stack.enter_async_context(desk_of(node, "lixiulan"))
        case_id = await api.open_case()
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await page.wait_for_url("**/window")
        await open_case(page, node, case_id)

        await page.locator(f'[data-line="{LINE}"] [data-scan-line]').click()
        shoot = page.locator("[data-shoot]")
        await expect(shoot).not_to_have_attribute("aria-disabled", "true")
        await screens.take(desk, "scan-live")
        await shoot.click()
        [first] = await pages_are(page, 1)

        # the corners that were found are those that were drawn
        await page.locator(f'[data-page="{first}"] .thumb').click()
        found = await corners_of(page)
        off = [distance(one, other) for one, other in zip(found, CORNERS, strict=True)]
        assert max(off) < WITHIN_PX, off
        await screens.take(desk, "scan-corners")

        # by hand: with the keys, with the pointer, and back again
        async with cut_anew(page, first):
            await page.locator('[data-corner="0"]').press("Shift+ArrowRight")
        assert (await corners_of(page))[0][0] - found[0][0] >= 9
        box = await page.locator('[data-corner="2"]').bounding_box()
        assert box is not None
        async with cut_anew(page, first):
            await page.mouse.move(box["x"] + 14, box["y"] + 14)
            await page.mouse.down()
            await page.mouse.move(box["x"] - 26, box["y"] - 26, steps=4)
            await page.mouse.up()
        assert distance((await corners_of(page))[2], found[2]) > 40
        undo = page.locator("[data-undo-page]")
        for _ in range(2):
            await undo.click()
        assert await corners_of(page) == found
        await page.locator("[data-done-page]").click()

        # a second page, turned; the order changed, a page deleted and taken back
        await shoot.click()
        [first, second] = await pages_are(page, 2)
        await page.locator(f'[data-page="{second}"] .thumb').click()
        async with cut_anew(page, second):
            await page.locator("[data-turn-page]").click()
        await page.locator("[data-done-page]").click()
        await page.locator(f'[data-page="{second}"] [data-earlier]').click()
        assert await pages_are(page, 2) == [second, first]
        await page.locator(f'[data-page="{second}"] [data-remove-page]').click()
        await pages_are(page, 1)
        await undo.click()
        assert await pages_are(page, 2) == [second, first]
        await screens.take(desk, "scan-pages")

        await page.locator("[data-send-scan]").click()
        await is_stored(page, LINE)
        [stored] = await materials(api, case_id)
        assert (stored["media_type"], stored["pages"]) == ("application/pdf", 2)
        pdf = pypdfium2.PdfDocument(await content(api, stored["id"]))
        turned, straight = (one.render(scale=2).to_pil() for one in pdf)
        assert straight.height / straight.width == pytest.approx(2**0.5, abs=0.01)
        for seen, drawn in zip(spots(straight), MARKS, strict=True):
            assert near(seen, drawn, 45), (seen, drawn)
        # a quarter clockwise: what was at the bottom left is at the top left
        back = turned.rotate(90, expand=True)
        for seen, drawn in zip(spots(back), MARKS, strict=True):
            assert near(seen, drawn, 45), (seen, drawn)
        await screens.take(desk, "scan-stored")
        assert [one for one in desk.complaints if LEFT not in one] == []
    screens.check()
