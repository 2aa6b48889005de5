"""Materials of an applicant's earlier cases: used again by his consent alone, by hash, told in both records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.case.acts.materials import earlier
from server.case.acts.materials.files import COPY_KIND
from server.case.wire import decision, materials
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.standards.identifiers import mask_name
from server.store import tables
from server.uploads.acts.copies import Copier
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    APPROVER,
    CLERK,
    OTHER_APPROVER,
    OTHER_CLERK,
    OTHER_IDENTITY_NUMBER,
    PDF,
    SUPERVISOR,
    Office,
)

OTHER_PDF = PDF.replace(b"200 200", b"300 300")
YES = {"given": True, "text_version": "2026-11", "language": "zh-CN"}


async def offered(office: Office, case_id: str, login: str = CLERK) -> list[dict[str, Any]]:
    told = await earlier.listing(office.store, office.actors[login], case_id)
    listed: list[dict[str, Any]] = told.model_dump(mode="json")["materials"]
    return listed


async def refused_listing(office: Office, case_id: str, login: str = CLERK) -> Code:
    with pytest.raises(Refusal) as told:
        await earlier.listing(office.store, office.actors[login], case_id)
    return told.value.code


async def take(office: Office, case_id: str, line: str, material_id: str) -> str:
    made = await office.do(
        CLERK, materials.CaseTakeEarlier, case_id=case_id, line=line, material_id=material_id
    )
    return str(made["material_id"])


async def test_a_file_is_used_again_by_consent_and_both_records_tell_it(
    office: Office, tmp_path: Path
) -> None:
    uploads = await office.uploads(tmp_path / "uploads")
    before = await office.case(item_id=demo.CLOSING)
    brought = await office.bring(uploads, before, "licence", name="孙雅宁的营业执照.pdf")
    case_id = await office.case()
    assert await refused_listing(office, case_id) is Code.EARLIER_CONSENT_MISSING
    asked = {"case_id": case_id, "line": "licence", "material_id": brought}
    refusal = await office.refused(CLERK, materials.CaseTakeEarlier, **asked)
    assert refusal.code is Code.EARLIER_CONSENT_MISSING

    await office.do(CLERK, materials.CaseConsentEarlier, case_id=case_id, **YES)
    [one] = await offered(office, case_id)
    assert (one["item_name"], one["name_masked"]) == ("分公司注销登记", mask_name("孙") + ".pdf")
    assert one["fits"] == ["licence"]
    assert before not in json.dumps(one)

    blobs = office.store.blobs
    taken = await take(office, case_id, "licence", brought)
    [old] = (await office.view(before))["materials"]
    [new] = (await office.view(case_id))["materials"]
    assert (new["id"], new["sha256"], new["state"]) == (taken, old["sha256"], "stored")
    assert (new["grade"], new["review"], new["viewed"]["state"]) == ("C", "none", "making")
    assert new["origin"] == {
        "item_name": "分公司注销登记",
        "line_name": "营业执照正、副本",
        "place": "济南市中",
        "at": old["at"],
    }
    assert await blobs.size(new["sha256"]) == len(PDF)
    # the copy that people look at is made anew, with the mark of this case
    copier = Copier(office.store, Children(), tmp_path)
    copies = Jobs(office.store, {COPY_KIND: copier.kind})
    while await copies.work_once():
        pass
    [copied] = (await office.view(case_id, APPROVER))["materials"]
    assert copied["viewed"]["state"] == "ready"

    here, there = await office.entries(case_id), await office.entries(before)
    consent = next(one for one in here if one["act"] == "case.consent_earlier")
    assert (consent["actor"], consent["on_behalf_of"]) == ("person-lixiulan", "applicant")
    assert "不必重新扫描" in await payload(office, case_id, consent["version"])
    looked = next(one for one in here if one["act"] == "case.list_earlier")
    assert (looked["actor"], looked["object"]) == ("person-lixiulan", f"case:{case_id}")
    assert brought in await payload(office, case_id, looked["version"])
    used = next(one for one in here if one["act"] == "case.take_earlier")
    assert used["object"] == f"material:{taken}"
    assert brought in await payload(office, case_id, used["version"])
    lent = there[-1] if there[-1]["act"] == "material.lend" else there[-2]
    assert (lent["act"], lent["object"]) == ("material.lend", f"material:{brought}")
    assert case_id in await payload(office, before, lent["version"])
    await office.switchboard.close()


async def payload(office: Office, case_id: str, version: int) -> str:
    table = tables.ledger_payloads
    async with office.store.read() as connection:
        found = await connection.scalar(
            sa.select(table.c.payload).where(
                table.c.subject == f"case:{case_id}", table.c.version == version
            )
        )
    return str(found)


async def test_only_what_counted_under_the_same_identity_number_is_offered(
    office: Office, tmp_path: Path
) -> None:
    uploads = await office.uploads(tmp_path / "uploads")
    strangers = await office.case(identity_number=OTHER_IDENTITY_NUMBER)
    of_another = await office.bring(uploads, strangers, "identity")
    before = await office.case()
    older = await office.bring(uploads, before, "identity")
    newer = await office.bring(uploads, before, "identity", OTHER_PDF, slot=1)
    returned = await office.bring(uploads, before, "application")
    sample = await office.bring(uploads, before, "appointment", login=APPROVER, purpose="sample")
    bad = {"case_id": before, "material_id": returned, "review": "returned", "reason": "缺章"}
    await office.do(APPROVER, materials.CaseReview, **bad)
    case_id = await office.case()
    mine = await office.bring(uploads, case_id, "appointment")
    await office.do(CLERK, materials.CaseConsentEarlier, case_id=case_id, **YES)
    assert [one["id"] for one in await offered(office, case_id)] == [newer]
    for other in (of_another, older, returned, sample, mine, "material-of-none"):
        asked = {"case_id": case_id, "line": "identity", "material_id": other}
        refusal = await office.refused(CLERK, materials.CaseTakeEarlier, **asked)
        assert refusal.code is Code.NOT_FOUND, other
    await office.switchboard.close()


async def test_papers_of_an_organisation_are_offered_in_its_own_cases_alone(
    office: Office, tmp_path: Path
) -> None:
    uploads = await office.uploads(tmp_path / "uploads")
    firm, other_firm = "91370103MA3D7KQ42E", "91370211MA3N5XGY1G"
    of_firm = await office.bring(
        uploads, await office.case(credit_code=firm), "licence", name="甲.pdf"
    )
    own = await office.bring(
        uploads, await office.case(credit_code=None), "identity", OTHER_PDF, name="乙.pdf"
    )
    for credit_code, expected in ((firm, {of_firm, own}), (other_firm, {own}), (None, {own})):
        case_id = await office.case(credit_code=credit_code)
        await office.do(CLERK, materials.CaseConsentEarlier, case_id=case_id, **YES)
        assert {one["id"] for one in await offered(office, case_id)} == expected
        if of_firm not in expected:
            asked = {"case_id": case_id, "line": "licence", "material_id": of_firm}
            refusal = await office.refused(CLERK, materials.CaseTakeEarlier, **asked)
            assert refusal.code is Code.NOT_FOUND
    await office.switchboard.close()


async def test_consent_is_taken_back_and_nobody_but_the_window_asks(
    office: Office, tmp_path: Path
) -> None:
    uploads = await office.uploads(tmp_path / "uploads")
    before = await office.case()
    brought = await office.bring(uploads, before, "identity")
    case_id = await office.case()
    about = {"case_id": case_id}
    no = {**YES, "given": False}
    unknown = {**YES, "text_version": "1999-01"}
    refusal = await office.refused(CLERK, materials.CaseConsentEarlier, **about, **unknown)
    assert refusal.code is Code.MALFORMED
    for answer in (YES, no):
        await office.do(CLERK, materials.CaseConsentEarlier, **about, **answer)
    assert (await office.view(case_id))["earlier_consent"]["given"] is False
    assert await refused_listing(office, case_id) is Code.EARLIER_CONSENT_MISSING
    await office.do(OTHER_CLERK, materials.CaseConsentEarlier, **about, **YES)
    for login in (APPROVER, OTHER_APPROVER, SUPERVISOR):
        assert await refused_listing(office, case_id, login) is Code.NOT_YOURS
    wrong_line = {**about, "line": "no-such-line", "material_id": brought}
    refusal = await office.refused(CLERK, materials.CaseTakeEarlier, **wrong_line)
    assert refusal.code is Code.LINE_UNKNOWN
    await office.do(
        APPROVER, decision.CaseDecide, **about, decision="refused", reason="不属于本机关"
    )
    assert await refused_listing(office, case_id) is Code.CASE_CLOSED
    await office.switchboard.close()
