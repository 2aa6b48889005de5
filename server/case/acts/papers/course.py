"""What a paper says of the course of a case: the ruling, what was issued, its delivery, an end to the side.

Read by ``facts`` for the papers that the course gives rise to. Words for what rules and wire name by codes
are those of public practice.
"""

from typing import Any, Final

from server.case.acts.papers.days import day
from server.case.rows import Connection, Record
from server.case.rows import papers as rows
from server.case.rules.clock import Deadlines
from server.case.rules.course.course import (
    Cause,
    Course,
    Delivery,
    Document,
    Ending,
    EndKind,
    How,
    Receiver,
    Result,
    ResultKind,
    Ruling,
    RulingKind,
    SequelKind,
    Way,
)
from server.case.rules.course.sequels import BASES, ENDING, SequelOf
from server.catalogue.rows import catalogue
from server.standards import identifiers, limits, papers
from server.standards.papers import PaperKind
from server.standards.working_days import CHINA_REGION, china_day

KINDS: Final[frozenset[PaperKind]] = frozenset(
    {
        "grant",
        "registration",
        "denial",
        "delivery",
        "closing",
        "withdrawal",
        "return",
        "termination",
    }
)
"""The papers on which the course stands."""
_RULINGS: Final[dict[RulingKind, str]] = {"granted": "准予", "denied": "不予"}
_RESULTS: Final[dict[ResultKind, str]] = {"licence": "证照", "document": "批文"}
_WAYS: Final[dict[Way, str]] = {
    "collected": "窗口自取",
    "posted": "邮寄",
    "electronic": "电子送达",
    "left": "留置送达",
}
DOCUMENTS: Final[dict[Document, str]] = {
    "identity_card": "居民身份证",
    "residence_permit": "港澳台居民居住证",
    "home_return_permit": "港澳居民来往内地通行证、台湾居民来往大陆通行证",
    "permanent_resident": "外国人永久居留身份证",
    "passport": "护照",
    "licence": "营业执照",
}
_HOW: Final[dict[How, str]] = {"reader": "读卡核验", "sight": "当面核对证件"}
_ENDS: Final[dict[EndKind, str]] = {"withdrawn": "撤回", "returned": "退件", "terminated": "终止"}
CAUSES: Final[dict[Cause, str]] = {
    "died": "赋予公民特定资格的事项，该公民死亡",
    "incapable": "赋予公民特定资格的事项，该公民丧失行为能力",
    "dissolved": "法人或者其他组织依法终止",
    "impossible": "因不可抗力等原因，申请事项已无法实施",
    "other_by_law": "法律、法规规定的应当终止办理的其他情形",
}
"""Why the handling of an accepted case ends, in the words in which 行政许可法 70 tells when a licence does."""


_SEQUELS: Final[dict[SequelKind, str]] = {
    "rectified": "更正",
    "altered": "变更",
    "prolonged": "延续",
    "reissued": "补发",
    "revoked": "撤销",
    "deregistered": "注销",
}
RULINGS: Final[frozenset[PaperKind]] = frozenset({"grant", "registration", "denial"})


def sequel(of: SequelOf | None, kind: PaperKind, *, registers: bool) -> dict[str, Any] | None:
    """What a paper says of the case that this one follows; ``decision`` is what a ruling orders or refuses, and with
    决定书 its title."""
    if of is None:
        return None
    what = f"{_SEQUELS[of.kind]}{'登记' if registers else '行政许可'}"
    own = of.begun_by == "unit"
    word = "不予" if kind == "denial" else "" if own else "准予"
    return {
        "kind": _SEQUELS[of.kind],
        "number": of.number,
        "own": own,
        "reason": of.reason,
        "decision": f"{word}{what}",
        "law": BASES.get(of.kind, ""),
        "ends": of.kind in ENDING,
    }


