"""How a thing of the rules becomes its shape of the wire: member by member, with people as context.

A shape is the list of what may leave; what the thing has besides stays here. Shapes only: no rights, no
rules, no storage.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar, get_args, get_origin

from signaling.wire.envelope import Message, PersonRef

S = TypeVar("S", bound=Message)
T = TypeVar("T")
People = Mapping[str, PersonRef]


@dataclass(frozen=True)
class _Plan:
    """What is done for each member of a shape, worked out once."""

    names: tuple[str, ...]
    sources: tuple[str, ...]
    persons: tuple[str, ...]
    inner: tuple[tuple[str, "Filled[Any, Any]"], ...]
    lists: frozenset[str]
    plain_lists: tuple[str, ...]

    @cached_property
    def read(self) -> Callable[[Any], tuple[Any, ...]]:
        """All sources of a thing at once."""
        found = attrgetter(*self.sources)
        return found if len(self.sources) > 1 else lambda thing: (found(thing),)


@dataclass(frozen=True)
class Filled(Generic[S, T]):
    """``shape`` filled from a dataclass: a person by his id, anything else by its own name.

    ``inner`` fills members that are shapes themselves, ``named`` tells what a member is called in the thing,
    ``beside`` are members that the caller gives.
    """

    shape: type[S]
    of: type[T]
    inner: Mapping[str, "Filled[Any, Any]"] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    beside: frozenset[str] = frozenset()

    def __call__(self, thing: T, people: People, **beside: Any) -> S:
        """The shape of this thing; ``people`` has everybody whom it names."""
        plan = self._plan
        told = dict(zip(plan.names, plan.read(thing), strict=True))
        for name in plan.persons:
            told[name] = people[told[name]] if told[name] else None
        for name, inner in plan.inner:
            if (value := told[name]) is not None:
                listed = name in plan.lists
                told[name] = (
                    [inner(one, people) for one in value] if listed else inner(value, people)
                )
        for name in plan.plain_lists:
            told[name] = list(told[name])
        return self.shape(**told, **beside)

    @cached_property
    def _plan(self) -> "_Plan":
        members = {
            name: one.annotation
            for name, one in self.shape.model_fields.items()
            if name not in self.beside
        }
        lists = frozenset(name for name, one in members.items() if get_origin(one) is list)
        return _Plan(
            names=tuple(members),
            sources=tuple(self.named.get(name, name) for name in members),
            persons=tuple(
                name for name, one in members.items() if PersonRef in (one, *get_args(one))
            ),
            inner=tuple((name, self.inner[name]) for name in members if name in self.inner),
            lists=lists,
            plain_lists=tuple(sorted(lists - self.inner.keys())),
        )

    def faults(self) -> Iterator[str]:
        """What of the shape nothing fills, and what is named in vain; nothing when it is whole."""
        there = {one.name for one in fields(self.of)} | vars(self.of).keys()  # type: ignore[arg-type]
        known = self.shape.model_fields.keys()
        for name, source in zip(self._plan.names, self._plan.sources, strict=True):
            if source not in there:
                yield f"{self.shape.__name__}.{name}: {self.of.__name__} has no {source}"
            holds = next(_held(self.shape, name), None)
            if holds is not None and holds is not PersonRef and name not in self.inner:
                yield f"{self.shape.__name__}.{name}: nothing fills {holds.__name__}"
        for name in {*self.inner, *self.named, *self.beside} - known:
            yield f"{self.shape.__name__} has no {name}"


def _held(shape: type[Message], member: str) -> Iterator[type[Message]]:
    """The shapes that a member holds, or holds many of."""
    todo: list[Any] = [shape.model_fields[member].annotation]
    for one in todo:
        todo += get_args(one)
        if isinstance(one, type) and issubclass(one, Message):
            yield one
