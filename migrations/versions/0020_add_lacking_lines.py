"""Keep for which lines a leg's page has no device, apart from those that its person has muted.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legs", sa.Column("lacking", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("legs", "lacking")
