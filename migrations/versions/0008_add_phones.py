"""Add links by which a phone brings pages to a line of a case.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)
HASH = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "phones",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("line", ID, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("secret_sha256", HASH, nullable=False),
        sa.Column("token_sha256", HASH, nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("connected_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_phones"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_phones_case_id"),
    )
    op.create_index("ix_phones_case_id", "phones", ["case_id"])
    op.create_index("ix_phones_token_sha256", "phones", ["token_sha256"])


def downgrade() -> None:
    op.drop_table("phones")
