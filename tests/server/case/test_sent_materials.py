"""在线收发: what the approver sends, what the window returns, and what of it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.case.rules.materials.material import Purpose
from server.case.wire.decision import CaseDecide
from server.case.wire.materials import CaseReview
from server.uploads.acts import copies as viewing
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallHangUp
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OTHER_CLERK,
    PDF,
    SUPERVISOR,
    THIRD,
    Office,
)
from tests.kit.desks import TUS, Desk, demo_node, desk_of, metadata
from tests.kit.stores import SQLITE_ALONE

SENT: tuple[Purpose, ...] = ("blank_form", "sample", "guide", "notice", "result")


async def refused(office: Office, folder: Path, login: str, case_id: str, **more: Any) -> Refusal:
    uploads = await office.uploads(folder)
    with pytest.raises(Refusal) as caught:
        await office.bring(
            uploads, case_id, **{"line": "licence", "purpose": "blank_form", "login": login, **more}
        )
    return caught.value


async def test_the_approver_sends_and_the_window_returns_what_it_was_sent(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    for purpose in SENT:
        await office.bring(uploads, case_id, "licence", login=APPROVER, purpose=purpose)
    view = await office.view(case_id)
    assert [one["purpose"] for one in view["materials"]] == list(SENT)
    assert {(one["side"], one["by"]["name"]) for one in view["materials"]} == {
        ("approver", "周明远")
    }
    blank = view["materials"][0]["id"]
    signed = await office.bring(uploads, case_id, "licence", answers=blank)
    last = (await office.view(case_id, APPROVER))["materials"][-1]
    assert (last["id"], last["answers"], last["side"]) == (signed, blank, "window")
    assert last["number"] == len(SENT) + 1
    entries = [one for one in await office.entries(case_id) if one["act"] == "material.store"]
    assert [one["on_behalf_of"] for one in entries] == [*[None] * len(SENT), "applicant"]
    assert [one["actor"] for one in entries][-1] == "person-lixiulan"


@SQLITE_ALONE
async def test_what_the_approver_sends_counts_for_no_line(office: Office, tmp_path: Path) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    sent = await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="sample")
    accept = {"case_id": case_id, "decision": "accepted", "reason": "x"}
    refusal = await office.refused(APPROVER, CaseDecide, **accept)
    assert refusal.details["lines"] == "application,appointment,identity,licence"
    review = {"case_id": case_id, "material_id": sent, "review": "accepted"}
    assert (await office.refused(APPROVER, CaseReview, **review)).code is Code.NOT_YOURS
    mine = await office.bring(uploads, case_id, "licence")
    await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="guide")
    await office.do(APPROVER, CaseReview, **{**review, "material_id": mine})
    refusal = await office.refused(APPROVER, CaseDecide, **accept)
    assert refusal.details["lines"] == "application,appointment,identity"
    others = [await office.bring(uploads, case_id, "other") for _ in range(2)]
    for other in others:  # none of them is a newer version of another
        await office.do(APPROVER, CaseReview, **{**review, "material_id": other})


@SQLITE_ALONE
async def test_each_side_sends_only_what_is_its_own(office: Office, tmp_path: Path) -> None:
    case_id, foreign = await office.case(), await office.case()
    await office.seat_third(await office.meet(case_id))
    uploads = await office.uploads(tmp_path / "uploads")
    sent = await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="sample")
    mine = await office.bring(uploads, case_id, "licence")
    elsewhere = await office.bring(uploads, foreign, "licence", login=APPROVER, purpose="sample")
    begun = await uploads.begin(
        office.actors[APPROVER], case_id, "licence", "b.pdf", len(PDF), purpose="sample"
    )
    as_window: dict[str, Any] = {"purpose": "material"}
    for login, more, code in (
        (CLERK, {}, Code.NOT_YOURS),
        (CLERK, {"purpose": "result"}, Code.NOT_YOURS),
        (APPROVER, as_window, Code.NOT_YOURS),
        (APPROVER, {"answers": sent}, Code.NOT_YOURS),
        (THIRD, {}, Code.NOT_YOURS),
        (THIRD, as_window, Code.NOT_YOURS),
        (SUPERVISOR, {}, Code.NOT_YOURS),
        (ADMIN, {}, Code.NOT_FOUND),
        (APPROVER, {"line": "nothing"}, Code.LINE_UNKNOWN),
        (CLERK, {**as_window, "line": "nothing"}, Code.LINE_UNKNOWN),
        (CLERK, {**as_window, "answers": "material-none"}, Code.NOT_FOUND),
        (CLERK, {**as_window, "answers": mine}, Code.NOT_FOUND),
        (CLERK, {**as_window, "answers": elsewhere}, Code.NOT_FOUND),
        (CLERK, {**as_window, "answers": begun.material_id}, Code.NOT_FOUND),
    ):
        refusal = await refused(office, tmp_path / "uploads", login, case_id, **more)
        assert refusal.code is code, (login, more)
    assert len((await office.view(case_id))["materials"]) == 3


@SQLITE_ALONE
async def test_after_the_decision_notice_and_result_are_still_sent(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    begun = [
        (purpose, await uploads.begin(
            office.actors[APPROVER], case_id, "other", "a.pdf", len(PDF), purpose=purpose
        ))
        for purpose in ("sample", "notice")
    ]  # fmt: skip
    await office.do(APPROVER, CaseDecide, case_id=case_id, decision="refused", reason="x")
    for purpose, standing in begun:  # what began before ends by the same rule

        async def whole() -> Any:
            yield PDF

        arriving = uploads.append(office.actors[APPROVER], standing.upload_id, 0, whole())
        if purpose == "notice":
            await arriving
            continue
        with pytest.raises(Refusal) as closed:
            await arriving
        assert closed.value.code is Code.CASE_CLOSED
    for purpose in ("notice", "result"):
        await office.bring(uploads, case_id, "other", login=APPROVER, purpose=purpose)
    for login, purpose in ((APPROVER, "guide"), (APPROVER, "blank_form"), (CLERK, "material")):
        refusal = await refused(
            office, tmp_path / "uploads", login, case_id, line="other", purpose=purpose
        )
        assert refusal.code is Code.CASE_CLOSED
    states = [(one["purpose"], one["state"]) for one in (await office.view(case_id))["materials"]]
    assert states == [
        ("sample", "rejected"), ("notice", "stored"), ("notice", "stored"), ("result", "stored"),
    ]  # fmt: skip


async def test_files_are_read_by_who_sees_the_case_and_by_a_third_while_it_is_there(
    office: Office, tmp_path: Path
) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    sent = await office.bring(uploads, case_id, "licence", login=APPROVER, purpose="blank_form")
    mine = await office.bring(uploads, case_id, "licence")

    async def reads(login: str, material_id: str) -> bool:
        try:
            await viewing.find_viewed(office.store, office.actors[login], material_id)
        except Refusal as refusal:
            if refusal.code is Code.COPY_NOT_READY:  # nobody makes one here
                return True
            if refusal.code is not Code.NOT_FOUND:
                raise
            return False
        raise AssertionError("a copy that nobody made")

    call_id = await office.meet(case_id)
    await office.seat_third(call_id, answered=False)
    for material_id in (sent, mine):
        for login in (CLERK, OTHER_CLERK, APPROVER, SUPERVISOR):
            assert await reads(login, material_id)
        assert not await reads(THIRD, material_id)
    await office.answer(THIRD, call_id)
    assert await reads(THIRD, sent)
    assert await reads(THIRD, mine)
    await office.do(THIRD, CallHangUp, call_id=call_id)
    assert not await reads(THIRD, sent)
    assert not await reads(THIRD, mine)


async def test_the_order_of_files_is_that_of_their_versions(office: Office, tmp_path: Path) -> None:
    case_id = await office.case()
    uploads = await office.uploads(tmp_path / "uploads")
    begun = []
    for line in ("licence", "application", "identity"):  # all at one moment
        begun.append(await uploads.begin(office.actors[CLERK], case_id, line, "a.pdf", len(PDF)))
    seen = [one["id"] for one in (await office.view(case_id))["materials"]]
    assert seen == [one.material_id for one in begun]


# ---------------------------------------------------------------- on the wire


@pytest.fixture
async def desks(demo_database: str, tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    async with (
        demo_node(demo_database, tmp_path) as node,
        desk_of(node, CLERK) as clerk,
        desk_of(node, APPROVER) as approver,
    ):
        yield clerk, approver


@SQLITE_ALONE
async def test_purpose_and_answer_come_with_the_upload(desks: tuple[Desk, Desk]) -> None:
    clerk, approver = desks
    case_id = await clerk.open_case()

    async def begin(desk: Desk, **about: str) -> tuple[int, str]:
        told = {"case_id": case_id, "line": "licence", "filename": "a.pdf", **about}
        headers = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata(told)}
        async with desk.http.post("/api/v1/uploads", headers=headers) as said:
            return said.status, said.headers.get("Yunjian-Material", "")

    status, _ = await begin(approver, purpose="blank_form")
    assert status == 201
    assert (await begin(approver))[0] == 403
    assert (await begin(clerk, purpose="blank_form"))[0] == 403
    assert (await begin(clerk, purpose="nonsense"))[0] == 400
    assert (await begin(clerk, answers="material-none"))[0] == 404
    assert (await begin(clerk, purpose="material", answers=""))[0] == 201
