"""Keep what is published of granted cases (双公示): the day of 准予, an index by it, and what was exported or withheld.
And mark the cases that go on although they ended at the acceptance in versions before 0035 (迁移), of which the running
system makes entry and event: their next date still is that which the upgrade gave them, and none of their own clocks.

Revision: 0048, after 0047.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_GRANTED = sa.text("granted_on IS NOT NULL")
_MARKED = sa.text("to_migrate IS NOT NULL")
_WEEK = timedelta(days=7)


def upgrade() -> None:
    op.add_column("cases", sa.Column("granted_on", sa.Date, nullable=True))
    _fill(op.get_bind())
    op.add_column("cases", sa.Column("to_migrate", sa.Date, nullable=True))
    _mark(op.get_bind())
    op.create_index(
        "cases_to_migrate", "cases", ["id"], postgresql_where=_MARKED, sqlite_where=_MARKED
    )
    op.create_index(
        "cases_granted_by_unit",
        "cases",
        ["unit_id", "granted_on", "id"],
        postgresql_where=_GRANTED,
        sqlite_where=_GRANTED,
    )
    op.create_table(
        "publications",
        sa.Column("case_id", sa.String(64), primary_key=True),
        sa.Column("unit_id", sa.String(64), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True)),
        sa.Column("withheld", sa.String(12)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.String(64), sa.ForeignKey("people.id"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_index("cases_granted_by_unit", "cases")
    op.drop_index("cases_to_migrate", "cases")
    op.drop_column("cases", "to_migrate")
    op.drop_column("cases", "granted_on")


def _fill(connection: sa.Connection) -> None:
    """The day of each 准予: in China, or where an external system granted it that of its report."""
    found = connection.execute(
        sa.text("SELECT id, CAST(course AS TEXT) FROM cases WHERE course IS NOT NULL")
    )
    days = [
        {"case": id, "day": day} for id, told in found.all() if told and (day := _granted(told))
    ]
    if days:
        changed = sa.text("UPDATE cases SET granted_on = :day WHERE id = :case")
        connection.execute(changed.bindparams(sa.bindparam("day", type_=sa.Date)), days)


def _granted(told: str) -> object:
    course = json.loads(told) or {}
    ruling = course.get("ruling")
    if not ruling or ruling["kind"] != "granted":
        return None
    for one in course.get("reports") or ():
        if one["step"] == "granted":
            return datetime.fromisoformat(one["on"]).date()
    return (datetime.fromisoformat(ruling["at"]) + timedelta(hours=8)).date()


def _mark(connection: sa.Connection) -> None:
    """Accepted and refused cases of which the next date is none of their own: the day that the upgrade to 0035 gave
    them is one week from it, and nothing was done about them since."""
    found = connection.execute(
        sa.text(
            "SELECT id, state, CAST(decision AS TEXT), due_on FROM cases"
            " WHERE state IN ('accepted', 'refused') AND decision IS NOT NULL AND due_on IS NOT NULL"
        )
    )
    marks = []
    for id, state, told, due_on in found.all():
        decision = json.loads(told) if told else None
        if not decision:
            continue
        on = due_on if isinstance(due_on, date) else date.fromisoformat(str(due_on))
        if on != _own(state, decision):
            marks.append({"case": id, "day": on - _WEEK})
    if marks:
        changed = sa.text("UPDATE cases SET to_migrate = :day WHERE id = :case")
        connection.execute(changed.bindparams(sa.bindparam("day", type_=sa.Date)), marks)


def _own(state: str, decision: dict[str, Any]) -> date:
    """The day that its own clock ends, as the rules of this revision have it."""
    decided = (datetime.fromisoformat(decision["at"]) + timedelta(hours=8)).date()
    clock, counted = decision.get("clock"), decision.get("counted")
    if state == "accepted" and clock:
        ends = (clock["promised"]["due_on"], clock["legal"]["due_on"])
        return min(date.fromisoformat(one) for one in ends)
    if state == "accepted" and counted:
        return date.fromisoformat(counted["due_on"])
    return decided + _WEEK
