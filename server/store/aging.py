"""Events and marks that are old: let go where nobody can ask for them, packed where a replay needs them.

A page that follows reads the newest events; afterwards a replay and a check read those of cases alone. These
are packed: one row of a subject, at the last version that it holds, has them all. What became of a case in
which call stays as it is, for lists ask it of many cases at once. Of marks what a search asks for (what was
looked and pointed at) stays as rows; the rest of a call becomes one. No rule about how long is here.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.tables import events, marks

AT_ONCE: Final = 2_000
"""So many rows become old in one transaction."""
PACKED: Final = "packed"
"""The type, or kind, of the row that holds others."""
KEPT: Final = ("case",)
"""Kinds of subjects whose events are packed, not let go."""
_LEVEL: Final = 9
# In the words of the partial indexes, on both databases.
_OLD_EVENTS: Final = sa.text("type NOT IN ('packed', 'case.decided')")
_OLD_MARKS: Final = sa.text("kind IN ('point', 'quality', 'worker')")

Row = dict[str, Any]


def pack(rows: Iterable[Mapping[str, Any]], names: Collection[str]) -> str:
    """These columns of rows, ``at`` among them, as one text: JSON, deflated, in base 85."""
    plain = [{name: row[name] for name in names} | {"at": row["at"].isoformat()} for row in rows]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode(), _LEVEL)).decode()


def unpack(packed: Any) -> list[Row]:
    """What ``pack`` was given. ValueError for what it did not make."""
    try:
        rows: list[Row] = json.loads(zlib.decompress(base64.b85decode(packed)))
        return [{**row, "at": datetime.fromisoformat(row["at"]).astimezone(UTC)} for row in rows]
    except (zlib.error, TypeError, KeyError, AttributeError) as error:
        raise ValueError("no packed rows") from error


def whole(rows: Iterable[Any]) -> list[Row]:
    """Rows of events of one subject as they were written, oldest first; what stands as a row of its own
    counts, not what a pack says of it."""
    found: dict[int, Row] = {}
    packs = []
    for row in rows:
        if row["type"] == PACKED:
            packs.append(row)
        else:
            found[row["version"]] = dict(row)
    for one in packs:
        for row in unpack(one["body"]):
            found.setdefault(row["version"], {"subject": one["subject"], "people": {}, **row})
    return [found[version] for version in sorted(found)]


async def age_events(connection: AsyncConnection, before: datetime) -> tuple[int, int]:
    """Let go or pack the oldest events of before, AT_ONCE at most; how many were let go, and packed."""
    rows = await connection.execute(
        sa.select(events)
        .where(_OLD_EVENTS, events.c.at < before)
        .order_by(events.c.at, events.c.subject, events.c.version)
        .limit(AT_ONCE)
    )
    kept: dict[str, list[Row]] = {}
    gone: list[tuple[str, int]] = []
    for row in rows.mappings():
        if row["subject"].partition(":")[0] in KEPT:
            kept.setdefault(row["subject"], []).append(dict(row))
        else:
            gone.append((row["subject"], row["version"]))
    packed = sum(map(len, kept.values()))
    packs = await connection.execute(
        sa.select(events).where(events.c.subject.in_(list(kept)), events.c.type == PACKED)
    )
    for row in packs.mappings():
        kept[row["subject"]].append(dict(row))
    held = [(row["subject"], row["version"]) for of in kept.values() for row in of]
    await _remove(connection, events, [*gone, *held])
    made = []
    for subject, of in kept.items():
        all_of_it = whole(of)
        last = all_of_it[-1]
        made.append(
            {
                "subject": subject,
                "version": last["version"],
                "type": PACKED,
                "body": pack(all_of_it, ("version", "type", "body", "at")),
                "people": {},
                "at": last["at"],
            }
        )
    if made:
        await connection.execute(events.insert(), made)
    return len(gone), packed


async def age_marks(connection: AsyncConnection, before: datetime) -> int:
    """Pack the oldest marks of before, AT_ONCE at most; returns how many."""
    rows = await connection.execute(
        sa.select(marks).where(_OLD_MARKS, marks.c.at < before).order_by(marks.c.at).limit(AT_ONCE)
    )
    calls: dict[str, list[Row]] = {}
    for row in rows.mappings():
        calls.setdefault(row["call_id"], []).append(dict(row))
    count = sum(map(len, calls.values()))
    packs = await connection.execute(
        sa.select(marks).where(marks.c.call_id.in_(list(calls)), marks.c.kind == PACKED)
    )
    for row in packs.mappings():
        calls[row["call_id"]].append(dict(row))
    await _remove(connection, marks, [(row["id"],) for of in calls.values() for row in of])
    made = []
    for of in calls.values():
        all_of_it = whole_marks(of)
        body = pack(all_of_it, ("id", "kind", "by", "body", "at"))
        made.append({**all_of_it[0], "kind": PACKED, "by": "", "body": body})
    if made:
        await connection.execute(marks.insert(), made)
    return count


def whole_marks(rows: Iterable[Any]) -> list[Row]:
    """Rows of marks of one call as they were written, in their order."""
    found: list[Row] = []
    for row in rows:
        if row["kind"] == PACKED:
            found += [{"call_id": row["call_id"], **one} for one in unpack(row["body"])]
        else:
            found.append(dict(row))
    return sorted(found, key=lambda row: (row["at"], row["id"]))


async def _remove(
    connection: AsyncConnection, table: sa.Table, keys: Collection[tuple[Any, ...]]
) -> None:
    if keys:
        await connection.execute(
            table.delete().where(
                *(one == sa.bindparam(f"_{one.name}") for one in table.primary_key)
            ),
            [
                {f"_{one.name}": value for one, value in zip(table.primary_key, key, strict=True)}
                for key in keys
            ],
        )
