"""Items and their forms in the hands of who keeps the catalogue: listed, offered, their forms checked and published."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from server.catalogue.rows import catalogue as rows
from server.catalogue.rows import lowerings as lowering_rows
from server.catalogue.rules import blueprint, schema
from server.catalogue.rules.item import Field, Item
from server.catalogue.rules.lowering import Lowered, LoweringState, lowered
from server.catalogue.views import item_view
from server.catalogue.wire import (
    CatalogueItem,
    CatalogueItems,
    FormCheck,
    FormFault,
    ItemForm,
    ItemVersion,
    ItemVersions,
    LoweredField,
)
from server.rights.ids import new_id
from server.rights.person import Act, Actor, System, may
from server.rights.subjects import of_item
from server.standards.codes import ItemType, Level
from server.store import Change, Store
from signaling.refusals import Code, Refusal

PLACES_TOLD: Final = 20
SUBJECT: Final = "catalogue:items"


async def catalogue(
    store: Store, actor: Actor, text: str, *, limit: int, offset: int
) -> CatalogueItems:
    """The newest version of each item of the actor's unit, in use or not. Refused: ``forbidden``."""
    _administers(actor, actor.unit_id)
    async with store.read() as connection:
        found, total = await rows.newest_items(
            connection, actor.unit_id, text.strip(), limit=limit, offset=offset
        )
    return CatalogueItems(items=[_row(one) for one in found], total=total)


async def versions(store: Store, actor: Actor, item_id: str) -> ItemVersions:
    """An item whole, and all its versions, newest first. Refused: ``forbidden``, ``not_found``."""
    async with store.read() as connection:
        row = await known(connection, actor, item_id)
        found = await rows.find_versions(connection, row.item)
    return ItemVersions(
        item=item_view(row.item, row.item.unit_id, row.unit_name, row.place),
        in_use=row.in_use,
        legal_days=row.item.legal_days,
        item_type=_word(ItemType, row.item.item_type),
        level=_word(Level, row.item.level),
        versions=[
            ItemVersion(
                id=one.item.id,
                version=one.item.version,
                in_use=one.in_use,
                made_at=one.made_at,
                made_by=one.made_by or "",
                note=one.note,
            )
            for one in found
        ],
    )


async def offer(store: Store, actor: Actor, item_id: str, in_use: bool) -> None:
    """Offer a version of an item at the windows, in place of the one that was, or no more.

    Refused: ``forbidden``, ``not_found``, ``second_person`` (a later version masks what this one shows:
    its form is published anew, by two people).
    """
    async with store.change(actor) as change:
        await change.lock(SUBJECT)
        row = await known(change.connection, actor, item_id)
        if in_use:
            others = await rows.find_versions(change.connection, row.item)
            later = [one.item.form for one in others if one.item.version > row.item.version]
            _by_one(lowered(later, row.item.form))
            for other in others:
                await rows.set_in_use(change.connection, other.item.id, False)
        await rows.set_in_use(change.connection, item_id, in_use)
        await change.record(
            SUBJECT,
            "item.offer",
            of_item(item_id),
            None,
            payload={"code": row.item.code, "version": row.item.version, "in_use": in_use},
        )


async def form(store: Store, actor: Actor, item_id: str) -> ItemForm:
    """The form of a version as its document. Refused: ``forbidden``, ``not_found``."""
    async with store.read() as connection:
        row = await known(connection, actor, item_id)
        newest = (await rows.find_versions(connection, row.item))[0].item
    return ItemForm(
        item=item_view(row.item, row.item.unit_id, row.unit_name, row.place),
        newest=newest.version,
        document=schema.document(row.item.form_title, row.item.form, row.item.rules),
    )


async def check_form(
    store: Store, actor: Actor, item_id: str, document: Mapping[str, Any]
) -> FormCheck:
    """What would come of a document as the form of this item; nothing is written.

    Refused: ``forbidden``, ``not_found``.
    """
    async with store.read() as connection:
        row = await known(connection, actor, item_id)
        before = await _masked_before(connection, row.item)
    found, faults = blueprint.read(document, _lines(row.item), datetime.now(UTC))
    return FormCheck(
        item=item_view(with_form(row.item, found), row.item.unit_id, row.unit_name, row.place)
        if found
        else None,
        faults=[FormFault(pointer=one.pointer, why=one.why, name=one.name) for one in faults],
        lowers=[
            LoweredField(path=one.path, label=one.label)
            for one in (lowered(before, found.fields) if found else ())
        ],
    )


async def publish_form(
    store: Store,
    actor: Actor,
    item_id: str,
    document: Mapping[str, Any],
    *,
    over: int,
    note: str,
) -> ItemVersion:
    """Make a document the form of a new version, which is offered from now on; running cases keep
    theirs, and what waits for a second person is closed.

    Refused: ``forbidden``, ``not_found``, ``stale`` (``over`` is not the newest version),
    ``bad_form`` with the ``count`` of faults and the first ``places`` (JSON pointers),
    ``second_person`` with the ``fields`` that it makes less sensitive (server.catalogue.acts.lowerings).
    """
    async with store.change(actor) as change:
        await change.lock(SUBJECT)
        row, found, lowers = await judged(
            change.connection, actor, item_id, document, over, change.at
        )
        _by_one(lowers)
        item = replace(with_form(row.item, found), id=new_id(), version=over + 1)
        by = actor.person_id
        await rows.add_item(change.connection, item, at=change.at, by=by, note=note)
        await change.record(
            SUBJECT,
            "item.form",
            of_item(item.id),
            None,
            payload={
                "code": item.code,
                "version": item.version,
                "note": note,
                "sha256": digest(schema.document(found.title, found.fields, found.rules)),
            },
        )
        await _close_outdated(change, [item])
        return ItemVersion(
            id=item.id,
            version=item.version,
            in_use=True,
            made_at=change.at,
            made_by=actor.name,
            note=note,
        )


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a form's document, in RFC 8785."""
    return hashlib.sha256(rfc8785.dumps(dict(document))).hexdigest()


