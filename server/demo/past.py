"""The past of the demo: meetings of the last three weeks, so that no list of a first user is empty.

A node is run with a clock that is moved back, scripted people meet at it over the wire as pages do,
with real media, and the recordings are sealed like any others. The ledger says of itself that these
are demo data. Knows the wire and the demo's people; it asks the store only what is there already and
whether recordings and jobs are done, before the clock jumps.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from stdnum.cn import ric, uscc

from server.app import running
from server.calls.rows import recorded as recorded_rows
from server.case import rows as case_rows
from server.demo import data as demo
from server.demo.meetings import (
    CONSULTED,
    MEETINGS,
    REASONS,
    RETURNED,
    SIGNATURE,
    Meeting,
    by_moment,
    moment_of,
    scan_of,
    values_of,
)
from server.demo.messages import DemoGateway
from server.demo.player import LOOK_EVERY_S, Player, logger
from server.edge.route import STORE
from server.health.acts import COUNTED
from server.rights.person import SYSTEM
from server.settings import Settings
from server.store import ShiftedClock, Store
from signaling.client import Refused

SETTLED_WITHIN_S: Final = 20.0
PAUSE_S: Final = 0.6
"""How long a person takes over one thing: the replay shows one after the other."""


async def make(
    settings: Settings,
    say: Callable[[int, int], None],
    meetings: Sequence[Meeting] = MEETINGS,
    *,
    gateway: DemoGateway | None = None,
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
    clock.ahead = moment_of(meetings[0]) - datetime.now(UTC)
    done = 0
    calls: list[str] = []
    async with running(quiet, clock) as node:
        store = node.app[STORE]
        if gateway is not None:
            gateway.reports_to(node.address, clock)
        try:
            for moment, several in by_moment(meetings):
                clock.ahead = moment - datetime.now(UTC)
                calls += await _meet(node.address, several)
                if several[-1] is meetings[-1]:
                    await _consult(node.address)
                await _settled(store, calls)
                done += len(several)
                say(done, len(meetings))
        finally:  # who ends it in between has a shorter past, which is told of all the same
            clock.ahead = timedelta()
            await _mark(store, calls)
    return done


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


# ---------------------------------------------------------------- what happens in a meeting


async def _meet(address: str, meetings: Sequence[Meeting]) -> list[str]:
    """All meetings of one moment, beside each other; the ids of their calls."""
    async with AsyncExitStack() as stack:
        people = {who: Player(address, who) for one in meetings for who in _people(one)}
        await asyncio.gather(*(stack.enter_async_context(one) for one in people.values()))
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


async def _consult(address: str) -> None:
    """What was only asked on the last day: two answered, one open."""
    async with Player(address, "lixiulan") as window, Player(address, "zhoumingyuan") as approver:
        for item_id, question, answer in CONSULTED:
            about = {"item_id": item_id} if item_id else {"unit_id": demo.XIHAIAN}
            made = await window.ask("case.consult", question=question, **about)
            if answer:
                case_id = str(made["case_id"])
                await approver.ask("case.open", case_id=case_id)
                await approver.act("case.conclude", case_id, answer=answer)


def _people(meeting: Meeting) -> list[str]:
    return [meeting.clerk, meeting.approver, *(["sunlei"] if meeting.guest else [])]


async def _begin(meeting: Meeting, people: Mapping[str, Player]) -> tuple[str, str]:
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


async def _hold(meeting: Meeting, people: Mapping[str, Player], case_id: str, call_id: str) -> None:
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
    meeting: Meeting, window: Player, approver: Player, case: Mapping[str, Any]
) -> None:
    """Scan the lines that are required, each looked at and judged while the next one comes."""
    papers = [
        (line, slot if side else 0, f"{line['name']}（{side}）" if side else line["name"])
        for line in case["item"]["lines"]
        if line["need"] != "optional"
        for slot, side in enumerate(line["slots"] or [""], 1)
    ]
    if meeting.course == "open":
        del papers[1:]

    async def bring(paper: tuple[Mapping[str, Any], int, str], again: str = "") -> str:
        line, slot, title = paper
        picture = await asyncio.to_thread(scan_of, title, meeting)
        return await window.bring(case["id"], line["key"], f"{title}{again}.jpg", picture, slot)

    async def judge(number: int, brought: str) -> None:
        look = {"case_id": case["id"], "material_id": brought, "page": 1}
        await approver.hint("document.look", **look)
        await asyncio.sleep(PAUSE_S)
        await approver.hint("document.point", **look, x=0.4, y=0.3)
        if number == 0 and meeting.returned:
            judged = {"material_id": brought, "review": "returned", "reason": RETURNED}
            await approver.ask("case.review", case_id=case["id"], **judged)
            if meeting.course == "open":
                return
            brought = await bring(papers[number], "-2")
        await approver.hint("document.point", **look, x=None, y=None)
        await approver.ask(
            "case.review", case_id=case["id"], material_id=brought, review="accepted"
        )

    brought = await bring(papers[0])
    for number, following in enumerate(papers[1:]):
        _, brought = await asyncio.gather(judge(number, brought), bring(following))
    await judge(len(papers) - 1, brought)


async def _fill(
    meeting: Meeting, window: Player, approver: Player, case: Mapping[str, Any]
) -> None:
    """Fill the form; the way of delivery is proposed by the approver and adopted."""
    values = values_of(meeting)
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
    meeting: Meeting, window: Player, approver: Player, case: Mapping[str, Any]
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
