"""Keep whose electronic seal a paper bears, or why it bears none: columns of papers.

Revision: 0037, after 0036.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("papers", sa.Column("seal", sa.JSON(), nullable=True))
    op.add_column("papers", sa.Column("draft", sa.String(8), nullable=True))


def downgrade() -> None:
    op.drop_column("papers", "draft")
    op.drop_column("papers", "seal")
