"""What of a case's events a page may do from their declarations alone: the table of its reducer.

An event's arm is ``into``, ``sets`` and ``takes`` as ``server.rights.seen`` explains them. It is told where they
are its whole meaning; the page does every other event by hand.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args, get_origin

from server.rights.seen import Put
from signaling.wire.envelope import Event

Arm = dict[str, dict[str, str]]
"""``puts``, ``sets`` and ``takes``, each from a member of the case to the member of the event."""


def arms(case: Any, events: Iterable[type[Event]]) -> dict[str, Arm]:
    """The arm of each event, by its ``type``, whose declaration says all that it changes in ``case``.

    Left out: what has an ``also`` or declares nothing; what brings many things, or perhaps none, or one
    without an ``id``, or one into a map: the declaration names no other key.
    """
    return {
        event.model_fields["type"].default: arm for event in events if (arm := _arm(case, event))
    }


def _arm(case: Any, event: type[Event]) -> Arm | None:
    puts: Collection[Put] = getattr(event, "into", ())
    sets: Mapping[str, str] = getattr(event, "sets", {})
    takes: Mapping[str, str] = getattr(event, "takes", {})
    whole = (
        not getattr(event, "also", ())
        and all(
            event.model_fields[put.member].annotation is _known_by_id(case, put.of) for put in puts
        )
        and all(_known_by_id(case, of) for of in takes)
    )
    told = {
        "puts": {put.of: put.member for put in puts},
        "sets": dict(sets),
        "takes": dict(takes),
    }
    return {how: members for how, members in told.items() if members} if whole else None


def _known_by_id(case: Any, member: str) -> Any:
    """The shape of the things in this list of the case; None for what is no list, or one of things without an id."""
    annotation = case.model_fields[member].annotation
    shape = get_args(annotation)[0] if get_origin(annotation) is list else None
    return shape if "id" in getattr(shape, "model_fields", ()) else None
