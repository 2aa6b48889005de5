"""The summary, the signature and the handing in: bound to what was shown, outdated by what changes."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.audit.acts import histories as supervision
from server.case.acts.papers import signing
from server.case.wire.decision import CaseDecide
from server.case.wire.form import CaseCloseProposal, CaseEdit, CasePropose
from server.case.wire.materials import CaseReview
from server.case.wire.promises import CasePromise
from server.case.wire.registering import CaseOpen
from server.case.wire.signing import CaseSign, CaseSubmit, CaseSummarise
from server.demo import data as demo
from server.store import refusing, tables
from server.uploads.acts.uploads import Uploads
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OTHER_CLERK,
    PDF,
    SUPERVISOR,
    THIRD,
    VALUES,
    Office,
)
from tests.kit.stores import SQLITE_ALONE

STROKES = [[(0.1, 0.5, 0.3, 0), (0.25, 0.2, 0.625, 40)], [(0.5, 0.75, 1.0, 120)]]
PAD = {"width": 800, "height": 300, "strokes": STROKES}
LINES = ("application", "appointment", "identity", "licence")


async def fill(office: Office, case_id: str) -> None:
    for field, value in VALUES.items():
        edit = {"case_id": case_id, "field": field, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, **edit)


async def complete(office: Office, case_id: str, uploads: Uploads) -> None:
    """Fill in what is required and bring every required file."""
    await fill(office, case_id)
    for line in LINES:
        await office.bring(uploads, case_id, line)


async def shown(office: Office, case_id: str, login: str = CLERK) -> dict[str, Any]:
    return await office.do(login, CaseSummarise, case_id=case_id)


async def signed(office: Office, case_id: str) -> str:
    """Show the summary and sign it; returns its hash."""
    summary = await shown(office, case_id)
    bound = {"hash": summary["hash"], "shown_at": summary["shown_at"]}
    await office.do(CLERK, CaseSign, case_id=case_id, **bound, **PAD)
    return str(summary["hash"])


async def test_the_summary_tells_what_stands_there_and_what_is_missing(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    first = await shown(office, case_id)
    assert first["missing_lines"] == list(LINES)
    assert set(first["missing_fields"]) == set(VALUES)
    assert first["applicant"]["identity_number"] == IDENTITY_NUMBER
    assert not any(one["changed"] for one in (*first["fields"], *first["materials"]))
    await office.do(CLERK, CaseEdit, case_id=case_id, field="remark", value="a", base_version=0)
    await office.do(APPROVER, CaseOpen, case_id=case_id)
    await fill(office, case_id)
    uploads = await office.uploads(tmp_path / "uploads")
    thing = await office.bring(uploads, case_id, "licence", name="执照.pdf")
    await office.bring(uploads, case_id, "other", name="说明.pdf")
    second = await shown(office, case_id)
    assert second["missing_fields"] == []
    assert second["missing_lines"] == ["application", "appointment", "identity"]
    fields = {one["name"]: (one["value"], one["changed"]) for one in second["fields"]}
    assert fields["remark"] == ("a", False)
    # what he saw empty was not changed by being filled
    assert fields["old_principal"] == ("刘启明", False)
    [*listed, other] = second["materials"]
    assert [one["line"] for one in listed] == list(LINES)
    assert (other["line"], other["file_name"], other["missing"]) == ("other", "说明.pdf", False)
    licence = listed[-1]
    assert (licence["file_name"], licence["number"], licence["changed"]) == ("执照.pdf", 1, False)
    assert listed[0]["missing"]
    assert listed[0]["sha256"] is None
    assert first["hash"] != second["hash"]

    # who judges, looks: what is another than he saw then is marked
    judged = {"case_id": case_id, "material_id": thing, "review": "accepted"}
    await office.do(APPROVER, CaseReview, **judged)
    filled = (await office.view(case_id))["fields"]["remark"]["version"]
    edit = {"case_id": case_id, "field": "remark", "value": "b", "base_version": filled}
    version = (await office.do(CLERK, CaseEdit, **edit))["version"]
    third = await shown(office, case_id)
    assert {one["name"] for one in third["fields"] if one["changed"]} == {"remark"}
    assert not any(one["changed"] for one in third["materials"])
    # back to what he saw, it is no change; another file in the place of one that he saw is
    back = edit | {"value": "a", "base_version": version}
    await office.do(CLERK, CaseEdit, **back)
    await office.bring(uploads, case_id, "licence", name="执照2.pdf")
    fourth = await shown(office, case_id)
    assert not any(one["changed"] for one in fourth["fields"])
    assert [one["line"] for one in fourth["materials"] if one["changed"]] == ["licence"]


@SQLITE_ALONE
async def test_the_hash_is_of_what_stands_there_alone(office: Office, tmp_path: Path) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    hashes = [(await shown(office, case_id))["hash"]]

    async def changes(differs: bool) -> None:
        hashes.append((await shown(office, case_id))["hash"])
        assert (hashes[-1] != hashes[-2]) is differs

    await changes(False)
    edit = {"case_id": case_id, "field": "remark"}
    version = (await office.do(CLERK, CaseEdit, **edit, value="甲", base_version=0))["version"]
    await changes(True)
    await office.do(CLERK, CaseEdit, **edit, value="", base_version=version)
    assert (await shown(office, case_id))["hash"] == hashes[0]
    await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="sample")
    await office.do(APPROVER, CasePropose, case_id=case_id, field="remark", value="乙")
    assert (await shown(office, case_id))["hash"] == hashes[0]
    await office.bring(uploads, case_id, "licence")
    await changes(True)
    with pytest.raises(Refusal):
        await office.bring(uploads, case_id, "identity", b"no document")
    await changes(False)
    with pytest.raises(Refusal):  # the version before it still stands
        await office.bring(uploads, case_id, "licence", b"no document")
    await uploads.begin(office.actors[CLERK], case_id, "licence", "b.pdf", len(PDF))
    await changes(False)
    await office.bring(uploads, case_id, "licence")  # the same bytes as the next version
    await changes(True)


async def test_a_signature_is_bound_to_what_was_shown(office: Office, tmp_path: Path) -> None:
    case_id = await office.case()
    early = await shown(office, case_id)
    summary = await shown(office, case_id)
    assert summary["hash"] == early["hash"]
    sign = {"case_id": case_id, "hash": summary["hash"], **PAD}
    at = datetime.fromisoformat(summary["shown_at"])
    for other in (
        {"shown_at": early["shown_at"]},
        {"shown_at": at + timedelta(microseconds=1)},
        {"shown_at": at, "hash": "0" * 64},
    ):
        refusal = await office.refused(CLERK, CaseSign, **{**sign, **other})
        assert refusal.code is Code.STALE
    done = await office.do(CLERK, CaseSign, **sign, shown_at=at)
    view = (await office.view(case_id))["signature"]
    assert (view["id"], view["hash"]) == (done["signature_id"], summary["hash"])
    assert (view["points"], view["outdated"], view["by"]["name"]) == (3, False, "李秀兰")
    assert view["shown_at"] == summary["shown_at"]
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.sign"]
    assert entry["on_behalf_of"] == "applicant"
    assert entry["object"] == f"signature:{done['signature_id']}"
    await office.do(CLERK, CaseEdit, case_id=case_id, field="remark", value="x", base_version=0)
    again = await office.refused(CLERK, CaseSign, **sign, shown_at=at)
    assert again.code is Code.STALE
    # it is told to the supervisor of this case, and no other refusal is
    kept = refusing.Refusals(office.store)
    clerk = office.actors[CLERK]
    for about in (case_id, await office.case()):
        asked = CaseSign(id="command-refused", **{**sign, "case_id": about}, shown_at=at)
        await kept.command(clerk, asked, again)
    edit = CaseEdit(id="command-edit", case_id=case_id, field="remark", value="", base_version=0)
    await kept.command(clerk, edit, again)
    supervisor = office.actors[SUPERVISOR]
    told = await supervision.history(office.store, supervisor, case_id, 0)
    assert [(one.code, one.by and one.by.name) for one in told.refused_signatures] == [
        ("stale", "李秀兰")
    ]
    later = await supervision.history(office.store, supervisor, case_id, 1)
    assert later.refused_signatures == []


async def test_what_changes_makes_the_signature_outdated_and_nothing_else_does(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")

    async def outdated() -> bool:
        return bool((await office.view(case_id, APPROVER))["signature"]["outdated"])

    await signed(office, case_id)
    proposal = {"case_id": case_id, "field": "remark", "value": "乙"}
    first = (await office.do(APPROVER, CasePropose, **proposal))["proposal_id"]
    second = (await office.do(APPROVER, CasePropose, **proposal))["proposal_id"]
    close = {"case_id": case_id, "proposal_id": first}
    await office.do(CLERK, CaseCloseProposal, **close, adopt=False)
    sent = await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="blank_form")
    begun = await uploads.begin(office.actors[CLERK], case_id, "licence", "b.pdf", len(PDF))
    await uploads.cancel(office.actors[CLERK], begun.upload_id)
    with pytest.raises(Refusal):
        await office.bring(uploads, case_id, "licence", b"no document")
    assert not await outdated()

    await office.do(CLERK, CaseCloseProposal, **{**close, "proposal_id": second}, adopt=True)
    assert await outdated()
    await signed(office, case_id)
    assert not await outdated()
    material = await office.bring(uploads, case_id, "licence", answers=sent)
    assert await outdated()
    await signed(office, case_id)
    review = {"case_id": case_id, "material_id": material, "review": "accepted"}
    await office.do(APPROVER, CaseReview, **review)
    assert not await outdated()
    version = (await office.view(case_id))["fields"]["remark"]["version"]
    edit = {"case_id": case_id, "field": "remark", "value": "丙", "base_version": version}
    await office.do(CLERK, CaseEdit, **edit)
    assert await outdated()
    async with office.store.read() as connection:
        rows = await connection.scalars(sa.select(tables.signatures.c.outdated))
        assert list(rows) == [True, True, True]

    # the check makes it anew: none that no longer holds can be made one that does, nor the other way round
    await signed(office, case_id)
    table, store = tables.signatures, office.store
    async with store.read() as connection:
        kept = (await connection.execute(sa.select(table.c.id, table.c.outdated))).all()
    assert sorted(one.outdated for one in kept) == [False, True, True, True]
    for one in kept:
        told: list[list[str]] = []
        for outdated_now in (not one.outdated, one.outdated):
            async with store.working() as connection:
                turned = table.update().where(table.c.id == one.id).values(outdated=outdated_now)
                await connection.execute(turned)
            report = await store.verifier.verify(f"case:{case_id}")
            told.append([finding.text for finding in report.findings])
        assert [len(texts) for texts in told] == [1, 0]
        assert told[0][0].startswith(f"signatures {one.id} in outdated does not follow from")


async def test_what_was_signed_is_handed_in_once_and_numbered(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    submit = {"case_id": case_id, "hash": "0" * 64}
    unsigned = await office.refused(CLERK, CaseSubmit, **submit)
    assert unsigned.code is Code.SIGNATURE_MISSING
    summary = await signed(office, case_id)
    refusal = await office.refused(CLERK, CaseSubmit, **{**submit, "hash": summary})
    assert refusal.code is Code.INCOMPLETE
    assert refusal.details["lines"] == ",".join(LINES)
    assert set(str(refusal.details["fields"]).split(",")) == set(VALUES)
    await complete(office, case_id, await office.uploads(tmp_path / "uploads"))
    for other in (summary, (await shown(office, case_id))["hash"]):
        refusal = await office.refused(CLERK, CaseSubmit, case_id=case_id, hash=other)
        assert refusal.code is Code.SIGNATURE_MISSING
    now = await signed(office, case_id)
    number = (await office.do(CLERK, CaseSubmit, case_id=case_id, hash=now))["number"]
    assert number == demo.ITEMS[0].code + "202611230001"
    view = await office.view(case_id, APPROVER)
    assert (view["number"], view["state"]) == (number, "registered")
    assert view["submission"]["signature_id"] == view["signature"]["id"]
    assert [(one["kind"], one["state"]) for one in view["papers"]] == [("receipt", "making")]
    before = await office.entries(case_id)
    again = await office.do(OTHER_CLERK, CaseSubmit, case_id=case_id, hash=now)
    assert again["number"] == number
    assert await office.entries(case_id) == before
    no = {"decision": "refused", "reason": "不属职权范围"}
    assert (await office.do(APPROVER, CaseDecide, case_id=case_id, **no))["number"] == number


async def test_an_item_may_want_it_handed_in_before_it_is_accepted(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    item = (await office.view(case_id))["item"]
    assert (item["signature"], len(item["checklist"])) == ("required", 3)
    uploads = await office.uploads(tmp_path / "uploads")
    for field, value in (
        ("branch_name", "禾川分公司"),
        ("branch_credit_code", "91370211MA3N5XGY1G"),
        ("closing_reason", "不再经营"),
        ("contact_phone", "053182012345"),
    ):
        edit = {"case_id": case_id, "field": field, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, **edit)
    for line in ("application", "decision", "licence"):
        material_id = await office.bring(uploads, case_id, line)
        judged = {"case_id": case_id, "material_id": material_id, "review": "accepted"}
        await office.do(APPROVER, CaseReview, **judged)
    accept = {"case_id": case_id, "decision": "accepted", "reason": "齐"}

    async def refused() -> None:
        refusal = await office.refused(APPROVER, CaseDecide, **accept)
        assert (refusal.code, refusal.details["signature"]) == (Code.INCOMPLETE, True)
        assert refusal.details["lines"] == refusal.details["fields"] == ""

    promise = {"line": "tax", "due_on": "2026-12-20", "text_version": "2026-11", "language": "en"}
    await office.do(CLERK, CasePromise, case_id=case_id, **promise)
    await refused()
    now = await signed(office, case_id)
    await refused()
    await office.do(CLERK, CaseSubmit, case_id=case_id, hash=now)
    await office.do(
        CLERK,
        CaseEdit,
        case_id=case_id,
        field="closing_reason",
        value="合并",
        base_version=(await office.view(case_id))["fields"]["closing_reason"]["version"],
    )
    await refused()
    now = await signed(office, case_id)
    await refused()
    await office.do(CLERK, CaseSubmit, case_id=case_id, hash=now)
    await office.do(APPROVER, CaseDecide, **accept)
    kinds = [one["kind"] for one in (await office.view(case_id))["papers"]]
    assert kinds == ["receipt", "receipt", "acceptance"]


@SQLITE_ALONE
async def test_the_turned_screen_is_the_windows_alone(office: Office) -> None:
    case_id = await office.case()
    await office.seat_third(await office.meet(case_id))
    bound = {"hash": "0" * 64, "shown_at": office.clock.now()}
    for login, code in (
        (APPROVER, Code.NOT_YOURS),
        (THIRD, Code.NOT_YOURS),
        (SUPERVISOR, Code.NOT_YOURS),
        (ADMIN, Code.NOT_FOUND),
    ):
        for command, more in (
            (CaseSummarise, {}),
            (CaseSign, {**bound, **PAD}),
            (CaseSubmit, {"hash": "0" * 64}),
            (CaseOpen, {"as_applicant": True}),
        ):
            refusal = await office.refused(login, command, case_id=case_id, **more)
            assert refusal.code is code, (login, command)
    opened = await office.do(CLERK, CaseOpen, case_id=case_id, as_applicant=True)
    assert (opened["audience"], opened["drafts"]) == ("applicant", {})
    assert opened["case"]["applicant"]["identity_number"] == IDENTITY_NUMBER


@SQLITE_ALONE
async def test_a_decided_case_is_signed_no_more(office: Office) -> None:
    case_id = await office.case()
    summary = await shown(office, case_id)
    await office.do(APPROVER, CaseDecide, case_id=case_id, decision="refused", reason="x")
    bound = {"hash": summary["hash"], "shown_at": summary["shown_at"]}
    for command, more in (
        (CaseSummarise, {}),
        (CaseSign, {**bound, **PAD}),
        (CaseSubmit, {"hash": summary["hash"]}),
    ):
        refusal = await office.refused(CLERK, command, case_id=case_id, **more)
        assert refusal.code is Code.CASE_CLOSED, command


@SQLITE_ALONE
async def test_what_the_clerk_read_on_his_page_was_not_shown_to_the_applicant(
    office: Office,
) -> None:
    case_id = await office.case()
    read = await office.do(CLERK, CaseSummarise, case_id=case_id, to="clerk")
    [entry] = [one for one in await office.entries(case_id) if one["act"] == "case.summarise"]
    assert entry["on_behalf_of"] is None
    bound = {"hash": read["hash"], "shown_at": read["shown_at"]}
    refusal = await office.refused(CLERK, CaseSign, case_id=case_id, **bound, **PAD)
    assert refusal.code is Code.STALE
    seen = await shown(office, case_id)
    await office.do(CLERK, CaseSummarise, case_id=case_id, to="clerk")
    bound = {"hash": seen["hash"], "shown_at": seen["shown_at"]}
    await office.do(CLERK, CaseSign, case_id=case_id, **bound, **PAD)


async def test_a_repeated_summary_is_the_same_until_something_changes(office: Office) -> None:
    case_id = await office.case()
    command = CaseSummarise(id="command-summary", case_id=case_id)
    first = await office.send(CLERK, command)
    assert await office.send(CLERK, command) == first
    acts = [one["act"] for one in await office.entries(case_id)]
    assert acts == ["case.create", "case.summarise"]
    async with office.store.read() as connection:
        acks = (await connection.scalars(sa.select(tables.commands.c.ack))).all()
    assert IDENTITY_NUMBER not in str(acks)
    await office.do(CLERK, CaseEdit, case_id=case_id, field="remark", value="x", base_version=0)
    with pytest.raises(Refusal) as refused:
        await office.send(CLERK, command)
    assert refused.value.code is Code.STALE


async def test_of_many_signatures_at_once_each_is_kept_and_one_is_the_newest(
    office: Office,
) -> None:
    case_id = await office.case()
    summary = await shown(office, case_id)
    bound = {"hash": summary["hash"], "shown_at": summary["shown_at"]}
    done = await asyncio.gather(
        *(office.do(CLERK, CaseSign, case_id=case_id, **bound, **PAD) for _ in range(4))
    )
    ids = {one["signature_id"] for one in done}
    last = (await office.store.events(f"case:{case_id}", 0))[-1].body["signature"]["id"]
    assert len(ids) == 4
    assert (await office.view(case_id))["signature"]["id"] == last


@SQLITE_ALONE
async def test_the_picture_of_a_signature_is_for_who_sees_the_case(office: Office) -> None:
    case_id = await office.case()
    await signed(office, case_id)
    signature_id = (await office.view(case_id))["signature"]["id"]
    for login in (CLERK, OTHER_CLERK, APPROVER, SUPERVISOR):
        image = await signing.image(office.store, office.actors[login], signature_id)
        assert image.strokes == STROKES
        assert (image.width, image.height) == (800, 300)
    for login, id in ((ADMIN, signature_id), (THIRD, signature_id), (CLERK, "signature-none")):
        with pytest.raises(Refusal) as refused:
            await signing.image(office.store, office.actors[login], id)
        assert refused.value.code is Code.NOT_FOUND
