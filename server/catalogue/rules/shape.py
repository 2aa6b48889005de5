"""The shape of an administrator's form document: which words may stand where, and what is said of others.

It is less than JSON Schema: exactly what the pages can ask for. What the words mean together is read by
``server.catalogue.rules.blueprint``. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from jsonschema import Draft202012Validator

from server.catalogue.rules import card
from server.catalogue.rules.item import Kind
from server.catalogue.rules.schema import FORMATS, REGION_FORMATS
from server.standards.identifiers import UNSEEN

Why = Literal[
    "shape", "unknown_word", "missing", "bad_name", "bad_kind", "bad_limits", "bad_example",
    "bad_condition", "bad_rule", "cycle", "unknown_field", "twice", "not_placed", "unknown_line",
    "too_many",
]  # fmt: skip
"""Why a document cannot become a form; the page has a sentence for each."""
FIELDS_AT_MOST: Final = 200
COLUMNS_AT_MOST: Final = 20
ROWS_AT_MOST: Final = 50
LONGEST: Final = 2000
KINDS: Final[Mapping[str, Kind]] = {
    **{written: kind for kind, written in FORMATS.items()},  # type: ignore[misc]
    **dict.fromkeys(REGION_FORMATS.values(), "region"),
}


@dataclass(frozen=True)
class ShapeFault:
    """What is wrong in a document: ``pointer`` is where, ``name`` what it is about."""

    pointer: str
    why: Why
    name: str = ""


_SEEN: Final = f"^[^{UNSEEN}]*$"
_TEXT: Final = {"type": "string", "maxLength": 500, "pattern": f"^([^{UNSEEN}]|[\n\t])*$"}
_TITLE: Final = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": _SEEN}
_NAMES: Final = {"type": "array", "items": {"type": "string"}, "maxItems": FIELDS_AT_MOST}
_CASE: Final = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "is": {**_NAMES, "minItems": 1},
        "filled": {"const": True},
        "outside": {"const": True},
    },
    "required": ["field"],
    "additionalProperties": False,
}
_NAMED: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"required": {**_NAMES, "minItems": 1}},
    "required": ["required"],
    "additionalProperties": False,
}
_IN_ROWS: Final = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {
        "type": "object",
        "properties": {"items": _NAMED},
        "required": ["items"],
        "additionalProperties": False,
    },
}
_CLAUSE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "if": {
            "type": "object",
            "properties": {
                "properties": {
                    "type": "object",
                    "maxProperties": 1,
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"enum": {**_NAMES, "minItems": 1}},
                        "required": ["enum"],
                        "additionalProperties": False,
                    },
                },
                "required": {**_NAMES, "minItems": 1, "maxItems": 1},
            },
            "required": ["required"],
            "additionalProperties": False,
        },
        "then": _NAMED,
    },
    "required": ["if", "then"],
    "additionalProperties": False,
}
_FORM_CLAUSE: Final[dict[str, Any]] = {
    **_CLAUSE,
    "properties": {
        **_CLAUSE["properties"],
        "then": {
            "type": "object",
            "properties": {**_NAMED["properties"], "properties": _IN_ROWS},
            "minProperties": 1,
            "additionalProperties": False,
        },
    },
}
"""Of the form itself: it may ask for columns of its groups as well."""
_RULE: Final = {
    "type": "object",
    "properties": {
        "rule": {"enum": ["not_before", "not_more", "different", "sums_to"]},
        "field": {"type": "string"},
        "other": {"type": "string"},
        "group": {"type": "string"},
        "column": {"type": "string"},
        "total": {"type": "number"},
    },
    "required": ["rule"],
    "additionalProperties": False,
    "if": {"properties": {"rule": {"const": "sums_to"}}},
    "then": {"required": ["group", "column", "total"]},
    "else": {"required": ["field", "other"]},
}


def _object(properties: Mapping[str, Any], *, items: bool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            **({} if items else {"$schema": {"type": "string"}, "title": _TITLE}),
            "type": {"const": "object"},
            "properties": {
                "type": "object",
                "minProperties": 0 if not items else 1,
                "additionalProperties": properties,
            },
            "required": _NAMES,
            "allOf": {"type": "array", "items": _CLAUSE if items else _FORM_CLAUSE},
            "x-rules": {"type": "array", "items": _RULE},
            "additionalProperties": {"const": False},
        },
        "required": ["type", "properties", *([] if items else ["title"])],
        "additionalProperties": False,
    }


_PROPERTY: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "title": _TITLE,
        "type": {"enum": ["string", "number", "integer", "array"]},
        "format": {"enum": sorted(KINDS)},
        "description": _TEXT,
        "examples": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 1},
        "maxLength": {"type": "integer", "minimum": 1, "maximum": LONGEST},
        "enum": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": _SEEN},
            "minItems": 1, "maxItems": 200, "uniqueItems": True,
        },
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "multipleOf": {"enum": [0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001]},
        "x-line": {"type": "string"},
        "items": True,
        "minItems": {"type": "integer", "minimum": 0, "maximum": ROWS_AT_MOST},
        "maxItems": {"type": "integer", "minimum": 1, "maximum": ROWS_AT_MOST},
    },
    "required": ["title", "type"],
    "additionalProperties": False,
}  # fmt: skip
_COLUMNS: Final = _object(_PROPERTY, items=True)
_CELL: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "label_en": {"type": "string", "maxLength": 100},
        "sensitive": {"type": "boolean"},
        "widget": {"enum": ["textarea"]},
        "unit": {"type": "string", "maxLength": 10},
        "when": _CASE,
    },
    "additionalProperties": False,
}
_SHOWN: Final[dict[str, Any]] = {
    **_CELL,
    "properties": {
        **_CELL["properties"],
        "card": {"enum": list(card.WORDS)},
        "fields": {"type": "object", "additionalProperties": _CELL},
    },
}
_DOCUMENT: Final = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "schema": _object(
                {**_PROPERTY, "properties": {**_PROPERTY["properties"], "items": _COLUMNS}},
                items=False,
            ),
            "presentation": {
                "type": "object",
                "properties": {
                    "sections": {
                        "type": "array",
                        "maxItems": 50,
                        "items": {
                            "type": "object",
                            "properties": {
                                "title": {"type": "string", "maxLength": 100},
                                "fields": _NAMES,
                            },
                            "required": ["title", "fields"],
                            "additionalProperties": False,
                        },
                    },
                    "fields": {"type": "object", "additionalProperties": _SHOWN},
                },
                "required": ["sections"],
                "additionalProperties": False,
            },
        },
        "required": ["schema", "presentation"],
        "additionalProperties": False,
    }
)


def misshapen(document: Any) -> Iterator[ShapeFault]:
    """Every word of a document that may not stand where it stands, or is missing there."""
    for error in sorted(
        _DOCUMENT.iter_errors(document), key=lambda one: [str(part) for part in one.absolute_path]
    ):
        pointer = pointer_of(*error.absolute_path)
        match error.validator:
            case "additionalProperties":
                known = error.schema["properties"] if isinstance(error.schema, Mapping) else {}
                for name in error.instance:
                    if name not in known:
                        yield ShapeFault(f"{pointer}{pointer_of(name)}", "unknown_word", name)
            case "required":
                for name in error.validator_value:
                    if name not in error.instance:
                        yield ShapeFault(pointer, "missing", str(name))
            case _:
                yield ShapeFault(
                    pointer, "shape", str(error.absolute_path[-1]) if error.absolute_path else ""
                )


def pointer_of(*parts: Any) -> str:
    """The place of these parts within each other (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
