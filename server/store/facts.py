"""What one transaction writes into sealed columns, to be told in the payloads of its entries.

Statements are watched as they are run: what they set stands in them, and which rows an update meets
is asked only where its condition does not name them by their key. What a statement leaves to the
database is read again before it is told; so is a row that an update named and did not find, which is
not told. (Of what runs past SQLAlchemy, ``see``, nobody says what it found.) Knows the words of the columns (``words``), no act.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import operators

from server.store.ledger.rows import Key, named, shown
from server.store.tables.words import facts_of, home_of

AT_ONCE: Final = 200
"""How many rows are read again in one go."""
_INFO: Final = "facts"

Changed = tuple[sa.Table, Key]
"""A row, by its table and its key."""
Told = dict[str, dict[str, dict[str, Any] | None]]
"""table -> key -> column -> value; None for a row that is gone."""


class Facts:
    """The rows that a transaction changed and no entry tells yet."""

    def __init__(self, of: dict[Any, Any]) -> None:
        self._of = of
        self._rows: dict[Changed, dict[str, Any] | None] = {}
        self._unread: set[Changed] = set()
        self._homes: dict[Changed, Any] = {}
        """What named the subject of a row before it was deleted."""
        self._named: list[tuple[Changed, bool]] = []
        """The rows that the running update names by their key, and whether they were told of before."""

    def end(self) -> None:
        """The transaction is over, whatever came of it; its connection may be gone by now."""
        self._of.pop(_INFO, None)

    async def left(self, connection: AsyncConnection) -> dict[str, set[Changed]]:
        """What was changed and is told by no entry yet, by the subject that has to tell it."""
        left: dict[str, set[Changed]] = {}
        for table, key in {*self._rows, *self._unread}:
            home = home_of(table)
            named: dict[str, Any] = {}
            if home.column is not None:
                at_home = sa.select(table.c[home.column]).where(_is(table, key))
                named[home.column] = await connection.scalar(at_home) or self._homes.get(
                    (table, key)
                )
                if named[home.column] is None:  # it never stood there
                    self._rows.pop((table, key), None)
                    self._unread.discard((table, key))
                    continue
            left.setdefault(home.subject.format(**named), set()).add((table, key))
        return left

    async def tell(
        self, connection: AsyncConnection, subject: str, only: Collection[Changed] | None = None
    ) -> Told:
        """What an entry of this subject has to tell (of these rows alone); it is told once."""

        def mine_is(one: Changed) -> bool:
            return home_of(one[0]).takes(subject) if only is None else one in only

        told: Told = {}
        mine = [one for one in self._unread if mine_is(one)]
        self._unread.difference_update(mine)
        for table in {table for table, _ in mine}:
            keys = [key for of, key in mine if of is table]
            for first in range(0, len(keys), AT_ONCE):
                some = keys[first : first + AT_ONCE]
                self._rows |= dict.fromkeys(((table, key) for key in some), None)
                for row in await connection.execute(
                    sa.select(*facts_of(table)).where(sa.tuple_(*table.primary_key).in_(some))
                ):
                    whole = dict(row._mapping)
                    key = tuple(whole[one.name] for one in table.primary_key)
                    self._rows[table, key] = whole
        for table, key in [one for one in self._rows if mine_is(one)]:
            values = self._rows.pop((table, key))
            told.setdefault(table.name, {})[named(key)] = (
                None if values is None else {name: shown(value) for name, value in values.items()}
            )
        return told

    def wrote(
        self,
        connection: sa.Connection,
        statement: Any,
        several: Iterable[Mapping[str, Any]],
    ) -> None:
        """A statement that is about to run, once with each of these values."""
        if not isinstance(statement, sa.Insert | sa.Update | sa.Delete):
            return
        table = statement.table
        self._named = []
        if not isinstance(table, sa.Table) or not (names := _names(table)):
            return
        for values in several:
            if isinstance(statement, sa.Insert):
                for one in _rows_of(statement):
                    self._inserted(table, names, one, statement._post_values_clause, values)
            elif isinstance(statement, sa.Update):
                given, open_ = _given(statement._values or {}, values, names)
                if given or open_:
                    keys, exact = _met(connection, table, statement, values)
                    for key in keys:
                        if exact:
                            self._named.append(((table, key), (table, key) in self._rows))
                        self._set(table, key, given, read=bool(open_) or not exact)
            else:
                keys, exact = _met(connection, table, statement, values)
                for key in keys:
                    self._homes[table, key] = _home(connection, table, key)
                    self._rows[table, key] = None
                    if not exact:
                        self._unread.add((table, key))

    def found(self, count: int) -> None:
        """How many rows the statement met that has just run. One that it named and that is not there
        is not told, unless it was told of before."""
        missed = self._named if 0 <= count < len(self._named) else []
        self._named = []
        if count == 0:
            for changed, known in missed:
                if known:
                    self._unread.add(changed)
                else:
                    self._rows.pop(changed, None)
                    self._unread.discard(changed)
        elif missed:
            self._unread.update(changed for changed, _ in missed)

    def _inserted(
        self,
        table: sa.Table,
        names: frozenset[str],
        sets: Mapping[Any, Any],
        conflict: Any,
        values: Mapping[str, Any],
    ) -> None:
        given, open_ = _given(sets, values, names)
        key = tuple(given[one.name] for one in table.primary_key)
        for name in names - given.keys() - open_:
            column = table.c[name]
            if conflict is not None or column.server_default is not None:
                open_.add(name)
            elif column.default is None:
                given[name] = None
            elif isinstance(column.default, sa.ColumnDefault) and column.default.is_scalar:
                given[name] = column.default.arg
            else:
                open_.add(name)
        self._set(table, key, given, read=bool(open_) or not _excluded(conflict))

    def _set(self, table: sa.Table, key: Key, given: Mapping[str, Any], *, read: bool) -> None:
        if read:
            self._unread.add((table, key))
        self._rows[table, key] = {**(self._rows.get((table, key)) or {}), **given}


def ran(
    connection: sa.Connection,
    statement: Any,
    multiparams: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
    _: Any,
) -> None:
    """A statement that is about to run; SQLAlchemy's ``before_execute``."""
    facts: Facts | None = connection.info.get(_INFO)
    if facts is not None:
        facts.wrote(connection, statement, multiparams or (params,))


