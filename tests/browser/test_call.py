"""A seat over its troubles, on the real pages: a second page, a killed worker, a lost network, rings that end otherwise.

Two people in one Chromium, each in a context of their own. What stands here is what the page
does by itself; who may do what, and when a ring or a seat runs out, is tested without a browser.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from server.app import Running, running
from server.demo import data as demo
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.peer import RED, near
from tests.kit.templates import fill
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FAR = ".far-face video"
REGISTER = """async ([item_id, id]) => {
    const answer = await fetch('/api/v1/commands', {
        method: 'POST', headers: {'content-type': 'application/json'},
        body: JSON.stringify({id, type: 'case.create', item_id, mode: 'proxy',
            applicant_name: '孙雅宁', identity_number: '11010519491231002X',
            phone: '13805316217', credit_code: null}),
    })
    return (await answer.json()).result.case_id
}"""


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    await fill(settings.store)
    async with running(settings) as node:
        yield node


async def stands(page: Page, phase: str, timeout_s: float = 15) -> None:
    pane = page.locator(".call-pane")
    await expect(pane).to_have_attribute("data-phase", phase, timeout=timeout_s * 1000)


async def moves(desk: Desk) -> None:
    """The far picture is there and goes on."""
    at = "selector => document.querySelector(selector)?.currentTime ?? 0"
    before = await desk.page.evaluate(at, FAR)

    async def runs() -> str | None:
        got, now = await desk.sees(FAR), await desk.page.evaluate(at, FAR)
        return None if near(got, RED) and now > before else f"sees {got} at {now}"

    await until(runs, 15)


def worker_of(folder: Path) -> int:
    """The media worker that serves the node whose data lie under `folder`."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"media.node" in words and any(str(folder).encode() in word for word in words):
                return int(process.name)
    raise AssertionError("no media worker runs")


async def test_a_seat_over_its_troubles(node: Running, tmp_path: Path) -> None:
    async with chromium(tmp_path, RED, 440) as browser:
        window, approver = await Desk.open(browser), await Desk.open(browser)
        await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
        await window.page.wait_for_url("**/window")
        case_id = await window.page.evaluate(REGISTER, [demo.PRINCIPAL, "register-case-1"])
        await window.page.goto(f"{node.address}/window/cases/{case_id}")
        await expect(window.page.locator(".call-pane")).to_contain_text("对方现在没有人在岗")
        await approver.sign_in(node.address, "zhoumingyuan", demo.PASSWORD)
        await approver.page.get_by_role("button", name="上岗接听").click()
        card = approver.page.get_by_role("alertdialog")

        # cut off from the server he is told that nothing rings; what he chose holds again with it
        duty = approver.page.locator("[data-duty]")
        await approver.context.set_offline(True)
        await expect(duty).to_have_attribute("data-duty", "cut")
        await approver.context.set_offline(False)
        await expect(duty).to_have_attribute("data-duty", "online")

        # declined: both see it, and the window may dial again
        await window.page.get_by_role("button", name="发起云见面").click()
        await window.page.get_by_role("button", name="申请人同意").click()
        await card.get_by_role("button", name="不接").click()
        await expect(window.page.locator(".call-pane")).to_contain_text("审批人员暂不能接听")
        await expect(card).to_be_hidden()

        # he asks to be called back, which the window is told on the page of its case
        await approver.page.locator("[data-missed-case] [data-call-back]").click()
        wanted = window.page.locator("[data-wanted]")
        await expect(wanted).to_contain_text("周明远请您回拨")
        # above the work, covering nothing of it
        bar, tray = [
            await one.bounding_box() for one in (wanted, window.page.locator(".tray-part"))
        ]
        assert bar
        assert tray
        assert bar["y"] + bar["height"] <= tray["y"]

        # reloaded while it rings: the ring goes on, and the answer finds the window
        await wanted.locator("[data-call-back]").click()
        await expect(card).to_be_visible()
        await window.page.reload()
        await stands(window.page, "ringing")
        await card.get_by_role("button", name="接听").click()
        for desk in (window, approver):
            await stands(desk.page, "active")
            await moves(desk)

        # muted at the key, said at the other side, and kept over a reload
        await window.page.keyboard.press("Control+d")
        await expect(approver.page.get_by_text("对方已静音")).to_be_visible()
        await window.page.reload()
        await stands(window.page, "active")
        await expect(window.page.get_by_role("button", name="已静音")).to_be_visible()
        await window.page.keyboard.press("Control+d")
        await expect(approver.page.get_by_text("对方已静音")).to_be_hidden()

        # a further page at the plain desk takes nothing by itself: it has the call's bar, and takes it when told to
        further = await approver.context.new_page()
        await further.goto(f"{node.address}/approver")
        bar = further.locator("[data-bar][data-elsewhere]")
        await expect(bar.locator(".word")).to_have_text("通话在另一个标签页进行")
        await stands(approver.page, "active")
        await bar.get_by_role("button", name="转到此页").click()
        await stands(further, "active")
        await stands(approver.page, "replaced")
        await further.close()
        await stands(approver.page, "active")

        # a second tab with the case takes nothing by itself either; told to, the newer page wins, and the
        # older is told and may take the seat back
        second = await window.context.new_page()
        await second.goto(window.page.url)
        await stands(second, "elsewhere")
        await stands(window.page, "active")
        await second.get_by_role("button", name="转到此页").click()
        await stands(second, "active")
        await stands(window.page, "replaced")
        await window.page.get_by_role("button", name="在此继续").click()
        await stands(window.page, "active")
        await stands(second, "replaced")
        # closed, the newer one gives the seat back by itself, and the other side was not blamed
        await second.get_by_role("button", name="在此继续").click()
        await stands(window.page, "replaced")
        await second.close()
        await stands(window.page, "active")
        await moves(window)
        await expect(approver.page.locator("[data-advice]")).to_have_count(0)

        # a killed media worker ends no call
        os.kill(worker_of(tmp_path), signal.SIGKILL)
        await expect(window.page.locator(".call-pane")).not_to_have_attribute(
            "data-phase", "active", timeout=20_000
        )
        for desk in (window, approver):
            await stands(desk.page, "active", 30)
            await moves(desk)

        # the network of one side goes and comes: said on both, the same call, no new ring
        call_id = await window.page.locator(".call-pane").get_attribute("data-call")
        await approver.context.set_offline(True)
        await stands(window.page, "there_silent")
        await stands(approver.page, "here_reconnecting")
        await stands(window.page, "there_lost", 25)
        await approver.context.set_offline(False)
        for desk in (window, approver):
            await stands(desk.page, "active", 30)
        assert await window.page.locator(".call-pane").get_attribute("data-call") == call_id
        assert await card.count() == 0

        # who signs out in a call is asked first, and hangs up with it: nobody is told of a lost connection
        await approver.page.get_by_role("button", name="退出登录").click()
        asked = approver.page.locator("[data-sign-out]")
        await expect(asked).to_contain_text("正在通话中，退出会挂断")
        await asked.get_by_role("button", name="先不退出").click()
        await stands(approver.page, "active")
        await approver.page.get_by_role("button", name="退出登录").click()
        await approver.page.locator("[data-sign-out-go]").click()
        await approver.page.wait_for_url("**/sign-in")
        await stands(window.page, "ended")
        await expect(window.page.locator(".call-pane .phase")).to_contain_text("已挂断")
        broken = [one for one in window.complaints + approver.complaints if "page error" in one]
    assert broken == []
