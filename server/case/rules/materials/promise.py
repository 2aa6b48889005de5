"""What the applicant promises in writing (承诺书) instead of a material: that it follows, or that it need not come.

    容缺后补:  open → overdue;  received → done;  returned is open again
    告知承诺:  declared → true | untrue

容缺后补: the item lets the material follow after acceptance; the applicant promises a day at the window, and without it
the case is not accepted while nothing is stored in that line. 告知承诺 (国办发〔2020〕42号): he was told what the law wants
and declares that he fulfils it; nothing is brought, and the unit that granted verifies it (核查). The words
are kept by their version. How a promise stands is derived from its day, from what the line holds and from
what was verified, never kept. Pure.
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

Owing = Literal["open", "overdue", "received", "done"]
Standing = Literal[Owing, "declared", "true", "untrue"]
Verdict = Literal["true", "untrue"]
"""属实 | 不实."""
VerifiedBy = Literal["compared", "visited", "asked"]
"""How a declaration was verified: 数据比对, 现场核查, 函询."""

LONGEST: Final = timedelta(days=180)
"""The furthest day that can be promised; the law names none."""
VERIFY_WITHIN: Final = timedelta(days=60)
"""From the ruling until what was declared is verified; 国发〔2019〕25号 wants two months."""
CURRENT: Final = "2026-11"
DECLARED: Final = "2026-12d"
"""The words of a declaration; those of ``CURRENT`` are of what follows."""
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
    },
    "2026-12d": {
        "zh-CN": (
            "受理单位已将“{line}”对应的证明内容、法定条件和不实承诺的法律责任一次性告知本人。本人承诺：已经知悉告知事项，"
            "符合所告知的条件，所作承诺是本人真实意思的表示，愿意接受核查。本人知悉：承诺不实的，"
            "受理单位将依法终止办理、责令整改或者撤销已作出的决定，并记入信用记录，由此产生的后果由本人承担。"
        ),
        "en": (
            "The unit has told me at one time what “{line}” would prove, which conditions the law sets, and what "
            "follows from an untrue declaration. I declare that I know this, that I fulfil these conditions, that "
            "this is what I mean, and that it may be verified. I know that if it is untrue the unit "
            "may by law end the procedure, order me to put it right or revoke what it decided, that it goes on "
            "my record, and that I answer for what follows."
        ),
    },
}


@dataclass(frozen=True)
class Promise:
    """That the material of a line comes by a day, that day included, or where that is None that what it would prove is
    so and nothing comes (告知承诺). ``by`` is who took it down."""

    line: str
    due_on: date | None
    text_version: str
    language: Language
    by: str
    at: datetime
    moved: "Move | None" = None
    verified: "Verified | None" = None


@dataclass(frozen=True)
class Move:
    """The approver gave it another day: the last time, from which day, and why."""

    before: date
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Verified:
    """核查: what the unit found of a declaration, how, and by whom."""

    verdict: Verdict
    how: VerifiedBy
    note: str
    by: str
    at: datetime


def text(version: str, language: Language) -> str | None:
    """The words of a version with places for line and day; None when there never was such a one."""
    known = TEXTS.get(version)
    return None if known is None else known[language]


def fits(promise: Promise) -> bool:
    """Whether its words are known, and are those of its kind."""
    known = text(promise.text_version, promise.language)
    return known is not None and ("{day}" in known) == (promise.due_on is not None)


def words(item: Item, promise: Promise) -> str:
    """The words of a promise, filled. KeyError for a version that never was."""
    on = promise.due_on
    day = "" if on is None else on.isoformat()
    if on is not None and promise.language == "zh-CN":
        day = f"{on.year}年{on.month}月{on.day}日"
    line = item.line(promise.line)
    told = TEXTS[promise.text_version][promise.language]
    return told.format(line=line.name if line else promise.line, day=day)


def make(
    item: Item, promises: Iterable[Promise], new: Promise, who: Hand, *, closed: bool
) -> tuple[Promise, ...]:
    """The promises with a new one; it replaces an earlier one of its line.

    Refused: ``not_yours`` (taken anywhere but at the window), ``case_closed``, ``line_unknown``,
    ``line_not_later`` (the item does not let it follow), ``bad_date`` (before today, or more than
    180 days away), ``line_not_declared`` (the item wants its material and no declaration).
    """
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    line = item.line(new.line)
    if line is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if new.due_on is None:
        if not line.declares:
            raise Refusal(Code.LINE_NOT_DECLARED, line=new.line)
    elif line.need != "later":
        raise Refusal(Code.LINE_NOT_LATER, line=new.line)
    elif not timedelta() <= new.due_on - china_day(new.at) <= LONGEST:
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
    if held is None or held.due_on is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if (closed and not accepted) or settled(current(materials, line)):
        raise Refusal(Code.CASE_CLOSED)
    if due_on == held.due_on or not timedelta() <= due_on - china_day(at) <= LONGEST:
        raise Refusal(Code.BAD_DATE, most_days=LONGEST.days)
    moved = replace(held, due_on=due_on, moved=Move(held.due_on, reason, who.person_id, at))
    return tuple(moved if one is held else one for one in promises), moved


def verify(
    promises: Iterable[Promise],
    materials: Sequence[Material],
    line: str,
    found: Verified,
    who: Hand,
) -> tuple[Promise, ...]:
    """核查 of what was declared for a line, by the unit that decides; each is verified once.

    Refused: ``not_yours`` (not the approver), ``line_unknown`` (nothing is declared for it, or its material came
    after all), ``verified_already``, ``reason_missing`` (untrue without a word).
    """
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    promises = tuple(promises)
    held = next((one for one in promises if one.line == line), None)
    if held is None or line not in declared(promises, materials):
        raise Refusal(Code.LINE_UNKNOWN)
    if held.verified is not None:
        raise Refusal(Code.VERIFIED_ALREADY, line=line)
    if found.verdict == "untrue" and not found.note.strip():
        raise Refusal(Code.REASON_MISSING)
    told = replace(held, verified=replace(found, note=found.note.strip()))
    return tuple(told if one is held else one for one in promises)


def standing(promise: Promise, materials: Sequence[Material], today: date) -> Standing:
    """How a promise stands on that day. A returned material is as if it had not come."""
    if promise.due_on is None and not settled(current(materials, promise.line)):
        return promise.verified.verdict if promise.verified else "declared"
    return owing(promise.line, promise.due_on or today, materials, today)


def owing(line: str, due_on: date, materials: Sequence[Material], today: date) -> Owing:
    """How it stands with what was to follow by that day."""
    files = current(materials, line)
    if settled(files):
        return "done"
    if there(files) and all(one.review != "returned" for one in files):
        return "received"
    return "overdue" if today > due_on else "open"


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


def declared(promises: Iterable[Promise], materials: Sequence[Material]) -> list[str]:
    """The keys of lines for which a declaration stands instead of a material, in the order of the promises."""
    return [
        one.line
        for one in promises
        if one.due_on is None and not settled(current(materials, one.line))
    ]


def untrue(promises: Iterable[Promise], materials: Sequence[Material]) -> list[str]:
    """Those of ``declared`` that were found untrue."""
    promises = tuple(promises)
    bad = {one.line for one in promises if one.verified and one.verified.verdict == "untrue"}
    return [line for line in declared(promises, materials) if line in bad]


def unverified(promises: Iterable[Promise], materials: Sequence[Material]) -> list[str]:
    """Those of ``declared`` that nobody has verified."""
    promises = tuple(promises)
    seen = {one.line for one in promises if one.verified}
    return [line for line in declared(promises, materials) if line not in seen]


def wanted(lines: Sequence[Line], promises: Iterable[Promise]) -> list[Line]:
    """The lines of a list as they are wanted of this applicant: nothing need come where he declares."""
    relieved = {one.line for one in promises if one.due_on is None}
    return [replace(one, need="optional") if one.key in relieved else one for one in lines]


def owed(promises: Iterable[Promise], materials: Sequence[Material]) -> list[tuple[date, Promise]]:
    """Promises of what follows that are not done, each with its day, the most urgent first."""
    left = [
        (one.due_on, one.line, one)
        for one in promises
        if one.due_on is not None and not settled(current(materials, one.line))
    ]
    return [(day, one) for day, _, one in sorted(left, key=lambda each: each[:2])]
