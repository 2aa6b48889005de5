"""What was stored by an older revision is still read: its events reach every audience, their shape only grows."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from server.projection import project
from server.rights.hand import CASE_AUDIENCES
from signaling.subjects import CALL_AUDIENCES, rung_as
from signaling.wire.envelope import StoredEvent
from tests.kit import dumps, kept_events


def test_a_stored_event_only_grows() -> None:
    today = kept_events.of_today()
    assert kept_events.narrowed(kept_events.kept(), today) == []
    assert kept_events.kept() == today, "`make schema` writes the grown shapes down"


CHANGED: dict[str, tuple[str, tuple[str, ...], Any]] = {
    "a member goes": ("del", ("Applicant", "properties", "phone"), None),
    "a member must be there now": ("add", ("Applicant", "required"), "credit_code"),
    "a new member has no default": ("add", ("Applicant", "required"), "birthday"),
    "a word goes": ("cut", ("MaterialView", "properties", "state", "enum"), None),
    "another type": ("set", ("Applicant", "properties", "name", "type"), "integer"),
    "null goes": ("cut", ("Applicant", "properties", "credit_code", "anyOf"), None),
    "a limit comes": ("set", ("Applicant", "properties", "name", "maxLength"), 5),
    "a pattern comes": ("set", ("Applicant", "properties", "phone", "pattern"), "^1"),
    "a dictionary takes less": (
        "set",
        ("CaseView", "properties", "fields", "additionalProperties"),
        {"type": "string"},
    ),
}


@pytest.mark.parametrize("how", CHANGED)
def test_a_shape_that_would_not_read_what_is_stored_is_told(how: str) -> None:
    act, (*place, last), value = CHANGED[how]
    old = kept_events.of_today()
    new = deepcopy(old)
    found = new["$defs"]
    for name in place:
        found = found[name]
    match act:
        case "del":
            del found[last]
            if last in new["$defs"]["Applicant"]["required"]:
                new["$defs"]["Applicant"]["required"].remove(last)
        case "add":
            found[last].append(value)
        case "cut":
            found[last].pop()
        case _:
            assert last not in found or found[last] != value
            found[last] = value
    assert kept_events.narrowed(old, new), how
    if act == "cut" or how.endswith(" comes"):
        assert kept_events.narrowed(new, old) == [], "growing is allowed"


def test_events_of_each_revision_reach_every_audience_and_a_member_of_a_later_one_is_no_reason_to_stop() -> (
    None
):
    seen: set[str] = set()
    for revision in dumps.revisions():
        for row in dumps.read(revision).rows["events"]:
            body = json.loads(row["body"])
            later = body | {"of_later": 1}
            for name in ("call", "case", "material", "comment", "proposal", "decision"):
                if isinstance(body.get(name), dict):
                    later[name] = body[name] | {"of_later": {"more": []}}
            kind = row["subject"].partition(":")[0]
            audiences = (
                [*CASE_AUDIENCES] if kind == "case" else [*CALL_AUDIENCES, rung_as("nobody")]
            )
            for audience in audiences:
                one, other = (
                    project(
                        StoredEvent(
                            row["subject"], row["version"], row["type"], told, {}, datetime.now(UTC)
                        ),
                        audience,
                    )
                    for told in (body, later)
                )
                one["at"] = other["at"]
                assert one == other, (revision, row["type"], audience)
                seen.add(one["type"])
    stored = {*kept_events.kept()["events"]}
    assert len(stored & seen) >= 20, stored - seen
