"""Keep the tasks that units have in the cases of another one (多地联办).

Revision: 0053, after 0048.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_tasks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("unit_id", sa.String(64), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("turn", sa.String(4)),
        sa.Column("next_on", sa.Date),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("body", sa.JSON, nullable=False),
    )
    op.create_index("unit_tasks_of_case", "unit_tasks", ["case_id", "unit_id"])
    own, over, due = "turn = 'own'", "ended_at IS NOT NULL", "next_on IS NOT NULL"
    for name, columns, where in (
        ("unit_tasks_to_do", ["unit_id", "next_on", "id"], own),
        ("unit_tasks_answered", ["unit_id", "next_on", "id"], "state = 'answered'"),
        ("unit_tasks_ended", ["unit_id", "ended_at", "id"], over),
        ("unit_tasks_due", ["next_on", "id"], due),
    ):
        that = sa.text(where)
        op.create_index(name, "unit_tasks", columns, sqlite_where=that, postgresql_where=that)


def downgrade() -> None:
    op.drop_table("unit_tasks")
