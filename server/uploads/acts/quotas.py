"""What a person and all people of his unit may bring within 24 hours, in files and bytes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.case.rows import Connection
from server.rights.person import Actor
from server.store import Change
from server.uploads import rows as upload_rows
from server.uploads.rows import Brought
from signaling.refusals import Code, Refusal

QUOTA_OVER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """What is left of a quota now: of the person's and of his unit's whichever is less."""

    files: int | None
    bytes: int | None
    scarce: bool = False
    """Less than a tenth of one of them is left."""


@dataclass(frozen=True, slots=True)
class Quota:
    """None: as much as anybody likes. What was given up or rejected does not count."""

    person_files: int | None = None
    person_bytes: int | None = None
    unit_files: int | None = None
    unit_bytes: int | None = None

    async def room(
        self, connection: Connection, actor: Actor, at: datetime, unknown_bytes: int
    ) -> QuotaLeft:
        """What this person may still bring; a length that was not told counts as that many bytes."""
        person, unit = await _brought(connection, actor, at, unknown_bytes)
        each = (
            (self.person_files, person.files),
            (self.unit_files, unit.files),
            (self.person_bytes, person.bytes),
            (self.unit_bytes, unit.bytes),
        )
        return QuotaLeft(
            _less(_left(*each[0]), _left(*each[1])),
            _less(_left(*each[2]), _left(*each[3])),
            any(most is not None and (most - brought) * 10 < most for most, brought in each),
        )

    async def admit(
        self, change: Change, actor: Actor, length: int | None, unknown_bytes: int
    ) -> None:
        """Let one more file of that length begin within this transaction. Refused: quota_exceeded."""
        if self == UNLIMITED:
            return
        await upload_rows.lock_unit(change.connection, actor.unit_id)
        person, unit = await _brought(change.connection, actor, change.at, unknown_bytes)
        size = unknown_bytes if length is None else length
        for whose, brought, files, most in (
            ("person", person, self.person_files, self.person_bytes),
            ("unit", unit, self.unit_files, self.unit_bytes),
        ):
            if files is not None and brought.files + 1 > files:
                raise Refusal(Code.QUOTA_EXCEEDED, whose=whose, files=files)
            if most is not None and brought.bytes + size > most:
                left = max(0, most - brought.bytes)
                raise Refusal(Code.QUOTA_EXCEEDED, whose=whose, bytes=most, left_bytes=left)


UNLIMITED: Final = Quota()


async def _brought(
    connection: Connection, actor: Actor, at: datetime, unknown_bytes: int
) -> tuple[Brought, Brought]:
    since = at - QUOTA_OVER
    return (
        await upload_rows.brought(connection, since, unknown_bytes, person_id=actor.person_id),
        await upload_rows.brought(connection, since, unknown_bytes, unit_id=actor.unit_id),
    )


def _left(most: int | None, brought: int) -> int | None:
    return None if most is None else max(0, most - brought)


def _less(one: int | None, other: int | None) -> int | None:
    return min((left for left in (one, other) if left is not None), default=None)
