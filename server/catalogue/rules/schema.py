"""A form as JSON Schema (2020-12, a subset) with a small presentation beside it.

    {"schema": {...}, "presentation": {"sections": [...], "fields": {...}}}

The schema says what a value must be; the presentation how it is asked for: sections and their
order, what is shown only when another field has a value, 填报须知, example, English label. Fields
of an item and such a document say the same: ``document`` writes one, ``server.catalogue.rules.blueprint``
reads one. Values are checked here, by the library jsonschema, with the formats of this house and
two words of its own: ``x-rules`` (rules between fields) and ``x-line`` (the material line of an
attachment). Pure; the page checks by the same fields, and both replay the same vectors.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, get_args

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from jsonschema.protocols import Validator

from server.catalogue.rules.item import Condition, Field, Rule, RuleKind
from server.standards import identifiers, regions
from signaling.refusals import Refusal

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
Broken = Literal[
    "too_long", "not_a_choice", "too_small", "too_large", "bad_number", "too_many_rows", "bad_rows",
    "attachment",
]  # fmt: skip
"""What a single value can break besides the rules of its format."""
FORMATS: Final[Mapping[str, str]] = {
    "date": "date",
    "identity_number": "identity-number",
    "credit_code": "credit-code",
    "phone": "phone",
    "money": "money",
    "attachment": "attachment",
}
REGION_FORMATS: Final[Mapping[int, str]] = {1: "region-province", 2: "region-city", 3: "region"}
ROW: Final = {"type": "string", "pattern": "^[a-z0-9]{2,12}$"}


@dataclass(frozen=True)
class Place:
    """A field as it stands in a form: by its path, and for a cell the number of its row from 1."""

    path: str
    field: Field
    group: Field | None = None
    row: int = 0

    @property
    def label(self) -> str:
        return (
            f"{self.group.label}（{self.row}）{self.field.label}"
            if self.group
            else self.field.label
        )


@dataclass(frozen=True)
class ValueFault:
    """What is wrong at a place; ``why`` is required, too_few_rows, a RuleKind or what ``broken`` says."""

    place: Place
    why: str
    rule: Rule | None = None


def places(fields: Iterable[Field], values: Mapping[str, str]) -> list[Place]:
    """The fields that are there now, in their order: a group before its cells, row by row.

    A field with a condition is there while the field that it asks for is there and has the value.
    """
    form = {one.name: one for one in fields}
    there: list[Place] = []
    for field in form.values():
        if not _is_there(field, form, values, "", form):
            continue
        there.append(Place(field.name, field))
        columns = {one.name: one for one in field.columns}
        for number, row in enumerate(_rows(values.get(field.name, "")), 1):
            prefix = f"{field.name}.{row}."
            there += [
                Place(f"{prefix}{column.name}", column, field, number)
                for column in field.columns
                if _is_there(column, columns, values, prefix, form)
            ]
    return there


def _holds(
    condition: Condition,
    beside: Mapping[str, Field],
    values: Mapping[str, str],
    prefix: str,
    form: Mapping[str, Field],
) -> bool:
    """Whether a condition holds among the fields ``beside`` it, of a row under ``prefix``, or in the
    ``form`` around it."""
    if condition.outside:
        beside, prefix = form, ""
    asked = beside.get(condition.field)
    if asked is None or not _is_there(asked, beside, values, prefix, form):
        return False
    value = values.get(prefix + asked.name, "")
    return bool(value) and (not condition.values or value in condition.values)


def _is_there(
    field: Field,
    beside: Mapping[str, Field],
    values: Mapping[str, str],
    prefix: str,
    form: Mapping[str, Field],
) -> bool:
    return field.when is None or _holds(field.when, beside, values, prefix, form)


def broken(field: Field, canonical: str) -> Broken | None:
    """What one canonical value breaks of its field's schema, besides its format."""
    return _one_value(field)(canonical)


def breaks(rule: Rule, value: str, other: str) -> bool:
    """Whether a value breaks a rule against the value of the other field; an empty one breaks none."""
    if not value or not other:
        return False
    match rule.kind:
        case "not_before":
            return value < other
        case "not_more":
            return Decimal(value) > Decimal(other)
        case "different":
            return value == other
        case "sums_to":
            return False


def faults(
    fields: tuple[Field, ...],
    rules: tuple[Rule, ...],
    values: Mapping[str, str],
    attached: Set[str],
    *,
    today: date,
) -> list[ValueFault]:
    """All that is wrong with these canonical values by the form's JSON Schema, in its order.

    ``values`` are by path; ``attached`` are the material lines of which something is stored.
    """
    there = places(fields, values)
    instance, paths = _instance(there, values, attached)
    checker = _form(fields, rules).evolve(format_checker=_formats(today))
    order = {place.path: number for number, place in enumerate(there)}
    found = [_fault(error, paths, there, order) for error in checker.iter_errors(instance)]
    return sorted(found, key=lambda one: (order[one.place.path], one.why))


