"""Forms as JSON Schema: what a document may say, what values break, and the vectors that the page replays."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from server.case.rules import form as rules
from server.case.rules.form import FieldLock, Form, SavedValue
from server.catalogue.rules import blueprint, schema
from server.catalogue.rules import values as values_rules
from server.catalogue.rules.item import Condition, Field, Item, Rule
from server.catalogue.views import form_field, form_rule
from server.demo import data as demo
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

AT: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
TODAY: Final = date(2026, 11, 23)
CLERK: Final = Hand("person-li", "window")
OTHER_CLERK: Final = Hand("person-wang", "window")
APPROVER: Final = Hand("person-zhou", "approver")
FOUNDING: Final = next(one for one in demo.ITEMS if one.id == demo.FOUNDING)
VECTORS: Final = Path(__file__).parents[1] / "vectors"
WHOLE: Final[Mapping[str, str]] = {
    "company_name": "青岛沐川精密仪器有限公司",
    "region": "370211",
    "address": "滨海大道 1 号",
    "capital": "1000000.00",
    "term": "长期",
    "owners": "r1,r2",
    "owners.r1.kind": "自然人",
    "owners.r1.name": "孙雅宁",
    "owners.r1.identity_number": "11010519491231002X",
    "owners.r1.share": "66.67",
    "owners.r2.kind": "单位",
    "owners.r2.name": "济南禾川检测技术有限公司",
    "owners.r2.credit_code": "91370103MA3D7KQ42E",
    "owners.r2.share": "33.33",
    "in_kind": "无",
    "manager": "孙雅宁",
    "contact_phone": "13805316217",
}


def form(values: Mapping[str, str] = WHOLE, item: Item = FOUNDING, **changes: Any) -> Form:
    entries = {
        path: SavedValue(value, 3, CLERK.person_id, AT, "applicant")
        for path, value in values.items()
    }
    start = Form(item.fields, entries, {}, (), False, item.rules, frozenset({"articles"}))
    return replace(start, **changes)


def wrong(values: Mapping[str, str], **changes: Any) -> list[tuple[str, str]]:
    return [(one.place.path, one.why) for one in rules.faults(form(values, **changes), AT)]


CASES: Final[tuple[tuple[str, Mapping[str, str], list[tuple[str, str]]], ...]] = (
    ("whole", {}, []),
    ("a required field is empty", {"address": ""}, [("address", "required")]),
    ("no row", {"owners": ""}, [("owners", "required")]),
    ("a row is empty", {"owners": "r1,r2,r3"}, [
        ("owners.r3.kind", "required"), ("owners.r3.name", "required"), ("owners.r3.share", "required"),
    ]),
    ("rows in another order", {"owners": "r2,r1", "owners.r1.name": "", "owners.r2.name": ""},
     [("owners.r2.name", "required"), ("owners.r1.name", "required")]),
    ("a removed row does not count", {"owners": "r1", "owners.r1.share": "100"}, []),
    ("shares do not make a hundred", {"owners.r2.share": "33.34"}, [("owners", "sums_to")]),
    ("tenths are exact", {
        "owners": "ra,rb,rc", **{f"owners.{row}.kind": "自然人" for row in ("ra", "rb", "rc")},
        **{f"owners.{row}.name": "甲" for row in ("ra", "rb", "rc")},
        **{f"owners.{row}.identity_number": "11010519491231002X" for row in ("ra", "rb", "rc")},
        "owners.ra.share": "0.1", "owners.rb.share": "0.2", "owners.rc.share": "99.7",
    }, []),
    ("another kind of owner asks for another number", {"owners.r1.kind": "单位"},
     [("owners.r1.credit_code", "required")]),
    ("a fixed term asks for its days", {"term": "固定期限"},
     [("begins_on", "required"), ("ends_on", "required")]),
    ("it ends before it begins", {
        "term": "固定期限", "begins_on": "2026-12-01", "ends_on": "2026-11-30",
    }, [("ends_on", "not_before")]),
    ("days that are not there do not count", {"begins_on": "2026-12-01", "ends_on": "2026-11-30"}, []),
    ("it ends on the day it begins", {
        "term": "固定期限", "begins_on": "2026-12-01", "ends_on": "2026-12-01",
    }, []),
    ("goods without a row", {"in_kind": "有"}, [("goods", "required")]),
    ("goods", {"in_kind": "有", "goods": "g1", "goods.g1.name": "车床", "goods.g1.value": "80000.00"}, []),
    ("goods that are not there do not count", {"goods": "g1"}, []),
)  # fmt: skip
SINGLE: Final[tuple[tuple[str, str, str, str | None], ...]] = (
    # path, typed, saved or the rule that it breaks, and the sentence's limit
    ("capital", " 1,000,000 ", "1000000.00", None),
    ("capital", "0.99", "!too_small", "1"),
    ("capital", "1000.001", "!bad_number", None),
    ("capital", "一百万", "!bad_number", None),
    ("capital", "1234567890123456", "!bad_number", None),
    ("staff", "012", "12", None),
    ("staff", "１２", "12", None),
    ("staff", "1.5", "!bad_number", None),
    ("staff", "-1", "!too_small", "0"),
    ("staff", "100001", "!too_large", "100000"),
    ("owners.r1.share", "33.330", "33.33", None),
    ("owners.r1.share", "0", "!too_small", "0.01"),
    ("owners.r1.share", "0.01", "0.01", None),
    ("owners.r1.share", "100.01", "!too_large", "100"),
    ("owners.r1.share", "33.333", "!bad_number", None),
    ("owners.r1.kind", "法人", "!not_a_choice", None),
    ("owners.r1.identity_number", "11010519491231002x", "11010519491231002X", None),
    ("owners.r1.identity_number", "110105194912310021", "!bad_identity_number", None),
    ("owners.r2.credit_code", "91350100M000100Y4Z", "!bad_credit_code", None),
    ("region", "370211", "370211", None),
    ("region", "370200", "!bad_region", None),
    ("region", "110103", "!bad_region", None),
    ("region", "441900", "441900", None),
    ("begins_on", "20261201", "2026-12-01", None),
    ("begins_on", "2026-02-30", "!bad_date", None),
    ("contact_phone", "138 0531 6217", "13805316217", None),
    ("address", "路" * 201, "!too_long", None),
    ("owners", "r1 ,r2", "r1,r2", None),
    ("owners", "r1,r1", "!bad_rows", None),
    ("owners", "R1", "!bad_rows", None),
    ("owners", ",".join(f"r{number}" for number in range(51)), "!too_many_rows", None),
    ("articles", "a.pdf", "!attachment", None),
)


FOREIGN: Final = Condition("origin", ("外资",), outside=True)
OWNERS: Final[tuple[Field, ...]] = (
    Field("origin", "类型", "Origin", "choice", True, choices=("内资", "外资"), group="甲"),
    Field("owners", "股东", "Owners", "group", True, group="甲", max_length=200, columns=(
        Field("kind", "类别", "Kind", "choice", True, choices=("自然人", "单位")),
        Field("licence", "执照", "Licence", "attachment", True, line="licence", when=Condition("kind", ("单位",))),
        Field("passport", "护照", "Passport", "text", True, max_length=20, when=FOREIGN),
        Field("country", "国别", "Country", "text", False, max_length=20, required_when=FOREIGN),
        Field("issued", "签发", "Issued", "text", True, max_length=20, when=Condition("passport")),
    )),
)  # fmt: skip
"""Conditions of a row upon the row and upon the form around it, and a file that rows ask for."""
OWNERS_WHOLE: Final[Mapping[str, str]] = {
    "origin": "内资",
    "owners": "r1,r2",
    "owners.r1.kind": "自然人",
    "owners.r2.kind": "自然人",
}
IN_ROWS: Final[tuple[tuple[str, Mapping[str, str], list[tuple[str, str]]], ...]] = (
    ("nothing more is asked for", {}, []),
    ("only the row of a unit asks for its file", {"owners.r2.kind": "单位"},
     [("owners.r2.licence", "required")]),
    ("the form around asks for more in each row", {"origin": "外资", "owners.r1.country": "德国"}, [
        ("owners.r1.passport", "required"), ("owners.r2.passport", "required"), ("owners.r2.country", "required"),
    ]),
    ("what stands under that follows it", {
        "origin": "外资", "owners": "r2", "owners.r2.country": "德国", "owners.r2.passport": "C01X",
    }, [("owners.r2.issued", "required")]),
    ("and goes with it", {"owners.r2.passport": "C01X"}, []),
    ("without an answer outside nothing is there", {"origin": "", "owners.r2.passport": "C01X"},
     [("origin", "required")]),
)  # fmt: skip


def wrong_rows(changes: Mapping[str, str], attached: frozenset[str]) -> list[tuple[str, str]]:
    found = schema.faults(OWNERS, (), {**OWNERS_WHOLE, **changes}, attached, today=TODAY)
    return [(one.place.path, one.why) for one in found]


@pytest.mark.parametrize("name, changes, expected", IN_ROWS, ids=[one[0] for one in IN_ROWS])
def test_a_row_asks_by_itself_and_by_the_form_around_it(
    name: str, changes: Mapping[str, str], expected: list[tuple[str, str]]
) -> None:
    assert wrong_rows(changes, frozenset()) == expected
    there = [one for one in expected if not one[0].endswith(".licence")]
    assert wrong_rows(changes, frozenset({"licence"})) == there


def test_a_cell_that_a_file_fills_takes_no_value() -> None:
    item = replace(FOUNDING, form=OWNERS, rules=())
    start = form({**OWNERS_WHOLE, "owners.r2.kind": "单位"}, item)
    with pytest.raises(Refusal) as refused:
        rules.edit(start, "owners.r2.licence", "a.pdf", 0, CLERK, at=AT, version=9)
    assert refused.value.details == {"field": "licence", "rule": "attachment"}


@pytest.mark.parametrize("name, changes, expected", CASES, ids=[one[0] for one in CASES])
def test_a_form_is_checked_as_a_whole(
    name: str, changes: Mapping[str, str], expected: list[tuple[str, str]]
) -> None:
    assert wrong({**WHOLE, **changes}) == expected


@pytest.mark.parametrize("path, typed, expected, limit", SINGLE)
def test_one_value_is_checked(path: str, typed: str, expected: str, limit: str | None) -> None:
    known = FOUNDING.field(path)
    assert known is not None
    if not expected.startswith("!"):
        assert values_rules.checked(known, typed, AT) == expected
        return
    with pytest.raises(Refusal) as refused:
        values_rules.checked(known, typed, AT)
    details = refused.value.details
    assert (refused.value.code, details["rule"]) == (Code.FIELD_INVALID, expected[1:])
    if limit:
        assert limit in (details.get("minimum"), details.get("maximum"))


def test_the_page_replays_the_same_values() -> None:
    """Writes the vectors for web/src/record/rules/form/forms.test.ts."""
    VECTORS.mkdir(exist_ok=True)
    told: dict[str, Any] = {
        "subject": "form",
        "today": TODAY.isoformat(),
        "form": [form_field(one).model_dump(mode="json") for one in FOUNDING.form],
        "rules": [form_rule(one).model_dump(mode="json") for one in FOUNDING.rules],
        "attached": ["articles"],
        "whole": [
            {
                "name": name,
                "values": {**WHOLE, **changes},
                "faults": [list(one) for one in wrong({**WHOLE, **changes})],
                "places": [one.path for one in schema.places(FOUNDING.form, {**WHOLE, **changes})],
            }
            for name, changes, _ in CASES
        ],
        "single": [
            {"path": path, "typed": typed, "expected": expected}
            for path, typed, expected, _ in SINGLE
        ],
    }
    rows = {
        **told,
        "form": [form_field(one).model_dump(mode="json") for one in OWNERS],
        "rules": [],
        "attached": [],
        "whole": [
            {
                "name": name,
                "values": {**OWNERS_WHOLE, **changes},
                "faults": [list(one) for one in wrong_rows(changes, frozenset())],
                "places": [one.path for one in schema.places(OWNERS, {**OWNERS_WHOLE, **changes})],
            }
            for name, changes, _ in IN_ROWS
        ],
        "single": [{"path": "owners.r1.licence", "typed": "a.pdf", "expected": "!attachment"}],
    }
    (VECTORS / "forms.json").write_text(json.dumps([told, rows], ensure_ascii=False), "utf-8")
    assert (len(told["whole"]), len(rows["whole"])) == (len(CASES), len(IN_ROWS))


def test_an_attachment_is_filled_by_a_stored_file() -> None:
    assert wrong(WHOLE, attached=frozenset()) == [("articles", "required")]
    with pytest.raises(Refusal) as refused:
        rules.edit(form(), "articles", "x", 0, CLERK, at=AT, version=9)
    assert refused.value.details == {"field": "articles", "rule": "attachment"}


def test_rows_are_added_moved_and_removed_by_their_list() -> None:
    start = form()
    moved = rules.edit(start, "owners", "r2,r1", 3, CLERK, at=AT, version=9)
    assert moved.entries["owners"] == SavedValue("r2,r1", 9, CLERK.person_id, AT, "applicant")
    more = rules.edit(start, "owners", "r1,r2,r3", 3, CLERK, at=AT, version=9)
    filled = rules.edit(more, "owners.r3.name", "周", 0, CLERK, at=AT, version=10)
    assert filled.entries["owners.r3.name"].value == "周"
    with pytest.raises(Refusal) as refused:
        rules.edit(start, "owners.r3.name", "周", 0, CLERK, at=AT, version=9)
    assert refused.value.code is Code.FIELD_UNKNOWN
    for path in ("owners.r1.nothing", "owners.r1", "nothing.r1.name", "address.r1.name"):
        with pytest.raises(Refusal) as refused:
            rules.edit(start, path, "周", 0, CLERK, at=AT, version=9)
        assert refused.value.code is Code.FIELD_UNKNOWN


def test_two_people_fill_different_rows_and_no_row_goes_from_under_a_hand() -> None:
    held = rules.hold(form(), "owners.r2.name", OTHER_CLERK, at=AT)
    mine = rules.edit(held, "owners.r1.name", "孙宁", 3, CLERK, at=AT, version=9)
    theirs = rules.edit(mine, "owners.r2.name", "禾川", 3, OTHER_CLERK, at=AT, version=10)
    assert (theirs.entries["owners.r1.name"].version, theirs.entries["owners.r2.name"].version) == (
        9,
        10,
    )
    with pytest.raises(Refusal) as refused:
        rules.edit(held, "owners", "r1", 3, CLERK, at=AT, version=9)
    assert refused.value.code is Code.FIELD_HELD
    assert refused.value.details["field"] == "owners.r2.name"
    assert rules.edit(held, "owners", "r2", 3, CLERK, at=AT, version=9)
    late = replace(held, holds={"owners.r2.name": FieldLock(OTHER_CLERK.person_id, AT)})
    assert rules.edit(late, "owners", "r1", 3, CLERK, at=AT, version=9)


def test_a_rule_is_told_at_its_field_alone() -> None:
    fixed = {**WHOLE, "term": "固定期限", "begins_on": "2026-12-01", "ends_on": "2027-12-01"}
    with pytest.raises(Refusal) as refused:
        rules.edit(form(fixed), "ends_on", "2026-11-30", 3, CLERK, at=AT, version=9)
    assert refused.value.details == {"field": "ends_on", "rule": "not_before", "other": "begins_on"}
    with pytest.raises(Refusal):
        rules.propose(form(fixed), "p1", "ends_on", "20261130", "", APPROVER, at=AT, version=9)
    later = rules.edit(form(fixed), "begins_on", "2028-01-01", 3, CLERK, at=AT, version=9)
    assert [(one.place.path, one.why) for one in rules.faults(later, AT)] == [
        ("ends_on", "not_before")
    ]
    with pytest.raises(Refusal) as refused:
        rules.propose(form(), "p1", "owners", "r1", "", APPROVER, at=AT, version=9)
    assert refused.value.code is Code.NOT_YOURS


# ---------------------------------------------------------------- documents


def document(item: Item = FOUNDING) -> dict[str, Any]:
    return json.loads(json.dumps(schema.document(item.form_title, item.form, item.rules)))  # type: ignore[no-any-return]


def faults_of(told: Any) -> list[tuple[str, str]]:
    found, faults = blueprint.read(told, [line.key for line in FOUNDING.lines], AT)
    assert (found is None) is bool(faults)
    return [(one.pointer, one.why) for one in faults]


@pytest.mark.parametrize("item", demo.ITEMS, ids=[one.name for one in demo.ITEMS])
def test_what_is_written_is_read_again(item: Item) -> None:
    told = document(item)
    Draft202012Validator.check_schema(told["schema"])
    found, faults = blueprint.read(told, [line.key for line in item.lines], AT)
    assert faults == []
    assert found is not None
    assert (found.title, found.rules) == (item.form_title, item.rules)
    kept = [
        replace(one, max_length=200) if one.kind not in ("text", "long_text") else one
        for one in item.form
    ]
    columns = [
        replace(
            one,
            columns=tuple(
                replace(cell, max_length=200) if cell.kind not in ("text", "long_text") else cell
                for cell in one.columns
            ),
        )
        for one in kept
    ]
    assert list(found.fields) == columns
    assert schema.document(found.title, found.fields, found.rules) == told


def broken(change: Any) -> list[tuple[str, str]]:
    told = copy.deepcopy(document())
    change(told)
    return faults_of(told)


PROPERTIES = "/schema/properties"


def at(*path: str | int, value: Any = None, gone: bool = False) -> Any:
    def change(told: Any) -> None:
        for part in path[:-1]:
            told = told[part]
        if gone:
            del told[path[-1]]
        elif isinstance(told, list):
            told.append(value)
        else:
            told[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change, pointer, why",
    [
        (at("schema", "title", gone=True), "/schema", "missing"),
        (at("schema", "properties", "address", "colour", value="red"), f"{PROPERTIES}/address/colour", "unknown_word"),
        (at("schema", "properties", "address", "maxLength", value="many"), f"{PROPERTIES}/address/maxLength", "shape"),
        (at("schema", "properties", "address", "minimum", value=1), f"{PROPERTIES}/address/minimum", "unknown_word"),
        (at("schema", "properties", "staff", "minimum", value=200000), f"{PROPERTIES}/staff/minimum", "bad_limits"),
        (at("schema", "properties", "capital", "examples", value=["很多"]), f"{PROPERTIES}/capital/examples", "bad_example"),
        (at("schema", "properties", "region", "type", value="array"), f"{PROPERTIES}/region", "bad_kind"),
        (at("schema", "properties", "articles", "x-line", value="nothing"), f"{PROPERTIES}/articles/x-line", "unknown_line"),
        (at("schema", "properties", "Name", value={"title": "甲", "type": "string"}), f"{PROPERTIES}/Name", "bad_name"),
        (at("schema", "properties", "more", value={"title": "甲", "type": "string"}), f"{PROPERTIES}/more", "not_placed"),
        (at("schema", "required", 0, value="nothing"), "/schema/required/10", "unknown_field"),
        (at("schema", "required", 0, value="ends_on"), "/schema/required/10", "bad_condition"),
        (at("schema", "allOf", 0, "if", "properties", "term", "enum", 0, value="永久"), "/schema/allOf/0/then/required/0", "bad_condition"),
        (at("presentation", "fields", "ends_on", "when", "is", 0, value="永久"), "/presentation/fields/ends_on/when", "bad_condition"),
        (at("presentation", "fields", "term", value={"when": {"field": "begins_on", "filled": True}}), "/presentation/fields/term/when", "cycle"),
        (at("presentation", "fields", "nothing", value={}), "/presentation/fields/nothing", "unknown_field"),
        (at("presentation", "sections", 0, "fields", 0, value="owners"), "/presentation/sections/2/fields/0", "twice"),
        (at("schema", "x-rules", 0, value={"rule": "not_before", "field": "ends_on"}), "/schema/x-rules/2", "missing"),
        (at("schema", "x-rules", 0, value={"rule": "not_more", "field": "ends_on", "other": "staff"}), "/schema/x-rules/2", "bad_rule"),
        (at("schema", "x-rules", 0, value={"rule": "sums_to", "group": "owners", "column": "name", "total": 1}), "/schema/x-rules/2", "bad_rule"),
        (at("schema", "properties", "owners", "items", "properties", "inner", value={"title": "甲", "type": "array", "items": {"type": "object", "properties": {}}}), f"{PROPERTIES}/owners/items/properties/inner", "bad_kind"),
        (at("schema", "properties", "owners", "items", "properties", "n" * 45, value={"title": "甲", "type": "string"}), f"{PROPERTIES}/owners/items/properties/{'n' * 45}", "bad_name"),
        (at("schema", "properties", "owners", "minItems", value=50), None, None),
    ],
)  # fmt: skip
def test_a_document_is_refused_at_its_place(
    change: Any, pointer: str | None, why: str | None
) -> None:
    found = broken(change)
    if pointer is None:
        assert found == []
    else:
        assert (pointer, why) in found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema", "presentation", "properties", "x", "type", "title"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=10,
    )
)
def test_any_json_is_read_or_refused(told: Any) -> None:
    assert faults_of(told)


def owners() -> Any:
    return json.loads(json.dumps(schema.document("股东", OWNERS, ())))


def test_conditions_of_rows_are_written_and_read_again() -> None:
    told = owners()
    Draft202012Validator.check_schema(told["schema"])
    assert told["schema"]["allOf"] == [
        {
            "if": {"properties": {"origin": {"enum": ["外资"]}}, "required": ["origin"]},
            "then": {"properties": {"owners": {"items": {"required": ["passport", "country"]}}}},
        }
    ]
    found, faults = blueprint.read(told, ["licence"], AT)
    assert faults == []
    assert found is not None
    kept = [replace(cell, max_length=20) for cell in OWNERS[1].columns]
    assert [replace(cell, max_length=20) for cell in found.fields[1].columns] == kept
    assert Field.of_body(json.loads(json.dumps(asdict(found.fields[1])))) == found.fields[1]


_ROWS = "/schema/properties/owners/items"
_THEN: Final = ("schema", "allOf", 0, "then", "properties")
_IN = "/presentation/fields/owners/fields"


@pytest.mark.parametrize(
    "change, pointer, why",
    [
        (at("presentation", "fields", "origin", value={"when": {"field": "origin", "filled": True, "outside": True}}), "/presentation/fields/origin/when", "bad_condition"),
        (at("presentation", "fields", "owners", "fields", "passport", "when", "field", value="nothing"), f"{_IN}/passport/when", "unknown_field"),
        (at("presentation", "fields", "owners", "fields", "passport", "when", "field", value="owners"), f"{_IN}/passport/when", "bad_condition"),
        (at("presentation", "fields", "owners", "fields", "passport", "when", "is", 0, value="合资"), f"{_IN}/passport/when", "bad_condition"),
        (at("presentation", "fields", "owners", "fields", "passport", "when", "outside", gone=True), f"{_IN}/passport/when", "unknown_field"),
        (at("presentation", "fields", "owners", "fields", "licence", "when", "field", value="licence"), f"{_IN}/licence/when", "bad_condition"),
        (at("schema", "properties", "owners", "items", "properties", "licence", "x-line", value="nothing"), f"{_ROWS}/properties/licence/x-line", "unknown_line"),
        (at(*_THEN, "nobody", value={"items": {"required": ["kind"]}}), "/schema/allOf/0/then/properties/nobody", "unknown_field"),
        (at(*_THEN, "origin", value={"items": {"required": ["kind"]}}), "/schema/allOf/0/then/properties/origin", "unknown_field"),
        (at(*_THEN, "owners", "items", "required", 0, value="nothing"), "/schema/allOf/0/then/properties/owners/items/required/2", "unknown_field"),
        (at(*_THEN, "owners", "items", "required", 0, value="country"), "/schema/allOf/0/then/properties/owners/items/required/2", "twice"),
        (at(*_THEN, "owners", "items", "minItems", value=1), "/schema/allOf/0/then/properties/owners/items/minItems", "unknown_word"),
        (at("schema", "properties", "owners", "items", "allOf", 0, "then", "properties", value={}), f"{_ROWS}/allOf/0/then/properties", "unknown_word"),
        (at("schema", "allOf", 0, "then", value={}), "/schema/allOf/0/then", "shape"),
    ],
)  # fmt: skip
def test_a_condition_of_rows_is_refused_at_its_place(change: Any, pointer: str, why: str) -> None:
    told = owners()
    change(told)
    found, faults = blueprint.read(told, ["licence"], AT)
    assert found is None
    assert (pointer, why) in [(one.pointer, one.why) for one in faults]


def test_a_field_may_be_there_always_and_required_sometimes() -> None:
    fields = (
        Field("way", "方式", "方式", "choice", True, choices=("邮寄", "自取"), group="甲"),
        Field(
            "address",
            "地址",
            "地址",
            "text",
            False,
            group="甲",
            required_when=Condition("way", ("邮寄",)),
        ),
        Field("note", "说明", "说明", "text", False, group="甲", when=Condition("address")),
    )
    told = json.loads(json.dumps(schema.document("表", fields, ())))
    found, faults = blueprint.read(told, (), AT)
    assert faults == []
    assert found is not None
    assert found.fields == fields
    assert [one.path for one in schema.places(fields, {"address": "x"})] == [
        "way",
        "address",
        "note",
    ]
    empty = schema.faults(fields, (), {"way": "邮寄"}, frozenset(), today=TODAY)
    assert [(one.place.path, one.why) for one in empty] == [("address", "required")]
    assert schema.faults(fields, (), {"way": "自取"}, frozenset(), today=TODAY) == []


def test_numbers_are_compared_as_decimals() -> None:
    assert not schema.breaks(Rule("not_more", "a", "b"), "9.5", "10")
    assert schema.breaks(Rule("not_more", "a", "b"), "10.01", "10")
    assert schema.breaks(Rule("different", "a", "b"), "甲", "甲")


@pytest.mark.parametrize(
    ("field", "word", "faults"),
    [
        ("manager", "name", []),
        ("manager", "representative", []),
        ("manager", "birth_date", ["bad_kind"]),
        ("contact_phone", "name", ["bad_kind"]),
        ("capital", "credit_code", ["bad_kind"]),
        ("manager", "blood_group", ["shape"]),
    ],
)
def test_a_field_asks_of_a_card_what_its_kind_can_take(
    field: str, word: str, faults: list[str]
) -> None:
    document = schema.document(FOUNDING.form_title, FOUNDING.form, FOUNDING.rules)
    document["presentation"]["fields"].setdefault(field, {})["card"] = word
    lines = [line.key for line in FOUNDING.lines]
    read, told = blueprint.read(document, lines, AT)
    assert [one.why for one in told] == faults
    if read is not None:
        assert {one.name: one.card for one in read.fields if one.card} == {field: word}
        again = schema.document(read.title, read.fields, read.rules)
        assert again["presentation"]["fields"][field]["card"] == word
