"""The envelope of every message: commands, acks, events and whom they name.

Every message is a frozen model that refuses unknown fields and is told apart by
``type``. Commands are imperative and carry an ``id`` made by the page; events are
past tense and carry the next ``version`` of their ``subject``; ephemerals are
never stored. ``case.*`` and ``material.*`` live in ``server.case.wire`` and are
registered with the gateway. Snake case on the wire and in TypeScript alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""An opaque id: 8 to 64 of A-Z a-z 0-9 _ -. Ours are 22 characters of base64url (128 random bits)."""


class _Words:
    """Beside an enum of words: the schema tells them where they stand, and not under a name of their own."""

    def __get_pydantic_core_schema__(self, of: Any, _: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.enum_schema(of, list(of), sub_type="str")

    def __get_pydantic_json_schema__(self, schema: Any, _: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"enum": [one.value for one in schema["members"]], "type": "string"}


WORDS: Final = _Words()


class Message(BaseModel):
    """Base of all wire models: immutable, and an unknown field is refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


_M = TypeVar("_M", bound=Message)


def holds_nul(told: object) -> bool:
    """Whether a text anywhere in what was told holds U+0000, which no database keeps as text."""
    left: list[object] = [told]
    while left:
        match left.pop():
            case str() as text:
                if "\0" in text:
                    return True
            case Mapping() as members:
                left += [*members.keys(), *members.values()]
            case list() as several:
                left += several
            case _:
                pass
    return False


class Who(Protocol):
    """Who asks, passed through as it came from the authentication; only these two are looked at."""

    @property
    def person_id(self) -> str: ...
    @property
    def session_id(self) -> str: ...


class Command(Message):
    """Something a page asks for. ``id`` is made by the page; a repeat returns the stored ack."""

    id: Id


class Ack(Message):
    """Answer to a command. ``result`` is filled when ``ok``; the rest when refused (RFC 9457 members)."""

    ok: bool
    result: dict[str, Any] = {}
    code: str | None = None
    title: str | None = None
    details: dict[str, Any] = {}
    reference: str | None = None


class PersonRef(Message):
    """A member of staff as others see him: applicants always see who speaks (name, unit, staff number)."""

    id: str
    name: str
    staff_number: str
    unit_id: str
    unit_name: str
    place: str
    """Short place for the line between two places, e.g. 济南市中 or 青岛西海岸."""
    window_name: str | None = None


class Event(Message):
    """Something that happened. ``version`` is the next one of ``subject``; a gap means: ask for a snapshot."""

    subject: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the outbox keeps it: once, whole. ``body`` is the event's JSON, never sent unprojected.

    ``people`` names whose sockets watch the subject from now on, with their audience.
    """

    subject: str
    version: int
    type: str
    body: dict[str, Any]
    people: dict[str, str]
    at: datetime


def recall(model: type[_M], kept: Mapping[str, Any]) -> _M:
    """The message that was stored as this JSON, by whichever revision wrote it.

    What is stored outlives its shape: a member that this revision does not know is left out, and one
    that the writer did not know has its default. ValidationError for anything else: a stored shape
    only grows (``tests/server/test_kept_events.py``).
    """
    return model.model_validate(kept, extra="ignore")


class Skipped(Event):
    """Holds the place of an event that this audience may not see."""

    type: Literal["skipped"] = "skipped"


BEAT_EVERY_S = 2.0
"""How often the server sends the beat that every page answers; the other times stand in ``call.Patience``."""
