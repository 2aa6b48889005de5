"""What the applicant says of a service afterwards (好差评): five levels, in his own words or none.

One service is one call about his case that was answered and has ended. He rates it once and may
add to it once (追评), within RATED_WITHIN; nobody has to. A bad one says why. What he says is his:
the window sees neither that he rates nor what. Pure. (国办发〔2019〕51号; GB/T 39734-2020)
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from server.rights.hand import Hand
from server.standards.codes import Satisfaction
from signaling.refusals import Code, Refusal

RATED_WITHIN: Final = timedelta(days=7)
"""After the end of the call. Regions set other days; this is the one that was found [B]."""
TIMES_AT_MOST: Final = 2
"""The rating, and what is added to it."""

Reason = Literal["waiting", "attitude", "unclear", "repeated", "picture", "other"]
"""Waited too long; the manner; not explained clearly; asked for the same again; picture or sound
was bad; something else."""
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


@dataclass(frozen=True)
class Rating:
    """``number`` is 1, or 2 for what was added; ``version`` is the case's when it was given."""

    id: str
    call_id: str
    number: int
    version: int
    level: Satisfaction
    reasons: tuple[Reason, ...]
    text: str
    at: datetime
    by: str
    """The member of staff at whose window the screen stands; the words are the applicant's."""


def rate(
    id: str,
    call_id: str,
    level: Satisfaction,
    reasons: Collection[Reason],
    text: str,
    who: Hand,
    *,
    given: Sequence[Rating],
    answered: bool,
    ended_at: datetime | None,
    at: datetime,
    version: int,
) -> Rating:
    """A rating of the call, or what is added to the one before.

    ``given`` are the ratings of this call so far. Refused, in this order: ``not_yours`` (not at
    the window), ``call_running``, ``rating_closed`` (nobody answered, it was added to already, or
    too long ago), ``reason_missing`` (a bad one without a reason and without words).
    """
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if ended_at is None:
        raise Refusal(Code.CALL_RUNNING)
    if not answered or len(given) >= TIMES_AT_MOST or at - ended_at > RATED_WITHIN:
        raise Refusal(Code.RATING_CLOSED)
    if level.bad and not reasons and not text.strip():
        raise Refusal(Code.REASON_MISSING)
    ordered = tuple(one for one in REASONS if one in reasons)
    number = len(given) + 1
    return Rating(id, call_id, number, version, level, ordered, text.strip(), at, who.person_id)
