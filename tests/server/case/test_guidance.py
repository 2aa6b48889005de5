"""What pages show each other live: to whom it goes, who it is said to be from, what is masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from server.case.acts.talk import showing
from server.case.wire.showing import (
    CaseDraw,
    CaseFocus,
    CasePoint,
    CaseTyping,
    DocumentDraw,
    DocumentLook,
    DocumentPoint,
)
from server.rights.hand import CASE_AUDIENCES
from server.store import SYSTEM
from server.store.tables import calls, legs
from signaling.refusals import Code, Refusal
from signaling.wire.call import CallHangUp
from signaling.wire.envelope import Message, PersonRef
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OTHER_CLERK,
    SUPERVISOR,
    Office,
    watching,
)
from tests.kit.stores import SQLITE_ALONE
from tests.kit.until import until

SIDES = {CLERK: "window", OTHER_CLERK: "window", APPROVER: "approver", SUPERVISOR: "supervisor"}
FORGED = PersonRef(
    id="person-forged", name="x", staff_number="x", unit_id="x", unit_name="x", place="x"
)


def _forgotten(case_id: str, kind: str, by: PersonRef, body: Mapping[str, Any]) -> None:
    """These tests do not replay a call."""


async def show(office: Office, login: str, message: Message) -> dict[str, Any]:
    """Let this person's socket, which opened the case, send an ephemeral; message by audience."""
    case_id = getattr(message, "case_id")  # noqa: B009 - each of these messages has one
    seat = watching(office.actors[login], f"case:{case_id}", SIDES[login])
    sent = await showing.ephemerals(office.store, _forgotten)[type(message)](seat, message)
    assert {subject for subject, _, _ in sent} == {f"case:{case_id}"}
    return {audience: message for _, audience, message in sent}


@SQLITE_ALONE
@pytest.mark.parametrize("login", [CLERK, APPROVER])
async def test_what_somebody_shows_in_a_document_goes_to_every_side_and_is_noted(
    office: Office, login: str
) -> None:
    case_id = await office.case()
    noted: list[tuple[str, str, str, Mapping[str, Any]]] = []
    seat = watching(office.actors[login], f"case:{case_id}", SIDES[login])
    handlers = showing.ephemerals(
        office.store, lambda case_id, kind, by, body: noted.append((case_id, kind, by.id, body))
    )
    point = DocumentPoint(case_id=case_id, material_id="material-1", page=2, x=0.25, y=0.5)
    look = DocumentLook(case_id=case_id, material_id="material-1", page=3, follow=True, by=FORGED)
    for message in (point, look):
        sent = await handlers[type(message)](seat, message)
        assert [audience for _, audience, _ in sent] == list(CASE_AUDIENCES)
        by = {getattr(shown, "by").id for _, _, shown in sent}  # noqa: B009 - both have one
        assert by == {office.actors[login].person_id}
    place = {"material_id": "material-1", "page": 2, "x": 0.25, "y": 0.5}
    person_id = office.actors[login].person_id
    assert noted == [
        (case_id, "pointer", person_id, place),
        (case_id, "look", person_id, {"material_id": "material-1", "page": 3}),
    ]


@SQLITE_ALONE
async def test_whoever_speaks_about_another_case_shows_nothing_here(office: Office) -> None:
    other, called = await office.case(), await office.case()
    handlers = showing.ephemerals(office.store, _forgotten)
    place: dict[str, Any] = {"case_id": other, "material_id": "material-1", "page": 1}
    pen: list[tuple[float, float]] = [(0.1, 0.2), (0.3, 0.4)]
    shown: list[Message] = [
        DocumentPoint(**place, x=0.1, y=0.2),
        DocumentDraw(**place, points=pen),
        CasePoint(case_id=other, field="remark"),
    ]
    stopped: list[Message] = [
        DocumentPoint(**place, x=None, y=None),
        DocumentDraw(**place, points=None),
        CasePoint(case_id=other, field=None),
    ]
    seat = watching(office.actors[APPROVER], f"case:{other}", "approver")

    async def told(messages: list[Message]) -> list[int]:
        return [len(await handlers[type(one)](seat, one)) for one in messages]

    async def leads() -> bool:
        look = DocumentLook(**place, follow=True)
        [follow] = {sent.follow for _, _, sent in await handlers[DocumentLook](seat, look)}
        return bool(follow)

    async def hears(how_many: list[int], led: bool) -> str | None:
        now = (await told(shown), await leads())
        return None if now == (how_many, led) else str(now)

    everybody = [len(CASE_AUDIENCES)] * 3
    assert await hears(everybody, True) is None
    call_id = await office.meet(called)
    await until(lambda: hears([0, 0, 0], False))
    assert await told(stopped) == everybody
    drawn = {"material_id": "material-1", "page": 1, "points": pen}
    refused = await office.refused(APPROVER, CaseDraw, case_id=other, **drawn)
    assert refused.code is Code.OTHER_CASE_IN_CALL
    assert refused.details == {"calls": call_id, "cases": called}
    # there is no such file there; his call is no reason
    there = await office.refused(APPROVER, CaseDraw, case_id=called, **drawn)
    assert there.code is Code.NOT_FOUND
    # He comes to sit in a call about this case besides, as no dialling lets him.
    second = f"{call_id[:-2]}zz"
    async with office.store.change(SYSTEM) as change:
        for table, mine, new in (
            (calls, calls.c.id == call_id, {"id": second, "case_id": other}),
            (legs, (legs.c.call_id == call_id) & (legs.c.seat == "approver"), {"call_id": second}),
        ):
            row = (await change.connection.execute(sa.select(table).where(mine))).mappings().one()
            copy = {**row, "id": f"{row['id'][:-2]}zz", **new}
            await change.connection.execute(table.insert().values(**copy))
        await change.record(f"call:{second}", "call.dial", f"call:{second}", None, payload={})
    await until(lambda: hears(everybody, True))
    await office.do(CLERK, CallHangUp, call_id=call_id)
    await until(lambda: hears(everybody, True))


