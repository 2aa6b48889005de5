"""Add strokes on documents, and who alone may draw them.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "drawings",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("material_id", ID, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("cleared_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_drawings"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_drawings_case_id"),
    )
    op.create_index("ix_drawings_case_id", "drawings", ["case_id"])
    op.create_table(
        "drawing_rights",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("only", ID, nullable=True),
        sa.PrimaryKeyConstraint("case_id", name="pk_drawing_rights"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_drawing_rights_case_id"),
    )


def downgrade() -> None:
    op.drop_table("drawing_rights")
    op.drop_table("drawings")
