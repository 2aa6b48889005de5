"""The JSON columns of a case and of its threads, which are read and written whole."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from server.case.rules.case import Consent, Decided, Referral
from server.case.rules.clock import Deadlines, Extension, Halt
from server.case.rules.course.course import NOTHING, Course
from server.case.rules.materials.material import Origin
from server.case.rules.materials.promise import Move, Promise, Verified
from server.case.rules.summary import Shown, Submission
from server.case.rules.talk.comment import Comment, Remark
from server.standards.working_days import Counted


@dataclass(frozen=True, slots=True)
class Looked:
    """When an approver last looked at the case, and at which version of it."""

    at: datetime
    version: int


def looked_of(stored: Mapping[str, Any] | None) -> Looked | None:
    if stored is None:
        return None
    return Looked(datetime.fromisoformat(stored["at"]), stored["version"])


def looked_json(looked: Looked) -> dict[str, Any]:
    return {"at": looked.at.isoformat(), "version": looked.version}


def consent_of(stored: Mapping[str, Any] | None) -> Consent | None:
    if stored is None:
        return None
    return Consent(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def consent_json(consent: Consent | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    return {
        "given": consent.given,
        "text_version": consent.text_version,
        "language": consent.language,
        "at": consent.at.isoformat(),
        "taken_by": consent.taken_by,
    }


def promises_of(stored: list[Mapping[str, Any]] | None) -> tuple[Promise, ...]:
    return tuple(
        Promise(
            **{
                **one,
                "due_on": date.fromisoformat(one["due_on"]) if one["due_on"] else None,
                "at": datetime.fromisoformat(one["at"]),
                "moved": _move_of(one.get("moved")),
                "verified": _verified_of(one.get("verified")),
            }
        )
        for one in stored or ()
    )


def _move_of(stored: Mapping[str, Any] | None) -> Move | None:
    if stored is None:
        return None
    day, at = date.fromisoformat(stored["before"]), datetime.fromisoformat(stored["at"])
    return Move(**{**stored, "before": day, "at": at})


def _verified_of(stored: Mapping[str, Any] | None) -> Verified | None:
    if stored is None:
        return None
    return Verified(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def promises_json(promises: Iterable[Promise]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(one),
            "due_on": one.due_on and one.due_on.isoformat(),
            "at": one.at.isoformat(),
            "verified": one.verified
            and {**asdict(one.verified), "at": one.verified.at.isoformat()},
            "moved": one.moved
            and {
                **asdict(one.moved),
                "before": one.moved.before.isoformat(),
                "at": one.moved.at.isoformat(),
            },
        }
        for one in promises
    ]


def referrals_of(stored: list[Mapping[str, Any]] | None) -> tuple[Referral, ...]:
    return tuple(
        Referral(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in stored or ()
    )


def referrals_json(referrals: Iterable[Referral]) -> list[dict[str, Any]]:
    return [{**asdict(one), "at": one.at.isoformat()} for one in referrals]


_COURSE: Final = TypeAdapter(Course)


def course_of(stored: Mapping[str, Any] | None) -> Course:
    return NOTHING if stored is None else _COURSE.validate_python(stored)


def course_json(course: Course) -> Any:
    return None if course == NOTHING else _COURSE.dump_python(course, mode="json")


def origin_of(stored: Mapping[str, Any] | None) -> Origin | None:
    if stored is None:
        return None
    return Origin(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def origin_json(origin: Origin | None) -> dict[str, Any] | None:
    return None if origin is None else {**asdict(origin), "at": origin.at.isoformat()}


def decided_of(stored: Mapping[str, Any] | None) -> Decided | None:
    if stored is None:
        return None
    counted, correct_by = stored["counted"], stored.get("correct_by")
    return Decided(
        kind=stored["kind"],
        reason=stored["reason"],
        by=stored["by"],
        at=datetime.fromisoformat(stored["at"]),
        counted=counted and counted_of(counted),
        points=tuple(stored["points"]),
        about=tuple(stored.get("about", ())),
        correct_by=date.fromisoformat(correct_by) if correct_by else None,
        clock=clock_of(stored.get("clock")),
        combined=stored.get("combined", False),
    )


def decided_json(decided: Decided | None) -> dict[str, Any] | None:
    if decided is None:
        return None
    return {
        "kind": decided.kind,
        "reason": decided.reason,
        "by": decided.by,
        "at": decided.at.isoformat(),
        "counted": decided.counted and counted_json(decided.counted),
        "points": list(decided.points),
        "clock": clock_json(decided.clock),
        **({"about": list(decided.about)} if decided.about else {}),
        **({"correct_by": decided.correct_by.isoformat()} if decided.correct_by else {}),
        **({"combined": True} if decided.combined else {}),
    }


def counted_of(stored: Mapping[str, Any]) -> Counted:
    return Counted(
        due_on=date.fromisoformat(stored["due_on"]),
        days=tuple(map(date.fromisoformat, stored["days"])),
        skipped=tuple(map(date.fromisoformat, stored["skipped"])),
        provisional=stored["provisional"],
    )


def counted_json(counted: Counted) -> dict[str, Any]:
    return {
        "due_on": counted.due_on.isoformat(),
        "days": [day.isoformat() for day in counted.days],
        "skipped": [day.isoformat() for day in counted.skipped],
        "provisional": counted.provisional,
    }


def clock_of(stored: Mapping[str, Any] | None) -> Deadlines | None:
    if stored is None:
        return None
    extension = stored["extension"]
    return Deadlines(
        started_on=date.fromisoformat(stored["started_on"]),
        started=stored["started"],
        promised_days=stored["promised_days"],
        legal_days=stored["legal_days"],
        joint=stored["joint"],
        promised=counted_of(stored["promised"]),
        legal=counted_of(stored["legal"]),
        halts=tuple(_halt_of(one) for one in stored["halts"]),
        extension=extension
        and Extension(**{**extension, "at": datetime.fromisoformat(extension["at"])}),
    )


def clock_json(clock: Deadlines | None) -> dict[str, Any] | None:
    if clock is None:
        return None
    extension = clock.extension
    return {
        "started_on": clock.started_on.isoformat(),
        "started": clock.started,
        "promised_days": clock.promised_days,
        "legal_days": clock.legal_days,
        "joint": clock.joint,
        "promised": counted_json(clock.promised),
        "legal": counted_json(clock.legal),
        "halts": [_halt_json(one) for one in clock.halts],
        "extension": extension and {**asdict(extension), "at": extension.at.isoformat()},
    }


def _halt_of(stored: Mapping[str, Any]) -> Halt:
    return Halt(
        why=stored["why"],
        reason=stored["reason"],
        began=date.fromisoformat(stored["began"]),
        by=stored["by"],
        at=datetime.fromisoformat(stored["at"]),
        ended=date.fromisoformat(stored["ended"]) if stored["ended"] else None,
        ended_by=stored["ended_by"],
        ended_at=datetime.fromisoformat(stored["ended_at"]) if stored["ended_at"] else None,
    )


def _halt_json(halt: Halt) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(halt).items()
    }


def shown_of(stored: Mapping[str, Any] | None) -> Shown | None:
    if stored is None:
        return None
    return Shown(stored["hash"], datetime.fromisoformat(stored["at"]))


def shown_json(shown: Shown | None) -> dict[str, Any] | None:
    if shown is None:
        return None
    return {"hash": shown.hash, "at": shown.at.isoformat()}


def submission_of(stored: Mapping[str, Any] | None) -> Submission | None:
    if stored is None:
        return None
    tell_by = stored.get("tell_by")
    return Submission(
        hash=stored["hash"],
        signature_id=stored["signature_id"],
        at=datetime.fromisoformat(stored["at"]),
        by=stored["by"],
        tell_by=date.fromisoformat(tell_by) if tell_by else None,
    )


def submission_json(submission: Submission | None) -> dict[str, Any] | None:
    if submission is None:
        return None
    return {
        "hash": submission.hash,
        "signature_id": submission.signature_id,
        "at": submission.at.isoformat(),
        "by": submission.by,
        "tell_by": submission.tell_by.isoformat() if submission.tell_by else None,
    }


def remarks_of(stored: list[Mapping[str, Any]]) -> tuple[Remark, ...]:
    return tuple(
        Remark(one["by"], datetime.fromisoformat(one["at"]), one["text"]) for one in stored
    )


def remarks_json(comment: Comment) -> list[dict[str, Any]]:
    return [{"by": one.by, "at": one.at.isoformat(), "text": one.text} for one in comment.entries]
