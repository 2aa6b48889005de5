"""/api/v1/catalogue, /api/v1/lowerings and /api/v1/regions: items by version, their forms and import."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import Field, StringConstraints

from server.catalogue.acts import curating, lowerings
from server.catalogue.acts.importing import Importer, NewUnits
from server.catalogue.rows import catalogue
from server.catalogue.wire import (
    CatalogueImport,
    CatalogueItems,
    FormCheck,
    FormDocument,
    FormPublication,
    ItemForm,
    ItemOffer,
    ItemVersion,
    ItemVersions,
    LoweringAnswer,
    LoweringView,
    Regions,
    RegionView,
    WaitingLowerings,
)
from server.edge.route import STORE, Ask, Nothing, Routes
from server.people.rows import roster, staffing
from server.people.wire import UnitRow, Units, WindowRef
from server.standards import regions
from signaling.call.parts import LOST_AFTER_S
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message

routes: Final = Routes("catalogue")

IMPORTER: Final = web.AppKey("importer", Importer)
MAX_SHEET_BYTES: Final = 16 * 1024 * 1024
PAGE: Final = 100
_Told = TypeVar("_Told")


class CatalogueQuery(Message):
    q: Annotated[str, StringConstraints(max_length=100)] = ""
    """Part of the name, or beginning of the code."""
    offset: int = Field(0, ge=0, le=1_000_000)


class ImportQuery(Message):
    """``dry_run`` only tells what would come of it; ``skip_bad`` imports the rows that are right."""

    dry_run: bool = False
    skip_bad: bool = False
    unit_id: Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None
    """Whose items all rows are; without it each row names its unit."""
    region_code: Annotated[str, StringConstraints(pattern="^[1-9][0-9]{5}$")] | None = None
    """With ``place``: units that are named and not known are added there."""
    place: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None


@routes.route("GET", "/api/v1/catalogue", problems=(Code.FORBIDDEN,))
async def list_catalogue(ask: Ask[CatalogueQuery, Nothing]) -> CatalogueItems:
    """The newest version of each item of my unit, in use or not, by name; 100 from ``offset`` on."""
    return await curating.catalogue(
        ask.request.app[STORE], ask.actor, ask.query.q, limit=PAGE, offset=ask.query.offset
    )


@routes.route("GET", "/api/v1/catalogue/{item_id}", problems=(Code.FORBIDDEN, Code.NOT_FOUND))
async def read_versions(ask: Ask[Nothing, Nothing]) -> ItemVersions:
    """One version of an item whole, and which others there are."""
    return await curating.versions(ask.request.app[STORE], ask.actor, ask.path("item_id"))


@routes.route(
    "PUT",
    "/api/v1/catalogue/{item_id}/offer",
    status=204,
    problems=(Code.FORBIDDEN, Code.NOT_FOUND, Code.SECOND_PERSON),
    act="item.offer",
)
async def offer_item(ask: Ask[Nothing, ItemOffer]) -> None:
    """Offer this version at the windows, in place of the one that was, or no more."""
    await curating.offer(ask.request.app[STORE], ask.actor, ask.path("item_id"), ask.body.in_use)


@routes.route("GET", "/api/v1/catalogue/{item_id}/form", problems=(Code.FORBIDDEN, Code.NOT_FOUND))
async def read_form(ask: Ask[Nothing, Nothing]) -> ItemForm:
    """The form of a version of an item as JSON Schema with its presentation."""
    return await lowerings.form(ask.request.app[STORE], ask.actor, ask.path("item_id"))


@routes.route(
    "POST",
    "/api/v1/catalogue/{item_id}/form/check",
    problems=(Code.FORBIDDEN, Code.NOT_FOUND),
)
async def check_form(ask: Ask[Nothing, FormDocument]) -> FormCheck:
    """What would come of a document as the form of this item; nothing is written."""
    return await curating.check_form(
        ask.request.app[STORE], ask.actor, ask.path("item_id"), ask.body.document
    )


@routes.route(
    "PUT",
    "/api/v1/catalogue/{item_id}/form",
    problems=(
        Code.FORBIDDEN,
        Code.NOT_FOUND,
        Code.STALE,
        Code.BAD_FORM,
        Code.SECOND_PERSON,
    ),
    act="item.form",
)
async def publish_form(ask: Ask[Nothing, FormPublication]) -> ItemVersion:
    """Publish a document as the form of a new version; running cases keep theirs."""
    return await _with(ask, curating.publish_form)


@routes.route(
    "POST",
    "/api/v1/catalogue/{item_id}/lowerings",
    problems=(
        Code.FORBIDDEN, Code.NOT_FOUND, Code.STALE, Code.BAD_FORM, Code.FIELD_INVALID,
        Code.LOWERING_WAITS,
    ),
    act="item.lower",
)  # fmt: skip
async def propose_lowering(ask: Ask[Nothing, FormPublication]) -> LoweringView:
    """Ask a second administrator of the unit for a form that makes fields less sensitive."""
    return await _with(ask, lowerings.propose)


@routes.route("GET", "/api/v1/lowerings", problems=(Code.FORBIDDEN,))
async def list_lowerings(ask: Ask[Nothing, Nothing]) -> WaitingLowerings:
    """The forms of my unit that make a field less sensitive and wait for a second administrator."""
    return await lowerings.waiting(ask.request.app[STORE], ask.actor)


@routes.route(
    "PUT",
    "/api/v1/lowerings/{lowering_id}",
    problems=(
        Code.FORBIDDEN, Code.NOT_FOUND, Code.STALE, Code.BAD_FORM, Code.SECOND_PERSON,
        Code.PROPOSAL_CLOSED,
    ),
    act="item.close_lowering",
)  # fmt: skip
async def close_lowering(ask: Ask[Nothing, LoweringAnswer]) -> LoweringView:
    """Agree as the second administrator, which publishes the form; or decline; or take back one's own."""
    return await lowerings.close(
        ask.request.app[STORE], ask.actor, ask.path("lowering_id"), ask.body.agree
    )


