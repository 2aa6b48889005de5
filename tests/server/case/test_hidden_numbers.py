"""People's numbers where nobody looks for them: in the names of files, in masks, after a 转办; and
characters that no name and no text may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.audit.acts.archive import Archive
from server.audit.acts.histories import call_log
from server.case import rows
from server.case.acts.course.enquiries import TAIL
from server.case.acts.course.listing import listing
from server.case.acts.form import unmasking
from server.case.acts.form.cards import read_off
from server.case.acts.papers import press as papers
from server.case.rules.materials import judging
from server.case.turn import CaseTurn
from server.case.wire.decision import CaseRefer
from server.case.wire.materials import CaseReview
from server.case.wire.unmasking import CaseUnmask
from server.catalogue.rules.item import OTHER_LINE
from server.demo import data as demo
from server.projection import project
from server.rights.hand import CASE_AUDIENCES
from server.standards.identifiers import mask, mask_identity_number
from server.store import SYSTEM, tables
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    PDF,
    SUPERVISOR,
    Office,
)
from tests.kit.desks import demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE

CARD = "6222020200112230"
MOBILE = "13805316217"
OLD = "370103850607284"
NAMED = f"身份证{IDENTITY_NUMBER}-{OLD}-{MOBILE}-{CARD}.pdf"
SECRETS = (IDENTITY_NUMBER, OLD, MOBILE, CARD)


def test_a_masked_identity_number_shows_nothing_that_an_enquiry_asks_for() -> None:
    for masked in (mask_identity_number(IDENTITY_NUMBER), mask(IDENTITY_NUMBER)):
        assert masked[-TAIL:] == "*" * TAIL
        assert masked[:6] == IDENTITY_NUMBER[:6]


@SQLITE_ALONE
async def test_numbers_in_names_of_files_leave_masked_for_who_may_not_read_them(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path)
    # Two files of one line, so that sentences about them have their names.
    for name in ("a.pdf", NAMED):
        await office.bring(uploads, case_id, "application", name=name, slot=0)
    await office.bring(uploads, case_id, OTHER_LINE, name=NAMED)
    call_id = await office.meet(case_id)
    whole = await office.view(case_id)
    assert whole["materials"][1]["name"] == NAMED
    material_id = whole["materials"][1]["id"]
    await office.do(
        APPROVER, CaseReview, case_id=case_id, material_id=material_id, review="returned",
        reason="不清晰",
    )  # fmt: skip

    events = await office.store.events(f"case:{case_id}", 0)
    for audience in CASE_AUDIENCES:
        left = json.dumps([project(one, audience) for one in events], ensure_ascii=False)
        held = [secret for secret in SECRETS if secret in left]
        assert held == ([*SECRETS] if audience in ("window", "applicant") else []), audience
    for login in (APPROVER, SUPERVISOR):
        left = json.dumps(await office.view(case_id, login), ensure_ascii=False)
        assert not [secret for secret in SECRETS if secret in left], login

    # What a paper says of it, which everybody of the case may read.
    record = (await office.store.events(f"case:{case_id}", 0))[-1]
    assert record.type == "material.changed"
    async with office.store.read() as connection:
        found = await rows.find(connection, case_id)
    assert found is not None
    [told] = [
        one.text
        for one in judging.points(found.case.item.lines, found.case.materials)
        if "不清晰" in one.text
    ]
    assert f"身份证{IDENTITY_NUMBER[:6]}{12 * '*'}" in told
    assert not [secret for secret in SECRETS if secret in told]
    assert not [secret for secret in SECRETS if secret in read_off("identity", NAMED)]
    async with office.store.change(SYSTEM) as change:
        turn = await CaseTurn.open(change, case_id)
        await papers.ask_paper(turn, "receipt")
        await papers.ask_paper(turn, "application")
    async with office.store.read() as connection:
        asked = await connection.scalars(
            sa.select(tables.jobs.c.body).where(tables.jobs.c.kind == papers.KIND)
        )
        written = {one["facts"]["kind"]: json.dumps(one, ensure_ascii=False) for one in asked}
    assert "身份证" in written["receipt"]
    assert not [secret for secret in SECRETS if secret in written["receipt"]]
    # the filled form is read at the window alone
    assert not [secret for secret in SECRETS if secret not in written["application"]]

    check = await Archive(office.store).check(office.actors[SUPERVISOR], call_id)
    assert [one.name for one in check.files if "身份证" in one.name]
    assert not [secret for secret in SECRETS if secret in check.model_dump_json()]
    await office.switchboard.close()


async def test_a_search_by_digits_finds_no_number_that_one_may_not_read(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)
    await office.bring(await office.uploads(tmp_path), case_id, "application", name=NAMED)

    async def found(login: str, text: str) -> list[str]:
        return [one.id for one in await listing(office.store, office.actors[login], text=text)]

    for part in (CARD, MOBILE, IDENTITY_NUMBER[:8], IDENTITY_NUMBER[:4], "身份证3"):
        # eight digits and more are looked for as the number of a case, and nowhere else
        named = [] if part in (CARD, MOBILE, IDENTITY_NUMBER[:8]) else [case_id]
        assert await found(CLERK, part) == named, part
        assert await found(APPROVER, part) == [], part
        assert await found(SUPERVISOR, part) == [], part
        assert await call_log(office.store, office.actors[SUPERVISOR], file=part) == [], part
    assert await found(APPROVER, "身份证") == [case_id]
    [logged] = await call_log(office.store, office.actors[SUPERVISOR], file="身份证")
    assert logged.call_id == call_id
    await office.bring(await office.uploads(tmp_path), case_id, "licence", name="合同2026-11.pdf")
    assert await found(APPROVER, "2026-11") == [case_id], "no long number is in this name"
    await office.switchboard.close()


@SQLITE_ALONE
async def test_a_download_and_an_early_view_name_no_number(
    demo_database: str, tmp_path: Path
) -> None:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, CLERK) as clerk,
        desk_of(node, APPROVER) as approver,
    ):
        case_id = await clerk.open_case()
        location, material_id = await clerk.begin(case_id, "application", len(PDF), NAMED)
        content, half = f"/api/v1/materials/{material_id}", len(PDF) // 2
        async with clerk.patch(location, 0, PDF[:half]) as said:
            assert said.status == 204
        for desk, shown in ((clerk, True), (approver, False)):
            async with desk.http.get(f"{content}/early") as early:
                assert (MOBILE in early.headers["Content-Disposition"]) is shown
        async with clerk.patch(location, half, PDF[half:]) as said:
            assert said.status == 204
        await clerk.copied(case_id, material_id)
        for desk, shown in ((clerk, True), (approver, False)):
            async with desk.http.get(f"{content}/content") as copy:
                named = [copy.headers["Content-Disposition"]]
            async with desk.http.post(f"{content}/original", json={"reason": "核对"}) as said:
                named.append(said.headers["Content-Disposition"])
            assert [MOBILE in one for one in named] == [shown, shown]


async def test_a_former_unit_reads_nothing_that_it_unmasked_once_the_case_is_referred(
    office: Office,
) -> None:
    """He sits in the call as a guest from then on, and sees the case; not as one who may unmask."""
    case_id = await office.case()
    await office.meet(case_id)
    made = await office.do(APPROVER, CaseUnmask, case_id=case_id, what="phone", reason="核对")
    mine = str(made["unmasking_id"])
    approver = office.actors[APPROVER]
    assert (await unmasking.read(office.store, approver, case_id, mine)).value == MOBILE
    await office.do(APPROVER, CaseRefer, case_id=case_id, unit_id=demo.LIAOCHENG, reason="属地")
    assert (await office.view(case_id, APPROVER))["applicant"]["phone"] != MOBILE
    with pytest.raises(Refusal) as told:
        await unmasking.read(office.store, approver, case_id, mine)
    assert told.value.code is Code.NOT_FOUND
    await office.switchboard.close()


HIDDEN = ("\u202e", "\u2066", "\u200f", "\u061c", "\x7f")


async def test_no_text_holds_nul_and_no_applicants_name_turns_its_direction(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path) as node, desk_of(node, CLERK) as clerk:
        case_id = await clerk.open_case()

        async def code(kind: str, **members: Any) -> str:
            body = {"type": kind, "id": f"command-{kind}-x", **members}
            async with clerk.http.post("/api/v1/commands", json=body) as said:
                return str((await said.json())["code"])

        about = {"case_id": case_id, "on": "case"}
        assert await code("case.comment", **about, text="a\0b") == "malformed"
        assert await code("case.comment", **about, text="\0") == "malformed"
        assert await code("case.say", case_id=case_id, lane="shared", text="a\0b") == "malformed"
        value = {"field": "remark", "value": "a\0b", "base_version": 0}
        assert await code("case.edit", case_id=case_id, **value) == "malformed"
        await clerk.search("/cases", 400, q="a\0b")
        await clerk.get("/items?q=a%00b", 400)
        await clerk.command("case.comment", **about, text="\\u0000 as written")

        new = {
            "item_id": demo.PRINCIPAL, "mode": "proxy", "identity_number": IDENTITY_NUMBER,
            "phone": MOBILE,
        }  # fmt: skip
        for hidden in HIDDEN:
            name = f"孙{hidden}雅宁"
            assert await code("case.create", **new, applicant_name=name) == "malformed"
        assert (await clerk.command("case.create", **new, applicant_name="买买提·阿不都"))[
            "case_id"
        ]
