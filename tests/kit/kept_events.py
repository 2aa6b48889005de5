"""The schema of every stored event: `python -m tests.kit.kept_events` writes it, when it has only grown.

What is stored outlives its shape, so the shape of an event only grows: no member is removed, renamed
or narrowed, a new one has a default that means "not known then", and so does each word that is no
longer written: it is still read. ``narrowed`` tells what breaks this, by place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from server.calls import wire as call
from server.case.wire import messages
from server.shapes import untitle
from signaling.wire import messages as signaling_messages

KEPT: Final = Path(__file__).parents[1] / "server" / "dumps" / "events.json"
_LEAST: Final = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_MOST: Final = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_SAME: Final = ("pattern", "format", "uniqueItems", "multipleOf")

Json = dict[str, Any]


def of_today() -> Json:
    """``{"events": {type: schema}, "$defs": {…}}``, as the store is read; descriptions and titles left out."""
    models = [
        one
        for one in (*signaling_messages.EVENTS, *call.EVENTS, *messages.EVENTS)
        if "type" in one.model_fields
    ]
    refs, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    events = {model.model_fields["type"].default: refs[model, "validation"] for model in models}
    told = {"events": dict(sorted(events.items())), "$defs": dict(sorted(schema["$defs"].items()))}
    untitle(told)
    _undescribe(told)
    return told


def kept() -> Json:
    """What the newest landed revision wrote down."""
    told: Json = json.loads(KEPT.read_text())
    return told


def narrowed(old: Json, new: Json) -> list[str]:
    """What of ``old`` could be stored and ``new`` would not read whole, by place; empty: it only grew."""
    return [
        line
        for name, schema in old["events"].items()
        for line in (
            _Reading(old["$defs"], new["$defs"]).less(name, schema, new["events"][name])
            if name in new["events"]
            else [f"{name} is gone"]
        )
    ]


class _Reading:
    """One comparison; a pair of definitions that is being compared counts as equal within itself."""

    def __init__(self, old: Mapping[str, Json], new: Mapping[str, Json]) -> None:
        self._old, self._new = old, new
        self._under: set[tuple[str, str]] = set()

    def less(self, place: str, old: Json, new: Json) -> Iterator[str]:
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old or "$ref" in new:
            if pair in self._under:
                return
            self._under.add(pair)
        old, new = _found(old, self._old), _found(new, self._new)
        before, after = _ways(old), _ways(new)
        if before is None and after is None:
            yield from self._plain(place, old, new)
            return
        for one in before or [old]:
            if not any(not [*self._copy().less(place, one, other)] for other in after or [new]):
                lines = [*self._copy().less(place, one, (after or [new])[0])]
                yield lines[0] if len(after or [new]) == 1 else f"{place} no longer takes {one}"

    def _copy(self) -> _Reading:
        one = _Reading(self._old, self._new)
        one._under = set(self._under)
        return one

    def _plain(self, place: str, old: Json, new: Json) -> Iterator[str]:
        words, taken = _words(old), _words(new)
        if taken is not None:
            if words is None or not set(map(str, words)) <= set(map(str, taken)):
                gone = (
                    "any other"
                    if words is None
                    else sorted({*map(str, words)} - {*map(str, taken)})
                )
                yield f"{place} no longer takes {gone}"
            return
        if new.get("type") not in (None, old.get("type")) and not (
            old.get("type") == "integer" and new.get("type") == "number"
        ):
            yield f"{place} was {old.get('type')} and is {new.get('type')}"
            return
        if words is None:
            for name in _SAME:
                if name in new and new[name] != old.get(name):
                    yield f"{place} has another {name}"
            for name in _LEAST:
                if name in new and not old.get(name, float("-inf")) >= new[name]:
                    yield f"{place} has a greater {name}"
            for name in _MOST:
                if name in new and not old.get(name, float("inf")) <= new[name]:
                    yield f"{place} has a smaller {name}"
        yield from self._members(place, old, new)

    def _members(self, place: str, old: Json, new: Json) -> Iterator[str]:
        for name, schema in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self.less(f"{place}.{name}", schema, new["properties"][name])
            else:
                yield f"{place}.{name} is gone"
        for name in sorted({*new.get("required", [])} - {*old.get("required", [])}):
            if name in old.get("properties", {}):
                yield f"{place}.{name} has no default any more"
            else:
                yield f"{place}.{name} is new and has no default"
        for name in ("items", "additionalProperties", "propertyNames"):
            here, there = old.get(name), new.get(name)
            if isinstance(here, dict) and isinstance(there, dict):
                yield from self.less(f"{place}[{name}]", here, there)
            elif isinstance(there, dict) and "properties" not in old:
                yield f"{place} has {name} that it had not"
        first, then = old.get("prefixItems", []), new.get("prefixItems", [])
        if then and len(first) != len(then):
            yield f"{place} has {len(then)} places and had {len(first)}"
        for at, (here, there) in enumerate(zip(first, then, strict=False)):
            yield from self.less(f"{place}[{at}]", here, there)


def _found(schema: Json, definitions: Mapping[str, Json]) -> Json:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema


def _ways(schema: Json) -> list[Json] | None:
    found: list[Json] | None = schema.get("anyOf") or schema.get("oneOf")
    return found


def _words(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _undescribe(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            del node["description"]
        for value in node.values():
            _undescribe(value)
    elif isinstance(node, list):
        for value in node:
            _undescribe(value)


def main() -> None:
    """Write the schema of today, unless something that is stored could no longer be read."""
    new = of_today()
    lines = narrowed(kept(), new) if KEPT.exists() else []
    if lines:
        sys.exit("\n".join(["Stored events could no longer be read:", *lines]))
    KEPT.write_text(json.dumps(new, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
