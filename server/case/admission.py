"""Who may see a case at all, and as which audience: the one place for it.

Every action on a case begins here, with its actor and the side from which he acts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from server.calls.rows import calls as call_rows
from server.calls.rows import recorded as recorded_rows
from server.case import rows
from server.case.rows.joint import unit_tasks
from server.case.rules.form import Form
from server.rights.hand import Hand
from server.rights.person import Act, Actor, may
from server.rights.seen import SIDES, Audience, tasked
from server.rights.subjects import of_case
from server.store.ledger.entry import OK
from signaling.refusals import Code, Refusal

CAME: Final = frozenset({"material.store", "case.take_earlier", "paper.make", "case.sign"})
"""The acts with which a file, a paper or a signature stands whole in the record."""


class InUnits(Protocol):
    """A case that a window's unit brought and another unit decides."""

    @property
    def id(self) -> str: ...

    @property
    def window_unit_id(self) -> str: ...

    @property
    def unit_id(self) -> str: ...


async def part_of(connection: rows.Connection, actor: Actor, case: InUnits) -> Audience | None:
    """As what this person sees the case, and acts on it; None: it does not exist for him.

    window: clerks of the window's unit; approver: approvers of the unit that decides; third: who
    is a guest in the running call about it, as is its approver once his unit has referred the case to
    another one; task: approvers of a unit that has a task in the case (多地联办), with what that may see, while the
    task runs; supervisor: supervisors of either unit. Who
    could be several is the first of these. The applicant is no audience of a person: a clerk of
    the window turns the screen to him.
    """
    units = {"window_unit_id": case.window_unit_id, "unit_id": case.unit_id}
    if may(actor, Act.CASE_FILL, **units):
        return SIDES["window"]
    if may(actor, Act.CASE_JUDGE, **units):
        return SIDES["approver"]
    if actor.person_id in (await call_rows.guests_of(connection, [case.id]))[case.id]:
        return SIDES["third"]
    if may(actor, Act.CASE_JUDGE, unit_id=actor.unit_id):
        scope = await unit_tasks.scope(connection, case.id, actor.unit_id)
        if scope is not None:
            return tasked(scope)
    if may(actor, Act.CASE_WATCH, **units):
        return SIDES["supervisor"]
    return None


def hand_of(actor: Actor, part: Audience) -> Hand:
    """The hand of who sees a case as this. ``part`` is what ``part_of`` gave: the applicant is none."""
    if part.side == "applicant":
        raise ValueError("nobody of the staff is the applicant")
    return Hand(actor.person_id, part.side, part.scope)


async def admitted(
    connection: rows.Connection, actor: Actor, case_id: str, *, for_call: bool = False
) -> tuple[rows.Record, Hand]:
    """The case as rules, or those of a call alone, ask for it, and from which side this person acts; refused
    ``not_found``."""
    record = await rows.find(connection, case_id, for_call=for_call)
    part = await part_of(connection, actor, record.case) if record else None
    if record is None or part is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return record, hand_of(actor, part)


async def header(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.CaseHead, Audience]:
    """As much of a case as rights ask for, and as which audience this person sees it; refused
    ``not_found``."""
    found = await rows.find_header(connection, case_id)
    part = await part_of(connection, actor, found) if found else None
    if found is None or part is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found, part


@dataclass(frozen=True, slots=True)
class Watched:
    """A case that is looked at afterwards; of a former unit's supervisor it ends where her unit passed
    it on: with the version, and at the moment, of that referral."""

    header: rows.CaseHead
    version: int | None = None
    at: datetime | None = None
    had: frozenset[str] = frozenset()
    """The files, papers and signatures that were there whole by then."""

    def has(self, object: str) -> bool:
        """Whether this file, paper or signature is seen: one that was still coming is not."""
        return self.version is None or object in self.had

    def shows(self, version: int) -> bool:
        """Whether what came with this version of the case is seen."""
        return self.version is None or version <= self.version


async def watched(connection: rows.Connection, actor: Actor, case_id: str) -> Watched:
    """The case for who watches it: supervisors of either unit, and of a unit that has referred it to
    another one after its approver had answered a call about it, up to that referral.

    Refused: ``not_found``; ``forbidden`` to people who see the case otherwise.
    """
    found = await rows.find_header(connection, case_id)
    part = await part_of(connection, actor, found) if found else None
    if found is not None and part == SIDES["supervisor"]:
        return Watched(found)
    if found is not None and part is not None:
        raise Refusal(Code.FORBIDDEN)
    record = (
        await rows.find(connection, case_id)
        if may(actor, Act.CASE_WATCH, unit_id=actor.unit_id)
        else None
    )
    if found is not None and record is not None:
        passed_on = [
            number
            for number, one in enumerate(record.case.referrals)
            if one.from_unit_id == actor.unit_id
        ]
        if passed_on and await call_rows.has_answered(connection, case_id, actor.unit_id):
            number = passed_on[-1]
            entries = await recorded_rows.list_entries(connection, of_case(case_id))
            done = [one for one in entries if one.result == OK]
            version = [one.version for one in done if one.act == "case.refer"][number]
            had = {one.object for one in done if one.act in CAME and one.version <= version}
            return Watched(found, version, record.case.referrals[number].at, frozenset(had))
    raise Refusal(Code.NOT_FOUND, case=case_id)


async def reader_of(
    connection: rows.Connection, actor: Actor, case_id: str, object: str
) -> Audience:
    """As which audience this person sees this file, paper or signature of the case; refused
    ``not_found``."""
    try:
        _, audience = await header(connection, actor, case_id)
        return audience
    except Refusal:
        found = await watched(connection, actor, case_id)
        if not found.has(object):
            raise
        return SIDES["supervisor"]


async def filling(connection: rows.Connection, actor: Actor, case_id: str) -> tuple[Form, Hand]:
    """The form as acts on it ask for it, and from which side this person acts; refused
    ``not_found``."""
    found = await rows.find_form(connection, case_id)
    part = await part_of(connection, actor, found[0]) if found else None
    if found is None or part is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found[1], hand_of(actor, part)


async def shown(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Whole, Audience]:
    """All that a page shows of a case, and as which audience this person sees it; refused ``not_found``."""
    whole = await rows.find_whole(connection, case_id)
    part = await part_of(connection, actor, whole.record.case) if whole else None
    if whole is None or part is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return whole, part
