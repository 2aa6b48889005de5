"""How the subjects of the live call are spelt, and who watches them as what.

A subject is a noun, a colon and an id: what is locked, versioned and watched together. With an empty
id a spelling is what all subjects of that noun begin with. Knows no subject of a case; those that the
server adds stand in ``server.rights.subjects``.
"""

from enum import StrEnum
from typing import Final

PRESENCE: Final = "presence"
"""The audience of ``unit:<id>``, and of ``missed:<window id>:<unit id>``."""
PARTY: Final = "party"
"""The audience of ``call:<id>`` of those who sit in it."""
ADVISED: Final = "advised"
"""Of ``call:<id>``, the approver, who alone knows of who whispers to him; he reads calls as the parties do."""
SUPERVISOR: Final = "supervisor"
"""Of ``call:<id>`` and ``monitored:<unit id>``, those who may know of whoever follows a call."""
RUNG: Final = "rung"
"""Of ``call:<id>``: a rung person's audience is his own, ``rung:<person id>`` (``rung_as``)."""
CALL_AUDIENCES: Final = frozenset({PARTY, ADVISED, SUPERVISOR})
"""Those who read a call whole."""


class Availability(StrEnum):
    """What others see of a desk; ``busy`` is in a call."""

    FREE = "free"
    RINGING = "ringing"
    BUSY = "busy"
    AWAY = "away"


def of_call(call_id: str) -> str:
    return f"call:{call_id}"


def of_person(person_id: str) -> str:
    return f"person:{person_id}"


def of_unit(unit_id: str) -> str:
    """A unit; watched by those who want to know who is on duty there."""
    return f"unit:{unit_id}"


def of_monitor(monitor_id: str) -> str:
    """A time in which a supervisor followed a call; no subject of its own, named in entries."""
    return f"monitor:{monitor_id}"


def of_invite(invite_id: str) -> str:
    """An invitation into a call; named in entries as ``of_monitor``."""
    return f"invite:{invite_id}"


def of_monitored(unit_id: str) -> str:
    """The live calls of a unit, as its supervisors watch them."""
    return f"monitored:{unit_id}"


def of_missed(desks: str) -> str:
    """The missed calls of these desks, by the name that the roster gives them."""
    return f"missed:{desks}"


def rung_as(person_id: str) -> str:
    """The audience of a call that a rung person is alone."""
    return f"{RUNG}:{person_id}"


def watched_as(subject: str, audience: str) -> str:
    """Those who watch a subject as an audience, as nodes name them to each other on the bus."""
    return f"{subject} {audience}"


def id_of(subject: str) -> str:
    """What stands behind the noun of a subject."""
    return subject.partition(":")[2]
