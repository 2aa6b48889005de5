"""Importing a list of items (事项清单) and looking after the versions that are there.

For administrators. Reading a table is work for a child (``server.work.sheet``), reading a row is
``server.catalogue.rules.listing``; here it is decided what becomes a new version, and all of an import is
one transaction, with an entry in the ledger for each ITEMS_AN_ENTRY items. Running cases keep the version they began with.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785

from server.catalogue.rows import catalogue as rows
from server.catalogue.rows import lowerings as lowering_rows
from server.catalogue.rules import blueprint, schema
from server.catalogue.rules.item import Field, Item
from server.catalogue.rules.listing import LEGAL_DAYS, Fault, Listed, credit_code_in, read
from server.catalogue.rules.lowering import Lowered, LoweringState, lowered
from server.catalogue.views import item_view
from server.catalogue.wire import (
    BadRow,
    CatalogueImport,
    CatalogueItem,
    CatalogueItems,
    FormCheck,
    FormFault,
    ItemForm,
    ItemVersion,
    ItemVersions,
    LoweredField,
)
from server.people.rows import staffing
from server.rights.ids import new_id
from server.rights.person import Act, Actor, System, may
from server.rights.subjects import of_item
from server.standards.codes import ItemType, Level
from server.store import Change, Store
from server.work.child import Children, JobFailed
from signaling.refusals import Code, Refusal

SUBJECT: Final = "catalogue:items"
PLACES_TOLD: Final = 20
SAID_BYTES: Final = 256 * 1024 * 1024
"""What a table of 96 MiB unpacked says as JSON, Chinese as escapes."""
ITEMS_AN_ENTRY: Final = 200
"""So many items are told by one entry of an import: some 300 KB."""
MOST_TOLD: Final = 500
"""So many bad rows are named; the rest is counted."""


@dataclass(frozen=True)
class NewUnits:
    """Where units that the list names and nobody knows are put: their region and short place."""

    region_code: str
    place: str
    level: str = "4"


@dataclass
class _Plan:
    """What an import would change."""

    items: list[Item] = field(default_factory=list)
    new: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Units to be added: name -> (id, credit code)."""


class Importer:
    """Imports of one node. ``pattern`` is what codes must match."""

    def __init__(self, store: Store, children: Children, pattern: str) -> None:
        self._store = store
        self._children = children
        self._pattern = pattern

    async def take(
        self,
        actor: Actor | System,
        content: bytes,
        *,
        unit_id: str | None = None,
        new_units: NewUnits | None = None,
        dry_run: bool = False,
        skip_bad: bool = False,
    ) -> CatalogueImport:
        """Import the items of an Excel, CSV or JSON file and tell what became of each row.

        A row belongs to ``unit_id`` or, without it, to the unit whose full name it gives; with
        ``new_units`` one that is not there is added. An administrator imports items of his own
        unit; new units are an operator's, and so are the items that they begin with. What stands in a version already is left
        alone; a row without materials or form keeps those that are there. Nothing is imported
        when a row is bad, unless ``skip_bad``; nothing is written by a ``dry_run``. Refused:
        ``forbidden``, ``bad_sheet``, ``not_found`` (the unit), ``bad_rows`` with their count.
        """
        curator(actor)
        if new_units is not None and not _operates(actor):
            raise Refusal(Code.FORBIDDEN)
        own = None if isinstance(actor, System) else _own(actor)
        try:
            told = await self._children.run(
                "server.work.sheet",
                given={"content": base64.b64encode(content).decode()},
                said_bytes=SAID_BYTES,
            )
        except JobFailed:
            raise Refusal(Code.BAD_SHEET) from None
        if "code" in told:
            raise Refusal(Code.BAD_SHEET)
        listed, faults = read(told["rows"], self._pattern)
        if dry_run:
            async with self._store.read() as connection:
                plan = await _plan(connection, listed, faults, unit_id, new_units, own)
            return _told(plan, len(told["rows"]), written=False)
        async with self._store.change(actor) as change:
            await change.lock(SUBJECT)
            plan = await _plan(change.connection, listed, faults, unit_id, new_units, own)
            if plan.faults and not skip_bad:
                raise Refusal(Code.BAD_ROWS, count=len({one.row for one in plan.faults}))
            await _write(change, plan, new_units, content)
        return _told(plan, len(told["rows"]), written=True)


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


def _word(table: type[ItemType] | type[Level], code: str) -> str:
    return table(code).label if code else ""


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


