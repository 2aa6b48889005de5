"""告知申请人: which steps of a case its applicant is told of, and what a page of the case shows of that.

A step is told by the unit whose act it is: the deciding unit tells of its decisions and of what it posts, the window
of what lies ready there. Opened in the transaction of the step; sent afterwards, by ``server.tellings``.
"""

from server.case import admission
from server.case.turn import CaseTurn
from server.rights.ids import new_id
from server.rights.person import Actor
from server.standards.working_days import china_day
from server.store import Store
from server.tellings import rules
from server.tellings.acts.turns import open_telling
from server.tellings.rules import TellingStep
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


async def listing(store: Store, actor: Actor, case_id: str) -> Tellings:
    """What its applicant was told of a case. Refused: ``not_found`` to who does not see it, and to guests."""
    async with store.read() as connection:
        _, audience = await admission.header(connection, actor, case_id)
        if not (audience.handles() or audience.supervises):
            raise Refusal(Code.NOT_FOUND, case=case_id)
        return await tellings_of(connection, actor, case_id)
