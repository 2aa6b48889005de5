"""The past of the demo: meetings of the last three weeks, so that no list of a first user is empty.

A node is run with a clock that is moved back, scripted people meet at it over the wire as pages do,
with real media, and the recordings are sealed like any others. The ledger says of itself that these
are demo data. Knows the wire and the demo's people; it asks the store only what is there already and
whether recordings and jobs are done, before the clock jumps.
"""

import asyncio
import base64
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import aiohttp
import numpy as np
import structlog
from PIL import Image, ImageDraw, ImageFont
from stdnum.cn import ric, uscc

from media.peer import ScriptedPeer
from server.app import running
from server.calls.rows import recorded as recorded_rows
from server.case import rows as case_rows
from server.demo import data as demo
from server.edge.route import STORE
from server.health.acts import COUNTED
from server.rights.person import SYSTEM
from server.settings import Settings
from server.store import ShiftedClock, Store
from server.work.paper import FONT_DIRS
from signaling.client import Client, Refused

CHINA: Final = timedelta(hours=8)
TUS: Final = {"Tus-Resumable": "1.0.0"}
SEEN_WITHIN_S: Final = 15.0
SETTLED_WITHIN_S: Final = 20.0
LOOK_EVERY_S: Final = 0.1
PAUSE_S: Final = 0.9
"""How long a person takes over one thing: the replay shows one after the other."""
SIGNATURE: Final = [
    [[0.10, 0.55, 0.3, 0], [0.28, 0.22, 0.6, 60], [0.46, 0.70, 0.8, 130]],
    [[0.58, 0.30, 0.5, 260], [0.74, 0.66, 0.6, 330], [0.90, 0.52, 0.4, 400]],
]

Course = Literal["accepted", "to_correct", "refused", "open", "referred", "missed"]

logger = structlog.get_logger("past")


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """One case and the call about it; ``days`` before today, at ``at`` of China's time."""

    days: int
    at: time
    clerk: str
    approver: str
    applicant: str
    number: str
    """The identity number without its check digit."""
    phone: str
    company: str
    code: str
    """The credit code without its check digit."""
    item: str = demo.PRINCIPAL
    course: Course = "accepted"
    returned: bool = False
    """The first material is sent back once."""
    consented: bool = True
    guest: bool = False
    level: str | None = "1"
    words: str = ""
    said: Sequence[tuple[str, str]] = field(
        default=(("approver", "请稍等，我正在核对。"), ("window", "材料已经全部扫描。"))
    )


