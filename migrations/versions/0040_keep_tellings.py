"""Keep what is told to applicants: tellings, with an index of those that are due; what people are to tell stands in an
index of its own among the tasks.

Revision: 0040, after 0039.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
ID = sa.String(64)
_OPEN = "ended_at IS NULL"
_INDEXES = ("tasks_of_unit", "tasks_unclaimed")


def _of_tasks(*, told_apart: bool) -> None:
    apart = " AND kind <> 'tell'" if told_apart else ""
    for name, where in zip(
        _INDEXES, (f"{_OPEN}{apart}", f"{_OPEN}{apart} AND owner_id IS NULL"), strict=True
    ):
        op.drop_index(name, "tasks")
        _partial("tasks", name, where, ["unit_id", "next_at", "id"])


def _partial(table: str, name: str, where: str, columns: list[str]) -> None:
    op.create_index(
        name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where)
    )


def upgrade() -> None:
    op.create_table(
        "tellings",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("received_at", _MOMENT, nullable=True),
        sa.Column("why", sa.String(12), nullable=True),
        sa.Column("task_id", ID, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tellings"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_tellings_case_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_tellings_unit_id"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name="fk_tellings_task_id"),
    )
    op.create_index("ix_tellings_case_id", "tellings", ["case_id"])
    _partial("tellings", "tellings_due", "due_at IS NOT NULL", ["due_at"])
    _of_tasks(told_apart=True)
    _partial("tasks", "tasks_to_tell", f"{_OPEN} AND kind = 'tell'", ["unit_id", "next_at", "id"])


def downgrade() -> None:
    op.drop_index("tasks_to_tell", "tasks")
    _of_tasks(told_apart=False)
    op.drop_table("tellings")
