"""List what a unit referred away: one row a referral, by the unit that passed the case on.

Revision: 0031, after 0030.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    away = op.create_table(
        "referred_away",
        sa.Column("case_id", sa.String(64), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("nth", sa.Integer(), primary_key=True),
        sa.Column("from_unit_id", sa.String(64), nullable=False),
        sa.Column("to_unit_id", sa.String(64), nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index("referred_away_by_unit", "referred_away", ["from_unit_id", "at", "case_id"])
    bind = op.get_bind()
    cases = sa.table("cases", sa.column("id"), sa.column("referrals", sa.JSON()))
    kept = bind.execute(
        sa.select(cases.c.id, cases.c.referrals).where(cases.c.referrals.is_not(None))
    )
    rows = [
        {
            "case_id": case_id,
            "nth": nth,
            "from_unit_id": one["from_unit_id"],
            "to_unit_id": one["to_unit_id"],
            "at": datetime.fromisoformat(one["at"]),
        }
        for case_id, referrals in kept
        for nth, one in enumerate(referrals or ())
    ]
    if rows:
        op.bulk_insert(away, rows)


def downgrade() -> None:
    op.drop_index("referred_away_by_unit", "referred_away")
    op.drop_table("referred_away")
