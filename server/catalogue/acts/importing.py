"""Importing a list of items (事项清单) and looking after the versions that are there.

For administrators. Reading a table is work for a child (``server.work.sheet``), reading a row is
``server.catalogue.rules.listing``; here it is decided what becomes a new version, and all of an import is
one transaction, with an entry in the ledger for each ITEMS_AN_ENTRY items. Running cases keep the version they began with.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from server.catalogue.acts.curating import (
    SUBJECT,
    _close_outdated,
    _masked_before,
    _operates,
    _own,
    curator,
)
from server.catalogue.rows import catalogue as rows
from server.catalogue.rules.item import Item
from server.catalogue.rules.listing import LEGAL_DAYS, ListedItem, RowFault, credit_code_in, read
from server.catalogue.rules.lowering import lowered
from server.catalogue.wire import BadRow, CatalogueImport
from server.people.rows import staffing
from server.rights.ids import new_id
from server.rights.person import Actor, System
from server.store import Change, Store
from server.work.child import Children, JobFailed
from signaling.refusals import Code, Refusal

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
class _ImportPlan:
    """What an import would change."""

    items: list[Item] = field(default_factory=list)
    new: int = 0
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)
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


async def _plan(
    connection: rows.Connection,
    listed: Collection[ListedItem],
    faults: Collection[RowFault],
    unit_id: str | None,
    new_units: NewUnits | None,
    own: Collection[str] | None,
) -> _ImportPlan:
    """``own``: the units whose items may be changed; None: all. New ones may have any."""
    plan = _ImportPlan(faults=list(faults))
    units = {one["name"]: one["id"] for one in await staffing.list_units(connection)}
    if unit_id is not None and unit_id not in units.values():
        raise Refusal(Code.NOT_FOUND, unit=unit_id)
    if unit_id is not None and own is not None and unit_id not in own:
        raise Refusal(Code.FORBIDDEN)
    there_before = set(units.values())
    credit = _credit_codes(listed)
    placed: list[tuple[str, ListedItem]] = []
    for row in listed:
        unit = unit_id or units.get(row.department)
        if unit is None and new_units is not None and row.department:
            unit = units[row.department] = new_id()
            plan.units[row.department] = (unit, credit.get(row.department, ""))
        if unit is None:
            plan.faults.append(RowFault(row.row, "department", "unit_unknown"))
        elif own is not None and unit in there_before and unit not in own:
            plan.faults.append(RowFault(row.row, "department", "unit_foreign"))
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
                plan.faults.append(RowFault(row.row, "form", "lowers_sensitive"))
                continue
        plan.new += before is None
        plan.items.append(item)
    plan.faults.sort(key=lambda one: (one.row, one.column))
    return plan


def _credit_codes(listed: Collection[ListedItem]) -> Mapping[str, str]:
    """The 统一社会信用代码 that most codes of a department carry."""
    counts: dict[str, Counter[str]] = {}
    for row in listed:
        if code := credit_code_in(row.code):
            counts.setdefault(row.department, Counter())[code] += 1
    return {department: found.most_common(1)[0][0] for department, found in counts.items()}


def _item(row: ListedItem, unit_id: str, before: Item | None) -> Item:
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
        registers=was.registers if row.registers is None else row.registers,
        bases=was.bases if row.bases is None else row.bases,
        system=was.system if row.system is None else row.system,
        fee_basis=was.fee_basis if row.fee_basis is None else row.fee_basis,
        fee_fen=was.fee_fen if row.fee_fen is None else row.fee_fen,
        fee_first=was.fee_first if row.fee_first is None else row.fee_first,
    )


def _said(*days: int | None) -> int:
    """The first of these that is said."""
    return next(one for one in days if one is not None)


async def _write(
    change: Change, plan: _ImportPlan, new_units: NewUnits | None, content: bytes
) -> None:
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


def _told(plan: _ImportPlan, total: int, *, written: bool) -> CatalogueImport:
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
