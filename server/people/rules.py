"""What a rule needs to know of a unit. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Authority:
    """A unit that may decide, as it is named to people; ``approvers`` is how many it has."""

    id: str
    name: str
    place: str
    approvers: int
