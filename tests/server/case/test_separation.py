"""Roles and sides that exclude one another (不相容岗位): in one person, and in one case."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from server.case.acts.course import listing
from server.case.turn import JUDGING
from server.case.wire import decision, materials, promises
from server.case.wire.course import advancing, joint, owning
from server.case.wire.course.agents import CaseAskAgent
from server.case.wire.decision import CaseCheck, CaseDecide
from server.case.wire.form import CaseEdit
from server.case.wire.registering import CaseCreate
from server.case.wire.signing import CaseSubmit
from server.demo import data as demo
from server.doctor import rights
from server.edge.route import STORE
from server.people.acts.registering import add_person, end_exemption, exempt, set_roles
from server.people.rows import staffing
from server.rights.person import EXCLUDED, Actor, Role, conflicts
from server.settings import Settings
from server.store import SYSTEM, Store, tables
from server.tasks.wire import TaskClaim, TaskEnter, TaskHand
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    NEW_CASE,
    OTHER_APPROVER,
    OTHER_CLERK,
    SECURITY,
    Office,
)
from tests.kit.desks import demo_node, desk_of
from tests.kit.stores import SQLITE_ALONE
from tests.kit.templates import fill

NO = {"decision": "refused", "reason": "不属于本机关职权范围"}


async def code_of(doing: Any) -> Code:
    with pytest.raises(Refusal) as told:
        await doing
    return told.value.code


# ---------------------------------------------------------------- roles of one person


def test_the_demo_and_each_role_alone_are_without_conflict() -> None:
    assert all(not conflicts(person.roles) for person in demo.PEOPLE)
    assert all(not conflicts([role]) for role in Role)
    business = (Role.CLERK, Role.APPROVER, Role.HEAD, Role.SUPERVISOR)
    assert all(conflicts([Role.ADMIN, role]) for role in business)
    assert all(conflicts([Role.SUPERVISOR, role]) for role in (Role.CLERK, Role.APPROVER))
    assert not conflicts([Role.CLERK, Role.APPROVER]), "these exclude one another in one case alone"


@SQLITE_ALONE
@pytest.mark.parametrize("pair", EXCLUDED)
async def test_two_roles_that_exclude_one_another_are_granted_to_nobody(
    office: Office, pair: tuple[Role, Role]
) -> None:
    store = office.store
    new = {
        "login": "fresh", "password": demo.PASSWORD, "name": "新人", "staff_number": "T-1",
        "unit": demo.XIHAIAN, "window": None,
    }  # fmt: skip
    assert await code_of(add_person(store, **new, roles=pair)) is Code.ROLES_EXCLUDE
    assert await code_of(set_roles(store, "hanmei", pair)) is Code.ROLES_EXCLUDE
    await set_roles(store, "hanmei", pair[:1])


async def test_a_security_officer_of_the_unit_lifts_one_with_a_reason(office: Office) -> None:
    store, officer = office.store, office.actors[SECURITY]
    pair = (Role.APPROVER, Role.SUPERVISOR)
    person, why = "person-hanmei", "本局仅一名督查，经主管领导批准兼任"

    async def lift(by: Actor, who: str = person, roles: Any = pair, reason: str = why) -> None:
        await exempt(store, by, who, *roles, reason)

    assert await code_of(lift(office.actors[ADMIN])) is Code.FORBIDDEN
    assert await code_of(lift(replace(officer, unit_id=demo.JINAN))) is Code.FORBIDDEN
    assert await code_of(lift(officer, who=officer.person_id)) is Code.NOT_YOURS
    assert await code_of(lift(officer, who="nobody")) is Code.NOT_FOUND
    assert await code_of(lift(officer, reason=" ")) is Code.REASON_MISSING
    fine = (Role.CLERK, Role.APPROVER)
    assert await code_of(lift(officer, roles=fine)) is Code.FIELD_INVALID
    await lift(officer)
    await set_roles(store, "hanmei", pair)
    beside = (*pair, Role.ADMIN)
    assert await code_of(set_roles(store, "hanmei", beside)) is Code.ROLES_EXCLUDE, "that one alone"
    assert await code_of(set_roles(store, "zhoumingyuan", pair)) is Code.ROLES_EXCLUDE, "him alone"
    table = tables.ledger_entries
    async with store.read() as reading:
        found = await reading.execute(
            sa.select(table.c.act, table.c.actor)
            .where(table.c.subject == f"person:{person}")
            .order_by(table.c.version)
        )
        assert [tuple(one) for one in found] == [
            ("person.exempt", officer.person_id), ("person.roles", "system"),
        ]  # fmt: skip
    assert (
        await code_of(end_exemption(store, office.actors[ADMIN], person, *pair)) is Code.FORBIDDEN
    )
    for _ in range(2):  # twice is no error, and one entry
        await end_exemption(store, officer, person, *reversed(pair))
    assert await code_of(set_roles(store, "hanmei", pair)) is Code.ROLES_EXCLUDE
    async with store.read() as reading:
        acts = sa.select(table.c.act).where(table.c.subject == f"person:{person}")
        told = list(await reading.scalars(acts.order_by(table.c.version)))
    assert told == ["person.exempt", "person.roles", "person.unexempt"]
    report = await store.verifier.verify()
    assert report.ok, report.findings


async def test_conflicts_of_before_are_shown_and_not_removed(
    demo_database: str, tmp_path: Path
) -> None:
    async with demo_node(demo_database, tmp_path) as node:
        store = node.app[STORE]
        async with store.change(SYSTEM) as change:
            await staffing.set_roles(change.connection, "hanmei", [Role.SUPERVISOR, Role.APPROVER])
        async with desk_of(node, "admin") as admin, desk_of(node, SECURITY) as officer:

            async def conflict() -> list[dict[str, Any]]:
                listed = (await admin.get("/people"))["people"]
                assert listed == (await officer.get("/people"))["people"]
                [one] = [one for one in listed if one["login"] == "hanmei"]
                assert one["roles"] == ["approver", "supervisor"]
                assert not any(row["conflicts"] for row in listed if row is not one)
                found: list[dict[str, Any]] = one["conflicts"]
                return found

            told = {"first": "supervisor", "second": "approver", "allowed": None, "held": True}
            assert await conflict() == [told]
            body = {"first": "approver", "second": "supervisor", "reason": "人手不足"}
            path = "/api/v1/people/person-hanmei/exemptions"
            async with admin.http.post(path, json=body) as said:
                assert said.status == 403
            async with officer.http.post(path, json={**body, "reason": ""}) as said:
                assert (said.status, (await said.json())["code"]) == (422, "reason_missing")
            async with officer.http.post(path, json=body) as said:
                assert said.status == 204
            # Told as long as it is so: with both roles, and without one of them.
            assert await conflict() == [{**told, "allowed": "人手不足"}]
            await set_roles(store, "hanmei", [Role.SUPERVISOR])
            [row] = [one for one in (await admin.get("/people"))["people"] if one["conflicts"]]
            assert row["conflicts"] == [{**told, "allowed": "人手不足", "held": False}]
            async with officer.http.delete(
                path, params={"first": "approver", "second": "supervisor"}
            ) as said:
                assert said.status == 204
            assert not any(one["conflicts"] for one in (await admin.get("/people"))["people"])


@SQLITE_ALONE
async def test_the_doctor_names_whose_roles_exclude_one_another(
    demo_database: str, tmp_path: Path
) -> None:
    settings = Settings(data=tmp_path / "data", database_url=demo_database, port=0)
    await fill(settings.store)
    store = await Store.open(settings.store)
    try:
        async with store.change(SYSTEM) as change:
            await staffing.set_roles(change.connection, "chenli", [Role.SUPERVISOR, Role.CLERK])
    finally:
        await store.close()
    found = {one.name: one for one in await rights(settings)}
    assert (found["roles"].well, found["roles"].warns) == (True, True)
    assert "chenli (supervisor and clerk)" in found["roles"].told


# ---------------------------------------------------------------- both sides of one case


def both(office: Office, login: str, *roles: Role) -> None:
    """Let this person be at the deciding unit's own window, with these roles."""
    office.actors = {
        **office.actors,
        login: replace(
            office.actors[CLERK],
            person_id=office.actors[login].person_id,
            login=login,
            unit_id=demo.XIHAIAN,
            roles=frozenset(roles),
        ),
    }


