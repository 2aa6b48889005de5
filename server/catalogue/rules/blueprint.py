"""An administrator's form document, read into the fields of an item or told why it cannot be.

What may stand in a document at all is told by ``server.catalogue.rules.shape``
(``server.catalogue.rules.schema`` writes one). Every fault names its place as a JSON pointer (RFC 6901), so
that an editor can show it in its line. Pure.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from server.catalogue.rules import values as values_rules
from server.catalogue.rules.item import Condition, Field, Kind, Rule
from server.catalogue.rules.schema import rule_of
from server.catalogue.rules.shape import (
    COLUMNS_AT_MOST,
    FIELDS_AT_MOST,
    KINDS,
    ShapeFault,
    Why,
    misshapen,
    pointer_of,
)
from server.standards.regions import Level
from signaling.refusals import Refusal

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_PATH_AT_MOST: Final = 50
"""Of a group's and its column's name together, so that a cell's path is at most 64 characters."""
_LEVELS: Final[Mapping[str, Level]] = {
    "region-province": 1,
    "region-city": 2,
    "region": 3,
}


@dataclass(frozen=True)
class Blueprint:
    """A form as an item takes it."""

    title: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]


def read(
    document: Any, lines: Collection[str], at: datetime
) -> tuple[Blueprint | None, list[ShapeFault]]:
    """The form of a document, or every fault that it has; ``lines`` are the keys of the item's
    material list, ``at`` is today, by which examples are checked."""
    faults = list(misshapen(document))
    if faults:
        return None, faults
    reading = _Reading(document, frozenset(lines), at)
    blueprint = reading.blueprint()
    return (None, reading.faults) if reading.faults else (blueprint, [])