async def _plan(
    connection: rows.Connection,
    listed: Collection[Listed],
    faults: Collection[Fault],
    unit_id: str | None,
    new_units: NewUnits | None,
    own: Collection[str] | None,
) -> _Plan:
    """``own``: the units whose items may be changed; None: all. New ones may have any."""
    plan = _Plan(faults=list(faults))
    units = {one["name"]: one["id"] for one in await staffing.list_units(connection)}
    if unit_id is not None and unit_id not in units.values():
        raise Refusal(Code.NOT_FOUND, unit=unit_id)
    if unit_id is not None and own is not None and unit_id not in own:
        raise Refusal(Code.FORBIDDEN)
    there_before = set(units.values())
    credit = _credit_codes(listed)
    placed: list[tuple[str, Listed]] = []
    for row in listed:
        unit = unit_id or units.get(row.department)
        if unit is None and new_units is not None and row.department:
            unit = units[row.department] = new_id()
            plan.units[row.department] = (unit, credit.get(row.department, ""))
        if unit is None:
            plan.faults.append(Fault(row.row, "department", "unit_unknown"))
        elif own is not None and unit in there_before and unit not in own:
            plan.faults.append(Fault(row.row, "department", "unit_foreign"))
        else:
            placed.append((unit, row))
    there = await rows.versions_of(connection, {(unit, row.code) for unit, row in placed})
    for unit, row in placed:
        before = there.get((unit, row.code))
        item = _item(row, unit, before)
        if before is not None and replace(item, id=before.id, version=before.version) == before:
            plan.unchanged += 1
            continue
        if before is not None and item.form != before.form:
            former = await _masked_before(connection, before)
            if lowered(former, item.form):
                plan.faults.append(Fault(row.row, "form", "lowers_sensitive"))
                continue
        plan.new += before is None
        plan.items.append(item)
    plan.faults.sort(key=lambda one: (one.row, one.column))
    return plan


def _credit_codes(listed: Collection[Listed]) -> Mapping[str, str]:
    """The 统一社会信用代码 that most codes of a department carry."""
    counts: dict[str, Counter[str]] = {}
    for row in listed:
        if code := credit_code_in(row.code):
            counts.setdefault(row.department, Counter())[code] += 1
    return {department: found.most_common(1)[0][0] for department, found in counts.items()}


def _item(row: Listed, unit_id: str, before: Item | None) -> Item:
    """The version that the row makes of what is there: what it does not say stays."""
    was = before or Item(
        id="",
        code=row.code,
        name=row.name,
        version=0,
        unit_id=unit_id,
        promised_days=LEGAL_DAYS,
        modes=("online", "proxy"),
        lines=(),
        form_title=row.name,
        form=(),
        recording_refusal="not_recorded",
    )
    return replace(
        was,
        id=new_id(),
        version=was.version + 1,
        name=row.name,
        promised_days=_said(row.promised_days, row.legal_days, was.promised_days),
        modes=row.modes or was.modes,
        lines=was.lines if row.lines is None else row.lines,
        form_title=row.form_title or was.form_title,
        form=was.form if row.form is None else row.form,
        guide=was.guide if row.guide is None else row.guide,
        legal_days=was.legal_days if row.legal_days is None else row.legal_days,
        item_type=row.item_type.value if row.item_type else was.item_type,
        level=row.level.value if row.level else was.level,
        main_item=row.main_item or was.main_item,
        combined=was.combined if row.combined is None else row.combined,
    )


def _said(*days: int | None) -> int:
    """The first of these that is said."""
    return next(one for one in days if one is not None)


async def _write(change: Change, plan: _Plan, new_units: NewUnits | None, content: bytes) -> None:
    for name, (unit_id, credit_code) in plan.units.items():
        if new_units is None:
            raise RuntimeError("a unit planned that nobody asked for")
        await staffing.add_unit(
            change.connection,
            unit_id=unit_id,
            name=name,
            place=new_units.place,
            region_code=new_units.region_code,
            credit_code=credit_code,
            level=new_units.level,
        )
    parts = [
        plan.items[first : first + ITEMS_AN_ENTRY]
        for first in range(0, len(plan.items), ITEMS_AN_ENTRY)
    ] or [[]]
    whole = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "parts": len(parts),
        "units": [{"id": unit_id, "name": name} for name, (unit_id, _) in plan.units.items()],
        "unchanged": plan.unchanged,
        "bad_rows": len({one.row for one in plan.faults}),
    }
    for number, part in enumerate(parts, 1):
        for item in part:
            await rows.add_item(change.connection, item)
        told = [{"id": one.id, "code": one.code, "version": one.version} for one in part]
        await change.record(
            SUBJECT,
            "catalogue.import",
            SUBJECT,
            None,
            payload={**whole, "part": number, "items": told},
        )
    await _close_outdated(change, plan.items)


def _told(plan: _Plan, total: int, *, written: bool) -> CatalogueImport:
    return CatalogueImport(
        rows=total,
        new=plan.new,
        changed=len(plan.items) - plan.new,
        unchanged=plan.unchanged,
        bad=len({one.row for one in plan.faults}),
        faults=[
            BadRow(row=one.row, column=one.column, why=one.why) for one in plan.faults[:MOST_TOLD]
        ],
        new_units=list(plan.units),
        written=written,
    )
