"""Find a case by the end of its 办件编号, and by its 收件号: a column of cases, and indexes.

Revision: 0045, after 0044.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_NUMBERED = sa.text("number_end IS NOT NULL")
_RECEIVED = sa.text("receipt_number IS NOT NULL")
_INDEXES = (
    ("cases_numbered_at_window", ("window_unit_id", "number_end"), _NUMBERED),
    ("cases_numbered_at_unit", ("unit_id", "number_end"), _NUMBERED),
    ("cases_received_at_window", ("window_unit_id", "receipt_number"), _RECEIVED),
    ("cases_received_at_unit", ("unit_id", "receipt_number"), _RECEIVED),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("number_end", sa.String(8), nullable=True))
    op.execute(
        "UPDATE cases SET number_end = CASE WHEN length(number) > 8"
        " THEN substr(number, length(number) - 7) ELSE number END WHERE number IS NOT NULL"
    )
    for name, columns, where in _INDEXES:
        op.create_index(name, "cases", list(columns), postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    for name, _, _ in _INDEXES:
        op.drop_index(name, "cases")
    op.drop_column("cases", "number_end")
