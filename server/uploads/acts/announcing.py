"""What is said of an upload: at its beginning, with the material that is to come of it, and afterwards."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from server.case.acts.materials import files as materials
from server.case.rules.materials.material import Purpose
from server.rights.person import Actor
from server.store import Change, Store
from server.uploads import rows as upload_rows
from server.uploads.rows import Upload
from signaling.refusals import Code, Refusal

LIVES: Final = timedelta(hours=72)
"""An unfinished upload is given up this long after it last took bytes: Friday's goes on on Monday."""
EXTENDED_FROM: Final = timedelta(hours=1)
"""An expiry is moved on only when it moves by as much, or each piece would write to the database."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a file is to become: a new version of that line. ``purpose``, ``answers`` and ``slot`` as in
    ``server.case.rules.materials.bringing.sent`` and ``placed``."""

    case_id: str
    line: str
    name: str
    purpose: Purpose = "material"
    answers: str | None = None
    slot: int | None = None


async def announce(
    change: Change,
    actor: Actor,
    upload_id: str,
    node_id: str,
    length: int | None,
    what: Announced | None,
    *,
    told: str = "",
    concat: str = "",
) -> Upload:
    """Write down an upload of that length (None: not told yet) and begin its material; ``what`` None: a
    part of a file, of which no material comes by itself. ``told`` and ``concat`` are the sender's words.
    Refused as in ``server.case.rules.materials.bringing.sent``."""
    material_id = None
    if what is not None:
        material = await materials.begin(
            change,
            actor,
            what.case_id,
            what.line,
            what.name,
            length or 0,
            purpose=what.purpose,
            answers=what.answers,
            slot=what.slot,
        )
        material_id = material.id
    upload = Upload(
        id=upload_id,
        material_id=material_id,
        case_id=what.case_id if what is not None else None,
        person_id=actor.person_id,
        unit_id=actor.unit_id,
        node_id=node_id,
        length_bytes=length,
        began_at=change.at,
        expires_at=change.at + LIVES,
        told=told,
        concat=concat,
    )
    await upload_rows.add(change.connection, upload)
    return upload


async def lengthened(
    store: Store, actor: Actor, upload: Upload, length: int, at: int, max_bytes: int
) -> Upload:
    """The upload with a length that its sender tells only now, ``at`` bytes of it being here. Refused:
    file_too_large, upload_length (told otherwise before, or less than is here)."""
    if length > max_bytes:
        raise Refusal(Code.FILE_TOO_LARGE, max_bytes=max_bytes)
    if upload.length_bytes not in (None, length) or length < at:
        raise Refusal(Code.UPLOAD_LENGTH)
    if upload.length_bytes is None:
        async with store.change(actor) as change:
            await upload_rows.set_length(change.connection, upload.id, length)
    return replace(upload, length_bytes=length)


async def prolonged(store: Store, actor: Actor, upload: Upload) -> Upload:
    """The upload that has just taken bytes, with its expiry moved on where that is much."""
    until = store.clock.now() + LIVES
    if until - upload.expires_at < EXTENDED_FROM:
        return upload
    async with store.change(actor) as change:
        await upload_rows.set_expiry(change.connection, upload.id, until)
    return replace(upload, expires_at=until)
