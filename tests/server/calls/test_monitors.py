"""Supervisors in running calls: three rights, and who learns of what.

Real handlers over a real store, as in the law of audiences; what flows is in
``test_barred.py`` and ``tests/browser/test_monitor.py``.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from server.audit.acts.histories import check_ledger
from server.case.wire.decision import CaseRefer
from server.demo import data as demo
from server.projection import project
from server.rights.person import Role
from server.store import SYSTEM, Store, tables, version_of
from signaling.refusals import Code
from signaling.subjects import ADVISED
from signaling.wire import call, monitor
from signaling.wire import desk as signaling_desk
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, Office
from tests.kit.exchange import Site, exchange, live
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until

CHIEF = "hanmei"
"""Supervisor of the unit that decides; ``SUPERVISOR`` is one of the window's."""


async def met(office: Office) -> str:
    return await office.meet(await office.case())


async def seen(office: Office, login: str, call_id: str) -> dict[str, Any]:
    return await office.do(login, call.CallOpen, call_id=call_id)


async def entries(store: Store, subject: str) -> list[dict[str, Any]]:
    kept, said = tables.ledger_entries, tables.ledger_payloads
    query = (
        sa.select(kept.c.act, kept.c.actor, said.c.payload)
        .join(said, sa.and_(said.c.subject == kept.c.subject, said.c.version == kept.c.version))
        .where(kept.c.subject == subject)
        .order_by(kept.c.version)
    )
    async with store.read() as connection:
        found = (await connection.execute(query)).mappings()
        return [{**row, "payload": json.loads(row["payload"])} for row in found]


async def events_of(store: Store, call_id: str, since: int) -> list[Any]:
    return list(await store.events(f"call:{call_id}", since))


async def version(store: Store, call_id: str) -> int:
    async with store.read() as connection:
        return await version_of(connection, f"call:{call_id}")


async def test_who_listens_in_silence_leaves_no_trace_for_the_parties(office: Office) -> None:
    call_id = await met(office)
    before = {login: await seen(office, login, call_id) for login in (CLERK, APPROVER)}
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="群众投诉")
    assert await version(office.store, call_id) == before[CLERK]["version"]
    for login in (CLERK, APPROVER):
        assert await seen(office, login, call_id) == before[login]
    [one] = (await seen(office, CHIEF, call_id))["monitors"]
    assert (one["id"], one["way"], one["person"]["name"]) == (begun["monitor_id"], "listen", "韩梅")
    await office.do(CHIEF, monitor.MonitorEnd, call_id=call_id, **begun)
    assert await version(office.store, call_id) == before[CLERK]["version"]
    assert (await seen(office, CHIEF, call_id))["monitors"] == []


@SQLITE_ALONE
async def test_a_whisper_is_known_to_the_approver_alone(office: Office) -> None:
    call_id = await met(office)
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="群众投诉")
    whisper = {"call_id": call_id, **begun, "way": "whisper"}
    before = await version(office.store, call_id)
    await office.do(CHIEF, monitor.MonitorTurn, **whisper)
    assert await version(office.store, call_id) == before
    assert (await seen(office, CLERK, call_id))["monitors"] == []
    [one] = (await seen(office, APPROVER, call_id))["monitors"]
    assert (one["way"], one["person"]["staff_number"]) == ("whisper", "XHA-0009")
    desk = await office.do(APPROVER, signaling_desk.DeskOpen)
    assert desk["calls"][0]["monitors"] == [one]


@SQLITE_ALONE
async def test_a_barge_is_seen_by_all_and_ends_for_all(office: Office) -> None:
    call_id = await met(office)
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="群众投诉")
    turn = {"call_id": call_id, **begun}
    before = await version(office.store, call_id)
    barged = await office.do(CHIEF, monitor.MonitorTurn, **turn, way="barge")
    for login in (CLERK, APPROVER):
        [leg] = [
            one for one in (await seen(office, login, call_id))["call"]["legs"] if one["barged"]
        ]
        assert (leg["id"], leg["seat"], leg["person"]["name"]) == (
            barged["leg_id"],
            "third",
            "韩梅",
        )
        assert (await seen(office, login, call_id))["monitors"] == []
    [event] = await events_of(office.store, call_id, before)
    for audience in ("party", ADVISED, "supervisor"):
        assert project(event, audience)["call"]["legs"][-1]["barged"]
    await office.do(CHIEF, monitor.MonitorTurn, **turn, way="listen")
    left = (await seen(office, CLERK, call_id))["call"]["legs"][-1]
    assert (left["state"], left["barged"]) == ("left", True)


