"""A form that makes a field less sensitive: one administrator asks, a second one of his unit agrees.

Until then nothing changes; both leave their entry. A form that lowers nothing is published by one
alone (server.catalogue.acts.importing). Rules of what counts as lowering are in server.catalogue.rules.lowering.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from server.catalogue.acts import curating
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rows import lowerings as rows
from server.catalogue.rows.lowerings import Lowering
from server.catalogue.rules.lowering import LoweringState
from server.catalogue.wire import (
    ItemForm,
    LoweredField,
    LoweringView,
    WaitingLowering,
    WaitingLowerings,
)
from server.people.rows import people as staff
from server.rights.ids import new_id
from server.rights.person import Act, Actor, may
from server.store import Store
from signaling.refusals import Code, Refusal


async def propose(
    store: Store, actor: Actor, item_id: str, document: Mapping[str, Any], *, over: int, note: str
) -> LoweringView:
    """Ask a second administrator of the unit for a form that makes fields less sensitive.

    Refused: ``forbidden``, ``not_found``, ``stale`` (``over`` is not the newest version), ``bad_form``,
    ``lowering_waits`` (one waits already), ``field_invalid`` (it lowers nothing: publish it).
    """
    async with store.change(actor) as change:
        await change.lock(curating.SUBJECT)
        row, _, lowers = await curating.judged(
            change.connection, actor, item_id, document, over, change.at
        )
        if not lowers:
            raise Refusal(Code.FIELD_INVALID, fields="document")
        if await rows.waiting(change.connection, row.item.unit_id, row.item.code):
            raise Refusal(Code.LOWERING_WAITS)
        new = Lowering(
            id=new_id(),
            item_id=row.item.id,
            unit_id=row.item.unit_id,
            code=row.item.code,
            document=dict(document),
            fields=[[one.path, one.label] for one in lowers],
            note=note,
            by=actor.person_id,
            at=change.at,
            state="waiting",
        )
        await rows.add(change.connection, new)
        await change.record(
            curating.SUBJECT,
            "item.lower",
            f"lowering:{new.id}",
            None,
            payload={
                "code": new.code,
                "item": new.item_id,
                "version": over,
                "fields": [path for path, _ in new.fields],
                "note": note,
                "sha256": curating.digest(document),
            },
        )
    return _view(new, actor.name, actor)


async def close(store: Store, actor: Actor, lowering_id: str, agree: bool) -> LoweringView:
    """Agree to a lowering as its second person, which publishes the form, or refuse it; who asked may only
    take it back.

    Refused: ``not_found`` (also of another unit), ``forbidden``, ``second_person`` (by who asked for
    it), ``proposal_closed``, ``stale`` (another version was published since), ``bad_form``.
    """
    async with store.change(actor) as change:
        await change.lock(curating.SUBJECT)
        curating.curator(actor)
        asked = await rows.find(change.connection, lowering_id)
        if asked is None:
            raise Refusal(Code.NOT_FOUND, lowering=lowering_id)
        row = await curating.known(change.connection, actor, asked.item_id)
        if asked.state != "waiting":
            raise Refusal(Code.PROPOSAL_CLOSED)
        mine = asked.by == actor.person_id
        if agree and mine:
            raise Refusal(Code.SECOND_PERSON, fields=_paths(asked))
        state: LoweringState = "agreed" if agree else "withdrawn" if mine else "declined"
        made_id = version = None
        if agree:
            over = row.item.version
            row, found, _ = await curating.judged(
                change.connection, actor, asked.item_id, asked.document, over, change.at
            )
            item = replace(curating.with_form(row.item, found), id=new_id(), version=over + 1)
            await catalogue_rows.add_item(
                change.connection, item, at=change.at, by=asked.by, note=asked.note
            )
            made_id, version = item.id, item.version
        await curating.close_lowering(change, asked, state, made_id=made_id, version=version)
        named = await staff.person_refs(change.connection, [asked.by])
    return _view(
        replace(asked, state=state, closed_by=actor.person_id, made_id=made_id),
        named[asked.by].name,
        actor,
    )


async def form(store: Store, actor: Actor, item_id: str) -> ItemForm:
    """The form of a version as its document, and what waits for a second person. Refused: ``forbidden``,
    ``not_found``."""
    told = await curating.form(store, actor, item_id)
    async with store.read() as connection:
        found = await rows.newest(connection, told.item.unit_id, told.item.code)
        if found is None:
            return told
        if found.state != "waiting":
            return told.model_copy(update={"closed": found.state})
        named = await staff.person_refs(connection, [found.by])
    return told.model_copy(update={"lowering": _view(found, named[found.by].name, actor)})


async def waiting(store: Store, actor: Actor) -> WaitingLowerings:
    """What waits for a second administrator in the actor's unit, the oldest first. Refused: ``forbidden``."""
    if not may(actor, Act.ADMINISTER, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with store.read() as connection:
        found = await rows.waiting_in(connection, actor.unit_id)
        named = await staff.person_refs(connection, {one.by for one in found})
    return WaitingLowerings(
        lowerings=[
            WaitingLowering(
                id=one.id,
                item_id=one.item_id,
                code=one.code,
                by=named[one.by].name,
                mine=one.by == actor.person_id,
                at=one.at,
            )
            for one in found
        ]
    )


def _paths(asked: Lowering) -> str:
    return ", ".join(path for path, _ in asked.fields)[:500]


def _view(one: Lowering, by: str, actor: Actor) -> LoweringView:
    return LoweringView(
        id=one.id,
        state=one.state,
        document=one.document,
        fields=[LoweredField(path=path, label=label) for path, label in one.fields],
        note=one.note,
        by=by,
        mine=one.by == actor.person_id,
        at=one.at,
        made_id=one.made_id,
    )