async def of(connection: Connection, record: Record) -> dict[str, Any]:
    """The course of the case as it is now; of its deliveries the one that ended last.

    ``used`` are the working days from acceptance to ruling, without those of a stop; None where the case
    was not ruled on or has no clock.
    """
    course = record.case.course
    decided = record.case.decision
    clock = decided.clock if decided else None
    ended = [one for one in course.deliveries if one.ended_on is not None]
    newest = max(ended, key=lambda one: one.ended_at or one.at, default=None)
    return {
        "accepted_on": day(clock.started_on) if clock else "",
        "ruling": course.ruling and _ruling(course.ruling, record),
        "used": await _used(connection, course, clock),
        "results": [_result(one) for one in course.results],
        "delivery": newest and await _delivery(connection, newest, record),
        "ending": course.ending and _ending(course.ending, record),
    }


async def _used(connection: Connection, course: Course, clock: Deadlines | None) -> int | None:
    if course.ruling is None or clock is None or course.migrated is not None:
        return None  # 迁移: counted in no figure
    ruled = china_day(course.ruling.at)
    known = await catalogue.known_days(connection, CHINA_REGION, clock.started_on, ruled)
    stops = [limits.Stop(one.why, one.began, one.ended) for one in clock.halts]
    return limits.used(known, clock.started_on, ruled, stops)


def _ruling(ruling: Ruling, record: Record) -> dict[str, Any]:
    return {
        "kind": _RULINGS[ruling.kind],
        "reason": ruling.reason,
        "bases": list(ruling.bases),
        **_by(ruling.by, record),
        "on": day(china_day(ruling.at)),
        "deliver_by": day(ruling.deliver.due_on),
    }


def _result(one: Result) -> dict[str, Any]:
    until = day(one.valid_until) if one.valid_until else "长期"
    return {
        "name": one.name,
        "number": one.number,
        "kind": _RESULTS[one.kind],
        "originals": one.originals,
        "copies": one.copies,
        "valid": f"{day(one.valid_from)}至{until}",
    }


async def _delivery(connection: Connection, one: Delivery, record: Record) -> dict[str, Any]:
    course = record.case.course
    given = [
        {
            "name": each.name,
            "number": each.number,
            "originals": each.originals,
            "copies": each.copies,
        }
        for each in course.results
        if each.id in one.results
    ]
    if course.ruling is not None and course.ruling.kind == "denied":
        made = await rows.list_papers(connection, [record.case.id])
        given = [
            {"name": papers.TITLES["denial"], "number": each.number, "originals": 1, "copies": 0}
            for each in made
            if each.kind == "denial"
        ][-1:]
        # of a denial elsewhere no paper is ours
        given = given or [
            {"name": papers.TITLES["denial"], "number": each.number, "originals": 1, "copies": 0}
            for each in course.reports
            if each.step == "denied"
        ]
    place = ""
    if one.way == "collected":
        place = f"{record.window_unit_name} {record.window_name}"
    elif one.way == "electronic" and course.agreement is not None:
        place = identifiers.mask_address(course.agreement.address)
    return {
        "way": _WAYS[one.way],
        "place": place,
        "courier": one.courier,
        "tracking": one.tracking,
        "given": given,
        "receiver": one.receiver and _receiver(one.receiver),
        "note": one.note,
        "begun_on": day(china_day(one.at)),
        "ended_on": day(one.ended_on) if one.ended_on else "",
        **_by(one.ended_by or one.by, record),
    }


def _receiver(one: Receiver) -> dict[str, Any]:
    return {
        "name": one.name,
        "who": "代理人" if one.agent else "本人",
        "document": DOCUMENTS[one.document],
        "number": one.number,
        "how": _HOW[one.how],
    }


def _ending(ending: Ending, record: Record) -> dict[str, Any]:
    return {
        "kind": _ENDS[ending.kind],
        "cause": CAUSES[ending.cause] if ending.cause else "",
        "reason": ending.reason,
        **_by(ending.by, record),
        "on": day(china_day(ending.at)),
    }


def _by(person: str, record: Record) -> dict[str, str]:
    """Who did it, as he is named to applicants."""
    return {"by": record.people[person].name, "staff_number": record.people[person].staff_number}
