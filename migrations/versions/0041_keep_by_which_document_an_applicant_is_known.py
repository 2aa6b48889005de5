"""Keep of which document an applicant's number is: a column of cases. All before showed their identity card.

Revision: 0041, after 0040.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "cases",
        sa.Column("document", sa.String(20), nullable=False, server_default="identity_card"),
    )


def downgrade() -> None:
    op.drop_column("cases", "document")
