"""Let a line of a case hold several files, each in a slot with its versions.

What is there stays the first file of its line; what is on no line is each a file of its own.

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("materials", sa.Column("slot", sa.Integer, nullable=False, server_default="1"))
    materials = sa.table(
        "materials",
        sa.column("line", sa.String),
        sa.column("purpose", sa.String),
        sa.column("number", sa.Integer),
        sa.column("slot", sa.Integer),
    )
    op.execute(
        materials.update()
        .where(materials.c.line == "other", materials.c.purpose == "material")
        .values(slot=materials.c.number)
    )


def downgrade() -> None:
    op.drop_column("materials", "slot")