async def local_case(office: Office, login: str, item_id: str = demo.PRINCIPAL) -> str:
    """A case that the deciding unit takes at a window of its own."""
    made = await office.do(login, CaseCreate, **{**NEW_CASE, "item_id": item_id})
    return str(made["case_id"])


async def test_nobody_takes_and_decides_one_case(office: Office) -> None:
    both(office, APPROVER, Role.CLERK, Role.APPROVER)
    case_id = await local_case(office, APPROVER)
    check = {"case_id": case_id, "point": "seal", "verdict": "ok"}
    assert (await office.refused(APPROVER, CaseCheck, **check)).code is Code.BOTH_SIDES
    assert (
        await office.refused(APPROVER, CaseDecide, case_id=case_id, **NO)
    ).code is Code.BOTH_SIDES
    # whatever his roles are by then
    both(office, APPROVER, Role.APPROVER)
    assert (
        await office.refused(APPROVER, CaseDecide, case_id=case_id, **NO)
    ).code is Code.BOTH_SIDES
    # a colleague with both roles, who had no part in it, may
    both(office, OTHER_APPROVER, Role.CLERK, Role.APPROVER)
    await office.do(OTHER_APPROVER, CaseDecide, case_id=case_id, **NO)
    view = await office.view(case_id, OTHER_APPROVER)
    assert (view["decision"]["kind"], view["decision"]["combined"]) == ("refused", False)
    await office.switchboard.close()


