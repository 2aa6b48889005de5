"""Drawing on documents together: strokes, what is cleared, and who may. Rules: server.case.rules.talk.drawing."""

from typing import Final

from server.calls.rows import calls as call_rows
from server.case.acting import elsewhere, other_case, running
from server.case.rows import drawings as rows
from server.case.rules.talk import drawing as rules
from server.case.rules.talk.drawing import Drawing
from server.case.turn import Acts, CaseTurn, HeaderTurn
from server.case.views import drawing_view
from server.case.wire.showing import (
    CaseClearDrawings,
    CaseDraw,
    CaseDrawingKept,
    CaseDrawingsCleared,
    CaseDrawn,
    CaseKeepDrawing,
)
from server.rights.ids import new_id
from server.store.subject import Told
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseDraw, CaseTurn)
async def draw(turn: CaseTurn, command: CaseDraw) -> Told:
    """Keep a stroke. Refused: ``server.case.rules.talk.drawing.may_draw``, call_held, and ``other_case_in_call`` (its
    author sits in a live call about another case, and in none about this one)."""
    seats = await call_rows.seats_of(turn.connection, turn.hand.person_id)
    if elsewhere(seats, turn.case_id):
        raise other_case(seats)
    there = await rows.list_drawings(turn.connection, turn.case_id)
    only = await rows.only(turn.connection, turn.case_id)
    document = rules.may_draw(turn.case.materials, command.material_id, there, only, turn.hand)
    held, _ = await running(turn.connection, turn.case_id)
    if held:
        raise Refusal(Code.CALL_HELD)
    drawing = Drawing(
        id=new_id(),
        material_id=command.material_id,
        page=command.page,
        points=tuple(command.points),
        by=turn.hand.person_id,
        at=turn.at,
        version=turn.version,
    )
    return Told(
        CaseDrawn(
            **turn.stamp,
            drawing=drawing_view(drawing, turn.people[drawing.by]),
            line=document.line,
        ),
        f"material:{command.material_id}",
        {"drawing": drawing.id, "page": command.page, "points": len(command.points)},
        {"drawing_id": drawing.id},
        beside=[rows.new_drawing(turn.case_id, drawing)],
    )


@acts.on(CaseClearDrawings, HeaderTurn)
async def clear(turn: HeaderTurn, command: CaseClearDrawings) -> Told:
    """Take strokes away. Refused: ``server.case.rules.talk.drawing.cleared``."""
    there = await rows.list_drawings(turn.connection, turn.case_id)
    gone = [one.id for one in rules.cleared(there, command.material_id, command.whose, turn.hand)]
    if gone:
        await rows.clear(turn.connection, gone, turn.at)
    return Told(
        CaseDrawingsCleared(**turn.stamp, ids=gone),
        f"material:{command.material_id}",
        {"whose": command.whose, "drawings": gone},
        {"cleared": len(gone)},
    )


@acts.on(CaseKeepDrawing, HeaderTurn)
async def keep(turn: HeaderTurn, command: CaseKeepDrawing) -> Told:
    """Draw alone, or let all draw again. Refused: ``server.case.rules.talk.drawing.kept_by``."""
    only = rules.kept_by(command.only_me, turn.hand)
    return Told(
        CaseDrawingKept(**turn.stamp, only=None if only is None else turn.people[only]),
        turn.subject,
        {"only_me": command.only_me},
        beside=[rows.kept_for(turn.connection, turn.case_id, only)],
    )
