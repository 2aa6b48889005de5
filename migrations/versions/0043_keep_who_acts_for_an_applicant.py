"""Keep when 帮办 and 代办 were accepted, and the 委托书 of 代办: two columns of tasks.

Revision: 0043, after 0042.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("mandates", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "mandates")
    op.drop_column("tasks", "accepted_at")
