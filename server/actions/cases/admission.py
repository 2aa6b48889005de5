"""Who may see a case at all, and as which audience: the one place for it.

Every action on a case begins here, with its actor and the side from which he acts.
"""

from typing import Protocol

from server.domain.form import Form
from server.rights.hand import Hand, Side
from server.rights.person import Act, Actor, may
from server.store import calls as call_rows
from server.store import cases as rows
from signaling.refusals import Code, Refusal


class InUnits(Protocol):
    """A case that a window's unit brought and another unit decides."""

    @property
    def id(self) -> str: ...

    @property
    def window_unit_id(self) -> str: ...

    @property
    def unit_id(self) -> str: ...


async def audience_of(connection: rows.Connection, actor: Actor, case: InUnits) -> Side | None:
    """As which audience this person sees the case; None: it does not exist for him.

    window: clerks of the window's unit; approver: approvers of the unit that decides; third: who
    is a guest in the running call about it, as is its approver once his unit has referred the case to
    another one; supervisor: supervisors of either unit. Who
    could be several is the first of these. The applicant is no audience of a person: a clerk of
    the window turns the screen to him.
    """
    units = {"window_unit_id": case.window_unit_id, "unit_id": case.unit_id}
    if may(actor, Act.CASE_FILL, **units):
        return "window"
    if may(actor, Act.CASE_JUDGE, **units):
        return "approver"
    if actor.person_id in (await call_rows.guests_of(connection, [case.id]))[case.id]:
        return "third"
    if may(actor, Act.CASE_WATCH, **units):
        return "supervisor"
    return None


async def admitted(
    connection: rows.Connection, actor: Actor, case_id: str, *, for_call: bool = False
) -> tuple[rows.Record, Hand]:
    """The case as rules, or those of a call alone, ask for it, and from which side this person acts; refused
    ``not_found``."""
    record = await rows.find(connection, case_id, for_call=for_call)
    side = await audience_of(connection, actor, record.case) if record else None
    if record is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return record, Hand(actor.person_id, side)


async def header(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Header, Side]:
    """As much of a case as rights ask for, and this person's side; refused ``not_found``."""
    found = await rows.find_header(connection, case_id)
    side = await audience_of(connection, actor, found) if found else None
    if found is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found, side


async def filling(connection: rows.Connection, actor: Actor, case_id: str) -> tuple[Form, Hand]:
    """The form as acts on it ask for it, and from which side this person acts; refused
    ``not_found``."""
    found = await rows.find_form(connection, case_id)
    side = await audience_of(connection, actor, found[0]) if found else None
    if found is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found[1], Hand(actor.person_id, side)


async def shown(connection: rows.Connection, actor: Actor, case_id: str) -> tuple[rows.Whole, Side]:
    """All that a page shows of a case, and this person's side; refused ``not_found``."""
    whole = await rows.find_whole(connection, case_id)
    side = await audience_of(connection, actor, whole.record.case) if whole else None
    if whole is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return whole, side
