"""What a case costs: that the applicant is told of it, and that it was paid or waived.

Rules are in server.case.rules.course.fees. No money passes through the house.
"""

from functools import partial
from typing import Final

from server.case.acting import rests_on
from server.case.acts.course.advancing import advanced
from server.case.acts.course.telling import tell
from server.case.rules.course import external
from server.case.rules.course import fees as rules
from server.case.rules.course.course import Fee, Payment
from server.case.turn import Acts, CaseTurn
from server.case.wire.course.advancing import CaseAskFee, CaseSettleFee
from server.store.subject import Told

acts: Final = Acts()
commands: Final = acts.commands


@acts.judging(CaseAskFee, CaseTurn)
async def ask(turn: CaseTurn, command: CaseAskFee) -> Told:
    """告知缴费. Refusals: ``server.case.rules.course.fees.ask``, ``decided_elsewhere``."""
    case, may = turn.case, turn.hand.judges()
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=may)
    external.here(case.item.system)
    new = Fee(command.amount_fen, "", command.code, turn.hand.person_id, turn.at)
    after = rules.ask(case.course, case.state, new, turn.hand, basis=case.item.fee_basis)
    payload = {
        **rests,
        "amount_fen": command.amount_fen,
        "basis": case.item.fee_basis,
        "code": command.code,
    }
    return advanced(turn, "fee_asked", case.state, after, payload, partial(tell, turn, "fee"))


@acts.on(CaseSettleFee, CaseTurn)
async def settle(turn: CaseTurn, command: CaseSettleFee) -> Told:
    """登记缴费 or 减免. Refusals: ``server.case.rules.course.fees.settle``."""
    if command.kind == "waived":
        await turn.judge(turn.actor)
    case, may = turn.case, turn.hand.handles()
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=may)
    new = Payment(
        command.kind, command.on, command.number, command.reason, turn.hand.person_id, turn.at
    )
    after = rules.settle(case.course, case.state, new, turn.hand, at=turn.at)
    payload = {
        **rests,
        "kind": command.kind,
        "on": command.on.isoformat(),
        "number": command.number,
        "reason": command.reason,
    }
    return advanced(turn, "fee_settled", case.state, after, payload)
