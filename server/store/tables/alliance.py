"""The tables of units, people, their sign-ins and who is on duty."""

import sqlalchemy as sa
from sqlalchemy.types import JSON

from server.rights.subjects import of_person, of_unit
from server.store.tables.columns import FACT, GUESS, ID, PRESENT, SIGN_IN, C, Utc, key, metadata
from server.store.tables.words import told_in

units = sa.Table(
    "units", metadata, key(info=FACT),
    C("name", sa.String(120), nullable=False, info=FACT),
    C("place", sa.String(40), nullable=False, info=FACT),  # short place shown on the line, 青岛西海岸
    C("region_code", sa.String(12), nullable=False, info=FACT),  # GB/T 2260
    C("credit_code", sa.String(18), nullable=False, info=FACT),  # 统一社会信用代码 GB 32100
    C("level", sa.String(1), nullable=False, info=FACT),  # 行使层级 GB/T 39046 annex A
    C("review_body", sa.String(120), nullable=False, server_default=sa.text("''"), info=FACT),  # 复议机关
    C("court", sa.String(120), nullable=False, server_default=sa.text("''"), info=FACT),  # both: of its decisions
    info=told_in(of_unit("{id}"), "catalogue", "demo"),
)  # fmt: skip
windows = sa.Table(
    "windows", metadata, key(info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("name", sa.String(60), nullable=False, info=FACT),
    info=told_in(of_unit("{unit_id}"), "demo"),
)  # fmt: skip
people = sa.Table(
    "people", metadata, key(info=FACT),
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
    "exemptions", metadata, key(info=FACT),
    C("person_id", ID, sa.ForeignKey("people.id"), nullable=False, index=True, info=FACT),
    C("first", sa.String(20), nullable=False, info=FACT),
    C("second", sa.String(20), nullable=False, info=FACT),
    C("reason", sa.Text, nullable=False, info=FACT),
    C("by", ID, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    info=told_in(of_person("{person_id}"), made="at"),
)  # fmt: skip
externals = sa.Table(  # systems that report for a unit by API; the key is drawn, not kept
    "externals", metadata,
    C("id", ID, sa.ForeignKey("people.id"), primary_key=True, info=FACT),  # the account in whose name it acts
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, index=True, info=FACT),
    C("system", sa.String(60), nullable=False, info=FACT),  # as items name it
    C("generation", sa.Integer, nullable=False, info=FACT),  # which of its keys holds
    C("made_at", Utc, nullable=False, info=FACT),
    C("revoked_at", Utc, nullable=True, info=FACT),
    C("url", sa.String(500), nullable=True, info=FACT),  # where it is told of its cases
    info=told_in(of_unit("{unit_id}"), made="made_at"),
)  # fmt: skip
statements = sa.Table(  # what external systems state of a day, for 对账
    "statements", metadata, key(info=FACT),
    C("external_id", ID, sa.ForeignKey("externals.id"), nullable=False, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("day", sa.Date, nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),
    C("message", sa.String(64), nullable=False, info=FACT),  # webhook-id
    C("sha256", sa.String(64), nullable=False, info=FACT),  # of its body
    C("steps", JSON, nullable=False, info=FACT),
    sa.Index("statements_message", "external_id", "message", unique=True),
    sa.Index("ix_statements_day", "external_id", "day"),
    info=told_in(of_unit("{unit_id}"), made="at"),
)  # fmt: skip
publications = sa.Table(  # 双公示: what was exported of a granted case, and why it is not published
    "publications", metadata,
    C("case_id", ID, primary_key=True, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("at", Utc, nullable=False, info=FACT),  # when it was exported first, or withheld
    C("exported_at", Utc, nullable=True, info=FACT),
    C("withheld", sa.String(12), nullable=True, info=FACT),  # the reason of 不予公示; none: it is published
    C("note", sa.Text, nullable=False, info=FACT),
    C("by", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    info=told_in(of_unit("{unit_id}"), made="at"),
)  # fmt: skip
sessions = sa.Table(
    "sessions", metadata, key(info=SIGN_IN),
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