@routes.route(
    "POST",
    "/api/v1/catalogue",
    problems=(
        Code.FORBIDDEN, Code.NOT_FOUND, Code.BAD_SHEET, Code.BAD_ROWS, Code.TOO_LARGE,
        Code.FIELD_INVALID,
    ),
    takes="application/octet-stream",
    act="catalogue.import",
)  # fmt: skip
async def import_items(ask: Ask[ImportQuery, Nothing]) -> CatalogueImport:
    """Import a list of items: an Excel, CSV or JSON file of at most 16 MiB as the body.

    Rows become new versions; what is there already is left alone. With a bad row nothing is
    imported, unless ``skip_bad``.
    """
    query = ask.query
    if (query.region_code is None) != (query.place is None):
        raise Refusal(Code.FIELD_INVALID, fields="region_code, place")
    curating.curator(ask.actor)
    return await ask.request.app[IMPORTER].take(
        ask.actor,
        await _body(ask.request),
        unit_id=query.unit_id,
        new_units=NewUnits(query.region_code, query.place)
        if query.region_code and query.place
        else None,
        dry_run=query.dry_run,
        skip_bad=query.skip_bad,
    )


@routes.route("GET", "/api/v1/regions")
async def list_regions(ask: Ask[Nothing, Nothing]) -> Regions:
    """The regions of today (GB/T 2260) for the fields that ask for one."""
    found = await asyncio.to_thread(regions.table)
    return Regions(
        regions=[
            RegionView(code=one.code, name=one.name, parent=one.parent)
            for one in found.values()
            if one.current
        ]
    )


async def _with(ask: Ask[Nothing, FormPublication], act: Callable[..., Awaitable[_Told]]) -> _Told:
    """What ``act`` makes of a form that is sent for an item."""
    return await act(
        ask.request.app[STORE],
        ask.actor,
        ask.path("item_id"),
        ask.body.document,
        over=ask.body.version,
        note=ask.body.note,
    )


async def _body(request: web.Request) -> bytes:
    content = bytearray()
    async for piece in request.content.iter_any():
        content += piece
        if len(content) > MAX_SHEET_BYTES:
            raise Refusal(Code.TOO_LARGE, limit=MAX_SHEET_BYTES)
    return bytes(content)


class UnitQuery(Message):
    item_id: str = Field(default="", max_length=64)
    """Tell of each unit whether it takes an item of this one's name, and how many of its approvers are on duty."""


_UNIT: Final = ("id", "name", "place", "region_code", "level", "review_body", "court")
"""What a unit says of itself, by the names of its columns."""


@routes.route("GET", "/api/v1/units")
async def list_units(ask: Ask[UnitQuery, Nothing]) -> Units:
    """All units by name, with their windows. For everyone who is signed in."""
    store = ask.request.app[STORE]
    taking: set[str] = set()
    on_duty: dict[str, int] = {}
    async with store.read() as connection:
        rows = await staffing.list_units(connection)
        if ask.query.item_id:
            taking = await catalogue.units_taking(connection, ask.query.item_id)
            since = store.clock.now() - timedelta(seconds=LOST_AFTER_S)
            on_duty = await roster.on_duty(connection, since)
    return Units(
        units=[
            UnitRow.model_validate(
                {name: row[name] for name in _UNIT}
                | {
                    "windows": [WindowRef(**window) for window in row["windows"]],
                    "takes": row["id"] in taking,
                    "on_duty": on_duty.get(row["id"], 0),
                }
            )
            for row in rows
        ]
    )
