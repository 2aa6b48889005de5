"""What a column is: sealed, derived or working. Each column of ``tables`` says it in its ``info``.

Sealed: it stands in the ledger, and a check compares the two. Derived: it is computed from what
stands elsewhere. Working: it keeps the house running and proves nothing. The verifier, what a
transaction seals and the test of forgeries are made from these words; a column without one stops
the program at import. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final

import sqlalchemy as sa

FACTS: Final = "facts"
"""Where an entry's payload tells rows: ``facts.<table>.<key>.<column>``, written by the one road."""
_WORD: Final = "word"
_HOME: Final = "home"


@dataclass(frozen=True, slots=True)
class Sealed:
    """It must be what the ledger says at `path`.

    ``facts``: the road writes each value into the payload of the entry of its change.
    ``entry``, ``payload``, ``event``, ``chain``, ``tree``: it is part of the ledger itself.
    """

    path: str
    before: str | None = None
    """Where entries of format 1 told it: ``<kind of object>:*/<member>.<member>``. None: nowhere."""
    file: bool = False
    """Whether it is the SHA-256 of a file in the blob store."""


@dataclass(frozen=True, slots=True)
class Derived:
    """It follows from what it names, and can be made anew."""

    source: str


@dataclass(frozen=True, slots=True)
class Working:
    """It proves nothing, for this reason."""

    why: str


Word = Sealed | Derived | Working


@dataclass(frozen=True, slots=True)
class Home:
    """Under which subject the rows of a table are told.

    `subject` is a template over columns of the row (``case:{case_id}``): all changes of a row are
    entries of this one subject, whose versions are their order. `born` are kinds of subjects whose
    entries may tell of a row besides, before any of its own. `made` is the column that holds the moment,
    or the version, of the entry with which a row came.
    """

    subject: str
    born: frozenset[str] = frozenset()
    made: str | None = None

    @property
    def kind(self) -> str:
        return self.subject.partition(":")[0]

    @property
    def column(self) -> str | None:
        """The one column that names the subject; None where all rows have the same."""
        return next((name for _, name, _, _ in Formatter().parse(self.subject) if name), None)

    def takes(self, subject: str) -> bool:
        """Whether an entry of this subject may tell of such rows."""
        kind = subject.partition(":")[0]
        return kind == self.kind or kind in self.born


def sealed(path: str = FACTS, *, before: str | None = None, file: bool = False) -> dict[str, Any]:
    """For a column's ``info``: see ``Sealed``."""
    return {_WORD: Sealed(path, before, file)}


def derived(source: str) -> dict[str, Any]:
    """For a column's ``info``: see ``Derived``."""
    return {_WORD: Derived(source)}


def working(why: str) -> dict[str, Any]:
    """For a column's ``info``: see ``Working``."""
    return {_WORD: Working(why)}


def told_in(subject: str, *born: str, made: str | None = None) -> dict[str, Any]:
    """For a table's ``info``: see ``Home``."""
    return {_HOME: Home(subject, frozenset(born), made)}


def word_of(column: sa.Column[Any]) -> Word:
    """What this column is. KeyError when it does not say."""
    word: Word = column.info[_WORD]
    return word


def home_of(table: sa.Table) -> Home:
    """Where its rows are told. KeyError for a table without facts."""
    home: Home = table.info[_HOME]
    return home


def facts_of(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns whose values entries tell."""
    return [one for one in table.columns if _told(one)]


def _told(column: sa.Column[Any]) -> bool:
    word = column.info.get(_WORD)
    return isinstance(word, Sealed) and word.path == FACTS


def faults(metadata: sa.MetaData) -> Iterator[str]:
    """What is left unsaid: columns without a word, tables with facts and no home."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.info.get(_WORD), Word):
                yield f"{table.name}.{column.name} does not say whether it is sealed, derived or working"
        home = table.info.get(_HOME)
        if isinstance(home, Home) and home.made not in (
            None,
            *(one.name for one in facts_of(table)),
        ):
            yield f"{table.name}.{home.made}, with which its rows came, is not sealed"
        if facts_of(table) and not isinstance(home, Home):
            yield f"{table.name} has sealed columns and does not say in which subject they are told"
