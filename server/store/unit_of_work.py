"""The one road: one transaction for a change, its event, its ledger entry and its ack.

A Change is what an action works with inside Store.change: it locks a subject, records
what happened to it and acknowledges the command. What it records is published only
after the commit. It knows the tables of that road and no others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.rights.person import Actor, System
from server.store import aging, batch, facts
from server.store.database import refusal_of, untaken
from server.store.ledger.entry import GENESIS, OK, Entry, Payload, canonical, moment
from server.store.tables import commands, events, ledger_entries, ledger_payloads, subjects
from server.store.tables.words import FACTS
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command, StoredEvent, recall

EVENTS_AT_ONCE: Final = 500
KEEP: Final = "record.keep"
"""The act of an entry that tells rows which the act that changed them did not: it recorded too early, or
nothing. No act of the product leaves any."""

# Made once: each act runs them, and making a statement costs more than running it.
_LOCK: Final = (
    sa.select(subjects.c.version, subjects.c.head)
    .where(subjects.c.subject == sa.bindparam("of"))
    .with_for_update()
)
_UPDATE_SUBJECT: Final = (
    subjects.update()
    .where(subjects.c.subject == sa.bindparam("of"))
    .values(version=sa.bindparam("version"), head=sa.bindparam("head"))
)
_LEDGER: Final = frozenset({ledger_entries.name, ledger_payloads.name})
_INSERT_EVENT: Final = events.insert()
_INSERT_ENTRY: Final = ledger_entries.insert()
_INSERT_PAYLOAD: Final = ledger_payloads.insert()
_FIND_COMMAND: Final = sa.select(commands.c.digest, commands.c.ack).where(
    commands.c.person_id == sa.bindparam("person"), commands.c.id == sa.bindparam("command")
)
_LOCK_AND_FIND: Final = (
    sa.select(subjects.c.version, subjects.c.head, commands.c.digest, commands.c.ack)
    .select_from(
        subjects.outerjoin(
            commands,
            sa.and_(
                commands.c.person_id == sa.bindparam("person"),
                commands.c.id == sa.bindparam("command"),
            ),
        )
    )
    .where(subjects.c.subject == sa.bindparam("of"))
    .with_for_update(of=subjects)
)
"""Both at once: what is read of commands is what stood there before the lock was had, which is enough,
for the turn of the command has been taken before."""
_EVENTS_AFTER: Final = (
    sa.select(events)
    .where(events.c.subject == sa.bindparam("of"), events.c.version > sa.bindparam("after"))
    .order_by(events.c.version)
    .limit(sa.bindparam("at_most"))
)
_INSERT_COMMAND: Final = commands.insert()


def turn_of(actor: Actor | System, command: Command | None) -> int | None:
    """Two copies of a command at once have the same: the second waits and finds the first's ack."""
    if command is None:
        return None
    key = hashlib.sha256(f"{actor.person_id}\n{command.id}".encode()).digest()
    return int.from_bytes(key[:8], "big", signed=True)


