"""What a desk weighs on its way from the node, and how it opens over a thin line.

Chromium itself counts the bytes and makes the line thin. What is fetched ahead while a desk rests
is no part of its weight: there a browser that spares data is asked.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from playwright.async_api import CDPSession, Page, expect

from server.app import Running
from server.demo import data as demo
from tests.browser.test_story import on_duty, scan
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.peer import RED
from tests.kit.until import borne, patience, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

DESK_KIB: Final = 250
THIN: Final = {
    "offline": False,
    "latency": 100,
    "downloadThroughput": 32_000,
    "uploadThroughput": 32_000,
}
"""256 kbit/s each way, as a town's line carries them."""
WIDE: Final = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
SIGN_IN_S: Final = 10.0
CASE_PAGE_S: Final = 7.0


class Line:
    """What this page fetched over the line: each answer with its bytes as they came."""

    def __init__(self, page: Page, hand: CDPSession) -> None:
        self.page = page
        self.hand = hand
        self.asked: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self.given_up: set[str] = set()
        self.cached: set[str] = set()
        self.told = 0
        hand.on("Network.requestWillBeSent", self._asked)
        hand.on("Network.loadingFinished", self._came)
        hand.on("Network.loadingFailed", lambda e: self.given_up.add(self._path(e)))
        hand.on("Network.requestServedFromCache", lambda e: self.cached.add(e["requestId"]))
        hand.on("Network.responseReceived", self._answered)
        hand.on("Network.webSocketFrameReceived", self._heard)

    @classmethod
    async def of(cls, page: Page) -> Line:
        hand = await page.context.new_cdp_session(page)
        line = cls(page, hand)
        await hand.send("Network.enable")
        return line

    def _asked(self, event: dict[str, Any]) -> None:
        self.asked[event["requestId"]] = "/" + event["request"]["url"].split("/", 3)[-1]

    def _came(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = int(event["encodedDataLength"])

    def _answered(self, event: dict[str, Any]) -> None:
        if event["response"].get("fromDiskCache"):
            self.cached.add(event["requestId"])

    def _heard(self, event: dict[str, Any]) -> None:
        # without compression, so rather more than came
        self.told += len(event["response"]["payloadData"].encode())

    def _path(self, event: dict[str, Any]) -> str:
        return self.asked.get(event["requestId"], "")

    @property
    def kib(self) -> float:
        return (sum(self.bytes.values()) + self.told) / 1024

    def begun(self) -> list[str]:
        """The files of the pages that were asked for, and were not in the browser already."""
        return [
            path
            for asked, path in self.asked.items()
            if path.startswith("/assets/") and asked not in self.cached
        ]

    def come(self) -> set[str]:
        return {self.asked[one] for one in self.bytes if one in self.asked}

    def heaviest(self) -> str:
        found = sorted(((size, self.asked.get(one, "?")) for one, size in self.bytes.items()))
        return ", ".join(f"{path} {size / 1024:.1f}" for size, path in found[:-9:-1])


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    async with demo_node(f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}", tmp_path) as node:
        yield node


async def desk_opens(page: Page, address: str, login: str) -> None:
    """From the address alone to a desk whose list has come."""
    await page.goto(address, wait_until="commit")
    await page.fill("#login", login, timeout=1_000 * patience(20))
    await page.fill("#password", demo.PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    none = page.get_by_text("没有要您处理的办件")
    await expect(none).to_be_visible(timeout=1_000 * patience(20))


async def test_a_desk_weighs_little(node: Running, tmp_path: Path) -> None:
    async with chromium(tmp_path) as browser:
        for login in ("lixiulan", "zhoumingyuan"):
            desk = await Desk.open(browser)
            line = await Line.of(desk.page)
            await line.hand.send("Emulation.setDataSaverOverride", {"dataSaverEnabled": True})
            await desk_opens(desk.page, node.address, login)
            await desk.page.wait_for_load_state("networkidle")
            assert line.kib <= DESK_KIB, f"{login}: {line.kib:.0f} KiB: {line.heaviest()}"
            # who spares data fetches nothing for later
            assert "/ahead.json" not in line.asked.values()
            await desk.page.get_by_role("button", name="English").click()
            await expect(desk.page.get_by_role("button", name="Sign out")).to_be_visible()
            assert desk.complaints == []
            await desk.context.close()


@pytest.mark.timed
async def test_a_thin_line_carries_a_desk_and_then_a_call(node: Running, tmp_path: Path) -> None:
    async with chromium(tmp_path, RED, 440) as browser, aiohttp.ClientSession(node.address) as http:
        async with http.get("/ahead.json") as said:
            ahead: dict[str, list[str]] = await said.json()
        await on_duty(await Desk.open(browser), node, "zhoumingyuan")
        desk = await Desk.open(browser)
        page = desk.page
        line = await Line.of(page)
        await line.hand.send("Network.emulateNetworkConditions", THIN)
        began = time.monotonic()
        await desk_opens(page, node.address, "lixiulan")
        took = time.monotonic() - began
        assert took <= borne(SIGN_IN_S), f"signed in after {took:.1f} s: {line.heaviest()}"

        await page.get_by_label("事项", exact=True).fill("分公司负责人")
        await page.get_by_role("option").filter(has_text="分公司负责人变更登记").click()
        await page.get_by_label("申请人", exact=True).fill("孙雅宁")
        await page.get_by_label("身份证号").fill("11010519491231002X")
        await page.get_by_label("联系电话").fill("13805316217")
        await page.get_by_label("企业信用代码").fill("91350100M000100Y43")
        began = time.monotonic()
        await page.get_by_role("button", name="登记办件").click()
        call = page.get_by_role("button", name="发起云见面")
        await expect(call).to_be_visible(timeout=1_000 * patience(20))
        took = time.monotonic() - began
        assert took <= borne(CASE_PAGE_S), f"the case page took {took:.1f} s: {line.heaviest()}"

        # what shows documents is on its way; a call waits for it a little, then has the line alone
        worker = ahead["document"][-1]

        async def under_way() -> str | None:
            return None if worker in line.begun() else f"asked for last: {line.begun()[-1]}"

        await until(under_way, 20)
        await call.click()
        await page.get_by_role("button", name="申请人同意").click()
        await expect(page.locator(".call-pane[data-call]")).to_be_visible(
            timeout=1_000 * patience(6)
        )

        async def let_go() -> str | None:
            return None if worker in line.given_up else "the parts of documents still come"

        await until(let_go, 1)
        await line.hand.send("Network.emulateNetworkConditions", WIDE)
        begun = len(line.begun())
        await expect(page.locator(".call-pane")).to_have_attribute("data-phase", "ringing")
        await page.keyboard.press("Control+Shift+Slash")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        fetched = [one for one in line.begun()[begun:] if one in ahead["document"]]
        assert fetched == [], f"fetched in a call: {fetched}"

        # with the call over the rest comes, and a document is shown without another file
        await page.locator("[data-key=cancel]").click()
        await until(lambda: None if worker in line.come() else "the rest does not come", 10)
        begun = len(line.begun())
        await page.get_by_label("上传文件到：变更登记申请书").set_input_files(
            {"name": "申请书.pdf", "mimeType": "application/pdf", "buffer": scan(1)}
        )
        await expect(page.locator("[data-drawn=true]").first).to_be_visible(
            timeout=1_000 * patience(15)
        )
        # the worker's script is asked for by the worker: only the page's own measure tells its bytes
        missing = [one for one in line.begun()[begun:] if one in ahead["document"][:-1]]
        cost = await page.evaluate(
            """path => performance.getEntriesByType('resource')
                .filter(one => one.name.endsWith(path)).map(one => one.transferSize)""",
            worker,
        )
        assert cost[-1] == 0, f"the worker's script came again: {cost}"
        assert missing == [], f"fetched when the document was opened: {missing}"
        assert desk.complaints == []