async def close_lowering(
    change: Change,
    asked: lowering_rows.Lowering,
    state: LoweringState,
    *,
    made_id: str | None = None,
    version: int | None = None,
) -> None:
    """Keep what became of a lowering, with its entry; ``version`` and ``made_id`` are what came of it."""
    await lowering_rows.close(
        change.connection,
        asked.id,
        state,
        by=change.actor.person_id,
        at=change.at,
        made_id=made_id,
    )
    await change.record(
        SUBJECT,
        "item.close_lowering",
        f"lowering:{asked.id}",
        None,
        payload={
            "code": asked.code,
            "fields": [path for path, _ in asked.fields],
            "asked_by": asked.by,
            "state": state,
            "made": made_id,
            "version": version,
            "sha256": digest(asked.document),
        },
    )


async def _close_outdated(change: Change, made: Collection[Item]) -> None:
    """Of these items there are new versions: what waited for a second person was written over another."""
    codes = {(item.unit_id, item.code) for item in made}
    for unit_id in {unit_id for unit_id, _ in codes}:
        for asked in await lowering_rows.waiting_in(change.connection, unit_id):
            if (unit_id, asked.code) in codes:
                await close_lowering(change, asked, "outdated")


async def judged(
    connection: rows.Connection,
    actor: Actor,
    item_id: str,
    document: Mapping[str, Any],
    over: int,
    at: datetime,
) -> tuple[rows.ItemRow, blueprint.Blueprint, list[Lowered]]:
    """The newest version of an item, a document as its next form, and what that one makes less sensitive.

    Refused: ``forbidden``, ``not_found``, ``stale``, ``bad_form``, as ``publish_form`` says.
    """
    row = await known(connection, actor, item_id)
    newest = (await rows.find_versions(connection, row.item))[0]
    if newest.item.version != over:
        raise Refusal(Code.STALE, version=newest.item.version, base_version=over)
    found, faults = blueprint.read(document, _lines(newest.item), at)
    if found is None:
        places = ", ".join(f"{one.pointer}: {one.why}" for one in faults[:PLACES_TOLD])
        raise Refusal(Code.BAD_FORM, count=len(faults), places=places)
    before = await _masked_before(connection, newest.item)
    return newest, found, lowered(before, found.fields)


async def _masked_before(connection: rows.Connection, item: Item) -> list[tuple[Field, ...]]:
    """The forms against which a new one of this item is held: all since two people last agreed, so that
    what one edit takes away the next does not bring back open."""
    agreed = await lowering_rows.agreed_versions(connection, [item.unit_id])
    return _since_agreed([one.item for one in await rows.find_versions(connection, item)], agreed)


def _since_agreed(newest_first: Iterable[Item], agreed: Collection[str]) -> list[tuple[Field, ...]]:
    found = []
    for one in newest_first:
        found.append(one.form)
        if one.id in agreed:
            break
    return found


def _by_one(lowers: Sequence[Lowered]) -> None:
    """Refuse what one administrator alone may not do."""
    if lowers:
        fields = ", ".join(one.path for one in lowers)
        raise Refusal(Code.SECOND_PERSON, fields=fields[:500])


async def known(connection: rows.Connection, actor: Actor, item_id: str) -> rows.ItemRow:
    """An item that this person administers; who administers nothing learns nothing of any."""
    curator(actor)
    row = await rows.find_item(connection, item_id)
    if row is None:
        raise Refusal(Code.NOT_FOUND, item=item_id)
    _administers(actor, row.item.unit_id)
    return row


def _lines(item: Item) -> list[str]:
    return [line.key for line in item.lines]


def with_form(item: Item, found: blueprint.Blueprint) -> Item:
    return replace(item, form_title=found.title, form=found.fields, rules=found.rules)


def curator(actor: Actor | System) -> None:
    """Refused: ``forbidden`` for whoever has no items to look after. Ask before reading what somebody
    sends."""
    if isinstance(actor, Actor) and not (_own(actor) or _operates(actor)):
        raise Refusal(Code.FORBIDDEN)


def _own(actor: Actor) -> frozenset[str]:
    """The units whose items this person administers."""
    mine = may(actor, Act.ADMINISTER, unit_id=actor.unit_id)
    return frozenset({actor.unit_id} if mine else ())


def _administers(actor: Actor, unit_id: str) -> None:
    if not may(actor, Act.ADMINISTER, unit_id=unit_id):
        raise Refusal(Code.FORBIDDEN)


def _operates(actor: Actor | System) -> bool:
    return isinstance(actor, System) or may(actor, Act.OPERATE)


def _row(row: rows.ItemRow) -> CatalogueItem:
    item = row.item
    return CatalogueItem(
        id=item.id,
        code=item.code,
        name=item.name,
        version=item.version,
        unit_name=row.unit_name,
        place=row.place,
        item_type=_word(ItemType, item.item_type),
        promised_days=item.promised_days,
        lines=len(item.lines),
        fields=len(item.form),
        in_use=row.in_use,
    )


def _word(table: type[ItemType] | type[Level], code: str) -> str:
    return table(code).label if code else ""
