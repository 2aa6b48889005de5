"""Keep the pinyin initials of an item's name, by which it is looked up.

Revision: 0019, after 0018.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("initials", sa.String(200), nullable=True))
    items = sa.table("items", sa.column("id"), sa.column("name"), sa.column("initials"))
    connection = op.get_bind()
    names = connection.execute(sa.select(items.c.name).distinct()).scalars().all()
    for name in names:
        connection.execute(
            items.update().where(items.c.name == name).values(initials=_initials(name))
        )


def downgrade() -> None:
    op.drop_column("items", "initials")


def _initials(name: str) -> str:
    from pypinyin import Style, lazy_pinyin

    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return re.sub(r"[^0-9a-z]", "", "".join(letters).lower())
