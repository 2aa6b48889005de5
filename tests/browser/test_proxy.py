"""A desk behind the nginx that is shipped, https as the public has it: sign-in, socket, a phone's photo,
a list of items, and a file that is looked at while it arrives."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import WebSocket, expect

from server.demo import data as demo
from tests.browser.test_catalogue import ROWS
from tests.browser.test_phone import CORNERS, LINE, PHONE, read_code
from tests.kit.browsers import Desk, chromium
from tests.kit.capabilities import needs
from tests.kit.desks import demo_node, desk_of
from tests.kit.proxies import nginx
from tests.kit.sheets import laid, sheet
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), needs("nginx")]

MIB = 1024 * 1024
EARLY = """async ([caseId, line]) => {
    const tus = {'Tus-Resumable': '1.0.0'}
    const half = 300000, whole = new Uint8Array(2 * half).fill(32)
    whole.set(new TextEncoder().encode('%PDF-1.4\\n'))
    const told = {case_id: caseId, line, filename: 'a.pdf'}
    const begun = await fetch('/api/v1/uploads', {method: 'POST', headers: {...tus,
        'Upload-Length': String(whole.length),
        'Upload-Metadata': Object.entries(told).map(([k, v]) => `${k} ${btoa(v)}`).join(',')}})
    if (begun.status !== 201) return {begun: begun.status}
    const send = offset => fetch(begun.headers.get('Location'), {method: 'PATCH', headers: {...tus,
        'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset)},
        body: whole.slice(offset, offset + half)})
    const first = (await send(0)).status
    const seen = await fetch(`/api/v1/materials/${begun.headers.get('Yunjian-Material')}/early`)
    const reader = seen.body.getReader()
    let early = 0
    while (early < half) early += (await reader.read()).value.length
    await reader.cancel()
    return {first, status: seen.status, early, size: Number(seen.headers.get('Yunjian-Size')), half}
}"""
"""Half a file is sent, and read before anything more is: nobody on the way waits for the rest."""


def large_photo(path: Path) -> Path:
    """A picture of some 2 MB, as phones take them: the paper on a table, with the noise of the camera."""
    clear = laid(sheet(1), CORNERS, (900, 1200)).resize((1800, 2400))
    noise = Image.effect_noise(clear.size, 40).convert("RGB")
    Image.blend(clear, noise, 0.2).save(path, "JPEG", quality=94)
    assert path.stat().st_size > 1.5 * MIB
    return path


async def test_a_desk_behind_the_shipped_nginx_works(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    photo = await asyncio.to_thread(large_photo, tmp_path / "photo.jpg")
    items = tmp_path / "items.json"
    items.write_text(json.dumps(ROWS[:2], ensure_ascii=False) + " " * (3 * MIB), encoding="utf-8")
    (folder := tmp_path / "nginx").mkdir()
    async with AsyncExitStack() as stack:
        node = await stack.enter_async_context(
            demo_node(database, tmp_path / "node", trusted_proxies=("127.0.0.1",))
        )
        proxy = await stack.enter_async_context(nginx(folder, node.port))
        browser = await stack.enter_async_context(chromium(tmp_path, more=proxy.flags))
        api = await stack.enter_async_context(desk_of(node, "lixiulan"))
        case_id = await api.open_case()

        # sign-in and socket: https counts from here to the node, and the page's own socket is no stranger's
        desk = await Desk.open(browser)
        frames: list[str] = []

        def listen(opened: WebSocket) -> None:
            assert opened.url.startswith(proxy.address.replace("https", "wss"))
            opened.on("framereceived", lambda frame: frames.append(str(frame)))

        desk.page.on("websocket", listen)
        await desk.sign_in(proxy.address, "lixiulan", demo.PASSWORD)
        await desk.page.wait_for_url("**/window")
        cookies = {one.get("name"): one for one in await desk.context.cookies()}
        assert cookies.keys() == {"__Host-yunjian", "__Host-yunjian-device"}
        assert all(one.get("secure") for one in cookies.values())
        await until(lambda: None if len(frames) >= 3 else f"the socket says {frames}", 15)

        # a file is looked at while it arrives
        told = await desk.page.evaluate(EARLY, [case_id, "application"])
        assert told == {
            "first": 204, "status": 200, "early": told["half"],
            "size": 2 * told["half"], "half": 300_000,
        }  # fmt: skip

        # a phone brings a photo
        await desk.page.goto(f"{proxy.address}/window/cases/{case_id}")
        line = desk.page.locator(f'[data-line="{LINE}"]')
        await line.locator(".pick").click()
        await line.locator("[data-phone-line]").click()
        code = desk.page.locator("[data-qr]")
        await expect(code).to_be_visible()
        address = await asyncio.to_thread(read_code, await code.screenshot())
        assert address.startswith(f"{proxy.address}/phone#")
        context = await browser.new_context(viewport=PHONE, locale="zh-CN", is_mobile=True)
        phone = Desk(await context.new_page())
        await phone.page.goto(address)
        shown = phone.page.locator("[data-phone]")
        await expect(shown).to_have_attribute("data-phone-state", "open")
        await phone.page.locator("[data-shoot-phone]").set_input_files(photo)
        await expect(desk.page.locator("[data-page]")).to_have_count(1, timeout=30_000)
        pages = [one for one in (await api.case(case_id))["materials"] if one["purpose"] == "page"]
        assert [one["state"] for one in pages] == ["stored"]
        assert pages[0]["size_bytes"] > MIB
        await context.close()

        # a list of items
        office = await Desk.open(browser)
        await office.sign_in(proxy.address, "admin", demo.PASSWORD)
        await office.page.wait_for_url("**/admin")
        await office.page.goto(f"{proxy.address}/admin/items")
        await office.page.locator("[data-import]").click()
        await office.page.locator("input[type=file]").set_input_files(items)
        await expect(office.page.locator("[data-would]")).to_contain_text("新增 2", timeout=20_000)
        assert desk.complaints + phone.complaints + office.complaints == []
