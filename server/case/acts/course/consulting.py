"""咨询: a consultation begins, becomes a case (收件登记) or is answered."""

from dataclasses import replace
from functools import partial

from server.calls.rows import calls as call_rows
from server.case import rows
from server.case.acting import rests_on
from server.case.acts.course import listing
from server.case.acts.course.registering import (
    NOBODY,
    applicant_of,
    at_window,
    begun,
    offered,
    registered,
    told,
)
from server.case.rules.course import consulting as rules
from server.case.rules.course.course import Consultation
from server.case.turn import PLAIN, Acts, CaseTurn, House
from server.case.views import case_view, course_view
from server.case.wire.course.advancing import CaseAdvanced
from server.case.wire.course.consulting import CaseConclude
from server.case.wire.registering import (
    CaseConsult,
    CaseCreated,
    CaseRegisterConsulted,
    ListedChanged,
)
from server.catalogue.rules.item import Item
from server.people.rows import roster
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command

acts = Acts()


def commands(store: Store, house: House = PLAIN) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {CaseConsult: partial(consult, store), **acts.commands(store, house)}


async def consult(store: Store, connection: Connected, command: CaseConsult) -> Ack:
    """Begin a consultation at the actor's window. Result: ``{case_id}``.

    Refused: ``forbidden`` (not a clerk with a window), ``item_unavailable`` (unknown, or out of use),
    ``not_found`` (neither an item nor a unit that is known is named).
    """
    actor = actor_of(connection)
    async with store.change(actor, command) as change:
        if change.replayed is not None:
            return change.replayed
        asked = Consultation(command.question, actor.person_id, change.at)
        window_id = at_window(actor)
        item = await _about(change.connection, command)
        mode = item.modes[0] if item.modes else "proxy"
        case = begun(actor, window_id, item, mode, NOBODY, change.at, asked)
        ack = change.ack({"case_id": case.id})
        about = {"id": item.id, "code": item.code} if item.id else None
        payload = {"item": about, "unit": case.unit_id, "question": asked.question}
        await told(change, actor, "case.consult", case, payload)
    listing.telling(store)(ListedChanged(unit_id=case.unit_id, what="opened"))
    return ack


async def _about(connection: rows.Connection, command: CaseConsult) -> Item:
    if command.item_id is not None:
        return await offered(connection, command.item_id, None)
    unit_id = command.unit_id
    if unit_id is None or not await roster.unit_exists(connection, unit_id):
        raise Refusal(Code.NOT_FOUND, unit=unit_id or "")
    return Item.of_nothing(unit_id)


@acts.on(CaseRegisterConsulted, CaseTurn)
async def register(turn: CaseTurn, command: CaseRegisterConsulted) -> Told:
    """收件登记 of what was asked. Refusals: ``server.case.rules.course.consulting.register``, and as ``create``."""
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    if not turn.hand.fills:
        raise Refusal(Code.NOT_YOURS)
    case = rules.register(
        turn.case,
        await offered(turn.connection, command.item_id, command.mode),
        command.mode,
        applicant_of(command, turn.at),
        turn.hand,
        in_call=await call_rows.talked_about(turn.connection, turn.case_id),
        at=turn.at,
    )
    whole = await rows.find_whole(turn.connection, turn.case_id)
    if whole is None:
        raise Refusal(Code.NOT_FOUND, case=turn.case_id)
    turn.keep(case)
    after = replace(whole, record=replace(whole.record, case=case))
    return Told(
        CaseCreated(**turn.stamp, case=case_view(after)),
        turn.subject,
        {**rests, **registered(case), "state": case.state},
        on_behalf_of=APPLICANT,
        after=partial(turn.house.tell, ListedChanged(unit_id=case.unit_id, what="opened")),
    )


@acts.on(CaseConclude, CaseTurn)
async def conclude(turn: CaseTurn, command: CaseConclude) -> Told:
    """答复. Refusals: ``server.case.rules.course.consulting.conclude``."""
    rests = await rests_on(
        turn.change, turn.hand, command, turn.version - 1, may=turn.hand.handles()
    )
    talked_s = await call_rows.talked_s(turn.connection, turn.case_id, turn.at)
    case = rules.conclude(turn.case, command.answer, turn.hand, talked_s=talked_s, at=turn.at)
    turn.keep(case)
    return Told(
        CaseAdvanced(
            **turn.stamp,
            step="concluded",
            state=case.state,
            course=course_view(case.course, turn.people),
        ),
        turn.subject,
        {**rests, "answer": command.answer, "talked_s": talked_s, "state": case.state},
        after=partial(turn.house.tell, ListedChanged(unit_id=case.unit_id, what="left")),
    )
