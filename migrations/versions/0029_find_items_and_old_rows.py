"""Keep the words by which items are found, and index what is let go or packed by its age.

Revision: 0029, after 0028.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_AT_ONCE = 5_000
_PARTIAL = (
    ("events_by_age", "events", "type NOT IN ('packed', 'case.decided')", "at"),
    ("marks_by_age", "marks", "kind IN ('point', 'quality', 'worker')", "at"),
    ("phones_open", "phones", "state IN ('waiting', 'connected')", "expires_at"),
)


def upgrade() -> None:
    words = op.create_table(
        "item_words",
        sa.Column("word", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("initials", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("word", "name", name="pk_item_words"),
    )
    connection = op.get_bind()
    items = sa.table("items", sa.column("name"), sa.column("initials"))
    names = connection.execute(
        sa.select(items.c.name, sa.func.max(items.c.initials)).group_by(items.c.name)
    ).all()
    rows: list[dict[str, str]] = []
    for name, initials in names:
        rows += [
            {"word": word, "name": name, "initials": initials or ""}
            for word in sorted(set(_words(name, initials or "")))
        ]
        if len(rows) >= _AT_ONCE:
            connection.execute(words.insert(), rows)
            rows = []
    if rows:
        connection.execute(words.insert(), rows)
    op.create_index("items_by_code", "items", ["code"], postgresql_ops={"code": "text_pattern_ops"})
    op.create_index("phones_by_end", "phones", ["expires_at"])
    for name, table, where, column in _PARTIAL:
        op.create_index(
            name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    for name, table, _, _ in _PARTIAL:
        op.drop_index(name, table)
    op.drop_index("phones_by_end", "phones")
    op.drop_index("items_by_code", "items")
    op.drop_table("item_words")


def _words(name: str, initials: str) -> Iterator[str]:
    small = name.lower()
    yield from small
    for text in (small, initials):
        yield from (text[at : at + 2] for at in range(len(text) - 1))
