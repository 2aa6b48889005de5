"""/api/v1/items and /api/v1/cases: what can be asked for, lists of cases, one case."""

from datetime import datetime, time
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StringConstraints

from server.case.acts.agents import asking
from server.case.acts.course import listing, registering, telling
from server.case.acts.form import unmasking
from server.case.acts.materials import earlier, promises
from server.case.rules.course.due import Tab
from server.case.rules.course.states import CaseState
from server.case.wire.course.agents import Agents
from server.case.wire.http import (
    CaseCounts,
    Cases,
    CaseSnapshot,
    EarlierMaterials,
    OwedMaterials,
    ReferredCases,
    Unmasked,
)
from server.catalogue.acts import reading as catalogue
from server.catalogue.wire import Items, ItemView
from server.edge.route import STORE, Ask, Nothing, Routes, read_cursor, write_cursor
from server.people.acts.throttle import SEARCHES, spend
from server.rights.hand import WorkingSide
from server.standards.working_days import CHINA, china_day
from server.tellings.wire import Tellings
from signaling.refusals import Code
from signaling.wire.envelope import Message

routes: Final = Routes("cases")

Text = Annotated[str, StringConstraints(max_length=100)]
Cursor = Annotated[str, StringConstraints(max_length=200)]
PAGE: Final = 50


class ItemQuery(Message):
    q: Text = ""
    """Part of the name, beginning of the code, or part of the unit's name or place."""
    unit_id: str = Field(default="", max_length=64)
    """Only what this unit decides."""


class CaseQuery(Message):
    mine: bool = False
    """Only the cases that I registered or had a seat in a call about."""
    state: CaseState | None = None
    """Those that stand so; what was only asked (咨询) is found by its states alone."""
    combined: bool = False
    """Only those that one person took and decided (即办可审核合一), to be sampled."""
    by: Literal["newest", "due"] = "newest"
    """``due``: only those in which something is due, the most urgent first."""
    side: WorkingSide | None = None
    """Only the cases that my unit has on this side."""
    tab: Tab | None = None
    """One list of that side's desk. ``mine``: whose turn it is here; ``theirs``: on the other side; ``soon``: what ends by the next working day;
    ``done``: what lies in the archive."""
    only: bool = False
    """Of that list only what my window took, or what I handle."""
    cursor: Cursor | None = None


class CountQuery(Message):
    side: WorkingSide
    only: bool = False


class OwedQuery(Message):
    cursor: Cursor | None = None


class ReferredQuery(Message):
    to: Text = ""
    """Part of the name or place of the unit to which it was referred."""
    cursor: Cursor | None = None


class CaseSearch(CaseQuery):
    mine: StrictBool = False
    combined: StrictBool = False
    only: StrictBool = False
    q: Text
    """A 办件编号, its end of eight characters or more, or a 收件号: then that case alone. Else part of one of these, of the
    item's name, of the name of a file or of a message, or the beginning of the applicant's name."""


@routes.route("GET", "/api/v1/items")
async def list_items(ask: Ask[ItemQuery, Nothing]) -> Items:
    """Items that can be asked for."""
    return Items(
        items=await catalogue.items(ask.request.app[STORE], ask.query.q, ask.query.unit_id)
    )


@routes.route("GET", "/api/v1/items/{item_id}", problems=(Code.NOT_FOUND,))
async def read_item(ask: Ask[Nothing, Nothing]) -> ItemView:
    """One version of an item with its material list and form."""
    return await catalogue.item(ask.request.app[STORE], ask.path("item_id"))


@routes.route("GET", "/api/v1/cases")
async def list_cases(ask: Ask[CaseQuery, Nothing]) -> Cases:
    """The cases that I may see, newest first, or those in which something is due, the most urgent first."""
    return await _page(ask, ask.query, "")


@routes.route("GET", "/api/v1/case-counts")
async def count_cases(ask: Ask[CountQuery, Nothing]) -> CaseCounts:
    """How many cases each list of my desk has, counted up to 10,000."""
    return await listing.counted(
        ask.request.app[STORE], ask.actor, ask.query.side, only=ask.query.only
    )