@SQLITE_ALONE
async def test_who_edited_it_at_the_window_does_not_decide_it_either(office: Office) -> None:
    both(office, APPROVER, Role.CLERK, Role.APPROVER)
    both(office, OTHER_APPROVER, Role.CLERK, Role.APPROVER)
    case_id = await local_case(office, APPROVER)
    value = {"field": "remark", "value": "x", "base_version": 0}
    await office.do(OTHER_APPROVER, CaseEdit, case_id=case_id, **value)
    told = await office.refused(OTHER_APPROVER, CaseDecide, case_id=case_id, **NO)
    assert told.code is Code.BOTH_SIDES
    await office.switchboard.close()


async def test_who_judged_it_or_sent_a_file_to_it_does_not_hand_it_in(
    office: Office, tmp_path: Path
) -> None:
    both(office, OTHER_APPROVER, Role.CLERK, Role.APPROVER)
    uploads = await office.uploads(tmp_path)
    judged, sent = [await local_case(office, OTHER_APPROVER) for _ in range(2)]
    await office.do(APPROVER, CaseCheck, case_id=judged, point="seal", verdict="ok")
    await office.bring(uploads, sent, "application", login=APPROVER, purpose="sample")
    both(office, APPROVER, Role.CLERK, Role.APPROVER)
    for case_id in (judged, sent):
        told = await office.refused(APPROVER, CaseSubmit, case_id=case_id, hash="0" * 64)
        assert told.code is Code.BOTH_SIDES
    told = await office.refused(OTHER_APPROVER, CaseSubmit, case_id=sent, hash="0" * 64)
    assert told.code is Code.SIGNATURE_MISSING
    await office.switchboard.close()


async def test_an_item_that_one_person_may_take_and_decide_is_marked_for_sampling(
    office: Office,
) -> None:
    async with office.store.change(SYSTEM) as change:
        body = await change.connection.scalar(
            sa.select(tables.items.c.body).where(tables.items.c.id == demo.PRINCIPAL)
        )
        await change.connection.execute(
            tables.items.update()
            .where(tables.items.c.id == demo.PRINCIPAL)
            .values(body={**body, "combined": True})
        )
    both(office, APPROVER, Role.CLERK, Role.APPROVER)
    case_id = await local_case(office, APPROVER)
    await office.do(APPROVER, CaseDecide, case_id=case_id, **NO)
    view = await office.view(case_id, APPROVER)
    assert (view["decision"]["kind"], view["decision"]["combined"]) == ("refused", True)
    payloads = tables.ledger_payloads
    async with office.store.read() as reading:
        kept = await reading.scalars(
            sa.select(payloads.c.payload).where(payloads.c.subject == f"case:{case_id}")
        )
        assert any('"combined":true' in one for one in kept)
    # of a colleague's case it is no combination
    both(office, OTHER_APPROVER, Role.CLERK)
    other = await local_case(office, OTHER_APPROVER)
    await office.do(APPROVER, CaseDecide, case_id=other, **NO)
    assert not (await office.view(other, APPROVER))["decision"]["combined"]
    # whoever watches over the unit is told which they are
    listed = await listing.listing(office.store, office.actors["hanmei"], combined=True)
    assert [(one.id, one.combined) for one in listed] == [(case_id, True)]
    assert {one.id for one in await listing.listing(office.store, office.actors["hanmei"])} > {
        other
    }
    elsewhere = replace(office.actors["hanmei"], unit_id=demo.JINAN)
    assert await listing.listing(office.store, elsewhere, combined=True) == []
    await office.switchboard.close()


