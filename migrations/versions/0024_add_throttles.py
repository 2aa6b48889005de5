"""Keep in the database what slows guessing down, and when a session was last used.

Failed tries were counted in the memory of each node. Sessions of before count as used when they were
opened; no password of before is a temporary one.

Revision: 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "devices",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.add_column("sessions", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("password_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "password_until")
    op.drop_column("sessions", "used_at")
    op.drop_table("devices")
    op.drop_table("throttles")
