"""Who applies: for himself, for a legal person, for another person; and the mandate that he brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final, get_args

import pytest

from server.case.rules import applying
from server.case.rules.applying import MANDATE, Applicant, Capacity, Principal
from server.demo import data as demo
from signaling.refusals import Code, Refusal

TODAY: Final = date(2026, 11, 24)
CODE: Final = "91370103MA3D7KQ42E"
CARD: Final = "11010519491231002X"
ITEM: Final = next(one for one in demo.ITEMS if one.id == demo.PRINCIPAL)
SELF: Final = Applicant("孙雅宁", CARD, "13805316217", None)


def of(capacity: Capacity, **over: Any) -> Principal:
    company = capacity in applying.COMPANIES
    given: dict[str, Any] = {
        "name": "济南禾川检测技术有限公司" if company else "王建国",
        "number": CODE if company else CARD,
        "representative": "刘启明",
        "at_window": "孙雅宁",
        "today": TODAY,
    }
    return applying.principal(capacity, **{**given, **over})


def refused(code: Code, capacity: Capacity, **over: Any) -> None:
    with pytest.raises(Refusal) as told:
        of(capacity, **over)
    assert told.value.code is code


def test_a_company_is_known_by_its_code_and_its_representative() -> None:
    handler = of("handler", number=" 91370103-ma3d7kq42e ")
    assert handler.company
    assert (handler.credit_code, handler.identity_number) == (CODE, "")
    assert (handler.document, handler.representative) == (None, "刘启明")
    himself = of("representative", representative="", mandate_until=date(2026, 1, 1))
    assert himself.representative == "孙雅宁", "he came himself"
    assert himself.mandate_until is None, "and needs no mandate"
    for capacity in applying.COMPANIES:
        refused(Code.BAD_CREDIT_CODE, capacity, number=CARD)
        refused(Code.PRINCIPAL_MISSING, capacity, name=" ")
    refused(Code.PRINCIPAL_MISSING, "handler", representative=" ")


def test_a_person_is_known_by_his_document_as_an_applicant_is() -> None:
    agent = of("agent")
    assert not agent.company
    assert (agent.credit_code, agent.identity_number) == (None, CARD)
    assert (agent.document, agent.representative) == ("identity_card", "")
    assert of("agent", document="passport", number="e12345678").number == "E12345678"
    refused(Code.BAD_IDENTITY_NUMBER, "agent", number="110105194912310021")
    refused(Code.BAD_DOCUMENT_NUMBER, "agent", document="passport", number="1")


def test_a_mandate_that_is_over_is_none() -> None:
    for capacity in applying.MANDATED:
        assert of(capacity, mandate_until=TODAY).mandate_until == TODAY
        refused(Code.BAD_DATE, capacity, mandate_until=date(2026, 11, 23))


def test_who_comes_for_another_brings_a_mandate_and_nobody_else() -> None:
    assert applying.with_mandate(ITEM, None) is ITEM
    for capacity in get_args(Capacity):
        item = applying.with_mandate(ITEM, of(capacity))
        asked = item.line(MANDATE.key)
        assert (asked is not None) is (capacity in applying.MANDATED)
        assert item.lines[: len(ITEM.lines)] == ITEM.lines
    its_own = replace(ITEM, lines=(*ITEM.lines, replace(MANDATE, key="poa")))
    assert applying.with_mandate(its_own, of("handler")) is its_own, "not asked for twice"


def test_what_is_signed_names_the_principal_and_nothing_new_of_others() -> None:
    assert SELF.signed == {
        "name": "孙雅宁",
        "identity_number": CARD,
        "phone": "13805316217",
        "credit_code": None,
        "document": "identity_card",
    }
    handler = replace(SELF, principal=of("handler", mandate_until=TODAY))
    assert handler.declarant == "济南禾川检测技术有限公司"
    assert handler.signed["principal.name"] == "济南禾川检测技术有限公司"
    assert handler.signed["principal.mandate_until"] == "2026-11-24"
    assert (SELF.declarant, len(handler.signed) - len(SELF.signed)) == ("孙雅宁", 6)


def test_what_is_kept_is_what_was_entered() -> None:
    for capacity in get_args(Capacity):
        told = of(capacity, mandate_until=TODAY)
        assert applying.kept(applying.stored(told)) == told
    assert applying.kept(applying.stored(None)) is None