# ---------------------------------------------------------------- who helps an applicant


DECIDES: dict[type[Command], dict[str, Any]] = {
    CaseDecide: NO,
    CaseCheck: {"point": "seal", "verdict": "ok"},
    materials.CaseReview: {"material_id": "material-1", "review": "accepted"},
    promises.CaseMovePromise: {"line": "licence", "due_on": "2026-12-01", "reason": "x"},
    promises.CaseVerify: {"line": "licence", "verdict": "true", "how": "compared"},
    decision.CaseRefer: {"unit_id": demo.LIAOCHENG, "reason": "x"},
    decision.CaseStopClock: {"why": "hearing", "reason": "听证"},
    decision.CaseResumeClock: {},
    decision.CaseExtendLimit: {"days": 5, "reason": "x"},
    advancing.CaseRule: {"ruling": "granted"},
    advancing.CaseIssue: {
        "results": [{"kind": "licence", "name": "x", "number": "x", "valid_from": "2026-11-23"}]
    },
    advancing.CaseReport: {
        "step": "granted", "number": "x", "on": "2026-11-23", "proof": "material-1",
    },
    advancing.CaseAskFee: {"amount_fen": 1000},
    advancing.CaseArchive: {},
    joint.CaseAskUnit: {"unit_id": demo.LIAOCHENG, "wanted": "x"},
    joint.CaseReturnTask: {"task_id": "task-that-is-not", "reason": "x"},
    joint.CaseCloseTask: {"task_id": "task-that-is-not"},
    joint.CaseCancelTask: {"task_id": "task-that-is-not", "reason": "x"},
    owning.CaseAssign: {"person_id": None, "from_id": None},
}  # fmt: skip
"""Every act of the approver; the two that the window's acts share a command with stand in the test."""
SHARED: tuple[tuple[type[Command], dict[str, Any]], ...] = (
    (advancing.CaseFinish, {"kind": "terminated", "reason": "x", "cause": "died"}),
    (advancing.CaseSettleFee, {"kind": "waived", "on": "2026-11-23", "reason": "x"}),
)


async def helped(office: Office, case_id: str, kind: str = "help") -> dict[str, Any]:
    """That the applicant of a case wants help: which task it is."""
    wish = {"case_id": case_id, "kind": kind, "text": "请陪同"}
    return {"task_id": (await office.do(CLERK, CaseAskAgent, **wish))["task_id"]}


async def on_task(office: Office, login: str, command: type[Command], **members: Any) -> None:
    seen = await office.store.version(f"task:{members['task_id']}")
    await office.do(login, command, **members, seen_version=seen)


async def refusing(office: Office, login: str, case_id: str) -> dict[str, Code]:
    """What each act of the approver is refused as to this person."""
    told: dict[str, Code] = {}
    for command, members in (*DECIDES.items(), *SHARED):
        refusal = await office.refused(login, command, case_id=case_id, **members)
        told[command.__name__] = refusal.code
    return told


async def test_who_helps_or_acts_for_the_applicant_decides_nothing_of_his_case(
    office: Office,
) -> None:
    assert set(DECIDES) == JUDGING
    case_id, other = await office.case(), await office.case()
    task = await helped(office, case_id, "proxy")
    await on_task(office, OTHER_CLERK, TaskClaim, **task)
    # whatever his roles are by then: the clerk is an approver of the unit that decides
    office.actors = {
        **office.actors,
        OTHER_CLERK: replace(
            office.actors[OTHER_CLERK], unit_id=demo.XIHAIAN, roles=frozenset({Role.APPROVER})
        ),
    }
    told = await refusing(office, OTHER_CLERK, case_id)
    assert set(told.values()) == {Code.BOTH_SIDES}, told
    # of another case he decides, and a colleague decides this one
    await office.do(OTHER_CLERK, CaseDecide, case_id=other, **NO)
    await office.do(APPROVER, CaseDecide, case_id=case_id, **NO)
    await office.switchboard.close()


