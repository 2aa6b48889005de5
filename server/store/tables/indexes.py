"""Indexes of those rows alone that are asked for all the time, and of lists by age and place."""

import sqlalchemy as sa

from server.store.tables.alliance import roster, sessions
from server.store.tables.calls import calls, legs, marks, monitors, recordings, rings
from server.store.tables.catalogue import items
from server.store.tables.record import cases, phones, tasks, tellings, unit_tasks
from server.store.tables.road import commands, events, jobs

COMBINED = {
    "sqlite": sa.text("json_extract(decision, '$.combined') IS NOT NULL"),
    "postgresql": sa.text("(decision ->> 'combined') IS NOT NULL"),
}
"""One person took and decided the case, by the mark of its decision; in the words of the partial indexes."""

CONSULTED = "state IN ('consulting', 'consulted')"
"""咨询, in the words of its partial indexes: as literals, or no query is given them."""


def _partial(
    table: sa.Table, name: str, where: str | dict[str, sa.TextClause], *columns: str
) -> None:
    """An index of those rows alone; a query that names the same words, as literals, is given it."""
    named = (table.c[one] for one in columns)
    said = where if isinstance(where, dict) else dict.fromkeys(COMBINED, sa.text(where))
    sa.Index(name, *named, sqlite_where=said["sqlite"], postgresql_where=said["postgresql"])


def as_indexed(condition: str) -> sa.ColumnElement[bool]:
    """The condition of a partial index in its own words. It is given no type: of a truth SQLAlchemy would ask SQLite
    whether it is 1, and no index knows that."""
    said: sa.ColumnElement[bool] = sa.literal_column(condition)
    return said


