"""Who sees what is declared beside each fact: the declarations keep the law, and a scope grows and ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from server.case import rows as case_rows
from server.case import views
from server.case.projection import project_case, to_all
from server.case.rows.papers import Paper
from server.case.rules.materials.material import Material
from server.case.wire import form, messages, showing, talk, words
from server.case.wire.materials import MaterialView
from server.case.wire.signing import PaperView
from server.case.wire.view import CaseView
from server.catalogue.rules.item import OTHER_LINE
from server.projection import parted, project
from server.rights.seen import (
    SIDES,
    Audience,
    Put,
    Seen,
    TaskScope,
    faults,
    said,
    see,
    sees,
    shape_of,
)
from signaling.wire.envelope import Event
from tests.kit import reducers
from tests.kit.casework import APPROVER, CLERK, VALUES, Office
from tests.kit.stores import SQLITE_ALONE

SCOPE: Final = TaskScope("task-1", frozenset({"identity"}), frozenset({"new_principal"}))
TASK: Final = Audience("task", "unit-x", SCOPE)


def test_the_declarations_keep_the_law() -> None:
    assert [*faults(CaseView, messages.EVENTS)] == []


def test_each_thing_that_an_event_brings_says_who_sees_it() -> None:
    for event in messages.EVENTS:
        for put in getattr(event, "into", ()):
            assert isinstance(shape_of(event, put.member).seen, Seen), (event, put)
    changing = {"into", "sets", "takes"}
    silent = {one.__name__ for one in messages.EVENTS if not changing & vars(one).keys()}
    assert silent == {"CaseCreated", "CaseShown"}


def test_a_declaration_that_would_break_the_law_is_told() -> None:
    class Half(Event):
        """Sets what each scope sees beside what none does."""

        sets: ClassVar[Mapping[str, str]] = {"state": "state", "consent": "consent"}
        state: str
        consent: words.Consent | None = None

    class Along(Event):
        """May be skipped, though the state changes with it."""

        into: ClassVar = (Put("sayings", "saying"),)
        also: ClassVar = ("state",)
        saying: talk.Saying

    class Wrong(Event):
        """Puts a saying among the comments, and takes what is not there."""

        into: ClassVar = (Put("comments", "saying"),)
        takes: ClassVar = {"drawings": "nothing"}
        saying: talk.Saying

    assert [*faults(CaseView, [Half])] == [
        "Half sets members of which a scope sees some: make it two events"
    ]
    assert [*faults(CaseView, [Along])] == [
        "Along may be skipped for a scope that sees ['state'] change with it"
    ]
    assert [*faults(CaseView, [Wrong])] == [
        "Wrong has no nothing",
        "Wrong puts into comments what is no such thing",
    ]


def test_a_scope_sees_its_places_alone() -> None:
    scope = TaskScope(
        "task-1", frozenset({"identity"}), frozenset({"owners.name", "rows", "remark"})
    )
    seen = ("line:identity", "field:remark", "field:rows", "field:rows.r1.any", "task:task-1", "*")
    seen += ("field:owners.r2.name", "field:owners")
    hidden = (
        "line:licence",
        "field:owners.r2.phone",
        "field:remarks",
        "task:task-2",
        "case",
        "",
        "line:",
    )
    assert [one for one in seen if not scope.sees(one)] == []
    assert [one for one in hidden if scope.sees(one)] == []


def test_what_is_shown_live_goes_to_those_who_see_its_place() -> None:
    for message in messages.EPHEMERALS:
        of_a_case = "case_id" in message.model_fields
        assert isinstance(vars(message).get("seen"), Seen) is of_a_case, message
    typing = showing.CaseTyping(
        case_id="case-one", field="phone", value="13800138000", sensitive=True
    )
    told = {room: seen for _, room, seen in to_all("case-one", typing)}
    assert {room for room, seen in told.items() if seen == typing} == {"window", "applicant"}
    assert told["approver"] == typing.model_copy(update={"value": "138****8000"})
    assert told.keys() == SIDES.keys()
    assert see(typing, TASK) is None
    assert see(typing.model_copy(update={"field": "new_principal"}), TASK).value == "138****8000"
    assert see(showing.CaseFocus(case_id="case-one", field=None), TASK) is not None
    assert see(showing.CasePoint(case_id="case-one", field="phone"), TASK) is None
    assert see(showing.DocumentLook(case_id="case-one", material_id="material-one"), TASK) is None


def test_what_is_read_asks_what_is_told() -> None:
    at = datetime(2026, 11, 2, tzinfo=UTC)
    number = "13800138000"
    file = Material("m", "identity", 1, f"{number}.pdf", "stored", 1, "clerk", at)
    rule = MaterialView.seen
    for audience in SIDES.values():
        assert sees(rule, file, audience)
        whole = audience.side in ("window", "applicant")
        assert (number in said(rule, "name", file.name, audience)) is whole
    assert sees(rule, file, TASK)
    assert number not in said(rule, "name", file.name, TASK)
    assert not sees(rule, replace(file, line="licence"), TASK)
    assert not sees(rule, replace(file, line=OTHER_LINE), TASK)
    form = Paper("p", "c", 1, "application", "1", "ready", at)
    readers = {side for side, one in SIDES.items() if sees(PaperView.seen, form, one)}
    assert readers == {"window", "applicant"}
    assert sees(PaperView.seen, replace(form, kind="receipt"), SIDES["third"])
    assert not sees(PaperView.seen, replace(form, kind="receipt"), TASK)


@SQLITE_ALONE
async def test_a_scope_that_grows_opens_anew_and_one_that_is_over_gets_nothing(
    office: Office,
) -> None:
    case_id = await office.case()
    subject = f"case:{case_id}"

    async def opened(audience: Audience) -> Any:
        async with office.store.read() as connection:
            whole = await case_rows.find_whole(connection, case_id)
        assert whole is not None
        return project_case(views.case_view(whole), audience).model_dump(mode="json")

    async def edit(field: str, value: str) -> None:
        edited = {"field": field, "value": value, "base_version": 0}
        await office.do(CLERK, form.CaseEdit, case_id=case_id, **edited)

    await edit("old_principal", VALUES["old_principal"])
    before = await opened(TASK)
    assert before["fields"] == {}
    assert [one["name"] for one in before["item"]["form"]] == ["new_principal"]
    wider = replace(
        TASK, scope=replace(SCOPE, fields=frozenset({"new_principal", "old_principal"}))
    )
    assert wider != TASK
    grown = await opened(wider)
    assert [*grown["fields"]] == ["old_principal"]
    await edit("new_principal", "孙雅宁")
    await office.do(
        APPROVER, talk.CaseComment, case_id=case_id, on="field:new_principal", text="请核对"
    )
    await office.do(APPROVER, talk.CaseComment, case_id=case_id, on="case", text="齐了吗")
    events = await office.store.events(subject, 0)
    ends = replace(wider, scope=replace(wider.scope or SCOPE, until=events[-2].at))
    assert [project(one, wider)["type"] for one in events] == [
        "case.created",
        "case.edited",
        "case.edited",
        "case.commented",
        "skipped",
    ]
    told = [project(one, ends)["type"] for one in events]
    assert told[-2:] == ["skipped", "skipped"]
    assert [parted(one, ends) for one in events[-3:]] == [
        events[-3].at >= events[-2].at,
        True,
        True,
    ]
    assert not parted(events[-1], wider)
    last = {"case": grown, "version": events[1].version}
    after = reducers.reduce_case(last, [project(one, wider) for one in events])
    assert after["case"] == await opened(wider)
