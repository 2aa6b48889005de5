"""Sayings: text beside the voice, in two lanes.

What is said on the shared lane the applicant sees too; the staff lane is between members of
staff. Nothing is changed or taken back once it was said. Words change nothing in a case, so they
are taken after its decision as well. Pure.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from server.rights.hand import APPLICANT, Hand
from signaling.refusals import Code, Refusal

Lane = Literal["shared", "staff"]
"""``shared`` is also seen by the applicant; ``staff`` by members of staff alone."""
PhraseKind = Literal["message", "reason", "comment", "accepted", "refused"]
"""Of quick phrases (常用语). ``reason``: why a material is to be corrected; the last two: why a case was decided so."""
SAYINGS_AT_MOST: Final = 2000
"""Of one case."""


@dataclass(frozen=True)
class Saying:
    """One message. ``version`` is the case's version that brought it: their order."""

    id: str
    version: int
    lane: Lane
    text: str
    by: str
    on_behalf_of: str | None
    call_id: str | None
    at: datetime


def say(
    id: str,
    lane: Lane,
    text: str,
    who: Hand,
    *,
    said: int,
    for_applicant: bool,
    call_id: str | None,
    at: datetime,
    version: int,
) -> Saying:
    """Write a message, at the window also for the applicant, who writes on the shared lane alone.

    ``said`` is how many the case has. Refused: ``not_yours`` (who only watches, or has a part of the case; for the applicant
    anywhere but at the window, or on the staff lane), ``throttled`` (2000 in the case).
    """
    if not who.writes():
        raise Refusal(Code.NOT_YOURS)
    if for_applicant and (not who.fills or lane != "shared"):
        raise Refusal(Code.NOT_YOURS, lane=lane)
    if said >= SAYINGS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    behalf = APPLICANT if for_applicant else None
    return Saying(id, version, lane, text, who.person_id, behalf, call_id, at)
