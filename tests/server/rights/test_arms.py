"""The table of the page's reducer: an event is in it when its declaration is its whole meaning."""

from typing import ClassVar, Literal

from server.case.wire import decision, form, messages, talk
from server.case.wire.view import CaseView
from server.rights.arms import arms
from server.rights.seen import Put
from signaling.wire.envelope import Event


def test_what_follows_from_an_event_or_has_another_key_is_done_by_hand() -> None:
    known = {one.model_fields["type"].default for one in messages.EVENTS}
    by_hand = {"case.created", "case.edited", "case.proposal_closed", "case.decided", "case.shown"}
    by_hand |= {"case.referred", "material.changed", "material.moved", "case.tasked"}
    by_line_and_point = {"case.promised", "case.checked"}
    assert known - arms(CaseView, messages.EVENTS).keys() == by_hand | by_line_and_point


def test_an_arm_names_the_members_of_case_and_event() -> None:
    told = arms(CaseView, messages.EVENTS)
    assert told["case.submitted"] == {"sets": {"number": "number", "submission": "submission"}}
    assert told["handover.changed"] == {"puts": {"handovers": "handover"}}
    assert told["case.drawings_cleared"] == {"takes": {"drawings": "ids"}}


def test_what_the_declaration_leaves_open_gets_no_arm() -> None:
    class Plain(Event):
        into: ClassVar = (Put("sayings", "saying"),)
        type: Literal["plain"] = "plain"
        saying: talk.Saying

    class Many(Plain):
        saying: list[talk.Saying]  # type: ignore[assignment]

    class Perhaps(Plain):
        saying: talk.Saying | None  # type: ignore[assignment]

    class Along(Plain):
        also: ClassVar = ("state",)

    class Map(Event):
        into: ClassVar = (Put("fields", "field_state"),)
        type: Literal["map"] = "map"
        field_state: form.FieldState

    class Keyed(Event):
        into: ClassVar = (Put("checks", "check"),)
        type: Literal["keyed"] = "keyed"
        check: decision.Check

    class Taken(Event):
        takes: ClassVar = {"checks": "ids"}
        type: Literal["taken"] = "taken"
        ids: list[str]

    assert arms(CaseView, [Plain]) == {"plain": {"puts": {"sayings": "saying"}}}
    for open_ in (Many, Perhaps, Along, Map, Keyed, Taken):
        assert arms(CaseView, [open_]) == {}, open_.__name__
