"""The tables. Rows are turned into domain dataclasses in the rooms that they belong to.

JSON columns hold what is read whole. Each column says by a word what it is (``words``), each table with
sealed ones in which subject its rows are told. Migrations are written by hand and never import this
package; a test compares both.
"""

from server.store.tables.alliance import (
    devices,
    exemptions,
    people,
    roster,
    sessions,
    throttles,
    units,
    windows,
)
from server.store.tables.calls import calls, legs, marks, monitors, playbacks, recordings, rings
from server.store.tables.catalogue import item_words, items, lowerings, work_calendar
from server.store.tables.columns import Utc, metadata
from server.store.tables.indexes import COMBINED, CONSULTED
from server.store.tables.record import (
    case_fields,
    case_serials,
    cases,
    checks,
    comments,
    drawing_rights,
    drawings,
    field_drafts,
    field_history,
    field_holds,
    handovers,
    materials,
    missed_calls,
    nodes,
    paper_templates,
    papers,
    phones,
    phrases,
    proposals,
    ratings,
    referred_away,
    sayings,
    signatures,
    tasks,
    tellings,
    unmaskings,
    uploads,
)
from server.store.tables.road import (
    commands,
    events,
    jobs,
    ledger_entries,
    ledger_payloads,
    ledger_sequencer,
    subjects,
)
from server.store.tables.words import faults

if unsaid := list(faults(metadata)):
    raise TypeError("; ".join(unsaid))

__all__ = [
    "COMBINED",
    "CONSULTED",
    "Utc",
    "calls",
    "case_fields",
    "case_serials",
    "cases",
    "checks",
    "commands",
    "comments",
    "devices",
    "drawing_rights",
    "drawings",
    "events",
    "exemptions",
    "field_drafts",
    "field_history",
    "field_holds",
    "handovers",
    "item_words",
    "items",
    "jobs",
    "ledger_entries",
    "ledger_payloads",
    "ledger_sequencer",
    "legs",
    "lowerings",
    "marks",
    "materials",
    "metadata",
    "missed_calls",
    "monitors",
    "nodes",
    "paper_templates",
    "papers",
    "people",
    "phones",
    "phrases",
    "playbacks",
    "proposals",
    "ratings",
    "recordings",
    "referred_away",
    "rings",
    "roster",
    "sayings",
    "sessions",
    "signatures",
    "subjects",
    "tasks",
    "tellings",
    "throttles",
    "units",
    "unmaskings",
    "uploads",
    "windows",
    "work_calendar",
]
