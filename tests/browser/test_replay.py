"""The replay in a real browser: a recorded call is found, played in step, and told to be wrong when it is.

The call is a real one over a real worker; its parties are scripted peers, whose pictures carry a
bar that moves 80 px a second along the lower edge, so that a picture tells its own second. The
supervisor is a Chromium that is clicked and typed at.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from server.app import Running, running
from server.demo import data as demo
from server.edge.route import STORE
from server.store import tables
from tests.browser.test_story import scan
from tests.kit.browsers import Desk, chromium
from tests.kit.nodes import node_settings
from tests.kit.peer import GREEN, RED
from tests.kit.recording import counted
from tests.kit.screens import Screens
from tests.kit.seats import Approver, Window, story
from tests.kit.templates import fill
from tests.kit.until import borne, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

KNOWN: Final = re.compile("there|nothing")
APART_S: Final = 1.2
"""What is done in the call is at least this far from what was done before."""
BAR_PX_PER_S: Final = 80
BAR_WAY_PX: Final = 288
NEAR_S: Final = 0.5
IN_STEP_S: Final = 0.08
BAR: Final = """video => {
    const canvas = document.createElement('canvas')
    canvas.width = 320; canvas.height = 240
    const pen = canvas.getContext('2d', {willReadFrequently: true})
    pen.drawImage(video, 0, 0, 320, 240)
    const row = pen.getImageData(0, 228, 320, 4).data
    const ground = [...pen.getImageData(0, 60, 320, 4).data].slice(0, 3)
    const inside = []
    for (let x = 0; x < 320; x++) {
        let far = 0
        for (let k = 0; k < 3; k++) far += Math.abs(row[x * 4 + k] - ground[k])
        if (far > 180) inside.push(x)
    }
    return inside.length > 8 ? inside[0] : null
}"""
"""The left edge of the moving bar, in pixels of the picture."""
STANDING: Final = f"""() => ({{
    clock: Number(document.querySelector('.replay').dataset.position),
    videos: [...document.querySelectorAll('[data-playback] video')].map(one => ({{
        second: one.currentTime + Number(one.dataset.starts),
        seeking: one.seeking || one.readyState < 2,
        bar: ({BAR})(one),
    }})),
}})"""
STEP: Final = """async () => {
    const videos = [...document.querySelectorAll('[data-playback] video')]
    const apart = []
    for (let n = 0; n < 40; n++) {
        await new Promise(done => setTimeout(done, 50))
        const seconds = videos.map(one => one.currentTime + Number(one.dataset.starts))
        apart.push(Math.max(...seconds) - Math.min(...seconds))
    }
    return apart
}"""
"""How far the pictures are from each other, in seconds of the call, over two seconds."""


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Running]:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    await fill(settings.store)
    async with running(settings) as node:
        yield node


@dataclass(frozen=True)
class Recorded:
    call_id: str
    case_id: str


async def record_a_call(node: Running) -> Recorded:
    """A call in which things happen at seconds of their own: files, looks, pointing, edits, words."""
    last = time.monotonic()

    async def apart() -> None:
        nonlocal last
        since = last
        await until(
            lambda: None if time.monotonic() - since >= APART_S else "it would be the same second",
            APART_S * 3,
        )
        last = time.monotonic()

    async with story(node) as seat:
        window = await seat(Window, "lixiulan", RED, 440.0)
        approver = await seat(Approver, "zhoumingyuan", GREEN, 660.0)
        await approver.on_duty()
        case_id = await window.register()
        await window.fill(case_id, {"new_principal": "孙雅宁", "old_principal": "刘启明"})
        await window.take_consent(case_id)
        call_id = await window.dial(case_id)
        await approver.answer(call_id)
        live = await window.sees_call(call_id, lambda call: call["state"] == "live")
        mine = next(leg for leg in live["legs"] if leg["seat"] == "window")
        await window.take_seat(call_id, mine["id"])
        await window.meets(approver)
        await approver.meets(window)
        await approver.ask({"type": "case.open", "case_id": case_id})

        async def looks(material_id: str | None) -> None:
            for person in (window, approver):
                await person.hint(
                    {"type": "document.look", "case_id": case_id, "material_id": material_id,
                     "page": 1, "follow": False}
                )  # fmt: skip

        papers = {}
        for line, name, page in (
            ("application", "变更登记申请书.pdf", 1),
            ("appointment", "任职文件（禾川人字17号）.pdf", 2),
        ):
            papers[line] = await window.upload(case_id, line, name, scan(page))
            await looks(papers[line])
            await apart()
        await approver.review(case_id, papers["application"], "accepted")
        await window.fill(case_id, {"appointed_on": "2026-11-20"})
        await apart()
        await approver.hint({"type": "case.point", "case_id": case_id, "field": "appointed_on"})
        await approver.hint(
            {"type": "document.point", "case_id": case_id, "material_id": papers["appointment"],
             "page": 1, "x": 0.45, "y": 0.4}
        )  # fmt: skip
        await apart()
        await approver.says(case_id, "任职时间写的是十八日，请核对", call_id=call_id)
        proposed = await approver.ask(
            {"type": "case.propose", "case_id": case_id, "field": "appointed_on",
             "value": "2026-11-18", "reason": "任职文件第一页"}
        )  # fmt: skip
        await approver.hint({"type": "case.point", "case_id": case_id, "field": None})
        await apart()
        await window.ask(
            {"type": "case.close_proposal", "case_id": case_id,
             "proposal_id": proposed["proposal_id"], "adopt": True}
        )  # fmt: skip
        await apart()
        await approver.review(case_id, papers["appointment"], "returned", "缺落款日期")
        await approver.comments(case_id, "field:contact_phone", "请填能接通的电话")
        await looks(None)
        await window.fill(case_id, {"contact_phone": "13805316217"})
        await apart()
        await approver.ask(
            {"type": "case.decide", "case_id": case_id, "decision": "to_correct",
             "reason": "任职文件缺落款日期"}
        )  # fmt: skip
        await apart()
        await until(lambda: counted(node.app[STORE], call_id, 2), 15)
        await window.take_consent(case_id, given=False)
        await apart()
        await window.ask({"type": "call.hang_up", "call_id": call_id})

        async def playable() -> str | None:
            table = tables.playbacks
            query = sa.select(table.c.state).where(table.c.call_id == call_id)
            async with node.app[STORE].read() as connection:
                states = list(await connection.scalars(query))
            return None if states == ["ready", "ready"] else f"playbacks: {states}"

        await until(playable, 10)
        await approver.sees_call(call_id, lambda call: call["state"] == "ended")
    return Recorded(call_id, case_id)


@pytest.mark.timed
async def test_replay(node: Running, tmp_path: Path) -> None:
    recorded = await record_a_call(node)
    screens = Screens()
    async with chromium(tmp_path) as browser:
        desk = await Desk.open(browser)
        page = desk.page
        await desk.sign_in(node.address, "chenli", demo.PASSWORD)
        await page.wait_for_url("**/supervisor/calls")
        await find_the_call(desk, screens)
        videos = await all_there(page)
        # what the worker counted is a band of its own in the line of each
        for seat in ("窗口", "审批"):
            line = page.get_by_role("list", name=re.compile(f"^{seat}"))
            await expect(line.locator("[data-counted]").first).to_have_attribute(
                "title", re.compile("服务器收到的声音和画面(很好|良好|差)：缺失 [0-9]")
            )
            # the consent was taken back near the end
            await expect(line.locator("[data-withdrawn]")).to_have_attribute(
                "title", re.compile("未录制（已撤回同意）")
            )
        await screens.take(desk, "supervisor-replay-opened")
        await jump_and_see(page)
        await walk_by_keys(page)
        await screens.take(desk, "supervisor-replay", large=True)
        await play_in_step(page)
        await end_of_the_recording(page)
        await bring_nearer(page)
        await magnified(page)
        await one_file_of_all(page)
        await screens.take(desk, "supervisor-files")
        await flip_a_byte(node, page, recorded, videos)
        await screens.take(desk, "supervisor-altered")
        await play_all_the_same(page)
        assert desk.complaints == []
    screens.check()


async def find_the_call(desk: Desk, screens: Screens) -> None:
    """S3: by the name of a file, by what was said, by days; what is not there is not found."""
    page = desk.page
    rows = page.locator(".rows button")
    await expect(rows).to_have_count(1)
    for label, there, absent in (
        ("文件名", "禾川人字", "没有这份文件"),
        ("说过的话", "十八日", "没有这句话"),
    ):
        box = page.get_by_label(label, exact=True)
        await box.fill(absent)
        await expect(page.get_by_text("没有符合条件的通话")).to_be_visible()
        await box.fill(there)
        await expect(rows).to_have_count(1)
        await box.fill("")
    first = page.get_by_placeholder("开始日期")
    await first.click()
    await expect(page.get_by_role("button", name="前一年").first).to_be_visible()
    await screens.take(desk, "supervisor-log-days")
    await first.fill("2020-01-01")
    await page.get_by_placeholder("结束日期").fill("2020-01-31")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("没有符合条件的通话")).to_be_visible()
    await page.locator(".days .el-range__close-icon").click()
    await expect(rows).to_have_count(1)
    await page.get_by_label("文件名", exact=True).fill("禾川人字")
    await expect(rows).to_have_count(1)
    await rows.first.click()
    await page.wait_for_url("**/supervisor/calls/*")


async def all_there(page: Page) -> int:
    """Both pictures, which could be played within 10 s of the end, and everything whole."""
    tiles = page.locator("[data-playback]")
    await expect(tiles).to_have_count(2)
    await expect(page.locator("[data-integrity]")).to_have_attribute(
        "data-state", "whole", timeout=15_000
    )
    for tile in await tiles.all():
        # a file begins when its party's first packets came, a little after the answer
        await expect(tile).to_have_attribute("data-state", KNOWN, timeout=10_000)
    return await tiles.count()


async def stands(page: Page) -> dict[str, Any]:
    """Where the clock and each picture stand, in seconds of the call, and the bar of each picture."""
    found: dict[str, Any] = await page.evaluate(STANDING)
    return found


async def settled(page: Page, second: float) -> dict[str, Any]:
    """All pictures shown, within half a second of this one."""
    last: dict[str, Any] = {}

    async def there() -> str | None:
        last.update(await stands(page))
        late = [
            one
            for one in last["videos"]
            if one["seeking"] or one["bar"] is None or abs(one["second"] - second) > NEAR_S
        ]
        return f"wants {second}: {last}" if late or abs(last["clock"] - second) > NEAR_S else None

    await until(there, 5)
    return last


async def value_then(page: Page, field: str) -> str:
    return str(await page.locator(f'[data-then="{field}"]').get_attribute("data-value"))


async def jump(page: Page, kind: str, text: str = "") -> float:
    """Click an event in the list; returns its second."""
    line = page.locator(f'[data-event][data-kind="{kind}"]').filter(has_text=text).first
    second = float(str(await line.get_attribute("data-at")))
    await line.get_by_role("button").click()
    return second


SMALL = """() => [...document.querySelectorAll('.frame button, .frame select, .frame input, .frame a')].map(one => {
    const {width, height} = one.getBoundingClientRect()
    return {name: `${one.className} ${one.title}`, least: Math.min(width, height)}
}).filter(one => one.least && one.least < 24)"""


async def jump_and_see(page: Page) -> None:
    """S4: a click stands within half a second, the form and the document are those of that second."""
    # every mark can be hit (WCAG 2.5.8)
    assert await page.evaluate(SMALL) == []
    # who looked for a file sees it in the call
    events = page.get_by_role("tabpanel", name="经过")
    await expect(events).to_be_visible()
    search = page.get_by_label("找文件名、字段、说过的话")
    await expect(search).to_have_value("禾川人字")
    await expect(page.locator("[data-event]")).to_have_count(3)
    kinds = [
        await one.get_attribute("data-kind") for one in await page.locator("[data-event]").all()
    ]
    assert kinds == ["file_begun", "file_stored", "review_returned"]
    second = await jump(page, "file_stored")
    await settled(page, second)

    await search.fill("任职日期")
    first_edit = await jump(page, "edited")
    at_edit = await settled(page, first_edit)
    assert await value_then(page, "appointed_on") == "2026-11-20"
    assert await value_then(page, "contact_phone") == ""
    await expect(page.locator("[data-happening]")).to_contain_text("任职日期：2026-11-20")
    # what lay before both then is shown, page and all
    document = page.get_by_role("region", name="当时的文件")
    await expect(document).to_contain_text("此刻双方在看")
    await expect(document).to_have_attribute("data-drawn", "true", timeout=10_000)

    adopted = await jump(page, "adopted")
    at_adoption = await settled(page, adopted)
    assert await value_then(page, "appointed_on") == "2026-11-18"
    changed = page.locator('[data-then="appointed_on"]')
    await expect(changed).to_contain_text("2026-11-20")
    await expect(changed).to_contain_text("周明远建议")
    await expect(changed).to_contain_text("李秀兰采用")
    # the pictures themselves stand there: their bars moved as far as the seconds say
    for before, after in zip(at_edit["videos"], at_adoption["videos"], strict=True):
        moved = (after["bar"] - before["bar"]) % BAR_WAY_PX
        wanted = (adopted - first_edit) * BAR_PX_PER_S % BAR_WAY_PX
        off = min((moved - wanted) % BAR_WAY_PX, (wanted - moved) % BAR_WAY_PX)
        assert off <= NEAR_S * BAR_PX_PER_S, (before, after, wanted)

    # before the call the form was emptier still
    await search.fill("")
    registered = await jump(page, "registered")
    assert registered < 0
    assert await value_then(page, "new_principal") == ""
    await search.fill("十八日")
    await settled(page, await jump(page, "said"))
    # the hand that pointed is there, in the form and in the document
    await expect(page.locator('[data-then="appointed_on"]')).to_contain_text("周明远指着这里")


async def walk_by_keys(page: Page) -> None:
    """J and L go from mark to mark, a click into the timeline goes to its mark, B keeps a second."""
    await page.get_by_label("找文件名、字段、说过的话").fill("")
    second = await jump(page, "adopted")
    await settled(page, second)
    await page.locator(".replay h1").click()
    await page.keyboard.press("j")
    earlier = float(str(await page.locator(".replay").get_attribute("data-position")))
    assert earlier < second
    assert await value_then(page, "appointed_on") == "2026-11-20"
    await page.keyboard.press("l")
    await settled(page, second)
    assert await value_then(page, "appointed_on") == "2026-11-18"
    await page.keyboard.press("b")
    await expect(page.locator(".kept")).to_have_count(1)
    mark = page.get_by_role("list", name="填表").get_by_role("button", name="任职日期").first
    await mark.click()
    assert await value_then(page, "appointed_on") == "2026-11-20"
    await page.get_by_role("list", name="填表").get_by_role("button", name="采用建议").click()
    await settled(page, second)


async def play_in_step(page: Page) -> None:
    """Space plays; the pictures keep within 80 ms of each other, at 1 and at 2 times."""
    replay = page.locator(".replay")

    async def at() -> float:
        return float(str(await replay.get_attribute("data-position")))

    for rate in ("1", "2"):
        await page.get_by_label("播放速度").select_option(rate)
        await page.locator(".replay h1").click()
        await jump(page, "file_stored", "申请书")
        began = await at()
        await page.locator(".replay h1").click()
        await page.keyboard.press(" ")

        async def moves(began: float = began) -> str | None:
            now = await at()
            return None if now > began + 0.6 else f"still at {now}"

        await until(moves, 10)
        apart = await page.evaluate(STEP)
        assert median(apart) <= borne(IN_STEP_S), (rate, sorted(apart))
        await page.locator(".replay h1").click()
        await page.keyboard.press(" ")
        await expect(replay).to_have_attribute("data-playing", "false")
    await page.get_by_label("播放速度").select_option("1")


async def end_of_the_recording(page: Page) -> None:
    """Where the applicant took his consent back, each picture says that it was recorded up to there."""
    tiles = page.locator("[data-playback] .over")
    await expect(tiles.filter(has_text="录制到此为止")).to_have_count(0)
    await jump(page, "consent_withdrawn")
    await expect(tiles.filter(has_text="录制到此为止")).to_have_count(2)
    await jump(page, "file_stored", "申请书")


async def bring_nearer(page: Page) -> None:
    await page.get_by_role("button", name="放大时间轴").click()
    await page.get_by_role("button", name="缩小时间轴").click()


async def magnified(page: Page) -> None:
    """At 200 % of a small screen everything lies below one another, and the controls stay in sight."""
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size({"width": 683, "height": 384})
    play = page.locator("[data-play]")
    for place in (
        page.locator("[data-playback]").first,
        page.get_by_role("region", name="当时的文件"),
        page.locator('[data-then="contact_phone"]'),
    ):
        await place.scroll_into_view_if_needed()
        await expect(play).to_be_in_viewport(ratio=1)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 683, f"{wide} px wide"
    await page.set_viewport_size(before)


async def one_file_of_all(page: Page) -> None:
    """All pictures in one file: asked for, made, played."""
    await page.get_by_role("tab", name="文件").click()
    await page.get_by_role("button", name="合成 WebM").click()
    composition = page.locator("[data-composition]")
    await expect(composition.locator("progress")).to_be_visible()
    await expect(composition).to_have_attribute("data-state", "ready", timeout=90_000)
    await expect(composition.locator(".chapters button").first).to_be_visible()
    await expect(composition.locator("[data-voices] polygon")).to_have_count(2)
    await expect(page.get_by_role("button", name="合成 MP4")).to_be_visible()
    video = composition.locator("video")

    async def loads() -> str | None:
        ready: float = await video.evaluate("one => one.readyState >= 1 ? one.duration : 0")
        return None if ready > 3 else f"lasts {ready} s"

    await until(loads, 10)


async def flip_a_byte(node: Running, page: Page, recorded: Recorded, tiles: int) -> None:
    """S6: one byte of one picture on the disk: the file is named, in red, and play is covered."""
    assert tiles == 2
    store = node.app[STORE]
    tile = page.locator('[data-playback][data-seat="approver"]')
    playback_id = await tile.get_attribute("data-playback")
    detail = await page.evaluate(
        "async id => (await fetch(`/api/v1/calls/${id}`)).json()", recorded.call_id
    )
    (one,) = [found for found in detail["playbacks"] if found["id"] == playback_id]
    path = store.blobs.path(one["sha256"])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.chmod(0o600)
    path.write_bytes(data)
    await page.get_by_role("button", name="再次核对").click()
    await expect(page.locator("[data-integrity]")).to_have_attribute(
        "data-state", "wrong", timeout=15_000
    )
    wrong = page.locator("[data-wrong]")
    await expect(wrong).to_contain_text("与存证不一致")
    await expect(wrong).to_contain_text("内容已被改动")
    await expect(page.locator(f'[data-file="{playback_id}"]')).to_have_attribute("data-ok", "false")
    await expect(page.locator('[data-file][data-ok="false"]')).to_have_count(1)


async def play_all_the_same(page: Page) -> None:
    cover = page.get_by_role("alertdialog")
    await page.locator("[data-play]").click()
    await expect(cover).to_contain_text("与存证不一致")
    await expect(page.locator(".replay")).to_have_attribute("data-playing", "false")
    await cover.get_by_role("button", name="不播放").click()
    await expect(cover).to_be_hidden()
    await page.locator("[data-play]").click()
    await cover.get_by_role("button", name="仍要播放").click()
    began = float(str(await page.locator(".replay").get_attribute("data-position")))

    async def plays() -> str | None:
        now = float(str(await page.locator(".replay").get_attribute("data-position")))
        return None if now > began + 1.5 else f"still at {now}"

    await until(plays, 15)

    async def all_play() -> str | None:
        found = await stands(page)
        late = [one for one in found["videos"] if abs(one["second"] - found["clock"]) > NEAR_S]
        return f"not in step: {found}" if late or len(found["videos"]) != 2 else None

    await until(all_play, 5)
    await expect(page.locator('[data-playback][data-seat="approver"] .over')).to_have_count(0)
