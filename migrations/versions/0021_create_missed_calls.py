"""Keep of each case the call that nobody answered, until one is.

Revision: 0021, after 0020. Calls of before are not gone through.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missed_calls",
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.id"), nullable=False),
        sa.Column("window_unit_id", sa.String(64), nullable=False),
        sa.Column("target_unit_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("asked_by", sa.String(64), sa.ForeignKey("people.id"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
    )
    for name, column in (("window", "window_unit_id"), ("target", "target_unit_id")):
        op.create_index(f"missed_calls_by_{name}", "missed_calls", [column, "at", "case_id"])


def downgrade() -> None:
    op.drop_table("missed_calls")