# ---------------------------------------------------------------- what is asked for all the time, and lists
_partial(roster, "roster_reserved", "reserved_by IS NOT NULL", "reserved_by")
# Who may be rung, the longest free first.
_partial(
    roster, "roster_free", "duty = 'online' AND reserved_by IS NULL",
    "unit_id", "free_since", "person_id",
)  # fmt: skip
_partial(calls, "calls_running", "state IN ('open', 'live')", "id")
_partial(
    calls, "calls_handled", "answered_at IS NOT NULL AND ended_at IS NOT NULL",
    "target_unit_id", "ended_at",
)  # fmt: skip
_partial(rings, "rings_ringing", "state = 'ringing'", "target_id")
_partial(legs, "legs_joined", "state = 'joined'", "person_id")
_partial(legs, "legs_held", "held_until IS NOT NULL", "held_until")
_partial(monitors, "monitors_following", "ended_at IS NULL", "call_id")
_partial(recordings, "recordings_unfinished", "state = 'recording'", "call_id")
_partial(cases, "cases_owed_to_window", "owed_by IS NOT NULL", "window_unit_id", "owed_by", "id")
_partial(cases, "cases_owed_to_unit", "owed_by IS NOT NULL", "unit_id", "owed_by", "id")
_partial(cases, "cases_correcting", "state = 'to_correct'", "due_on")
_partial(cases, "cases_owed", "owed_by IS NOT NULL", "owed_by")
_partial(cases, "cases_due_at_window", "due_on IS NOT NULL", "window_unit_id", "due_on", "id")
_partial(cases, "cases_due_at_unit", "due_on IS NOT NULL", "unit_id", "due_on", "id")
# Whose turn it is, the most urgent first: with what a list is narrowed by, so that it is counted in the index alone.
_partial(
    cases, "cases_turn_at_window", "due_on IS NOT NULL",
    "window_unit_id", "turn", "due_on", "id", "window_id",
)  # fmt: skip
_partial(
    cases, "cases_turn_at_unit", "due_on IS NOT NULL", "unit_id", "turn", "due_on", "id", "owner_id"
)
_partial(
    cases, "cases_archived_at_window", "state = 'archived'",
    "window_unit_id", "created_at", "id", "window_id",
)  # fmt: skip
_partial(
    cases, "cases_archived_at_unit", "state = 'archived'", "unit_id", "created_at", "id", "owner_id"
)
_partial(
    cases, "cases_consulted_by_window", CONSULTED, "window_unit_id", "state", "created_at", "id"
)
_partial(cases, "cases_consulted_by_unit", CONSULTED, "unit_id", "state", "created_at", "id")
# A case by its number, whoever asks: of its own side and unit alone, and never through all of them.
_partial(
    cases, "cases_numbered_at_window", "number_end IS NOT NULL", "window_unit_id", "number_end"
)
_partial(cases, "cases_numbered_at_unit", "number_end IS NOT NULL", "unit_id", "number_end")
_partial(
    cases, "cases_received_at_window", "receipt_number IS NOT NULL",
    "window_unit_id", "receipt_number",
)  # fmt: skip
_partial(cases, "cases_received_at_unit", "receipt_number IS NOT NULL", "unit_id", "receipt_number")
_partial(cases, "cases_to_migrate", "to_migrate IS NOT NULL", "id")
# What a unit granted, by the day: for 双公示.
_partial(cases, "cases_granted_by_unit", "granted_on IS NOT NULL", "unit_id", "granted_on", "id")
_partial(cases, "cases_combined_by_window", COMBINED, "window_unit_id", "created_at", "id")
_partial(cases, "cases_combined_by_unit", COMBINED, "unit_id", "created_at", "id")
_partial(tasks, "tasks_of_owner", "ended_at IS NULL", "owner_id", "next_at", "id")
_partial(tasks, "tasks_of_unit", "ended_at IS NULL AND kind <> 'tell'", "unit_id", "next_at", "id")
_partial(
    tasks, "tasks_unclaimed", "ended_at IS NULL AND kind <> 'tell' AND owner_id IS NULL",
    "unit_id", "next_at", "id",
)  # fmt: skip
_partial(tasks, "tasks_to_tell", "ended_at IS NULL AND kind = 'tell'", "unit_id", "next_at", "id")
_partial(tellings, "tellings_due", "due_at IS NOT NULL", "due_at")
_partial(tasks, "tasks_demanded", "demand_by IS NOT NULL", "unit_id", "next_at", "id")
_partial(tasks, "tasks_ended", "ended_at IS NOT NULL", "unit_id", "ended_at", "id")
sa.Index("unit_tasks_of_case", unit_tasks.c.case_id, unit_tasks.c.unit_id)
_partial(unit_tasks, "unit_tasks_to_do", "turn = 'own'", "unit_id", "next_on", "id")
_partial(unit_tasks, "unit_tasks_answered", "state = 'answered'", "unit_id", "next_on", "id")
_partial(unit_tasks, "unit_tasks_ended", "ended_at IS NOT NULL", "unit_id", "ended_at", "id")
_partial(unit_tasks, "unit_tasks_due", "next_on IS NOT NULL", "next_on", "id")
_partial(tasks, "tasks_to_raise", "raise_at IS NOT NULL", "raise_at")
sa.Index("tasks_once", tasks.c.case_id, tasks.c.once, unique=True)
_partial(jobs, "jobs_by_end", "ended_at IS NOT NULL", "ended_at")
_partial(items, "items_newest", "newest", "unit_id", "name")
_partial(items, "items_offered", "in_use", "name", "unit_id")
# What is to be taken away or packed by age; what is kept for good is not in them.
_partial(events, "events_by_age", "type NOT IN ('packed', 'case.decided')", "at")
_partial(marks, "marks_by_age", "kind IN ('point', 'quality', 'worker')", "at")
_partial(phones, "phones_open", "state IN ('waiting', 'connected')", "expires_at")
sa.Index("phones_by_end", phones.c.expires_at)
# Beginnings of a code are found byte by byte, whatever the database's collation.
sa.Index("items_by_code", items.c.code, postgresql_ops={"code": "text_pattern_ops"})
sa.Index("commands_by_age", commands.c.at)
sa.Index("sessions_by_end", sessions.c.expires_at)
sa.Index("calls_by_window", calls.c.window_unit_id, calls.c.opened_at, calls.c.id)
sa.Index("calls_by_target", calls.c.target_unit_id, calls.c.opened_at, calls.c.id)
sa.Index("cases_by_window", cases.c.window_unit_id, cases.c.created_at, cases.c.id)
sa.Index("cases_by_unit", cases.c.unit_id, cases.c.created_at, cases.c.id)
sa.Index("cases_by_clerk", cases.c.clerk_id, cases.c.created_at, cases.c.id)
sa.Index("legs_by_call_opened", legs.c.person_id, legs.c.opened_at, legs.c.call_id)
sa.Index("legs_by_case_registered", legs.c.person_id, legs.c.registered_at, legs.c.case_id)