MEETINGS: Final = (
    Meeting(
        days=20, at=time(9, 40), clerk="lixiulan", approver="zhoumingyuan", applicant="刘启明",
        number="37010319780412331", phone="13805310011", company="济南禾川检测技术有限公司",
        code="91370103MA3D7KQ42", words="在家门口就办好了，很方便。",
    ),
    Meeting(
        days=20, at=time(9, 40), clerk="wangfang", approver="gaoxinmin", applicant="张立群",
        number="37010419850923171", phone="13805310022", company="济南泽远商贸有限公司",
        code="91370104MA3D8LRX1", returned=True, level="2",
    ),
    Meeting(
        days=16, at=time(14, 15), clerk="lixiulan", approver="gaoxinmin", applicant="宋雨桐",
        number="37010219911107082", phone="13805310033", company="山东清岳环保科技有限公司",
        code="91370102MA3DAB5C7", item=demo.CLOSING, level="1",
        said=(("approver", "请申请人对照屏幕核对一遍。"), ("window", "申请人已经核对，没有异议。")),
    ),
    Meeting(
        days=16, at=time(14, 15), clerk="wangfang", approver="zhoumingyuan", applicant="韩国梁",
        number="37011219690305553", phone="13805310044", company="济南广成建材有限公司",
        code="91370112MA3DCD8E2", course="to_correct", returned=True, level="3",
        said=(("approver", "缺少公章，请盖章后再扫描。"), ("window", "申请人下次带公章来。")),
    ),
    Meeting(
        days=12, at=time(10, 5), clerk="lixiulan", approver="zhoumingyuan", applicant="赵思远",
        number="37010519880618291", phone="13805310055", company="济南远图测绘有限公司",
        code="91370105MA3DEF2G9", guest=True, level="1", words="三地一起办，没有白跑。",
        said=(("approver", "请聊城的同志核对原登记地址。"), ("window", "申请人带来了原件。")),
    ),
    Meeting(
        days=12, at=time(10, 5), clerk="wangfang", approver="gaoxinmin", applicant="孟庆华",
        number="37011319740220191", phone="13805310066", company="济南金穗农资有限公司",
        code="91370113MA3DGH6J4", course="refused", level="4",
        said=(("approver", "这一项由市局办理，不属于本局职权范围。"), ("window", "我向申请人说明。")),
    ),
    Meeting(
        days=7, at=time(15, 20), clerk="lixiulan", approver="gaoxinmin", applicant="孙雅宁",
        number="37010319920815284", phone="13805310077", company="济南云杉软件有限公司",
        code="91370103MA3DJK1L8",
    ),
    Meeting(
        days=7, at=time(15, 20), clerk="wangfang", approver="zhoumingyuan", applicant="齐鸣",
        number="37010219830730375", phone="13805310088", company="山东鸣远机械有限公司",
        code="91370102MA3DMN4P5", item=demo.CLOSING, level="2",
    ),
    Meeting(
        days=4, at=time(9, 10), clerk="lixiulan", approver="zhoumingyuan", applicant="范志强",
        number="37011219810126193", phone="13805310099", company="济南恒泰物流有限公司",
        code="91370112MA3DQR7T3", consented=False, level="2",
    ),
    Meeting(
        days=4, at=time(9, 10), clerk="wangfang", approver="gaoxinmin", applicant="于晓岚",
        number="37010519950511184", phone="13805310100", company="济南晓岚文化传媒有限公司",
        code="91370105MA3DTU9W6", course="referred", level=None,
        said=(("approver", "住所在聊城，转聊城东昌府办理。"), ("window", "好的，申请人同意。")),
    ),
    Meeting(
        days=1, at=time(11, 0), clerk="lixiulan", approver="zhoumingyuan", applicant="丁海涛",
        number="37010419870914235", phone="13805310111", company="济南海涛餐饮管理有限公司",
        code="91370104MA3DWX2Y1", course="open", returned=True, level=None,
    ),
    Meeting(
        days=1, at=time(11, 0), clerk="wangfang", approver="gaoxinmin", applicant="苏婉清",
        number="37011319960203262", phone="13805310122", company="济南婉清家政服务有限公司",
        code="91370113MA3DYA5B7", course="accepted",
    ),
    Meeting(
        days=1, at=time(16, 40), clerk="lixiulan", approver="zhoumingyuan", applicant="魏长河",
        number="37010219761019313", phone="13805310133", company="济南长河水处理有限公司",
        code="91370102MA3DBC8D4", course="missed",
    ),
)  # fmt: skip
"""Oldest first; those of one moment run beside each other."""

REASONS: Final[Mapping[str, str]] = {
    "accepted": "材料齐全，符合法定形式，予以受理。",
    "to_correct": "申请书缺少公章，请补正后再交。",
    "refused": "不属于本行政机关职权范围，请向有关行政机关申请。",
}
RETURNED: Final = "图像不够清晰，边角被裁切，请重新拍摄后上传。"


async def make(
    settings: Settings, say: Callable[[int, int], None], meetings: Sequence[Meeting] = MEETINGS
) -> int:
    """Let these meetings have happened, once; how many there were.

    Nothing happens where the database holds a case already. ``say`` hears how many of how many are
    done. Takes about a minute. Oldest first, and none in the future.
    """
    store = await Store.open(settings.store)
    try:
        async with store.read() as reading:
            known = await case_rows.list_cases(
                reading, window_unit_ids={demo.JINAN}, unit_ids={demo.XIHAIAN}, limit=1
            )
        if known:
            return 0
    finally:
        await store.close()
    clock = ShiftedClock()
    quiet = settings.model_copy(
        update={
            "port": 0,
            "host": "127.0.0.1",
            "tls_certificate": None,
            "tls_key": None,
            "origins": (),
        }
    )
    clock.ahead = _moment(meetings[0]) - datetime.now(UTC)
    done = 0
    calls: list[str] = []
    async with running(quiet, clock) as node:
        store = node.app[STORE]
        try:
            for moment, several in by_moment(meetings):
                clock.ahead = moment - datetime.now(UTC)
                calls += await _meet(node.address, several)
                await _settled(store, calls)
                done += len(several)
                say(done, len(meetings))
        finally:  # who ends it in between has a shorter past, which is told of all the same
            clock.ahead = timedelta()
            await _mark(store, calls)
    return done