def document(title: str, fields: tuple[Field, ...], rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The form as schema and presentation, as an administrator edits it."""
    sections: list[dict[str, Any]] = []
    for field in fields:
        if not sections or sections[-1]["title"] != field.group:
            sections.append({"title": field.group, "fields": []})
        sections[-1]["fields"].append(field.name)
    shown = {one.name: found for one in fields if (found := _shown(one))}
    return {
        "schema": {"$schema": DIALECT, "title": title, **_object(fields, rules)},
        "presentation": {"sections": sections, "fields": shown},
    }


def _shown(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {
        "label_en": field.label_en if field.label_en != field.label else "",
        "sensitive": field.sensitive,
        "widget": "textarea" if field.kind == "long_text" else "",
        "unit": field.unit,
        "card": field.card,
        "when": field.when and _condition(field.when),
        "fields": {one.name: found for one in field.columns if (found := _shown(one))},
    }
    return {name: value for name, value in told.items() if value}


def _condition(condition: Condition) -> dict[str, Any]:
    asked = {"is": list(condition.values)} if condition.values else {"filled": True}
    return {"field": condition.field, **asked, **({"outside": True} if condition.outside else {})}


def _object(fields: Iterable[Field], rules: Iterable[Rule]) -> dict[str, Any]:
    fields = tuple(fields)
    conditional: dict[Condition, dict[str, list[str]]] = {}
    for field, group in _with_cells(fields):
        condition = field.required_when or (field.when if field.required else None)
        # Of a column that asks outside of its row, the clause stands outside of it too.
        if condition and condition.outside is bool(group):
            conditional.setdefault(condition, {}).setdefault(group, []).append(field.name)
    always = [one.name for one in fields if one.required and not one.when]
    told = [_rule(one) for one in rules]
    return {
        "type": "object",
        "properties": {one.name: _property(one) for one in fields},
        "additionalProperties": False,
        **({"required": always} if always else {}),
        **(
            {
                "allOf": [
                    {"if": _if(condition), "then": _then(names)}
                    for condition, names in conditional.items()
                ]
            }
            if conditional
            else {}
        ),
        **({"x-rules": told} if told else {}),
    }


def _with_cells(fields: Iterable[Field]) -> Iterator[tuple[Field, str]]:
    """Each field, and each column with the name of its group."""
    for field in fields:
        yield field, ""
        for column in field.columns:
            yield column, field.name


def _then(names: Mapping[str, list[str]]) -> dict[str, Any]:
    """What is required: the names of fields, and under a group's name those of its columns."""
    rows = {group: {"items": {"required": of}} for group, of in names.items() if group}
    return {
        **({"required": names[""]} if "" in names else {}),
        **({"properties": rows} if rows else {}),
    }


def _if(condition: Condition) -> dict[str, Any]:
    asked = {"required": [condition.field]}
    if not condition.values:
        return asked
    return {"properties": {condition.field: {"enum": list(condition.values)}}, **asked}


def _rule(rule: Rule) -> dict[str, Any]:
    match rule.kind:
        case "sums_to":
            return {
                "rule": "sums_to",
                "group": rule.field,
                "column": rule.other,
                "total": _number(rule.total),
            }
        case _:
            return {"rule": rule.kind, "field": rule.field, "other": rule.other}


def _property(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"title": field.label}
    match field.kind:
        case "text" | "long_text":
            told |= {"type": "string", "maxLength": field.max_length}
        case "choice":
            told |= {"type": "string", "enum": list(field.choices)}
        case "number":
            told |= {"type": "number"} if field.decimals else {"type": "integer"}
            if field.decimals:
                told["multipleOf"] = _number(f"0.{'0' * (field.decimals - 1)}1")
        case "money":
            told |= {"type": "number", "format": "money"}
        case "region":
            told |= {"type": "string", "format": REGION_FORMATS[field.level]}
        case "attachment":
            told |= {"type": "array", "format": "attachment", "x-line": field.line}
        case "group":
            told |= {"type": "array", "items": _object(field.columns, field.rules)}
            told |= {"minItems": field.min_rows} if field.min_rows else {}
            told["maxItems"] = field.max_rows
        case "date" | "identity_number" | "credit_code" | "phone":
            told |= {"type": "string", "format": FORMATS[field.kind]}
    if field.minimum:
        told["minimum"] = _number(field.minimum)
    if field.maximum:
        told["maximum"] = _number(field.maximum)
    if field.hint:
        told["description"] = field.hint
    if field.example:
        told["examples"] = [field.example]
    return told


def _number(text: str) -> int | float:
    """A canonical number as JSON writes it; both are exact up to 15 digits."""
    return float(text) if "." in text else int(text)


# ---------------------------------------------------------------- checking


def _required(_: Validator, names: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """As the standard has it; the error stands at the missing member."""
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError("required", path=[name], validator="required")


def _rules(_: Validator, rules: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    for told in rules:
        rule = rule_of(told)
        if rule.kind == "sums_to":
            rows = instance.get(rule.field, [])
            numbers = [Decimal(str(row[rule.other])) for row in rows if rule.other in row]
            wrong = bool(rows) and sum(numbers) != Decimal(rule.total)
        else:
            mine, other = (str(instance.get(name, "")) for name in (rule.field, rule.other))
            wrong = breaks(rule, mine, other)
        if wrong:
            yield ValidationError(rule.kind, path=[rule.field], validator="x-rules", instance=rule)


def rule_of(told: Mapping[str, Any]) -> Rule:
    """A rule as ``x-rules`` writes it."""
    if told["rule"] == "sums_to":
        return Rule("sums_to", told["group"], told["column"], str(told["total"]))
    return Rule(told["rule"], told["field"], told["other"])


def _bound(over: Callable[[Decimal, Decimal], bool]) -> Any:
    """Bounds by decimals: a float would find 0.1 smaller than 0.1."""

    def check(_: Validator, bound: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(instance, int | Decimal) and over(Decimal(instance), Decimal(str(bound))):
            yield ValidationError("out of bounds")

    return check


_CHECKER: Final[Callable[[Any], Validator]] = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        "required": _required,
        "x-rules": _rules,
        "minimum": _bound(lambda value, bound: value < bound),
        "maximum": _bound(lambda value, bound: value > bound),
        "multipleOf": _bound(lambda value, step: value % step != 0),
    },
)
RULES: Final[tuple[str, ...]] = get_args(RuleKind)


def _formats(today: date) -> FormatChecker:
    """The formats that a form may name; a value that ``identifiers`` refuses is not in its format."""
    checker = FormatChecker(formats=())
    reads: dict[str, Callable[[str], str]] = {
        "date": identifiers.day,
        "identity-number": lambda text: identifiers.identity_number(text, today=today),
        "credit-code": identifiers.credit_code,
        "phone": identifiers.phone,
        "region-province": lambda text: regions.region(text, 1),
        "region-city": lambda text: regions.region(text, 2),
        "region": lambda text: regions.region(text, 3),
    }
    for name, read in reads.items():
        checker.checks(name, raises=Refusal)(lambda text, read=read: bool(read(text)))
    checker.checks("money")(lambda value: Decimal(str(value)) * 100 % 1 == 0)
    return checker


@lru_cache(maxsize=256)
def _form(fields: tuple[Field, ...], rules: tuple[Rule, ...]) -> Validator:
    return _CHECKER(_object(fields, rules))


@lru_cache(maxsize=4096)
def _one_value(field: Field) -> Callable[[str], Broken | None]:
    told = _property(field)
    if field.kind == "group":
        told["items"], told["uniqueItems"] = ROW, True
        told.pop("minItems", None)
    checker = _CHECKER(told)

    def check(canonical: str) -> Broken | None:
        error = next(checker.iter_errors(_json(field, canonical)), None)
        return None if error is None else _BROKEN.get(str(error.validator), "bad_rows")

    return check


_BROKEN: Final[Mapping[str, Broken]] = {
    "maxLength": "too_long",
    "enum": "not_a_choice",
    "minimum": "too_small",
    "maximum": "too_large",
    "multipleOf": "bad_number",
    "maxItems": "too_many_rows",
    "type": "attachment",
}


def _json(field: Field, canonical: str) -> Any:
    match field.kind:
        case "number" | "money":
            return Decimal(canonical) if "." in canonical else int(canonical)
        case "group":
            return _rows(canonical)
        case _:
            return canonical


def _rows(value: str) -> list[str]:
    return [row for row in value.split(",") if row]


def _instance(
    there: Iterable[Place], values: Mapping[str, str], attached: Set[str]
) -> tuple[dict[str, Any], dict[tuple[str, int], str]]:
    """The values as JSON, and the ids of rows by group and index."""
    instance: dict[str, Any] = {}
    rows: dict[tuple[str, int], str] = {}
    for place in there:
        field, value = place.field, values.get(place.path, "")
        holder = instance[place.group.name][place.row - 1] if place.group else instance
        if field.kind == "attachment":
            if field.line in attached:
                holder[field.name] = [field.line]
        elif field.kind == "group" and value:
            ids = _rows(value)
            rows |= {(field.name, number): row for number, row in enumerate(ids)}
            instance[field.name] = [{} for _ in ids]
        elif value:
            holder[field.name] = _json(field, value)
    return instance, rows


def _fault(
    error: ValidationError,
    rows: Mapping[tuple[str, int], str],
    there: Iterable[Place],
    order: Mapping[str, int],
) -> ValueFault:
    name, *below = error.absolute_path
    path = str(name)
    if below:
        number, *column = below
        path = ".".join([path, rows[path, int(number)], *map(str, column)])
    place = next(one for one in there if one.path == path)
    match error.validator:
        case "required":
            return ValueFault(place, "required")
        case "minItems":
            return ValueFault(place, "too_few_rows")
        case "x-rules" if isinstance(error.instance, Rule):
            return ValueFault(place, error.instance.kind, error.instance)
        case "format":
            return ValueFault(place, _FORMAT_FAULTS.get(place.field.kind, "bad_number"))
        case other:
            return ValueFault(place, _BROKEN.get(str(other), "bad_rows"))


_FORMAT_FAULTS: Final[Mapping[str, str]] = {
    "date": "bad_date",
    "identity_number": "bad_identity_number",
    "credit_code": "bad_credit_code",
    "phone": "bad_phone",
    "region": "bad_region",
}
