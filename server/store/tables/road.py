"""The tables of the one road: subjects, commands, the outbox, the ledger; and the jobs."""

import sqlalchemy as sa
from sqlalchemy.types import JSON

from server.store.tables.columns import (
    ACK,
    BIG,
    CHAIN,
    ENTRY,
    EVENT,
    ID,
    JOB,
    PAYLOAD,
    TREE,
    TURN,
    WATCHING,
    C,
    Utc,
    key,
    metadata,
)

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
    "jobs", metadata, key(info=JOB),
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
