"""Links for phones as rows. Call inside Store.read or Store.change; in a change lock ``case:<id>`` first."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.case.rules.course import states
from server.case.rules.materials.phone import Page, Phone
from server.store.batch import Write, added, replaced
from server.store.tables import cases, people, phones

_OPEN: Final = sa.text("state IN ('waiting', 'connected')")
"""In the words of the partial index, on both databases."""


def _values(phone: Phone) -> dict[str, Any]:
    values = {name: getattr(phone, name) for name in Phone.__dataclass_fields__}
    return {**values, "pages": [asdict(page) for page in phone.pages]}


def _phone(row: Mapping[str, Any]) -> Phone:
    values = {name: row[name] for name in Phone.__dataclass_fields__}
    return Phone(**{**values, "pages": tuple(Page(**page) for page in row["pages"])})


def new_phone(phone: Phone) -> Write:
    """A new link is kept."""
    return added(phones, _values(phone))


def changed_phone(phone: Phone) -> Write:
    """A link is written over its own row."""
    return replaced(phones, _values(phone))


async def list_phones(connection: AsyncConnection, case_id: str) -> list[Phone]:
    """The links of a case, in the order in which they were made."""
    found = await connection.execute(
        sa.select(phones).where(phones.c.case_id == case_id).order_by(phones.c.version)
    )
    return [_phone(dict(row)) for row in found.mappings()]


async def find(connection: AsyncConnection, phone_id: str) -> Phone | None:
    found = await connection.execute(sa.select(phones).where(phones.c.id == phone_id))
    row = found.mappings().first()
    return None if row is None else _phone(dict(row))


async def find_by_token(connection: AsyncConnection, token_sha256: str) -> Phone | None:
    """The link whose phone shows the token with this digest."""
    found = await connection.execute(sa.select(phones).where(phones.c.token_sha256 == token_sha256))
    row = found.mappings().first()
    return None if row is None else _phone(dict(row))


async def overdue(connection: AsyncConnection, at: datetime) -> list[Phone]:
    """The links that should have ended by now: their time is over, or who invited is blocked."""
    blocked = sa.select(people.c.id).where(people.c.id == phones.c.by, people.c.active.is_(False))
    found = await connection.execute(
        sa.select(phones).where(
            _OPEN,
            sa.or_(phones.c.expires_at <= at, blocked.exists()),
        )
    )
    return [_phone(dict(row)) for row in found.mappings()]


async def of_decided(connection: AsyncConnection) -> list[Phone]:
    """The open links of cases that are decided; what is owed to one may still come by its link."""
    decided = sa.select(cases.c.id).where(
        cases.c.id == phones.c.case_id, cases.c.state.not_in(states.FILLABLE | {"consulting"})
    )
    found = await connection.execute(sa.select(phones).where(_OPEN, decided.exists()))
    return [_phone(dict(row)) for row in found.mappings()]
