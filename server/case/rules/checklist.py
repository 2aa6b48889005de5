"""The checklist (一次性告知): the points of an item that the approver tells and checks while talking.

A point that lacks something stands in the way of acceptance and goes into a 补正 notice; one that
was not looked at does neither. Follows 行政许可法 32 (everything is told at once). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import Item
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

Verdict = Literal["ok", "lacking"]
Word = Literal[Verdict, "none"]
"""``none`` takes the judgement back."""


@dataclass(frozen=True)
class Check:
    """The approver's word about one point."""

    point: str
    verdict: Verdict
    note: str
    by: str
    at: datetime


def check(
    item: Item,
    point: str,
    verdict: Word,
    note: str,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
) -> Check | None:
    """Judge one point, or take the judgement back (None). A later word replaces an earlier one.

    Refused: ``case_closed``, ``not_yours`` (not the approver), ``point_unknown``.
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    if not any(one.key == point for one in item.checklist):
        raise Refusal(Code.POINT_UNKNOWN)
    return None if verdict == "none" else Check(point, verdict, note.strip(), who.person_id, at)


def lacking(item: Item, checks: Mapping[str, Check]) -> list[str]:
    """The keys of the points that lack something, in the order of the list."""
    return [
        point.key
        for point in item.checklist
        if (word := checks.get(point.key)) is not None and word.verdict == "lacking"
    ]


def points(item: Item, checks: Mapping[str, Check]) -> list[Point]:
    """The lacking points for a 补正 notice, each with the approver's note."""
    texts = {point.key: point.text for point in item.checklist}
    return [
        Point(
            f"check:{key}",
            f"{texts[key]}：{checks[key].note}" if checks[key].note else texts[key],
        )
        for key in lacking(item, checks)
    ]
