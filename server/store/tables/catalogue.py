"""The tables of items, lowerings, the calendar and the templates of papers."""

import sqlalchemy as sa
from sqlalchemy.types import JSON

from server.rights.subjects import of_calendar
from server.store.tables.columns import FACT, ID, NEWEST, C, Utc, key, metadata
from server.store.tables.words import derived, told_in

items = sa.Table(  # one row a version; body is an ItemView without unit names
    "items", metadata, key(info=FACT),
    C("code", sa.String(64), nullable=False, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True, info=FACT),
    C("name", sa.String(200), nullable=False, info=FACT),
    C("body", JSON, nullable=False, info=FACT),
    C("in_use", sa.Boolean, nullable=False, default=True, info=FACT),
    C("made_at", Utc, nullable=True, info=FACT),
    C("made_by", ID, nullable=True, info=FACT),
    C("note", sa.String(200), nullable=True, info=FACT),
    C("initials", sa.String(200), nullable=True, info=derived("items.name")),  # of the name, in pinyin
    C("newest", sa.Boolean, nullable=False, server_default=sa.true(), info=NEWEST),  # of its code and unit
    sa.UniqueConstraint("code", "unit_id", "version"),
    info=told_in("catalogue:items", "demo"),
)  # fmt: skip
item_words = sa.Table(  # by which names of items are found; each name once, however many items have it
    "item_words", metadata,
    C("word", sa.String(8), primary_key=True, info=derived("items.name")),  # one or two characters that stand in it
    C("name", sa.String(200), primary_key=True, info=derived("items.name")),
    C("initials", sa.String(200), nullable=False, info=derived("items.name")),
)  # fmt: skip
lowerings = sa.Table(  # a form that makes fields less sensitive, and waits for a second person
    "lowerings", metadata, key(info=FACT),
    C("item_id", ID, sa.ForeignKey("items.id"), nullable=False, info=FACT),  # the version over which it was written
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True, info=FACT),
    C("code", sa.String(64), nullable=False, info=FACT),
    C("document", JSON, nullable=False, info=FACT),
    C("fields", JSON, nullable=False, info=FACT),  # [[path, label]]
    C("note", sa.String(200), nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),  # waiting | agreed | declined | withdrawn | outdated
    C("closed_by", ID, nullable=True, info=FACT),
    C("closed_at", Utc, nullable=True, info=FACT),
    C("made_id", ID, nullable=True, info=FACT),  # the version that came of it
    info=told_in("catalogue:items", made="at"),
)  # fmt: skip
work_calendar = sa.Table(
    "work_calendar", metadata,
    C("region", sa.String(12), primary_key=True, info=FACT),  # "CN" for the State Council's calendar
    C("on", sa.Date, primary_key=True, info=FACT),
    C("works", sa.Boolean, nullable=False, info=FACT),
    C("source", sa.String(60), nullable=False, info=FACT),
    info=told_in(of_calendar("{region}"), "demo"),
)  # fmt: skip
