"""The summary that the applicant reads, signs and hands in.

    shown -> signed -> handed in;   a change of a field or of a stored material makes the signature
    outdated, and what was handed in under it no longer holds

A signature is bound to the hash of what was shown and to the moment when it was shown. Pure: the
picture of the signature is kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import rfc8785

from server.case.rules.form import SavedValue
from server.case.rules.materials import material
from server.case.rules.materials.material import Material
from server.catalogue.rules.item import Item
from server.catalogue.rules.schema import places
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

Viewer = Literal["applicant", "clerk"]
"""To whom a summary is shown: only what the applicant was shown can be signed."""


@dataclass(frozen=True)
class Shown:
    """The summary that was last shown to the applicant."""

    hash: str
    at: datetime


@dataclass(frozen=True)
class Signature:
    """The applicant's signature under the summary that was shown at ``shown_at``. ``by`` is the
    member of staff at whose window it was given; ``points`` counts those of its strokes."""

    id: str
    hash: str
    shown_at: datetime
    at: datetime
    by: str
    points: int
    version: int
    outdated: bool = False


@dataclass(frozen=True)
class Submission:
    """The signed summary was handed in. ``tell_by`` is the last day on which can be told what is
    missing (行政许可法 32 (4)); None once a notice was given."""

    hash: str
    signature_id: str
    at: datetime
    by: str
    tell_by: date | None = None


def digest(
    case_id: str,
    item: Item,
    applicant: Mapping[str, str | None],
    entries: Mapping[str, SavedValue],
    materials: Iterable[Material],
) -> str:
    """SHA-256 (hex) of the RFC 8785 form of what stands in the case: its item, the applicant (of an identity card as
    before there were other documents, so that what was signed then stays signed), the
    value of each field that is there (``schema.places``), and number and SHA-256 of each material (``material.counted``)."""
    stored = material.counted(item, tuple(materials))
    values = {path: entry.value for path, entry in entries.items()}
    return hashlib.sha256(
        rfc8785.dumps(
            {
                "case": case_id,
                "item": {"code": item.code, "name": item.name, "version": item.version},
                "applicant": {
                    name: said
                    for name, said in applicant.items()
                    if (name, said) != ("document", "identity_card")
                },
                "fields": {
                    place.path: values.get(place.path, "") for place in places(item.form, values)
                },
                "materials": [
                    {"line": one.line, "number": one.number, "sha256": one.sha256} for one in stored
                ],
            }
        )
    ).hexdigest()


def at_the_window(who: Hand, closed: bool) -> None:
    """Showing, signing and handing in happen at the window, before the decision closes the case.

    Refused: ``case_closed``, ``not_yours``.
    """
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)


def sign(
    id: str,
    of: str,
    shown_at: datetime,
    points: int,
    who: Hand,
    *,
    shown: Shown | None,
    now: str,
    at: datetime,
    version: int,
) -> Signature:
    """Sign the summary that was last shown (``shown``) and is still what stands there (``now``).

    Refused: ``stale`` when the hash ``of`` it and ``shown_at`` name another one, or something changed since.
    """
    if shown is None or (of, shown_at) != (shown.hash, shown.at) or of != now:
        raise Refusal(Code.STALE)
    return Signature(id, of, shown_at, at, who.person_id, points, version)


def submit(
    of: str, who: Hand, *, signature: Signature | None, now: str, at: datetime
) -> Submission:
    """Hand in what was signed. Refused: ``signature_missing`` when the newest signature is not
    there, outdated, or of another summary than ``of`` and what stands there (``now``)."""
    if signature is None or signature.outdated or not of == signature.hash == now:
        raise Refusal(Code.SIGNATURE_MISSING)
    return Submission(of, signature.id, at, who.person_id)


def holds(submission: Submission | None, signature: Signature | None) -> bool:
    """Whether what was handed in is still what stands there; ``signature`` is the newest."""
    return (
        submission is not None
        and signature is not None
        and not signature.outdated
        and submission.hash == signature.hash
    )