async def test_each_use_is_an_entry_with_its_reason(office: Office) -> None:
    call_id = await met(office)
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="群众投诉")
    turn = {"call_id": call_id, **begun}
    await office.do(CHIEF, monitor.MonitorTurn, **turn, way="whisper", reason="提醒材料")
    await office.do(CHIEF, monitor.MonitorTurn, **turn, way="barge", reason="当面说明")
    await office.do(CLERK, call.CallHangUp, call_id=call_id)
    kept = await entries(office.store, f"monitors:{call_id}")
    said = [(one["act"], one["payload"]["way"], one["payload"]["why"]) for one in kept]
    assert said == [
        ("monitor.begin", "listen", ""),
        ("monitor.turn", "whisper", "提醒材料"),
        ("monitor.turn", "barge", "当面说明"),
        ("monitor.end", "barge", ""),
    ]
    assert {one["payload"]["reason"] for one in kept} == {"群众投诉"}
    assert {one["payload"]["person"] for one in kept} == {f"person-{CHIEF}"}
    assert kept[-1]["payload"]["ended"] == "call_ended"
    assert (await office.store.verifier.verify(f"monitors:{call_id}")).ok


async def test_the_check_of_a_case_reads_who_followed_its_calls(office: Office) -> None:
    """Who was watched unseen is what somebody might want to change."""
    call_id = await met(office)
    case_id = (await seen(office, CLERK, call_id))["call"]["case_id"]
    await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="群众投诉")
    chief = office.actors[CHIEF]
    assert (await check_ledger(office.store, chief, case_id)).ok
    kept = tables.ledger_entries
    async with office.store.change(SYSTEM) as change:
        await change.connection.execute(
            kept.update()
            .where(kept.c.subject == f"monitors:{call_id}")
            .values(actor=f"person-{SUPERVISOR}")
        )
    report = await check_ledger(office.store, chief, case_id)
    assert not report.ok
    assert any(f"monitors:{call_id}" in str(finding) for finding in report.findings)


@SQLITE_ALONE
@pytest.mark.parametrize("way", ["whisper", "listen"])
async def test_each_word_on_the_wire_about_who_follows_is_declared_for_its_audience(
    site: Site, way: str
) -> None:
    """Every frame that each socket gets while a supervisor is there unseen is counted: what is not in
    this table was told to somebody who may not know."""
    changed, wanted = "monitor.changed", "call.offer_wanted"
    declared = {
        CLERK: Counter[str](),
        APPROVER: Counter({changed: 2} if way == "whisper" else {}),
        CHIEF: Counter({changed: 4 if way == "whisper" else 2, wanted: 1}),
    }
    async with exchange(site) as node, AsyncExitStack() as stack:
        desks = {login: await stack.enter_async_context(node.desk(login)) for login in declared}
        await desks[APPROVER].do("desk.duty", duty="online")
        call_id = await live(desks[CLERK], desks[APPROVER], [])
        await desks[CHIEF].do("call.open", call_id=call_id)

        async def told() -> dict[str, Counter[str]]:
            """What came since the last time, up to a word that is sent to each audience behind it."""
            last = secrets.token_urlsafe(8)
            word = call.OfferWanted(call_id=call_id, leg_id=last)
            for audience in ("party", ADVISED, "supervisor"):
                node.gateway.ephemeral(f"call:{call_id}", audience, word)
            for desk in desks.values():
                await until(
                    lambda desk=desk: (
                        None
                        if any(one.get("leg_id") == last for one in desk.ephemerals)
                        else "no word"
                    )
                )
            found = {
                login: Counter(
                    one["type"]
                    for one in [*desk.events, *desk.ephemerals]
                    if one.get("leg_id") != last
                )
                for login, desk in desks.items()
            }
            for desk in desks.values():
                desk.events.clear()
                desk.ephemerals.clear()
            return found

        await told()
        begun = await desks[CHIEF].do("monitor.begin", call_id=call_id, reason="群众投诉")
        about = {"call_id": call_id, **begun}
        if way == "whisper":
            for turned in ("whisper", "listen"):
                await desks[CHIEF].do("monitor.turn", **about, way=turned)
        await node.switchboard.offer_wanted(call_id, begun["monitor_id"])
        await desks[CHIEF].do("monitor.end", **about)
        assert await told() == declared
        assert {desk.strange for desk in desks.values()} == {()}


