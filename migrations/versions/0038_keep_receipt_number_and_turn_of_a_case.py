"""Keep under which 收件号 a case was received, and whose turn it is: columns of cases, and indexes.

Whose turn it is in what is there already is told as it can be told by state and handing in; each case tells it exactly
with its next act. Cases of before have no 收件号. Revision: 0038, after 0037.
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_DUE = sa.text("due_on IS NOT NULL")
_ARCHIVED = sa.text("state = 'archived'")
_INDEXES = (
    ("cases_turn_at_window", ("window_unit_id", "turn", "due_on", "id", "window_id"), _DUE),
    ("cases_turn_at_unit", ("unit_id", "turn", "due_on", "id", "owner_id"), _DUE),
    ("cases_archived_at_window", ("window_unit_id", "created_at", "id", "window_id"), _ARCHIVED),
    ("cases_archived_at_unit", ("unit_id", "created_at", "id", "owner_id"), _ARCHIVED),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("turn", sa.String(8), nullable=True))
    op.add_column("cases", sa.Column("receipt_number", sa.String(20), nullable=True))
    # a JSON column that was written as None holds the JSON null
    op.execute(
        "UPDATE cases SET turn = CASE"
        " WHEN state IN ('registered', 'reviewing')"
        " AND COALESCE(CAST(submission AS TEXT), 'null') = 'null' THEN 'window'"
        " WHEN state IN ('to_correct', 'issued', 'denied') THEN 'window'"
        " ELSE 'approver' END WHERE state <> 'archived'"
    )
    for name, columns, where in _INDEXES:
        op.create_index(name, "cases", list(columns), postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(name, "cases")
    op.drop_column("cases", "receipt_number")
    op.drop_column("cases", "turn")
