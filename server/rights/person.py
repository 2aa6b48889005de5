"""Who acts, and what he may do: roles scoped to units, and the one place for rights.

An Actor is a person as one signed-in session sees him; System acts for the
sweepers. `may` answers by role and unit alone; which things a person may know of
at all (the audience of a case or call) is asked in server.case.admission and server.calls.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never


class Role(StrEnum):
    """What a person is at his unit; he may be several."""

    CLERK = "clerk"
    APPROVER = "approver"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    MONITOR_LISTEN = "monitor_listen"
    """Beside supervisor, and each for itself: how he may follow calls that run."""
    MONITOR_WHISPER = "monitor_whisper"
    MONITOR_BARGE = "monitor_barge"
    HEAD = "head"
    """机关负责人, or whom he charged with it: what the law leaves to the head of the authority."""
    OPERATOR = "operator"
    """平台运维: what belongs to no unit alone. Granted at the command line of the machine, nowhere else."""
    SECURITY = "security"
    """安全管理员: lets roles that exclude one another be in one person, with a reason."""


_RANK: Final = (
    Role.HEAD, Role.APPROVER, Role.CLERK, Role.SUPERVISOR, Role.ADMIN, Role.SECURITY,
    Role.OPERATOR,
)  # fmt: skip


def ranked(roles: Collection[Role]) -> list[Role]:
    """Roles in the order in which people name them: by rank, then what is granted beside supervisor."""
    return [role for role in dict.fromkeys((*_RANK, *Role)) if role in roles]


EXCLUDED: Final = (
    (Role.SUPERVISOR, Role.APPROVER),
    (Role.SUPERVISOR, Role.CLERK),
    *((Role.ADMIN, one) for one in (Role.CLERK, Role.APPROVER, Role.HEAD, Role.SUPERVISOR)),
)
"""不相容岗位: nobody watches over what he does himself, and who gives rights does no business by them. A person
has one unit, so that these are roles in one unit. Clerk and approver exclude one another in one case alone
(server.case.acting)."""


def conflicts(roles: Collection[Role]) -> list[tuple[Role, Role]]:
    """Which of these roles exclude one another."""
    return [pair for pair in EXCLUDED if set(pair) <= set(roles)]


class Act(StrEnum):
    """What a person wants to do, as far as rights differ."""

    CASE_CREATE = "case.create"
    CASE_FILL = "case.fill"
    """Consent, form, drafts, holds, answers to proposals, materials: the window's side."""
    CASE_JUDGE = "case.judge"
    """Proposals, reviews, decision: the approver's side."""
    LIMIT_EXTEND = "limit.extend"
    """Left to the head of the authority by 行政许可法 42; he acts from the approver's side."""
    CASE_WATCH = "case.watch"
    """Read a case or call afterwards or beside it, with recordings and the ledger check."""
    CALL_LISTEN = "monitor.listen"
    """Hear and see a live call, unseen."""
    CALL_WHISPER = "monitor.whisper"
    """Be heard in it by the approver alone: for supervisors of the deciding unit."""
    CALL_BARGE = "monitor.barge"
    """Take a seat in it, for all to see."""
    CALL_DIAL = "call.dial"
    CALL_ANSWER = "call.answer"
    DUTY = "desk.duty"
    REHEARSE = "rehearsal.open"
    """Try out one's devices: whoever may sit in a call."""
    ADMINISTER = "administer"
    """The people and the items of a unit: left to its own administrator."""
    OPERATE = "operate"
    """What is everybody's: the calendar, the regions, new units, how the machine is."""
    EXEMPT = "person.exempt"
    """Let roles that exclude one another be in one person of a unit."""
    STAFF_READ = "staff.read"
    """Who works at a unit, with his roles."""
    TASK_DO = "task.do"
    """Claim, hand on, enter results of the tasks of one's unit."""
    TASK_SUPERVISE = "task.supervise"
    """督办 within one's unit: the head, and who watches over it."""
    TASK_READ = "task.read"
    AGENT_DO = "agent.do"
    """帮办 and 代办: left to the clerks of the window's unit; who decides acts for nobody."""
    TEMPLATE_EDIT = "template.edit"
    """How a unit lays out its papers: left to its own administrator."""
    TEMPLATE_READ = "template.read"
    PUBLICITY = "publicity"
    """双公示: what a unit granted, exported for the credit platform: who administers it or watches over it."""
    EXTERNAL_READ = "external.read"
    """What external systems state beside what the cases of a unit have: who administers it or watches over it."""


