"""Let less sensitive forms wait for a second person, and roles that exclude one another be let by an officer.

Revision: 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.String(64)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lowerings",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("closed_by", ID, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("made_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_lowerings"),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name="fk_lowerings_item_id"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_lowerings_unit_id"),
    )
    op.create_index("ix_lowerings_unit_id", "lowerings", ["unit_id"])
    op.create_table(
        "exemptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("first", sa.String(20), nullable=False),
        sa.Column("second", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exemptions"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_exemptions_person_id"),
    )
    op.create_index("ix_exemptions_person_id", "exemptions", ["person_id"])


def downgrade() -> None:
    op.drop_table("exemptions")
    op.drop_table("lowerings")
