"""Keep the consent to use earlier materials, and where a material was taken over from.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON()


def upgrade() -> None:
    op.add_column("cases", sa.Column("earlier_consent", JSON, nullable=True))
    op.create_index("ix_cases_identity_number", "cases", ["identity_number"])
    op.add_column("materials", sa.Column("origin", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("materials", "origin")
    op.drop_index("ix_cases_identity_number", "cases")
    op.drop_column("cases", "earlier_consent")
