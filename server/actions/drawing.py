"""Drawing on documents together: strokes, what is cleared, and who may. Rules: server.domain.drawing."""

from server.actions.cases import admitted
from server.actions.views import drawing_view, person_ref
from server.domain import drawing as rules
from server.domain.drawing import Drawing
from server.rights.connected import Connected, Handler, actor_of
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import calls as call_rows
from server.store import drawings as rows
from server.wire.case import (
    CaseClearDrawings,
    CaseDraw,
    CaseDrawingKept,
    CaseDrawingsCleared,
    CaseDrawn,
    CaseKeepDrawing,
)
from signaling.protocol import Ack, Command
from signaling.refusals import Code, Refusal


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def drawn(connection: Connected, command: CaseDraw) -> Ack:
        return await draw(store, actor_of(connection), command)

    async def cleared(connection: Connected, command: CaseClearDrawings) -> Ack:
        return await clear(store, actor_of(connection), command)

    async def kept(connection: Connected, command: CaseKeepDrawing) -> Ack:
        return await keep(store, actor_of(connection), command)

    return {CaseDraw: drawn, CaseClearDrawings: cleared, CaseKeepDrawing: kept}


async def draw(store: Store, actor: Actor, command: CaseDraw) -> Ack:
    """Keep a stroke. Refused: ``server.domain.drawing.may_draw``, call_held, and ``other_case_in_call`` (its
    author sits in a live call about another case, and in none about this one)."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        version = await change.lock(subject) + 1
        record, hand = await admitted(change.connection, actor, command.case_id)
        await _not_elsewhere(change, actor, command.case_id)
        there = await rows.list_drawings(change.connection, command.case_id)
        only = await rows.only(change.connection, command.case_id)
        rules.may_draw(record.case.materials, command.material_id, there, only, hand)
        await _not_held(change, command.case_id)
        drawing = Drawing(
            id=new_id(),
            material_id=command.material_id,
            page=command.page,
            points=tuple(command.points),
            by=actor.person_id,
            at=change.at,
            version=version,
        )
        await rows.add(change.connection, command.case_id, drawing)
        view = drawing_view(drawing, person_ref(actor))
        await change.record(
            subject,
            "case.draw",
            f"material:{command.material_id}",
            lambda version: CaseDrawn(subject=subject, version=version, at=change.at, drawing=view),
            payload={"drawing": drawing.id, "page": command.page, "points": len(command.points)},
        )
        return change.ack({"drawing_id": drawing.id})


async def clear(store: Store, actor: Actor, command: CaseClearDrawings) -> Ack:
    """Take strokes away. Refused: ``server.domain.drawing.cleared``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        await change.lock(subject)
        _, hand = await admitted(change.connection, actor, command.case_id)
        there = await rows.list_drawings(change.connection, command.case_id)
        gone = [one.id for one in rules.cleared(there, command.material_id, command.whose, hand)]
        if gone:
            await rows.clear(change.connection, gone, change.at)
        await change.record(
            subject,
            "case.clear_drawings",
            f"material:{command.material_id}",
            lambda version: CaseDrawingsCleared(
                subject=subject, version=version, at=change.at, ids=gone
            ),
            payload={"whose": command.whose, "drawings": gone},
        )
        return change.ack({"cleared": len(gone)})


async def keep(store: Store, actor: Actor, command: CaseKeepDrawing) -> Ack:
    """Draw alone, or let all draw again. Refused: ``server.domain.drawing.kept_by``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = of_case(command.case_id)
        await change.lock(subject)
        _, hand = await admitted(change.connection, actor, command.case_id)
        only = rules.kept_by(command.only_me, hand)
        await rows.keep(change.connection, command.case_id, only)
        by = None if only is None else person_ref(actor)
        await change.record(
            subject,
            "case.keep_drawing",
            of_case(command.case_id),
            lambda version: CaseDrawingKept(
                subject=subject, version=version, at=change.at, only=by
            ),
            payload={"only_me": command.only_me},
        )
        return change.ack()


async def _not_held(change: Change, case_id: str) -> None:
    call_id = await call_rows.running_about(change.connection, case_id)
    call = None if call_id is None else await call_rows.find(change.connection, call_id)
    if call is not None and call.on_hold() is not None:
        raise Refusal(Code.CALL_HELD)


async def _not_elsewhere(change: Change, actor: Actor, case_id: str) -> None:
    seats = await call_rows.seats_of(change.connection, actor.person_id)
    if seats and case_id not in {case for _, case in seats}:
        raise Refusal(
            Code.OTHER_CASE_IN_CALL,
            calls=",".join(call for call, _ in seats),
            cases=",".join(dict.fromkeys(case for _, case in seats)),
        )
