"""Lists of cases, as far as they exist for a person; the applicant's name is masked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, get_args

from server.case import rows
from server.case.rows.referred import list_referred_away
from server.case.rules.course.due import Tab, due
from server.case.rules.course.states import CONSULTATIONS, CaseState
from server.case.turn import Listed
from server.case.wire.course.owning import RunningClock
from server.case.wire.http import CaseCounts, CaseSummary, ReferredCase
from server.case.wire.registering import ListedChanged, ListedWatch
from server.catalogue.rows import catalogue as catalogue_rows
from server.people.rows.people import person_refs
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import WorkingSide
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_listed, watched_as
from server.standards import identifiers
from server.standards.working_days import CHINA_REGION, china_day, left
from server.store import Store
from signaling.refusals import Code, Refusal
from signaling.subjects import PRESENCE
from signaling.wire.envelope import Command

SOON_WITHIN: Final = timedelta(days=30)
"""How far the next working day is looked for."""


def commands() -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {ListedWatch: watch}


async def watch(connection: Connected, command: ListedWatch) -> Mapping[str, str]:
    """Let this connection hear of the lists of the actor's own unit, as long as cases exist for him there;
    else refused: ``forbidden``."""
    actor = actor_of(connection)
    if not any(places_of(actor)):
        raise Refusal(Code.FORBIDDEN)
    if command.on:
        await connection.watch(of_listed(actor.unit_id), PRESENCE)
    else:
        connection.unwatch(of_listed(actor.unit_id))
    return {"unit_id": actor.unit_id}


def telling(store: Store) -> Listed:
    """Says on all nodes, to whoever watches, that other cases stand in the lists of a unit: a hint, which may be
    lost. Nothing is looked up for it, and a node on which nobody watches drops it."""
    return partial(_tell, store)


def _tell(store: Store, changed: ListedChanged) -> None:
    store.bus.ephemeral(
        watched_as(of_listed(changed.unit_id), PRESENCE), changed.model_dump(mode="json")
    )


def places_of(actor: Actor) -> tuple[set[str], set[str]]:
    """The units whose windows' cases, and those whose decisions, exist for this person."""
    windows, deciding = set[str](), set[str]()
    for act, places in (
        (Act.CASE_FILL, (windows,)),
        (Act.CASE_JUDGE, (deciding,)),
        (Act.CASE_WATCH, (windows, deciding)),
    ):
        if may(actor, act, window_unit_id=actor.unit_id, unit_id=actor.unit_id):
            for place in places:
                place.add(actor.unit_id)
    return windows, deciding


async def listing(
    store: Store,
    actor: Actor,
    *,
    mine: bool = False,
    state: CaseState | None = None,
    combined: bool = False,
    text: str = "",
    before: tuple[datetime, str] | None = None,
    by_due: bool = False,
    due_after: tuple[date, str] | None = None,
    side: WorkingSide | None = None,
    tab: Tab | None = None,
    only: bool = False,
    limit: int = 50,
) -> list[CaseSummary]:
    """The cases that exist for this person, newest first; ``mine``: that he had a hand in; ``combined``: that
    one person took and decided; ``by_due``: in which something is due, the most urgent first.

    ``side`` narrows to the cases of that side, ``tab`` to one list of its desk, and ``only`` this to his window, or to what he
    handles. ``before`` is (created_at, id) of the last row of the page before.
    """
    windows, deciding = places_of(actor)
    async with store.read() as reading:
        desk = None
        if side is not None:
            windows, deciding = (windows, set()) if side == "window" else (set(), deciding)
        if side is not None and tab is not None:
            desk = rows.Desk(side, tab, await _soon(reading, store), _narrowed(actor, side, only))
        listed = await rows.list_cases(
            reading,
            window_unit_ids=windows,
            unit_ids=deciding,
            whole_names_of=windows
            if may(actor, Act.CASE_FILL, window_unit_id=actor.unit_id)
            else (),
            taken_part=actor.person_id if mine else None,
            state=state,
            combined=combined,
            text=text.strip(),
            before=before,
            by_due=by_due,
            due_after=due_after,
            desk=desk,
            limit=limit,
        )
        clocks = await _clocks(reading, listed, china_day(store.clock.now()))
        waiting = await rows.correcting(reading, listed, store.clock.now())
    return [_summary(row, row.id in waiting, clocks.get(row.id)) for row in listed]


