"""Keep which unit passed a case on to which other one, and why.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("referrals", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "referrals")
