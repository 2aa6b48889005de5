"""续签: who came for another shows a new 授权委托书 in the place of one that is over, or soon will be."""

from typing import Final

from server.case.acting import rests_on
from server.case.acts.course.advancing import advanced
from server.case.rules.course import mandates
from server.case.rules.course.course import Renewal
from server.case.turn import Acts, CaseTurn
from server.case.wire.course.advancing import CaseRenewMandate
from server.rights.hand import APPLICANT
from server.standards.working_days import china_day
from server.store.subject import Told
from server.tasks import rows as task_rows
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseRenewMandate, CaseTurn)
async def renew(turn: CaseTurn, command: CaseRenewMandate) -> Told:
    """The newest counts. Refusals: ``server.case.rules.course.mandates.renew``, ``mandate_unfit``."""
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    case = turn.case
    new = Renewal(command.material_id, command.until, turn.hand.person_id, turn.at)
    after = mandates.renew(
        case.applicant.principal, case.course, case.state, new, turn.hand, today=china_day(turn.at)
    )
    if not await task_rows.has_file(turn.connection, case.id, command.material_id):
        raise Refusal(Code.MANDATE_UNFIT)
    until = command.until.isoformat() if command.until else None
    payload = {**rests, "material": command.material_id, "until": until}
    return advanced(turn, "mandate_renewed", case.state, after, payload, on_behalf_of=APPLICANT)