def done(
    connection: sa.Connection,
    statement: Any,
    multiparams: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
    _: Any,
    result: sa.CursorResult[Any],
) -> None:
    """A statement that has run; SQLAlchemy's ``after_execute``."""
    facts: Facts | None = connection.info.get(_INFO)
    if facts is not None and isinstance(statement, sa.Update):
        # what returns rows counts none before they are fetched
        facts.found(-1 if statement._returning else result.rowcount)


def begin(connection: AsyncConnection) -> Facts:
    """From now on what is written over this connection is kept, until its ``end``."""
    facts = connection.info[_INFO] = Facts(connection.info)
    return facts


async def see(connection: AsyncConnection, writes: Iterable[tuple[Any, Mapping[str, Any]]]) -> None:
    """Statements that are about to run past SQLAlchemy."""
    facts: Facts | None = connection.info.get(_INFO)
    if facts is None:
        return
    sealed = [(one, values) for one, values in writes if _names(one.table)]
    if not sealed:
        return

    def each(plain: sa.Connection) -> None:
        for statement, values in sealed:
            facts.wrote(plain, statement, (values,))

    await connection.run_sync(each)


@cache
def _names(table: Any) -> frozenset[str]:
    return frozenset(one.name for one in facts_of(table))


def _rows_of(statement: Any) -> list[Mapping[Any, Any]]:
    """What each row of an insert is set to by the statement itself."""
    if statement.select is not None:
        # what the query itself does not say is read again
        return [dict(zip(statement._select_names, statement.select._raw_columns, strict=True))]
    if statement._multi_values:
        return [one for several in statement._multi_values for one in several]
    return [statement._values or {}]


def _given(
    sets: Mapping[Any, Any], values: Mapping[str, Any], names: frozenset[str]
) -> tuple[dict[str, Any], set[str]]:
    """What a statement sets sealed columns to, and those that it sets to what it does not say."""
    given: dict[str, Any] = {name: values[name] for name in names & values.keys()}
    open_: set[str] = set()
    for column, value in sets.items():
        name = column if isinstance(column, str) else column.name
        if name not in names:
            continue
        if isinstance(value, sa.BindParameter):
            given[name] = values.get(value.key, value.value)
        elif isinstance(value, sa.Null):
            given[name] = None
        elif not isinstance(value, sa.ClauseElement):
            given[name] = value
        else:
            given.pop(name, None)
            open_.add(name)
    return given, open_


def asked_for(
    statement: sa.Update | sa.Delete,
) -> tuple[dict[str, sa.BindParameter[Any]], bool]:
    """The columns that the condition of a statement compares with a value, and whether it asks for
    nothing else."""
    given: dict[str, sa.BindParameter[Any]] = {}
    alone = True
    for one in statement._where_criteria:
        several = isinstance(one, sa.BooleanClauseList) and one.operator is operators.and_
        for part in one.clauses if several else (one,):
            if (
                isinstance(part, sa.BinaryExpression)
                and part.operator is operators.eq
                and isinstance(part.left, sa.Column)
                and isinstance(part.right, sa.BindParameter)
            ):
                given[part.left.name] = part.right
            else:
                alone = False
    return given, alone


def _met(
    connection: sa.Connection, table: sa.Table, statement: Any, values: Mapping[str, Any]
) -> tuple[list[Key], bool]:
    """The keys of the rows that an update or a deletion meets, and whether it names them; else they
    were asked for before it runs, and what it made of them must be read."""
    given, alone = asked_for(statement)
    keys = [one.name for one in table.primary_key]
    if alone and given.keys() == set(keys):
        named = [given[name] for name in keys]
        return [tuple(values.get(one.key, one.value) for one in named)], True
    query = sa.select(*table.primary_key).where(*statement._where_criteria)
    wanted = {name: value for name, value in values.items() if name in query.compile().params}
    return [tuple(row) for row in connection.execute(query, wanted)], False


def _is(table: sa.Table, key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(*(one == value for one, value in zip(table.primary_key, key, strict=True)))


def _home(connection: sa.Connection, table: sa.Table, key: Key) -> Any:
    """What names the subject of a row that still stands."""
    column = home_of(table).column
    if column is None:
        return None
    return connection.scalar(sa.select(table.c[column]).where(_is(table, key)))


def _excluded(conflict: Any) -> bool:
    """Whether a row has what an insert gives, also where one was there before."""
    if conflict is None:
        return True
    changes = getattr(conflict, "update_values_to_set", None)
    if not changes:
        return False
    return all(
        isinstance(value, sa.ColumnElement) and getattr(value, "name", None) == _name(column)
        for column, value in dict(changes).items()
    )


def _name(column: Any) -> str:
    return column if isinstance(column, str) else str(column.name)
