"""Tell of each missed call at which window it was dialled instead of in which unit: each has a list of its own.

Revision: 0026, after 0025. Those of before are of the window at which who dialled sits now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def _index(column: str) -> None:
    op.create_index("missed_calls_by_window", "missed_calls", [column, "at", "case_id"])


def upgrade() -> None:
    op.add_column("missed_calls", sa.Column("window_id", sa.String(64), nullable=True))
    missed = sa.table("missed_calls", sa.column("call_id"), sa.column("window_id"))
    calls = sa.table("calls", sa.column("id"), sa.column("caller_id"))
    people = sa.table("people", sa.column("id"), sa.column("window_id"))
    sat = (
        sa.select(people.c.window_id)
        .select_from(people.join(calls, calls.c.caller_id == people.c.id))
        .where(calls.c.id == missed.c.call_id)
        .scalar_subquery()
    )
    op.execute(missed.update().values(window_id=sat))
    op.drop_index("missed_calls_by_window", "missed_calls")
    op.drop_column("missed_calls", "window_unit_id")
    _index("window_id")


def downgrade() -> None:
    unit = sa.Column("window_unit_id", sa.String(64), nullable=False, server_default="")
    op.add_column("missed_calls", unit)
    missed = sa.table("missed_calls", sa.column("call_id"), sa.column("window_unit_id"))
    calls = sa.table("calls", sa.column("id"), sa.column("window_unit_id"))
    of = sa.select(calls.c.window_unit_id).where(calls.c.id == missed.c.call_id).scalar_subquery()
    op.execute(missed.update().values(window_unit_id=of))
    op.drop_index("missed_calls_by_window", "missed_calls")
    op.drop_column("missed_calls", "window_id")
    _index("window_unit_id")
