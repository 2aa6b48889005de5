"""Who sees what of a case: declared beside each fact, asked for its event and for the whole case alike.

A shape says who may see one such thing, where it lies and what is masked (``seen``); an event says which
members of the case it changes: ``into`` (a thing of its own goes there), ``sets`` (a member becomes one of its
own), ``takes`` (things with these ids go), ``also`` (something follows from it), ``about`` (the places between
which it moves something). An event is seen as the thing that it brings
is seen in the case, so the law (old snapshot + projected events = new snapshot) needs no second rule.
Pure: no clock, no case to look things up in. What a rule asks for stands in the thing, or beside it in the
event, and never changes while the thing lives; where it can (a file on another line), the event parts the
audience. ``faults`` tells declarations that could break the law.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final, TypeVar, cast, get_args

from server.rights.hand import CASE_AUDIENCES as CASE_AUDIENCES
from server.rights.hand import EVERYWHERE as EVERYWHERE
from server.rights.hand import Part, Reader, TaskScope
from signaling.wire.envelope import Event, Message, Skipped

SCOPED: Final = "task"
AudienceSide = Reader
"""``task``: a unit that does one part of a case and sees what that part needs."""
EVERY_SIDE: Final[frozenset[AudienceSide]] = frozenset(CASE_AUDIENCES)
STAFF: Final = EVERY_SIDE - {"applicant"}
UNMASKED: Final[frozenset[AudienceSide]] = frozenset({"window", "applicant"})
"""The applicant reads his own data, at the window that he gave them to."""
_E = TypeVar("_E", bound=Event)


@dataclass(frozen=True, slots=True)
class Audience(Part):
    """All who get the same of a case; a value, so that it can name their room."""

    side: AudienceSide
    unit_id: str = ""
    scope: TaskScope | None = None

    @property
    def room(self) -> str:
        """The word by which sockets of this audience are known: its side, or what its unit may see, whole, so that
        every node makes the same audience of it (``of_room``)."""
        return self.side if self.scope is None else _room(self.scope)

    @property
    def told(self) -> Reader:
        """The word by which a page is told what it reads as."""
        return self.side

    def over(self, at: datetime) -> bool:
        """Whether it sees nothing more of what happens at that time."""
        return self.scope is not None and self.scope.until is not None and at >= self.scope.until


SIDES: Final[Mapping[str, Audience]] = {side: Audience(side) for side in CASE_AUDIENCES}


def tasked(scope: TaskScope) -> Audience:
    """The audience of a unit's tasks in a case."""
    return Audience("task", scope.unit_id, scope)


def of_room(room: str) -> Audience | None:
    """The audience of that word; None for one that reads no cases."""
    return _scoped(room) if room.startswith(f"{SCOPED}:") else SIDES.get(room)


@cache
def _room(scope: TaskScope) -> str:
    until = scope.until.isoformat() if scope.until else None
    told = [scope.unit_id, sorted(scope.lines), sorted(scope.fields), until]
    return f"{SCOPED}:{json.dumps(told, separators=(',', ':'))}"


@lru_cache(maxsize=1024)
def _scoped(room: str) -> Audience:
    unit_id, lines, fields, until = json.loads(room.partition(":")[2])
    ends = datetime.fromisoformat(until) if until else None
    return tasked(TaskScope(unit_id, frozenset(lines), frozenset(fields), ends))


@dataclass(frozen=True)
class Seen:
    """Who may see one thing, and how."""

    to: Collection[AudienceSide] = EVERY_SIDE
    when: Callable[[Any, AudienceSide], bool] | None = None
    at: Callable[[Any], str] | None = None
    """Its place. Without one no scope sees it: what nobody thought of stays hidden."""
    cut: Callable[[Any, TaskScope], Any] | None = None
    """What a scope sees of a thing that has places within."""
    masks: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    blank: Mapping[AudienceSide, Mapping[str, Any]] = field(default_factory=dict)
    """The members that a side gets as these values; for ``task`` whatever may lead out of its scope."""


