"""Paper originals by courier: the list that goes with them, and what arrived; each with its paper.

Rules are in server.case.rules.materials.handover.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from server.case.acting import rests_on
from server.case.acts.papers.press import ask_paper
from server.case.rows import handovers as rows
from server.case.rules.materials import handover as rules
from server.case.rules.materials.handover import Handover, Sheet, Verdict
from server.case.turn import Acts, CaseTurn
from server.case.views import handover_view
from server.case.wire.materials import CaseReceiveOriginals, CaseSendOriginals, HandoverChanged
from server.rights.ids import new_id
from server.store.batch import Write
from server.store.subject import Told

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseSendOriginals, CaseTurn)
async def send(turn: CaseTurn, command: CaseSendOriginals) -> Told:
    """Keep what is sent with which parcel; 材料交接清单 is made. Result: ``{handover_id}``.

    Refused: as in ``server.case.rules.materials.handover.send``.
    """
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    before = await rows.list_handovers(turn.connection, turn.case_id)
    new = Handover(
        id=new_id(),
        number=0,
        courier=command.courier,
        tracking=command.tracking,
        sheets=tuple(Sheet(one.line, one.originals, one.copies) for one in command.lines),
        by=turn.hand.person_id,
        at=turn.at,
        version=turn.version,
    )
    case = turn.case
    new = rules.send(
        case.item, before, new, turn.hand, mode=case.mode, refused=case.state == "refused"
    )
    told = await _changed(turn, new, rests, rows.new_handover(case.id, new))
    return replace(told, result={"handover_id": new.id})


@acts.on(CaseReceiveOriginals, CaseTurn)
async def receive(turn: CaseTurn, command: CaseReceiveOriginals) -> Told:
    """Keep what was in the parcel; the list is made anew with it.

    Refused: as in ``server.case.rules.materials.handover.receive``.
    """
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.judges()
    )
    before = await rows.list_handovers(turn.connection, turn.case_id)
    arrived = {one.line: Verdict(one.received, one.note) for one in command.arrived}
    after = rules.receive(before, command.handover_id, arrived, command.note, turn.hand, at=turn.at)
    return await _changed(turn, after, rests, rows.changed_handover(after))


async def _changed(
    turn: CaseTurn, handover: Handover, rests: Mapping[str, Any], written: Write
) -> Told:
    view = handover_view(handover, await turn.name([handover.by, handover.received_by]))
    return Told(
        HandoverChanged(**turn.stamp, handover=view),
        f"handover:{handover.id}",
        {
            **rests,
            "number": handover.number,
            "courier": handover.courier,
            "tracking": handover.tracking,
            "lines": [one.model_dump(mode="json") for one in view.lines],
            "note": handover.note,
        },
        beside=[written],
        then=partial(ask_paper, turn, "handover", handover),
    )
