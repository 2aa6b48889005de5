"""Paper originals by courier: the list that goes with them, and what arrived; each with its paper.

Rules are in server.domain.handover.
"""

from collections.abc import Mapping
from typing import Any

from server.actions.cases import admitted, rests_on
from server.actions.papers import ask_paper
from server.actions.views import handover_view, person_ref
from server.domain import handover as rules
from server.domain.handover import Handover, Sheet, Verdict
from server.rights.connected import Connected, Handler, actor_of
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import cases as case_rows
from server.store import handovers as rows
from server.store.people import person_refs
from server.wire.case import CaseReceiveOriginals, CaseSendOriginals, HandoverChanged
from signaling.protocol import Ack, Command


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def sent(connection: Connected, command: CaseSendOriginals) -> Ack:
        return await send(store, actor_of(connection), command)

    async def received(connection: Connected, command: CaseReceiveOriginals) -> Ack:
        return await receive(store, actor_of(connection), command)

    return {CaseSendOriginals: sent, CaseReceiveOriginals: received}


async def send(store: Store, actor: Actor, command: CaseSendOriginals) -> Ack:
    """Keep what is sent with which parcel; 材料交接清单 is made. Result: ``{handover_id}``.

    Refused: as in ``server.domain.handover.send``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        seen = await change.lock(of_case(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        rests = await rests_on(change, hand, command, seen, side="window")
        before = await rows.list_handovers(change.connection, command.case_id)
        new = Handover(
            id=new_id(),
            number=0,
            courier=command.courier,
            tracking=command.tracking,
            sheets=tuple(Sheet(one.line, one.originals, one.copies) for one in command.lines),
            by=actor.person_id,
            at=change.at,
            version=seen + 1,
        )
        case = record.case
        new = rules.send(case.item, before, new, hand, refused=case.state == "refused")
        await rows.add(change.connection, case.id, new)
        await _record(change, case.id, new, "case.send_originals", rests)
        await _ask(change, record, new, actor)
        return change.ack({"handover_id": new.id})


async def receive(store: Store, actor: Actor, command: CaseReceiveOriginals) -> Ack:
    """Keep what was in the parcel; the list is made anew with it.

    Refused: as in ``server.domain.handover.receive``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        seen = await change.lock(of_case(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        rests = await rests_on(change, hand, command, seen, side="approver")
        before = await rows.list_handovers(change.connection, command.case_id)
        told = {one.line: Verdict(one.received, one.note) for one in command.arrived}
        after = rules.receive(before, command.handover_id, told, command.note, hand, at=change.at)
        await rows.save(change.connection, after)
        await _record(change, command.case_id, after, "case.receive_originals", rests)
        await _ask(change, record, after, actor)
        return change.ack()


async def _ask(change: Change, record: case_rows.Record, handover: Handover, actor: Actor) -> None:
    named = await person_refs(change.connection, {handover.by, actor.person_id})
    await ask_paper(change, record, "handover", handover=handover, people=named)


async def _record(
    change: Change, case_id: str, handover: Handover, act: str, rests: Mapping[str, Any]
) -> None:
    subject = of_case(case_id)
    named = {one for one in (handover.by, handover.received_by) if one}
    people = {**await person_refs(change.connection, named)}
    if isinstance(change.actor, Actor):
        people[change.actor.person_id] = person_ref(change.actor)
    view = handover_view(handover, people)
    await change.record(
        subject,
        act,
        f"handover:{handover.id}",
        lambda version: HandoverChanged(
            subject=subject, version=version, at=change.at, handover=view
        ),
        payload={
            **rests,
            "number": handover.number,
            "courier": handover.courier,
            "tracking": handover.tracking,
            "lines": [one.model_dump(mode="json") for one in view.lines],
            "note": handover.note,
        },
    )