@dataclass(frozen=True)
class Put:
    """The event's ``member`` goes into ``of`` of the case, over the one with its key, or behind them all."""

    of: str
    member: str
    place: Callable[[Any], str] | None = None
    """Asked of the event, where the thing cannot tell its place."""


def sees(rule: Seen, thing: Any, audience: Audience, place: str = "") -> bool:
    """Whether this audience sees the thing at all. It is asked of what has left the house and of what has not
    alike: a file that is read, a copy, a paper, by the rule of the shape that tells of them."""
    side, scope = audience.side, audience.scope
    if scope is None:
        if side not in rule.to:
            return False
    elif rule.cut is None and not scope.sees(place or (rule.at(thing) if rule.at else "")):
        return False
    return rule.when is None or rule.when(thing, side)


def said(rule: Seen, member: str, value: str, audience: Audience) -> str:
    """A member of a thing that this audience sees, masked where it sees it so."""
    mask = rule.masks.get(member)
    return value if mask is None or audience.side in UNMASKED else str(mask(value))


def see(thing: Any, audience: Audience, *, sensitive: bool = True, place: str = "") -> Any:
    """The thing as this audience sees it; None: not at all. ``sensitive``: what it masks is so here."""
    rule: Seen = type(thing).seen
    side, scope = audience.side, audience.scope
    if scope is not None and rule.cut is not None:
        thing = rule.cut(thing, scope)
    if not sees(rule, thing, audience, place):
        return None
    update = dict(rule.blank.get(side, {}))
    if rule.masks and sensitive and side not in UNMASKED:
        for name, mask in rule.masks.items():
            whole = getattr(thing, name)
            if (masked := mask(whole)) != whole:
                update[name] = masked
    return thing.model_copy(update=update) if update else thing


def see_event(event: _E, audience: Audience, case: type[Message]) -> _E | Skipped:
    """The event as this audience may see it; ``case`` is the shape of the whole."""
    declared, scope = _declared(type(event), case), audience.scope
    if audience.over(event.at) or (scope and not declared.scoped):
        return skipped(event)
    if scope and declared.about and not all(scope.sees(at) for at in declared.about(event)):
        return skipped(event)
    sensitive = event.sensitive if declared.marked else True  # type: ignore[attr-defined]
    told = dict[str, Any]()
    for put in declared.puts:
        thing, at = getattr(event, put.member), put.place(event) if put.place else ""
        if isinstance(thing, list):
            whole, thing = (
                thing,
                [see(one, audience, sensitive=sensitive, place=at) for one in thing],
            )
            thing = [one for one in thing if one is not None]
            if thing != whole:
                told[put.member] = thing
        elif thing is not None:
            seen = see(thing, audience, sensitive=sensitive, place=at)
            if seen is None:
                return skipped(event)
            if seen is not thing:
                told[put.member] = seen
        elif put is declared.puts[0] and (scope or audience.side not in declared.to):
            return skipped(event)
    for member in declared.ruled:
        thing = getattr(event, member)
        if thing is not None and (seen := see(thing, audience)) is not thing:
            told[member] = seen
    return event.model_copy(update=told) if told else event


def see_members(
    case: Any,
    audience: Audience,
    sensitive: Callable[[str], bool],
    places: Mapping[str, Callable[[Any], str]],
) -> dict[str, Any]:
    """The members of the case that this audience sees otherwise than they are.

    ``sensitive`` is asked of the path of a field; ``places`` of a member whose things cannot tell theirs.
    """
    told, shape = dict[str, Any](), cast(Any, type(case))
    for name, rule, named in _ruled(shape):
        value, at = getattr(case, name), places.get(name)
        if rule is None:
            if audience.scope and name not in shape.open:
                told[name] = [] if isinstance(value, list) else None
        elif isinstance(value, dict):
            pairs = {
                path: see(one, audience, sensitive=sensitive(path), place=f"field:{path}")
                for path, one in value.items()
            }
            told[name] = {path: one for path, one in pairs.items() if one is not None}
        elif isinstance(value, list):
            seen = [
                see(
                    one,
                    audience,
                    sensitive=sensitive(one.field) if named else True,
                    place=at(one) if at else "",
                )
                for one in value
            ]
            told[name] = [one for one in seen if one is not None]
        elif value is not None:
            told[name] = see(value, audience)
    return told


