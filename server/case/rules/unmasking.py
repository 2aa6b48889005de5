"""Reading a sensitive value whole: an act with a reason, for one person and a short time. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from server.case.rules.case import Case
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

LASTS: Final = timedelta(seconds=60)
"""How long what was unmasked can be read."""
AT_MOST: Final = 200
"""Of one case."""
FIELD: Final = "field:"


@dataclass(frozen=True)
class Unmasking:
    """Who read what whole, why and until when; ``version`` is the case's version that brought it.

    ``what`` is ``identity_number`` or ``phone`` of the applicant, or ``field:<path>``.
    """

    id: str
    what: str
    reason: str
    by: str
    at: datetime
    expires_at: datetime
    version: int


def may(who: Hand) -> bool:
    """Whether he may unmask: the window reads everything whole, and a third party has no right to it."""
    return who.judges() or who.supervises


def unmask(
    case: Case,
    id: str,
    what: str,
    reason: str,
    who: Hand,
    *,
    before: int,
    at: datetime,
    version: int,
) -> Unmasking:
    """Begin to read a sensitive value; also of a closed case.

    Refused: ``not_yours``, ``field_unknown`` (no such value, or one that is not masked),
    ``reason_missing``, ``throttled`` when there were 200 ``before``.
    """
    if not may(who):
        raise Refusal(Code.NOT_YOURS)
    if masked(case, what) is None:
        raise Refusal(Code.FIELD_UNKNOWN, field=what)
    if not reason.strip():
        raise Refusal(Code.REASON_MISSING)
    if before >= AT_MOST:
        raise Refusal(Code.THROTTLED)
    return Unmasking(id, what, reason.strip(), who.person_id, at, at + LASTS, version)


def masked(case: Case, what: str) -> str | None:
    """The whole value of what leaves masked; None when there is no such."""
    if what == "identity_number":
        return case.applicant.identity_number
    if what == "phone":
        return case.applicant.phone
    path = what.removeprefix(FIELD)
    field = case.item.field(path)
    if not what.startswith(FIELD) or field is None or not field.sensitive:
        return None
    entry = case.entries.get(path)
    return entry.value if entry else ""
