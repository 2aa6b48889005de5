"""Index what is asked for all the time by what it is, so that a full database costs no more than an empty one.

Calls that run, rings that ring, seats that are held, recordings that are written and desks that are free have
indexes of their own; lists are read in their order. A leg carries what lists ask of its call and its case, an
item whether it is the newest of its code, a desk since when it is free. No seat is held in a call that is over.

Revision: 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_DROPPED = (
    ("calls", "window_unit_id"),
    ("calls", "target_unit_id"),
    ("calls", "state"),
    ("rings", "target_id"),
    ("rings", "deadline_at"),
    ("legs", "person_id"),
    ("cases", "unit_id"),
    ("cases", "window_unit_id"),
    ("cases", "clerk_id"),
    ("cases", "owed_by"),
)
_MADE = (
    ("commands_by_age", "commands", ("at",)),
    ("sessions_by_end", "sessions", ("expires_at",)),
    ("calls_by_window", "calls", ("window_unit_id", "opened_at", "id")),
    ("calls_by_target", "calls", ("target_unit_id", "opened_at", "id")),
    ("cases_by_window", "cases", ("window_unit_id", "created_at", "id")),
    ("cases_by_unit", "cases", ("unit_id", "created_at", "id")),
    ("cases_by_clerk", "cases", ("clerk_id", "created_at", "id")),
    ("legs_by_call_opened", "legs", ("person_id", "opened_at", "call_id")),
    ("legs_by_case_registered", "legs", ("person_id", "registered_at", "case_id")),
)
_PARTIAL = (
    ("roster_reserved", "roster", "reserved_by IS NOT NULL", ("reserved_by",)),
    (
        "roster_free",
        "roster",
        "duty = 'online' AND reserved_by IS NULL",
        ("unit_id", "free_since", "person_id"),
    ),
    ("calls_running", "calls", "state IN ('open', 'live')", ("id",)),
    (
        "calls_handled",
        "calls",
        "answered_at IS NOT NULL AND ended_at IS NOT NULL",
        ("target_unit_id", "ended_at"),
    ),
    ("rings_ringing", "rings", "state = 'ringing'", ("target_id",)),
    ("legs_joined", "legs", "state = 'joined'", ("person_id",)),
    ("legs_held", "legs", "held_until IS NOT NULL", ("held_until",)),
    ("monitors_following", "monitors", "ended_at IS NULL", ("call_id",)),
    ("recordings_unfinished", "recordings", "state = 'recording'", ("call_id",)),
    ("cases_owed_to_window", "cases", "owed_by IS NOT NULL", ("window_unit_id", "owed_by", "id")),
    ("cases_owed_to_unit", "cases", "owed_by IS NOT NULL", ("unit_id", "owed_by", "id")),
    ("items_newest", "items", "newest", ("unit_id", "name")),
    ("items_offered", "items", "in_use", ("name", "unit_id")),
)
_OF_CALL = ("case_id", "window_unit_id", "target_unit_id")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("roster", sa.Column("free_since", moment, nullable=True))
    op.execute("UPDATE roster SET free_since = last_seen_at")
    op.add_column(
        "items", sa.Column("newest", sa.Boolean, nullable=False, server_default=sa.true())
    )
    op.execute(
        "UPDATE items SET newest = false WHERE EXISTS (SELECT 1 FROM items AS later"
        " WHERE later.code = items.code AND later.unit_id = items.unit_id"
        " AND later.version > items.version)"
    )
    for name in _OF_CALL:
        op.add_column("legs", sa.Column(name, sa.String(64), nullable=True))
    for name in ("opened_at", "registered_at"):
        op.add_column("legs", sa.Column(name, moment, nullable=True))
    op.execute(
        "UPDATE legs SET case_id = calls.case_id, window_unit_id = calls.window_unit_id,"
        " target_unit_id = calls.target_unit_id, opened_at = calls.opened_at,"
        " registered_at = cases.created_at"
        " FROM calls JOIN cases ON cases.id = calls.case_id WHERE calls.id = legs.call_id"
    )
    op.execute(
        "UPDATE legs SET held_until = NULL WHERE held_until IS NOT NULL"
        " AND call_id IN (SELECT id FROM calls WHERE state = 'ended')"
    )
    for table, column in _DROPPED:
        op.drop_index(f"ix_{table}_{column}", table)
    for name, table, columns in _MADE:
        op.create_index(name, table, list(columns))
    for name, table, where, of in _PARTIAL:
        op.create_index(
            name, table, list(of), sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    for one in (*_MADE, *_PARTIAL):
        op.drop_index(one[0], one[1])
    for of, column in _DROPPED:
        op.create_index(f"ix_{of}_{column}", of, [column])
    for name in (*_OF_CALL, "opened_at", "registered_at"):
        op.drop_column("legs", name)
    op.drop_column("items", "newest")
    op.drop_column("roster", "free_since")