@dataclass
class _Reading:
    """One well-shaped document while its meaning is read: faults gather."""

    document: Mapping[str, Any]
    lines: frozenset[str]
    at: datetime
    faults: list[ShapeFault] = field(default_factory=list)

    def blueprint(self) -> Blueprint:
        schema, presentation = self.document["schema"], self.document["presentation"]
        shown = presentation.get("fields", {})
        fields, told = self._fields(schema, shown, "/schema", "/presentation/fields")
        ordered = self._placed(fields, presentation["sections"])
        if not 0 < len(fields) <= FIELDS_AT_MOST:
            self._fault("/schema/properties", "too_many" if fields else "missing", "")
        return Blueprint(schema["title"].strip(), ordered, told)

    def _fault(self, pointer: str, why: Why, name: str = "") -> None:
        self.faults.append(ShapeFault(pointer, why, name))

    def _fields(
        self,
        told: Mapping[str, Any],
        shown: Mapping[str, Any],
        at: str,
        shown_at: str,
        group: str = "",
    ) -> tuple[dict[str, Field], tuple[Rule, ...]]:
        fields: dict[str, Field] = {}
        for name, one in told["properties"].items():
            where = f"{at}/properties{pointer_of(name)}"
            if not _NAME.fullmatch(name) or (group and len(group) + len(name) > _PATH_AT_MOST):
                self._fault(where, "bad_name", name)
            found = self._field(
                name, one, shown.get(name, {}), where, f"{shown_at}{pointer_of(name)}", group
            )
            if found:
                fields[name] = found
        if group and len(fields) > COLUMNS_AT_MOST:
            self._fault(f"{at}/properties", "too_many", group)
        for name in shown:
            if name not in told["properties"]:
                self._fault(f"{shown_at}{pointer_of(name)}", "unknown_field", name)
        self._required(told, fields, at)
        self._conditions(fields, at, shown_at, in_row=bool(group))
        known = tuple(
            rule
            for number, one in enumerate(told.get("x-rules", ()))
            if (rule := self._rule(one, fields, f"{at}/x-rules/{number}"))
        )
        return fields, known

    def _field(
        self,
        name: str,
        told: Mapping[str, Any],
        shown: Mapping[str, Any],
        at: str,
        shown_at: str,
        group: str,
    ) -> Field | None:
        kind = _kind(told, shown)
        if kind is None or (group and kind == "group"):
            self._fault(at, "bad_kind", name)
            return None
        allowed = {"title", "type", "description", "examples", *_WORDS[kind]}
        for word in sorted(told.keys() - allowed):
            self._fault(f"{at}{pointer_of(word)}", "unknown_word", word)
        limits = {word: _canonical(told[word]) for word in ("minimum", "maximum") if word in told}
        step = str(Decimal(str(told.get("multipleOf", 1))).normalize().as_tuple().exponent)
        found = Field(
            name=name,
            label=told["title"].strip(),
            label_en=shown.get("label_en", "") or told["title"].strip(),
            kind=kind,
            required=False,
            sensitive=shown.get("sensitive", False),
            choices=tuple(told.get("enum", ())),
            hint=told.get("description", ""),
            example=next(iter(told.get("examples", ())), ""),
            max_length=told.get("maxLength", 200),
            unit=shown.get("unit", ""),
            decimals=(-int(step) or 6) if told["type"] == "number" and kind == "number" else 0,
            level=_LEVELS.get(told.get("format", ""), 3),
            line=told.get("x-line", ""),
            when=_condition(shown.get("when")),
            card=shown.get("card", ""),
            minimum=limits.get("minimum", ""),
            maximum=limits.get("maximum", ""),
        )
        if found.card and kind not in _CARDKINDS.get(found.card, ("text", "long_text")):
            self._fault(f"{shown_at}/card", "bad_kind", name)
        if kind == "attachment" and found.line not in self.lines:
            self._fault(f"{at}/x-line" if "x-line" in told else at, "unknown_line", found.line)
        if limits.keys() == {"minimum", "maximum"} and Decimal(found.minimum) > Decimal(
            found.maximum
        ):
            self._fault(f"{at}/minimum", "bad_limits", name)
        if kind == "group":
            columns, within = self._fields(
                told["items"], shown.get("fields", {}), f"{at}/items", f"{shown_at}/fields", name
            )
            least, most = told.get("minItems", 0), told.get("maxItems", 20)
            if least > most:
                self._fault(f"{at}/minItems", "bad_limits", name)
            found = replace(
                found, columns=tuple(columns.values()), min_rows=least, max_rows=most, rules=within
            )
        elif "fields" in shown:
            self._fault(f"{shown_at}/fields", "unknown_word", "fields")
        if found.example:
            try:
                values_rules.checked(found, found.example, self.at)
            except Refusal:
                self._fault(f"{at}/examples", "bad_example", name)
        return found

    def _required(self, told: Mapping[str, Any], fields: dict[str, Field], at: str) -> None:
        for number, name in enumerate(told.get("required", ())):
            self._mark(told, fields, name, f"{at}/required/{number}", None)
        for clause_number, clause in enumerate(told.get("allOf", ())):
            asked = clause["if"]["required"][0]
            values = clause["if"].get("properties", {})
            where = f"{at}/allOf/{clause_number}"
            if values and asked not in values:
                self._fault(f"{where}/if", "bad_condition", asked)
                continue
            condition = Condition(asked, tuple(values[asked]["enum"]) if values else ())
            for number, name in enumerate(clause["then"].get("required", ())):
                self._mark(told, fields, name, f"{where}/then/required/{number}", condition)
            for name, within in clause["then"].get("properties", {}).items():
                below = f"{where}/then/properties{pointer_of(name)}"
                group = fields.get(name)
                if group is None or group.kind != "group":
                    if group or name not in told["properties"]:
                        self._fault(below, "unknown_field", name)
                    continue
                columns = {one.name: one for one in group.columns}
                for number, column in enumerate(within["items"]["required"]):
                    self._mark(
                        told["properties"][name]["items"],
                        columns,
                        column,
                        f"{below}/items/required/{number}",
                        replace(condition, outside=True),
                    )
                fields[name] = replace(group, columns=tuple(columns.values()))

    def _mark(
        self,
        told: Mapping[str, Any],
        fields: dict[str, Field],
        name: str,
        where: str,
        condition: Condition | None,
    ) -> None:
        """Note that a field is required, always or under a condition."""
        known = fields.get(name)
        if known is None:
            if name not in told["properties"]:
                self._fault(where, "unknown_field", name)
        elif known.required or known.required_when:
            self._fault(where, "twice", name)
        elif condition == known.when:
            fields[name] = replace(known, required=True)
        elif condition is None or known.when:
            # required while it may not be there
            self._fault(where, "bad_condition", name)
        else:
            fields[name] = replace(known, required_when=condition)

    def _conditions(
        self, fields: Mapping[str, Field], at: str, shown_at: str, *, in_row: bool
    ) -> None:
        for name, one in fields.items():
            shown = f"{shown_at}{pointer_of(name)}"
            for condition, where in (
                (one.when, f"{shown}/when"),
                (one.required_when, f"{at}/allOf"),
            ):
                if condition and not condition.outside:
                    self._condition(condition, fields, where)
                elif condition and not in_row:
                    # around the form there is nothing
                    self._fault(where, "bad_condition", condition.field)
            for column in one.columns:
                for condition, where in (
                    (column.when, f"{shown}/fields{pointer_of(column.name)}/when"),
                    (column.required_when, f"{at}/allOf"),
                ):
                    if condition and condition.outside:
                        self._condition(condition, fields, where)
            seen = {name}
            step = one.when
            while step is not None and not step.outside and step.field in fields:
                if step.field in seen:
                    self._fault(f"{shown_at}{pointer_of(name)}/when", "cycle", name)
                    break
                seen.add(step.field)
                step = fields[step.field].when

    def _condition(self, condition: Condition, fields: Mapping[str, Field], where: str) -> None:
        asked = fields.get(condition.field)
        if asked is None:
            self._fault(where, "unknown_field", condition.field)
        elif asked.kind in ("group", "attachment") or (
            asked.kind == "choice" and not set(condition.values) <= set(asked.choices)
        ):
            self._fault(where, "bad_condition", condition.field)

    def _rule(self, told: Mapping[str, Any], fields: Mapping[str, Field], at: str) -> Rule | None:
        rule = rule_of({**told, "total": _canonical(told.get("total", 0))})
        mine = fields.get(rule.field)
        beside = (
            {one.name: one for one in mine.columns} if mine and rule.kind == "sums_to" else fields
        )
        other = beside.get(rule.other)
        for name, known in ((rule.field, mine), (rule.other, other)):
            if known is None:
                self._fault(at, "unknown_field", name)
        if mine is None or other is None:
            return None
        kinds: Collection[str]
        match rule.kind:
            case "not_before":
                kinds, fits = ("date",), mine.kind == "date"
            case "not_more":
                kinds, fits = ("number", "money"), mine.kind in ("number", "money")
            case "different":
                kinds, fits = (mine.kind,), mine.kind not in ("group", "attachment")
            case "sums_to":
                kinds, fits = ("number", "money"), mine.kind == "group"
        if not fits or other.kind not in kinds or mine is other:
            self._fault(at, "bad_rule", rule.field)
            return None
        return rule

    def _placed(self, fields: Mapping[str, Field], sections: Any) -> tuple[Field, ...]:
        ordered: dict[str, Field] = {}
        for number, section in enumerate(sections):
            for position, name in enumerate(section["fields"]):
                where = f"/presentation/sections/{number}/fields/{position}"
                if name in ordered:
                    self._fault(where, "twice", name)
                elif name in fields:
                    ordered[name] = replace(fields[name], group=section["title"].strip())
                elif name not in self.document["schema"]["properties"]:
                    self._fault(where, "unknown_field", name)
        for name in fields:
            if name not in ordered:
                self._fault(f"/schema/properties{pointer_of(name)}", "not_placed", name)
        return tuple(ordered.values())


