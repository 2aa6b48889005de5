"""How a case stands (办件进度), told to the applicant without a sign-in.

Who names the 办件编号 of a case and the last six characters of the applicant's identity number may
know its state and its days, and nothing of a person. Guessing is slowed down by source and by number.
"""

import asyncio
import hmac
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import structlog

from server.case import rows
from server.case.rules import case as rules
from server.case.rules.course.states import CaseState
from server.people.acts.throttle import Throttle, digest
from server.standards.working_days import china_day
from server.store import Store
from signaling.refusals import Code, Refusal

security_log = structlog.get_logger("security")

TAIL: Final = 6
"""How many characters of the identity number are asked for."""


@dataclass(frozen=True, slots=True)
class EnquiredCase:
    """A case as its applicant may know it; days are China's."""

    number: str
    item_name: str
    unit_name: str
    window_name: str
    state: CaseState
    registered_on: date
    submitted_on: date | None
    decided_on: date | None
    due_on: date | None
    legal_due_on: date | None
    stopped: bool
    owed_by: date | None


class Enquiries:
    """What applicants ask of one node."""

    def __init__(self, store: Store, throttle: Throttle | None = None) -> None:
        self._store = store
        self._throttle = throttle or Throttle(store, "enquiry")
        self._turn = asyncio.Lock()

    async def find(self, number: str, tail: str, source: str) -> EnquiredCase:
        """The case of this 办件编号. ``source`` is where the asker sits, for throttling alone.

        Refused: ``not_found``, whichever of the two is wrong; ``throttled`` when source or number has
        failed too often.
        """
        name = digest(number)
        await self._throttle.look(name, source, source)
        # One after the other, or right ones that come together would count as failures meanwhile.
        async with self._turn, self._throttle.trying(name, source, source) as one:
            async with self._store.read() as connection:
                record = await rows.find_by_number(connection, number)
            known = record.case.applicant.identity_number[-TAIL:] if record else "-" * TAIL
            fits = hmac.compare_digest(known.encode(), tail.upper().encode())
            if record is None or not fits:
                security_log.warning("enquiry_refused", source=source)
                raise Refusal(Code.NOT_FOUND)
            # He who asks again from where it was right is no stranger to the number.
            async with self._store.working() as connection:
                now = self._store.clock.now()
                await one.succeeded(connection, now)
                await self._throttle.know(connection, name, source, now)
        return _told(record, now)


def _told(record: rows.Record, now: datetime) -> EnquiredCase:
    case, decided = record.case, record.case.decision
    clock = decided.clock if decided else None
    return EnquiredCase(
        number=case.number or "",
        item_name=case.item.name,
        unit_name=record.unit_name,
        window_name=f"{record.window_unit_name} {record.window_name}",
        state=case.state
        if case.state != "to_correct" or rules.correcting(case.state, decided, case, now)
        else "reviewing",
        registered_on=china_day(case.created_at),
        submitted_on=china_day(case.submission.at) if case.submission else None,
        decided_on=china_day(decided.at) if decided else None,
        due_on=decided.counted.due_on if decided and decided.counted else None,
        legal_due_on=clock.legal.due_on if clock else None,
        stopped=clock is not None and clock.stopped is not None,
        owed_by=case.owed_by,
    )
