"""转办: another unit decides from now on; who may still see the case, and as what, follows from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.audit.acts import histories as supervision
from server.audit.acts.archive import Archive
from server.calls.rows import calls, playbacks
from server.case.acts.course.listing import listing, referred_away
from server.case.acts.materials.files import find
from server.case.wire.decision import CaseDecide, CaseRefer
from server.case.wire.registering import CaseConsent, CaseOpen
from server.case.wire.talk import CaseSay
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.people.rows import roster
from server.rights.person import Actor
from server.rights.seen import SIDES
from server.store import SYSTEM, tables
from signaling.call.parts import CallId, EndReason
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallAnswer, CallDial, CallHangUp
from signaling.wire.desk import DeskOpen
from tests.kit.casework import (
    APPROVER,
    CLERK,
    OTHER_APPROVER,
    PDF,
    SUPERVISOR,
    THIRD,
    Office,
    once,
)
from tests.kit.exchange import (
    APPROVERS,
    Desk,
    Exchange,
    Site,
    come,
    exchange,
    invited,
    live,
    seat_approvers,
)
from tests.kit.exchange import CLERK as AT_THE_WINDOW
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until

WHY = "申请事项属东昌府区管辖"
NO = {"decision": "refused", "reason": "不属于本机关职权范围"}
FAR_SUPERVISOR = "hanmei"


async def side(office: Office, login: str, case_id: str) -> str | None:
    """As what this person sees the case; None when he does not."""
    try:
        return str((await office.do(login, CaseOpen, case_id=case_id))["audience"])
    except Refusal as refusal:
        return None if refusal.code is Code.NOT_FOUND else refusal.code.value


async def test_the_unit_that_it_was_referred_to_decides(office: Office) -> None:
    case_id = await office.case()
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason=f" {WHY} ")
    view = await office.view(case_id)
    (told,) = view["referrals"]
    assert told["reason"] == WHY
    assert told["from_unit_name"] == "青岛西海岸新区行政审批服务局"
    assert told["to_unit_name"] == view["item"]["unit_name"] == "聊城市东昌府区政务服务中心"
    assert (view["item"]["unit_id"], view["item"]["place"]) == (demo.LIAOCHENG, "聊城东昌府")
    assert told["by"]["name"] == "周明远"
    assert view["state"] == "registered"  # it was passed on, not decided
    assert view["decision"] is None

    people = (CLERK, SUPERVISOR, THIRD, APPROVER, OTHER_APPROVER, FAR_SUPERVISOR)
    assert {login: await side(office, login, case_id) for login in people} == {
        CLERK: "window",
        SUPERVISOR: "supervisor",
        THIRD: "approver",
        APPROVER: None,
        OTHER_APPROVER: None,
        FAR_SUPERVISOR: None,
    }
    done = await office.refused(APPROVER, CaseDecide, case_id=case_id, **NO)
    assert done.code is Code.NOT_FOUND

    # The window's next call rings the unit that decides now.
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, case_id=case_id, **yes)
    await office.duty(APPROVER, THIRD)
    # What the page offers first: who takes an item of this name, and who is on duty.
    async with office.store.read() as connection:
        assert demo.XIHAIAN in await catalogue.units_taking(connection, view["item"]["id"])
        assert demo.LIAOCHENG not in await catalogue.units_taking(connection, view["item"]["id"])
        since = office.store.clock.now() - timedelta(seconds=10)
        assert await roster.on_duty(connection, since) == {demo.XIHAIAN: 1, demo.LIAOCHENG: 1}
    # Its list says from where the case came.
    (row,) = await listing(office.store, office.actors[THIRD])
    assert (row.id, row.referred_from) == (case_id, "青岛西海岸新区行政审批服务局")
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    (ring,) = (await office.call(call_id))["rings"]
    assert ring["target"]["id"] == "person-sunlei"
    (shown,) = (await office.do(THIRD, DeskOpen))["calls"]
    assert shown["call"]["target_place"] == "聊城东昌府"
    await office.do(THIRD, CallAnswer, call_id=call_id, ring_id=ring["id"])
    await office.do(THIRD, CaseDecide, case_id=case_id, **NO)
    assert (await office.view(case_id))["decision"]["by"]["name"] == "孙蕾"

    entries = await office.entries(case_id)
    (kept,) = [one for one in entries if one["act"] == "case.refer"]
    assert (kept["object"], kept["result"]) == (f"unit:{demo.LIAOCHENG}", "ok")
    assert (await office.store.verifier.verify()).ok


async def test_who_supervised_the_call_replays_it_up_to_the_referral(office: Office) -> None:
    """Her unit had the call in its hands: she sees and checks it, and of the case nothing that came after."""
    case_id = await office.case()
    call_id = await office.meet(case_id)
    hers = office.actors[FAR_SUPERVISOR]
    theirs = replace(hers, person_id="person-of-liaocheng", unit_id=demo.LIAOCHENG)
    archive = Archive(office.store)

    async def seen(actor: Actor) -> list[str] | Code:
        try:
            found = await supervision.history(office.store, actor, case_id, 0)
        except Refusal as refusal:
            return refusal.code
        return [event.type for event in found.events]

    async def opened(actor: Actor) -> str | Code:
        try:
            return (await archive.call(actor, call_id)).audience
        except Refusal as refusal:
            return refusal.code

    assert (await seen(theirs), await opened(theirs)) == (Code.NOT_FOUND, Code.NOT_FOUND)
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason=WHY)
    await office.do(CLERK, CallHangUp, call_id=call_id)
    await office.do(CLERK, CaseSay, case_id=case_id, lane="staff", text="之后说的话")
    await office.do(THIRD, CaseDecide, case_id=case_id, **NO)

    at_theirs, at_hers = await seen(theirs), await seen(hers)
    assert isinstance(at_theirs, list)
    assert isinstance(at_hers, list)
    assert at_theirs[: len(at_hers)] == at_hers
    assert at_hers[-1] == "case.referred"
    assert {"case.said", "case.decided"} <= set(at_theirs[len(at_hers) :])
    kept = (await supervision.ledger(office.store, hers, case_id)).entries
    assert kept[-1].act == "case.refer"
    # The call was in her unit's hands and never in theirs.
    assert (await opened(hers), await opened(theirs)) == ("supervisor", Code.NOT_FOUND)
    report = await archive.check(hers, call_id)
    assert report.ok
    assert report.ledger.entries > 0
    # What is of the case alone stays with who has it: its page, its check, and all that came later.
    assert await side(office, FAR_SUPERVISOR, case_id) is None
    with pytest.raises(Refusal, match="not_found"):
        await supervision.check_ledger(office.store, hers, case_id)
    # Her approver has no case any more, nor is he a supervisor.
    assert await seen(office.actors[APPROVER]) is Code.NOT_FOUND
    assert await side(office, APPROVER, case_id) is None


async def test_who_supervised_before_finds_and_reads_what_was_there_at_the_referral(
    office: Office, tmp_path: Path
) -> None:
    """Not a file that was still coming, nor what was given, named or said later."""
    uploads = await office.uploads(tmp_path / "uploads")
    clerk, hers = office.actors[CLERK], office.actors[FAR_SUPERVISOR]
    archive = Archive(office.store)

    async def began(name: str) -> tuple[str, str]:
        begun = await uploads.begin(clerk, case_id, "application", name, len(PDF))
        assert begun.material_id is not None
        return begun.upload_id, begun.material_id

    # A case that got its number before it is referred.
    notice = {"decision": "to_correct", "reason": "缺页"}
    earlier_id = await office.case()
    earlier_call = await office.meet(earlier_id)
    await office.do(APPROVER, CaseDecide, case_id=earlier_id, **notice)
    earlier = str((await office.view(earlier_id))["number"])
    await office.do(CLERK, CallHangUp, call_id=earlier_call)

    case_id = await office.case()
    call_id = await office.meet(case_id)
    there = await office.bring(uploads, case_id, "application", name="先到.pdf")
    coming, late = await began("在途.pdf")
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason=WHY)
    await uploads.append(clerk, coming, 0, once(PDF))
    await office.bring(uploads, case_id, "application", name="后到.pdf")
    said = {"case_id": case_id, "lane": "staff", "call_id": call_id}
    await office.do(CLERK, CaseSay, **said, text="之后说的话")
    await office.do(THIRD, CaseDecide, case_id=case_id, **notice)
    number = str((await office.view(case_id))["number"])

    async def found(login: str, **what: str) -> list[str]:
        rows = await supervision.call_log(office.store, office.actors[login], **what)
        return [one.call_id for one in rows]

    later = ({"file": "后到"}, {"number": number}, {"text": "之后"})
    for what in ({"file": "先到"}, {"file": "在途"}, *later):
        assert await found(SUPERVISOR, **what) == [call_id], what
        assert await found(FAR_SUPERVISOR, **what) == ([] if what in later else [call_id]), what
    theirs = office.actors[THIRD].person_id
    for login, told, decided in (
        (SUPERVISOR, number, ("to_correct", theirs)),
        (FAR_SUPERVISOR, None, (None, None)),
    ):
        actor = office.actors[login]
        row, before = await supervision.call_log(office.store, actor)
        assert (row.case_number, (await archive.call(actor, call_id)).case_number) == (told, told)
        assert (row.decision, row.decided_by and row.decided_by.id) == decided
        assert before.decision == "to_correct"

    assert (await find(office.store, hers, there, afterwards=True))[2] == SIDES["supervisor"]
    with pytest.raises(Refusal, match="not_found"):
        await find(office.store, hers, late, afterwards=True)
    assert (await find(office.store, office.actors[SUPERVISOR], late))[0].state == "stored"
    checked = [one.id for one in (await archive.check(hers, call_id)).files]
    assert checked == [there]

    await office.do(CLERK, CallHangUp, call_id=call_id)
    away = {"unit_id": demo.LIAOCHENG, "reason": WHY}
    await office.do(APPROVER, CaseRefer, case_id=earlier_id, **away)
    assert await found(FAR_SUPERVISOR, number=earlier) == [earlier_call]
    _, before = await supervision.call_log(office.store, hers)
    assert (before.call_id, before.decision) == (earlier_call, "to_correct")
    assert (await archive.call(hers, earlier_call)).case_number == earlier


async def test_the_chapters_of_a_call_are_the_same_whoever_asks_first(office: Office) -> None:
    """One file for all who may watch the call: what the former unit may not see of the case shortens it for nobody."""
    case_id = await office.case()
    call_id = await office.meet(case_id)
    began = office.clock.now()
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason=WHY)
    office.clock.move(5)
    await office.do(THIRD, CaseDecide, case_id=case_id, **NO)
    office.clock.move(5)
    await office.do(CLERK, CallHangUp, call_id=call_id)
    clerk = office.actors[CLERK].person_id
    made = playbacks.Playback("made", call_id, "window", clerk, "ready", [], began, sha256="0" * 64)
    async with office.store.change(SYSTEM) as change:
        await playbacks.add(change.connection, made)
    archive = Archive(office.store)
    first = await archive.compose(office.actors[FAR_SUPERVISOR], call_id)
    then = await archive.compose(office.actors[SUPERVISOR], call_id)
    assert then.chapters == first.chapters
    assert [one.title for one in first.chapters][-2:] == ["转办 Referral", "决定 Decision"]


async def test_a_unit_keeps_a_list_of_what_it_referred_away(office: Office) -> None:
    """As it stood then, newest first, for those who decide or supervise there; nothing that came after."""
    first, second = await office.case(), await office.case()
    await office.do(APPROVER, CaseRefer, case_id=first, unit_id=demo.LIAOCHENG, reason=WHY)
    office.clock.move(60)
    await office.do(APPROVER, CaseRefer, case_id=second, unit_id=demo.LIAOCHENG, reason="另一件")
    office.clock.move(60)
    await office.do(THIRD, CaseDecide, case_id=second, **NO)

    async def away(login: str, **asked: Any) -> list[str]:
        found = await referred_away(office.store, office.actors[login], **asked)
        return [one.case_id for one in found]

    for login in (APPROVER, OTHER_APPROVER, FAR_SUPERVISOR):
        assert await away(login) == [second, first], login
    # The window knows where its cases are; the unit that got them has given none away.
    for login in (CLERK, SUPERVISOR, THIRD):
        assert await away(login) == [], login
    newest, oldest = await referred_away(office.store, office.actors[APPROVER])
    assert (newest.reason, newest.by.name, newest.to_unit_name) == (
        "另一件", "周明远", "聊城市东昌府区政务服务中心",
    )  # fmt: skip
    assert "*" in newest.applicant_masked
    assert newest.at > oldest.at
    # By the name, or the place, of who got it; and the page after the first row.
    assert await away(APPROVER, to="东昌府") == [second, first]
    assert await away(APPROVER, to="烟台") == []
    assert await away(APPROVER, limit=1) == [second]
    assert await away(APPROVER, before=(newest.at, newest.case_id)) == [first]


@SQLITE_ALONE
async def test_what_is_refused(office: Office) -> None:
    case_id = await office.case()
    there = {"case_id": case_id, "unit_id": demo.LIAOCHENG, "reason": WHY}
    for login, members, code in (
        (CLERK, there, Code.NOT_YOURS),
        (SUPERVISOR, there, Code.NOT_YOURS),
        (THIRD, there, Code.NOT_FOUND),
        (APPROVER, {**there, "reason": "  "}, Code.REASON_MISSING),
        (APPROVER, {**there, "unit_id": demo.XIHAIAN}, Code.SAME_UNIT),
        (APPROVER, {**there, "unit_id": demo.YANTAI}, Code.NO_APPROVER),
        (APPROVER, {**there, "unit_id": "unit-that-is-not"}, Code.NOT_FOUND),
    ):
        assert (await office.refused(login, CaseRefer, **members)).code is code, (login, members)
    await office.do(APPROVER, CaseDecide, case_id=case_id, **NO)
    assert (await office.refused(APPROVER, CaseRefer, **there)).code is Code.CASE_CLOSED
    view = await office.view(case_id)
    assert (view["referrals"], view["item"]["unit_id"]) == ([], demo.XIHAIAN)


async def test_in_a_call_he_who_passed_it_on_stays_as_a_guest_and_the_guest_decides(
    office: Office,
) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)
    await office.seat_third(call_id)
    assert await side(office, THIRD, case_id) == "third"
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason=WHY)

    assert await side(office, APPROVER, case_id) == "third"
    assert await side(office, OTHER_APPROVER, case_id) is None
    assert await side(office, THIRD, case_id) == "approver"
    await office.do(APPROVER, CaseSay, case_id=case_id, lane="staff", text="请贵单位审批")
    no_more = await office.refused(APPROVER, CaseDecide, case_id=case_id, **NO)
    assert no_more.code is Code.NOT_YOURS
    await office.do(THIRD, CaseDecide, case_id=case_id, **NO)

    # Who passed it on leaves alone, as a guest does; the call is in the hands of who decides.
    await office.do(APPROVER, CallHangUp, call_id=call_id)
    assert await side(office, APPROVER, case_id) is None
    assert await reason(office, call_id) is None
    await office.do(THIRD, CallHangUp, call_id=call_id)
    assert await reason(office, call_id) is EndReason.HUNG_UP
    assert await side(office, THIRD, case_id) == "approver"


async def reason(office: Office, call_id: str) -> EndReason | None:
    """Why this call ended; None while it goes on."""
    async with office.store.read() as connection:
        call = await calls.find(connection, CallId(call_id))
    assert call is not None
    return call.reason


# ---------------------------------------------------------------- over sockets


@pytest.fixture
async def node(sqlite_site: Site) -> AsyncIterator[Exchange]:
    async with exchange(sqlite_site) as running:
        yield running


def versions(desk: Desk, case_id: str) -> list[int]:
    """What of the case this desk was told, in order."""
    return [one["version"] for one in desk.events if one["subject"] == f"case:{case_id}"]


async def test_a_page_gets_no_event_by_the_unit_that_decided_before(node: Exchange) -> None:
    """Nor does the call end with who decided before: the unit that decides now has it in its hands."""
    (guest_login,) = await seat_approvers(node.store, 1, demo.LIAOCHENG, "guest")
    async with AsyncExitStack() as stack:
        clerk, approver, idle, guest = [
            await stack.enter_async_context(node.desk(login))
            for login in (AT_THE_WINDOW, *APPROVERS[:2], guest_login)
        ]
        for desk in (approver, guest):
            await desk.do("desk.duty", duty="online")
        call_id = await live(clerk, approver, [])
        case_id = str(clerk.calls[call_id]["case_id"])
        await invited(approver, [guest], call_id, "")
        await come(guest, call_id)
        for desk, audience in (
            (clerk, "window"), (approver, "approver"), (idle, "approver"), (guest, "third"),
        ):  # fmt: skip
            assert (await desk.do("case.open", case_id=case_id))["audience"] == audience

        seen = (await approver.do("case.open", case_id=case_id))["version"]
        away = {"case_id": case_id, "unit_id": demo.LIAOCHENG, "reason": WHY, "seen_version": seen}
        await approver.do("case.refer", **away)

        async def told(*desks: Desk) -> None:
            def why_not() -> str | None:
                quiet = [
                    desk.login
                    for desk in desks
                    if not any(one["type"] == "case.referred" for one in desk.events)
                ]
                return f"not told: {quiet}" if quiet else None

            await until(why_not)

        await told(clerk, approver, idle, guest)
        # Nobody but the window asks anew: what is said next goes to the window alone.
        said = {"case_id": case_id, "lane": "staff", "call_id": call_id}
        before = {desk.login: len(versions(desk, case_id)) for desk in (approver, idle, guest)}
        await clerk.do("case.say", **said, text="一")

        def heard() -> str | None:
            return None if clerk.events[-1]["type"] == "case.said" else "the window is not told"

        await until(heard)
        assert (await approver.do("case.open", case_id=case_id))["audience"] == "third"
        assert (await guest.do("case.open", case_id=case_id))["audience"] == "approver"
        assert (await idle.send("case.open", case_id=case_id))["code"] == "not_found"
        assert before == {
            desk.login: len(versions(desk, case_id)) for desk in (approver, idle, guest)
        }
        await clerk.do("case.say", **said, text="二")

        def both() -> str | None:
            quiet = [d.login for d in (approver, guest) if d.events[-1]["type"] != "case.said"]
            return f"not told: {quiet}" if quiet else None

        await until(both)
        assert len(versions(idle, case_id)) == before[idle.login]

        async with node.store.change(SYSTEM) as change:
            his = tables.people.c.id == approver.person_id
            await change.connection.execute(tables.people.update().where(his).values(active=False))
        left = await clerk.sees(lambda call: states(call)[approver.person_id] == "left", call_id)
        assert (left["state"], states(left)[guest.person_id]) == ("live", "joined")
        seen = (await guest.do("case.open", case_id=case_id))["version"]
        await guest.do("case.decide", case_id=case_id, seen_version=seen, **NO)
        await guest.do("call.hang_up", call_id=call_id)
        over = await clerk.sees(lambda call: call["state"] == "ended", call_id)
        assert over["reason"] == "hung_up"


def states(call: dict[str, Any]) -> dict[str, str]:
    """The state of each person's newest leg."""
    return {leg["person"]["id"]: leg["state"] for leg in call["legs"]}