def _moment(meeting: Meeting) -> datetime:
    """On that day, or the Friday before a weekend."""
    day = (datetime.now(UTC) + CHINA).date() - timedelta(days=meeting.days)
    day -= timedelta(days=max(0, day.weekday() - 4))
    return datetime.combine(day, meeting.at, UTC) - CHINA


def by_moment(meetings: Sequence[Meeting]) -> list[tuple[datetime, list[Meeting]]]:
    """The meetings in the order in which they are held, with the moment at which they begin."""
    found: dict[datetime, list[Meeting]] = {}
    for one in meetings:
        found.setdefault(_moment(one), []).append(one)
    return sorted(found.items())


async def _mark(store: Store, calls: Sequence[str]) -> None:
    """One entry that says of these calls that they are invented, and when they were really made."""
    async with store.change(SYSTEM) as change:
        await change.lock(demo.SUBJECT)
        made_at = change.at.isoformat(timespec="seconds")
        await change.record(
            demo.SUBJECT,
            "demo.past",
            demo.SUBJECT,
            None,
            payload={"calls": [*calls], "made_at": made_at},
        )


async def _settled(store: Store, calls: Sequence[str]) -> None:
    """Wait until each recording is sealed and each job is done: the clock jumps next."""
    count_jobs = COUNTED["jobs"]
    left = ""
    try:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while True:
                async with store.read() as reading:
                    listed = [
                        await recorded_rows.list_recordings(reading, call_id) for call_id in calls
                    ]
                writing = sum(one.state == "recording" for rows in listed for one in rows)
                jobs = await count_jobs(store)
                if not writing and not jobs["waiting"] and not jobs["running"]:
                    return
                left = f"{writing} recordings, {jobs['waiting'] + jobs['running']} jobs"
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        logger.warning("past.not_settled", left=left)


# ---------------------------------------------------------------- people at their seats


class _Player:
    """One of the demo's people at a page: signs in, hears events, is seen and heard in calls."""

    def __init__(self, address: str, login: str) -> None:
        self._address = address
        self._login = login
        self._stack = AsyncExitStack()
        self._changed = asyncio.Event()
        self._client: Client | None = None
        self._http: aiohttp.ClientSession | None = None
        self._peer: ScriptedPeer | None = None
        self.calls: dict[str, Mapping[str, Any]] = {}
        self.id = ""

    async def __aenter__(self) -> "_Player":
        async with aiohttp.ClientSession(self._address) as plain:
            credentials = {"login": self._login, "password": demo.PASSWORD}
            async with plain.post("/api/v1/tokens", json=credentials) as said:
                said.raise_for_status()
                token = (await said.json())["token"]
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(self._address, headers={"Authorization": f"Bearer {token}"})
        )
        self._client = Client(self._address, token, hear_event=self._hear)
        await self._client.connect()
        self._stack.push_async_callback(self._client.close)
        self._stack.push_async_callback(self._leave)
        desk = await self.ask("desk.open")
        self.id = desk["person"]["id"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _leave(self) -> None:
        if self._peer is not None:
            await self._peer.close()

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "call.changed":
            self.calls[event["call"]["id"]] = event["call"]
        self._changed.set()

    async def ask(self, kind: str, **members: Any) -> dict[str, Any]:
        assert self._client is not None
        return await self._client.ask({"type": kind, **members})

    async def act(self, kind: str, case_id: str, **members: Any) -> dict[str, Any]:
        """An act that rests on how the case stands now."""
        seen = (await self.get(f"/cases/{case_id}"))["version"]
        return await self.ask(kind, case_id=case_id, seen_version=seen, **members)

    async def hint(self, kind: str, **members: Any) -> None:
        assert self._client is not None
        await self._client.hint({"type": kind, **members})

    async def get(self, path: str) -> Any:
        assert self._http is not None
        async with self._http.get(f"/api/v1{path}") as said:
            said.raise_for_status()
            return await said.json()

    async def sees(
        self, call_id: str, holds: Callable[[Mapping[str, Any]], bool]
    ) -> Mapping[str, Any]:
        async with asyncio.timeout(SEEN_WITHIN_S):
            while not ((call := self.calls.get(call_id)) and holds(call)):
                self._changed.clear()
                await self._changed.wait()
            return call

    async def answer(self, call_id: str) -> None:
        """Take the ring of this call and sit down."""

        def mine(call: Mapping[str, Any]) -> list[Mapping[str, Any]]:
            return [one for one in call["rings"] if one["target"]["id"] == self.id]

        ring = mine(await self.sees(call_id, lambda call: bool(mine(call))))[0]
        seat = await self.ask("call.answer", call_id=call_id, ring_id=ring["id"])
        await self.sit(call_id, seat["leg_id"])

    async def sit(self, call_id: str, leg_id: str) -> None:
        """Negotiate this leg's media: a drawn person, and a low hum."""
        seat = {"call_id": call_id, "leg_id": leg_id}
        offer = await self.ask("call.connect", **seat)
        person = next(one for one in demo.PEOPLE if one.login == self._login)
        picture = await asyncio.to_thread(_face, person)
        self._peer = ScriptedPeer(tone_hz=140.0 + 20 * len(self._login), picture=picture)
        await self.ask("call.describe", **seat, sdp=await self._peer.answer(offer["sdp"]))

    async def bring(self, case_id: str, line: str, name: str, data: bytes, slot: int) -> str:
        """Upload a file for a line, or for its side with that number; returns the material's id."""
        assert self._http is not None
        about = {"case_id": case_id, "line": line, "filename": name}
        if slot:
            about["slot"] = str(slot)
        told = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())
        made = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": told}
        async with self._http.post("/api/v1/uploads", headers=made) as said:
            said.raise_for_status()
            location, material = said.headers["Location"], said.headers["Yunjian-Material"]
        piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        async with self._http.patch(location, data=data, headers=piece) as said:
            said.raise_for_status()
        return material