@SQLITE_ALONE
@pytest.mark.parametrize("audience", ["third", "applicant", "supervisor"])
async def test_who_only_reads_shows_nothing_to_the_others(office: Office, audience: str) -> None:
    case_id = await office.case()
    seat = watching(office.actors[CLERK], f"case:{case_id}", audience)
    for message in (
        CaseTyping(case_id=case_id, field="remark", value="x"),
        CaseFocus(case_id=case_id, field="remark"),
        CasePoint(case_id=case_id, field="remark"),
        DocumentPoint(case_id=case_id, material_id="material-1", page=1, x=0.1, y=0.1),
        DocumentLook(case_id=case_id, material_id="material-1"),
    ):
        with pytest.raises(Refusal) as refused:
            await showing.ephemerals(office.store, _forgotten)[type(message)](seat, message)
        assert refused.value.code is Code.NOT_YOURS


@SQLITE_ALONE
@pytest.mark.parametrize(
    "value, seen",
    [
        ("37010", "*****"),
        (IDENTITY_NUMBER[:17], "*" * 17),
        (IDENTITY_NUMBER, "370103************"),
    ],
)
async def test_a_sensitive_value_grows_masked(office: Office, value: str, seen: str) -> None:
    case_id = await office.case()
    typed = CaseTyping(
        case_id=case_id, field="new_identity_number", value=value, by=FORGED, sensitive=False
    )
    sent = await show(office, CLERK, typed)
    assert set(sent) == set(CASE_AUDIENCES)
    for audience, message in sent.items():
        assert message.value == (value if audience in ("window", "applicant") else seen)
        assert message.sensitive
        assert message.by.name == "李秀兰"


@SQLITE_ALONE
async def test_a_plain_value_grows_as_it_is_typed(office: Office) -> None:
    case_id = await office.case()
    typed = CaseTyping(case_id=case_id, field="old_principal", value="刘启", sensitive=True)
    sent = await show(office, CLERK, typed)
    assert {message.value for message in sent.values()} == {"刘启"}
    assert not sent["approver"].sensitive


@SQLITE_ALONE
async def test_pointing_and_focus_go_to_every_side(office: Office) -> None:
    case_id = await office.case()
    pointed = await show(office, APPROVER, CasePoint(case_id=case_id, field="appointed_on"))
    assert set(pointed) == set(CASE_AUDIENCES)
    assert pointed["window"].by.staff_number == "XHA-0217"
    stopped = await show(office, APPROVER, CasePoint(case_id=case_id, field=None))
    assert stopped["window"].field is None
    for login in (CLERK, APPROVER):
        focus = await show(office, login, CaseFocus(case_id=case_id, field="remark"))
        assert set(focus) == set(CASE_AUDIENCES)
        assert {message.by.id for message in focus.values()} == {office.actors[login].person_id}


@SQLITE_ALONE
async def test_each_may_show_only_what_is_his(office: Office) -> None:
    case_id = await office.case()
    typing = CaseTyping(case_id=case_id, field="remark", value="x")
    point = CasePoint(case_id=case_id, field="remark")
    focus = CaseFocus(case_id=case_id, field="remark")
    unknown = CaseTyping(case_id=case_id, field="nothing", value="x")
    for login, message, code in (
        (APPROVER, typing, Code.NOT_YOURS),
        (SUPERVISOR, typing, Code.NOT_YOURS),
        (CLERK, point, Code.NOT_YOURS),
        (SUPERVISOR, point, Code.NOT_YOURS),
        (SUPERVISOR, focus, Code.NOT_YOURS),
        (CLERK, unknown, Code.FIELD_UNKNOWN),
        (CLERK, CaseFocus(case_id=case_id, field="nothing"), Code.FIELD_UNKNOWN),
        (APPROVER, CasePoint(case_id=case_id, field="nothing"), Code.FIELD_UNKNOWN),
    ):
        with pytest.raises(Refusal) as refused:
            await show(office, login, message)
        assert refused.value.code is code


@SQLITE_ALONE
async def test_who_has_not_opened_the_case_shows_nothing(office: Office) -> None:
    case_id = await office.case()
    elsewhere = watching(office.actors[CLERK], "case:another-one", "window")
    typed = CaseTyping(case_id=case_id, field="remark", value="x")
    with pytest.raises(Refusal) as refused:
        await showing.ephemerals(office.store, _forgotten)[CaseTyping](elsewhere, typed)
    assert refused.value.code is Code.NOT_FOUND
