"""Keep for whom an applicant came: a column of cases. Of cases of before nobody noted it.

Revision: 0042, after 0041.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("principal", sa.JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("cases", "principal")
