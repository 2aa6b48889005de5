"""A case on two pages at once, over real sockets: what arrives is the case, and no more than may be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.app import Running
from signaling.client import Client, fresh_id
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, IDENTITY_NUMBER, OTHER_CLERK, PHONE, SUPERVISOR
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.kit.until import until


@dataclass
class Page:
    """One page: a socket that opened a case, and all that came to it."""

    desk: Desk
    client: Client
    snapshot: dict[str, Any]
    events: list[Mapping[str, Any]] = field(default_factory=list)
    ephemerals: list[Mapping[str, Any]] = field(default_factory=list)

    def reduced(self) -> dict[str, Any]:
        return reducers.reduce_case(self.snapshot, self.events)


@asynccontextmanager
async def page(
    node: Running, login: str, case_id: str, language: str = "zh-CN"
) -> AsyncIterator[Page]:
    async with desk_of(node, login) as desk:
        opened = Page(desk, Client(node.address, ""), {})
        client = Client(
            node.address,
            desk.token,
            language=language,
            hear_event=opened.events.append,
            hear_ephemeral=opened.ephemerals.append,
        )
        opened.client = client
        await client.connect()
        try:
            opened.snapshot = await client.ask({"type": "case.open", "case_id": case_id})
            yield opened
        finally:
            await client.close()


async def test_what_arrives_on_each_page_is_the_case(demo_database: str, tmp_path: Path) -> None:
    async with demo_node(demo_database, tmp_path, MovedClock()) as node:
        async with desk_of(node, CLERK) as desk:
            case_id = await desk.open_case()
        async with (
            page(node, CLERK, case_id) as window,
            page(node, APPROVER, case_id) as approver,
            page(node, SUPERVISOR, case_id) as supervisor,
        ):
            edit = {"type": "case.edit", "case_id": case_id, "base_version": 0}
            number = {**edit, "field": "new_identity_number", "value": IDENTITY_NUMBER}
            command = {**number, "id": fresh_id()}
            first = await window.client.send(command)
            assert first.ok
            assert await window.client.send(command) == first  # resent: the same ack, no new event
            await window.client.ask({**edit, "field": "old_principal", "value": "刘启明"})
            stale = await window.client.send({**edit, "field": "old_principal", "value": "刘"})
            assert (stale.ok, stale.code) == (False, "stale")
            assert stale.title
            proposal = {"type": "case.propose", "case_id": case_id, "field": "contact_phone"}
            made = await approver.client.ask({**proposal, "value": PHONE, "reason": "见申请书"})
            close = {"type": "case.close_proposal", "case_id": case_id, "adopt": True}
            await window.client.ask({**close, "proposal_id": made["proposal_id"]})

            for one in (window, approver, supervisor):
                await until(lambda one=one: _behind(one, 5))
                now = await one.desk.get(f"/cases/{case_id}")
                assert one.reduced()["case"] == now["case"]
                assert one.reduced()["version"] == now["version"] == 5
                text = json.dumps([one.snapshot, one.events], ensure_ascii=False)
                assert (IDENTITY_NUMBER in text) == (PHONE in text) == (one is window)


@SQLITE_ALONE
async def test_a_value_is_seen_as_it_is_typed_and_masked_where_it_must(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path, MovedClock()) as node:
        async with desk_of(node, CLERK) as desk:
            case_id = await desk.open_case()
        async with (
            page(node, CLERK, case_id) as window,
            page(node, OTHER_CLERK, case_id) as second,
            page(node, APPROVER, case_id, "en") as approver,
        ):
            typing = {"type": "case.typing", "case_id": case_id}
            await window.client.hint({**typing, "field": "old_principal", "value": "刘启"})
            await window.client.hint({**typing, "field": "contact_phone", "value": PHONE[:5]})
            await window.client.hint({**typing, "field": "contact_phone", "value": PHONE})
            await approver.client.hint(
                {"type": "case.point", "case_id": case_id, "field": "appointed_on"}
            )
            await until(lambda: None if len(approver.ephemerals) > 3 else "typing is on its way")
            await until(lambda: None if len(second.ephemerals) > 3 else "typing is on its way")
            seen = [told["value"] for told in approver.ephemerals if told["type"] == "case.typing"]
            assert seen == ["刘启", "*****", "138****6217"]
            beside = [told["value"] for told in second.ephemerals if told["type"] == "case.typing"]
            assert beside == ["刘启", PHONE[:5], PHONE]
            [point] = [told for told in second.ephemerals if told["type"] == "case.point"]
            assert (point["by"]["name"], point["field"]) == ("周明远", "appointed_on")
            assert not window.events

            wrong = {"type": "case.edit", "case_id": case_id, "field": "new_identity_number"}
            bad = {**wrong, "value": "370103198506072841", "base_version": 0}
            refused = await window.client.send(bad)
            assert (refused.code, refused.details["rule"]) == (
                "field_invalid",
                "bad_identity_number",
            )
            assert "号码" in (refused.title or "")
            assert "370103" not in json.dumps(refused.model_dump(mode="json"))
            foreign = await approver.client.send({**wrong, "value": "", "base_version": 0})
            assert foreign.code == "not_yours"
            assert (foreign.title or "").isascii()


def _behind(one: Page, version: int) -> str | None:
    reached = one.reduced()["version"]
    return None if reached == version else f"at version {reached}"
