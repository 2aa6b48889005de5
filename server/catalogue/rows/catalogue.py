"""Items (事项) by version and the working-day calendar, as rows.

Gives the domain's Item; the names of the unit that decides stand beside it. No rule about who
may see or change an item is here.
"""

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.catalogue.rules.item import Item
from server.standards.initials import initials
from server.store.tables import item_words, items, people, units, work_calendar

Connection = AsyncConnection

ITEMS_REMEMBERED: Final = 512
"""Versions of items that need not be read from their text again; an item may have some 10 KB."""

COUNTED_AT_MOST: Final = 10_000
"""A list that is longer says so many; nobody turns that many pages."""
UNITS_AT_MOST: Final = 20
"""So many units that a word names are looked at, by name: who means one of more types more of it."""
_LAST: Final = "\U0010ffff"
_NEWEST: Final = sa.text("items.newest")
_OFFERED: Final = sa.text("items.in_use")
"""In the words of the partial indexes, on both databases."""

_LETTERS: Final = re.compile(r"[0-9A-Za-z]{2,}")
"""What may be initials: one letter alone is in nearly every name."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One version of an item with the unit that decides it."""

    item: Item
    unit_name: str
    place: str
    in_use: bool
    made_at: datetime | None = None
    made_by: str | None = None
    """Name of who made this version; None where nobody noted it."""
    note: str = ""


ITEM_COLUMNS = (
    items.c.id.label("of_item_id"),
    items.c.code.label("item_code"),
    items.c.name.label("item_name"),
    items.c.version.label("item_version"),
    items.c.unit_id.label("item_unit_id"),
    # As text: who has read the same version before need not take its JSON apart again.
    sa.cast(items.c.body, sa.Text).label("item_body"),
)


def item_of(row: Mapping[str, Any]) -> Item:
    """The item of a row that was read with ITEM_COLUMNS; that of nothing at the unit of a case without one."""
    if row["of_item_id"] is None:
        return Item.of_nothing(row["unit_id"])
    return _item(
        row["of_item_id"],
        row["item_code"],
        row["item_name"],
        row["item_version"],
        row["item_unit_id"],
        row["item_body"],
    )


@lru_cache(maxsize=ITEMS_REMEMBERED)
def _item(id: str, code: str, name: str, version: int, unit_id: str, body: str) -> Item:
    return Item.of_body(
        id=id, code=code, name=name, version=version, unit_id=unit_id, body=json.loads(body)
    )


_ITEMS = (
    sa.select(
        *ITEM_COLUMNS,
        items.c.in_use,
        items.c.made_at,
        items.c.note,
        people.c.name.label("made_by"),
        units.c.name.label("unit_name"),
        units.c.place,
    )
    .select_from(
        items.join(units, units.c.id == items.c.unit_id).outerjoin(
            people, people.c.id == items.c.made_by
        )
    )
    .order_by(items.c.name, units.c.name, items.c.version)
)


def _row(row: Mapping[str, Any]) -> ItemRow:
    return ItemRow(
        item_of(row),
        row["unit_name"],
        row["place"],
        row["in_use"],
        row["made_at"],
        row["made_by"],
        row["note"] or "",
    )


async def find_item(connection: AsyncConnection, item_id: str) -> ItemRow | None:
    """One version of an item, in use or not."""
    found = await connection.execute(_ITEMS.where(items.c.id == item_id))
    row = found.mappings().first()
    return None if row is None else _row(dict(row))


async def list_items(
    connection: AsyncConnection, text: str = "", limit: int = 50, unit_id: str = ""
) -> list[ItemRow]:
    """Items in use whose name (also by its pinyin initials) or deciding unit contains ``text``, or whose
    code begins with it; all when it is empty. Of each of the three ``limit`` at most are looked at, so
    that it costs the same however many match. Of one unit where it is named."""
    if unit_id:
        query = _ITEMS.where(_NEWEST, _OFFERED, items.c.unit_id == unit_id, _matches(text))
        return [
            _row(dict(row)) for row in (await connection.execute(query.limit(limit))).mappings()
        ]
    found = _found(connection.dialect.name, text, limit)
    ids = sa.union(*(sa.select(one.subquery().c.id) for one in found))
    query = _ITEMS.where(_OFFERED, items.c.id.in_(ids)).limit(limit)
    return [_row(dict(row)) for row in (await connection.execute(query)).mappings()]