async def test_nor_does_he_once_the_help_is_over_or_handed_on_or_where_one_person_may_do_both(
    office: Office,
) -> None:
    async with office.store.change(SYSTEM) as change:
        body = await change.connection.scalar(
            sa.select(tables.items.c.body).where(tables.items.c.id == demo.PRINCIPAL)
        )
        await change.connection.execute(
            tables.items.update()
            .where(tables.items.c.id == demo.PRINCIPAL)
            .values(body={**body, "combined": True})
        )
    over, passed, taken = [await office.case() for _ in range(3)]
    done, handed = await helped(office, over), await helped(office, passed)
    await on_task(office, OTHER_CLERK, TaskClaim, **done)
    await on_task(office, OTHER_CLERK, TaskEnter, **done, outcome="done", text="已陪同")
    await on_task(office, OTHER_CLERK, TaskClaim, **handed)
    back = office.actors[CLERK].person_id
    await on_task(office, OTHER_CLERK, TaskHand, **handed, person_id=back)
    both(office, OTHER_CLERK, Role.CLERK, Role.APPROVER)
    for case_id in (over, passed):
        told = await refusing(office, OTHER_CLERK, case_id)
        assert set(told.values()) == {Code.BOTH_SIDES}, told
    await office.do(OTHER_CLERK, CaseDecide, case_id=taken, **NO)
    await office.switchboard.close()


async def test_of_deciding_and_helping_at_once_one_person_does_one(office: Office) -> None:
    both(office, OTHER_APPROVER, Role.CLERK, Role.APPROVER)
    both(office, APPROVER, Role.CLERK)
    person = office.actors[OTHER_APPROVER].person_id
    async with office.store.change(SYSTEM) as change:
        roles = [Role.CLERK, Role.APPROVER]
        await staffing.set_roles(change.connection, OTHER_APPROVER, roles)
    for number in range(12):
        case_id = await local_case(office, APPROVER)
        wish = {"case_id": case_id, "kind": "help", "text": "请陪同"}
        task = {"task_id": (await office.do(APPROVER, CaseAskAgent, **wish))["task_id"]}
        helps = (
            on_task(office, APPROVER, TaskHand, **task, person_id=person)
            if number % 2
            else on_task(office, OTHER_APPROVER, TaskClaim, **task)
        )
        decide = office.do(OTHER_APPROVER, CaseDecide, case_id=case_id, **NO)
        told = await asyncio.gather(decide, helps, return_exceptions=True)
        refused = [one.code for one in told if isinstance(one, Refusal)]
        assert refused == [Code.BOTH_SIDES], (number, told)
    await office.switchboard.close()


async def test_who_judged_a_case_accepts_no_help_with_it_and_is_handed_none(
    office: Office,
) -> None:
    case_id = await office.case()
    task = await helped(office, case_id)
    await office.do(OTHER_APPROVER, CaseCheck, case_id=case_id, point="seal", verdict="ok")
    person = office.actors[OTHER_APPROVER].person_id
    async with office.store.change(SYSTEM) as change:  # he works at the window by now
        await staffing.set_roles(change.connection, OTHER_APPROVER, [Role.CLERK])
        await change.connection.execute(
            tables.people.update()
            .where(tables.people.c.id == person)
            .values(unit_id=office.actors[CLERK].unit_id)
        )
    both(office, OTHER_APPROVER, Role.CLERK)
    office.actors = {
        **office.actors,
        OTHER_APPROVER: replace(
            office.actors[OTHER_APPROVER], unit_id=office.actors[CLERK].unit_id
        ),
    }
    assert await code_of(on_task(office, OTHER_APPROVER, TaskClaim, **task)) is Code.BOTH_SIDES
    hand = on_task(office, CLERK, TaskHand, **task, person_id=person)
    assert await code_of(hand) is Code.BOTH_SIDES
    await on_task(office, OTHER_CLERK, TaskClaim, **task)
    await office.switchboard.close()