@SQLITE_ALONE
async def test_the_unit_of_the_window_may_not_whisper(office: Office) -> None:
    call_id = await met(office)
    begun = await office.do(SUPERVISOR, monitor.MonitorBegin, call_id=call_id, reason="抽查")
    whisper = {"call_id": call_id, **begun, "way": "whisper"}
    refused = await office.refused(SUPERVISOR, monitor.MonitorTurn, **whisper)
    assert refused.code is Code.FORBIDDEN
    for login, code in ((CLERK, Code.NOT_FOUND), (APPROVER, Code.NOT_FOUND)):
        begin = {"call_id": call_id, "reason": "好奇"}
        assert (await office.refused(login, monitor.MonitorBegin, **begin)).code is code


@SQLITE_ALONE
@pytest.mark.parametrize("lacking", [Role.MONITOR_LISTEN, Role.MONITOR_WHISPER, Role.MONITOR_BARGE])
async def test_each_right_is_given_by_itself(office: Office, lacking: Role) -> None:
    call_id = await met(office)
    granted = {Role.MONITOR_LISTEN, Role.MONITOR_WHISPER, Role.MONITOR_BARGE} - {lacking}
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="抽查")
    left = frozenset({Role.SUPERVISOR, *granted})
    office.actors = {**office.actors, CHIEF: replace(office.actors[CHIEF], roles=left)}
    for way, role in (
        ("whisper", Role.MONITOR_WHISPER),
        ("barge", Role.MONITOR_BARGE),
        ("listen", Role.MONITOR_LISTEN),
    ):
        turn = {"call_id": call_id, **begun, "way": way}
        if role is lacking:
            refused = await office.refused(CHIEF, monitor.MonitorTurn, **turn)
            assert refused.code is Code.FORBIDDEN
        else:
            await office.do(CHIEF, monitor.MonitorTurn, **turn)
    await office.do(CHIEF, monitor.MonitorEnd, call_id=call_id, **begun)


async def test_a_page_that_falls_silent_follows_no_longer(office: Office) -> None:
    call_id = await met(office)
    begun = await office.do(CHIEF, monitor.MonitorBegin, call_id=call_id, reason="抽查")
    for _ in range(16):
        office.clock.move(1)
        for login in (CLERK, APPROVER):
            office.switchboard.heard(office.line(login))
        await office.switchboard.sweep()
    assert (await seen(office, CHIEF, call_id))["monitors"] == []
    kept = await entries(office.store, f"monitors:{call_id}")
    assert (kept[-1]["act"], kept[-1]["actor"]) == ("monitor.end", SYSTEM.person_id)
    assert kept[-1]["payload"]["ended"] == "lost"
    turn = {"call_id": call_id, **begun, "way": "barge"}
    refused = await office.refused(CHIEF, monitor.MonitorTurn, **turn)
    assert refused.code is Code.NOT_IN_CALL


async def test_the_list_tells_what_runs_in_ones_unit(office: Office) -> None:
    assert (await office.do(CHIEF, monitor.MonitorWatch))["calls"] == []
    call_id = await met(office)
    for login, decides in ((CHIEF, True), (SUPERVISOR, False)):
        [one] = (await office.do(login, monitor.MonitorWatch))["calls"]
        assert (one["call_id"], one["decides"]) == (call_id, decides)
        assert (one["caller"]["name"], one["approver"]["name"]) == ("李秀兰", "周明远")
        assert one["deciding_unit_id"] == one["approver"]["unit_id"]
    # referred in the call: who was called is told as before, and which unit decides now
    refer = {"case_id": one["case_id"], "unit_id": demo.LIAOCHENG, "reason": "属地在东昌府"}
    await office.do(APPROVER, CaseRefer, **refer)
    [one] = (await office.do(CHIEF, monitor.MonitorWatch))["calls"]
    assert (one["approver"]["name"], one["decides"]) == ("周明远", True)
    assert (one["deciding_unit_id"], one["deciding_unit_name"]) == (
        demo.LIAOCHENG,
        "聊城市东昌府区政务服务中心",
    )
    await office.do(CLERK, call.CallHangUp, call_id=call_id)
    assert (await office.do(CHIEF, monitor.MonitorWatch))["calls"] == []
