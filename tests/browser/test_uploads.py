"""The page's uploads in a real browser: cut, reloaded, paused, cancelled and taken back, many at once, and a folder.

The way out is made slow by Chromium's own emulation, so that there is a middle to break off in.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import node
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import Desk as Api
from tests.kit.desks import desk_of
from tests.kit.papers import pdf_of
from tests.kit.processes import ROOT
from tests.kit.screens import Screens
from tests.kit.until import until

__all__ = ["node"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

MIB = 1024 * 1024
SLOW_BYTES_S = 2 * MIB
LINE = "application"
LEFT = "WebSocket is closed before the connection is established"
TUS = ROOT / "web/node_modules/tus-js-client/dist/tus.min.js"


@asynccontextmanager
async def at_window(
    node: Running, folder: Path, item_id: str = demo.PRINCIPAL
) -> AsyncIterator[tuple[Desk, Api, str]]:
    """A clerk in front of a case of his, and the same person over HTTP."""
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium(folder))
        api = await stack.enter_async_context(desk_of(node, "lixiulan"))
        case_id = await api.open_case(item_id)
        desk = await Desk.open(browser)
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await desk.page.wait_for_url("**/window")
        await open_case(desk.page, node, case_id)
        yield desk, api, case_id
        # a page that is left while its socket still connects says so, whatever it is left for
        assert [one for one in desk.complaints if LEFT not in one] == []


async def open_case(page: Page, node: Running, case_id: str) -> None:
    await page.goto(f"{node.address}/window/cases/{case_id}")
    await expect(page.locator("[data-line]").first).to_be_visible()


async def slow(page: Page, bytes_s: int) -> None:
    """How fast this page may send; -1: as fast as it can."""
    told = await page.context.new_cdp_session(page)
    await told.send("Network.enable")
    await told.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_s},
    )


async def send(page: Page, line: str, file: Path) -> None:
    ways_in = page.locator(f'[data-line="{line}"] input[type=file]:not([data-renew])')
    await ways_in.first.set_input_files(file)


async def materials(api: Api, case_id: str) -> list[dict[str, Any]]:
    return list((await api.case(case_id))["materials"])


async def reached(page: Page, line: str, percent: int) -> None:
    bar = page.locator(f'[data-line="{line}"] [role=progressbar]')

    async def why_not() -> str | None:
        told: list[str | None] = await bar.evaluate_all(
            "all => all.map(one => one.getAttribute('aria-valuenow'))"
        )
        return None if told and int(told[0] or 0) >= percent else f"{told} %"

    await until(why_not, 30)


async def is_stored(page: Page, line: str) -> None:
    await expect(page.locator(f'[data-line="{line}"]')).to_have_attribute(
        "data-state", "unread", timeout=60_000
    )


async def test_a_reload_loses_nothing_and_asks_for_nothing(node: Running, tmp_path: Path) -> None:
    data = pdf_of(16 * MIB)
    file = tmp_path / "申请书.pdf"
    file.write_bytes(data)
    async with at_window(node, tmp_path) as (desk, api, case_id):
        may = desk.page.locator("[data-limits]")
        await expect(may).to_have_attribute("title", re.compile("24 小时内还可上传"))
        await slow(desk.page, SLOW_BYTES_S)
        await send(desk.page, LINE, file)
        await reached(desk.page, LINE, 45)
        await desk.page.reload()
        # another page of the same browser: the file went on by itself, from where it stood
        await expect(desk.page.locator(f'[data-line="{LINE}"] [data-pause]')).to_be_visible()
        await slow(desk.page, -1)
        await is_stored(desk.page, LINE)
        [stored] = await materials(api, case_id)
        assert stored["sha256"] == hashlib.sha256(data).hexdigest()
        assert stored["number"] == 1


async def test_signing_out_takes_the_file_away_and_the_same_one_goes_on(
    node: Running, tmp_path: Path
) -> None:
    data = pdf_of(16 * MIB)
    file = tmp_path / "申请书.pdf"
    file.write_bytes(data)
    other = tmp_path / "别的.pdf"
    other.write_bytes(pdf_of(5000))
    async with at_window(node, tmp_path) as (desk, api, case_id):
        page = desk.page
        await slow(page, SLOW_BYTES_S)
        await send(page, LINE, file)
        await reached(page, LINE, 45)
        await page.locator(f'[data-line="{LINE}"] [data-pause]').click()
        await expect(page.locator(f'[data-line="{LINE}"] [data-go-on]')).to_be_visible()
        kept = "() => new Promise(r => { const o = indexedDB.open('yunjian.uploads', 1); o.onsuccess = () => { const g = o.result.transaction('files').objectStore('files').getAll(); g.onsuccess = () => r(g.result.map(one => one.file ? one.file.size : 0)) } })"
        assert await page.evaluate(kept) == [len(data)]
        await page.goto(f"{node.address}/window")
        await page.get_by_role("button", name="退出").first.click()
        await page.wait_for_url("**/sign-in**")

        async def still_kept() -> str | None:
            sizes = await page.evaluate(kept)
            return None if sizes == [0] else f"the browser keeps {sizes}"

        await until(still_kept, 10)
        # another day
        await desk.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await page.wait_for_url("**/window")
        await open_case(page, node, case_id)
        again = page.locator(f'[data-line="{LINE}"] [data-again]')
        await expect(page.locator(f'[data-line="{LINE}"]')).to_contain_text("请再选一次")
        await again.set_input_files(other)
        await expect(page.get_by_role("alert").filter(has_text="不是原来的文件")).to_be_visible()
        await again.set_input_files(file)
        await is_stored(page, LINE)
        [stored] = await materials(api, case_id)
        assert stored["sha256"] == hashlib.sha256(data).hexdigest()
        assert stored["number"] == 1
        assert await page.evaluate(kept) == []


async def test_pause_cancel_and_undo(node: Running, tmp_path: Path) -> None:
    screens = Screens()
    data = pdf_of(12 * MIB)
    file = tmp_path / "申请书.pdf"
    file.write_bytes(data)
    async with at_window(node, tmp_path) as (desk, api, case_id):
        page = desk.page
        line = page.locator(f'[data-line="{LINE}"]')
        await slow(page, SLOW_BYTES_S)
        await send(page, LINE, file)
        await reached(page, LINE, 20)
        await expect(line).to_contain_text("MB/s")
        # from here on it stays in the middle, however long the pages are looked at
        await slow(page, 16 * 1024)
        await screens.take(desk, "upload-running")
        await line.locator("[data-pause]").click()
        await expect(line).to_contain_text("已暂停")
        await line.locator("[data-go-on]").click()
        await expect(line.locator("[data-pause]")).to_be_visible()
        await line.locator("[data-cancel]").click()
        await expect(line.locator("[data-undo]")).to_be_visible()
        [held] = await materials(api, case_id)
        assert held["state"] == "receiving"
        await line.locator("[data-undo]").click()
        await slow(page, -1)
        await is_stored(page, LINE)
        [stored] = await materials(api, case_id)
        assert stored["sha256"] == hashlib.sha256(data).hexdigest()

        # the copy comes by the same line: it is there before that is made slow again
        await expect(page.locator(".document[data-shown]")).to_be_visible()

        # nobody undoes it: given up for good, on both sides, also where the server had begun it
        # and its answer was still on the way
        answer = asyncio.Event()

        async def late(route: Route) -> None:
            said = await route.fetch()
            await answer.wait()
            await route.fulfill(response=said)

        await page.route("**/api/v1/uploads", late)
        await send(page, LINE, file)
        await page.locator("[data-pick-it]").click()
        await line.locator("[data-cancel]").click()

        async def begun() -> str | None:
            states = [one["state"] for one in await materials(api, case_id)]
            return None if states == ["stored", "receiving"] else f"{states}"

        await until(begun)
        await screens.take(desk, "upload-cancelled")
        answer.set()

        async def given_up() -> str | None:
            states = [one["state"] for one in await materials(api, case_id)]
            return None if states in (["stored", "cancelled"], ["stored"]) else f"{states}"

        await until(given_up, 20)
        await expect(line.locator("[data-undo]")).to_have_count(0)
    screens.check()


async def test_many_at_once_and_a_folder_go_beside_their_lines(
    node: Running, tmp_path: Path
) -> None:
    screens = Screens()
    async with at_window(node, tmp_path) as (desk, api, case_id):
        item = await api.get(f"/items/{demo.PRINCIPAL}")
        lines = {one["key"]: one["name"] for one in item["lines"]}
        folder = tmp_path / "扫描件"
        (folder / "附件").mkdir(parents=True)
        keys = list(lines)[:3]
        for key in keys:
            (folder / f"20261125_{lines[key]}.pdf").write_bytes(pdf_of(300_000, seed=len(key)))
        (folder / "附件" / "杂项.pdf").write_bytes(pdf_of(200_000))
        (folder / "Thumbs.db").write_bytes(b"x")
        await desk.page.locator("[data-folder]").set_input_files(folder)
        sorting = desk.page.locator("[data-sorting]")
        await expect(sorting.locator("li")).to_have_count(4)
        chosen = await sorting.locator("select").evaluate_all("all => all.map(one => one.value)")
        assert sorted(chosen) == sorted([*keys, "other"])
        await screens.take(desk, "upload-folder")
        await sorting.locator("[data-send-all]").click()
        for key in keys:
            await is_stored(desk.page, key)
        await expect(desk.page.locator("[data-others] [data-material]")).to_have_attribute(
            "data-state", "stored", timeout=30_000
        )
        stored = {one["line"]: one["state"] for one in await materials(api, case_id)}
        assert stored == dict.fromkeys([*keys, "other"], "stored")
        await screens.take(desk, "upload-folder-stored")
    screens.check()


async def test_a_file_is_dragged_onto_its_line(node: Running, tmp_path: Path) -> None:
    screens = Screens()
    data = pdf_of(60_000)
    file = tmp_path / "变更登记申请书.pdf"
    file.write_bytes(data)
    other = tmp_path / "任职文件.pdf"
    other.write_bytes(pdf_of(50_000, seed=7))
    async with at_window(node, tmp_path) as (desk, api, case_id):
        page = desk.page
        hand = await page.context.new_cdp_session(page)

        async def drag(how: str, line: str, *files: Path) -> None:
            box = await page.locator(f'[data-line="{line}"]').bounding_box()
            assert box is not None
            told = {"items": [], "files": [str(one) for one in files], "dragOperationsMask": 1}
            at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
            await hand.send("Input.dispatchDragEvent", {"type": how, **at, "data": told})

        await drag("dragEnter", LINE, file)
        await drag("dragOver", LINE, file)
        await expect(page.locator(f'[data-line="{LINE}"]')).to_contain_text("松开，交到")
        await screens.take(desk, "upload-drag")
        await drag("drop", LINE, file)
        await is_stored(page, LINE)
        [stored] = await materials(api, case_id)
        assert (stored["line"], stored["name"]) == (LINE, file.name)
        assert stored["sha256"] == hashlib.sha256(data).hexdigest()
        # several at once are looked at first
        for how in ("dragEnter", "dragOver", "drop"):
            await drag(how, "identity", file, other)
        await expect(page.locator("[data-sorting] li")).to_have_count(2)
    screens.check()


async def test_a_further_file_of_a_line_is_asked_about_and_moved(
    node: Running, tmp_path: Path
) -> None:
    """Beside what is there, instead of one of them, and from the wrong line to the right one."""
    screens = Screens()
    files = {}
    for seed, name in enumerate(("a", "b", "c"), 1):
        files[name] = tmp_path / f"{name}.pdf"
        files[name].write_bytes(pdf_of(40_000, seed=seed))
    async with at_window(node, tmp_path) as (desk, api, case_id):
        page = desk.page
        line = page.locator(f'[data-line="{LINE}"]')

        async def standing() -> dict[str, tuple[str, int]]:
            held = await materials(api, case_id)
            return {one["name"]: (one["line"], one["slot"]) for one in held}

        async def holds(count: int) -> None:
            async def why_not() -> str | None:
                held = await materials(api, case_id)
                stored = [one for one in held if one["state"] == "stored"]
                return None if len(stored) == count else f"{len(stored)} are stored"

            await until(why_not, 30)

        await send(page, LINE, files["a"])
        await is_stored(page, LINE)
        await send(page, LINE, files["b"])
        asked = page.locator("[data-asking=placing]")
        await expect(asked.locator("input:checked")).to_be_focused()
        assert list(await standing()) == ["a.pdf"]
        await screens.take(desk, "line-asked")
        await page.keyboard.press("Enter")
        await holds(2)
        await expect(line.locator("[data-slot]")).to_have_count(2)
        # what was sent lies open, and whoever sent it is on its row
        [sent] = [one["id"] for one in await materials(api, case_id) if one["name"] == "b.pdf"]
        await expect(page.locator(".document")).to_have_attribute("data-material", sent)
        await expect(line.locator(".pick")).to_be_focused()
        await send(page, LINE, files["c"])
        await asked.locator('[data-choice="2"]').check()
        await page.locator("[data-pick-it]").click()
        await holds(3)
        await expect(line.locator("[data-slot]")).to_have_count(2)
        assert await standing() == {
            "a.pdf": (LINE, 1),
            "b.pdf": (LINE, 2),
            "c.pdf": (LINE, 2),
        }
        await screens.take(desk, "line-two-files")
        await line.locator('[data-slot="2"] [data-move]').click()
        await page.locator('[data-asking=moving] [data-choice="licence"]').check()
        await screens.take(desk, "line-moving")
        await page.locator("[data-pick-it]").click()
        await is_stored(page, "licence")
        await expect(page.locator("[data-asking=moving]")).to_have_count(0)
        await expect(line.locator("[data-slot]")).to_have_count(0)
        # the file stays open and at hand where it lies now
        there = page.locator('[data-line="licence"]')
        await expect(there).to_have_attribute("aria-current", "true")
        await expect(there.locator("[data-move]")).to_be_focused()
        assert await standing() == {
            "a.pdf": (LINE, 1),
            "b.pdf": ("licence", 1),
            "c.pdf": ("licence", 1),
        }
        # the other side moves one: told here, with the way to it
        async with desk_of(node, "zhoumingyuan") as approver:
            [first] = [one for one in await materials(api, case_id) if one["name"] == "a.pdf"]
            moves = {"material_id": first["id"], "line": "licence", "slot": None}
            await approver.command("case.move_material", case_id=case_id, **moves)
        told = page.locator(f'[data-moved-file="{first["id"]}"]')
        await expect(told).to_contain_text("周明远把“a.pdf”从")
        # it stands there until it was read, whatever becomes of the page
        await page.reload()
        await told.locator("[data-moved-look]").click()
        await expect(told).to_have_count(0)
        await page.reload()
        await expect(there.locator("[data-slot]")).to_have_count(2)
        await expect(told).to_have_count(0)
    screens.check()


async def test_a_line_of_two_sides_wants_both(node: Running, tmp_path: Path) -> None:
    """正面 and 反面 of an identity card have a place and a state each."""
    screens = Screens()
    front, back = tmp_path / "front.pdf", tmp_path / "back.pdf"
    front.write_bytes(pdf_of(30_000, seed=7))
    back.write_bytes(pdf_of(30_000, seed=8))
    async with at_window(node, tmp_path, demo.FOUNDING) as (desk, _, _):
        page = desk.page
        line = page.locator('[data-line="identity"]')
        await line.locator(".pick").click()
        sides = line.locator("[data-slot]")
        await expect(sides).to_have_count(2)
        await expect(sides.nth(0)).to_contain_text("正面")
        await expect(sides.nth(1)).to_contain_text("反面")
        await line.locator('[data-side="1"]').set_input_files(front)
        await expect(sides.nth(0)).to_have_attribute("data-state", "unread", timeout=20_000)
        await expect(sides.nth(1)).to_have_attribute("data-state", "none")
        await expect(page.locator(".foot")).to_contain_text("股东身份证件（反面）")
        await screens.take(desk, "line-one-side")
        await line.locator('[data-side="2"]').set_input_files(back)
        await expect(sides.nth(1)).to_have_attribute("data-state", "unread", timeout=20_000)
        await is_stored(page, "identity")
    screens.check()


async def test_a_screenshot_is_pasted_into_the_line_that_is_chosen(
    node: Running, tmp_path: Path
) -> None:
    screens = Screens()
    copied = """async () => {
        const canvas = document.createElement('canvas')
        canvas.width = 640; canvas.height = 400
        const pen = canvas.getContext('2d')
        pen.fillStyle = '#fff'; pen.fillRect(0, 0, 640, 400)
        pen.fillStyle = '#123'; pen.font = '40px sans-serif'; pen.fillText('营业执照', 60, 200)
        const blob = await new Promise(done => canvas.toBlob(done, 'image/png'))
        await navigator.clipboard.write([new ClipboardItem({'image/png': blob})])
    }"""
    async with at_window(node, tmp_path) as (desk, api, case_id):
        page = desk.page
        await page.context.grant_permissions(
            ["clipboard-read", "clipboard-write"], origin=node.address
        )
        await page.evaluate(copied)
        await page.locator(f'[data-line="{LINE}"]').click()
        await page.keyboard.press("Control+V")
        await is_stored(page, LINE)
        [stored] = await materials(api, case_id)
        assert stored["media_type"] == "image/png"
        assert stored["name"].startswith("截图")
        await expect(page.locator("[data-unchecked]")).to_have_count(0)
        await screens.take(desk, "upload-paste")
    screens.check()


async def test_u2_tus_js_client_in_a_page(node: Running, tmp_path: Path) -> None:
    """A stranger's page code with the session's cookie: parallel parts, and a length told late."""
    data = pdf_of(3 * MIB + 7)
    async with at_window(node, tmp_path) as (desk, api, case_id):
        await desk.page.evaluate(TUS.read_text())
        for how in ({"parallelUploads": 4}, {"uploadLengthDeferred": True}, {}):
            await desk.page.evaluate(
                """async ([data, how, case_id, line]) => {
                    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0))
                    const source = how.uploadLengthDeferred ? new Blob([bytes]).stream().getReader() : new Blob([bytes])
                    await new Promise((done, failed) => new tus.Upload(source, {
                        endpoint: '/api/v1/uploads', chunkSize: 1048576, ...how,
                        metadata: {case_id, line, filename: 'a.pdf'}, onError: failed, onSuccess: done,
                    }).start())
                }""",
                [base64.b64encode(data).decode(), how, case_id, LINE],
            )
        told = await materials(api, case_id)
        assert [one["state"] for one in told] == ["stored"] * 3
        assert {one["sha256"] for one in told} == {hashlib.sha256(data).hexdigest()}
