"""Keep before whom a unit's decisions can be taken: columns of units.

Revision: 0034, after 0033.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("review_body", "court"):
        op.add_column("units", sa.Column(name, sa.String(120), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("units", "court")
    op.drop_column("units", "review_body")
