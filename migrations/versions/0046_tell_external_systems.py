"""Tell external systems of their cases, and keep what they state of a day.

Revision: 0046, after 0045.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("externals", sa.Column("url", sa.String(500)))
    with op.batch_alter_table("tellings") as table:
        table.add_column(sa.Column("external_id", sa.String(64)))
        table.create_foreign_key(
            "fk_tellings_external_id_externals", "externals", ["external_id"], ["id"]
        )
    op.create_table(
        "statements",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("external_id", sa.String(64), sa.ForeignKey("externals.id"), nullable=False),
        sa.Column("unit_id", sa.String(64), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
    )
    op.create_index("statements_message", "statements", ["external_id", "message"], unique=True)
    op.create_index("ix_statements_day", "statements", ["external_id", "day"])


def downgrade() -> None:
    op.drop_table("statements")
    with op.batch_alter_table("tellings") as table:
        table.drop_constraint("fk_tellings_external_id_externals", type_="foreignkey")
        table.drop_column("external_id")
    op.drop_column("externals", "url")
