"""Materials that are put on another line of their case. Rules: ``server.domain.material.moved``."""

from dataclasses import replace

from server.actions.cases import admitted
from server.actions.views import comment_view, material_view, person_ref
from server.domain import comment, material
from server.rights.connected import Connected, Handler, actor_of
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Store
from server.store import cases as rows
from server.store.people import person_refs
from server.wire.case import CaseMoveMaterial, MaterialMoved
from signaling.protocol import Ack, Command


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def moved(connection: Connected, command: CaseMoveMaterial) -> Ack:
        return await move(store, actor_of(connection), command)

    return {CaseMoveMaterial: moved}


async def move(store: Store, actor: Actor, command: CaseMoveMaterial) -> Ack:
    """Put a file with its versions on another line or into another slot, its comments with it.

    Refused: ``server.domain.material.moved``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        seen = await change.lock(subject)
        record, hand = await admitted(change.connection, actor, command.case_id)
        case = record.case
        moved = material.moved(
            case.item,
            case.materials,
            command.material_id,
            command.line,
            command.slot,
            hand,
            closed=case.closed,
        )
        before = {one.id: one for one in case.materials}
        was = before[command.material_id]
        after = {one.id: one for one in moved}
        new = replace(case, materials=tuple(after.get(one.id, one) for one in case.materials))
        left = material.current(new.materials, was.line)
        along = comment.moved(case.comments, was.line, command.line) if not left else []
        there = {one.id: one for one in along}
        comments = tuple(there.get(one.id, one) for one in case.comments)
        await rows.save(change.connection, case, replace(new, comments=comments))
        await rows.outdate_signatures(change.connection, case.id)
        if hand.side == "approver":
            await rows.look(change.connection, case.id, seen, change.at)
        named = {one.by for one in moved} | {one.reviewed_by for one in moved}
        named |= {one.graded_by for one in moved}
        named |= {said.by for one in along for said in one.entries}
        named |= {one.closed_by for one in along}
        people = await person_refs(change.connection, {one for one in named if one})
        await change.record(
            subject,
            "case.move_material",
            f"material:{was.id}",
            lambda version: MaterialMoved(
                subject=subject,
                version=version,
                at=change.at,
                material_id=was.id,
                from_line=was.line,
                to_line=command.line,
                by=person_ref(actor),
                materials=[material_view(one, people) for one in moved],
                comments=[comment_view(one, people) for one in along],
            ),
            payload={
                "from": {"line": was.line, "slot": was.slot},
                "to": {"line": command.line, "slot": after[was.id].slot},
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
        )
        return change.ack({"slot": after[was.id].slot})
