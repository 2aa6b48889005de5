"""The 收件号 and the 办件编号 of a case, and its time limits in working days."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from server.case import rows
from server.case.rules import case as rules
from server.case.turn import CaseTurn
from server.case.wire.materials import CaseReceived
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import Item
from server.rights.subjects import of_calendar
from server.standards.numbering import STANDARD, Numbering, receipt_number
from server.standards.working_days import CHINA_REGION, Counted, china_day
from server.store import Change
from server.store.subject import Told

CALENDAR: Final = of_calendar(CHINA_REGION)
"""The subject of the working-day calendar. Pages learn that it has changed, and nothing more."""
AHEAD: Final = timedelta(days=800)
"""How far the calendar is read for a time limit; the longest legal one is 60 working days."""


async def number_of(change: Change, case: rules.Case, numbering: Numbering = STANDARD) -> str:
    """The 办件编号 of the case, given now when it has none yet.

    Its serial counts the cases of the item's unit on that day in China, so that the day and serial at
    its end, which people say to each other, name one case of the unit. It is unique however many are
    given at once, also where units share what the template puts before it or it was given before serials
    counted by unit; a transaction that is rolled back gives it back.
    """
    if case.number is not None:
        return case.number
    today = china_day(change.at)
    prefix = numbering.prefix(case.item.code, today)
    of_unit = f"{case.item.unit_id}:{today:%Y%m%d}"
    counted = await rows.next_serial(change.connection, of_unit)
    serial = await rows.next_serial(change.connection, prefix, at_least=counted)
    if serial > counted:
        await rows.next_serial(change.connection, of_unit, at_least=serial)
    return numbering.number(prefix, serial)


async def receive(turn: CaseTurn) -> None:
    """收件: the first material has come, and the case gets its 收件号, counted by the window's unit and the day in
    China; a case that has one keeps it, and what is shown in a consultation is received by nobody. Told by the turn that brought the material, in its transaction."""
    case = turn.case
    if case.receipt_number is not None or case.state == "consulting":
        return
    today = china_day(turn.at)
    serial = await rows.next_serial(turn.connection, f"S:{case.window_unit_id}:{today:%Y%m%d}")
    number = receipt_number(today, serial)
    turn.keep(replace(case, receipt_number=number))
    told = CaseReceived(**turn.stamp, receipt_number=number)
    await turn.tell("case.receive", Told(told, turn.subject, {"receipt_number": number}))


async def due(connection: rows.Connection, item: Item, at: datetime) -> Counted:
    """The promised limit of the item if it were accepted at that moment."""
    today = china_day(at)
    known = await catalogue_rows.known_days(connection, CHINA_REGION, today, today + AHEAD)
    return rules.due(item, at, known)
