"""后续办件 (sequel): what follows a licence is a case of its own, linked to the one that granted it.

更正, 变更, 延续, 补证 and 注销 are asked for at the window; 撤销, 注销 and 更正 the unit that decided begins of its own motion.
A sequel runs the usual course; the first case keeps what became of each. Sources: 行政许可法 49 (变更), 50 (延续, thirty
days before the end), 69 (撤销), 70 (注销). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal

from server.case.rules.course.course import Course, Sequel, SequelKind, SequelOutcome
from server.case.rules.course.states import CaseState
from server.catalogue.rules.item import Item
from server.rights.hand import Hand
from server.standards import working_days
from signaling.refusals import Code, Refusal

FROM: Final[frozenset[CaseState]] = frozenset({"granted", "issued", "delivered", "archived"})
"""The states of a case that granted something, in which one may begin."""
ASKED: Final[frozenset[SequelKind]] = frozenset(
    {"rectified", "altered", "prolonged", "reissued", "deregistered"}
)
"""What the applicant may ask for."""
OF_ITSELF: Final[frozenset[SequelKind]] = frozenset({"rectified", "revoked", "deregistered"})
"""What the unit that decided may begin by itself (依职权)."""
ENDING: Final[frozenset[SequelKind]] = frozenset({"revoked", "deregistered"})
"""After which nothing of the licence stands."""
PROLONG_BEFORE_DAYS: Final = 30
"""行政许可法 50: 延续 is asked for that long before the validity ends; later it is told, and not refused."""
BASES: Final[Mapping[SequelKind, str]] = {
    "altered": "《中华人民共和国行政许可法》第四十九条",
    "prolonged": "《中华人民共和国行政许可法》第五十条",
    "revoked": "《中华人民共和国行政许可法》第六十九条",
    "deregistered": "《中华人民共和国行政许可法》第七十条",
}
"""The clause on which its ruling may stand, beside those of the item."""
OUTCOMES: Final[Mapping[CaseState, SequelOutcome]] = {
    "granted": "granted",
    "denied": "ended",
    "refused": "ended",
    "returned": "ended",
    "withdrawn": "ended",
    "terminated": "ended",
}
"""What a state of the sequel means to the first case."""

Origin = Literal["applicant", "unit"]


@dataclass(frozen=True)
class SequelOf:
    """Of which case this one is a sequel, and what it asks for. ``number``: its 办件编号 as it was then."""

    case_id: str
    number: str
    kind: SequelKind
    begun_by: Origin
    reason: str


def valid_until(course: Course) -> date | None:
    """The last day of what was issued, of several the latest; None where something holds for good, or nothing was
    issued."""
    ends = [one.valid_until for one in course.results]
    known = [one for one in ends if one is not None]
    return max(known) if known and len(known) == len(ends) else None


def late(kind: SequelKind, course: Course, today: date) -> bool:
    """Whether 延续 is asked for with fewer than thirty days left (行政许可法 50)."""
    until = valid_until(course)
    return kind == "prolonged" and until is not None and (until - today).days < PROLONG_BEFORE_DAYS


def begin(
    course: Course,
    state: str,
    new: Sequel,
    reason: str,
    who: Hand,
    *,
    of_itself: bool,
) -> Course:
    """The course of the first case, whose state stays. ``new.case_id`` is the case that begins.

    Refused: ``other_step`` (nothing is decided yet, or it was a consultation), ``not_yours`` (of itself: not the
    approver; else not the window), ``nothing_stands`` (it granted nothing, what it granted was revoked or
    deregistered, or of 延续: it holds for good), ``other_sequel`` (this kind is not begun from this side),
    ``reason_missing`` (of itself), ``validity_over`` (延续 after the last day, ``until``), ``sequel_open`` (one of this
    kind runs: ``case`` is it).
    """
    if state not in FROM:
        raise Refusal(Code.OTHER_STEP, state=state, wanted=",".join(sorted(FROM)))
    if not (who.judges() if of_itself else who.fills):
        raise Refusal(Code.NOT_YOURS)
    if new.kind not in (OF_ITSELF if of_itself else ASKED):
        raise Refusal(Code.OTHER_SEQUEL, kind=new.kind)
    gone = {one.kind for one in course.sequels if one.outcome == "granted"} & ENDING
    # what was revoked is still struck off the register (行政许可法 70)
    if not course.granted or gone - ({"revoked"} if new.kind == "deregistered" else set()):
        raise Refusal(Code.NOTHING_STANDS)
    if of_itself and not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    running = next(
        (one for one in course.sequels if one.kind == new.kind and one.outcome == "open"), None
    )
    if running is not None:
        raise Refusal(Code.SEQUEL_OPEN, case=running.case_id, kind=new.kind)
    if new.kind == "prolonged":
        until = valid_until(course)
        if until is None:
            raise Refusal(Code.NOTHING_STANDS)
        if working_days.china_day(new.at) > until:
            raise Refusal(Code.VALIDITY_OVER, until=until.isoformat())
    return replace(course, sequels=(*course.sequels, new))


def ended(course: Course, case_id: str, outcome: SequelOutcome, at: datetime) -> Course:
    """The course of the first case, now that this sequel of it came to its ruling or to an end without one; itself
    where it names no such open one."""
    return replace(
        course,
        sequels=tuple(
            replace(one, outcome=outcome, ended_on=working_days.china_day(at))
            if one.case_id == case_id and one.outcome == "open"
            else one
            for one in course.sequels
        ),
    )


def asked_of(item: Item, of: SequelOf | None) -> Item:
    """The item as this case has it: its ruling may stand on the clause of its kind too, where the item names its bases;
    where the unit acts of itself, nothing is asked of the applicant, neither list nor form nor signature nor fee."""
    if of is None:
        return item
    if item.bases and of.kind in BASES:
        item = replace(item, bases=(*item.bases, BASES[of.kind]))
    if of.begun_by == "applicant":
        return item
    return replace(
        item,
        lines=(),
        form=(),
        checklist=(),
        rules=(),
        signature="optional",
        fee_basis="",
        fee_fen=0,
        fee_first=False,
    )


def stored(of: SequelOf | None) -> dict[str, Any] | None:
    """As it is kept."""
    if of is None:
        return None
    return {
        "case_id": of.case_id,
        "number": of.number,
        "kind": of.kind,
        "begun_by": of.begun_by,
        "reason": of.reason,
    }


def kept(body: Mapping[str, Any] | None) -> SequelOf | None:
    """From what was kept."""
    return None if body is None else SequelOf(**body)
