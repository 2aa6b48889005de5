"""容缺后补 with its promise (承诺书): a material that the item lets follow after acceptance, and until when.

    open → overdue;  received → done;  returned is open again

The applicant promises a day at the window, in words that are kept by their version; without it
the case is not accepted while nothing is stored in that line. How a promise stands is derived from
its day and from what the line holds, never kept. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal

from server.case.rules.materials.judging import settled, there
from server.case.rules.materials.material import Material, current
from server.catalogue.rules.item import Item, Line
from server.rights.hand import Hand
from server.standards.languages import Language
from server.standards.working_days import china_day
from signaling.refusals import Code, Refusal

Standing = Literal["open", "overdue", "received", "done"]

LONGEST: Final = timedelta(days=180)
"""The furthest day that can be promised; the law names none."""
CURRENT: Final = "2026-11"
TEXTS: Final[dict[str, dict[Language, str]]] = {
    "2026-11": {
        "zh-CN": (
            "本人已知悉“{line}”属于可以容缺后补的材料，承诺于{day}前补交，并保证所补材料真实、合法、有效，"
            "且符合受理时告知的要求。本人知悉：逾期未补交或者补交的材料不符合要求的，"
            "受理单位可以依法终止办理或者撤销已作出的决定，由此产生的后果由本人承担。"
        ),
        "en": (
            "I know that “{line}” may follow later. I promise to hand it in by {day}, and that it will be "
            "genuine, lawful and valid and will meet what I was told at acceptance. I know that if it "
            "does not come in time or does not meet this, the unit may by law end the procedure or "
            "revoke what it decided, and that I answer for what follows."
        ),
    }
}


@dataclass(frozen=True)
class Promise:
    """That the material of a line comes by a day, that day included. ``by`` is who took it down."""

    line: str
    due_on: date
    text_version: str
    language: Language
    by: str
    at: datetime
    moved: "Move | None" = None


@dataclass(frozen=True)
class Move:
    """The approver gave it another day: the last time, from which day, and why."""

    before: date
    reason: str
    by: str
    at: datetime


def text(version: str, language: Language) -> str | None:
    """The words of a version with places for line and day; None when there never was such a one."""
    known = TEXTS.get(version)
    return None if known is None else known[language]


def words(item: Item, promise: Promise) -> str:
    """The words of a promise, filled. KeyError for a version that never was."""
    on = promise.due_on
    day = f"{on.year}年{on.month}月{on.day}日" if promise.language == "zh-CN" else on.isoformat()
    line = item.line(promise.line)
    told = TEXTS[promise.text_version][promise.language]
    return told.format(line=line.name if line else promise.line, day=day)


def make(
    item: Item, promises: Iterable[Promise], new: Promise, who: Hand, *, closed: bool
) -> tuple[Promise, ...]:
    """The promises with a new one; it replaces an earlier one of its line.

    Refused: ``not_yours`` (taken anywhere but at the window), ``case_closed``, ``line_unknown``,
    ``line_not_later`` (the item does not let it follow), ``bad_date`` (before today, or more than
    180 days away).
    """
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    line = item.line(new.line)
    if line is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if line.need != "later":
        raise Refusal(Code.LINE_NOT_LATER, line=new.line)
    if not timedelta() <= new.due_on - china_day(new.at) <= LONGEST:
        raise Refusal(Code.BAD_DATE, most_days=LONGEST.days)
    return (*(one for one in promises if one.line != new.line), new)


def move(
    promises: Iterable[Promise],
    materials: Sequence[Material],
    line: str,
    due_on: date,
    who: Hand,
    *,
    reason: str,
    closed: bool,
    accepted: bool,
    at: datetime,
) -> tuple[tuple[Promise, ...], Promise]:
    """The promises with another day for that of a line, and that one; its words stay as they were given.

    Refused: ``not_yours`` (anybody but the approver), ``line_unknown`` (nothing is promised for it),
    ``case_closed`` (it is done, or the case is decided and not accepted), ``bad_date`` (before today,
    more than 180 days away, or the day that it has).
    """
    if not who.judges(f"line:{line}"):
        raise Refusal(Code.NOT_YOURS)
    promises = tuple(promises)
    held = next((one for one in promises if one.line == line), None)
    if held is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if (closed and not accepted) or settled(current(materials, line)):
        raise Refusal(Code.CASE_CLOSED)
    if due_on == held.due_on or not timedelta() <= due_on - china_day(at) <= LONGEST:
        raise Refusal(Code.BAD_DATE, most_days=LONGEST.days)
    moved = replace(held, due_on=due_on, moved=Move(held.due_on, reason, who.person_id, at))
    return tuple(moved if one is held else one for one in promises), moved


def standing(promise: Promise, materials: Sequence[Material], today: date) -> Standing:
    """How a promise stands on that day. A returned material is as if it had not come."""
    files = current(materials, promise.line)
    if settled(files):
        return "done"
    if there(files) and all(one.review != "returned" for one in files):
        return "received"
    return "overdue" if today > promise.due_on else "open"


def unpromised(
    lines: Sequence[Line], promises: Iterable[Promise], materials: Sequence[Material]
) -> list[Line]:
    """Lines that may follow, of which nothing is stored and nothing is promised."""
    promised = {one.line for one in promises}
    return [
        line
        for line in lines
        if line.need == "later"
        and line.key not in promised
        and not there(current(materials, line.key))
    ]


def owed(promises: Iterable[Promise], materials: Sequence[Material]) -> list[Promise]:
    """Promises that are not done, the most urgent first."""
    left = [one for one in promises if not settled(current(materials, one.line))]
    return sorted(left, key=lambda one: (one.due_on, one.line))
