"""What pages show each other live: to whom it goes, who it is said to be from, what is masked."""

from __future__ import annotations

from typing import Any

import pytest

from server.actions import forms
from server.wire.case import CaseFocus, CasePoint, CaseTyping
from server.wire.projection import CASE_AUDIENCES
from signaling.protocol import Message, PersonRef
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    OTHER_CLERK,
    SUPERVISOR,
    Office,
    watching,
)

SIDES = {CLERK: "window", OTHER_CLERK: "window", APPROVER: "approver", SUPERVISOR: "supervisor"}
FORGED = PersonRef(
    id="person-forged", name="x", staff_number="x", unit_id="x", unit_name="x", place="x"
)


async def show(office: Office, login: str, message: Message) -> dict[str, Any]:
    """Let this person's socket, which opened the case, send an ephemeral; message by audience."""
    case_id = getattr(message, "case_id")  # noqa: B009 - each of these messages has one
    seat = watching(office.actors[login], f"case:{case_id}", SIDES[login])
    sent = await forms.ephemerals(office.store)[type(message)](seat, message)
    assert {subject for subject, _, _ in sent} == {f"case:{case_id}"}
    return {audience: message for _, audience, message in sent}


@pytest.mark.parametrize(
    "value, seen",
    [
        ("37010", "*****"),
        (IDENTITY_NUMBER[:17], "*" * 17),
        (IDENTITY_NUMBER, "370103********2840"),
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


async def test_a_plain_value_grows_as_it_is_typed(office: Office) -> None:
    case_id = await office.case()
    typed = CaseTyping(case_id=case_id, field="old_principal", value="刘启", sensitive=True)
    sent = await show(office, CLERK, typed)
    assert {message.value for message in sent.values()} == {"刘启"}
    assert not sent["approver"].sensitive


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


async def test_who_has_not_opened_the_case_shows_nothing(office: Office) -> None:
    case_id = await office.case()
    elsewhere = watching(office.actors[CLERK], "case:another-one", "window")
    typed = CaseTyping(case_id=case_id, field="remark", value="x")
    with pytest.raises(Refusal) as refused:
        await forms.ephemerals(office.store)[CaseTyping](elsewhere, typed)
    assert refused.value.code is Code.NOT_FOUND
