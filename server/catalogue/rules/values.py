"""The value of a field as it is saved, by what the item says of it: its canonical form, and what it
must not be. Knows no case. Pure.
"""

import re
from datetime import datetime
from typing import Final

from server.catalogue.rules import schema
from server.catalogue.rules.item import Field
from server.standards import identifiers, regions
from server.standards.working_days import china_day
from signaling.refusals import Code, Refusal

_ROW: Final = re.compile(r"[a-z0-9]{2,12}", re.ASCII)
"""The page makes the ids of rows."""


def checked(field: Field, value: str, at: datetime) -> str:
    """The value as it is saved: blanks around it gone, numbers and days in their canonical form.

    An empty value is always taken: what is required is asked for at the decision. Refused:
    ``field_invalid`` with ``rule`` too_long, not_a_choice, too_small, too_large, too_many_rows,
    bad_rows, attachment (it is filled by a file), or the code of the broken rule
    (bad_identity_number, bad_credit_code, bad_phone, bad_date, bad_number, bad_region).
    """
    text = value.strip()
    if not text:
        return ""
    try:
        canonical = _canonical(field, text, at)
    except Refusal as refusal:
        raise Refusal(
            Code.FIELD_INVALID, field=field.name, rule=refusal.code.value, **refusal.details
        ) from None
    broken = schema.broken(field, canonical)
    if broken is not None:
        raise Refusal(Code.FIELD_INVALID, field=field.name, rule=broken, **_limits(field, broken))
    return canonical


def _canonical(field: Field, text: str, at: datetime) -> str:
    match field.kind:
        case "identity_number":
            return identifiers.identity_number(text, today=china_day(at))
        case "credit_code":
            return identifiers.credit_code(text)
        case "phone":
            return identifiers.phone(text)
        case "date":
            return identifiers.day(text)
        case "number":
            return identifiers.number(text, field.decimals)
        case "money":
            return identifiers.money(text)
        case "region":
            return regions.region(text, field.level)
        case "group":
            return ",".join(rows_of(text))
        case "text" | "long_text" | "choice" | "attachment":
            return text


def _limits(field: Field, broken: schema.Broken) -> dict[str, str | int]:
    match broken:
        case "too_long":
            return {"max_length": field.max_length}
        case "too_small":
            return {"minimum": field.minimum}
        case "too_large":
            return {"maximum": field.maximum}
        case "too_many_rows":
            return {"max_rows": field.max_rows}
        case _:
            return {}


def rows_of(value: str) -> list[str]:
    """The ids of a group's rows in their order."""
    return [row for row in re.split(r"[,\s]+", value) if row]
