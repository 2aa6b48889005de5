"""Find consultations (咨询) by the unit that asks and the one that is asked, with an item or none: two indexes of cases.

Revision: 0039, after 0038.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_ASKED = sa.text("state IN ('consulting', 'consulted')")
ID = sa.String(length=64)
_INDEXES = (("cases_consulted_by_window", "window_unit_id"), ("cases_consulted_by_unit", "unit_id"))


def upgrade() -> None:
    with op.batch_alter_table("cases") as table:
        table.alter_column("item_id", existing_type=ID, nullable=True)
    for name, unit in _INDEXES:
        op.create_index(
            name,
            "cases",
            [unit, "state", "created_at", "id"],
            postgresql_where=_ASKED,
            sqlite_where=_ASKED,
        )


def downgrade() -> None:
    for name, _ in reversed(_INDEXES):
        op.drop_index(name, "cases")
    with op.batch_alter_table("cases") as table:
        table.alter_column("item_id", existing_type=ID, nullable=False)
