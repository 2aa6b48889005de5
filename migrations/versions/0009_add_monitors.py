"""Add supervisors who follow running calls.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "monitors",
        sa.Column("id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_monitors_call_id_calls"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_monitors_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_monitors"),
    )
    op.create_index("ix_monitors_call_id", "monitors", ["call_id"])
    op.create_index("ix_monitors_person_id", "monitors", ["person_id"])
    op.add_column(
        "legs", sa.Column("barged", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("legs", "barged")
    op.drop_index("ix_monitors_person_id", "monitors")
    op.drop_index("ix_monitors_call_id", "monitors")
    op.drop_table("monitors")
