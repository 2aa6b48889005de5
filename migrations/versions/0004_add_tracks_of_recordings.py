"""Add what is in a recording, whether it was cut, its SM3, and what a playback is of and how far.

Revision: 0004, after 0003.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EMPTY = sa.text("'[]'")
NOTHING = sa.text("''")


def columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    """The columns that are added, by table."""
    return (
        ("recordings", sa.Column("tracks", sa.JSON(), nullable=False, server_default=EMPTY)),
        ("recordings", sa.Column("cut", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("recordings", sa.Column("sm3", sa.String(length=64), nullable=True)),
        (
            "playbacks",
            sa.Column("source", sa.String(length=8), nullable=False, server_default="face"),
        ),
        (
            "playbacks",
            sa.Column(
                "media_type", sa.String(length=20), nullable=False, server_default="video/webm"
            ),
        ),
        (
            "playbacks",
            sa.Column("progress", sa.Float(), nullable=False, server_default=sa.text("0")),
        ),
        (
            "playbacks",
            sa.Column("fault", sa.String(length=40), nullable=False, server_default=NOTHING),
        ),
        ("playbacks", sa.Column("loudness", sa.JSON(), nullable=True)),
        ("playbacks", sa.Column("chapters", sa.JSON(), nullable=False, server_default=EMPTY)),
    )


def upgrade() -> None:
    for table, column in columns():
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(columns()):
        op.drop_column(table, column.name)
