"""The past of the demo: meetings that a node with a clock moved back has really held."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from server.app import running
from server.demo import data as demo
from server.demo import meetings, past
from server.demo.messages import DemoGateway
from server.settings import Settings
from server.store import ShiftedClock, Store, tables, verify
from server.tellings import rules
from tests.kit.desks import desk_of
from tests.kit.nodes import node_settings
from tests.kit.templates import fill
from tests.kit.until import until

pytestmark = pytest.mark.timeout(180)


def test_the_past_is_told_whole_and_lies_in_working_hours() -> None:
    moments = [moment for moment, _ in meetings.by_moment(meetings.MEETINGS)]
    assert moments == sorted(moments)
    assert all(moment.weekday() < 5 for moment in moments)
    now = datetime.now(UTC)
    assert now - timedelta(days=24) < moments[0] < moments[-1] < now
    recorded = [one for one in meetings.MEETINGS if one.course != "missed" and one.consented]
    assert len(recorded) >= 11
    for several in dict(meetings.by_moment(meetings.MEETINGS)).values():
        seated = [who for one in several for who in (one.clerk, one.approver)]
        assert len(seated) == len(set(seated)), "one person sits in one call"


async def test_lists_hold_what_happened_before_the_first_start(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'demo.sqlite'}"
    settings = node_settings(url, tmp_path)
    await fill(settings.store)
    met = next(one for one in meetings.MEETINGS if one.item == demo.PRINCIPAL)
    few = [met, replace(meetings.MEETINGS[-1], days=2)]
    began = datetime.now(UTC)
    async with DemoGateway() as gateway:
        await _told(settings.model_copy(update=gateway.settings), gateway, few)
    assert await past.make(settings, lambda done, of: None, few) == 0, "once is enough"
    assert (await verify(settings.store)).ok
    [invented] = await marked(settings)
    assert datetime.fromisoformat(invented["made_at"]) > began - timedelta(seconds=1)

    async with running(settings) as node, desk_of(node, "chenli") as supervisor:
        calls = (await supervisor.search("/calls"))["calls"]
        assert len(calls) == 2
        assert {one["call_id"] for one in calls} == set(invented["calls"])
        held = next(one for one in calls if one["answered_at"])
        at = datetime.fromisoformat(held["opened_at"])
        assert at < began - timedelta(days=15)
        detail: dict[str, Any] = {}

        async def ready() -> str | None:
            detail.update(await supervisor.get(f"/calls/{held['call_id']}"))
            states = [one["state"] for one in detail["playbacks"]]
            return None if states == ["ready", "ready"] else f"playbacks: {states}"

        await until(ready, 20)
        for one in detail["playbacks"]:
            moved = datetime.fromisoformat(one["started_at"]) - at
            assert timedelta() <= moved < timedelta(seconds=20), "the recording lies in its call"
        async with supervisor.http.post(f"/api/v1/calls/{held['call_id']}/check", json={}) as said:
            assert (await said.json())["ok"]
    async with running(settings) as node, desk_of(node, "lixiulan") as clerk:
        cases = (await clerk.get("/cases"))["cases"]
        assert [one["state"] for one in cases].count("accepted") == 1
        for state, count in (("consulting", 1), ("consulted", 2)):
            assert len((await clerk.get(f"/cases?state={state}"))["cases"]) == count


async def _told(settings: Settings, gateway: DemoGateway, few: list[meetings.Meeting]) -> None:
    """They happen, and their applicants are told: 已达 by the receipt of the demo's own gateway, whose page says that
    nothing was sent to anybody."""
    assert await past.make(settings, lambda done, of: None, few, gateway=gateway) == 2
    # what the past left unsent goes out in the morning
    clock = ShiftedClock(rules.allowed(now := datetime.now(UTC)) - now)
    gateway.reports_to("", clock)  # a message may come before the node's address is known
    async with running(settings, clock) as node, desk_of(node, "lixiulan") as clerk:
        gateway.reports_to(node.address, clock)
        [case] = [one for one in (await clerk.get("/cases"))["cases"] if one["state"] == "accepted"]

        async def received() -> str | None:
            tellings = (await clerk.get(f"/cases/{case['id']}/tellings"))["tellings"]
            states = [(one["step"], one["state"]) for one in tellings]
            return None if states == [("accepted", "received")] else str(states)

        await until(received, 20)
    async with aiohttp.ClientSession() as http, http.get(gateway.page) as said:
        page = await said.text()
    assert "没有向任何人发送" in page
    assert "已受理" in page
    for person in ("孙雅宁", "13805316217"):
        assert person not in page
    async with aiohttp.ClientSession() as http, http.post(gateway.url, json={}) as said:
        assert said.status == 403, "what the node did not sign is shown to nobody"


async def test_a_past_that_was_broken_off_is_told_of_too(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'demo.sqlite'}"
    settings = node_settings(url, tmp_path)
    await fill(settings.store)

    def enough(done: int, of: int) -> None:
        raise KeyError("enough")

    few = [replace(meetings.MEETINGS[-1], days=9), replace(meetings.MEETINGS[-1], days=2)]
    with pytest.raises(KeyError, match="enough"):
        await past.make(settings, enough, few)
    [invented] = await marked(settings)
    assert len(invented["calls"]) == 1


async def marked(settings: Settings) -> list[dict[str, Any]]:
    """What the ledger says of meetings that are invented."""
    store = await Store.open(settings.store)
    try:
        async with store.read() as reading:
            entries, payloads = tables.ledger_entries.c, tables.ledger_payloads.c
            found = await reading.scalars(
                sa.select(payloads.payload)
                .join(
                    tables.ledger_entries,
                    sa.and_(
                        entries.subject == payloads.subject, entries.version == payloads.version
                    ),
                )
                .where(entries.act == "demo.past")
            )
            return [json.loads(one) for one in found]
    finally:
        await store.close()
