"""What a piece of work asks of the database: its statements, and the rows that PostgreSQL reads for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from server.store import SYSTEM, Store


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as the driver got it."""

    sql: str
    values: Any


_NOTED: Final[ContextVar[list[Statement] | None]] = ContextVar("_NOTED", default=None)


def _note(
    connection: Any, cursor: Any, sql: str, values: Any, context: Any, executemany: bool
) -> None:
    noted = _NOTED.get()
    if noted is not None and not sql.startswith("BEGIN"):
        noted.append(Statement(sql, values))


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Note the statements of this task within the block, whatever database they go to; a batch of
    writes counts once on PostgreSQL and not at all on SQLite."""
    noted: list[Statement] = []
    token = _NOTED.set(noted)
    sa.event.listen(sa.Engine, "before_cursor_execute", _note)
    try:
        yield noted
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", _note)
        _NOTED.reset(token)


class _Undo(Exception):
    """Nothing of it is to stay."""


async def plans(store: Store, noted: list[Statement]) -> list[dict[str, Any]]:
    """The plan of each of these that reads, run anew and undone; none on SQLite."""
    found: list[dict[str, Any]] = []
    try:
        async with store.change(SYSTEM) as change:
            if change.connection.dialect.name != "postgresql":
                return found
            for one in noted:
                if one.sql.startswith(("SELECT", "UPDATE")) and not isinstance(one.values, list):
                    explained = await change.connection.exec_driver_sql(
                        f"EXPLAIN (ANALYZE, FORMAT JSON) {one.sql}", one.values
                    )
                    told = explained.scalar_one()
                    plan = json.loads(told) if isinstance(told, str) else told
                    found.append({"sql": one.sql, "plan": plan[0]["Plan"]})
            raise _Undo
    except _Undo:
        return found


def rows_read(plan: dict[str, Any]) -> float:
    """The rows that the scans of a plan touched, also those that a filter then threw away."""
    below = sum(rows_read(one) for one in plan.get("Plans", []))
    if "Scan" not in plan["Node Type"] or plan["Node Type"] in ("Subquery Scan", "CTE Scan"):
        return below
    thrown = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    touched: float = (plan["Actual Rows"] + thrown) * plan["Actual Loops"]
    return below + touched


def scanned(plan: dict[str, Any]) -> set[str]:
    """The tables that a plan reads from one end to the other."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(scanned(one) for one in plan.get("Plans", [])))
