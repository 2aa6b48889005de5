"""Let uploads be parts, of a length told later, and say which node holds them; name the nodes.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ID = sa.String(length=64)

INDEXES = (
    ("ix_uploads_person_id", ["person_id", "began_at"]),
    ("ix_uploads_unit_id", ["unit_id", "began_at"]),
)
EMPTY = sa.text("''")


def upgrade() -> None:
    with op.batch_alter_table("uploads") as table:
        table.alter_column("material_id", existing_type=ID, nullable=True)
        table.alter_column("case_id", existing_type=ID, nullable=True)
        table.alter_column("length_bytes", existing_type=BIG, nullable=True)
        table.add_column(sa.Column("unit_id", ID, nullable=False, server_default=EMPTY))
        table.add_column(sa.Column("node_id", ID, nullable=False, server_default=EMPTY))
        table.add_column(sa.Column("began_at", MOMENT, nullable=True))
        table.add_column(
            sa.Column("ended", sa.String(length=10), nullable=False, server_default=EMPTY)
        )
        table.add_column(sa.Column("told", sa.Text(), nullable=False, server_default=EMPTY))
        table.add_column(sa.Column("concat", sa.Text(), nullable=False, server_default=EMPTY))
    op.execute(
        "UPDATE uploads SET ended = (SELECT state FROM materials WHERE materials.id = "
        "uploads.material_id) WHERE finished_at IS NOT NULL"
    )
    for name, columns in INDEXES:
        op.create_index(name, "uploads", columns)
    op.create_table(
        "nodes",
        sa.Column("id", ID, nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )


def downgrade() -> None:
    op.drop_table("nodes")
    for name, _ in INDEXES:
        op.drop_index(name, table_name="uploads")
    op.execute("DELETE FROM uploads WHERE material_id IS NULL OR length_bytes IS NULL")
    with op.batch_alter_table("uploads") as table:
        for column in ("concat", "told", "ended", "began_at", "node_id", "unit_id"):
            table.drop_column(column)
        table.alter_column("length_bytes", existing_type=BIG, nullable=False)
        table.alter_column("case_id", existing_type=ID, nullable=False)
        table.alter_column("material_id", existing_type=ID, nullable=False)
