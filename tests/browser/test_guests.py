"""Four people in one call, on the real pages: two guests are invited one after another.

The first page was in the call of two before: it gets the lines for the others, and sends its face
in layers, without its connection being made anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from server.demo import data as demo
from tests.kit.browsers import Desk
from tests.kit.peer import RED
from tests.kit.screens import Screens
from tests.kit.talks import FAR, Talk, seat_guests, shows, stands, talking
from tests.kit.until import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

UNIT = "聊城市东昌府区政务服务中心"


async def invite(talk: Talk, inviter: Desk, guest: Desk) -> None:
    """Ask the unit whose one free approver this guest is, and let him come."""
    await guest.page.get_by_role("button", name="上岗接听").click()
    await inviter.page.locator("[data-key=invite]").click()
    pane = inviter.page.locator("[data-invite]")
    await pane.get_by_label("单位").select_option(label=UNIT)
    await pane.locator("[data-ask]").click()
    await guest.page.get_by_role("alertdialog").get_by_role("button", name="加入").click()
    await stands(guest.page, "active")


@pytest.mark.parametrize("count", [pytest.param(2, marks=pytest.mark.proofs)])
async def test_guests_are_invited_one_after_another(tmp_path: Path, count: int) -> None:
    logins = [f"guest{number}" for number in range(count)]
    await seat_guests(tmp_path, demo.LIAOCHENG, logins)
    async with talking(tmp_path) as talk:
        await talk.window.watch_media()
        guests = []
        for login, inviter in zip(logins, (talk.window, talk.approver), strict=True):
            guest = await Desk.open(talk.browser)
            await guest.sign_in(talk.node.address, login, demo.PASSWORD)
            await invite(talk, inviter, guest)
            guests.append(guest)
        desks = [talk.window, talk.approver, *guests]
        for desk in desks:
            for picture in (FAR, ".second video", ".further video"):
                await shows(desk, RED, picture)
            await expect(desk.page.locator(".parties li")).to_have_count(4)
        assert [
            await guest.page.locator(".call-pane").get_attribute("data-seat") for guest in guests
        ] == ["third", "fourth"]

        async def in_layers() -> str | None:
            sent = [one["tracks"]["1"]["layers"] for one in (await talk.figures()).values()]
            coming = [sum(1 for rate in one.values() if rate) for one in sent]
            # Of a picture of 320 x 240 Chromium makes one layer.
            return None if min(coming) >= 1 else f"layers that come in: {coming}"

        await until(in_layers, 30)
        screens = Screens()
        await screens.take(talk.window, "window-four")
        screens.check()

        # the first guest goes: his seat is empty, nobody else moves
        await guests[0].page.get_by_role("button", name="离开").click()
        await guests[0].page.wait_for_url("**/approver")
        for desk in (talk.window, talk.approver):
            await expect(desk.page.locator(".second")).to_have_count(0)
            await shows(desk, RED, ".further video")
            await stands(desk.page, "active")
        await expect(guests[1].page.locator(".call-pane")).to_have_attribute("data-seat", "fourth")
        assert [complaint for desk in desks for complaint in desk.complaints] == []
