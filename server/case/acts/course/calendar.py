"""The working-day calendar (行政许可法 82): what is known of a year, and what a change of it moves.

Reading is for everyone who is signed in, changing for operators. Each accepted case whose
limit runs on is counted anew in the transaction that changes the calendar.
"""

from datetime import date, datetime, timedelta
from typing import Final

from server.case import rows
from server.case.acts.course.numbers import AHEAD, CALENDAR
from server.case.rules import case as rules
from server.case.turn import CaseTurn
from server.case.views import decided_view
from server.case.wire.decision import CaseRecounted
from server.case.wire.http import CalendarChange, CalendarEdit, CalendarYear, KnownDay, MovedCase
from server.catalogue.rows import catalogue as catalogue_rows
from server.rights.person import Act, Actor, may
from server.standards.working_days import CHINA_REGION, china_day
from server.store import Change, Store
from server.store.subject import Told, Turn
from signaling.refusals import Code, Refusal

MOST_TOLD: Final = 500
FIRST_YEAR: Final = 2004
LAST_YEAR: Final = 2100


async def year(store: Store, which: int) -> CalendarYear:
    """What the calendar knows of the days of a year. Refused: ``not_found`` outside 2004 to 2100."""
    if not FIRST_YEAR <= which <= LAST_YEAR:
        raise Refusal(Code.NOT_FOUND, year=which)
    async with store.read() as connection:
        days = await catalogue_rows.list_days(
            connection, CHINA_REGION, date(which, 1, 1), date(which, 12, 31)
        )
    return CalendarYear(
        year=which, days=[KnownDay(on=on, works=works, source=source) for on, works, source in days]
    )


async def edit(store: Store, actor: Actor, asked: CalendarEdit) -> CalendarChange:
    """Set days of the calendar and count what runs on over them anew.

    Refused: ``forbidden``, ``bad_date`` (a day outside 2004 to 2100, or named twice).
    """
    if not may(actor, Act.OPERATE):
        raise Refusal(Code.FORBIDDEN)
    days = {day.on: day.works for day in asked.days}
    if len(days) < len(asked.days) or not all(FIRST_YEAR <= on.year <= LAST_YEAR for on in days):
        raise Refusal(Code.BAD_DATE, why="calendar")
    if asked.dry_run:
        async with store.read() as connection:
            changed, moves = await _moves(connection, days, store.clock.now())
        return _outcome(changed, moves, written=False)
    async with store.change(actor) as change:
        turn = await Turn.of(change, CALENDAR)
        changed, _ = await _moves(change.connection, days, change.at, look=False)
        await catalogue_rows.set_days(change.connection, CHINA_REGION, days, asked.source)
        moves = await _move(change, days) if changed else []
        payload = {
            "source": asked.source,
            "days": [{"on": on.isoformat(), "works": works} for on, works in sorted(days.items())],
            "changed": changed,
            "moved": [one.case_id for one in moves],
        }
        told = Told({"type": "calendar.edited"}, CALENDAR, payload)
        await turn.tell("calendar.edit", told)
    return _outcome(changed, moves, written=True)


async def _moves(
    connection: rows.Connection, days: dict[date, bool], at: datetime, *, look: bool = True
) -> tuple[int, list[MovedCase]]:
    """How many days would be another than before, and which cases would move."""
    first, last = min(days), max(days)
    known = await catalogue_rows.known_days(connection, CHINA_REGION, first, last)
    changed = sum(known.get(on) != works for on, works in days.items())
    moves: list[MovedCase] = []
    if changed and look:
        for case_id in await rows.running_limits(connection, china_day(at), first):
            record = await rows.find(connection, case_id)
            if record is not None:
                after = await _counted(connection, record.case, days, at)
                moves += _moved(record.case, after)
    return changed, moves


async def _move(change: Change, days: dict[date, bool]) -> list[MovedCase]:
    """Count each case anew whose limit runs on, and record that it moved."""
    moves: list[MovedCase] = []
    running = await rows.running_limits(change.connection, china_day(change.at), min(days))
    for case_id in running:
        turn = await CaseTurn.open(change, case_id)
        before = turn.case
        after = await _counted(change.connection, before, {}, change.at)
        if after is before or after.decision is None:
            continue
        if after.decision.counted is None or after.decision.clock is None:
            continue
        turn.keep(after)
        view = decided_view(after.decision, turn.people)
        payload = {
            "due_on": after.decision.counted.due_on.isoformat(),
            "legal_due_on": after.decision.clock.legal.due_on.isoformat(),
        }
        told = Told(CaseRecounted(**turn.stamp, decision=view), turn.subject, payload)
        await turn.tell("case.recount", told)
        moves += _moved(before, after)
    return moves


async def _counted(
    connection: rows.Connection, case: rules.Case, over: dict[date, bool], at: datetime
) -> rules.Case:
    """The case counted on the calendar as it stands, with these days ``over`` it."""
    if case.decision is None:
        return case
    held = case.decision.clock
    start = held.started_on if held else china_day(case.decision.at)
    known = await catalogue_rows.known_days(
        connection, CHINA_REGION, start - timedelta(days=1), start + AHEAD
    )
    return rules.recounted(case, {**known, **over}, at)


def _moved(before: rules.Case, after: rules.Case) -> list[MovedCase]:
    was, now = before.decision, after.decision
    if was is None or was.counted is None or now is None or now.counted is None:
        return []
    if now.clock is None:
        return []
    # a case of before the legal limit was kept has it from now on
    legal = (was.clock or now.clock).legal
    limits = (was.counted, legal), (now.counted, now.clock.legal)
    told = [[(one.due_on, one.provisional) for one in each] for each in limits]
    if told[0] == told[1]:
        return []
    return [
        MovedCase(
            case_id=before.id,
            number=before.number,
            item_name=before.item.name,
            before=was.counted.due_on,
            after=now.counted.due_on,
            legal_before=legal.due_on,
            legal_after=now.clock.legal.due_on,
            provisional=now.counted.provisional or now.clock.legal.provisional,
        )
    ]


def _outcome(changed: int, moves: list[MovedCase], *, written: bool) -> CalendarChange:
    return CalendarChange(
        changed=changed, moved=moves[:MOST_TOLD], moved_count=len(moves), written=written
    )
