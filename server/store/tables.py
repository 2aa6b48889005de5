"""The tables. Rows are turned into domain dataclasses in the modules beside this one.

Times are timezone-aware UTC. Ids are 22 characters of base64url (128 random bits).
JSON columns hold what is read whole. Migrations are written by hand and never
import this module; a test compares both.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import JSON, TypeDecorator


class Utc(TypeDecorator[datetime]):
    """A timezone-aware UTC moment; SQLite keeps ISO text, PostgreSQL timestamptz. A naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

C = sa.Column
ID = sa.String(64)
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id(*args: Any, **kw: Any) -> sa.Column[str]:
    return C("id", ID, *args, primary_key=True, **kw)


# ---------------------------------------------------------------- alliance
units = sa.Table(
    "units", metadata, _id(),
    C("name", sa.String(120), nullable=False),
    C("place", sa.String(40), nullable=False),  # short place shown on the line, 青岛西海岸
    C("region_code", sa.String(12), nullable=False),  # GB/T 2260
    C("credit_code", sa.String(18), nullable=False),  # 统一社会信用代码 GB 32100
    C("level", sa.String(1), nullable=False),  # 行使层级 GB/T 39046 annex A
)  # fmt: skip
windows = sa.Table(
    "windows", metadata, _id(),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False),
    C("name", sa.String(60), nullable=False),
)  # fmt: skip
people = sa.Table(
    "people", metadata, _id(),
    C("login", sa.String(60), nullable=False, unique=True),
    C("password_hash", sa.String(200), nullable=False),
    C("name", sa.String(60), nullable=False),
    C("staff_number", sa.String(20), nullable=False),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False),
    C("window_id", ID, sa.ForeignKey("windows.id"), nullable=True),
    C("roles", JSON, nullable=False),  # list of clerk | approver | supervisor | admin | monitor_…
    C("active", sa.Boolean, nullable=False, default=True),
)  # fmt: skip
sessions = sa.Table(
    "sessions", metadata, _id(),
    C("token_hash", sa.String(64), nullable=False, unique=True),  # SHA-256 of the opaque token
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("kind", sa.String(8), nullable=False),  # cookie | bearer
    C("created_at", Utc, nullable=False),
    C("expires_at", Utc, nullable=False),
    C("ended_at", Utc, nullable=True),
)  # fmt: skip
roster = sa.Table(  # one row an approver; reserved_by is the call that rings him or that he is in
    "roster", metadata,
    C("person_id", ID, sa.ForeignKey("people.id"), primary_key=True),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True),
    C("duty", sa.String(8), nullable=False),  # online | away
    C("reserved_by", ID, nullable=True),
    C("last_seen_at", Utc, nullable=True),
)  # fmt: skip

# ---------------------------------------------------------------- catalogue
items = sa.Table(  # one row a version; body is an ItemView without unit names
    "items", metadata, _id(),
    C("code", sa.String(64), nullable=False),
    C("version", sa.Integer, nullable=False),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True),
    C("name", sa.String(200), nullable=False),
    C("body", JSON, nullable=False),
    C("in_use", sa.Boolean, nullable=False, default=True),
    C("made_at", Utc, nullable=True),
    C("made_by", ID, nullable=True),
    C("note", sa.String(200), nullable=True),
    C("initials", sa.String(200), nullable=True),  # of the name, in pinyin
    sa.UniqueConstraint("code", "unit_id", "version"),
)  # fmt: skip
work_calendar = sa.Table(
    "work_calendar", metadata,
    C("region", sa.String(12), primary_key=True),  # "CN" for the State Council's calendar
    C("on", sa.Date, primary_key=True),
    C("works", sa.Boolean, nullable=False),
    C("source", sa.String(60), nullable=False),
)  # fmt: skip

