"""告知申请人: which steps of a case its applicant is told of, and what a page of the case shows of that.

A step is told by the unit whose act it is: the deciding unit tells of its decisions and of what it posts, the window
of what lies ready there. The external system in which a case is decided is told likewise. Opened in the transaction of
the step; sent afterwards, by ``server.tellings``.
"""

from server.case import admission
from server.case.turn import CaseTurn
from server.people.rows import externals
from server.rights.ids import new_id
from server.rights.person import Actor
from server.standards.working_days import china_day
from server.store import Store
from server.tellings import rules
from server.tellings.acts.turns import open_telling
from server.tellings.rules import SystemStep, TellingStep
from server.tellings.views import tellings_of
from server.tellings.wire import Tellings
from signaling.refusals import Code, Refusal


async def tell(turn: CaseTurn, step: TellingStep) -> None:
    """Put into the outbox that this step was done."""
    case = turn.case
    number = rules.short_number(case.receipt_number, case.number)
    unit_id = case.unit_id if turn.hand.judges() else case.window_unit_id
    day = china_day(turn.at)
    await open_telling(
        turn.change, rules.opened(new_id(), case.id, step, unit_id, number, day, turn.at)
    )


async def tell_system(turn: CaseTurn, step: SystemStep) -> None:
    """Put into the outbox that the external system in which the case is decided is told of this step; nothing where it
    is decided here, its system is told of nothing, or the case has no 办件编号 by which the system knows it."""
    case = turn.case
    if not case.item.system or case.number is None:
        return
    found = await externals.of_system(turn.connection, case.unit_id, case.item.system)
    if found is None or found.url is None:
        return
    day = china_day(turn.at)
    new = rules.opened(new_id(), case.id, step, case.unit_id, "", day, turn.at, found.id)
    await open_telling(turn.change, new)


async def listing(store: Store, actor: Actor, case_id: str) -> Tellings:
    """What its applicant was told of a case. Refused: ``not_found`` to who does not see it, and to guests."""
    async with store.read() as connection:
        _, audience = await admission.header(connection, actor, case_id)
        if not (audience.handles() or audience.supervises):
            raise Refusal(Code.NOT_FOUND, case=case_id)
        return await tellings_of(connection, actor, case_id)
