"""The working-day calendar: who changes it, and that limits that run on move with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.case.wire.form import CaseEdit
from signaling.client import Client
from tests.kit.casework import PDF, VALUES
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.stores import MovedClock
from tests.kit.until import until

NEW_YEARS_EVE = datetime(2026, 12, 30, 2, tzinfo=UTC)


async def change(
    desk: Desk, days: dict[str, bool], status: int = 200, *, twice: bool = False, **more: Any
) -> dict[str, Any]:
    asked = {
        "days": [{"on": on, "works": works} for on, works in days.items()],
        "source": "国务院办公厅关于2027年部分节假日安排的通知",
        **more,
    }
    if twice:
        asked["days"] *= 2
    async with desk.http.post("/api/v1/calendar", json=asked) as said:
        assert said.status == status, await said.text()
        told: dict[str, Any] = await said.json(content_type=None)
        return told


async def accepted(clerk: Desk, approver: Desk) -> str:
    """A case with everything in it, accepted: three working days from now."""
    case_id = await clerk.open_case()
    for name, value in VALUES.items():
        await clerk.command(CaseEdit.model_fields["type"].default, case_id=case_id, field=name,
                            value=value, base_version=0)  # fmt: skip
    for line in (await clerk.case(case_id))["item"]["lines"]:
        if line["need"] != "required":
            continue
        location, material_id = await clerk.begin(case_id, line["key"], len(PDF))
        async with clerk.patch(location, 0, PDF) as said:
            assert said.status == 204, await said.text()
        await approver.command(
            "case.review", case_id=case_id, material_id=material_id, review="accepted", reason=""
        )
    await approver.command("case.decide", case_id=case_id, decision="accepted", reason="材料齐全。")
    return case_id


async def test_limits_that_run_on_move_with_the_calendar(
    demo_database: str, tmp_path: Path
) -> None:
    clock = MovedClock(NEW_YEARS_EVE)
    async with (
        demo_node(demo_database, tmp_path, clock) as node,
        desk_of(node, "yunwei") as operator,
        desk_of(node, "lixiulan") as clerk,
        desk_of(node, "zhoumingyuan") as approver,
    ):
        case_id = await accepted(clerk, approver)
        # a page with a case that is not decided
        heard: list[dict[str, Any]] = []
        page = Client(node.address, clerk.token, hear_event=heard.append)
        await page.connect()
        waits = await clerk.open_case()
        before = (await page.send({"type": "case.open", "case_id": waits})).result["due"]
        decision = (await clerk.case(case_id))["decision"]
        # by weekday alone: Thursday, Friday, Monday
        assert (decision["due_on"], decision["provisional"]) == ("2027-01-04", True)
        assert (await operator.get("/calendar/2027"))["days"] == []

        year = {
            "2027-01-01": False, "2027-01-02": False, "2027-01-03": False, "2027-01-04": True,
            "2027-01-05": True,
        }  # fmt: skip
        would = await change(operator, year, dry_run=True)
        assert (would["changed"], would["moved_count"], would["written"]) == (5, 1, False)
        legal = decision["clock"]["legal"]["due_on"]
        assert [limits_of(one) for one in would["moved"]] == [
            ("2027-01-04", "2027-01-05", legal, "2027-01-28")
        ]
        assert legal == "2027-01-27"
        assert (await clerk.case(case_id))["decision"] == decision, "nothing was written"

        did = await change(operator, year)
        assert (did["moved_count"], did["written"]) == (1, True)

        async def why_not() -> str | None:
            told = [one["type"] for one in heard if one["subject"] == "calendar:CN"]
            return None if told == ["skipped"] else f"heard {told}"

        # it is told that the calendar is another, and asks how its days are counted now
        await until(why_not, 10)
        after = (await page.send({"type": "case.open", "case_id": waits})).result["due"]
        await page.close()
        assert (before["due_on"], after["due_on"]) == ("2027-01-04", "2027-01-05")
        now = (await clerk.case(case_id))["decision"]
        assert (now["due_on"], now["provisional"]) == ("2027-01-05", False)
        assert (now["reason"], now["at"]) == (decision["reason"], decision["at"])
        known = (await operator.get("/calendar/2027"))["days"]
        assert {one["on"]: one["works"] for one in known} == year
        assert {one["source"] for one in known} == {"国务院办公厅关于2027年部分节假日安排的通知"}

        again = await change(operator, year)
        assert (again["changed"], again["moved_count"]) == (0, 0)
        history = await desk_history(node, case_id)
        assert [one for one in history if one == "case.recounted"] == ["case.recounted"]

        # behind the promised limit and before the legal one: that alone moves, and is told
        later = {"2027-01-20": False}
        for dry_run in (True, False):
            told = await change(operator, later, dry_run=dry_run)
            assert [limits_of(one) for one in told["moved"]] == [
                ("2027-01-05", "2027-01-05", "2027-01-28", "2027-01-29")
            ]
        assert (await clerk.case(case_id))["decision"]["clock"]["legal"]["due_on"] == "2027-01-29"
        assert (await desk_history(node, case_id)).count("case.recounted") == 2


def limits_of(moved: dict[str, Any]) -> tuple[str, ...]:
    return tuple(moved[one] for one in ("before", "after", "legal_before", "legal_after"))


async def desk_history(node: Any, case_id: str) -> list[str]:
    async with desk_of(node, "chenli") as supervisor:
        told = await supervisor.get(f"/cases/{case_id}/history")
        return [one["event"]["type"] for one in told["events"]]


async def test_what_a_calendar_cannot_be_is_refused(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(database, tmp_path) as node, desk_of(node, "yunwei") as operator:
        assert (await change(operator, {"1999-01-01": False}, 422))["code"] == "bad_date"
        assert (await change(operator, {"2027-01-01": False}, 422, twice=True))[
            "code"
        ] == "bad_date"
        assert (await change(operator, {}, 400))["code"] == "malformed"
        await operator.get("/calendar/1999", 404)
        await operator.get("/calendar/year", 404)
        async with desk_of(node, "lixiulan") as clerk:
            assert (await change(clerk, {"2027-01-01": False}, 403))["code"] == "forbidden"
            assert len((await clerk.get("/calendar/2026"))["days"]) == 365
