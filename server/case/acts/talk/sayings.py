"""Text beside the voice: what the window, the approver and a third party write to each other.

Rules are in server.case.rules.talk.saying; what of it the applicant sees is decided by the lane.
"""

from typing import Final

from server.calls.rows import calls as call_rows
from server.case import rows
from server.case.rules.talk import saying as rules
from server.case.turn import Acts, HeaderTurn
from server.case.views import saying_view
from server.case.wire.talk import CaseSaid, CaseSay
from server.rights.ids import new_id
from server.store.subject import Told
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseSay, HeaderTurn)
async def say(turn: HeaderTurn, command: CaseSay) -> Told:
    """Write a message. Result: ``{saying_id}``. Refusals: ``server.case.rules.talk.saying.say``, and
    ``not_found`` for a call that is not about this case."""
    saying = rules.say(
        new_id(),
        command.lane,
        command.text,
        turn.hand,
        said=await rows.count_sayings(turn.connection, turn.case_id),
        for_applicant=command.for_applicant,
        call_id=await _call_of(turn.connection, command),
        at=turn.at,
        version=turn.version,
    )
    return Told(
        CaseSaid(**turn.stamp, saying=saying_view(saying, turn.people[saying.by])),
        f"saying:{saying.id}",
        {"lane": saying.lane, "text": saying.text, "call": saying.call_id},
        {"saying_id": saying.id},
        on_behalf_of=saying.on_behalf_of,
        beside=[rows.new_saying(turn.case_id, saying)],
    )


async def _call_of(connection: rows.Connection, command: CaseSay) -> str | None:
    """The call during which it is said; None when that one is over by now."""
    if command.call_id is None:
        return None
    call = await call_rows.find_header(connection, command.call_id)
    if call is None or call.case_id != command.case_id:
        raise Refusal(Code.NOT_FOUND, call=command.call_id)
    running = await call_rows.running_about(connection, command.case_id)
    return command.call_id if running == command.call_id else None