# ---------------------------------------------------------------- what happens in a meeting


async def _meet(address: str, meetings: Sequence[Meeting]) -> list[str]:
    """All meetings of one moment, beside each other; the ids of their calls."""
    async with AsyncExitStack() as stack:
        people: dict[str, _Player] = {}
        for login in sorted({who for one in meetings for who in _people(one)}):
            people[login] = await stack.enter_async_context(_Player(address, login))
        for login, player in people.items():
            if any(login != one.clerk for one in meetings if login in _people(one)):
                await player.ask("desk.duty", duty="online")
        # one after the other, so that each is answered by the right one
        begun = [await _begin(one, people) for one in meetings]
        await asyncio.gather(
            *(_hold(one, people, *ids) for one, ids in zip(meetings, begun, strict=True))
        )
        for login, player in people.items():
            if all(login != one.clerk for one in meetings):
                await player.ask("desk.duty", duty="away")
        return [call_id for _, call_id in begun]


def _people(meeting: Meeting) -> list[str]:
    return [meeting.clerk, meeting.approver, *(["sunlei"] if meeting.guest else [])]


async def _begin(meeting: Meeting, people: Mapping[str, _Player]) -> tuple[str, str]:
    """Register, ask for consent and call, until both sit; ids of case and call."""
    window, approver = people[meeting.clerk], people[meeting.approver]
    made = await window.ask(
        "case.create",
        item_id=meeting.item,
        mode="joint" if meeting.guest else "proxy",
        applicant_name=meeting.applicant,
        identity_number=meeting.number + ric.calc_check_digit(f"{meeting.number}0"),
        phone=meeting.phone,
        credit_code=meeting.code + uscc.calc_check_digit(meeting.code),
    )
    case_id = str(made["case_id"])
    await window.ask("case.open", case_id=case_id)
    text = await window.get("/consent-text?language=zh-CN")
    await window.ask(
        "case.consent",
        case_id=case_id,
        given=meeting.consented,
        text_version=text["version"],
        language="zh-CN",
    )
    call_id = str((await window.ask("call.dial", case_id=case_id))["call_id"])
    if meeting.course == "missed":
        await asyncio.sleep(PAUSE_S)
        await window.ask("call.cancel", call_id=call_id)
        return case_id, call_id
    await approver.answer(call_id)
    live = await window.sees(call_id, lambda call: call["state"] == "live")
    await window.sit(call_id, next(leg["id"] for leg in live["legs"] if leg["seat"] == "window"))
    await approver.ask("case.open", case_id=case_id)
    return case_id, call_id


