"""Keep templates of papers that a unit laid out by itself, by version, and which of them drew a paper.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "paper_templates",
        sa.Column("id", ID, nullable=False),
        sa.Column("unit_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name="fk_paper_templates_unit_id_units"),
        sa.PrimaryKeyConstraint("id", name="pk_paper_templates"),
        sa.UniqueConstraint("unit_id", "kind", "version", name="uq_paper_templates_unit_id"),
    )
    op.add_column("papers", sa.Column("template_id", ID, nullable=True))


def downgrade() -> None:
    op.drop_column("papers", "template_id")
    op.drop_table("paper_templates")