async def units_taking(connection: AsyncConnection, item_id: str) -> set[str]:
    """The units that have an item in use by the name of this one."""
    name = sa.select(items.c.name).where(items.c.id == item_id).scalar_subquery()
    found = await connection.scalars(
        sa.select(items.c.unit_id).distinct().where(_OFFERED, items.c.name == name)
    )
    return set(found)


def _found(dialect: str, text: str, limit: int) -> list[sa.Select[Any]]:
    """Items in use by name, by unit and by code, each over an index; of those by code any."""
    offered = sa.select(items.c.id).where(_OFFERED).limit(limit)
    if not text:
        return [offered.order_by(items.c.name, items.c.unit_id)]
    word = item_words.c
    named = word.name.contains(text, autoescape=True)
    if _LETTERS.fullmatch(text):
        named = sa.or_(named, word.initials.contains(text.lower()))
    by_name = (
        offered.join(item_words, word.name == items.c.name)
        .where(word.word == text.lower()[:2], named)
        .order_by(word.name)
    )
    deciding = (
        sa.select(units.c.id)
        .where(
            sa.or_(
                units.c.name.contains(text, autoescape=True),
                units.c.place.contains(text, autoescape=True),
            )
        )
        .order_by(units.c.name, units.c.id)
        .limit(UNITS_AT_MOST)
    )
    by_unit = offered.where(items.c.unit_id.in_(deciding)).order_by(items.c.name)
    # Not >= and <: in most collations what begins alike does not stand together.
    first, behind = (">=", "<") if dialect == "sqlite" else ("~>=~", "~<~")
    by_code = offered.where(
        items.c.code.bool_op(first)(text), items.c.code.bool_op(behind)(text + _LAST)
    )
    return [by_name, by_unit, by_code]


def words_of(name: str, letters: str) -> set[str]:
    """The words by which a name is found: each character and each two that follow one another, small,
    and each two of its initials."""
    small = name.lower()
    pairs = {text[at : at + 2] for text in (small, letters) for at in range(len(text) - 1)}
    return pairs | set(small)


def _matches(text: str) -> sa.ColumnElement[bool]:
    typed = _LETTERS.fullmatch(text)
    return sa.or_(
        items.c.initials.contains(text.lower()) if typed else sa.false(),
        items.c.name.contains(text, autoescape=True),
        items.c.code.startswith(text, autoescape=True),
        units.c.name.contains(text, autoescape=True),
        units.c.place.contains(text, autoescape=True),
    )


async def add_item(
    connection: AsyncConnection,
    item: Item,
    *,
    at: datetime | None = None,
    by: str | None = None,
    note: str = "",
) -> None:
    """Keep a new version of an item, in use; running cases keep the version they began with.

    ``by`` is the id of who made it ``at`` that time, ``note`` why.
    """
    await connection.execute(
        items.update()
        .where(items.c.code == item.code, items.c.unit_id == item.unit_id)
        .values(in_use=False, newest=False)
    )
    letters = await asyncio.to_thread(initials, item.name)
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        insert(item_words).on_conflict_do_nothing(),
        [
            {"word": word, "name": item.name, "initials": letters}
            for word in sorted(words_of(item.name, letters))
        ],
    )
    await connection.execute(
        items.insert().values(
            id=item.id,
            code=item.code,
            version=item.version,
            unit_id=item.unit_id,
            name=item.name,
            initials=letters,
            body={
                "promised_days": item.promised_days,
                "modes": list(item.modes),
                "lines": [asdict(line) for line in item.lines],
                "form_title": item.form_title,
                "form": [asdict(one) for one in item.form],
                "rules": [asdict(one) for one in item.rules],
                "recording_refusal": item.recording_refusal,
                **({"plan": [asdict(one) for one in item.plan]} if item.plan else {}),
                "checklist": [asdict(point) for point in item.checklist],
                "guide": item.guide,
                "signature": item.signature,
                "legal_days": item.legal_days,
                "item_type": item.item_type,
                "level": item.level,
                "main_item": item.main_item,
                "combined": item.combined,
                "registers": item.registers,
                "bases": list(item.bases),
                "system": item.system,
                "fee_basis": item.fee_basis,
                "fee_fen": item.fee_fen,
                "fee_first": item.fee_first,
            },
            in_use=True,
            newest=True,
            made_at=at,
            made_by=by,
            note=note,
        )
    )


