"""Index the cases that one person took and decided, and jobs by their end.

Revision: 0030, after 0029.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_SQLITE = sa.text("json_extract(decision, '$.combined') IS NOT NULL")
_POSTGRESQL = sa.text("(decision ->> 'combined') IS NOT NULL")
_ENDED = sa.text("ended_at IS NOT NULL")
_SIDES = (("cases_combined_by_window", "window_unit_id"), ("cases_combined_by_unit", "unit_id"))


def upgrade() -> None:
    for name, side in _SIDES:
        op.create_index(
            name,
            "cases",
            [side, "created_at", "id"],
            sqlite_where=_SQLITE,
            postgresql_where=_POSTGRESQL,
        )
    op.create_index(
        "jobs_by_end", "jobs", ["ended_at"], sqlite_where=_ENDED, postgresql_where=_ENDED
    )


def downgrade() -> None:
    op.drop_index("jobs_by_end", "jobs")
    for name, _ in _SIDES:
        op.drop_index(name, "cases")
