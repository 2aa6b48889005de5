"""Cards that are read: proposals for the window alone, by a check digit, and a sentence where none can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from server.case.acts.form.cards import CardReader
from server.case.wire.form import CaseCloseProposal
from server.work import cards
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit.capabilities import needs
from tests.kit.casework import APPROVER, CLERK, OTHER_IDENTITY_NUMBER, PDF, THIRD, Office
from tests.kit.sheets import NAME, identity_card
from tests.kit.stores import SQLITE_ALONE

INSTALLED: Final = cards.installed()
needs_reader = needs("RapidOCR")


async def brought(
    office: Office, folder: Path, data: bytes, name: str = "证件.jpg"
) -> tuple[str, str]:
    uploads = await office.uploads(folder / "uploads")
    case_id = await office.case()
    return case_id, await office.bring(uploads, case_id, "identity", data, name)


def reader(office: Office, *, installed: bool = INSTALLED) -> CardReader:
    return CardReader(office.store, Children(), installed)


async def refused(cards: CardReader, office: Office, login: str, material_id: str) -> Code:
    with pytest.raises(Refusal) as told:
        await cards.read(office.actors[login], material_id)
    return told.value.code


def proposals(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["field"]: one for one in view["proposals"] if one["state"] == "open"}


@needs_reader
async def test_a_card_is_proposed_and_the_window_adopts(office: Office, tmp_path: Path) -> None:
    case_id, material_id = await brought(office, tmp_path, identity_card())
    found = await reader(office).read(office.actors[CLERK], material_id)
    assert found.model_dump() == {
        "kind": "identity", "offered": ["new_principal", "new_identity_number"], "same": [],
    }  # fmt: skip
    view = await office.view(case_id)
    assert view["fields"].get("new_principal") is None, "nothing is written by itself"
    there = proposals(view)
    assert there["new_principal"]["value"] == NAME
    assert there["new_identity_number"]["value"] == OTHER_IDENTITY_NUMBER
    assert there["new_principal"]["reason"] == "身份证识读：证件.jpg"
    # what is sensitive leaves the server masked for everybody else
    far = proposals(await office.view(case_id, APPROVER))
    assert OTHER_IDENTITY_NUMBER not in str(far)
    assert far["new_principal"]["value"] == NAME

    await office.do(
        CLERK,
        CaseCloseProposal,
        case_id=case_id,
        proposal_id=there["new_principal"]["id"],
        adopt=True,
    )
    again = await reader(office).read(office.actors[CLERK], material_id)
    assert (again.offered, again.same) == ([], ["new_principal", "new_identity_number"])
    acts = [one["act"] for one in await office.entries(case_id)]
    assert acts.count("material.read_card") == 2
    assert acts.count("case.propose") == 2


@SQLITE_ALONE
@needs_reader
async def test_a_wrong_number_and_a_page_without_one_are_no_card(
    office: Office, tmp_path: Path
) -> None:
    wrong = identity_card("110105194912310021")
    case_id, material_id = await brought(office, tmp_path, wrong)
    assert await refused(reader(office), office, CLERK, material_id) is Code.NO_CARD
    _, page = await brought(office, tmp_path / "pdf", PDF, "空白.pdf")
    assert await refused(reader(office), office, CLERK, page) is Code.NO_CARD
    assert "material.read_card" not in [one["act"] for one in await office.entries(case_id)]
    assert (await office.view(case_id))["proposals"] == []


@SQLITE_ALONE
async def test_only_the_window_has_a_card_read(office: Office, tmp_path: Path) -> None:
    _, material_id = await brought(office, tmp_path, PDF)
    cards = reader(office)
    assert await refused(cards, office, APPROVER, material_id) is Code.NOT_YOURS
    assert await refused(cards, office, THIRD, material_id) is Code.NOT_FOUND
    assert await refused(cards, office, CLERK, "no-such-material") is Code.NOT_FOUND
    missing = reader(office, installed=False)
    assert await refused(missing, office, CLERK, material_id) is Code.NO_CARD_READER


async def test_what_a_form_asks_of_a_card_is_kept_with_its_version(office: Office) -> None:
    view = await office.view(await office.case())
    asked = {one["name"]: one["card"] for one in view["item"]["form"] if one["card"]}
    assert asked == {
        "branch_name": "unit_name", "branch_credit_code": "credit_code",
        "new_principal": "name", "new_identity_number": "identity_number",
    }  # fmt: skip
