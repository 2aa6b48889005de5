"""Keep what becomes of a case after its acceptance: a column of cases.

Revision: 0033, after 0032.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import JSON

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("course", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "course")