async def _hold(
    meeting: Meeting, people: Mapping[str, _Player], case_id: str, call_id: str
) -> None:
    """The meeting itself, to its end and what the applicant says of it."""
    if meeting.course == "missed":
        return
    window, approver = people[meeting.clerk], people[meeting.approver]
    for side, text in meeting.said:
        speaker = window if side == "window" else approver
        said = {"lane": "shared", "text": text, "call_id": call_id, "for_applicant": False}
        await speaker.ask("case.say", case_id=case_id, **said)
        await asyncio.sleep(PAUSE_S)
    if meeting.guest:
        await approver.ask(
            "call.invite", call_id=call_id, unit_id=demo.LIAOCHENG, note="请核对原登记地址"
        )
        await people["sunlei"].answer(call_id)
    case = (await window.get(f"/cases/{case_id}"))["case"]
    await _bring_materials(meeting, window, approver, case)
    await _fill(meeting, window, approver, case)
    await _decide(meeting, window, approver, case)
    with suppress(Refused):  # who referred it is no longer of it
        await window.ask("call.hang_up", call_id=call_id)
    await window.sees(call_id, lambda call: call["state"] == "ended")
    if meeting.level is not None:
        await window.ask("case.open", case_id=case_id, as_applicant=True)
        reasons = ["waiting"] if meeting.level >= "4" else []
        rated = {"level": meeting.level, "reasons": reasons, "text": meeting.words}
        await window.ask("case.rate", case_id=case_id, call_id=call_id, **rated)


async def _bring_materials(
    meeting: Meeting, window: _Player, approver: _Player, case: Mapping[str, Any]
) -> None:
    """Scan the lines that are required, each looked at and judged while the next one comes."""
    papers = [
        (line, slot if side else 0, f"{line['name']}（{side}）" if side else line["name"])
        for line in case["item"]["lines"]
        if line["need"] != "optional"
        for slot, side in enumerate(line["slots"] or [""], 1)
    ]
    for number, (line, slot, title) in enumerate(papers):
        if number and meeting.course == "open":
            return
        picture = await asyncio.to_thread(_scan, title, meeting)
        brought = await window.bring(case["id"], line["key"], f"{title}.jpg", picture, slot)
        look = {"case_id": case["id"], "material_id": brought, "page": 1}
        await approver.hint("document.look", **look)
        await asyncio.sleep(PAUSE_S)
        await approver.hint("document.point", **look, x=0.4, y=0.3)
        if number == 0 and meeting.returned:
            judged = {"material_id": brought, "review": "returned", "reason": RETURNED}
            await approver.ask("case.review", case_id=case["id"], **judged)
            if meeting.course == "open":
                return
            brought = await window.bring(case["id"], line["key"], f"{title}-2.jpg", picture, slot)
        await approver.hint("document.point", **look, x=None, y=None)
        await approver.ask(
            "case.review", case_id=case["id"], material_id=brought, review="accepted"
        )


async def _fill(
    meeting: Meeting, window: _Player, approver: _Player, case: Mapping[str, Any]
) -> None:
    """Fill the form; the way of delivery is proposed by the approver and adopted."""
    values = _values(meeting)
    for one in case["item"]["form"]:
        name = one["name"]
        if name not in values:
            continue
        if name == "delivery":
            await approver.hint("case.point", case_id=case["id"], field=name)
            proposed = {"field": name, "value": values[name], "reason": "异地办理，建议邮寄送达。"}
            made = await approver.ask("case.propose", case_id=case["id"], **proposed)
            await asyncio.sleep(PAUSE_S)
            await window.ask(
                "case.close_proposal",
                case_id=case["id"],
                proposal_id=made["proposal_id"],
                adopt=True,
            )
            await approver.hint("case.point", case_id=case["id"], field=None)
        else:
            edit = {"field": name, "value": values[name], "base_version": 0}
            await window.ask("case.edit", case_id=case["id"], **edit)


