"""Each column says what it is; one that does not stops the program."""

from __future__ import annotations

import sqlalchemy as sa

from server.store.tables import metadata, words


def test_each_column_says_whether_it_is_sealed_derived_or_working() -> None:
    assert list(words.faults(metadata)) == []


def test_a_column_without_a_word_and_facts_without_a_home_are_named() -> None:
    later = sa.MetaData()
    sa.Table("bookings", later, sa.Column("id", sa.String, primary_key=True))
    sa.Table("visits", later, sa.Column("id", sa.String, primary_key=True, info=words.sealed()))
    assert list(words.faults(later)) == [
        "bookings.id does not say whether it is sealed, derived or working",
        "visits has sealed columns and does not say in which subject they are told",
    ]


def test_a_subject_is_named_by_one_column_that_is_sealed() -> None:
    for table in metadata.sorted_tables:
        if facts := words.facts_of(table):
            home = words.home_of(table)
            named = home.column
            assert named is None or named in {one.name for one in facts}, table.name
            assert {one.name for one in table.primary_key} <= {one.name for one in facts}