# ---------------------------------------------------------------- the case record
cases = sa.Table(
    "cases", metadata, _id(),
    C("number", sa.String(50), nullable=True, unique=True),
    C("state", sa.String(12), nullable=False),
    C("mode", sa.String(8), nullable=False),
    C("item_id", ID, sa.ForeignKey("items.id"), nullable=False),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True),  # who decides
    C("window_id", ID, sa.ForeignKey("windows.id"), nullable=False),
    C("window_unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True),
    C("clerk_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("applicant_name", sa.String(60), nullable=False),
    C("identity_number", sa.String(18), nullable=False, index=True),
    C("phone", sa.String(20), nullable=False),
    C("credit_code", sa.String(18), nullable=True),
    C("consent", JSON, nullable=True),
    C("decision", JSON, nullable=True),
    C("call_id", ID, nullable=True),
    C("created_at", Utc, nullable=False, index=True),
    C("corrections", sa.Integer, nullable=False, server_default="0"),  # 补正 notices given
    C("shown", JSON, nullable=True),  # the summary last shown: hash, at
    C("looked", JSON, nullable=True),  # when and at which version an approver last opened the case
    C("submission", JSON, nullable=True),
    C("promises", JSON, nullable=True),  # of what may follow after acceptance
    C("owed_by", sa.Date, nullable=True, index=True),  # the first day of an accepted case
    C("earlier_consent", JSON, nullable=True),  # to the use of materials of earlier cases
    C("referrals", JSON, nullable=True),  # 转办: from which unit to which, why, by whom, when
)  # fmt: skip
case_fields = sa.Table(
    "case_fields", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("field", sa.String(64), primary_key=True),
    C("value", sa.Text, nullable=False),
    C("version", sa.Integer, nullable=False),
    C("by", ID, sa.ForeignKey("people.id"), nullable=False),
    C("on_behalf_of", sa.String(80), nullable=True),
    C("at", Utc, nullable=False),
)  # fmt: skip
field_history = sa.Table(
    "field_history", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("version", sa.Integer, primary_key=True),
    C("field", sa.String(64), nullable=False),
    C("value", sa.Text, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
)  # fmt: skip
field_drafts = sa.Table(
    "field_drafts", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("field", sa.String(64), primary_key=True),
    C("person_id", ID, sa.ForeignKey("people.id"), primary_key=True),
    C("value", sa.Text, nullable=False),
    C("base_version", sa.Integer, nullable=False),
    C("at", Utc, nullable=False),
)  # fmt: skip
field_holds = sa.Table(  # the soft lock: a lease
    "field_holds", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("field", sa.String(64), primary_key=True),
    C("person_id", ID, nullable=False),
    C("expires_at", Utc, nullable=False),
)  # fmt: skip
proposals = sa.Table(
    "proposals", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("field", sa.String(64), nullable=False),
    C("value", sa.Text, nullable=False),
    C("old_value", sa.Text, nullable=False),
    C("field_version", sa.Integer, nullable=False),
    C("reason", sa.Text, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("state", sa.String(10), nullable=False),
    C("closed_by", ID, nullable=True),
    C("closed_at", Utc, nullable=True),
    C("version", sa.Integer, nullable=False, server_default="0"),  # of the case when it came: their order
)  # fmt: skip
materials = sa.Table(
    "materials", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("line", sa.String(64), nullable=False),
    C("number", sa.Integer, nullable=False),  # within the line, from 1, whatever its slot
    C("name", sa.String(255), nullable=False),
    C("state", sa.String(10), nullable=False),
    C("size_bytes", BIG, nullable=False),
    C("media_type", sa.String(80), nullable=True),
    C("sha256", sa.String(64), nullable=True, index=True),
    C("pages", sa.Integer, nullable=True),
    C("rejected_code", sa.String(40), nullable=True),
    C("duplicate_of", ID, nullable=True),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("review", sa.String(10), nullable=False, default="none"),
    C("review_reason", sa.Text, nullable=False, default=""),
    C("reviewed_by", ID, nullable=True),
    C("reviewed_at", Utc, nullable=True),
    C("side", sa.String(8), nullable=False, server_default="window"),  # who sent it: window | approver
    C("purpose", sa.String(12), nullable=False, server_default="material"),
    C("answers", ID, nullable=True),  # the approver's file that this one returns
    C("version", sa.Integer, nullable=False, server_default="0"),  # of the case when it came: their order
    C("grade", sa.String(1), nullable=True),  # A to D, of the window's materials
    C("grade_note", sa.String(200), nullable=False, server_default=sa.text("''")),
    C("graded_by", ID, nullable=True),
    C("graded_at", Utc, nullable=True),
    C("viewed_state", sa.String(8), nullable=False, server_default="none"),  # the copy that is looked at
    C("viewed_type", sa.String(80), nullable=True),
    C("viewed_sha256", sa.String(64), nullable=True),
    C("viewed_bytes", BIG, nullable=True),
    C("viewed_fault", sa.String(20), nullable=False, server_default=sa.text("''")),
    C("scan", sa.String(12), nullable=False, server_default="off"),
    C("origin", JSON, nullable=True),  # of a file that was taken over from an earlier case
    C("slot", sa.Integer, nullable=False, server_default="1"),  # which file of the line, from 1
    sa.UniqueConstraint("case_id", "line", "number"),
)  # fmt: skip
phones = sa.Table(  # a link by which one phone brings pages; they are read whole: [{upload_id, material_id}]
    "phones", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # of the case: their order
    C("line", sa.String(64), nullable=False),
    C("by", ID, nullable=False),
    C("secret_sha256", sa.String(64), nullable=False),
    C("token_sha256", sa.String(64), nullable=True, index=True),
    C("state", sa.String(10), nullable=False),
    C("made_at", Utc, nullable=False),
    C("expires_at", Utc, nullable=False),
    C("connected_at", Utc, nullable=True),
    C("ended_at", Utc, nullable=True),
    C("pages", JSON, nullable=False),
)  # fmt: skip
sayings = sa.Table(  # text beside the voice
    "sayings", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # of the case: their order
    C("call_id", ID, nullable=True, index=True),
    C("lane", sa.String(8), nullable=False),  # shared | staff
    C("text", sa.Text, nullable=False),
    C("by", ID, nullable=False),
    C("on_behalf_of", sa.String(80), nullable=True),
    C("at", Utc, nullable=False),
)  # fmt: skip
comments = sa.Table(  # a thread; entries are read whole: [{by, at, text}]
    "comments", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # at which it began: their order
    C("on", sa.String(80), nullable=False),
    C("state", sa.String(10), nullable=False),
    C("entries", JSON, nullable=False),
    C("closed_by", ID, nullable=True),
    C("closed_at", Utc, nullable=True),
)  # fmt: skip
checks = sa.Table(
    "checks", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("point", sa.String(64), primary_key=True),
    C("verdict", sa.String(8), nullable=False),  # ok | lacking
    C("note", sa.Text, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
)  # fmt: skip
signatures = sa.Table(
    "signatures", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),
    C("hash", sa.String(64), nullable=False),  # of the summary that was shown
    C("shown_at", Utc, nullable=False),
    C("at", Utc, nullable=False),
    C("by", ID, nullable=False),
    C("width", sa.Integer, nullable=False),
    C("height", sa.Integer, nullable=False),
    C("strokes", JSON, nullable=False),
    C("points", sa.Integer, nullable=False),
    C("outdated", sa.Boolean, nullable=False, default=False),
)  # fmt: skip
ratings = sa.Table(  # what the applicant says of a call afterwards (好差评)
    "ratings", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False),
    C("number", sa.Integer, nullable=False),  # 1, or 2 for what was added (追评)
    C("version", sa.Integer, nullable=False),
    C("level", sa.String(1), nullable=False),  # GB/T 39046: 1 the best
    C("reasons", JSON, nullable=False),
    C("text", sa.Text, nullable=False),
    C("at", Utc, nullable=False),
    C("by", ID, nullable=False),
    sa.UniqueConstraint("call_id", "number"),
)  # fmt: skip
unmaskings = sa.Table(  # who read a sensitive value whole, and why
    "unmaskings", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),
    C("what", sa.String(80), nullable=False),  # identity_number | phone | field:<name>
    C("reason", sa.Text, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("expires_at", Utc, nullable=False),
)  # fmt: skip
drawings = sa.Table(  # strokes on documents, in their own coordinates
    "drawings", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # of the case: their order
    C("material_id", ID, nullable=False),
    C("page", sa.Integer, nullable=False),
    C("points", JSON, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("cleared_at", Utc, nullable=True),
)  # fmt: skip
drawing_rights = sa.Table(  # who alone may draw in a case; null: everybody who guides
    "drawing_rights", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("only", ID, nullable=True),
)  # fmt: skip
papers = sa.Table(
    "papers", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # of the case when it was asked for: their order
    C("kind", sa.String(12), nullable=False),
    C("number", sa.String(50), nullable=False, unique=True),  # 受理文书编号
    C("state", sa.String(8), nullable=False),  # making | ready | failed
    C("at", Utc, nullable=False),
    C("size_bytes", BIG, nullable=True),
    C("sha256", sa.String(64), nullable=True),
    C("pages", sa.Integer, nullable=True),
    C("template_id", ID, nullable=True),  # the version of the unit's own template that drew it
)  # fmt: skip
paper_templates = sa.Table(  # how a unit lays out a kind of paper; rows are never changed
    "paper_templates", metadata, _id(),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False),
    C("kind", sa.String(12), nullable=False),
    C("version", sa.Integer, nullable=False),  # of this unit and kind, from 1; the newest counts
    C("source", sa.Text, nullable=True),  # None: back to the built-in one
    C("sha256", sa.String(64), nullable=True),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("note", sa.String(200), nullable=False),
    sa.UniqueConstraint("unit_id", "kind", "version"),
)  # fmt: skip
handovers = sa.Table(  # paper originals by courier; lines: [{line, originals, copies, received, note}]
    "handovers", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("version", sa.Integer, nullable=False),  # of the case: their order
    C("number", sa.Integer, nullable=False),  # within the case, from 1
    C("courier", sa.String(30), nullable=False),
    C("tracking", sa.String(40), nullable=False),
    C("sheets", JSON, nullable=False),
    C("by", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("received_by", ID, nullable=True),
    C("received_at", Utc, nullable=True),
    C("note", sa.Text, nullable=False),
)  # fmt: skip
missed_calls = sa.Table(  # the last call about a case that nobody answered, until one is or the case is decided
    "missed_calls", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False),
    C("window_unit_id", ID, nullable=False),
    C("target_unit_id", ID, nullable=False),
    C("at", Utc, nullable=False),
    C("times", sa.Integer, nullable=False),  # how many calls in a row
    C("asked_by", ID, sa.ForeignKey("people.id"), nullable=True),  # who of the unit asked to be called
    C("asked_at", Utc, nullable=True),
    sa.Index("missed_calls_by_window", "window_unit_id", "at", "case_id"),
    sa.Index("missed_calls_by_target", "target_unit_id", "at", "case_id"),
)  # fmt: skip
phrases = sa.Table(  # 常用语; those without a unit are everybody's
    "phrases", metadata, _id(),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=True, index=True),
    C("kind", sa.String(8), nullable=False),  # message | reason | comment | accepted | refused
    C("text", sa.String(500), nullable=False),
    C("position", sa.Integer, nullable=False),
)  # fmt: skip
uploads = sa.Table(  # a tus upload; its bytes are in a file, named by id, of the node that holds it
    "uploads", metadata, _id(),
    C("material_id", ID, sa.ForeignKey("materials.id"), nullable=True, unique=True),
    C("case_id", ID, nullable=True),
    C("person_id", ID, nullable=False),
    C("unit_id", ID, nullable=False, server_default=sa.text("''")),
    C("node_id", ID, nullable=False, server_default=sa.text("''")),
    C("length_bytes", BIG, nullable=True),
    C("began_at", Utc, nullable=True),
    C("expires_at", Utc, nullable=False, index=True),
    C("finished_at", Utc, nullable=True),
    C("ended", sa.String(10), nullable=False, server_default=sa.text("''")),
    C("told", sa.Text, nullable=False, server_default=sa.text("''")),
    C("concat", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Index("ix_uploads_person_id", "person_id", "began_at"),
    sa.Index("ix_uploads_unit_id", "unit_id", "began_at"),
)  # fmt: skip
nodes = sa.Table(  # nodes that serve, with the address at which the others reach them
    "nodes", metadata, _id(),
    C("address", sa.String(200), nullable=True),
    C("seen_at", Utc, nullable=False),
)  # fmt: skip
case_serials = sa.Table(  # 办件编号: daily serial of an item code
    "case_serials", metadata,
    C("prefix", sa.String(80), primary_key=True),
    C("last", sa.Integer, nullable=False),
)  # fmt: skip

# ---------------------------------------------------------------- calls
calls = sa.Table(
    "calls", metadata, _id(),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True),
    C("caller_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("window_unit_id", ID, nullable=False, index=True),
    C("target_unit_id", ID, nullable=False, index=True),
    C("state", sa.String(8), nullable=False, index=True),
    C("reason", sa.String(12), nullable=True),
    C("card", JSON, nullable=False),
    C("recording_consented", sa.Boolean, nullable=False),
    C("opened_at", Utc, nullable=False, index=True),
    C("answered_at", Utc, nullable=True),
    C("ended_at", Utc, nullable=True),
    C("media_worker", sa.String(120), nullable=True),  # which worker holds its room
    C("holds", JSON, nullable=True),  # by whom, since, until; null: from before there were any
)  # fmt: skip
rings = sa.Table(
    "rings", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("target_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("state", sa.String(10), nullable=False),
    C("rung_at", Utc, nullable=False),
    C("deadline_at", Utc, nullable=False, index=True),
    C("closed_at", Utc, nullable=True),
    C("invite_id", ID, nullable=True),  # set: asked for the third seat
    C("invited_by", ID, nullable=True),
    C("note", sa.String(200), nullable=False, server_default=sa.text("''")),
)  # fmt: skip
legs = sa.Table(
    "legs", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("seat", sa.String(8), nullable=False),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("state", sa.String(8), nullable=False),
    C("silent", sa.Boolean, nullable=False, default=False),
    C("media", sa.Boolean, nullable=False, default=False),
    C("recording", sa.Boolean, nullable=False, default=False),
    C("muted", JSON, nullable=False),
    C("joined_at", Utc, nullable=False),
    C("last_seen_at", Utc, nullable=False),
    C("ended_at", Utc, nullable=True),
    C("held_until", Utc, nullable=True),
    C("previous_leg_id", ID, nullable=True),
    C("barged", sa.Boolean, nullable=False, server_default=sa.false()),  # a supervisor's
    C("lacking", JSON, nullable=True),  # lines without a device; null: from before it was told
)  # fmt: skip
monitors = sa.Table(  # a supervisor following a call: listen | whisper | barge
    "monitors", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True),
    C("place", sa.String(8), nullable=False),  # of the media room, while unseen
    C("way", sa.String(8), nullable=False),
    C("reason", sa.String(200), nullable=False),
    C("began_at", Utc, nullable=False),
    C("last_seen_at", Utc, nullable=False),
    C("ended_at", Utc, nullable=True),
    C("ended", sa.String(12), nullable=True),  # why
)  # fmt: skip
recordings = sa.Table(  # one segment: one party, one leg
    "recordings", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("leg_id", ID, sa.ForeignKey("legs.id"), nullable=False),
    C("segment", sa.String(120), nullable=False, unique=True),
    C("state", sa.String(10), nullable=False),  # recording | stored | lost
    C("started_at", Utc, nullable=False),
    C("ended_at", Utc, nullable=True),
    C("size_bytes", BIG, nullable=True),
    C("sha256", sa.String(64), nullable=True),
    C("sm3", sa.String(64), nullable=True),  # when the setting `hash` asks for it
    C("gaps", JSON, nullable=False),
    C("tracks", JSON, nullable=False, server_default=sa.text("'[]'")),  # mid, codec, times, raw RTP times
    C("cut", sa.Boolean, nullable=False, server_default=sa.false()),  # its recorder died over it
)  # fmt: skip

playbacks = sa.Table(  # a party's segments copied into one seekable file, or all composed
    "playbacks", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("seat", sa.String(8), nullable=False),  # window | approver | third | composed
    C("source", sa.String(8), nullable=False, server_default="face"),  # face | camera | screen
    C("person_id", ID, nullable=True),
    C("state", sa.String(8), nullable=False),  # waiting | ready | failed
    C("started_at", Utc, nullable=True),
    C("duration_s", sa.Float, nullable=True),
    C("size_bytes", BIG, nullable=True),
    C("sha256", sa.String(64), nullable=True),
    C("width", sa.Integer, nullable=True),
    C("height", sa.Integer, nullable=True),
    C("gaps", JSON, nullable=False),
    C("sources", JSON, nullable=False),  # SHA-256 of the files that it is made from, in order
    C("media_type", sa.String(20), nullable=False, server_default="video/webm"),
    C("progress", sa.Float, nullable=False, server_default=sa.text("0")),  # share that is done
    C("fault", sa.String(40), nullable=False, server_default=sa.text("''")),
    C("loudness", JSON, nullable=True),  # of a composed one: {step_s, parties: [{label, peaks}]}
    C("chapters", JSON, nullable=False, server_default=sa.text("'[]'")),  # {at_s, title}
)  # fmt: skip
marks = sa.Table(  # what was shown and pointed at, for replay alone: no event, no ledger
    "marks", metadata, _id(),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True),
    C("kind", sa.String(8), nullable=False),  # point | look | pointer
    C("by", ID, nullable=False),
    C("body", JSON, nullable=False),
    C("at", Utc, nullable=False),
)  # fmt: skip

# ---------------------------------------------------------------- the one road
subjects = sa.Table(  # the row that is locked while a subject changes
    "subjects", metadata,
    C("subject", sa.String(80), primary_key=True),
    C("version", sa.Integer, nullable=False),
    C("head", sa.String(64), nullable=False),  # hash of the last ledger entry, hex; 64 zeros before the first
)  # fmt: skip
commands = sa.Table(
    "commands", metadata,
    C("person_id", ID, primary_key=True),
    C("id", ID, primary_key=True),
    C("type", sa.String(40), nullable=False),
    C("digest", sa.String(64), nullable=False),  # SHA-256 of the canonical command: a reused id is told apart
    C("ack", JSON, nullable=False),
    C("at", Utc, nullable=False),
)  # fmt: skip
events = sa.Table(  # the outbox: stored once, whole; projected when delivered
    "events", metadata,
    C("subject", sa.String(80), primary_key=True),
    C("version", sa.Integer, primary_key=True),
    C("type", sa.String(40), nullable=False),
    C("body", JSON, nullable=False),
    C("people", JSON, nullable=False),  # person id -> audience: whose sockets watch this subject from now on
    C("at", Utc, nullable=False),
)  # fmt: skip
ledger_entries = sa.Table(
    "ledger_entries", metadata,
    C("subject", sa.String(80), primary_key=True),
    C("version", sa.Integer, primary_key=True),
    C("previous", sa.String(64), nullable=False),
    C("at", sa.String(27), nullable=False),  # RFC 3339 UTC with microseconds, as it was hashed
    C("actor", sa.String(80), nullable=False),
    C("on_behalf_of", sa.String(80), nullable=True),
    C("unit", sa.String(80), nullable=False),
    C("act", sa.String(40), nullable=False),
    C("object", sa.String(120), nullable=False),
    C("result", sa.String(60), nullable=False),  # ok, or the refusal's code
    C("digest", sa.String(64), nullable=False),  # SHA-256(salt || RFC 8785 payload)
    C("hash", sa.String(64), nullable=False, unique=True),
    C("leaf", BIG, nullable=True, unique=True),  # number given by the sequencer, from 0
)  # fmt: skip
ledger_payloads = sa.Table(  # erasable on order; proofs still hold
    "ledger_payloads", metadata,
    C("subject", sa.String(80), primary_key=True),
    C("version", sa.Integer, primary_key=True),
    C("salt", sa.String(32), nullable=False),
    C("payload", sa.Text, nullable=True),  # canonical JSON; null when erased
)  # fmt: skip
ledger_sequencer = sa.Table(  # one row; the claim of the one sequencer
    "ledger_sequencer", metadata,
    C("id", sa.Integer, primary_key=True),
    C("node", sa.String(64), nullable=True),
    C("until", Utc, nullable=True),
    C("size", BIG, nullable=False),
    C("root", sa.String(64), nullable=False),
)  # fmt: skip
sa.Index(
    "ix_ledger_unsequenced", ledger_entries.c.leaf, postgresql_where=ledger_entries.c.leaf.is_(None)
)
jobs = sa.Table(
    "jobs", metadata, _id(),
    C("kind", sa.String(40), nullable=False),
    C("subject", sa.String(80), nullable=False),
    C("body", JSON, nullable=False),
    C("state", sa.String(10), nullable=False, index=True),  # waiting | running | done | failed
    C("claimed_by", sa.String(64), nullable=True),
    C("claimed_until", Utc, nullable=True),
    C("tries", sa.Integer, nullable=False, default=0),
    C("at", Utc, nullable=False),
    C("not_before", Utc, nullable=True),
    C("ended_at", Utc, nullable=True),
    C("fault", sa.String(200), nullable=False, server_default=sa.text("''")),
)  # fmt: skip