_TASKS: Final = {
    Act.TASK_DO: frozenset({Role.CLERK, Role.APPROVER, Role.HEAD}),
    Act.AGENT_DO: frozenset({Role.CLERK}),
    Act.TASK_SUPERVISE: frozenset({Role.HEAD, Role.SUPERVISOR}),
    Act.TASK_READ: frozenset({Role.CLERK, Role.APPROVER, Role.HEAD, Role.SUPERVISOR}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of staff in one session. `place` is the short place of his unit (济南市中)."""

    person_id: str
    login: str
    name: str
    staff_number: str
    unit_id: str
    unit_name: str
    place: str
    roles: frozenset[Role]
    window_id: str | None
    window_name: str | None
    session_id: str


@dataclass(frozen=True, slots=True)
class System:
    """The machine itself, when a deadline or a sweep acts. It has no rights: nobody can sign in as it."""

    person_id: str = "system"
    unit_id: str = "system"
    session_id: str = "system"


SYSTEM: Final = System()


def may(
    actor: Actor,
    act: Act,
    *,
    window_unit_id: str | None = None,
    unit_id: str | None = None,
    clerk_id: str | None = None,
) -> bool:
    """Whether `actor` may do `act` on a thing of these units.

    `window_unit_id` is the unit whose window took the case, `unit_id` the one that
    decides it. A right that is scoped to a unit is refused when that unit is not
    given. `clerk_id`, when given, narrows the window's acts to that one clerk.
    """
    match act:
        case Act.CASE_CREATE:
            return Role.CLERK in actor.roles and actor.window_id is not None
        case Act.CASE_FILL | Act.CALL_DIAL:
            return (
                Role.CLERK in actor.roles
                and window_unit_id == actor.unit_id
                and clerk_id in (None, actor.person_id)
            )
        case Act.CASE_JUDGE | Act.CALL_ANSWER:
            return Role.APPROVER in actor.roles and unit_id == actor.unit_id
        case Act.LIMIT_EXTEND:
            return Role.HEAD in actor.roles and unit_id == actor.unit_id
        case Act.DUTY:
            return Role.APPROVER in actor.roles
        case Act.REHEARSE:
            return bool(actor.roles & {Role.CLERK, Role.APPROVER, Role.SUPERVISOR})
        case Act.CASE_WATCH:
            return Role.SUPERVISOR in actor.roles and actor.unit_id in (window_unit_id, unit_id)
        case Act.CALL_LISTEN | Act.CALL_BARGE:
            granted = Role.MONITOR_LISTEN if act is Act.CALL_LISTEN else Role.MONITOR_BARGE
            return {Role.SUPERVISOR, granted} <= actor.roles and actor.unit_id in (
                window_unit_id,
                unit_id,
            )
        case Act.CALL_WHISPER:
            return {
                Role.SUPERVISOR,
                Role.MONITOR_WHISPER,
            } <= actor.roles and unit_id == actor.unit_id
        case Act.ADMINISTER:
            return Role.ADMIN in actor.roles and unit_id == actor.unit_id
        case Act.TASK_DO | Act.TASK_SUPERVISE | Act.TASK_READ | Act.AGENT_DO:
            return bool(_TASKS[act] & actor.roles) and unit_id == actor.unit_id
        case Act.EXEMPT:
            return Role.SECURITY in actor.roles and unit_id == actor.unit_id
        case Act.STAFF_READ:
            reads = actor.roles & {Role.ADMIN, Role.SECURITY}
            return bool(reads) and unit_id == actor.unit_id
        case Act.OPERATE:
            return Role.OPERATOR in actor.roles
        case Act.TEMPLATE_EDIT:
            return Role.ADMIN in actor.roles and unit_id == actor.unit_id
        case Act.TEMPLATE_READ | Act.EXTERNAL_READ | Act.PUBLICITY:
            read = actor.roles & {Role.ADMIN, Role.SUPERVISOR}
            return bool(read) and unit_id == actor.unit_id
        case _:
            assert_never(act)
