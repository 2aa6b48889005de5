"""A live call on two real pages: what the browser tests of a call begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, expect

from media.client import attach
from media.control import socket_path
from server.app import Running
from server.demo import data as demo
from server.people.acts.passwords import Passwords
from server.people.rows import people
from server.rights.person import SYSTEM, Role
from server.store import Store
from tests.kit.browsers import Desk, chromium
from tests.kit.desks import demo_node
from tests.kit.nodes import node_settings
from tests.kit.peer import RED, Colour, near
from tests.kit.templates import fill
from tests.kit.until import until

FAR: Final = ".far-face video"
REGISTER: Final = """async ([item_id, id]) => {
    const answer = await fetch('/api/v1/commands', {
        method: 'POST', headers: {'content-type': 'application/json'},
        body: JSON.stringify({id, type: 'case.create', item_id, mode: 'proxy',
            applicant_name: '孙雅宁', identity_number: '11010519491231002X',
            phone: '13805316217', credit_code: null}),
    })
    return (await answer.json()).result.case_id
}"""


@dataclass(frozen=True, slots=True)
class Talk:
    """Two people in a call, in one Chromium."""

    node: Running
    browser: Browser
    window: Desk
    approver: Desk
    folder: Path

    async def figures(self) -> dict[str, Any]:
        """What the worker has counted, by party."""
        worker = await attach(socket_path(self.folder / "data" / "media"))
        try:
            rooms = (await worker.client.figures())["rooms"]
        finally:
            await worker.client.close()
        [parties] = rooms.values()
        return dict(parties)

    async def came(self, mids: str = "0123") -> int:
        """How many packets came in on these m-lines, from everybody."""
        parties = await self.figures()
        return sum(one["tracks"][mid]["packets"] for one in parties.values() for mid in mids)

    async def went(self) -> int:
        """How many packets of media went out, to everybody."""
        parties = await self.figures()
        return sum(feed["packets"] for one in parties.values() for feed in one["feeds"].values())


NUMBERED: Final = """() => {
    const [head, last, whole] = ['header.head', 'header.head .tail', 'header.head [data-whole]'].map(one => document.querySelector(one))
    const range = document.createRange()
    range.selectNodeContents(whole)
    const [box, edge] = [whole.getBoundingClientRect(), head.getBoundingClientRect()]
    const seen = [...range.getClientRects()].every(one =>
        one.right <= box.right + 1 && one.top >= box.top - 3 && one.bottom <= box.bottom + 3 && one.bottom <= edge.bottom)
    const size = one => parseFloat(getComputedStyle(one).fontSize)
    return {seen, larger: size(last) > size(whole), high: edge.height, last: last.textContent, whole: whole.textContent}
}"""


async def numbered(page: Page, number: str) -> None:
    """The head of this case shows the last eight of its number large and all of it small, and is as high as ever."""
    await expect(page.locator("header.head [data-whole]")).to_have_text(number)
    told = await page.evaluate(NUMBERED)
    last = f"{number[-8:-4]} {number[-4:]}"
    wanted = {"seen": True, "larger": True, "high": 56, "last": last, "whole": number}
    assert told == wanted


async def judges(page: Page) -> None:
    """The bar below the open material takes a word: the material stands there, and the last word is a moment ago."""
    await expect(page.locator("[data-review]:not([data-held])")).to_be_attached()


async def seat_guests(folder: Path, unit_id: str, logins: Sequence[str]) -> None:
    """Further approvers of a unit, who sign in with the demo's password; before the node starts."""
    settings = node_settings(_database(folder), folder).store
    await fill(settings)
    store = await Store.open(settings)
    try:
        known = await asyncio.to_thread(Passwords().hash, demo.PASSWORD)
        async with store.change(SYSTEM) as change:
            for number, login in enumerate(logins):
                await people.add_person(
                    change.connection,
                    person_id=f"person-{login}",
                    login=login,
                    password_hash=known,
                    name=f"第{number + 1}位",
                    staff_number=f"LC-02{number:02}",
                    unit_id=unit_id,
                    window_id=None,
                    roles=[Role.APPROVER],
                )
    finally:
        await store.close()


def _database(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"


async def stands(page: Page, phase: str, timeout_s: float = 15) -> None:
    """The pane of this page says that the call stands so."""
    pane = page.locator(".call-pane")
    await expect(pane).to_have_attribute("data-phase", phase, timeout=timeout_s * 1000)


async def shows(desk: Desk, colour: Colour = RED, selector: str = FAR) -> None:
    """The picture has this colour and goes on."""
    at = "selector => document.querySelector(selector)?.currentTime ?? 0"
    before = await desk.page.evaluate(at, selector)

    async def runs() -> str | None:
        got, now = await desk.sees(selector), await desk.page.evaluate(at, selector)
        return None if near(got, colour) and now > before else f"sees {got} at {now}"

    await until(runs, 15)


async def dialled(node: Running, window: Desk, approver: Desk) -> None:
    """The clerk and the approver of the demo sign in, and it rings; consent was given."""
    await window.sign_in(node.address, "lixiulan", demo.PASSWORD)
    await window.page.wait_for_url("**/window")
    case_id = await window.page.evaluate(REGISTER, [demo.PRINCIPAL, "register-case-1"])
    await approver.sign_in(node.address, "zhoumingyuan", demo.PASSWORD)
    await approver.page.get_by_role("button", name="上岗接听").click()
    await window.page.goto(f"{node.address}/window/cases/{case_id}")
    await window.page.get_by_role("button", name="发起云见面").click()
    await window.page.get_by_role("button", name="申请人同意").click()


@asynccontextmanager
async def talking(folder: Path, *, flags: tuple[str, ...] = ()) -> AsyncIterator[Talk]:
    """The clerk and the approver of the demo in a live call that both see; consent was given."""
    async with (
        demo_node(_database(folder), folder, media=True) as node,
        chromium(folder, RED, 440, more=flags) as browser,
    ):
        window, approver = await Desk.open(browser), await Desk.open(browser)
        for desk in (window, approver):
            await desk.add_camera()
        await dialled(node, window, approver)
        await approver.page.get_by_role("alertdialog").get_by_role("button", name="接听").click()
        for desk in (window, approver):
            await stands(desk.page, "active")
            await shows(desk)
        yield Talk(node, browser, window, approver, folder)
