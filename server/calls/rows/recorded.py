"""Recordings with whose they are, and entries of the ledger without their payloads, as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.calls.rules import PlaybackSource
from server.people.rows.people import person_refs
from server.rights.subjects import of_person
from server.store.ledger.entry import OK
from server.store.tables import (
    ledger_entries,
    legs,
    recordings,
)
from signaling.wire.call import Seat
from signaling.wire.envelope import PersonRef


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recording with whose it is."""

    id: str
    call_id: str
    leg_id: str
    seat: Seat
    person: PersonRef
    state: str
    started_at: datetime
    ended_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    gaps: list[dict[str, Any]]
    tracks: list[dict[str, Any]]
    cut: bool
    sm3: str | None

    @property
    def source(self) -> PlaybackSource:
        """What is seen in it: the face (and heard, the voice), the document camera or the screen."""
        mids = {track["mid"] for track in self.tracks}
        return "camera" if mids == {"2"} else "screen" if mids == {"3"} else "face"


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of the ledger, without its payload."""

    version: int
    at: str
    actor: PersonRef | None
    on_behalf_of: str | None
    act: str
    object: str
    result: str
    hash: str
    leaf: int | None


async def list_recordings(connection: AsyncConnection, call_id: str) -> list[Recorded]:
    """The recordings of a call in the order in which they began."""
    return await _recorded(connection, recordings.c.call_id == call_id)


async def find_recording(connection: AsyncConnection, recording_id: str) -> Recorded | None:
    found = await _recorded(connection, recordings.c.id == recording_id)
    return found[0] if found else None


async def _recorded(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> list[Recorded]:
    query = (
        sa.select(recordings, legs.c.seat, legs.c.person_id)
        .select_from(recordings.join(legs, legs.c.id == recordings.c.leg_id))
        .where(which)
        .order_by(recordings.c.started_at, recordings.c.id)
    )
    rows = (await connection.execute(query)).mappings().all()
    refs = await person_refs(connection, {row["person_id"] for row in rows})
    return [
        Recorded(
            person=refs[row["person_id"]],
            **{name: row[name] for name in Recorded.__dataclass_fields__ if name != "person"},
        )
        for row in rows
    ]


async def list_refused(
    connection: AsyncConnection, person_id: str, act: str, about: str
) -> list[Written]:
    """The refusals of one act of a person about one thing, oldest first."""
    return await _written(
        connection,
        ledger_entries.c.subject == of_person(person_id),
        ledger_entries.c.act == act,
        ledger_entries.c.object == about,
        ledger_entries.c.result != OK,
    )


async def list_entries(connection: AsyncConnection, subject: str) -> list[Written]:
    """The ledger of one subject, in the order of its versions."""
    return await _written(connection, ledger_entries.c.subject == subject)


async def _written(connection: AsyncConnection, *which: sa.ColumnElement[bool]) -> list[Written]:
    query = sa.select(ledger_entries).where(*which).order_by(ledger_entries.c.version)
    rows = (await connection.execute(query)).mappings().all()
    refs = await person_refs(connection, {row["actor"] for row in rows})
    return [
        Written(
            actor=refs.get(row["actor"]),
            **{name: row[name] for name in Written.__dataclass_fields__ if name != "actor"},
        )
        for row in rows
    ]
