"""From which side of a case a person acts, on whose behalf, and who reads it."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Side = Literal["window", "approver", "third", "supervisor"]
"""``third``: a unit that was invited into the live call; reads, says and comments, no more."""
CaseAudience = Literal[Side, "applicant"]
"""The sides, and the applicant, for whom a clerk of the window turns the screen."""
CASE_AUDIENCES: Final[tuple[CaseAudience, ...]] = get_args(CaseAudience)
Audience = Literal[CaseAudience, "party", "rung"]
"""Who reads: the first five read cases, the supervisor and the last two read calls."""
APPLICANT: Final = "applicant"
"""On whose behalf the window enters values."""


@dataclass(frozen=True)
class Hand:
    """Who acts, and from which side of the case."""

    person_id: str
    side: Side
