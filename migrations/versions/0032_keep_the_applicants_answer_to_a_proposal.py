"""Keep what the applicant says to a proposal: columns of proposals.

Revision: 0032, after 0031.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("answer", sa.String(3), nullable=True))
    op.add_column("proposals", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("proposals", "answered_at")
    op.drop_column("proposals", "answer")
