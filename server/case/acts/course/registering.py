"""Registering a case, in which mode it is handled, and opening it as one of its audiences."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from server.case import rows
from server.case.acting import rests_on
from server.case.acts.course import listing
from server.case.acts.course.numbers import CALENDAR, due
from server.case.admission import header, shown
from server.case.projection import project_case, project_moved
from server.case.rows import handovers
from server.case.rules import applying
from server.case.rules import case as rules
from server.case.rules.applying import Applicant
from server.case.rules.course import modes
from server.case.rules.course.course import Consultation, Course
from server.case.turn import Acts, CaseTurn
from server.case.views import case_view, due_view
from server.case.wire.course.mode import CaseChangeMode, CaseModeChanged
from server.case.wire.http import CaseSnapshot
from server.case.wire.materials import MaterialMoved
from server.case.wire.registering import (
    CaseCreate,
    CaseCreated,
    CaseOpen,
    ListedChanged,
    Registration,
)
from server.case.wire.view import CaseOpened, Draft
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import Item, Mode
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Act, Actor, may
from server.rights.seen import SIDES
from server.rights.subjects import of_case
from server.standards import identifiers
from server.standards.working_days import china_day
from server.store import Change, Store, acts_after, version_of
from server.store.subject import Told, Turn
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command, recall

NOBODY: Final = Applicant("", "", "", None)
"""Who asks and is not named."""
acts: Final = Acts()


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {
        CaseCreate: partial(create, store),
        CaseOpen: partial(open_case, store),
        **acts.commands(store),
        **listing.commands(),
    }


async def create(store: Store, connection: Connected, command: CaseCreate) -> Ack:
    """Register a case at the actor's window. Result: ``{case_id}``.

    Refused: ``forbidden`` (not a clerk with a window), ``item_unavailable`` (unknown, out of use,
    or not in this mode), ``bad_identity_number``, ``bad_document_number``, ``other_document``,
    ``bad_date`` (of birth), ``bad_phone``, ``bad_credit_code``.
    """
    actor = actor_of(connection)
    async with store.change(actor, command) as change:
        if change.replayed is not None:
            return change.replayed
        window_id = at_window(actor)
        item = await offered(change.connection, command.item_id, command.mode)
        case = begun(
            actor, window_id, item, command.mode, applicant_of(command, change.at), change.at
        )
        ack = change.ack({"case_id": case.id})
        await told(change, actor, "case.create", case, registered(case))
    listing.telling(store)(ListedChanged(unit_id=case.unit_id, what="opened"))
    return ack


def applicant_of(command: Registration, at: datetime) -> Applicant:
    """Refused: as ``identifiers.document_number``; ``bad_phone``, ``bad_credit_code``; of whom he comes for as
    ``applying.principal``."""
    number, code, today = command.identity_number, command.credit_code, china_day(at)
    number = identifiers.document_number(command.document, number, today=today)
    phone = identifiers.phone(command.phone)
    of = command.principal
    who = (
        applying.principal(
            of.capacity,
            of.name,
            of.number,
            document=of.document,
            representative=of.representative,
            at_window=command.applicant_name,
            mandate_until=of.mandate_until,
            today=today,
        )
        if of
        else None
    )
    if who is not None:
        code = who.number if who.company else None
    return Applicant(
        name=command.applicant_name,
        identity_number=number,
        phone=phone,
        credit_code=identifiers.credit_code(code) if code else None,
        document=command.document,
        principal=who,
    )


@acts.on(CaseChangeMode, CaseTurn)
async def change_mode(turn: CaseTurn, command: CaseChangeMode) -> Told | Mapping[str, Any]:
    """Handled in another mode from now on; the same as it has is no act. Refusals:
    ``server.case.rules.course.modes.change``, ``other_mode`` (other units have, or had, a part in it)."""
    case = turn.case
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    sent = await handovers.list_handovers(turn.connection, case.id)
    mode = modes.change(
        case.item.modes, case.state, case.mode, command.mode, turn.hand, sent=bool(sent)
    )
    if mode == case.mode:
        return {}
    if case.unit_tasks:
        raise Refusal(Code.OTHER_MODE, mode=mode)
    turn.keep(replace(case, mode=mode))
    payload = {**rests, "mode": mode, "before": case.mode}
    return Told(CaseModeChanged(**turn.stamp, mode=mode), turn.subject, payload)


async def offered(connection: rows.Connection, item_id: str, mode: Mode | None) -> Item:
    """The item, in this mode or in any; refused ``item_unavailable``."""
    found = await catalogue_rows.find_item(connection, item_id)
    if found is None or not found.in_use or (mode and mode not in found.item.modes):
        raise Refusal(Code.ITEM_UNAVAILABLE, item=item_id, mode=mode or "")
    return found.item


def at_window(actor: Actor) -> str:
    """The window at which this clerk sits; refused ``forbidden`` where there is none."""
    if not may(actor, Act.CASE_CREATE) or actor.window_id is None:
        raise Refusal(Code.FORBIDDEN)
    return actor.window_id


def begun(
    actor: Actor,
    window_id: str,
    item: Item,
    mode: Mode,
    applicant: Applicant,
    at: datetime,
    asked: Consultation | None = None,
) -> rules.Case:
    """A record that begins at this window: a case, or a consultation."""
    return rules.Case(
        id=new_id(),
        number=None,
        state="registered" if asked is None else "consulting",
        mode=mode,
        item=applying.with_mandate(item, applicant.principal),
        clerk_id=actor.person_id,
        window_id=window_id,
        window_unit_id=actor.unit_id,
        unit_id=item.unit_id,
        applicant=applicant,
        consent=None,
        entries={},
        holds={},
        proposals=(),
        materials=(),
        decision=None,
        call_id=None,
        created_at=at,
        course=Course(consultation=asked),
    )


def registered(case: rules.Case) -> dict[str, Any]:
    """What the entry of a registration says."""
    return {
        "item": {"id": case.item.id, "code": case.item.code},
        "mode": case.mode,
        "applicant": {
            "name": case.applicant.name,
            "document": case.applicant.document,
            "identity_number": case.applicant.identity_number,
            "phone": case.applicant.phone,
            "credit_code": case.applicant.credit_code,
            **({"principal": applying.stored(who)} if (who := case.applicant.principal) else {}),
        },
    }


async def told(
    change: Change, actor: Actor, act: str, case: rules.Case, payload: Mapping[str, Any]
) -> None:
    """Keep a record that begins, and tell it."""
    turn = await Turn.of(change, of_case(case.id))
    await rows.add(change.connection, case)
    whole, _ = await shown(change.connection, actor, case.id)
    event = CaseCreated(**turn.stamp, case=case_view(whole))
    of = case.sequel_of
    asked = None if of is not None and of.begun_by == "unit" else APPLICANT
    await turn.tell(act, Told(event, turn.subject, payload, on_behalf_of=asked))


async def open_case(store: Store, connection: Connected, command: CaseOpen) -> CaseOpened:
    """Let this connection watch a case, and give it as its audience sees it, with own drafts.

    The turned screen (``as_applicant``) reads as the applicant, without drafts. That an approver
    looked is kept beside the case, as no act of his. The connection watches the calendar too, on
    which the limits are counted. Refused: ``not_found``, ``not_yours`` (the
    turned screen, asked for anywhere but at the window).
    """
    actor = actor_of(connection)
    subject = of_case(command.case_id)
    async with store.read() as reading:
        _, own = await header(reading, actor, command.case_id)
    if command.as_applicant and not own.fills:
        raise Refusal(Code.NOT_YOURS, case=command.case_id)
    audience = SIDES["applicant"] if command.as_applicant else own
    # Watch before reading: what happens between the two is sent after the snapshot, never lost.
    await connection.watch(subject, audience.room)
    await connection.watch(CALENDAR, audience.room)
    async with store.read() as reading:
        try:
            whole, now = await shown(reading, actor, command.case_id)
        except Refusal:
            connection.unwatch(subject)
            raise
        version = await version_of(reading, subject)
        drafts = await rows.list_drafts(reading, command.case_id, actor.person_id)
        moves = await acts_after(
            reading, subject, 0, ["case.move_material"], but_by=actor.person_id
        )
        moved = recall(MaterialMoved, moves[-1].body) if moves else None
        opened = CaseOpened(
            audience=audience.told,
            version=version,
            case=project_case(case_view(whole), audience),
            drafts={
                field: Draft(value=draft.value, base_version=draft.base_version, at=draft.at)
                for field, draft in ({} if command.as_applicant else drafts).items()
            },
            due=due_view(await due(reading, whole.record.case.item, store.clock.now())),
            moved=moved and project_moved(moved, audience),
        )
    if now != own:
        # Between the two another unit came to decide, or a call began or ended: what is watched is not
        # what was read.
        connection.unwatch(subject)
        return await open_case(store, connection, command)
    if own.judges():
        with suppress(
            Refusal
        ):  # a ledger or a database that is busy must not keep him from reading
            async with store.change(actor) as change:
                await rows.look(change.connection, command.case_id, version, change.at)
    return opened


async def snapshot(store: Store, actor: Actor, case_id: str) -> CaseSnapshot:
    """The case at its present version, without watching it; refused ``not_found``."""
    async with store.read() as reading:
        whole, audience = await shown(reading, actor, case_id)
        return CaseSnapshot(
            audience=audience.told,
            version=await version_of(reading, of_case(case_id)),
            case=project_case(case_view(whole), audience),
        )
