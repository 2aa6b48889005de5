"""Tell of a version of an item who made it, when and why; of those that are there nothing is known.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("items") as table:
        table.add_column(sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("made_by", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("note", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("items") as table:
        for name in ("note", "made_by", "made_at"):
            table.drop_column(name)