async def counted(
    store: Store, actor: Actor, side: WorkingSide, *, only: bool = False
) -> CaseCounts:
    """How many rows each list of that side's desk has, up to 10,000 and one; nothing where no case exists for him."""
    windows, deciding = places_of(actor)
    if actor.unit_id not in (windows if side == "window" else deciding):
        return CaseCounts(mine=0, theirs=0, soon=0, done=0)
    async with store.read() as reading:
        soon, narrowed = await _soon(reading, store), _narrowed(actor, side, only)
        told: dict[str, int] = {}
        for tab in get_args(Tab):
            desk = rows.Desk(side, tab, soon, narrowed)
            told[tab] = await rows.count_cases(reading, actor.unit_id, desk)
    return CaseCounts(**told)


def _narrowed(actor: Actor, side: WorkingSide, only: bool) -> str | None:
    """To what ``only`` narrows: one's window, or oneself; nothing for who has no window."""
    if not only:
        return None
    return actor.window_id if side == "window" else actor.person_id


async def _soon(reading: rows.Connection, store: Store) -> date:
    """The last day of what is 将到期: the working day after today."""
    today = china_day(store.clock.now())
    known = await catalogue_rows.known_days(reading, CHINA_REGION, today, today + SOON_WITHIN)
    days = (today + timedelta(days=n) for n in range(1, SOON_WITHIN.days))
    return next((one for one in days if left(known, today, one) == 1), today)


async def referred_away(
    store: Store,
    actor: Actor,
    *,
    to: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[ReferredCase]:
    """转出: what this person's unit referred to others, newest first, for those who decide or supervise there.

    ``to``: part of the name or place of the unit that got it. ``before`` is (at, case_id) of the last row of
    the page before.
    """
    if not places_of(actor)[1]:
        return []
    async with store.read() as reading:
        found = await list_referred_away(
            reading, actor.unit_id, to=to.strip(), before=before, limit=limit
        )
        people = await person_refs(reading, {one.referral.by for one in found})
    return [
        ReferredCase(
            case_id=one.case_id,
            item_name=one.item_name,
            applicant_masked=identifiers.mask_name(one.applicant_name),
            window_unit_name=one.window_unit_name,
            window_name=one.window_name,
            to_unit_name=one.referral.to_unit_name,
            reason=one.referral.reason,
            by=people[one.referral.by],
            at=one.referral.at,
        )
        for one in found
    ]


async def _clocks(
    reading: rows.Connection, listed: Sequence[rows.ListedCase], today: date
) -> Mapping[str, RunningClock]:
    """The clock that runs in each of these, with the working days that are left: one statement for all."""
    running = {one.id: now for one in listed if (now := due(one)) is not None}
    if not running:
        return {}
    days = [today, *(one.on for one in running.values())]
    known = await catalogue_rows.known_days(reading, CHINA_REGION, min(days), max(days))
    return {
        id: RunningClock(
            clock=one.clock,
            on=one.on,
            left=left(known, today, one.on),
            turn=one.turn,
            stopped=one.stopped,
        )
        for id, one in running.items()
    }


def _summary(row: rows.ListedCase, correcting: bool, running: RunningClock | None) -> CaseSummary:
    asked = row.course.consultation if row.state in CONSULTATIONS else None
    return CaseSummary.model_validate(
        {
            name: getattr(row, name)
            for name in CaseSummary.model_fields
            if name
            not in (
                *("item_name", "decided_at", "combined", "due_on"),
                *("correcting", "correct_by", "running", "question", "answer", "migrated"),
            )
        }
        | {
            "correcting": correcting,
            "migrated": row.course.migrated is not None,
            "running": running,
            "correct_by": row.decision.correct_by if row.decision and correcting else None,
            "item_name": row.item.name,
            "question": asked.question if asked else "",
            "answer": asked.answer if asked else "",
            "decided_at": row.decision.at if row.decision else None,
            "combined": row.decision is not None and row.decision.combined,
            "due_on": row.decision.counted.due_on
            if row.decision and row.decision.counted
            else None,
        }
    )
