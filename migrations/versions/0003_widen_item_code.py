"""Widen the code of items to 64 characters: real lists have codes of up to 55.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = (("items", "code", 50, 64), ("case_serials", "prefix", 50, 80))


def upgrade() -> None:
    for table, column, narrow, wide in COLUMNS:
        _alter(table, column, narrow, wide)


def downgrade() -> None:
    for table, column, narrow, wide in COLUMNS:
        _alter(table, column, wide, narrow)


def _alter(table: str, column: str, before: int, after: int) -> None:
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            column,
            existing_type=sa.String(length=before),
            type_=sa.String(length=after),
            existing_nullable=False,
        )