class Change:
    """The inside of one transaction. Made by Store.change alone.

    `at` is the moment of everything in it. `replayed` is the stored ack when this
    command was committed before: return it and do nothing else.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        actor: Actor | System,
        command: Command | None,
        at: datetime,
    ) -> None:
        self.connection = connection
        self.actor = actor
        self.at = at
        self.replayed: Ack | None = None
        self.recorded: list[tuple[str, int]] = []
        """(subject, version) of what was recorded, in order."""
        self.events: list[StoredEvent] = []
        """Its events, in the same order."""
        self.enqueued = False
        """Whether a job was asked for; those who do jobs are woken after the commit."""
        self._command = command
        self._digest = ""
        self._ack: Ack | None = None
        self._ack_kept = False
        self._locked: dict[str, tuple[int, str]] = {}
        self._facts = facts.begin(connection)
        self._only: Collection[facts.Changed] | None = None

    async def lock(self, subject: str) -> int:
        """Lock the subject until the end of the transaction and return its version.

        Call it before reading what is to be changed. A subject that has no entry yet is at
        version 0. Lock a call before its case, or two acts may wait for each other; the
        database then ends one of them with Refusal(BUSY).
        """
        if subject in self._locked:
            return self._locked[subject][0]
        found = (await self.connection.execute(_LOCK, {"of": subject})).one_or_none()
        if found is None:
            await self.connection.execute(
                _insert(self.connection, subjects).on_conflict_do_nothing(),
                {"subject": subject, "version": 0, "head": GENESIS},
            )
            found = (await self.connection.execute(_LOCK, {"of": subject})).one()
        self._locked[subject] = (found.version, found.head)
        return self._locked[subject][0]

    async def make(self, subject: str) -> None:
        """As ``lock``, of a subject that has just been thought of."""
        await self.connection.execute(
            subjects.insert(), {"subject": subject, "version": 0, "head": GENESIS}
        )
        self._locked[subject] = (0, GENESIS)

    async def record(
        self,
        subject: str,
        act: str,
        object: str,
        event: BaseModel | Callable[[int], BaseModel] | Mapping[str, Any] | None,
        *,
        payload: Mapping[str, Any],
        on_behalf_of: str | None = None,
        people: Mapping[str, str] | None = None,
        result: str = OK,
        beside: Sequence[batch.Write] = (),
    ) -> int:
        """Write the next version of `subject`: its event and its ledger entry; returns the version.

        `event` is the wire event of that version, a function that makes it, or its members as a
        mapping (`type` must be among them; subject, version and at are filled in); None
        holds the version's place with `skipped`, for what no page shows. `payload` is
        what the ledger keeps in full; what was written into sealed columns since the last
        entry is put beside it (`facts`), so record behind what you write. `people` maps person id to audience: whose sockets
        watch this subject from now on. Refused with LEDGER_UNAVAILABLE when the entry
        cannot be written: then the act does not happen either. Written in the same go are
        `beside` and the ack, where it was given before; a row of theirs that its table does not
        take is a fault of the program and is raised as it is.
        """
        if self.replayed is not None:
            raise RuntimeError("a repeated command changes nothing")
        version = await self.lock(subject) + 1
        previous = self._locked[subject][1]
        await facts.see(self.connection, beside)
        told = await self._facts.tell(self.connection, subject, self._only)
        sealed = Payload.seal({**payload, FACTS: told} if told else payload)
        body = self._body(event or {"type": "skipped"}, subject, version)
        entry = Entry(
            subject=subject,
            version=version,
            previous=previous,
            at=moment(self.at),
            actor=self.actor.person_id,
            on_behalf_of=on_behalf_of,
            unit=self.actor.unit_id,
            act=act,
            object=object,
            result=result,
            digest=sealed.digest(),
            event=sealed.digest_of(body),
        )
        head = entry.hash()
        outgoing = {
            "subject": subject,
            "version": version,
            "type": body["type"],
            "body": body,
            "people": dict(people or {}),
            "at": self.at,
        }
        written = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        kept = {
            "subject": subject,
            "version": version,
            "salt": sealed.salt,
            "payload": sealed.text,
        }
        try:
            await batch.write(
                self.connection,
                [
                    *beside,
                    *self._kept_ack(),
                    (_INSERT_EVENT, outgoing),
                    (_INSERT_ENTRY, written | {"hash": head}),
                    (_INSERT_PAYLOAD, kept),
                    (_UPDATE_SUBJECT, {"of": subject, "version": version, "head": head}),
                ],
                told=True,
            )
        except sa.exc.DBAPIError as error:
            refusal = refusal_of(error)
            if refusal is None and untaken(error) and batch.table_of(error) not in _LEDGER:
                raise
            raise refusal or Refusal(Code.LEDGER_UNAVAILABLE) from error
        self._locked[subject] = (version, head)
        self.recorded.append((subject, version))
        self.events.append(
            StoredEvent(subject, version, body["type"], body, dict(people or {}), self.at)
        )
        return version

    def ack(self, result: Mapping[str, Any] | None = None) -> Ack:
        """Acknowledge the command, once; stored with its id when the transaction commits."""
        if self._ack_kept:
            raise RuntimeError("the command has its ack already")
        self._ack = Ack(ok=True, result=dict(result or {}))
        return self._ack

    async def begin(self, of: str | None = None) -> None:
        """Look whether the command was committed before, and lock the subject `of`. For Store.change."""
        if self._command is None:
            if of is not None:
                await self.lock(of)
            return
        self._digest = hashlib.sha256(canonical(self._command)).hexdigest()
        which = {"person": self.actor.person_id, "command": self._command.id}
        row: Any = None
        if of is not None:
            row = (await self.connection.execute(_LOCK_AND_FIND, {**which, "of": of})).one_or_none()
            if row is not None:
                self._locked[of] = (row.version, row.head)
        if row is None:
            row = (await self.connection.execute(_FIND_COMMAND, which)).one_or_none()
        if row is None or row.digest is None:
            return
        if row.digest != self._digest:
            raise Refusal(Code.COMMAND_ID_REUSED, id=self._command.id)
        self.replayed = recall(Ack, row.ack)

    async def finish(self) -> None:
        """Store the ack, and tell by entries of their own what was changed and no entry told. For
        Store.change."""
        for subject, changed in (await self._facts.left(self.connection)).items():
            self._only = changed
            tables = sorted({table.name for table, _ in changed})
            await self.record(subject, KEEP, subject, None, payload={"tables": tables})
            self._only = None
        if self._ack is None and self._command is not None and self.replayed is None:
            self.ack()
        await batch.write(self.connection, self._kept_ack())

    def end(self) -> None:
        """What is written over its connection from now on is of others. For Store.change."""
        self._facts.end()

    def _kept_ack(self) -> list[batch.Write]:
        """The ack as it is stored; nothing when there is none yet, or when it was stored before."""
        if self._command is None or self._ack is None or self._ack_kept:
            return []
        self._ack_kept = True
        told = {
            "person_id": self.actor.person_id,
            "id": self._command.id,
            "type": getattr(self._command, "type", ""),
            "digest": self._digest,
            "ack": self._ack.model_dump(mode="json"),
            "at": self.at,
        }
        return [(_INSERT_COMMAND, told)]

    def _body(
        self,
        event: BaseModel | Callable[[int], BaseModel] | Mapping[str, Any],
        subject: str,
        version: int,
    ) -> dict[str, Any]:
        if isinstance(event, Mapping):
            at = self.at.isoformat().replace("+00:00", "Z")
            return {**event, "subject": subject, "version": version, "at": at}
        made = event if isinstance(event, BaseModel) else event(version)
        body = made.model_dump(mode="json")
        if (body["subject"], body["version"]) != (subject, version):
            raise RuntimeError(f"an event of {body['subject']} recorded under {subject}")
        return body


async def events_after(
    connection: AsyncConnection, subject: str, after: int, limit: int = EVENTS_AT_ONCE
) -> list[StoredEvent]:
    """The events of `subject` with a version greater than `after`, oldest first, at most `limit`;
    of old ones those that are kept (see ``aging``)."""
    rows = await connection.execute(
        _EVENTS_AFTER, {"of": subject, "after": after, "at_most": limit}
    )
    # A pack stands at the last version that it holds, so that whoever asks for one of them is given it.
    found = [row for row in aging.whole(rows.mappings()) if row["version"] > after]
    return [StoredEvent(**row) for row in found[:limit]]


@dataclass(frozen=True, slots=True)
class Done:
    """An act that was committed: what the ledger calls it, and the body of its event."""

    version: int
    act: str
    body: Mapping[str, Any]


async def acts_after(
    connection: AsyncConnection, subject: str, after: int, acts: Collection[str], *, but_by: str
) -> list[Done]:
    """Those of these acts of others than `but_by` that made a version of `subject` greater than `after`,
    oldest first, at most 500; none whose event is old (see ``aging``)."""
    rows = await connection.execute(
        sa.select(ledger_entries.c.version, ledger_entries.c.act, events.c.body)
        .join(
            events,
            sa.and_(
                events.c.subject == ledger_entries.c.subject,
                events.c.version == ledger_entries.c.version,
            ),
        )
        .where(
            ledger_entries.c.subject == subject,
            ledger_entries.c.version > after,
            ledger_entries.c.act.in_(list(acts)),
            ledger_entries.c.actor != but_by,
            events.c.type != aging.PACKED,
        )
        .order_by(ledger_entries.c.version)
        .limit(EVENTS_AT_ONCE)
    )
    return [Done(row.version, row.act, row.body) for row in rows]


async def has_done(
    connection: AsyncConnection, subject: str, person_id: str, acts: Collection[str]
) -> bool:
    """Whether this person did one of these acts on `subject`."""
    entry = ledger_entries.c
    found = await connection.scalar(
        sa.select(entry.version)
        .where(
            entry.subject == subject,
            entry.actor == person_id,
            entry.act.in_(list(acts)),
            entry.result == OK,
        )
        .limit(1)
    )
    return found is not None


async def version_of(connection: AsyncConnection, subject: str) -> int:
    """The version `subject` is at in this snapshot; 0 when nothing was recorded under it."""
    found = await connection.scalar(
        sa.select(subjects.c.version).where(subjects.c.subject == subject)
    )
    return found or 0


def _insert(connection: AsyncConnection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
