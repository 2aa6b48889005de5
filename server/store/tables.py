"""The tables. Rows are turned into domain dataclasses in the modules beside this one.

Times are timezone-aware UTC. Ids are 22 characters of base64url (128 random bits).
JSON columns hold what is read whole. Each column says by a word what it is (``words``), each
table with sealed ones in which subject its rows are told. Migrations are written by hand and never
import this module; a test compares both.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import JSON, TypeDecorator

from server.rights.subjects import (
    of_calendar,
    of_call,
    of_case,
    of_monitors,
    of_person,
    of_templates,
    of_unit,
)
from server.store.words import derived, faults, sealed, told_in, working


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
FACT = sealed()
ENTRY, PAYLOAD, EVENT, CHAIN, TREE = map(sealed, ("entry", "payload", "event", "chain", "tree"))
SIGN_IN = working("it lives for hours; that it was opened and closed are entries of the person")
GUESS = working("it slows guessing down; the failures themselves stand in the security log")
PRESENT = working("who is there now")
LISTED = derived("calls and cases")
NEWEST = derived("items.version")
HEARD = working("when a page was last heard; that it was lost is a state")
UNSAVED = working("a value that was not saved yet")
LEASE = working("a lease of seconds")
PHONE = working("it lives for minutes; what came by it stands in materials")
UPLOAD = working("bytes on their way; what became of them stands in materials")
ROOM = working("where the room is now")
MISSED = derived("calls that ended unanswered")
ASKED = derived("entries of missed.ask")
PHRASE = working("words on offer; what was said stands where it was said")
MARK = working("what was pointed at, for replay alone")
TURN = working("whose turn it is to seal")
JOB = working("work that is under way")
LOOKED = working("what is new since the approver last looked is a hint")
OWED = derived("cases.promises and cases.decision")
REFERRED = derived("cases.referrals")
OUTDATED = derived("field_history and materials after cases.submission")
ACK = working("the answer to a command that is sent again")
WATCHING = working("whose sockets watch from then on")
OF_CASE, OF_CALL = told_in(of_case("{case_id}"), made="at"), told_in(of_call("{call_id}"))
ID = sa.String(64)
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id(*args: Any, **kw: Any) -> sa.Column[str]:
    return C("id", ID, *args, primary_key=True, **kw)


# ---------------------------------------------------------------- alliance
units = sa.Table(
    "units", metadata, _id(info=FACT),
    C("name", sa.String(120), nullable=False, info=FACT),
    C("place", sa.String(40), nullable=False, info=FACT),  # short place shown on the line, 青岛西海岸
    C("region_code", sa.String(12), nullable=False, info=FACT),  # GB/T 2260
    C("credit_code", sa.String(18), nullable=False, info=FACT),  # 统一社会信用代码 GB 32100
    C("level", sa.String(1), nullable=False, info=FACT),  # 行使层级 GB/T 39046 annex A
    info=told_in(of_unit("{id}"), "catalogue", "demo"),
)  # fmt: skip
windows = sa.Table(
    "windows", metadata, _id(info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("name", sa.String(60), nullable=False, info=FACT),
    info=told_in(of_unit("{unit_id}"), "demo"),
)  # fmt: skip
people = sa.Table(
    "people", metadata, _id(info=FACT),
    C("login", sa.String(60), nullable=False, unique=True, info=FACT),
    C("password_hash", sa.String(200), nullable=False, info=FACT),
    C("name", sa.String(60), nullable=False, info=FACT),
    C("staff_number", sa.String(20), nullable=False, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("window_id", ID, sa.ForeignKey("windows.id"), nullable=True, info=FACT),
    C("roles", JSON, nullable=False, info=FACT),  # list of server.rights.person.Role
    C("active", sa.Boolean, nullable=False, default=True, info=FACT),
    C("password_until", Utc, nullable=True, info=FACT),  # of a temporary one, which opens nothing but its change
    info=told_in(of_person("{id}"), "demo"),
)  # fmt: skip
exemptions = sa.Table(  # two roles that exclude one another, let be in one person by a security officer
    "exemptions", metadata, _id(info=FACT),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True, info=FACT),
    C("first", sa.String(20), nullable=False, info=FACT),
    C("second", sa.String(20), nullable=False, info=FACT),
    C("reason", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=told_in(of_person("{person_id}"), made="at"),
)  # fmt: skip
sessions = sa.Table(
    "sessions", metadata, _id(info=SIGN_IN),
    C("token_hash", sa.String(64), nullable=False, unique=True, info=SIGN_IN),  # SHA-256 of the opaque token
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True, info=SIGN_IN),
    C("kind", sa.String(8), nullable=False, info=SIGN_IN),  # cookie | bearer
    C("created_at", Utc, nullable=False, info=SIGN_IN),
    C("expires_at", Utc, nullable=False, info=SIGN_IN),
    C("ended_at", Utc, nullable=True, info=SIGN_IN),
    C("used_at", Utc, nullable=True, info=SIGN_IN),  # null: since it was opened
)  # fmt: skip
throttles = sa.Table(  # how often something failed; the key is a SHA-256
    "throttles", metadata,
    C("key", sa.String(64), primary_key=True, info=GUESS),
    C("tries", sa.Integer, nullable=False, info=GUESS),
    C("until", Utc, nullable=False, index=True, info=GUESS),  # when they are forgotten
)  # fmt: skip
devices = sa.Table(  # from which browser an account was signed in; both are SHA-256
    "devices", metadata,
    C("account", sa.String(64), primary_key=True, info=GUESS),
    C("device", sa.String(64), primary_key=True, info=GUESS),
    C("seen_at", Utc, nullable=False, index=True, info=GUESS),
)  # fmt: skip
roster = sa.Table(  # one row an approver; reserved_by is the call that rings him or that he is in
    "roster", metadata,
    C("person_id", ID, sa.ForeignKey("people.id"), primary_key=True, info=PRESENT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True, info=PRESENT),
    C("duty", sa.String(8), nullable=False, info=PRESENT),  # online | away
    C("reserved_by", ID, nullable=True, info=PRESENT),
    C("last_seen_at", Utc, nullable=True, info=PRESENT),
    C("free_since", Utc, nullable=True, info=PRESENT),  # when he was last engaged, or went on duty
)  # fmt: skip

# ---------------------------------------------------------------- catalogue
items = sa.Table(  # one row a version; body is an ItemView without unit names
    "items", metadata, _id(info=FACT),
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
    "lowerings", metadata, _id(info=FACT),
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

# ---------------------------------------------------------------- the case record
cases = sa.Table(
    "cases", metadata, _id(info=FACT),
    C("number", sa.String(50), nullable=True, unique=True, info=FACT),
    C("state", sa.String(12), nullable=False, info=FACT),
    C("mode", sa.String(8), nullable=False, info=FACT),
    C("item_id", ID, sa.ForeignKey("items.id"), nullable=False, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),  # who decides
    C("window_id", ID, sa.ForeignKey("windows.id"), nullable=False, info=FACT),
    C("window_unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("clerk_id", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    C("applicant_name", sa.String(60), nullable=False, info=FACT),
    C("identity_number", sa.String(18), nullable=False, index=True, info=FACT),
    C("phone", sa.String(20), nullable=False, info=FACT),
    C("credit_code", sa.String(18), nullable=True, info=FACT),
    C("consent", JSON, nullable=True, info=FACT),
    C("decision", JSON, nullable=True, info=FACT),
    C("call_id", ID, nullable=True, info=FACT),
    C("created_at", Utc, nullable=False, index=True, info=FACT),
    C("corrections", sa.Integer, nullable=False, server_default="0", info=FACT),  # 补正 notices given
    C("shown", JSON, nullable=True, info=FACT),  # the summary last shown: hash, at
    C("looked", JSON, nullable=True, info=LOOKED),  # when and at which version an approver last opened the case
    C("submission", JSON, nullable=True, info=FACT),
    C("promises", JSON, nullable=True, info=FACT),  # of what may follow after acceptance
    C("owed_by", sa.Date, nullable=True, info=OWED),  # the first day of an accepted case
    C("earlier_consent", JSON, nullable=True, info=FACT),  # to the use of materials of earlier cases
    C("referrals", JSON, nullable=True, info=FACT),  # 转办: from which unit to which, why, by whom, when
    info=told_in(of_case("{id}")),
)  # fmt: skip
referred_away = sa.Table(  # 转办, by the unit that passed the case on; what was said stands in cases.referrals
    "referred_away", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=REFERRED),
    C("nth", sa.Integer, primary_key=True, info=REFERRED),  # in cases.referrals, from 0
    C("from_unit_id", ID, nullable=False, info=REFERRED),
    C("to_unit_id", ID, nullable=False, info=REFERRED),
    C("at", Utc, nullable=False, info=REFERRED),
    sa.Index("referred_away_by_unit", "from_unit_id", "at", "case_id"),
)  # fmt: skip
case_fields = sa.Table(
    "case_fields", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=FACT),
    C("field", sa.String(64), primary_key=True, info=FACT),
    C("value", sa.Text, nullable=False, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),
    C("by", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    C("on_behalf_of", sa.String(80), nullable=True, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
field_history = sa.Table(
    "field_history", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=FACT),
    C("version", sa.Integer, primary_key=True, info=FACT),
    C("field", sa.String(64), nullable=False, info=FACT),
    C("value", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
field_drafts = sa.Table(
    "field_drafts", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=UNSAVED),
    C("field", sa.String(64), primary_key=True, info=UNSAVED),
    C("person_id", ID, sa.ForeignKey("people.id"), primary_key=True, info=UNSAVED),
    C("value", sa.Text, nullable=False, info=UNSAVED),
    C("base_version", sa.Integer, nullable=False, info=UNSAVED),
    C("at", Utc, nullable=False, info=UNSAVED),
)  # fmt: skip
field_holds = sa.Table(  # the soft lock: a lease
    "field_holds", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=LEASE),
    C("field", sa.String(64), primary_key=True, info=LEASE),
    C("person_id", ID, nullable=False, info=LEASE),
    C("expires_at", Utc, nullable=False, info=LEASE),
)  # fmt: skip
proposals = sa.Table(
    "proposals", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("field", sa.String(64), nullable=False, info=FACT),
    C("value", sa.Text, nullable=False, info=FACT),
    C("old_value", sa.Text, nullable=False, info=FACT),
    C("field_version", sa.Integer, nullable=False, info=FACT),
    C("reason", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),
    C("closed_by", ID, nullable=True, info=FACT),
    C("closed_at", Utc, nullable=True, info=FACT),
    C("version", sa.Integer, nullable=False, server_default="0", info=FACT),  # of the case when it came: their order
    info=OF_CASE,
)  # fmt: skip
materials = sa.Table(
    "materials", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("line", sa.String(64), nullable=False, info=FACT),
    C("number", sa.Integer, nullable=False, info=FACT),  # within the line, from 1, whatever its slot
    C("name", sa.String(255), nullable=False, info=sealed(before="material:*/name")),
    C("state", sa.String(10), nullable=False, info=FACT),
    C("size_bytes", BIG, nullable=False, info=FACT),
    C("media_type", sa.String(80), nullable=True, info=sealed(before="material:*/media_type")),
    C("sha256", sa.String(64), nullable=True, index=True, info=sealed(before="material:*/sha256", file=True)),
    C("pages", sa.Integer, nullable=True, info=FACT),
    C("rejected_code", sa.String(40), nullable=True, info=FACT),
    C("duplicate_of", ID, nullable=True, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("review", sa.String(10), nullable=False, default="none", info=FACT),
    C("review_reason", sa.Text, nullable=False, default="", info=FACT),
    C("reviewed_by", ID, nullable=True, info=FACT),
    C("reviewed_at", Utc, nullable=True, info=FACT),
    C("side", sa.String(8), nullable=False, server_default="window", info=FACT),  # who sent it: window | approver
    C("purpose", sa.String(12), nullable=False, server_default="material", info=FACT),
    C("answers", ID, nullable=True, info=FACT),  # the approver's file that this one returns
    C("version", sa.Integer, nullable=False, server_default="0", info=FACT),  # of the case when it came: their order
    C("grade", sa.String(1), nullable=True, info=FACT),  # A to D, of the window's materials
    C("grade_note", sa.String(200), nullable=False, server_default=sa.text("''"), info=FACT),
    C("graded_by", ID, nullable=True, info=FACT),
    C("graded_at", Utc, nullable=True, info=FACT),
    C("viewed_state", sa.String(8), nullable=False, server_default="none", info=FACT),  # the copy that is looked at
    C("viewed_type", sa.String(80), nullable=True, info=FACT),
    C("viewed_sha256", sa.String(64), nullable=True, info=sealed(file=True)),
    C("viewed_bytes", BIG, nullable=True, info=FACT),
    C("viewed_fault", sa.String(20), nullable=False, server_default=sa.text("''"), info=FACT),
    C("scan", sa.String(12), nullable=False, server_default="off", info=FACT),
    C("origin", JSON, nullable=True, info=FACT),  # of a file that was taken over from an earlier case
    C("slot", sa.Integer, nullable=False, server_default="1", info=FACT),  # which file of the line, from 1
    sa.UniqueConstraint("case_id", "line", "number"),
    info=OF_CASE,
)  # fmt: skip
phones = sa.Table(  # a link by which one phone brings pages; they are read whole: [{upload_id, material_id}]
    "phones", metadata, _id(info=PHONE),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=PHONE),
    C("version", sa.Integer, nullable=False, info=PHONE),  # of the case: their order
    C("line", sa.String(64), nullable=False, info=PHONE),
    C("by", ID, nullable=False, info=PHONE),
    C("secret_sha256", sa.String(64), nullable=False, info=PHONE),
    C("token_sha256", sa.String(64), nullable=True, index=True, info=PHONE),
    C("state", sa.String(10), nullable=False, info=PHONE),
    C("made_at", Utc, nullable=False, info=PHONE),
    C("expires_at", Utc, nullable=False, info=PHONE),
    C("connected_at", Utc, nullable=True, info=PHONE),
    C("ended_at", Utc, nullable=True, info=PHONE),
    C("pages", JSON, nullable=False, info=PHONE),
)  # fmt: skip
sayings = sa.Table(  # text beside the voice
    "sayings", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # of the case: their order
    C("call_id", ID, nullable=True, index=True, info=FACT),
    C("lane", sa.String(8), nullable=False, info=FACT),  # shared | staff
    C("text", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("on_behalf_of", sa.String(80), nullable=True, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
comments = sa.Table(  # a thread; entries are read whole: [{by, at, text}]
    "comments", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # at which it began: their order
    C("on", sa.String(80), nullable=False, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),
    C("entries", JSON, nullable=False, info=FACT),
    C("closed_by", ID, nullable=True, info=FACT),
    C("closed_at", Utc, nullable=True, info=FACT),
    info=told_in(of_case("{case_id}"), made="version"),
)  # fmt: skip
checks = sa.Table(
    "checks", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=FACT),
    C("point", sa.String(64), primary_key=True, info=FACT),
    C("verdict", sa.String(8), nullable=False, info=FACT),  # ok | lacking
    C("note", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
signatures = sa.Table(
    "signatures", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),
    C("hash", sa.String(64), nullable=False, info=FACT),  # of the summary that was shown
    C("shown_at", Utc, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("width", sa.Integer, nullable=False, info=FACT),
    C("height", sa.Integer, nullable=False, info=FACT),
    C("strokes", JSON, nullable=False, info=FACT),
    C("points", sa.Integer, nullable=False, info=FACT),
    C("outdated", sa.Boolean, nullable=False, default=False, info=OUTDATED),
    info=OF_CASE,
)  # fmt: skip
ratings = sa.Table(  # what the applicant says of a call afterwards (好差评)
    "ratings", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, info=FACT),
    C("number", sa.Integer, nullable=False, info=FACT),  # 1, or 2 for what was added (追评)
    C("version", sa.Integer, nullable=False, info=FACT),
    C("level", sa.String(1), nullable=False, info=FACT),  # GB/T 39046: 1 the best
    C("reasons", JSON, nullable=False, info=FACT),
    C("text", sa.Text, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    sa.UniqueConstraint("call_id", "number"),
    info=OF_CASE,
)  # fmt: skip
unmaskings = sa.Table(  # who read a sensitive value whole, and why
    "unmaskings", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),
    C("what", sa.String(80), nullable=False, info=FACT),  # identity_number | phone | field:<name>
    C("reason", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("expires_at", Utc, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
drawings = sa.Table(  # strokes on documents, in their own coordinates
    "drawings", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # of the case: their order
    C("material_id", ID, nullable=False, info=FACT),
    C("page", sa.Integer, nullable=False, info=FACT),
    C("points", JSON, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("cleared_at", Utc, nullable=True, info=FACT),
    info=OF_CASE,
)  # fmt: skip
drawing_rights = sa.Table(  # who alone may draw in a case; null: everybody who guides
    "drawing_rights", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=working("who may draw holds for the call alone")),
    C("only", ID, nullable=True, info=working("who may draw holds for the call alone")),
)  # fmt: skip
papers = sa.Table(
    "papers", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # of the case when it was asked for: their order
    C("kind", sa.String(12), nullable=False, info=FACT),
    C("number", sa.String(50), nullable=False, unique=True, info=sealed(before="paper:*/number")),  # 受理文书编号
    C("state", sa.String(8), nullable=False, info=FACT),  # making | ready | failed
    C("at", Utc, nullable=False, info=FACT),
    C("size_bytes", BIG, nullable=True, info=FACT),
    C("sha256", sa.String(64), nullable=True, info=sealed(before="paper:*/sha256", file=True)),
    C("pages", sa.Integer, nullable=True, info=FACT),
    C("template_id", ID, nullable=True, info=FACT),  # the version of the unit's own template that drew it
    info=OF_CASE,
)  # fmt: skip
paper_templates = sa.Table(  # how a unit lays out a kind of paper; rows are never changed
    "paper_templates", metadata, _id(info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("kind", sa.String(12), nullable=False, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # of this unit and kind, from 1; the newest counts
    C("source", sa.Text, nullable=True, info=FACT),  # None: back to the built-in one
    C("sha256", sa.String(64), nullable=True, info=sealed(before="template:*/sha256")),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("note", sa.String(200), nullable=False, info=FACT),
    sa.UniqueConstraint("unit_id", "kind", "version"),
    info=told_in(of_templates("{unit_id}"), made="at"),
)  # fmt: skip
handovers = sa.Table(  # paper originals by courier; lines: [{line, originals, copies, received, note}]
    "handovers", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("version", sa.Integer, nullable=False, info=FACT),  # of the case: their order
    C("number", sa.Integer, nullable=False, info=FACT),  # within the case, from 1
    C("courier", sa.String(30), nullable=False, info=FACT),
    C("tracking", sa.String(40), nullable=False, info=FACT),
    C("sheets", JSON, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("received_by", ID, nullable=True, info=FACT),
    C("received_at", Utc, nullable=True, info=FACT),
    C("note", sa.Text, nullable=False, info=FACT),
    info=OF_CASE,
)  # fmt: skip
missed_calls = sa.Table(  # the last call about a case that nobody answered, until one is or the case is decided
    "missed_calls", metadata,
    C("case_id", ID, sa.ForeignKey("cases.id"), primary_key=True, info=MISSED),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, info=MISSED),
    C("window_id", ID, nullable=True, info=MISSED),  # of who dialled
    C("target_unit_id", ID, nullable=False, info=MISSED),
    C("at", Utc, nullable=False, info=MISSED),
    C("times", sa.Integer, nullable=False, info=MISSED),  # how many calls in a row
    C("asked_by", ID, sa.ForeignKey("people.id"), nullable=True, info=ASKED),  # who of the unit asked to be called
    C("asked_at", Utc, nullable=True, info=ASKED),
    sa.Index("missed_calls_by_window", "window_id", "at", "case_id"),
    sa.Index("missed_calls_by_target", "target_unit_id", "at", "case_id"),
)  # fmt: skip
phrases = sa.Table(  # 常用语; those without a unit are everybody's
    "phrases", metadata, _id(info=PHRASE),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=True, index=True, info=PHRASE),
    C("kind", sa.String(8), nullable=False, info=PHRASE),  # message | reason | comment | accepted | refused
    C("text", sa.String(500), nullable=False, info=PHRASE),
    C("position", sa.Integer, nullable=False, info=PHRASE),
)  # fmt: skip
uploads = sa.Table(  # a tus upload; its bytes are in a file, named by id, of the node that holds it
    "uploads", metadata, _id(info=UPLOAD),
    C("material_id", ID, sa.ForeignKey("materials.id"), nullable=True, unique=True, info=UPLOAD),
    C("case_id", ID, nullable=True, info=UPLOAD),
    C("person_id", ID, nullable=False, info=UPLOAD),
    C("unit_id", ID, nullable=False, server_default=sa.text("''"), info=UPLOAD),
    C("node_id", ID, nullable=False, server_default=sa.text("''"), info=UPLOAD),
    C("length_bytes", BIG, nullable=True, info=UPLOAD),
    C("began_at", Utc, nullable=True, info=UPLOAD),
    C("expires_at", Utc, nullable=False, index=True, info=UPLOAD),
    C("finished_at", Utc, nullable=True, info=UPLOAD),
    C("ended", sa.String(10), nullable=False, server_default=sa.text("''"), info=UPLOAD),
    C("told", sa.Text, nullable=False, server_default=sa.text("''"), info=UPLOAD),
    C("concat", sa.Text, nullable=False, server_default=sa.text("''"), info=UPLOAD),
    sa.Index("ix_uploads_person_id", "person_id", "began_at"),
    sa.Index("ix_uploads_unit_id", "unit_id", "began_at"),
)  # fmt: skip
nodes = sa.Table(  # nodes that serve, with the address at which the others reach them
    "nodes", metadata, _id(info=PRESENT),
    C("address", sa.String(200), nullable=True, info=PRESENT),
    C("seen_at", Utc, nullable=False, info=PRESENT),
)  # fmt: skip
case_serials = sa.Table(  # 办件编号: daily serials, of a unit and of what stands before them
    "case_serials", metadata,
    C("prefix", sa.String(80), primary_key=True, info=derived("cases.number and papers.number")),
    C("last", sa.Integer, nullable=False, info=derived("cases.number and papers.number")),
)  # fmt: skip

# ---------------------------------------------------------------- calls
calls = sa.Table(
    "calls", metadata, _id(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("caller_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True, info=FACT),
    C("window_unit_id", ID, nullable=False, info=FACT),
    C("target_unit_id", ID, nullable=False, info=FACT),
    C("state", sa.String(8), nullable=False, info=FACT),
    C("reason", sa.String(12), nullable=True, info=FACT),
    C("card", JSON, nullable=False, info=derived("the case when it rang")),
    C("recording_consented", sa.Boolean, nullable=False, info=FACT),
    C("opened_at", Utc, nullable=False, index=True, info=FACT),
    C("answered_at", Utc, nullable=True, info=FACT),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("media_worker", sa.String(120), nullable=True, info=ROOM),  # which worker holds its room
    C("holds", JSON, nullable=True, info=FACT),  # by whom, since, until; null: from before there were any
    C("consent_withdrawn_at", Utc, nullable=True, info=FACT),  # since when nothing is recorded any more
    info=told_in(of_call("{id}")),
)  # fmt: skip
rings = sa.Table(
    "rings", metadata, _id(info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=FACT),
    C("target_id", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),
    C("rung_at", Utc, nullable=False, info=FACT),
    C("deadline_at", Utc, nullable=False, info=FACT),
    C("closed_at", Utc, nullable=True, info=FACT),
    C("invite_id", ID, nullable=True, info=FACT),  # set: asked for the third seat
    C("invited_by", ID, nullable=True, info=FACT),
    C("note", sa.String(200), nullable=False, server_default=sa.text("''"), info=FACT),
    info=told_in(of_call("{call_id}"), made="rung_at"),
)  # fmt: skip
legs = sa.Table(
    "legs", metadata, _id(info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=FACT),
    C("seat", sa.String(8), nullable=False, info=FACT),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    C("state", sa.String(8), nullable=False, info=FACT),
    C("silent", sa.Boolean, nullable=False, default=False, info=HEARD),
    C("media", sa.Boolean, nullable=False, default=False, info=FACT),
    C("recording", sa.Boolean, nullable=False, default=False, info=FACT),
    C("muted", JSON, nullable=False, info=FACT),
    C("joined_at", Utc, nullable=False, info=FACT),
    C("last_seen_at", Utc, nullable=False, info=HEARD),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("held_until", Utc, nullable=True, info=HEARD),
    C("previous_leg_id", ID, nullable=True, info=FACT),
    C("barged", sa.Boolean, nullable=False, server_default=sa.false(), info=FACT),  # a supervisor's
    C("lacking", JSON, nullable=True, info=FACT),  # lines without a device; null: from before it was told
    # Of the call and its case, so that what a person sat in is listed without reading either.
    C("case_id", ID, nullable=True, info=LISTED),
    C("window_unit_id", ID, nullable=True, info=LISTED),
    C("target_unit_id", ID, nullable=True, info=LISTED),
    C("opened_at", Utc, nullable=True, info=LISTED),
    C("registered_at", Utc, nullable=True, info=LISTED),  # the case
    info=told_in(of_call("{call_id}"), made="joined_at"),
)  # fmt: skip
monitors = sa.Table(  # a supervisor following a call: listen | whisper | barge
    "monitors", metadata, _id(info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=FACT),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True, info=FACT),
    C("place", sa.String(8), nullable=False, info=FACT),  # of the media room, while unseen
    C("way", sa.String(8), nullable=False, info=FACT),
    C("reason", sa.String(200), nullable=False, info=FACT),
    C("began_at", Utc, nullable=False, info=FACT),
    C("last_seen_at", Utc, nullable=False, info=HEARD),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("ended", sa.String(12), nullable=True, info=FACT),  # why
    info=told_in(of_monitors("{call_id}"), made="began_at"),
)  # fmt: skip
recordings = sa.Table(  # one segment: one party, one leg
    "recordings", metadata, _id(info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=FACT),
    C("leg_id", ID, sa.ForeignKey("legs.id"), nullable=False, info=FACT),
    C("segment", sa.String(120), nullable=False, unique=True, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),  # recording | stored | lost
    C("started_at", Utc, nullable=False, info=FACT),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("size_bytes", BIG, nullable=True, info=sealed(before="recording:*/recording.size_bytes")),
    C("sha256", sa.String(64), nullable=True, info=sealed(before="recording:*/recording.sha256", file=True)),
    C("sm3", sa.String(64), nullable=True, info=FACT),  # when the setting `hash` asks for it
    C("gaps", JSON, nullable=False, info=FACT),
    C("tracks", JSON, nullable=False, server_default=sa.text("'[]'"), info=FACT),  # mid, codec, times, raw RTP times
    C("cut", sa.Boolean, nullable=False, server_default=sa.false(), info=FACT),  # its recorder died over it
    info=OF_CALL,
)  # fmt: skip

playbacks = sa.Table(  # a party's segments copied into one seekable file, or all composed
    "playbacks", metadata, _id(info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=FACT),
    C("seat", sa.String(8), nullable=False, info=FACT),  # window | approver | third | composed
    C("source", sa.String(8), nullable=False, server_default="face", info=FACT),  # face | camera | screen
    C("person_id", ID, nullable=True, info=FACT),
    C("state", sa.String(8), nullable=False, info=FACT),  # waiting | ready | failed
    C("started_at", Utc, nullable=True, info=FACT),
    C("duration_s", sa.Float, nullable=True, info=FACT),
    C("size_bytes", BIG, nullable=True, info=FACT),
    C("sha256", sa.String(64), nullable=True, info=sealed(before="playback:*/sha256", file=True)),
    C("width", sa.Integer, nullable=True, info=FACT),
    C("height", sa.Integer, nullable=True, info=FACT),
    C("gaps", JSON, nullable=False, info=FACT),
    C("sources", JSON, nullable=False, info=FACT),  # SHA-256 of the files that it is made from, in order
    C("media_type", sa.String(20), nullable=False, server_default="video/webm", info=FACT),
    C("progress", sa.Float, nullable=False, server_default=sa.text("0"), info=JOB),  # share that is done
    C("fault", sa.String(40), nullable=False, server_default=sa.text("''"), info=JOB),
    C("loudness", JSON, nullable=True, info=derived("the file")),  # of a composed one: {step_s, parties: [{label, peaks}]}
    C("chapters", JSON, nullable=False, server_default=sa.text("'[]'"), info=FACT),  # {at_s, title}
    info=OF_CALL,
)  # fmt: skip
marks = sa.Table(  # what was shown and pointed at, for replay alone: no event, no ledger
    "marks", metadata, _id(info=MARK),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=MARK),
    C("kind", sa.String(8), nullable=False, info=MARK),  # point | look | pointer | quality | worker | packed
    C("by", ID, nullable=False, info=MARK),
    C("body", JSON, nullable=False, info=MARK),
    C("at", Utc, nullable=False, info=MARK),
)  # fmt: skip

# ---------------------------------------------------------------- the one road
subjects = sa.Table(  # the row that is locked while a subject changes
    "subjects", metadata,
    C("subject", sa.String(80), primary_key=True, info=CHAIN),
    C("version", sa.Integer, nullable=False, info=CHAIN),
    C("head", sa.String(64), nullable=False, info=CHAIN),  # hash of the last ledger entry, hex; 64 zeros before the first
)  # fmt: skip
commands = sa.Table(
    "commands", metadata,
    C("person_id", ID, primary_key=True, info=ACK),
    C("id", ID, primary_key=True, info=ACK),
    C("type", sa.String(40), nullable=False, info=ACK),
    C("digest", sa.String(64), nullable=False, info=ACK),  # SHA-256 of the canonical command: a reused id is told apart
    C("ack", JSON, nullable=False, info=ACK),
    C("at", Utc, nullable=False, info=ACK),
)  # fmt: skip
events = sa.Table(  # the outbox: stored once, whole; projected when delivered. See aging for what is old
    "events", metadata,
    C("subject", sa.String(80), primary_key=True, info=EVENT),
    C("version", sa.Integer, primary_key=True, info=EVENT),
    C("type", sa.String(40), nullable=False, info=EVENT),
    C("body", JSON, nullable=False, info=EVENT),
    C("people", JSON, nullable=False, info=WATCHING),  # person id -> audience: whose sockets watch this subject from now on
    C("at", Utc, nullable=False, info=EVENT),
)  # fmt: skip
ledger_entries = sa.Table(
    "ledger_entries", metadata,
    C("subject", sa.String(80), primary_key=True, info=ENTRY),
    C("version", sa.Integer, primary_key=True, info=ENTRY),
    C("previous", sa.String(64), nullable=False, info=ENTRY),
    C("at", sa.String(27), nullable=False, info=ENTRY),  # RFC 3339 UTC with microseconds, as it was hashed
    C("actor", sa.String(80), nullable=False, info=ENTRY),
    C("on_behalf_of", sa.String(80), nullable=True, info=ENTRY),
    C("unit", sa.String(80), nullable=False, info=ENTRY),
    C("act", sa.String(40), nullable=False, info=ENTRY),
    C("object", sa.String(120), nullable=False, info=ENTRY),
    C("result", sa.String(60), nullable=False, info=ENTRY),  # ok, or the refusal's code
    C("digest", sa.String(64), nullable=False, info=ENTRY),  # SHA-256(salt || RFC 8785 payload)
    C("event", sa.String(64), nullable=True, info=ENTRY),  # SHA-256(salt || RFC 8785 body); null: format 1
    C("hash", sa.String(64), nullable=False, unique=True, info=ENTRY),
    C("leaf", BIG, nullable=True, unique=True, info=TREE),  # number given by the sequencer, from 0
)  # fmt: skip
ledger_payloads = sa.Table(  # erasable on order; proofs still hold
    "ledger_payloads", metadata,
    C("subject", sa.String(80), primary_key=True, info=PAYLOAD),
    C("version", sa.Integer, primary_key=True, info=PAYLOAD),
    C("salt", sa.String(32), nullable=False, info=PAYLOAD),
    C("payload", sa.Text, nullable=True, info=PAYLOAD),  # canonical JSON; null when erased
)  # fmt: skip
ledger_sequencer = sa.Table(  # one row; the claim of the one sequencer
    "ledger_sequencer", metadata,
    C("id", sa.Integer, primary_key=True, info=TURN),
    C("node", sa.String(64), nullable=True, info=TURN),
    C("until", Utc, nullable=True, info=TURN),
    C("size", BIG, nullable=False, info=TREE),
    C("root", sa.String(64), nullable=False, info=TREE),
)  # fmt: skip
sa.Index(
    "ix_ledger_unsequenced", ledger_entries.c.leaf, postgresql_where=ledger_entries.c.leaf.is_(None)
)
jobs = sa.Table(
    "jobs", metadata, _id(info=JOB),
    C("kind", sa.String(40), nullable=False, info=JOB),
    C("subject", sa.String(80), nullable=False, info=JOB),
    C("body", JSON, nullable=False, info=JOB),
    C("state", sa.String(10), nullable=False, index=True, info=JOB),  # waiting | running | done | failed
    C("claimed_by", sa.String(64), nullable=True, info=JOB),
    C("claimed_until", Utc, nullable=True, info=JOB),
    C("tries", sa.Integer, nullable=False, default=0, info=JOB),
    C("at", Utc, nullable=False, info=JOB),
    C("not_before", Utc, nullable=True, info=JOB),
    C("ended_at", Utc, nullable=True, info=JOB),
    C("fault", sa.String(200), nullable=False, server_default=sa.text("''"), info=JOB),
)  # fmt: skip

if unsaid := list(faults(metadata)):
    raise TypeError("; ".join(unsaid))


COMBINED = {
    "sqlite": sa.text("json_extract(decision, '$.combined') IS NOT NULL"),
    "postgresql": sa.text("(decision ->> 'combined') IS NOT NULL"),
}
"""One person took and decided the case, by the mark of its decision; in the words of the partial indexes."""


def _partial(
    table: sa.Table, name: str, where: str | dict[str, sa.TextClause], *columns: str
) -> None:
    """An index of those rows alone; a query that names the same words, as literals, is given it."""
    named = (table.c[one] for one in columns)
    said = where if isinstance(where, dict) else dict.fromkeys(COMBINED, sa.text(where))
    sa.Index(name, *named, sqlite_where=said["sqlite"], postgresql_where=said["postgresql"])


# ---------------------------------------------------------------- what is asked for all the time, and lists
_partial(roster, "roster_reserved", "reserved_by IS NOT NULL", "reserved_by")
# Who may be rung, the longest free first.
_partial(
    roster, "roster_free", "duty = 'online' AND reserved_by IS NULL",
    "unit_id", "free_since", "person_id",
)  # fmt: skip
_partial(calls, "calls_running", "state IN ('open', 'live')", "id")
_partial(
    calls, "calls_handled", "answered_at IS NOT NULL AND ended_at IS NOT NULL",
    "target_unit_id", "ended_at",
)  # fmt: skip
_partial(rings, "rings_ringing", "state = 'ringing'", "target_id")
_partial(legs, "legs_joined", "state = 'joined'", "person_id")
_partial(legs, "legs_held", "held_until IS NOT NULL", "held_until")
_partial(monitors, "monitors_following", "ended_at IS NULL", "call_id")
_partial(recordings, "recordings_unfinished", "state = 'recording'", "call_id")
_partial(cases, "cases_owed_to_window", "owed_by IS NOT NULL", "window_unit_id", "owed_by", "id")
_partial(cases, "cases_owed_to_unit", "owed_by IS NOT NULL", "unit_id", "owed_by", "id")
_partial(cases, "cases_combined_by_window", COMBINED, "window_unit_id", "created_at", "id")
_partial(cases, "cases_combined_by_unit", COMBINED, "unit_id", "created_at", "id")
_partial(jobs, "jobs_by_end", "ended_at IS NOT NULL", "ended_at")
_partial(items, "items_newest", "newest", "unit_id", "name")
_partial(items, "items_offered", "in_use", "name", "unit_id")
# What is to be taken away or packed by age; what is kept for good is not in them.
_partial(events, "events_by_age", "type NOT IN ('packed', 'case.decided')", "at")
_partial(marks, "marks_by_age", "kind IN ('point', 'quality', 'worker')", "at")
_partial(phones, "phones_open", "state IN ('waiting', 'connected')", "expires_at")
sa.Index("phones_by_end", phones.c.expires_at)
# Beginnings of a code are found byte by byte, whatever the database's collation.
sa.Index("items_by_code", items.c.code, postgresql_ops={"code": "text_pattern_ops"})
sa.Index("commands_by_age", commands.c.at)
sa.Index("sessions_by_end", sessions.c.expires_at)
sa.Index("calls_by_window", calls.c.window_unit_id, calls.c.opened_at, calls.c.id)
sa.Index("calls_by_target", calls.c.target_unit_id, calls.c.opened_at, calls.c.id)
sa.Index("cases_by_window", cases.c.window_unit_id, cases.c.created_at, cases.c.id)
sa.Index("cases_by_unit", cases.c.unit_id, cases.c.created_at, cases.c.id)
sa.Index("cases_by_clerk", cases.c.clerk_id, cases.c.created_at, cases.c.id)
sa.Index("legs_by_call_opened", legs.c.person_id, legs.c.opened_at, legs.c.call_id)
sa.Index("legs_by_case_registered", legs.c.person_id, legs.c.registered_at, legs.c.case_id)