@routes.route("POST", "/api/v1/search/cases", problems=(Code.THROTTLED,))
async def search_cases(ask: Ask[Nothing, CaseSearch]) -> Cases:
    """Those of the cases that I may see in which something is found, newest first; 120 searches a minute.

    What is looked for may be a person's name: it comes in the body, because addresses are logged.
    """
    await spend(ask.request.app[STORE], ("search", ask.actor.person_id), SEARCHES)
    return await _page(ask, ask.body, ask.body.q)


async def _page(ask: Ask[Any, Any], query: CaseQuery, text: str) -> Cases:
    cursor, by_due = read_cursor(query.cursor), query.by == "due"
    rows = await listing.listing(
        ask.request.app[STORE],
        ask.actor,
        mine=query.mine,
        state=query.state,
        combined=query.combined,
        text=text,
        before=None if by_due else cursor,
        by_due=by_due,
        side=query.side,
        tab=query.tab,
        only=query.only,
        due_after=(china_day(cursor[0]), cursor[1]) if by_due and cursor else None,
        limit=PAGE + 1,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    at = None if last is None else last.created_at
    if last is not None and by_due and last.running is not None:
        at = datetime.combine(last.running.on, time(12), CHINA)
    return Cases(cases=rows[:PAGE], next_cursor=write_cursor(at, last.id) if last and at else None)


@routes.route("GET", "/api/v1/owed")
async def list_owed(ask: Ask[OwedQuery, Nothing]) -> OwedMaterials:
    """容缺后补: what is promised and not done in the accepted cases that I may see, most urgent first.

    A page tells of 100 cases."""
    told, end = await promises.owed(
        ask.request.app[STORE], ask.actor, read_cursor(ask.query.cursor)
    )
    return told.model_copy(update={"next_cursor": write_cursor(*end) if end else None})


@routes.route("GET", "/api/v1/referred")
async def list_referred(ask: Ask[ReferredQuery, Nothing]) -> ReferredCases:
    """转出: the cases that my unit referred to others, newest first."""
    rows = await listing.referred_away(
        ask.request.app[STORE],
        ask.actor,
        to=ask.query.to,
        before=read_cursor(ask.query.cursor),
        limit=PAGE + 1,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return ReferredCases(
        cases=rows[:PAGE], next_cursor=write_cursor(last.at, last.case_id) if last else None
    )


@routes.route("GET", "/api/v1/cases/{case_id}", problems=(Code.NOT_FOUND,))
async def read_case(ask: Ask[Nothing, Nothing]) -> CaseSnapshot:
    """A case as my audience sees it, at its present version."""
    return await registering.snapshot(ask.request.app[STORE], ask.actor, ask.path("case_id"))


@routes.route("GET", "/api/v1/cases/{case_id}/tellings", problems=(Code.NOT_FOUND,))
async def list_tellings(ask: Ask[Nothing, Nothing]) -> Tellings:
    """告知申请人: what the applicant of a case was told of, by message or by a person, and what he is not yet."""
    return await telling.listing(ask.request.app[STORE], ask.actor, ask.path("case_id"))


@routes.route("GET", "/api/v1/cases/{case_id}/agents", problems=(Code.NOT_FOUND,))
async def list_agents(ask: Ask[Nothing, Nothing]) -> Agents:
    """帮办代办 of a case: who helps the applicant, and how far it is."""
    return await asking.listing(ask.request.app[STORE], ask.actor, ask.path("case_id"))


@routes.route("GET", "/api/v1/cases/{case_id}/unmasked/{unmasking_id}", problems=(Code.NOT_FOUND,))
async def read_unmasked(ask: Ask[Nothing, Nothing]) -> Unmasked:
    """The value that I unmasked within the last minute."""
    return await unmasking.read(
        ask.request.app[STORE], ask.actor, ask.path("case_id"), ask.path("unmasking_id")
    )


@routes.route(
    "POST",
    "/api/v1/cases/{case_id}/earlier",
    problems=(Code.NOT_FOUND, Code.NOT_YOURS, Code.CASE_CLOSED, Code.EARLIER_CONSENT_MISSING),
    act="case.list_earlier",
)
async def list_earlier(ask: Ask[Nothing, Nothing]) -> EarlierMaterials:
    """What the applicant brought to his earlier cases and lets be used in this one, newest first.

    To look is an act: who looked, and at which materials, is kept in the ledger of this case.
    """
    return await earlier.listing(ask.request.app[STORE], ask.actor, ask.path("case_id"))