def crosses(event: Event, audience: Audience) -> bool:
    """Whether the event takes something over the border of what the audience sees: its pages open anew."""
    about: Callable[[Any], Collection[str]] | None = getattr(type(event), "about", None)
    if audience.scope is None or about is None:
        return False
    sees = {audience.scope.sees(at) for at in about(event)}
    return len(sees) > 1


def skipped(event: Event) -> Skipped:
    """What holds the place of this event."""
    return Skipped(subject=event.subject, version=event.version, at=event.at)


def everywhere(_: Any) -> str:
    """The place of what each scope sees."""
    return EVERYWHERE


def faults(case: Any, events: Iterable[type[Event]]) -> Iterator[str]:
    """Why these declarations could break the law; nothing when they keep it."""
    for event in events:
        puts: tuple[Put, ...] = getattr(event, "into", ())
        sets: Mapping[str, str] = getattr(event, "sets", {})
        also: Collection[str] = getattr(event, "also", ())
        takes: Mapping[str, str] = getattr(event, "takes", {})
        for of in [*(put.of for put in puts), *sets, *takes, *also]:
            if of not in case.model_fields:
                yield f"{event.__name__} changes {of}, which a case has not got"
        for member in [*(put.member for put in puts), *sets.values(), *takes.values()]:
            if member not in event.model_fields:
                yield f"{event.__name__} has no {member}"
        for put in puts:
            if shape_of(event, put.member) is not shape_of(case, put.of):
                yield f"{event.__name__} puts into {put.of} what is no such thing"
        if len({_open(case, of) for of in sets}) > 1:
            yield f"{event.__name__} sets members of which a scope sees some: make it two events"
        hidden = any(not _open(case, put.of) for put in puts)
        if hidden and (told := sorted(of for of in [*sets, *also] if _open(case, of))):
            yield f"{event.__name__} may be skipped for a scope that sees {told} change with it"


@dataclass(frozen=True)
class _Declared:
    puts: tuple[Put, ...]
    to: frozenset[AudienceSide]
    """The sides that see what the first of them brings."""
    ruled: tuple[str, ...]
    """The members that it sets and that are shapes with a rule."""
    marked: bool
    scoped: bool
    """Whether it can be of use to a scope."""
    about: Callable[[Any], Collection[str]] | None
    """The places between which it moves something."""


@cache
def _declared(event: type[Event], case: type[Message]) -> _Declared:
    puts: tuple[Put, ...] = getattr(event, "into", ())
    sets: Mapping[str, str] = getattr(event, "sets", {})
    return _Declared(
        puts=puts,
        to=frozenset(shape_of(event, puts[0].member).seen.to) if puts else EVERY_SIDE,
        ruled=tuple(member for member in sets.values() if hasattr(shape_of(event, member), "seen")),
        marked="sensitive" in event.model_fields,
        scoped=bool(puts)
        or hasattr(event, "takes")
        or (bool(sets) and all(_open(case, of) for of in sets)),
        about=getattr(event, "about", None),
    )


@cache
def _ruled(case: Any) -> tuple[tuple[str, Seen | None, bool], ...]:
    """Each member of a case, its rule, and whether its things name their field."""
    shapes = {name: shape_of(case, name) for name in case.model_fields}
    return tuple(
        (name, getattr(one, "seen", None), "field" in getattr(one, "model_fields", ()))
        for name, one in shapes.items()
    )


def shape_of(model: type[Message], member: str) -> Any:
    """The message class that a member holds, or holds many of; None for plain values."""
    todo: list[Any] = [model.model_fields[member].annotation]
    for one in todo:
        todo += get_args(one)
    return next((one for one in todo if hasattr(one, "model_fields")), None)


def _open(case: Any, member: str) -> bool:
    """Whether every scope sees this member of the case, whatever stands in it."""
    rule: Seen | None = getattr(shape_of(case, member), "seen", None)
    return bool(rule.cut or rule.at is everywhere) if rule else member in case.open
