"""Let an entry of the ledger seal its event. Older entries have none and stay of format 1.

Revision: 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entries", sa.Column("event", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("ledger_entries", "event")
