"""The tables of calls, and of what is left of them."""

import sqlalchemy as sa
from sqlalchemy.types import JSON

from server.rights.subjects import of_call, of_monitors
from server.store.tables.columns import (
    BIG,
    FACT,
    HEARD,
    ID,
    JOB,
    LISTED,
    MARK,
    OF_CALL,
    ROOM,
    C,
    Utc,
    key,
    metadata,
)
from server.store.tables.words import derived, sealed, told_in

calls = sa.Table(
    "calls", metadata, key(info=FACT),
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
    "rings", metadata, key(info=FACT),
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
    "legs", metadata, key(info=FACT),
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
    "monitors", metadata, key(info=FACT),
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
    "recordings", metadata, key(info=FACT),
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
    "playbacks", metadata, key(info=FACT),
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
    "marks", metadata, key(info=MARK),
    C("call_id", ID, sa.ForeignKey("calls.id"), nullable=False, index=True, info=MARK),
    C("kind", sa.String(8), nullable=False, info=MARK),  # point | look | pointer | quality | worker | packed
    C("by", ID, nullable=False, info=MARK),
    C("body", JSON, nullable=False, info=MARK),
    C("at", Utc, nullable=False, info=MARK),
)  # fmt: skip
