"""Derived columns that a check makes anew, from what they name: rows in which they are otherwise.

Only what a person reads off the record is asked for: whether a signature still holds, and whose call and
case a seat was in. Others serve lists and searches alone. Knows the acts that void a signature by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import sqlalchemy as sa

from server.rights.subjects import of_call, of_case
from server.store.ledger.entry import OK
from server.store.tables import calls, cases, ledger_entries, legs, signatures
from server.store.tables.words import Derived, word_of

VOID: Final = ("case.edit", "case.move_material", "case.take_earlier")
"""Acts after which what was signed is no longer what stands in the case."""
MAY_VOID: Final = (*VOID, "case.close_proposal", "material.store")
"""Those, and acts that void it when they change what stands there."""

_entries = ledger_entries.c
_case = sa.literal(of_case("")).concat(signatures.c.case_id)


def _later(acts: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        _entries.subject == _case,
        _entries.version > signatures.c.version,
        _entries.act.in_(acts),
        _entries.result == OK,
        _entries.event.is_not(None),
    )


_SIGNED: Final = sa.exists().where(
    _entries.subject == _case,
    _entries.version == signatures.c.version,
    _entries.event.is_not(None),
)
"""By an entry of format 2: what the acts were called before is not known here."""
_OTHERWISE: Final[Mapping[sa.Column[Any], sa.ColumnElement[bool]]] = {
    signatures.c.outdated: sa.or_(
        sa.and_(sa.not_(signatures.c.outdated), _later(VOID)),
        sa.and_(signatures.c.outdated, _SIGNED, sa.not_(_later(MAY_VOID))),
    ),
    legs.c.case_id: legs.c.case_id.is_distinct_from(calls.c.case_id),
    legs.c.window_unit_id: legs.c.window_unit_id.is_distinct_from(calls.c.window_unit_id),
    legs.c.target_unit_id: legs.c.target_unit_id.is_distinct_from(calls.c.target_unit_id),
    legs.c.opened_at: legs.c.opened_at.is_distinct_from(calls.c.opened_at),
    legs.c.registered_at: legs.c.registered_at.is_distinct_from(cases.c.created_at),
}
ANEW: Final = frozenset(_OTHERWISE)
"""The columns that are made anew."""
_LEGS: Final = legs.join(calls, calls.c.id == legs.c.call_id).join(
    cases, cases.c.id == calls.c.case_id
)


def otherwise(of: Collection[str] | None) -> list[sa.Select[str, str]]:
    """Queries for the rows (of these subjects alone) whose derived columns are not what they follow from: ``subject``
    and ``text`` of each."""
    found = []
    for table, kind, home, at in (
        (signatures, of_case(""), signatures.c.case_id, signatures),
        (legs, of_call(""), legs.c.call_id, _LEGS),
    ):
        mine = [one.removeprefix(kind) for one in of or () if one.startswith(kind)]
        for column, wrong in _OTHERWISE.items():
            if column.table is not table:
                continue
            word = word_of(column)
            assert isinstance(word, Derived)
            text = sa.literal(f"{table.name} ").concat(table.c.id)
            text = text.concat(f" in {column.name} does not follow from {word.source}")
            named = sa.literal(kind).concat(home).label("subject")
            query = sa.select(named, text.label("text")).select_from(at).where(wrong)
            # by the column itself, which has an index
            found.append(query if of is None else query.where(home.in_(mine)))
    return found
