"""Materials that are put on another line of their case. Rules: ``server.case.rules.materials.bringing.moved``."""

from dataclasses import replace
from typing import Final

from server.case import rows
from server.case.rules.materials import bringing, material
from server.case.rules.talk import comment
from server.case.turn import Acts, CaseTurn
from server.case.views import comment_view, material_view
from server.case.wire.materials import CaseMoveMaterial, MaterialMoved
from server.store.subject import Told

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseMoveMaterial, CaseTurn, looks=True)
async def move(turn: CaseTurn, command: CaseMoveMaterial) -> Told:
    """Put a file with its versions on another line or into another slot, its comments with it. Result:
    ``{slot}``.

    Refused: ``server.case.rules.materials.bringing.moved``.
    """
    case, people = turn.case, turn.people
    moved = bringing.moved(
        case.item,
        case.materials,
        command.material_id,
        command.line,
        command.slot,
        turn.hand,
        closed=not case.fillable,
    )
    before = {one.id: one for one in case.materials}
    was = before[command.material_id]
    after = {one.id: one for one in moved}
    new = replace(case, materials=tuple(after.get(one.id, one) for one in case.materials))
    left = material.current(new.materials, was.line)
    along = comment.moved(case.comments, was.line, command.line) if not left else []
    there = {one.id: one for one in along}
    turn.keep(replace(new, comments=tuple(there.get(one.id, one) for one in case.comments)))
    slot = after[was.id].slot
    return Told(
        MaterialMoved(
            **turn.stamp,
            material_id=was.id,
            from_line=was.line,
            to_line=command.line,
            by=people[turn.hand.person_id],
            materials=[material_view(one, people) for one in moved],
            comments=[comment_view(one, people) for one in along],
        ),
        f"material:{was.id}",
        {
            "from": {"line": was.line, "slot": was.slot},
            "to": {"line": command.line, "slot": slot},
            "materials": [
                {
                    "id": one.id,
                    "sha256": one.sha256,
                    "line": one.line,
                    "slot": one.slot,
                    "number": one.number,
                    "review_before": before[one.id].review,
                    "review": one.review,
                }
                for one in moved
            ],
            "comments": [one.id for one in along],
        },
        {"slot": slot},
        beside=[rows.outdated_signatures(case.id)],
    )
