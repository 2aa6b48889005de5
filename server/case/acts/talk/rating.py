"""The applicant rates a call that has ended, on his own screen. Rules: server.case.rules.talk.rating."""

from typing import Final

from server.calls.rows import calls as call_rows
from server.case.rows import ratings
from server.case.rules.talk import rating as rules
from server.case.turn import Acts, HeaderTurn
from server.case.views import rating_view
from server.case.wire.rating import CaseRate, CaseRated
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.subjects import of_call
from server.store.subject import Told
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseRate, HeaderTurn, applicant=True)
async def rate(turn: HeaderTurn, command: CaseRate) -> Told:
    """Keep what the applicant says of a call, on his own screen. Result: ``{number}``.

    Refused: ``not_found`` (no such call about the case), ``not_yours`` (the clerk's own page), and what
    ``server.case.rules.talk.rating.rate`` refuses.
    """
    call = await call_rows.find(turn.connection, command.call_id)
    about = await call_rows.find_header(turn.connection, command.call_id)
    if call is None or about is None or about.case_id != turn.case_id:
        raise Refusal(Code.NOT_FOUND, call=command.call_id)
    given = await ratings.list_ratings(turn.connection, turn.case_id)
    rating = rules.rate(
        new_id(),
        command.call_id,
        command.level,
        command.reasons,
        command.text,
        turn.hand,
        given=[one for one in given if one.call_id == command.call_id],
        answered=call.answered_at is not None,
        ended_at=call.ended_at,
        at=turn.at,
        version=turn.version,
    )
    view = rating_view(rating)
    return Told(
        CaseRated(**turn.stamp, rating=view),
        of_call(command.call_id),
        {
            "number": rating.number,
            "level": rating.level.value,
            "reasons": view.reasons,
            "text": view.text,
        },
        {"number": rating.number},
        on_behalf_of=APPLICANT,
        beside=[ratings.new_rating(turn.case_id, rating)],
    )