async def versions_of(
    connection: AsyncConnection, codes: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Item]:
    """The newest version of each (unit id, item code) that is there, in use or not."""
    found: dict[tuple[str, str], Item] = {}
    wanted = sorted({code for _, code in codes})
    for first in range(0, len(wanted), 500):
        rows = await connection.execute(
            sa.select(*ITEM_COLUMNS)
            .where(items.c.code.in_(wanted[first : first + 500]))
            .order_by(items.c.version)
        )
        for row in rows.mappings():
            item = item_of(dict(row))
            found[item.unit_id, item.code] = item
    return {key: item for key, item in found.items() if key in codes}


async def find_versions(connection: AsyncConnection, item: Item) -> list[ItemRow]:
    """All versions of this item of this unit, newest first."""
    query = _ITEMS.where(items.c.code == item.code, items.c.unit_id == item.unit_id)
    found = await connection.execute(query.order_by(None).order_by(items.c.version.desc()))
    return [_row(dict(row)) for row in found.mappings()]


async def newest_items(
    connection: AsyncConnection, unit_id: str, text: str, *, limit: int, offset: int
) -> tuple[list[ItemRow], int]:
    """The newest version of each item of a unit, in use or not, whose name or code matches, by name;
    and how many there are, up to COUNTED_AT_MOST."""
    query = _ITEMS.where(_NEWEST, items.c.unit_id == unit_id)
    counted = sa.select(items.c.id).where(_NEWEST, items.c.unit_id == unit_id)
    if text:
        query = query.where(_matches(text))
        counted = counted.join(units, units.c.id == items.c.unit_id).where(_matches(text))
    counted = counted.limit(COUNTED_AT_MOST)
    total = await connection.scalar(sa.select(sa.func.count()).select_from(counted.subquery()))
    found = await connection.execute(query.limit(limit).offset(offset))
    return [_row(dict(row)) for row in found.mappings()], total or 0


async def set_in_use(connection: AsyncConnection, item_id: str, in_use: bool) -> None:
    """Offer this version of an item at the windows, or no more."""
    await connection.execute(items.update().where(items.c.id == item_id).values(in_use=in_use))


async def known_days(
    connection: AsyncConnection, region: str, first: date, last: date
) -> dict[date, bool]:
    """Of each day of the span that the region's calendar knows, whether one works on it."""
    found = await connection.execute(
        sa.select(work_calendar.c.on, work_calendar.c.works).where(
            work_calendar.c.region == region, work_calendar.c.on.between(first, last)
        )
    )
    return {row.on: row.works for row in found}


async def list_days(
    connection: AsyncConnection, region: str, first: date, last: date
) -> list[tuple[date, bool, str]]:
    """The days of the span that the calendar knows: whether one works, and who says so."""
    found = await connection.execute(
        sa.select(work_calendar.c.on, work_calendar.c.works, work_calendar.c.source)
        .where(work_calendar.c.region == region, work_calendar.c.on.between(first, last))
        .order_by(work_calendar.c.on)
    )
    return [(row.on, row.works, row.source) for row in found]


async def set_days(
    connection: AsyncConnection, region: str, days: Mapping[date, bool], source: str
) -> None:
    """Write what the calendar says of these days, in place of what it said."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for on, works in days.items():
        row = insert(work_calendar).values(region=region, on=on, works=works, source=source)
        await connection.execute(
            row.on_conflict_do_update(
                index_elements=[work_calendar.c.region, work_calendar.c.on],
                set_={"works": works, "source": source},
            )
        )


async def add_days(
    connection: AsyncConnection, region: str, days: Iterable[tuple[date, bool]], source: str
) -> None:
    """Fill the calendar; a day that is there already is left as it is (it may have been edited)."""
    rows = [{"region": region, "on": on, "works": works, "source": source} for on, works in days]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    if rows:
        await connection.execute(insert(work_calendar).on_conflict_do_nothing(), rows)
