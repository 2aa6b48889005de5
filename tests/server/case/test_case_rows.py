"""The whole save of a case: each part of it is written when a rule gives another one, and read back."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from server.case import rows
from server.case.rows import writing
from server.case.rules.case import Case, Consent, Decided, Referral
from server.case.rules.checklist import Check
from server.case.rules.course.course import Agreement, Course
from server.case.rules.form import FieldLock, Proposal, SavedValue
from server.case.rules.joint.unit_task import UnitTask, ask
from server.case.rules.materials.material import Material
from server.case.rules.materials.promise import Promise
from server.case.rules.summary import Shown, Submission
from server.case.rules.talk.comment import Comment, Remark
from server.demo import data as demo
from server.store import SYSTEM, Store, tables
from tests.kit.casework import APPROVER, CLERK, Office


def test_each_part_of_a_case_is_saved_or_stays() -> None:
    named = [*writing.COLUMNS, *writing.ROWS, *writing.FIXED, *writing.REGISTERED, *writing.BESIDE]
    assert sorted(named) == sorted(
        [*(one.name for one in fields(Case)), "owed_by", "due_on", "turn", "granted_on"]
    )


async def test_each_part_that_differs_is_written_and_read_back(office: Office) -> None:
    """One after the other, and back again; and no write names a row that another names."""
    case_id, at = await office.case(), office.clock.now()
    clerk, approver = office.actors[CLERK].person_id, office.actors[APPROVER].person_id
    yes = Consent(True, "2026-11", "zh-CN", at, clerk)
    others: dict[str, Any] = {
        "number": "办-1",
        "state": "accepted",
        "unit_id": demo.LIAOCHENG,
        "corrections": 2,
        "consent": yes,
        "earlier_consent": replace(yes, given=False),
        "decision": Decided("accepted", "齐全", approver, at),
        "call_id": "call-of-the-case",
        "shown": Shown("0" * 64, at),
        "submission": Submission("0" * 64, "signature-1", at, clerk, date(2026, 12, 1)),
        "promises": (Promise("seal", date(2026, 12, 9), "2026-11", "zh-CN", clerk, at),),
        "referrals": (Referral("a", "甲", "b", "乙", "由乙办理", approver, at),),
        "entries": {"remark": SavedValue("加急", 1, clerk, at, "applicant")},
        "holds": {"remark": FieldLock(clerk, at + timedelta(seconds=10))},
        "proposals": (Proposal("p" * 22, "remark", "加急", "", 0, "x", approver, at, version=1),),
        "materials": (Material("m" * 22, "identity", 1, "a.pdf", "stored", 1, clerk, at),),
        "comments": (Comment("c" * 22, 1, "case", "open", (Remark(clerk, at, "请核对"),)),),
        "checks": {"seal": Check("seal", "lacking", "看不清", approver, at)},
        "course": Course(agreement=Agreement("13805316217", clerk, at)),
        "owner_id": approver,
        "mode": "joint",
        "unit_tasks": (
            ask(
                UnitTask(
                    "u" * 22,
                    "check",
                    1,
                    "opinion",
                    demo.LIAOCHENG,
                    "聊城",
                    "核对",
                    "请核对",
                    ("identity",),
                    ("remark",),
                    5,
                    at,
                ),
                at,
                {},
            ),
        ),
        "receipt_number": "S-1124-0031",
    }
    assert others.keys() == (writing.COLUMNS.keys() | writing.ROWS) - {
        "owed_by",
        "due_on",
        "turn",
        "granted_on",
    }
    now = await _case(office.store, case_id)
    for part, value in others.items():
        now = await _saved(office.store, now, replace(now, **{part: value}))
    assert {part: getattr(now, part) for part in others} == others
    assert await _column(office.store, "owed_by") == now.owed_by == date(2026, 12, 9)
    assert await _column(office.store, "due_on") == now.due_on is not None
    assert await _column(office.store, "turn") == now.turn == "approver"
    then = now
    judged = replace(now.materials[0], review="accepted", reviewed_by=approver, reviewed_at=at)
    closed = replace(now.comments[0], state="resolved", closed_by=clerk, closed_at=at)
    taken = replace(now.proposals[0], state="adopted", closed_by=clerk, closed_at=at)
    edited = {"remark": replace(now.entries["remark"], value="不急", version=2)}
    now = await _saved(
        office.store,
        now,
        replace(
            now, materials=(judged,), comments=(closed,), proposals=(taken,), entries=edited,
            holds={}, checks={}, decision=None, promises=(),
        ),
    )  # fmt: skip
    assert now != then
    assert await _column(office.store, "owed_by") is None
    assert rows.changed_case(_NOWHERE, now, now) == []
    assert rows.changed_case(_NOWHERE, now, await _case(office.store, case_id)) == []


_NOWHERE: Any = None
"""Of a connection the save asks only in which words it speaks, where it writes a row with its key."""


async def _case(store: Store, case_id: str) -> Case:
    async with store.read() as connection:
        found = await rows.find(connection, case_id)
    assert found is not None
    return found.case


async def _saved(store: Store, before: Case, after: Case) -> Case:
    """The case as it is read after it was saved, which is as it was given."""
    async with store.change(SYSTEM) as change:
        await rows.save(change.connection, before, after)
    read = await _case(store, after.id)
    assert read == after
    return read


async def _column(store: Store, name: str) -> Any:
    async with store.read() as connection:
        return await connection.scalar(sa.select(tables.cases.c[name]))