_WORDS: Final[Mapping[Kind, Collection[str]]] = {
    "text": ("maxLength",),
    "long_text": ("maxLength",),
    "choice": ("enum",),
    "number": ("minimum", "maximum", "multipleOf"),
    "money": ("minimum", "maximum", "format"),
    "attachment": ("format", "x-line"),
    "group": ("items", "minItems", "maxItems"),
    **dict.fromkeys(("date", "region", "identity_number", "credit_code", "phone"), ("format",)),
}
_CARDKINDS: Final[Mapping[str, Collection[str]]] = {
    "sex": ("choice", "text"),
    "birth_date": ("date",),
    "established_on": ("date",),
    "identity_number": ("identity_number",),
    "credit_code": ("credit_code",),
}
"""Which kinds of field take what stands on a card; what is not named here is text."""
_TYPES: Final[Mapping[Kind, Collection[str]]] = {
    "number": ("number", "integer"),
    "money": ("number",),
    "attachment": ("array",),
    "group": ("array",),
}


def _kind(told: Mapping[str, Any], shown: Mapping[str, Any]) -> Kind | None:
    """What kind of field a property is; None where no field is like that."""
    kind: Kind
    if "format" in told:
        kind = KINDS[told["format"]]
    elif "enum" in told:
        kind = "choice"
    elif told["type"] == "array" and "items" in told:
        kind = "group"
    elif told["type"] in ("number", "integer"):
        kind = "number"
    else:
        kind = "long_text" if shown.get("widget") == "textarea" else "text"
    return kind if told["type"] in _TYPES.get(kind, ("string",)) else None


def _condition(told: Mapping[str, Any] | None) -> Condition | None:
    if told is None:
        return None
    return Condition(told["field"], tuple(told.get("is", ())), told.get("outside", False))


def _canonical(number: Any) -> str:
    """A JSON number as the values of fields are written."""
    text = f"{Decimal(str(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
