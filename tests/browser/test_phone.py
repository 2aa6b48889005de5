"""A phone brings pages to a line: the code is read from the window's screen, the pages come to its desk one by one."""

from __future__ import annotations

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import node
from tests.browser.test_uploads import LEFT, is_stored, materials, open_case
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import desk_of
from tests.kit.screens import Screens
from tests.kit.sheets import laid, sheet
from tests.kit.until import until

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(150)]

LINE = "appointment"
CORNERS = ((200.0, 120.0), (720.0, 160.0), (700.0, 1040.0), (150.0, 1000.0))
PHONE = {"width": 390, "height": 844}


def photo(path: Path, number: int) -> Path:
    """A picture as a phone takes it: upright, the paper askew on a table."""
    laid(sheet(number), CORNERS, (900, 1200)).save(path, "JPEG", quality=90)
    return path


def read_code(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as seen:
        found = zxingcpp.read_barcodes(seen.convert("L"))
    assert len(found) == 1
    return str(found[0].text)


async def test_a_phone_brings_the_pages_of_a_paper(node: Running, tmp_path: Path) -> None:
    screens = Screens()
    first, second, third = (photo(tmp_path / f"{n}.jpg", n) for n in (1, 2, 3))
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium(tmp_path))
        api = await stack.enter_async_context(desk_of(node, "lixiulan"))
        case_id = await api.open_case()
        desk = await Desk.open(browser)
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await desk.page.wait_for_url("**/window")
        await open_case(desk.page, node, case_id)

        line = desk.page.locator(f'[data-line="{LINE}"]')
        await line.locator(".pick").click()
        await line.locator("[data-phone-line]").click()
        code = desk.page.locator("[data-qr]")
        await expect(code).to_be_visible()
        await screens.take(desk, "phone-code")
        address = await asyncio.to_thread(read_code, await code.screenshot())
        assert address.startswith(f"{node.address}/phone#")

        # a third context of phone size, without any sign-in
        context = await browser.new_context(
            viewport=PHONE, locale="zh-CN", is_mobile=True, has_touch=True, device_scale_factor=2
        )
        phone = Desk(await context.new_page())
        asked: list[str] = []
        phone.page.on("request", lambda request: asked.append(request.url))
        await phone.page.goto(address)
        shown = phone.page.locator("[data-phone]")
        await expect(shown).to_have_attribute("data-phone-state", "open")
        assert phone.page.url == f"{node.address}/phone"
        secret = address.rpartition(".")[2]
        assert not [url for url in asked if secret in url.partition("#")[0]]
        link = desk.page.locator("[data-phone-link]")
        await expect(link).to_have_attribute("data-phone-link", "connected")
        await expect(link).to_contain_text("手机已连接")
        await expect(code).to_have_count(0)

        # each page is at the desk before the next is taken, cut out
        await phone.page.locator("[data-shoot-phone]").set_input_files(first)
        await expect(desk.page.locator("[data-page]")).to_have_count(1, timeout=30_000)
        # while the clerk corrects one, the link stays
        await desk.page.locator("[data-page] .thumb").click()
        await expect(desk.page.locator("[data-done-page]")).to_be_visible()
        await phone.page.locator("[data-pick-phone]").set_input_files([second, third])
        await expect(desk.page.locator("[data-page]")).to_have_count(3, timeout=30_000)
        # each lies among the papers here, and only now the phone says so
        await expect(phone.page.locator('[data-shot="taken"]')).to_have_count(3)
        await expect(phone.page.locator("[data-shot]").first).to_contain_text("窗口已收")
        await desk.page.locator("[data-done-page]").click()
        await screens.take(phone, "phone-page")
        await screens.take(desk, "phone-arrived")

        # reloaded, the phone goes on by its cookie; done, the link is dead for everybody
        await phone.page.reload()
        await expect(shown).to_have_attribute("data-phone-state", "open")
        await phone.page.locator("[data-finish-phone]").click()
        await expect(shown).to_have_attribute("data-phone-state", "done")
        await expect(link).to_have_attribute("data-phone-link", "finished")
        stranger = Desk(await context.new_page())
        await stranger.page.goto(address)
        await expect(stranger.page.locator("[data-phone]")).to_have_attribute(
            "data-phone-state", "wrong"
        )

        await desk.page.locator("[data-send-scan]").click()
        await is_stored(desk.page, LINE)
        told = await materials(api, case_id)
        assert [one["purpose"] for one in told] == ["page"] * 3 + ["material"]
        assert (told[-1]["pages"], told[-1]["line"]) == (3, LINE)

        # the window takes a code back, and leaving the pane does as well
        await line.locator("[data-phone-line]").click()
        await desk.page.locator("[data-withdraw-phone]").click()
        await expect(link).to_have_attribute("data-phone-link", "withdrawn")
        await desk.page.locator("[data-invite-phone]").click()
        await expect(link).to_have_attribute("data-phone-link", "waiting")
        await desk.page.locator("[data-scan-close]").click()

        async def all_ended() -> str | None:
            states = [one["state"] for one in (await api.case(case_id))["phones"]]
            done = states == ["finished", "withdrawn", "withdrawn"]
            return None if done else f"{states}"

        await until(all_ended, 10)
        assert [one for one in (*desk.complaints, *phone.complaints) if LEFT not in one] == []
        await context.close()
    screens.check()
