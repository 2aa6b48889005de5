"""Add to materials their grade and the copy that people look at; have one made of each stored file.

Revision: 0010, after 0009.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("grade", sa.String(length=1), nullable=True),
        sa.Column(
            "grade_note", sa.String(length=200), nullable=False, server_default=sa.text("''")
        ),
        sa.Column("graded_by", ID, nullable=True),
        sa.Column("graded_at", MOMENT, nullable=True),
        sa.Column("viewed_state", sa.String(length=8), nullable=False, server_default="none"),
        sa.Column("viewed_type", sa.String(length=80), nullable=True),
        sa.Column("viewed_sha256", sa.String(length=64), nullable=True),
        sa.Column("viewed_bytes", BIG, nullable=True),
        sa.Column(
            "viewed_fault", sa.String(length=20), nullable=False, server_default=sa.text("''")
        ),
        sa.Column("scan", sa.String(length=12), nullable=False, server_default="off"),
    )


def upgrade() -> None:
    for column in columns():
        op.add_column("materials", column)
    op.execute("UPDATE materials SET viewed_state = 'making' WHERE state = 'stored'")
    op.execute("UPDATE materials SET grade = 'C' WHERE state = 'stored' AND purpose = 'material'")
    jobs = sa.table(
        "jobs",
        sa.column("id", ID),
        sa.column("kind", sa.String),
        sa.column("subject", sa.String),
        sa.column("body", sa.JSON),
        sa.column("state", sa.String),
        sa.column("tries", sa.Integer),
        sa.column("at", MOMENT),
    )
    stored: Sequence[sa.Row[Any]] = ()
    if not op.get_context().as_sql:
        query = sa.text("SELECT id, case_id FROM materials WHERE state = 'stored'")
        stored = op.get_bind().execute(query).all()
    asked = [
        {
            "id": secrets.token_urlsafe(16),
            "kind": "viewed_copy",
            "subject": f"case:{one.case_id}",
            "body": {"case": one.case_id, "material": one.id},
            "state": "waiting",
            "tries": 0,
            "at": datetime.now(UTC),
        }
        for one in stored
    ]
    if asked:
        op.bulk_insert(jobs, asked)


def downgrade() -> None:
    op.execute("DELETE FROM jobs WHERE kind = 'viewed_copy'")
    with op.batch_alter_table("materials") as table:
        for column in reversed(columns()):
            table.drop_column(column.name)
