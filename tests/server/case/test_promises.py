"""容缺后补 from the promise to the material that follows: acceptance, reminder, overdue, received, done."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from server.case.acts.materials import promises
from server.case.acts.papers.press import KIND, Press
from server.case.wire import decision, materials
from server.case.wire import phones as case_phones
from server.case.wire import promises as case_promises
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.uploads.acts.phones import Phones
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OTHER_CLERK,
    PDF,
    SUPERVISOR,
    THIRD,
    Office,
    closing,
    once,
)
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_papers import text_of
from tests.server.uploads.test_phones import picture_of

SECRET = "the-secret-of-the-link"
SECRET_SHA256 = hashlib.sha256(SECRET.encode()).hexdigest()
PROMISE = {"line": "tax", "due_on": "2026-12-03", "text_version": "2026-11", "language": "zh-CN"}
ACCEPT = {"decision": "accepted", "reason": "材料齐全，清税证明容缺后补。"}


async def owed(office: Office, login: str = CLERK) -> list[dict[str, Any]]:
    told, _ = await promises.owed(office.store, office.actors[login])
    listed: list[dict[str, Any]] = told.model_dump(mode="json")["owed"]
    return listed


async def test_what_is_promised_follows_acceptance_and_is_done(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    uploads = await closing(office, case_id, tmp_path)
    about = {"case_id": case_id}
    refusal = await office.refused(APPROVER, decision.CaseDecide, **about, **ACCEPT)
    assert (refusal.code, refusal.details["promises"]) == (Code.INCOMPLETE, "tax")
    await office.do(CLERK, case_promises.CasePromise, **about, **PROMISE)
    assert await owed(office) == []
    await office.do(APPROVER, decision.CaseDecide, **about, **ACCEPT)

    # the acceptance paper lists it
    jobs = Jobs(office.store, {KIND: Press(office.store, Children()).kind})
    while await jobs.work_once():
        pass
    paper = (await office.view(case_id))["papers"][-1]
    assert (paper["kind"], paper["state"]) == ("acceptance", "ready")
    content = office.store.blobs.path(paper["sha256"]).read_bytes()
    text = text_of("acceptance-promised", content)
    assert "容缺后补的材料（共1项）" in text
    assert "2026年12月3日" in text

    for login, sees in ((CLERK, 1), (OTHER_CLERK, 1), (APPROVER, 1), (SUPERVISOR, 1)):
        assert len(await owed(office, login)) == sees, login
    for login in (THIRD, ADMIN):
        assert await owed(office, login) == [], login
    [one] = await owed(office)
    assert (one["line_name"], one["standing"], one["days_left"]) == ("清税证明", "open", 10)
    assert one["applicant_masked"] == "孙**"
    office.clock.move(11 * 86_400)
    [one] = await owed(office, APPROVER)
    assert (one["standing"], one["days_left"]) == ("overdue", -1)

    # nothing but the promised line takes a file now
    assert await _refused_bringing(office, uploads, case_id, "licence") is Code.CASE_CLOSED
    bad = await office.bring(uploads, case_id, "tax")
    assert [one["standing"] for one in await owed(office)] == ["received"]
    judged = {**about, "material_id": bad, "review": "returned", "reason": "不清楚"}
    await office.do(APPROVER, materials.CaseReview, **judged)
    assert [one["standing"] for one in await owed(office)] == ["overdue"]
    good = await office.bring(uploads, case_id, "tax", PDF.replace(b"200 200", b"300 300"))
    graded = {**about, "material_id": good, "grade": "B"}
    await office.do(CLERK, materials.CaseGrade, **graded)
    await office.do(APPROVER, materials.CaseReview, **about, material_id=good, review="accepted")
    assert await owed(office) == []
    assert await _refused_bringing(office, uploads, case_id, "tax") is Code.CASE_CLOSED
    again = {**about, "material_id": good, "review": "returned", "reason": "不清楚"}
    assert (await office.refused(APPROVER, materials.CaseReview, **again)).code is Code.CASE_CLOSED
    await office.switchboard.close()


async def _refused_bringing(office: Office, uploads: Any, case_id: str, line: str) -> Code:
    with pytest.raises(Refusal) as told:
        await office.bring(uploads, case_id, line)
    return told.value.code


async def test_what_is_owed_may_come_by_a_phone(office: Office, tmp_path: Path) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    uploads = await closing(office, case_id, tmp_path)
    phones = Phones(office.store, uploads)
    office.handlers.update(phones.commands())
    about = {"case_id": case_id}
    await office.do(CLERK, case_promises.CasePromise, **about, **PROMISE)
    await office.do(APPROVER, decision.CaseDecide, **about, **ACCEPT)

    async def invite(line: str) -> str:
        asked = {"line": line, "secret_sha256": SECRET_SHA256}
        told = await office.do(CLERK, case_phones.CaseInvitePhone, **about, **asked)
        return str(told["phone_id"])

    picture = picture_of()
    for line in ("licence", "other"):
        with pytest.raises(Refusal) as refused:
            await invite(line)
        assert refused.value.code is Code.CASE_CLOSED
    token, held = await phones.connect(await invite("tax"), SECRET, "192.0.2.1")
    assert held.line_name == "清税证明"
    begun = await phones.begin(token, "1.jpg", len(picture))
    await phones.append(token, begun.upload_id, 0, once(picture))
    [page] = [one for one in (await office.view(case_id))["materials"] if one["purpose"] == "page"]
    assert page["state"] == "stored"
    # a page alone is nothing that was owed
    assert [one["standing"] for one in await owed(office)] == ["open"]

    # what is made of pages settles it: the link ends, and nothing more comes
    begun = await phones.begin(token, "2.jpg", len(picture))
    made = await office.bring(uploads, case_id, "tax")
    await office.do(APPROVER, materials.CaseReview, **about, material_id=made, review="accepted")
    assert await owed(office) == []
    with pytest.raises(Refusal) as refused:
        await phones.append(token, begun.upload_id, 0, once(picture))
    assert refused.value.code is Code.UNAUTHENTICATED
    with pytest.raises(Refusal) as refused:
        await phones.begin(token, "3.jpg", len(picture))
    assert refused.value.code is Code.UNAUTHENTICATED
    with pytest.raises(Refusal) as refused:
        await invite("tax")
    assert refused.value.code is Code.CASE_CLOSED
    await office.switchboard.close()


@SQLITE_ALONE
async def test_a_promise_keeps_its_words_and_nobody_but_the_window_takes_it(
    office: Office,
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    about = {"case_id": case_id, **PROMISE}
    for login in (APPROVER, SUPERVISOR):
        assert (
            await office.refused(login, case_promises.CasePromise, **about)
        ).code is Code.NOT_YOURS
    for changed, code in (
        ({"line": "licence"}, Code.LINE_NOT_LATER),
        ({"due_on": "2026-01-01"}, Code.BAD_DATE),
        ({"text_version": "1999-01"}, Code.MALFORMED),
    ):
        refusal = await office.refused(CLERK, case_promises.CasePromise, **{**about, **changed})
        assert refusal.code is code
    await office.do(CLERK, case_promises.CasePromise, **about)
    [made] = (await office.view(case_id, APPROVER))["promises"]
    assert (made["line"], made["due_on"], made["by"]["name"]) == ("tax", "2026-12-03", "李秀兰")
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.promise"]
    assert (entry["object"], entry["on_behalf_of"]) == ("line:tax", "applicant")
    await office.switchboard.close()


async def test_the_approver_gives_it_another_day_until_it_is_done(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    uploads = await closing(office, case_id, tmp_path)
    about = {"case_id": case_id}
    move = {**about, "line": "tax", "due_on": "2026-12-17", "reason": "税务机关尚在办理"}
    nothing = await office.refused(APPROVER, case_promises.CaseMovePromise, **move)
    assert nothing.code is Code.LINE_UNKNOWN
    await office.do(CLERK, case_promises.CasePromise, **about, **PROMISE)
    await office.do(APPROVER, decision.CaseDecide, **about, **ACCEPT)
    for login in (CLERK, SUPERVISOR):
        assert (
            await office.refused(login, case_promises.CaseMovePromise, **move)
        ).code is Code.NOT_YOURS
    for day in ("2026-01-01", "2027-11-01", PROMISE["due_on"]):
        told = await office.refused(
            APPROVER, case_promises.CaseMovePromise, **{**move, "due_on": day}
        )
        assert told.code is Code.BAD_DATE, day
    office.clock.move(11 * 86_400)
    assert [one["standing"] for one in await owed(office)] == ["overdue"]
    await office.do(APPROVER, case_promises.CaseMovePromise, **move)
    [one] = await owed(office)
    assert (one["standing"], one["due_on"]) == ("open", "2026-12-17")
    [held] = (await office.view(case_id))["promises"]
    assert (held["by"]["name"], held["moved"]["by"]["name"]) == ("李秀兰", "周明远")
    assert (held["moved"]["before"], held["moved"]["reason"]) == ("2026-12-03", "税务机关尚在办理")
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.move_promise"]
    assert (entry["object"], entry["on_behalf_of"]) == ("line:tax", None)

    # nothing is moved once it is done, nor in a case that was not accepted
    brought = await office.bring(uploads, case_id, "tax")
    await office.do(APPROVER, materials.CaseReview, **about, material_id=brought, review="accepted")
    again = {**move, "due_on": "2026-12-24"}
    assert (
        await office.refused(APPROVER, case_promises.CaseMovePromise, **again)
    ).code is Code.CASE_CLOSED
    other = {"case_id": await office.case(item_id=demo.CLOSING)}
    await office.do(
        CLERK, case_promises.CasePromise, **other, **{**PROMISE, "due_on": "2026-12-20"}
    )
    no = {"decision": "refused", "reason": "不属于本机关职权范围。"}
    await office.do(APPROVER, decision.CaseDecide, **other, **no)
    refused = await office.refused(APPROVER, case_promises.CaseMovePromise, **{**again, **other})
    assert refused.code is Code.CASE_CLOSED
    await office.switchboard.close()


@pytest.mark.timeout(180)
async def test_what_is_owed_is_told_page_by_page(office: Office, tmp_path: Path) -> None:
    """Three cases, two of them on one day, two a page: each is told once, the most urgent first."""
    days = ["2026-12-09", "2026-12-03", "2026-12-03"]
    for number, day in enumerate(days):
        case_id = await office.case(item_id=demo.CLOSING)
        await closing(office, case_id, tmp_path / str(number))
        await office.do(
            CLERK, case_promises.CasePromise, case_id=case_id, **{**PROMISE, "due_on": day}
        )
        await office.do(APPROVER, decision.CaseDecide, case_id=case_id, **ACCEPT)
    told: list[tuple[str, str]] = []
    after = None
    for size in (2, 1):
        page, after = await promises.owed(office.store, office.actors[CLERK], after, cases=2)
        assert len(page.owed) == size
        told += [(one.due_on.isoformat(), one.case_id) for one in page.owed]
    assert after is None
    assert [day for day, _ in told] == sorted(days)
    assert len({case_id for _, case_id in told}) == 3
    await office.switchboard.close()
