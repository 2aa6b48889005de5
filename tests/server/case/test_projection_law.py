"""The law of what audiences see: old snapshot, reduced by projected events, is the new snapshot.

Real actions run on a real store; after each one the law is asked of every audience, by a reducer
that was written on its own. On SQLite the steps become tests/vectors/*.json, which the pages'
reducers replay.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from media.client import RecordingStarted
from server.calls.projection import project_call
from server.calls.rows import calls as call_rows
from server.calls.views import call_view
from server.calls.wire import CallView
from server.case import rows as case_rows
from server.case import views
from server.case.acts.course import calendar
from server.case.acts.materials.files import COPY_KIND
from server.case.acts.papers.press import KIND as PRESS
from server.case.acts.papers.press import Press
from server.case.projection import project_case
from server.case.rules import case as rules
from server.case.rules.points import points
from server.case.wire import decision as case_decision
from server.case.wire import (
    form,
    materials,
    messages,
    promises,
    rating,
    registering,
    showing,
    signing,
    talk,
    unmasking,
)
from server.case.wire import phones as case_phones
from server.case.wire.course import advancing as course
from server.case.wire.course import agents, consulting, joint, mode, owning, sequels
from server.case.wire.http import CalendarDay, CalendarEdit
from server.case.wire.registering import ListedWatch
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.projection import parted, project
from server.rights.hand import CASE_AUDIENCES
from server.rights.seen import Audience, TaskScope
from server.standards import regions
from server.store import Store, version_of
from server.uploads.acts.copies import Copier
from server.uploads.acts.phones import Phones
from server.work.child import Children
from signaling.call.parts import CallId
from signaling.refusals import Code, Refusal
from signaling.subjects import rung_as
from signaling.wire import call as signaling_call
from signaling.wire import desk
from signaling.wire import envelope as protocol
from tests.kit import reducers
from tests.kit.casework import (
    APPROVER,
    CLERK,
    IDENTITY_NUMBER,
    NEW_CASE,
    OPERATOR,
    OTHER_APPROVER,
    OTHER_CLERK,
    OTHER_IDENTITY_NUMBER,
    PDF,
    PHONE,
    SUPERVISOR,
    THIRD,
    VALUES,
    Line,
    Office,
    closing,
    once,
)
from tests.kit.reducers import Json
from tests.kit.stores import SQLITE_ALONE, MovedClock
from tests.server.case.test_declared import DECLARED, TRUE, Founding

VECTORS: Final = Path(__file__).parents[2] / "vectors"
TASKS: Final[Mapping[str, Audience]] = {
    f"task:{name}": Audience("task", scope=TaskScope(name, frozenset(lines), frozenset(fields)))
    for name, lines, fields in (
        ("people", {"identity", "application"}, {"new_principal", "contact_phone", "owners"}),
        ("licence", {"licence"}, {"old_principal", "remark", "owners.identity_number"}),
        ("nothing", {}, {}),
    )
}
"""Units that do a part of a case: the law holds for what they see of it."""
WITHIN: Final = {
    f"task:{name} {place}"
    for name, places in (
        (
            "people",
            ("line:identity", "line:application", "field:new_principal", "field:contact_phone"),
        ),
        ("licence", ("line:licence", "field:old_principal", "field:remark")),
    )
    for place in places
}
SECRETS: Final = (IDENTITY_NUMBER, PHONE, OTHER_IDENTITY_NUMBER, "053182012345", "13705310000")


class Law:
    """Follows one subject: asks the law after each step and keeps the steps as vectors."""

    def __init__(
        self, store: Store, subject: str, audiences: tuple[str, ...], reduce: Callable[..., Json]
    ) -> None:
        self.store = store
        self.subject = subject
        self.tasks = TASKS if subject.startswith("case:") else {}
        self.audiences = (*audiences, *self.tasks)
        self.reduce = reduce
        self.first: dict[str, Json] = {}
        self.last: dict[str, Json] = {}
        self.seen: dict[str, list[Json]] = {audience: [] for audience in self.audiences}
        self.types: set[str] = set()
        self.places: set[str] = set()
        """What the tasks saw, each place with its task."""
        self.vectors: list[Json] = []
        self.notice: Json = {}
        """What a notice would name at the last step, and whether one is still waited for: the pages say the same."""

    async def begin(self) -> None:
        self.first = self.last = await self._snapshots()

    async def holds(self, step: str) -> int:
        """Ask the law since the last step; returns how many events there were."""
        before, after = self.last, await self._snapshots()
        version = next(iter(before.values()))["version"]
        events = await self.store.events(self.subject, version)
        told = await self.store.following(self.subject, version, len(events) + 1)
        assert told == events[: len(told)]
        assert bool(told) == bool(events)
        assert [event.version for event in events] == [
            *range(version + 1, next(iter(after.values()))["version"] + 1)
        ]
        for audience in self.audiences:
            who = self.tasks.get(audience, audience)
            if isinstance(who, Audience) and any(parted(event, who) for event in events):
                assert {project(one, who)["type"] for one in events if parted(one, who)} == {
                    "skipped"
                }, step
                self.first[audience], self.seen[audience] = after[audience], []
                continue
            projected = [project(event, who) for event in events]
            assert self.reduce(before[audience], projected) == after[audience], (step, audience)
            doubled = [*self.seen[audience], *projected, *projected]
            assert self.reduce(before[audience], doubled) == after[audience], (step, audience)
            self.seen[audience] += projected
            if audience not in self.tasks:
                self._keep(step, audience, before[audience], projected, after[audience])
        self.types |= {event.type for event in events}
        self.last = after
        return len(events)

    def close(self) -> None:
        """Ask the law over all steps at once, and keep that as a vector for each audience."""
        for audience in self.audiences:
            assert self.reduce(self.first[audience], self.seen[audience]) == self.last[audience]
            if audience in self.tasks:
                self._within(audience)
                continue
            self._keep(
                "the whole story",
                audience,
                self.first[audience],
                self.seen[audience],
                self.last[audience],
            )

    def _within(self, audience: str) -> None:
        """A task saw nothing beside its lines and fields, at no moment."""
        scope = self.tasks[audience].scope
        assert scope is not None
        told = [self.first[audience], *self.seen[audience], self.last[audience]]
        texts = [json.dumps(one, ensure_ascii=False) for one in told]
        assert not {secret for secret in SECRETS for text in texts if secret in text}, audience
        places = {place for one in told for place in _places(one)}
        assert not {place for place in places if not scope.sees(place)}, audience
        case = self.last[audience]["case"]
        hidden = (
            "consent",
            "sayings",
            "checks",
            "signature",
            "papers",
            "ratings",
            "phones",
            "handovers",
        )
        assert not {name: case[name] for name in hidden if case[name]}, audience
        self.places |= {f"{audience} {place}" for place in places}

    def _keep(self, step: str, audience: str, old: Json, events: list[Json], new: Json) -> None:
        self.vectors.append(
            {
                "name": step,
                "subject": self.subject.partition(":")[0],
                "audience": audience,
                "snapshot": old,
                "events": list(events),
                "expected": new,
                **({"notice": self.notice} if audience in ("window", "approver") else {}),
            }
        )

    async def _snapshots(self) -> dict[str, Json]:
        kind, _, id = self.subject.partition(":")
        async with self.store.read() as connection:
            version = await version_of(connection, self.subject)
            if kind == "case":
                shown = await case_rows.find_whole(connection, id)
                assert shown is not None
                self.notice = _notice(shown.record.case, self.store.clock.now())
                whole: dict[str, Any] = {
                    audience: (
                        "case",
                        project_case(views.case_view(shown), self.tasks.get(audience, audience)),
                    )
                    for audience in self.audiences
                }
            else:
                call = await call_rows.find(connection, CallId(id))
                header = await call_rows.find_header(connection, CallId(id))
                assert call is not None
                assert header is not None
                view = await call_view(connection, call, header)
                whole = {room: ("call", _call(view, room)) for room in self.audiences}
        return {
            audience: {
                "audience": audience.partition(":")[0],
                "version": version,
                name: view.model_dump(mode="json"),
            }
            for audience, (name, view) in whole.items()
        }


def _places(told: Json) -> set[str]:
    """Of the things in a snapshot of a case, or in an event."""
    case = told.get("case", told)
    things = [*case.get("materials", []), *case.get("promises", []), *case.get("lines", [])]
    things += [case[one] for one in ("material", "promise") if case.get(one)]
    named = [*case.get("proposals", []), *([case["proposal"]] if case.get("proposal") else [])]
    threads = [*case.get("comments", []), *([case["comment"]] if case.get("comment") else [])]
    return (
        {f"line:{one['line']}" for one in things}
        | {f"line:{one['key']}" for one in case.get("item", {}).get("lines", [])}
        | {f"field:{path}" for path in case.get("fields", {})}
        | {f"field:{one['field']}" for one in named}
        | ({f"field:{case['field']}"} if "field" in case else set())
        | {one["on"] for one in threads}
    )


def _notice(case: rules.Case, at: datetime) -> Json:
    return {
        "at": at.isoformat(),
        "about": [one.about for one in points(case, at)],
        "correcting": rules.correcting(case.state, case.decision, case, at),
    }


def _call(view: CallView, room: str) -> CallView:
    audience, _, person_id = room.partition(":")
    return project_call(view, audience, person_id or None)


def write(name: str, vectors: list[Json]) -> None:
    """Replace a file of vectors at once, never half."""
    VECTORS.mkdir(exist_ok=True)
    written = VECTORS / f".{name}.{os.getpid()}"
    written.write_text(json.dumps(vectors, ensure_ascii=False), "utf-8")
    written.replace(VECTORS / f"{name}.json")


def hides_secrets(law: Law) -> None:
    """Nothing that the window and the applicant alone may see stands anywhere in what the others got."""
    for vector in law.vectors:
        text = json.dumps(vector, ensure_ascii=False)
        found = {secret for secret in SECRETS if secret in text}
        if vector["audience"] in ("window", "applicant"):
            continue
        assert not found, (vector["name"], vector["audience"], found)


@pytest.mark.timeout(180)  # six files are probed in children of their own
async def test_every_act_on_a_case_keeps_the_law(
    office: Office, demo_database: str, tmp_path: Path
) -> None:
    case_id = await office.case()
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    [created] = await office.store.events(law.subject, 0)
    for audience in CASE_AUDIENCES:
        event = project(created, audience)
        assert event["case"] == law.last[audience]["case"]
        law.seen[audience].append(event)
    law.types.add(created.type)

    async def step(name: str, login: str, command: type[protocol.Command], **members: Any) -> Json:
        result = await office.do(login, command, case_id=case_id, **members)
        assert await law.holds(name) == 1
        return result

    async def silent(
        name: str, login: str, command: type[protocol.Command], **members: Any
    ) -> Json:
        result = await office.do(login, command, case_id=case_id, **members)
        assert await law.holds(name) == 0
        return result

    text = {"text_version": "2026-11", "language": "zh-CN"}
    await step("consent refused", CLERK, registering.CaseConsent, given=False, **text)
    await step("consent given", CLERK, registering.CaseConsent, given=True, **text)
    await silent("opened", APPROVER, registering.CaseOpen)
    await office.duty(APPROVER)
    await step("handled online", CLERK, mode.CaseChangeMode, mode="online")
    assert law.last["applicant"]["case"]["mode"] == "online"
    await step("handled as before", CLERK, mode.CaseChangeMode, mode="proxy")
    dialled = await step("called", CLERK, signaling_call.CallDial)
    await office.answer(APPROVER, dialled["call_id"])
    assert await law.holds("answered") == 1

    versions: dict[str, int] = {}
    for field, value in VALUES.items():
        name = f"edited {field}"
        done = await step(name, CLERK, form.CaseEdit, field=field, value=value, base_version=0)
        versions[field] = done["version"]
    await step(
        "edited again",
        CLERK,
        form.CaseEdit,
        field="old_principal",
        value="刘启铭",
        base_version=versions["old_principal"],
    )
    await step("cleared", CLERK, form.CaseEdit, field="remark", value="", base_version=0)
    draft = {"field": "remark", "value": "未保存 " + PHONE, "base_version": 0}
    await silent("draft kept", CLERK, form.CaseDraft, **draft)
    await silent("field held", CLERK, form.CaseHold, field="remark")
    await silent("field let go", CLERK, form.CaseHold, field=None)

    async def propose(field: str, value: str) -> str:
        made = {"field": field, "value": value, "reason": "见任职文件"}
        done = await step(f"proposed {field}", APPROVER, form.CasePropose, **made)
        proposal_id: str = done["proposal_id"]
        return proposal_id

    first = await propose("appointed_on", "2026-11-18")
    await propose("appointed_on", "2026-11-19")
    declined = await propose("delivery", "窗口领取")
    await propose("contact_phone", "13705310000")
    secret = await propose("new_identity_number", IDENTITY_NUMBER)
    close = form.CaseCloseProposal
    said, turned = form.CaseAnswerProposal, {"as_applicant": True}
    await silent("opened for the applicant", CLERK, registering.CaseOpen, **turned)
    await step("answered", CLERK, said, proposal_id=first, answer="no")
    await step("answered otherwise", CLERK, said, proposal_id=first, answer="yes")
    await step("answered, sensitive", CLERK, said, proposal_id=secret, answer="yes")
    await silent("said the same again", CLERK, said, proposal_id=secret, answer="yes")
    await silent("opened again", CLERK, registering.CaseOpen)
    await step("adopted, another outdated", CLERK, close, proposal_id=first, adopt=True)
    await step("declined", CLERK, close, proposal_id=declined, adopt=False)
    await step("adopted, sensitive", CLERK, close, proposal_id=secret, adopt=True)
    await step(
        "edited, proposal outdated",
        CLERK,
        form.CaseEdit,
        field="contact_phone",
        value=PHONE,
        base_version=versions["contact_phone"],
    )

    say, comment, check = talk.CaseSay, talk.CaseComment, case_decision.CaseCheck
    call_id = law.last["window"]["case"]["call_id"]
    await step("said", CLERK, say, lane="shared", text="请看屏幕", call_id=call_id)
    await step("said among staff", APPROVER, say, lane="staff", text=f"电话 {PHONE[:3]} 待核")
    written = {"lane": "shared", "text": "我同意", "for_applicant": True}
    await step("the applicant wrote", CLERK, say, **written)
    assert [one["text"] for one in law.last["applicant"]["case"]["sayings"]] == [
        "请看屏幕",
        "我同意",
    ]
    assert len(law.last["third"]["case"]["sayings"]) == 3

    async def begin(on: str, text: str, login: str = APPROVER) -> str:
        comment_id: str = (await step(f"commented {on}", login, comment, on=on, text=text))[
            "comment_id"
        ]
        return comment_id

    async def resolve(thread: str, resolved: bool) -> None:
        members = {"comment_id": thread, "resolved": resolved}
        await step(f"resolved {resolved}", APPROVER, talk.CaseResolve, **members)

    threads = [
        await begin("field:new_principal", "与身份证件核对"),
        await begin("line:licence", "是否遗失？"),
        await begin("case", "请申请人到场", CLERK),
    ]
    answer = {"comment_id": threads[0], "text": "已核对"}
    await step("replied", CLERK, talk.CaseReply, **answer)
    await resolve(threads[0], True)
    await step("opened by an answer", CLERK, talk.CaseReply, **answer)
    await resolve(threads[0], True)
    await resolve(threads[0], False)
    assert law.last["applicant"]["case"]["comments"] == []
    keys = [point["key"] for point in law.last["window"]["case"]["item"]["checklist"]]
    await step("lacking", APPROVER, check, point=keys[1], verdict="lacking", note="缺公章")
    await step("ok", APPROVER, check, point=keys[0], verdict="ok")
    await step("another word", APPROVER, check, point=keys[0], verdict="lacking")
    await step("taken back", APPROVER, check, point=keys[0], verdict="none")
    assert [one["point"] for one in law.last["third"]["case"]["checks"]] == [keys[1]]
    assert law.last["applicant"]["case"]["checks"] == []

    uploads = await office.uploads(tmp_path / "uploads")
    brought = {}
    sends = {"login": APPROVER, "purpose": "blank_form"}
    blank = await office.bring(uploads, case_id, "appointment", **sends)
    assert await law.holds("a blank form was sent") == 2
    assert not law.last["window"]["case"]["signature"]
    for line in ("application", "appointment", "identity"):
        brought[line] = await office.bring(uploads, case_id, line)
        assert await law.holds(f"stored {line}") == (2 if len(brought) > 1 else 3), "收件号 first"
    with pytest.raises(Refusal) as refused:
        await office.bring(uploads, case_id, "licence", b"not a document at all")
    assert refused.value.code is Code.FILE_TYPE
    assert await law.holds("rejected") == 2
    begun = await uploads.begin(office.actors[CLERK], case_id, "licence", "b.pdf", 10)
    assert await law.holds("receiving") == 1
    await uploads.cancel(office.actors[CLERK], begun.upload_id)
    assert await law.holds("cancelled") == 1

    other = await office.case()
    lent = await office.bring(uploads, other, "identity", PDF.replace(b"200 200", b"300 300"))
    earlier = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    await step("earlier materials allowed", CLERK, materials.CaseConsentEarlier, **earlier)
    taken = {"line": "other", "material_id": lent}
    lent = await step("an earlier material used", CLERK, materials.CaseTakeEarlier, **taken)
    for line in ("licence", "other"):
        await step(f"moved to {line}", CLERK, materials.CaseMoveMaterial, **lent, line=line)
    assert law.last["third"]["case"]["materials"][-1]["origin"]["line_name"]

    phones = Phones(office.store, uploads)
    office.handlers.update(phones.commands())
    invite = {"line": "identity", "secret_sha256": hashlib.sha256(b"a" * 32).hexdigest()}
    link = (await step("a phone invited", CLERK, case_phones.CaseInvitePhone, **invite))["phone_id"]
    token, _ = await phones.connect(link, "a" * 32, "there")
    assert await law.holds("a phone connected") == 1
    await phones.begin(token, "1.jpg", 10)
    assert await law.holds("a page begun") == 2
    came = await phones.begin(token, "2.pdf", len(PDF))
    await phones.append(token, came.upload_id, 0, once(PDF))
    assert await law.holds("a page came") == 3
    page = {"phone_id": link, "material_id": came.material_id}
    await step("a page taken", CLERK, case_phones.CaseTakePage, **page)
    await phones.finish(token)
    assert await law.holds("the phone is done") == 2  # its page never came
    link = (await step("another invited", CLERK, case_phones.CaseInvitePhone, **invite))["phone_id"]
    await step("withdrawn", CLERK, case_phones.CaseWithdrawPhone, phone_id=link)
    await office.bring(uploads, case_id, "other", login=APPROVER, purpose="snapshot")
    assert await law.holds("a snapshot was taken") == 2

    async def review(line: str, verdict: str, reason: str = "") -> None:
        made = {"material_id": brought[line], "review": verdict, "reason": reason}
        await step(f"{verdict} {line}", APPROVER, materials.CaseReview, **made)

    graded = {"material_id": brought["application"], "grade": "B"}
    await step("原件已核对", CLERK, materials.CaseGrade, **graded)
    copier = Copier(office.store, Children(), tmp_path / "work")
    (tmp_path / "work").mkdir()
    copies = Jobs(office.store, {COPY_KIND: copier.kind})
    while await copies.work_once():
        pass
    assert await law.holds("copies were made") >= 5
    stroke = {"material_id": brought["application"], "page": 1, "points": [(0.1, 0.2), (0.3, 0.4)]}
    for login in (CLERK, APPROVER, CLERK):
        await step("drawn", login, showing.CaseDraw, **stroke)
    about = {"material_id": brought["application"]}
    await step("mine cleared", CLERK, showing.CaseClearDrawings, **about, whose="mine")
    assert len(law.last["applicant"]["case"]["drawings"]) == 1
    await step("only me", APPROVER, showing.CaseKeepDrawing, only_me=True)
    assert law.last["window"]["case"]["drawing_only"]["id"] == "person-zhoumingyuan"
    await step("all cleared", APPROVER, showing.CaseClearDrawings, **about, whose="all")
    assert law.last["third"]["case"]["drawings"] == []
    await step("all draw", APPROVER, showing.CaseKeepDrawing, only_me=False)
    await review("application", "accepted")
    await review("identity", "not_needed")
    await review("appointment", "returned", "缺落款日期")
    decide = case_decision.CaseDecide

    async def decided(decision: str, **members: Any) -> None:
        """A decision, and the paper that it asks for."""
        asked = {"decision": decision, "reason": "请补正", **members}
        await office.do(APPROVER, decide, case_id=case_id, **asked)
        assert await law.holds(decision) == 2

    away = {"unit_id": demo.LIAOCHENG, "reason": "属东昌府区管辖"}
    await step("referred", APPROVER, case_decision.CaseRefer, **away)
    assert law.last["applicant"]["case"]["item"]["place"] == "聊城东昌府"
    await step("and back", THIRD, case_decision.CaseRefer, unit_id=demo.XIHAIAN, reason="不属本区")
    assert len(law.last["supervisor"]["case"]["referrals"]) == 2
    await decided("to_correct")
    assert law.last["approver"]["case"]["decision"]["points"] == [
        "原负责人免职文件与新负责人任职文件：缺落款日期",
        "缺少：营业执照正、副本",
        "新负责人姓名：与身份证件核对",
        "营业执照正、副本：是否遗失？",
        "办件：请申请人到场",
        "任职文件与免职文件写明日期，且前后衔接：缺公章",
    ]
    await decided("to_correct", again=True)
    assert law.last["applicant"]["case"]["corrections"] == 2

    async def signed() -> str:
        """The applicant reads the summary and signs it; returns its hash."""
        shown = await step("summary shown", CLERK, signing.CaseSummarise)
        picture = {"width": 800, "height": 300, "strokes": [[(0.1, 0.2, 0.5, 0)]]}
        bound = {"hash": shown["hash"], "shown_at": shown["shown_at"]}
        await step("signed", CLERK, signing.CaseSign, **bound, **picture)
        assert not law.last["applicant"]["case"]["signature"]["outdated"]
        return str(shown["hash"])

    await signed()
    await office.bring(uploads, case_id, "other", login=APPROVER, purpose="sample")
    assert await law.holds("a sample was sent") == 2
    assert not law.last["window"]["case"]["signature"]["outdated"]
    brought["appointment"] = await office.bring(uploads, case_id, "appointment", answers=blank)
    assert await law.holds("returned what was sent") == 2
    assert law.last["window"]["case"]["signature"]["outdated"]
    await signed()
    state = law.last["window"]["case"]["fields"]["remark"]["version"]
    edited = {"field": "remark", "value": "尽快", "base_version": state}
    await step("edited what was signed", CLERK, form.CaseEdit, **edited)
    assert law.last["window"]["case"]["signature"]["outdated"]
    brought["licence"] = await office.bring(uploads, case_id, "licence")
    assert await law.holds("brought the last") == 2
    await signed()
    adopted = await propose("remark", "加急")
    await step("adopted over a signature", CLERK, close, proposal_id=adopted, adopt=True)
    assert law.last["third"]["case"]["signature"]["outdated"]
    summary = await signed()
    await office.do(CLERK, signing.CaseSubmit, case_id=case_id, hash=summary)
    assert await law.holds("handed in") == 2
    for line in ("appointment", "licence"):
        await review(line, "accepted")
    for thread in threads:
        await resolve(thread, True)
    await step("ok now", APPROVER, check, point=keys[1], verdict="ok")

    async with office.store.change(office.actors[CLERK]) as change:
        unseen = {"type": "case.printed"}
        await change.record(law.subject, "case.print", law.subject, unseen, payload={})
    assert await law.holds("something that no page knows") == 1
    assert law.seen["window"][-1]["type"] == "skipped"

    unanswered = await propose("remark", "不急")
    await decided("accepted")
    assert law.last["supervisor"]["case"]["state"] == "accepted"
    for audience in ("applicant", "window", "approver"):
        assert law.last[audience]["case"]["proposals"][-1]["id"] == unanswered
        assert law.last[audience]["case"]["proposals"][-1]["state"] == "outdated"
    assert [paper["kind"] for paper in law.last["applicant"]["case"]["papers"]] == [
        "correction",
        "correction",
        "receipt",
        "acceptance",
    ]
    due = law.last["window"]["case"]["decision"]["due_on"]
    off = CalendarEdit(days=[CalendarDay(on=due, works=False)], source="通知")
    moved = await calendar.edit(office.store, office.actors[OPERATOR], off)
    assert [one.case_id for one in moved.moved] == [case_id]
    assert await law.holds("the calendar changed") == 1
    assert law.last["applicant"]["case"]["decision"]["due_on"] > due
    for login, what in ((APPROVER, "identity_number"), (SUPERVISOR, "field:contact_phone")):
        asked = {"what": what, "reason": "核对证件"}
        await step(f"unmasked {what}", login, unmasking.CaseUnmask, **asked)
    assert len(law.last["supervisor"]["case"]["unmaskings"]) == 2
    assert law.last["applicant"]["case"]["unmaskings"] == []
    await step("the form was printed", CLERK, signing.CasePrintForm)
    for audience in CASE_AUDIENCES:
        kinds = [paper["kind"] for paper in law.last[audience]["case"]["papers"]]
        assert ("application" in kinds) is (audience in ("window", "applicant"))
    parcel = {"courier": "中国邮政 EMS", "tracking": "EX123456789CN"}
    sheets = [{"line": "licence", "originals": 2, "copies": 1}]
    about = {"case_id": case_id}
    sent = await office.do(CLERK, materials.CaseSendOriginals, **about, **parcel, lines=sheets)
    assert await law.holds("paper originals were sent") == 2
    came = {**sent, "arrived": [{"line": "licence", "received": False, "note": "缺副本"}]}
    await office.do(APPROVER, materials.CaseReceiveOriginals, **about, **came)
    assert await law.holds("paper originals were received") == 2
    assert law.last["third"]["case"]["handovers"][0]["lines"][0]["note"] == "缺副本"
    hearing = {"why": "hearing", "reason": "听证会定于下周举行"}
    await office.do(APPROVER, case_decision.CaseStopClock, case_id=case_id, **hearing)
    assert await law.holds("the clock was stopped") == 2
    await step("the clock runs again", APPROVER, case_decision.CaseResumeClock)
    longer = {"days": 5, "reason": "案情复杂"}
    await office.do(OTHER_APPROVER, case_decision.CaseExtendLimit, case_id=case_id, **longer)
    assert await law.holds("the limit was extended") == 2
    assert law.last["applicant"]["case"]["decision"]["clock"]["extension"]["days"] == 5
    await office.bring(uploads, case_id, "other", login=APPROVER, purpose="result")
    assert await law.holds("the result was sent after the decision") == 2
    await step("said afterwards", APPROVER, say, lane="shared", text="已寄出")

    about = {"case_id": case_id, "call_id": call_id}
    await office.do(CLERK, signaling_call.CallHangUp, call_id=call_id)
    await office.do(CLERK, registering.CaseOpen, case_id=case_id, as_applicant=True)
    bad = {"level": "4", "reasons": ["picture"], "text": "画面不清楚"}
    await office.do(CLERK, rating.CaseRate, **about, **bad)
    assert await law.holds("rated") == 1
    assert law.last["supervisor"]["case"]["ratings"][0]["text"] == bad["text"]
    assert law.last["applicant"]["case"]["ratings"][0]["level"] is None
    for audience in ("window", "approver", "third"):
        assert law.last[audience]["case"]["ratings"] == []
        assert law.seen[audience][-1]["type"] == "skipped"

    await step(
        "claimed", APPROVER, owning.CaseAssign,
        person_id=office.actors[APPROVER].person_id, from_id=None,
    )  # fmt: skip
    assert law.last["window"]["case"]["owner"]["name"] == "周明远"
    over = {"kind": "terminated", "reason": "公司已注销", "cause": "dissolved"}
    await office.do(APPROVER, course.CaseFinish, case_id=case_id, **over)
    assert await law.holds("terminated") == 2

    # what may follow after acceptance is in a test of its own
    told = {model.model_fields["type"].default for model in messages.EVENTS}
    assert law.types >= told - {"case.promised", "case.tasked"}
    others = {promises.CasePromise, promises.CaseMovePromise, promises.CaseVerify}
    others |= {ListedWatch, course.CaseReport, *joint.COMMANDS}  # tests/server/case/test_joint.py
    # a request for 帮办 or 代办 changes nothing of the case, its papers come as others do:
    # tests/server/tasks/test_agents.py
    # as is a mandate that was renewed: tests/server/case/test_mandates.py
    others |= {course.CaseRenewMandate}
    # and a case that follows one: tests/server/case/test_sequels.py
    others |= {sequels.CaseBeginSequel}
    others |= {course.CaseAskFee, course.CaseSettleFee, agents.CaseAskAgent, agents.CasePrintAgent}
    assert office.done >= set(messages.COMMANDS) - others - set(OF_COURSE) - set(CONSULTED)
    law.close()
    assert law.places == WITHIN
    if demo_database.startswith("sqlite"):
        write("case", law.vectors)
    hides_secrets(law)


OF_COURSE: Final = (
    course.CaseRule,
    course.CaseIssue,
    course.CaseAgreeElectronic,
    course.CaseBeginDelivery,
    course.CaseCheckReceiver,
    course.CaseEndDelivery,
    course.CaseArchive,
)
"""Up to its end, in the case to which something follows."""
CONSULTED: Final = (
    registering.CaseConsult,
    registering.CaseRegisterConsulted,
    consulting.CaseConclude,
)
"""Before it."""


@SQLITE_ALONE
@pytest.mark.parametrize("seed", [1, 2])
async def test_no_order_of_acts_breaks_the_law(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    case_id = await office.case()
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    done = 0
    shown: Json = {"hash": "0" * 64, "shown_at": office.clock.now()}
    for number in range(80):
        case = law.last["window"]["case"]
        name = chance.choice(["old_principal", "contact_phone", "remark", "nothing"])
        state = case["fields"].get(name, {"version": 0})
        base = state["version"] if chance.random() < 0.8 else number
        phones = [PHONE, "053182012345"] if name == "contact_phone" else []
        value = chance.choice([*phones, f"值{number}", ""])
        proposals = [one["id"] for one in case["proposals"]] or ["proposal-none"]
        threads = [one["id"] for one in case["comments"]] or ["comment-none"]
        acts: list[tuple[type[protocol.Command], dict[str, Any]]] = [
            (form.CaseEdit, {"field": name, "value": value, "base_version": base}),
            (form.CasePropose, {"field": name, "value": value}),
            (
                form.CaseCloseProposal,
                {"proposal_id": chance.choice(proposals), "adopt": chance.random() < 0.5},
            ),
            (form.CaseHold, {"field": chance.choice([name, None])}),
            (form.CaseDraft, {"field": name, "value": value, "base_version": base}),
            (
                registering.CaseConsent,
                {"given": bool(number % 2), "text_version": "2026-11", "language": "en"},
            ),
            (
                talk.CaseSay,
                {"lane": chance.choice(["shared", "staff"]), "text": f"话{number}"},
            ),
            (
                talk.CaseComment,
                {"on": chance.choice([f"field:{name}", "case", "line:licence"]), "text": "看"},
            ),
            (talk.CaseReply, {"comment_id": chance.choice(threads), "text": "好"}),
            (
                talk.CaseResolve,
                {"comment_id": chance.choice(threads), "resolved": chance.random() < 0.5},
            ),
            (
                case_decision.CaseCheck,
                {
                    "point": chance.choice(["seal", "dates", "nothing"]),
                    "verdict": chance.choice(["ok", "lacking", "none"]),
                },
            ),
            (signing.CaseSummarise, {}),
            (
                signing.CaseSign,
                {
                    "hash": shown["hash"],
                    "shown_at": shown["shown_at"],
                    "width": 300,
                    "height": 100,
                    "strokes": [[(0.5, 0.5, 0.5, 0)]],
                },
            ),
        ]
        command, members = chance.choices(acts, weights=[5, 5, 5, 2, 1, 1, 3, 4, 3, 3, 4, 3, 3])[0]
        judging = (form.CasePropose, case_decision.CaseCheck)
        login = APPROVER if command in judging else CLERK
        if chance.random() < 0.3:
            login = chance.choice([OTHER_CLERK, OTHER_APPROVER, SUPERVISOR])
        with suppress(Refusal):
            result = await office.do(login, command, case_id=case_id, **members)
            shown = result if command is signing.CaseSummarise else shown
            done += 1
        await law.holds(f"{number}: {command.__name__} by {login}")
    law.close()
    hides_secrets(law)
    assert done > 30
    assert len(law.types) >= 6


async def test_what_follows_a_question_and_an_acceptance_keeps_the_law(
    office: Office, demo_database: str, tmp_path: Path
) -> None:
    asked = {"question": "分公司不办了，要怎么注销？", "unit_id": demo.XIHAIAN}
    case_id = (await office.do(CLERK, registering.CaseConsult, **asked))["case_id"]
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    await office.do(APPROVER, consulting.CaseConclude, case_id=case_id, answer="先办清税。")
    assert await law.holds("answered") == 1
    law.close()
    answered = law.vectors

    case_id = (await office.do(CLERK, registering.CaseConsult, **asked))["case_id"]
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    known = {**NEW_CASE, "item_id": demo.CLOSING}
    await office.do(CLERK, registering.CaseRegisterConsulted, case_id=case_id, **known)
    assert await law.holds("registered") == 1
    brought = await closing(office, case_id, tmp_path)
    await law.holds("filled and judged")
    promise = {"line": "tax", "text_version": "2026-11", "language": "zh-CN"}
    for day in ("2026-12-01", "2026-12-03"):
        await office.do(CLERK, promises.CasePromise, case_id=case_id, due_on=day, **promise)
        assert await law.holds(f"promised by {day}") == 1
    assert [one["due_on"] for one in law.last["applicant"]["case"]["promises"]] == ["2026-12-03"]
    await office.do(
        APPROVER, case_decision.CaseDecide, case_id=case_id, decision="accepted", reason="可"
    )
    assert await law.holds("accepted") == 2
    moved = {"line": "tax", "due_on": "2026-12-17", "reason": "税务机关注销尚在办理"}
    await office.do(APPROVER, promises.CaseMovePromise, case_id=case_id, **moved)
    assert await law.holds("moved") == 1
    follows = await office.bring(brought, case_id, "tax")
    assert await law.holds("followed") == 2
    judged = {"material_id": follows, "review": "accepted"}
    await office.do(APPROVER, materials.CaseReview, case_id=case_id, **judged)
    assert await law.holds("done") == 1
    assert "case.promised" in law.types

    async def goes_on(
        login: str, command: type[protocol.Command], events: int, **members: Any
    ) -> Any:
        told = await office.do(login, command, case_id=case_id, **members)
        assert await law.holds(command.__name__) == events
        return told

    await goes_on(
        APPROVER,
        course.CaseRule,
        2,
        ruling="granted",
        bases=["《中华人民共和国市场主体登记管理条例》第三十一条"],
    )
    licence = {"kind": "licence", "name": "准予注销登记通知书", "number": "7"}
    await goes_on(APPROVER, course.CaseIssue, 1, results=[{**licence, "valid_from": "2026-11-23"}])
    await goes_on(CLERK, course.CaseAgreeElectronic, 1, address="sun@example.com")
    began = await goes_on(CLERK, course.CaseBeginDelivery, 1, way="collected")
    receiver = {
        "name": "孙雅宁",
        "document": "identity_card",
        "how": "sight",
        "delivery_id": began["delivery_id"],
        "number": IDENTITY_NUMBER,
    }
    await goes_on(CLERK, course.CaseCheckReceiver, 1, **receiver)
    arrived = {"delivery_id": began["delivery_id"], "outcome": "delivered", "on": "2026-11-23"}
    await goes_on(CLERK, course.CaseEndDelivery, 3, **arrived)
    press = Jobs(office.store, {PRESS: Press(office.store, Children()).kind})
    while await press.work_once():
        pass
    await law.holds("papers are made")
    await goes_on(APPROVER, course.CaseArchive, 1)
    assert office.done >= set(OF_COURSE) | set(CONSULTED)
    seen = law.last["applicant"]["case"]
    assert (seen["state"], seen["course"]["agreement"]["address"]) == (
        "archived",
        "s**@example.com",
    )
    law.close()
    if demo_database.startswith("sqlite"):
        write("promise", answered + law.vectors)
    hides_secrets(law)


@SQLITE_ALONE
async def test_what_is_declared_and_verified_keeps_the_law(
    office: Office, demo_database: str, tmp_path: Path
) -> None:
    founding = Founding(office, tmp_path)
    await asyncio.to_thread(regions.table)
    await founding.filled()
    law = Law(office.store, f"case:{founding.case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    await founding.do(CLERK, promises.CasePromise, **DECLARED)
    assert await law.holds("declared") == 1
    assert not any(one.startswith(f"line:{DECLARED['line']}") for one in law.notice["about"])
    await founding.accepted()
    await law.holds("accepted")
    await founding.do(APPROVER, promises.CaseVerify, **TRUE)
    assert await law.holds("verified") == 1
    [told] = law.last["window"]["case"]["promises"]
    assert told["verified"]["verdict"] == "true"
    law.close()
    if demo_database.startswith("sqlite"):
        write("declared", law.vectors)
    hides_secrets(law)


@SQLITE_ALONE
async def test_several_files_of_a_line_and_moving_keep_the_law(
    office: Office, demo_database: str, tmp_path: Path
) -> None:
    case_id = await office.case()
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    uploads = await office.uploads(tmp_path / "uploads")
    side = PDF.replace(b" 4 0 R]/Count 2", b"]/Count 1")
    front = await office.bring(uploads, case_id, "identity", side, name="a.pdf")
    assert await law.holds("one side of a card") == 3, "with its 收件号"
    assert "line:identity:2" in law.notice["about"]
    back = await office.bring(uploads, case_id, "identity", name="b.pdf", slot=0)
    licence = await office.bring(uploads, case_id, "identity", name="c.pdf", slot=0)
    again = await office.bring(uploads, case_id, "identity", name="d.pdf", slot=3)
    assert await law.holds("three files of a line, one in two versions") == 6

    async def step(name: str, login: str, command: type[protocol.Command], **members: Any) -> None:
        await office.do(login, command, case_id=case_id, **members)
        assert await law.holds(name) == 1

    def standing() -> dict[str, tuple[str, int, int, str]]:
        return {
            one["id"]: (one["line"], one["slot"], one["number"], one["review"])
            for one in law.last["approver"]["case"]["materials"]
        }

    judged = {"material_id": again, "review": "returned", "reason": "不是身份证"}
    await step("returned", APPROVER, materials.CaseReview, **judged)
    old = {**judged, "material_id": licence}
    assert (await office.refused(APPROVER, materials.CaseReview, case_id=case_id, **old)).code is (
        Code.STALE
    )
    shown = await office.do(CLERK, signing.CaseSummarise, case_id=case_id)
    assert [one["name"] for one in shown["materials"] if one["line"] == "identity"] == [
        "新负责人身份证件（正面）",
        "新负责人身份证件（反面）",
        "新负责人身份证件（d.pdf）",
    ]
    signed = {"hash": shown["hash"], "shown_at": shown["shown_at"]}
    picture = {"width": 800, "height": 300, "strokes": [[(0.1, 0.2, 0.5, 0)]]}
    await office.do(CLERK, signing.CaseSign, case_id=case_id, **signed, **picture)
    await law.holds("signed")
    move = materials.CaseMoveMaterial
    await step("moved", APPROVER, move, material_id=again, line="licence")
    assert standing() == {
        front: ("identity", 1, 1, "none"),
        back: ("identity", 2, 2, "none"),
        licence: ("licence", 1, 1, "none"),
        again: ("licence", 1, 2, "none"),
    }
    assert law.last["window"]["case"]["signature"]["outdated"]
    entry = (await office.entries(case_id))[-1]
    assert (entry["act"], entry["object"]) == ("case.move_material", f"material:{again}")
    said = {"on": "line:licence", "text": "只有正本"}
    await step("said of the line", APPROVER, talk.CaseComment, **said)
    await step("moved with its comment", CLERK, move, material_id=licence, line="application")
    [thread] = law.last["window"]["case"]["comments"]
    assert thread["on"] == "line:application"
    assert law.last["applicant"]["case"]["comments"] == []
    await step("on no line", CLERK, move, material_id=again, line="other")
    assert law.last["window"]["case"]["comments"] == [thread]
    await step("returned there", APPROVER, materials.CaseReview, **judged)
    assert "line:other:1" in law.notice["about"]
    await step("and from there", CLERK, move, material_id=again, line="application")
    await step("sides changed", CLERK, move, material_id=front, line="identity", slot=2)
    assert [standing()[one][:2] for one in (front, back)] == [("identity", 2), ("identity", 1)]
    assert "material.moved" in law.types
    law.close()
    if demo_database.startswith("sqlite"):
        write("moves", law.vectors)
    hides_secrets(law)


@SQLITE_ALONE
async def test_rows_of_a_group_keep_the_law(office: Office) -> None:
    case_id = await office.case(item_id=demo.FOUNDING)
    law = Law(office.store, f"case:{case_id}", CASE_AUDIENCES, reducers.reduce_case)
    await law.begin()
    versions: dict[str, int] = {}

    async def edit(path: str, value: str) -> None:
        edited = {"field": path, "value": value, "base_version": versions.get(path, 0)}
        done = await office.do(CLERK, form.CaseEdit, case_id=case_id, **edited)
        versions[path] = done["version"]
        assert await law.holds(path) == 1

    number = "owners.r1.identity_number"
    await edit("owners", "r1,r2")
    await edit("owners.r1.kind", "自然人")
    await edit(number, IDENTITY_NUMBER)
    await edit("owners", "r2,r1")
    proposed = {"field": number, "value": OTHER_IDENTITY_NUMBER, "reason": "见身份证"}
    done = await office.do(APPROVER, form.CasePropose, case_id=case_id, **proposed)
    assert await law.holds("proposed") == 1
    adopted = {"proposal_id": done["proposal_id"], "adopt": True}
    await office.do(CLERK, form.CaseCloseProposal, case_id=case_id, **adopted)
    assert await law.holds("adopted") == 1
    for on in (f"field:{number}", "field:owners"):
        await office.do(APPROVER, talk.CaseComment, case_id=case_id, on=on, text="请核对")
        assert await law.holds(on) == 1
    gone = {"field": "owners.r3.name", "value": "孙", "base_version": 0}
    refused = await office.refused(CLERK, form.CaseEdit, case_id=case_id, **gone)
    assert refused.code is Code.FIELD_UNKNOWN
    assert law.last["window"]["case"]["fields"][number]["value"] == OTHER_IDENTITY_NUMBER
    assert law.last["approver"]["case"]["fields"][number]["value"] == "110105************"
    law.close()
    hides_secrets(law)


async def test_every_act_on_a_call_keeps_the_law(office: Office, demo_database: str) -> None:
    case_id = await office.case()
    await office.do(
        CLERK,
        registering.CaseConsent,
        case_id=case_id,
        given=True,
        text_version="2026-11",
        language="en",
    )
    zhou, gao = (office.actors[login].person_id for login in (APPROVER, OTHER_APPROVER))
    rooms = ("party", "supervisor", rung_as(zhou), rung_as(gao))
    vectors: list[Json] = []
    types: set[str] = set()

    async def dialled() -> tuple[Law, str, Mapping[str, str]]:
        await office.duty(APPROVER, OTHER_APPROVER)
        call_id = (await office.do(CLERK, signaling_call.CallDial, case_id=case_id))["call_id"]
        law = Law(office.store, f"call:{call_id}", rooms, reducers.reduce_call)
        await law.begin()
        for audience in rooms:
            [event] = await office.store.events(law.subject, 0)
            law.seen[audience].append(project(event, audience))
            assert law.seen[audience][0]["call"] == law.last[audience]["call"]
        rings = law.last["party"]["call"]["rings"]
        for person_id in (zhou, gao):
            mine = law.last[rung_as(person_id)]["call"]
            assert [ring["target"]["id"] for ring in mine["rings"]] == [person_id]
            assert mine["legs"] == []
        return law, call_id, {ring["target"]["id"]: ring["id"] for ring in rings}

    async def done(law: Law, name: str, login: str, command: Any, **members: Any) -> Json:
        result = await office.do(login, command, **members)
        assert await law.holds(name) == 1
        return result

    def kept(law: Law) -> None:
        law.close()
        types.update(law.types)
        vectors.extend(law.vectors)

    law, call_id, rings = await dialled()
    await done(law, "cancelled", CLERK, signaling_call.CallCancel, call_id=call_id)
    kept(law)

    law, call_id, rings = await dialled()
    for login, person_id in ((APPROVER, zhou), (OTHER_APPROVER, gao)):
        ring = {"call_id": call_id, "ring_id": rings[person_id]}
        await done(law, "declined", login, signaling_call.CallDecline, **ring)
    assert law.last["party"]["call"]["reason"] == "declined"
    kept(law)

    law, call_id, rings = await dialled()
    office.clock.move(31)
    await office.switchboard.sweep()
    assert await law.holds("missed") >= 1
    assert law.last["party"]["call"]["reason"] == "missed"
    kept(law)

    law, call_id, rings = await dialled()
    ring = {"call_id": call_id, "ring_id": rings[zhou]}
    answered = await done(law, "answered", APPROVER, signaling_call.CallAnswer, **ring)
    assert law.last[rung_as(gao)]["call"]["rings"][0]["state"] == "superseded"
    leg = {"call_id": call_id, "leg_id": answered["leg_id"]}
    await office.switchboard.media_turned(call_id, leg["leg_id"], True)
    assert await law.holds("media up") == 1
    started = RecordingStarted(
        room=call_id, party=leg["leg_id"], segment="segment-1", at=office.clock.now().timestamp()
    )
    await office.recordings.begun(started)
    assert await law.holds("recording") >= 1
    with suppress(Refusal):  # no worker runs; the leg keeps what was asked
        await office.do(APPROVER, signaling_call.CallMute, **leg, mid="0", on=True)
    assert await law.holds("muted") == 1
    await done(law, "no camera", APPROVER, signaling_call.CallLack, **leg, mid="1", on=True)
    await done(law, "held", APPROVER, signaling_call.CallHold, call_id=call_id)
    assert law.last["party"]["call"]["holds"][0]["until"] is None
    await done(law, "resumed", APPROVER, signaling_call.CallResume, call_id=call_id)
    await done(law, "held again", CLERK, signaling_call.CallHold, call_id=call_id)
    await done(law, "window joined again", CLERK, signaling_call.CallJoin, call_id=call_id)
    office.clock.move(6)
    office.switchboard.heard(_line(office, CLERK))
    await office.switchboard.sweep()
    assert await law.holds("approver silent") == 1
    await office.switchboard.media_lost([call_id])
    assert await law.holds("media lost") >= 1
    await office.do(CLERK, signaling_call.CallOpen, call_id=call_id)
    await office.do(APPROVER, desk.DeskOpen)
    assert await law.holds("opened") == 0
    await done(law, "hung up", CLERK, signaling_call.CallHangUp, call_id=call_id)
    assert law.last["party"]["call"]["state"] == "ended"
    kept(law)

    assert types == {"call.changed"}
    recorded = {
        signaling_call.CallDial, signaling_call.CallCancel, signaling_call.CallAnswer, signaling_call.CallDecline,
        signaling_call.CallJoin, signaling_call.CallMute, signaling_call.CallLack, signaling_call.CallHold, signaling_call.CallResume,
        signaling_call.CallHangUp,
    }  # fmt: skip
    assert office.done >= recorded
    if demo_database.startswith("sqlite"):
        write("call", vectors)
    await office.switchboard.close()


def _line(office: Office, login: str) -> Line:
    return Line(office.actors[login])


@pytest.mark.parametrize("audience", ["window", "approver", "party", "rung:person-x", "nobody", ""])
def test_a_foreign_audience_gets_nothing(audience: str) -> None:
    stored = protocol.StoredEvent("person:x", 3, "session.began", {}, {}, MovedClock().now())
    assert project(stored, audience) == {
        "type": "skipped",
        "subject": "person:x",
        "version": 3,
        "at": "2026-11-23T01:00:00Z",
    }


async def test_a_case_is_for_its_audiences_alone(office: Office) -> None:
    case_id = await office.case()
    [event] = await office.store.events(f"case:{case_id}", 0)
    for audience in ("party", rung_as("person-x"), "nobody"):
        assert project(event, audience)["type"] == "skipped"
    async with office.store.read() as connection:
        shown = await case_rows.find_whole(connection, case_id)
    assert shown is not None
    with pytest.raises(PermissionError):
        project_case(views.case_view(shown), "party")
