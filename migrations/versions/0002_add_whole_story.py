"""Add what the whole story needs: text, comments, checklist, signature, papers, playbacks, marks.

Revision: 0002, after 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)


INDEXES = (
    ("ix_sayings_case_id", "sayings", "case_id"),
    ("ix_sayings_call_id", "sayings", "call_id"),
    ("ix_comments_case_id", "comments", "case_id"),
    ("ix_signatures_case_id", "signatures", "case_id"),
    ("ix_papers_case_id", "papers", "case_id"),
    ("ix_phrases_unit_id", "phrases", "unit_id"),
    ("ix_playbacks_call_id", "playbacks", "call_id"),
    ("ix_marks_call_id", "marks", "call_id"),
)


def columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    """The columns that are added, by table."""
    return (
        ("cases", sa.Column("corrections", sa.Integer(), nullable=False, server_default="0")),
        ("cases", sa.Column("shown", sa.JSON(), nullable=True)),
        ("cases", sa.Column("looked", sa.JSON(), nullable=True)),
        ("cases", sa.Column("submission", sa.JSON(), nullable=True)),
        (
            "materials",
            sa.Column("side", sa.String(length=8), nullable=False, server_default="window"),
        ),
        (
            "materials",
            sa.Column("purpose", sa.String(length=12), nullable=False, server_default="material"),
        ),
        ("materials", sa.Column("answers", ID, nullable=True)),
        ("materials", sa.Column("version", sa.Integer(), nullable=False, server_default="0")),
        ("proposals", sa.Column("version", sa.Integer(), nullable=False, server_default="0")),
        ("rings", sa.Column("invite_id", ID, nullable=True)),
        ("rings", sa.Column("invited_by", ID, nullable=True)),
        (
            "rings",
            sa.Column("note", sa.String(length=200), nullable=False, server_default=sa.text("''")),
        ),
        ("calls", sa.Column("media_worker", sa.String(length=120), nullable=True)),
        ("jobs", sa.Column("not_before", MOMENT, nullable=True)),
        ("jobs", sa.Column("ended_at", MOMENT, nullable=True)),
        (
            "jobs",
            sa.Column("fault", sa.String(length=200), nullable=False, server_default=sa.text("''")),
        ),
    )


def upgrade() -> None:
    for table, column in columns():
        op.add_column(table, column)
    op.create_table(
        "sayings",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("call_id", ID, nullable=True),
        sa.Column("lane", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("on_behalf_of", sa.String(length=80), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_sayings_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sayings"),
    )
    op.create_table(
        "comments",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("on", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("entries", sa.JSON(), nullable=False),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_comments_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
    )
    op.create_table(
        "checks",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("point", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_checks_case_id"),
        sa.PrimaryKeyConstraint("case_id", "point", name="pk_checks"),
    )
    op.create_table(
        "signatures",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("strokes", sa.JSON(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_signatures_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signatures"),
    )
    op.create_table(
        "papers",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=50), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("size_bytes", BIG, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_papers_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_papers"),
        sa.UniqueConstraint("number", name="uq_papers_number"),
    )
    op.create_table(
        "phrases",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_phrases_unit_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phrases"),
    )
    op.create_table(
        "playbacks",
        sa.Column("id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("seat", sa.String(length=8), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("size_bytes", BIG, nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("gaps", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_playbacks_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_playbacks"),
    )
    op.create_table(
        "marks",
        sa.Column("id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_marks_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_marks"),
    )
    for index, table, key in INDEXES:
        op.create_index(index, table, [key])


def downgrade() -> None:
    for index, table, _ in reversed(INDEXES):
        op.drop_index(index, table_name=table)
    for name in (
        *("marks", "playbacks", "phrases", "papers", "signatures", "checks", "comments"),
        "sayings",
    ):
        op.drop_table(name)
    for table, column in reversed(columns()):
        op.drop_column(table, column.name)
