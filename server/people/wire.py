"""Persons, sign-ins and units as HTTP takes and gives them. Shapes only."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from server.rights.person import Role
from signaling.wire.envelope import WORDS, Message

RoleName = Annotated[Role, WORDS]


class SignIn(Message):
    """Sign-in with a password. An unknown login and a wrong password are not told apart."""

    login: Annotated[
        str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"\S")
    ]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class UnitRef(Message):
    id: str
    name: str
    place: str


class WindowRef(Message):
    id: str
    name: str


class SignedIn(Message):
    """Who is signed in."""

    id: str
    login: str
    name: str
    staff_number: str
    roles: list[RoleName]
    unit: UnitRef
    window: WindowRef | None


class SessionView(Message):
    person: SignedIn
    expires_at: datetime
    must_change: bool = False
    """The password is a temporary one: nothing else is answered until it is changed."""
    idle_s: float = 0.0
    """A page that is not used for so long asks whether somebody is there; 0: never."""


class ChangePassword(Message):
    """The password that one has, and the one that counts from now on."""

    old: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    new: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class SessionsEnded(Message):
    """How many sign-ins are over with that."""

    ended: int


class BlockPerson(Message):
    reason: Annotated[str, StringConstraints(max_length=200)]


class TemporaryPassword(Message):
    """Told once; to be changed until then."""

    password: str
    until: datetime


class TokenView(Message):
    """A bearer token for a client without cookies. It is shown once; only its SHA-256 is kept."""

    token: str
    person: SignedIn
    expires_at: datetime


class RoleConflict(Message):
    """Two roles that exclude one another, of one person who has both (``held``) or may have them;
    ``allowed``: for what reason a security officer let them be."""

    first: RoleName
    second: RoleName
    allowed: str | None = None
    held: bool = True


class ExemptPerson(Message):
    first: RoleName
    second: RoleName
    reason: Annotated[str, StringConstraints(max_length=1000)]


class PersonRow(Message):
    id: str
    login: str
    name: str
    staff_number: str
    unit_id: str
    unit_name: str
    window_name: str | None
    roles: list[RoleName]
    conflicts: list[RoleConflict] = []
    active: bool


class People(Message):
    people: list[PersonRow]


class UnitRow(Message):
    id: str
    name: str
    place: str
    region_code: str
    level: str
    review_body: str = ""
    """复议机关 and ``court`` (法院) of its decisions, as its papers name them; empty where they are not known."""
    court: str = ""
    windows: list[WindowRef]
    takes: bool = False
    """Whether it has an item in use of the name that was asked about."""
    on_duty: int = 0
    """How many of its approvers are on duty; counted where an item was asked about."""


class Units(Message):
    units: list[UnitRow]