async def _decide(
    meeting: Meeting, window: _Player, approver: _Player, case: Mapping[str, Any]
) -> None:
    """What the approver decides, after what the item asks for before it."""
    if meeting.course in ("open", "missed"):
        return
    if meeting.course == "referred":
        reason = "住所已迁至聊城，由住所地办理。"
        refer = {"unit_id": demo.LIAOCHENG, "reason": reason}
        await approver.act("case.refer", case["id"], **refer)
        return
    for point in case["item"]["checklist"]:
        lacking = meeting.course == "to_correct" and point is case["item"]["checklist"][0]
        verdict = {"verdict": "lacking", "note": "缺公章"} if lacking else {"verdict": "ok"}
        await approver.ask("case.check", case_id=case["id"], point=point["key"], **verdict)
    if case["item"]["signature"] == "required":
        shown = await window.ask("case.summarise", case_id=case["id"])
        await window.ask(
            "case.sign",
            case_id=case["id"],
            hash=shown["hash"],
            shown_at=shown["shown_at"],
            width=800,
            height=300,
            strokes=SIGNATURE,
        )
        await window.act("case.submit", case["id"], hash=shown["hash"])
    decided = {"decision": meeting.course, "reason": REASONS[meeting.course]}
    await approver.act("case.decide", case["id"], **decided)


def _values(meeting: Meeting) -> dict[str, str]:
    branch = f"{meeting.company}青岛西海岸分公司"
    appointed = (_moment(meeting) + CHINA).date() - timedelta(days=5)
    return {
        "branch_name": branch,
        "branch_credit_code": "91370211MA3N5XGY1G",
        "old_principal": "王建国",
        "new_principal": meeting.applicant,
        "new_identity_number": meeting.number + ric.calc_check_digit(f"{meeting.number}0"),
        "appointed_on": appointed.isoformat(),
        "contact_phone": meeting.phone,
        "appointment_way": "公司任命",
        "delivery": "邮寄送达",
        "closing_reason": "公司调整经营布局，不再保留该分公司。",
    }


# ---------------------------------------------------------------- what is drawn


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for folder in map(Path, FONT_DIRS):
        for file in sorted(folder.glob("NotoSansCJK-Regular*")):
            return ImageFont.truetype(file, size)
    return ImageFont.load_default(size)


def _scan(title: str, meeting: Meeting) -> bytes:
    """An invented paper of A4 as a scanner gives it (JPEG, 75 dpi)."""
    page = Image.new("RGB", (620, 877), (250, 249, 244))
    draw = ImageDraw.Draw(page)
    draw.text((310, 110), title, (30, 30, 36), _font(26), anchor="mm")
    lines = (
        meeting.company,
        f"负责人：{meeting.applicant}",
        f"{meeting.company}青岛西海岸分公司",
        "以上内容真实、准确、完整。（演示数据，内容均为虚构）",
    )
    for number, line in enumerate(lines):
        draw.text((80, 200 + 56 * number), line, (60, 60, 66), _font(17))
        draw.line((80, 236 + 56 * number, 540, 236 + 56 * number), (205, 205, 200))
    draw.ellipse((380, 610, 520, 750), outline=(190, 40, 36), width=4)
    draw.text((450, 680), "演示", (190, 40, 36), _font(30), anchor="mm")
    out = io.BytesIO()
    page.save(out, "JPEG", quality=80)
    return out.getvalue()


def _face(person: demo.Person) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """A drawn person, head and shoulders, with the name (RGB, 240 x 320 x 3)."""
    window = person.window_id is not None
    wall, coat = ((214, 224, 238), (29, 95, 194)) if window else ((228, 220, 234), (122, 59, 158))
    picture = Image.new("RGB", (320, 240), wall)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((80, 150, 240, 300), 60, fill=coat)
    draw.ellipse((120, 48, 200, 148), fill=(236, 205, 180))
    draw.pieslice((114, 38, 206, 130), 180, 360, fill=(46, 40, 40))
    draw.ellipse((143, 94, 150, 101), fill=(40, 34, 34))
    draw.ellipse((170, 94, 177, 101), fill=(40, 34, 34))
    draw.arc((146, 104, 174, 126), 20, 160, fill=(150, 70, 62), width=3)
    draw.text((12, 10), f"{person.name} · 演示", (40, 44, 52), _font(16))
    return np.asarray(picture, np.uint8)
