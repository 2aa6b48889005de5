"""Keep what an applicant promised to bring after acceptance, and until when a case is owed something.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("promises", sa.JSON(), nullable=True))
    op.add_column("cases", sa.Column("owed_by", sa.Date(), nullable=True))
    op.create_index("ix_cases_owed_by", "cases", ["owed_by"])


def downgrade() -> None:
    op.drop_index("ix_cases_owed_by", "cases")
    op.drop_column("cases", "owed_by")
    op.drop_column("cases", "promises")
