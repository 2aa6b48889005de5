"""续签: nothing is accepted or granted by a 授权委托书 that is over, until the window has entered a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from server.case.rules.applying import Capacity, Principal
from server.case.rules.course import mandates
from server.case.rules.course.course import NOTHING, Renewal
from server.case.rules.course.states import STATES
from server.case.wire.course.advancing import CaseRenewMandate, CaseRule
from server.case.wire.decision import CaseDecide
from server.case.wire.form import CaseEdit
from server.case.wire.materials import CaseReview
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.rights.hand import CASE_AUDIENCES, Hand, Side
from server.store import SYSTEM
from signaling.refusals import Code, Refusal
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, OTHER_IDENTITY_NUMBER, Office
from tests.server.case.test_projection_law import Law

TODAY: Final = date(2026, 11, 23)
AT: Final = datetime(2026, 11, 23, 1, tzinfo=UTC)
DAY_S: Final = 86_400
MINOR: Final = {"capacity": "agent", "name": "王建国", "number": OTHER_IDENTITY_NUMBER}
YES: Final = {"decision": "accepted", "reason": "材料齐全。"}


def renewal(until: date | None) -> Renewal:
    return Renewal("material-1", until, "person-1", AT)


def test_a_mandate_holds_to_its_last_day_and_the_newest_counts() -> None:
    days = {"none": None, "over": date(2026, 11, 22), "last": TODAY, "long": date(2027, 1, 1)}
    told: dict[tuple[str, str, str], bool] = {}
    for capacity in ("representative", "handler", "agent"):
        for first, until in days.items():
            who = Principal(capacity, "王建国", "1", None, "", until)
            told[capacity, first, ""] = mandates.holds(who, NOTHING, TODAY)
            for then, renewed in days.items():
                course = replace(NOTHING, mandate=renewal(renewed))
                told[capacity, first, then] = mandates.holds(who, course, TODAY)
    assert mandates.holds(None, NOTHING, TODAY)
    over = {key for key, holds in told.items() if not holds}
    assert over == {
        (capacity, first, then)
        for capacity, first, then in told
        if capacity != "representative" and (then or first) == "over"
    }
    with pytest.raises(Refusal, match="mandate_over"):
        mandates.in_force(Principal("agent", "x", "1", None, "", days["over"]), NOTHING, TODAY)


def test_the_window_renews_it_until_the_ruling_and_for_whom_it_is_asked() -> None:
    def told(capacity: Capacity | None, state: str, side: Side, until: date | None) -> Code | None:
        who = capacity and Principal(capacity, "x", "1")
        hand = Hand("person-1", side)
        try:
            after = mandates.renew(who, NOTHING, state, renewal(until), hand, today=TODAY)
        except Refusal as refusal:
            return refusal.code
        assert after.mandate == renewal(until)
        return None

    takes = {"registered", "reviewing", "to_correct", "accepted"}
    for state in STATES:
        elsewhere = Code.CASE_ARCHIVED if state == "archived" else Code.OTHER_STEP
        assert told("agent", state, "window", TODAY) is (None if state in takes else elsewhere), (
            state
        )
    assert told("handler", "accepted", "window", None) is None
    assert told("agent", "accepted", "approver", TODAY) is Code.NOT_YOURS
    assert told("agent", "accepted", "supervisor", TODAY) is Code.NOT_YOURS
    for capacity in (None, "representative"):
        assert told(capacity, "accepted", "window", TODAY) is Code.PRINCIPAL_MISSING  # type: ignore[arg-type]
    assert told("agent", "accepted", "window", date(2026, 11, 22)) is Code.BAD_DATE


async def entrusted(
    office: Office, folder: Path, until: date | None, lines: tuple[str, ...]
) -> tuple[Mapping[str, str], str]:
    """A case of a person who came by a mandate, with all that is asked for; and the file of the mandate."""
    [item] = [one for one in demo.ITEMS if one.id == demo.FILING]
    item = replace(item, id="item-here", code=f"{item.code[:-1]}9", system="")
    async with office.store.change(SYSTEM) as change:
        await catalogue.add_item(change.connection, item)
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})
    case = {
        "case_id": await office.case(
            item_id=item.id,
            credit_code=None,
            principal={**MINOR, "mandate_until": until and until.isoformat()},
        )
    }
    for name, value in (("project_name", "沐川路厂房"), ("contact_phone", "13805316217")):
        edit = {"field": name, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, **case, **edit)
    uploads = await office.uploads(folder / "uploads")
    brought = ""
    for line in lines:
        brought = await office.bring(uploads, case["case_id"], line)
        await office.do(APPROVER, CaseReview, **case, material_id=brought, review="accepted")
    return case, brought


async def test_nothing_is_accepted_or_granted_by_one_that_is_over(
    office: Office, tmp_path: Path
) -> None:
    lines = ("application", "report", "mandate")
    case, file = await entrusted(office, tmp_path, date(2026, 11, 24), lines)
    office.clock.move(2 * DAY_S)
    refusal = await office.refused(APPROVER, CaseDecide, **case, **YES)
    assert refusal.code is Code.MANDATE_OVER
    # the window enters a new one; of a file that it did not bring to this case it takes none
    other = await office.case()
    with_other = {"material_id": await office.bring(
        await office.uploads(tmp_path / "other"), other, "identity"
    )}  # fmt: skip
    until = date(2026, 11, 26)
    for wrong in (with_other, {"material_id": "material-none"}):
        refusal = await office.refused(CLERK, CaseRenewMandate, **case, **wrong, until=until)
        assert refusal.code is Code.MANDATE_UNFIT
    law = Law(office.store, f"case:{case['case_id']}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    await office.do(CLERK, CaseRenewMandate, **case, material_id=file, until=until)
    assert await law.holds("renewed") == 1
    for login in (CLERK, APPROVER):
        renewed = (await office.view(case["case_id"], login))["course"]["mandate"]
        assert (renewed["until"], renewed["material_id"]) == ("2026-11-26", file)
        assert renewed["by"]["name"] == "李秀兰"
    # an approver who saw the case before it was renewed is told that it has changed
    seen = await office.store.version(f"case:{case['case_id']}") - 1
    stale = await office.refused(APPROVER, CaseDecide, **case, **YES, seen_version=seen)
    assert stale.details["changes"] == "course"
    await office.do(APPROVER, CaseDecide, **case, **YES)

    # over again before the ruling: a denial needs none
    office.clock.move(3 * DAY_S)
    granted = {"ruling": "granted"}
    assert (await office.refused(APPROVER, CaseRule, **case, **granted)).code is Code.MANDATE_OVER
    await office.do(CLERK, CaseRenewMandate, **case, material_id=file)
    office.clock.move(timedelta(days=1).total_seconds())
    await office.do(APPROVER, CaseRule, **case, **granted)
    refusal = await office.refused(CLERK, CaseRenewMandate, **case, material_id=file)
    assert refusal.code is Code.OTHER_STEP
    entries = [one for one in await office.entries(case["case_id"]) if one["result"] == "ok"]
    acts = [one["act"] for one in entries]
    assert acts.count("case.renew_mandate") == 2
    [first, _] = [one for one in entries if one["act"] == "case.renew_mandate"]
    assert first["on_behalf_of"] == "applicant"
    await office.switchboard.close()


async def test_what_was_signed_holds_when_the_mandate_is_renewed(
    office: Office, tmp_path: Path
) -> None:
    """And a case is refused or denied by whatever mandate."""
    case, file = await entrusted(office, tmp_path, date(2026, 11, 24), ("mandate",))
    before = await office.view(case["case_id"])
    await office.do(CLERK, CaseRenewMandate, **case, material_id=file, until=date(2027, 1, 1))
    after = await office.view(case["case_id"])
    assert after["applicant"] == before["applicant"], "the summary that is signed tells this"
    office.clock.move(90 * DAY_S)
    refused = {"decision": "refused", "reason": "不属于本机关职权范围"}
    await office.do(APPROVER, CaseDecide, **case, **refused)
    await office.switchboard.close()
