"""Keep what a unit has to see to about a case: tasks, with indexes of those that are not over, and of cases of which a day
may pass.

Revision: 0036, after 0035.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("case_id", sa.String(64), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=True),
        sa.Column("wanted", sa.String(200), nullable=False),
        sa.Column("once", sa.String(120), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("joined_at", _MOMENT, nullable=True),
        sa.Column("next_step", sa.String(200), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("raise_at", _MOMENT, nullable=True),
        sa.Column("results", sa.JSON(), nullable=False),
        sa.Column("demands", sa.JSON(), nullable=False),
        sa.Column("demand_by", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_tasks_case_id"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_tasks_call_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_tasks_unit_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name="fk_tasks_owner_id"),
    )
    op.create_index("ix_tasks_case_id", "tasks", ["case_id"])
    op.create_index("tasks_once", "tasks", ["case_id", "once"], unique=True)
    for name, where, columns in (
        ("tasks_of_owner", "ended_at IS NULL", ["owner_id", "next_at", "id"]),
        ("tasks_of_unit", "ended_at IS NULL", ["unit_id", "next_at", "id"]),
        (
            "tasks_unclaimed",
            "ended_at IS NULL AND owner_id IS NULL",
            ["unit_id", "next_at", "id"],
        ),
        ("tasks_demanded", "demand_by IS NOT NULL", ["unit_id", "next_at", "id"]),
        ("tasks_ended", "ended_at IS NOT NULL", ["unit_id", "ended_at", "id"]),
        ("tasks_to_raise", "raise_at IS NOT NULL", ["raise_at"]),
    ):
        op.create_index(
            name, "tasks", columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
        )
    for name, where, column in (
        ("cases_correcting", "state = 'to_correct'", "due_on"),
        ("cases_owed", "owed_by IS NOT NULL", "owed_by"),
    ):
        op.create_index(
            name, "cases", [column], postgresql_where=sa.text(where), sqlite_where=sa.text(where)
        )


def downgrade() -> None:
    op.drop_index("cases_owed", "cases")
    op.drop_index("cases_correcting", "cases")
    op.drop_table("tasks")
