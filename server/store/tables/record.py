"""The tables of cases and of all that belongs to one, of files on their way, and of templates of papers."""

import sqlalchemy as sa
from sqlalchemy.types import JSON

from server.rights.subjects import of_case, of_task, of_telling, of_templates
from server.store.tables.columns import (
    ASKED,
    BIG,
    DUE,
    ENDING,
    FACT,
    GRANTED,
    ID,
    LEASE,
    LOOKED,
    MIGRATING,
    MISSED,
    OF_CASE,
    OUTDATED,
    OWED,
    PHONE,
    PHRASE,
    PRESENT,
    REFERRED,
    SENDING,
    SERIALS,
    UNSAVED,
    UPLOAD,
    C,
    Utc,
    key,
    metadata,
)
from server.store.tables.words import derived, sealed, told_in, working

cases = sa.Table(
    "cases", metadata, key(info=FACT),
    C("number", sa.String(50), nullable=True, unique=True, info=FACT),
    C("state", sa.String(12), nullable=False, info=FACT),
    C("mode", sa.String(8), nullable=False, info=FACT),
    C("item_id", ID, sa.ForeignKey("items.id"), nullable=True, info=FACT),  # none: a consultation about no item yet
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),  # who decides
    C("window_id", ID, sa.ForeignKey("windows.id"), nullable=False, info=FACT),
    C("window_unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("clerk_id", ID, sa.ForeignKey("people.id"), nullable=False, info=FACT),
    C("applicant_name", sa.String(60), nullable=False, info=FACT),
    C("identity_number", sa.String(18), nullable=False, index=True, info=FACT),
    C("phone", sa.String(20), nullable=False, info=FACT),
    C("credit_code", sa.String(18), nullable=True, info=FACT),
    C("document", sa.String(20), nullable=False, server_default="identity_card", info=FACT),  # of identity_number
    C("principal", JSON, nullable=True, info=FACT),  # for whom he came, and as what; none: for himself
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
    C("course", JSON, nullable=True, info=FACT),  # what became of it after acceptance, or instead of it
    C("owner_id", ID, nullable=True, info=FACT),  # who of the unit that decides handles it
    C("due_on", sa.Date, nullable=True, info=DUE),  # the next day on which something is due; none in the archive
    C("turn", sa.String(8), nullable=True, info=DUE),  # whose it is to do it: window | approver; nobody's in the archive
    C("receipt_number", sa.String(20), nullable=True, info=FACT),  # 收件号, of the window's unit; from the first material on
    C("granted_on", sa.Date, nullable=True, info=GRANTED),  # the day of 准予, of which 双公示 is reckoned
    C("to_migrate", sa.Date, nullable=True, info=MIGRATING),  # the day of the upgrade, until the system has entered it
    C("number_end", sa.String(8), nullable=True, info=ENDING),  # its last eight characters, by which it is found
    C("sequel_of", JSON, nullable=True, info=FACT),  # which case this one follows (变更, 延续 …), and as what
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
    "proposals", metadata, key(info=FACT),
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
    C("answer", sa.String(3), nullable=True, info=FACT),  # of the applicant, on his own screen
    C("answered_at", Utc, nullable=True, info=FACT),
    info=OF_CASE,
)  # fmt: skip
materials = sa.Table(
    "materials", metadata, key(info=FACT),
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
phones = sa.Table(  # a link by which one phone brings pages; they are read whole: [{upload_id, material_id, taken}]
    "phones", metadata, key(info=PHONE),
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
    "sayings", metadata, key(info=FACT),
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
    "comments", metadata, key(info=FACT),
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
    "signatures", metadata, key(info=FACT),
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
    "ratings", metadata, key(info=FACT),
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
    "unmaskings", metadata, key(info=FACT),
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
    "drawings", metadata, key(info=FACT),
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
    "papers", metadata, key(info=FACT),
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
    C("seal", JSON, nullable=True, info=FACT),  # whose electronic seal it bears; null: none
    C("draft", sa.String(8), nullable=True, info=FACT),  # no_seal | expired | not_yet | failed: why none, where one belongs
    info=OF_CASE,
)  # fmt: skip
paper_templates = sa.Table(  # how a unit lays out a kind of paper; rows are never changed
    "paper_templates", metadata, key(info=FACT),
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
    "handovers", metadata, key(info=FACT),
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
unit_tasks = sa.Table(  # what a unit answers for in a case that another one leads (多地联办)
    "unit_tasks", metadata, key(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, info=FACT),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("place", sa.Integer, nullable=False, info=FACT),  # among the tasks of the case, from 0
    C("key", sa.String(64), nullable=False, info=FACT),  # of the step of the plan, or of one asked for by hand
    C("round", sa.Integer, nullable=False, info=FACT),
    C("kind", sa.String(10), nullable=False, info=FACT),  # joint | opinion | transfer
    C("state", sa.String(10), nullable=False, info=FACT),
    C("turn", sa.String(4), nullable=True, info=derived("unit_tasks.state")),  # own | lead
    C("next_on", sa.Date, nullable=True, info=derived("unit_tasks.body")),
    C("made_at", Utc, nullable=False, info=FACT),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("body", JSON, nullable=False, info=FACT),  # the rest of the task
    info=told_in(of_case("{case_id}"), made="made_at"),
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
tasks = sa.Table(  # what a unit has to see to about a case
    "tasks", metadata, key(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=True, info=FACT),  # of which it came
    C("kind", sa.String(10), nullable=False, info=FACT),  # follow | help | proxy | verify | callback | tell
    C("state", sa.String(10), nullable=False, info=FACT),  # open | suspended | closed | cancelled
    C("round", sa.Integer, nullable=False, info=FACT),  # one more each time it is resumed
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),
    C("owner_id", ID, sa.ForeignKey("people.id"), nullable=True, info=FACT),  # none: in the unit's pool
    C("wanted", sa.String(200), nullable=False, info=FACT),  # 要做成
    C("once", sa.String(120), nullable=True, info=FACT),  # two of a case with the same are one
    C("sources", JSON, nullable=False, info=FACT),
    C("made_at", Utc, nullable=False, info=FACT),
    C("joined_at", Utc, nullable=True, info=FACT),  # since when who is to be called back waits
    C("next_step", sa.String(200), nullable=False, info=FACT),
    C("next_at", Utc, nullable=True, info=FACT),  # none once it is over
    C("level", sa.Integer, nullable=False, info=FACT),  # 提级: 0 owner, 1 unit, 2 head
    C("raise_at", Utc, nullable=True, info=FACT),  # when it is raised without a result
    C("results", JSON, nullable=False, info=FACT),
    C("demands", JSON, nullable=False, info=FACT),  # 督办
    C("demand_by", Utc, nullable=True, info=derived("tasks.demands")),
    C("ended_at", Utc, nullable=True, info=FACT),
    C("accepted_at", Utc, nullable=True, info=FACT),  # of 帮办 and 代办
    C("mandates", JSON, nullable=True, info=FACT),  # 委托书 of 代办, the newest last
    C("version", sa.Integer, nullable=False, info=FACT),
    info=told_in(of_task("{id}"), made="made_at"),
)  # fmt: skip
tellings = sa.Table(  # a step of a case, told to its applicant: the outbox of short messages
    "tellings", metadata, key(info=FACT),
    C("case_id", ID, sa.ForeignKey("cases.id"), nullable=False, index=True, info=FACT),
    C("step", sa.String(12), nullable=False, info=FACT),  # which template
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=False, info=FACT),  # who answers for it
    C("number", sa.String(20), nullable=False, info=FACT),  # as the text names the case
    C("day", sa.Date, nullable=False, info=FACT),
    C("made_at", Utc, nullable=False, info=FACT),
    C("state", sa.String(10), nullable=False, info=FACT),  # waiting | sent | received | handed | lapsed
    C("sent_at", Utc, nullable=True, info=FACT),
    C("received_at", Utc, nullable=True, info=FACT),  # by the gateway's receipt
    C("why", sa.String(12), nullable=True, info=FACT),  # why people tell it
    C("task_id", ID, sa.ForeignKey("tasks.id"), nullable=True, info=FACT),
    C("external_id", ID, sa.ForeignKey("externals.id"), nullable=True, info=FACT),  # told to a system, not to the applicant
    C("due_at", Utc, nullable=True, info=SENDING),  # when it is tried next, or its receipt given up
    C("tries", sa.Integer, nullable=False, info=SENDING),
    info=told_in(of_telling("{id}"), made="made_at"),
)  # fmt: skip
phrases = sa.Table(  # 常用语; those without a unit are everybody's
    "phrases", metadata, key(info=PHRASE),
    C("unit_id", ID, sa.ForeignKey("units.id"), nullable=True, index=True, info=PHRASE),
    C("kind", sa.String(8), nullable=False, info=PHRASE),  # message | reason | comment | accepted | refused
    C("text", sa.String(500), nullable=False, info=PHRASE),
    C("position", sa.Integer, nullable=False, info=PHRASE),
)  # fmt: skip
uploads = sa.Table(  # a tus upload; its bytes are in a file, named by id, of the node that holds it
    "uploads", metadata, key(info=UPLOAD),
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
    "nodes", metadata, key(info=PRESENT),
    C("address", sa.String(200), nullable=True, info=PRESENT),
    C("seen_at", Utc, nullable=False, info=PRESENT),
)  # fmt: skip
case_serials = sa.Table(  # 办件编号 and 收件号: daily serials, of a unit and of what stands before them
    "case_serials", metadata,
    C("prefix", sa.String(80), primary_key=True, info=SERIALS),
    C("last", sa.Integer, nullable=False, info=SERIALS),
)  # fmt: skip
