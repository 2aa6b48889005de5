"""Keep who handles a case and when something is due in it next: columns of cases, and indexes.

Cases that ended at the acceptance go on from there: their next date is the day of the upgrade and a week, and they
lie in the pool of the unit that decides. Those that were not accepted or refused have a next date of the same day.
Revision: 0035, after 0034.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_DUE = sa.text("due_on IS NOT NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("owner_id", sa.String(64), nullable=True))
    op.add_column("cases", sa.Column("due_on", sa.Date(), nullable=True))
    day = (datetime.now(UTC) + timedelta(hours=8)).date() + timedelta(days=7)
    op.execute(
        sa.text("UPDATE cases SET due_on = :day").bindparams(sa.bindparam("day", day, sa.Date()))
    )
    for name, unit in (("cases_due_at_window", "window_unit_id"), ("cases_due_at_unit", "unit_id")):
        op.create_index(
            name, "cases", [unit, "due_on", "id"], postgresql_where=_DUE, sqlite_where=_DUE
        )


def downgrade() -> None:
    op.drop_index("cases_due_at_unit", "cases")
    op.drop_index("cases_due_at_window", "cases")
    op.drop_column("cases", "due_on")
    op.drop_column("cases", "owner_id")
