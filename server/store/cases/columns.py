"""The JSON columns of a case and of its threads, which are read and written whole."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from server.domain.case import Consent, Decided
from server.domain.comment import Comment, Remark
from server.domain.summary import Shown, Submission
from server.domain.working_days import Counted


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


def decided_of(stored: Mapping[str, Any] | None) -> Decided | None:
    if stored is None:
        return None
    counted = stored["counted"]
    return Decided(
        kind=stored["kind"],
        reason=stored["reason"],
        by=stored["by"],
        at=datetime.fromisoformat(stored["at"]),
        counted=counted
        and Counted(
            due_on=date.fromisoformat(counted["due_on"]),
            days=tuple(map(date.fromisoformat, counted["days"])),
            skipped=tuple(map(date.fromisoformat, counted["skipped"])),
            provisional=counted["provisional"],
        ),
        points=tuple(stored["points"]),
    )


def decided_json(decided: Decided | None) -> dict[str, Any] | None:
    if decided is None:
        return None
    counted = decided.counted
    return {
        "kind": decided.kind,
        "reason": decided.reason,
        "by": decided.by,
        "at": decided.at.isoformat(),
        "counted": counted
        and {
            "due_on": counted.due_on.isoformat(),
            "days": [day.isoformat() for day in counted.days],
            "skipped": [day.isoformat() for day in counted.skipped],
            "provisional": counted.provisional,
        },
        "points": list(decided.points),
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
    return Submission(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def submission_json(submission: Submission | None) -> dict[str, Any] | None:
    if submission is None:
        return None
    return {
        "hash": submission.hash,
        "signature_id": submission.signature_id,
        "at": submission.at.isoformat(),
        "by": submission.by,
    }


def remarks_of(stored: list[Mapping[str, Any]]) -> tuple[Remark, ...]:
    return tuple(
        Remark(one["by"], datetime.fromisoformat(one["at"]), one["text"]) for one in stored
    )


def remarks_json(comment: Comment) -> list[dict[str, Any]]:
    return [{"by": one.by, "at": one.at.isoformat(), "text": one.text} for one in comment.entries]
