"""Which keys may seal this ledger: the first entry names the first, later ones are entered too.

A node makes a key where its ledger folder is empty. Beside a database that counts sealed entries
that would hide that the folder was lost or is another's, so there it must be asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.ledger.entry import members
from server.store.ledger.journal import HEADS, Journal, Records
from server.store.tables import ledger_entries, ledger_payloads, ledger_sequencer

SUBJECT: Final = "ledger:keys"
BEGIN: Final = "ledger.begin"
"""The act that names the first key."""
JOIN: Final = "ledger.join"
"""The act that names a further one."""


class LedgerElsewhere(RuntimeError):
    """The ledger folder is empty or another's; the message says what to do."""


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


async def known(connection: AsyncConnection) -> list[str]:
    """The keys that the ledger names, the first one first."""
    payloads = await connection.scalars(
        sa.select(ledger_payloads.c.payload)
        .join(
            ledger_entries,
            sa.and_(
                ledger_entries.c.subject == ledger_payloads.c.subject,
                ledger_entries.c.version == ledger_payloads.c.version,
            ),
        )
        .where(ledger_entries.c.subject == SUBJECT, ledger_entries.c.act.in_((BEGIN, JOIN)))
        .order_by(ledger_entries.c.version)
    )
    return [str(key) for one in payloads if (key := members(one).get("key"))]


async def admitted(database: Database, folder: Path, wanted: str | None, *, join: bool) -> str:
    """The fingerprint of the key in this folder, which is made where nothing is sealed yet, or to
    ``join`` a ledger that others seal. LedgerElsewhere when the folder is not this ledger's, or its
    key is not the ``wanted`` one."""
    async with database.read() as connection:
        sealed = await connection.scalar(sa.select(ledger_sequencer.c.size)) or 0
        names = await known(connection)
    here = await asyncio.to_thread(Records(folder).public_key)
    mine = None if here is None else fingerprint(here)
    empty = mine is None or not await asyncio.to_thread((folder / HEADS).is_file)
    if wanted is not None and mine != wanted:
        raise LedgerElsewhere(
            f"the settings name the key {wanted}; in the ledger folder {folder} is {mine or 'none'}"
        )
    if sealed and not join:
        if empty:
            raise LedgerElsewhere(
                f"the database counts {sealed} sealed entries and the ledger folder {folder} is empty: "
                "put it back (a backup has it), or, for a further node, set ledger_join"
            )
        if names and mine not in names:
            raise LedgerElsewhere(
                f"the ledger folder {folder} is another's: its key {mine} is not named in this ledger"
            )
    if mine is None:
        await asyncio.to_thread(Journal.open, folder)
        made = await asyncio.to_thread(Records(folder).public_key)
        assert made is not None
        mine = fingerprint(made)
    return mine
