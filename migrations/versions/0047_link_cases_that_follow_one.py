"""Link a case that follows a granted one (变更, 延续, 撤销 …) to it: a column of cases. None of before follows one.

Revision: 0047, after 0046.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("sequel_of", sa.JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "sequel_of")
