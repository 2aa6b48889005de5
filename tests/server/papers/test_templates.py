"""Templates of papers that a unit lays out by itself: what is refused, what is drawn, who may, what stays."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pypdfium2
import pytest
import sqlalchemy as sa

from server.case.acts.papers.press import KIND, Press
from server.case.wire import decision as case_decision
from server.case.wire import materials, promises, signing
from server.case.wire.course import advancing as course
from server.case.wire.course import agents
from server.catalogue.rows import catalogue
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.papers import specimen
from server.papers.studio import OWN_LIMITS, TemplateStudio
from server.papers.wire import TemplateFault
from server.people.acts import registering
from server.people.rows import staffing
from server.rights.person import Actor
from server.rights.subjects import of_templates, of_unit
from server.standards import template
from server.standards.papers import AGENT_PAPERS, TITLES, PaperKind
from server.standards.working_days import china_day
from server.store import SYSTEM
from server.store.subject import Turn
from server.store.tables import jobs as job_rows
from server.store.tables import ledger_entries, ledger_payloads
from server.tasks import wire as working
from server.work import paper as drawing
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit.casework import ADMIN, APPROVER, CLERK, SUPERVISOR, Office, closing
from tests.kit.stores import SQLITE_ALONE
from tests.server.case.test_papers import text_of

pytestmark = pytest.mark.timeout(180)
"""The children that draw give way to everything else on the machine."""
BUILT_IN: Final = drawing.LAYOUT.read_text(encoding="utf-8")
OWN: Final = BUILT_IN.replace("本文书一式两份，一份交申请人，一份存档。", "本文书按本局样式制作。")
"""The built-in layout with another sentence at its end."""


class Hall:
    """A studio, and an administrator of the unit that decides."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.studio = TemplateStudio(office.store, Children(1))
        self.admin = office.actors[ADMIN]

    async def faults(self, source: str, kind: PaperKind = "refusal") -> list[TemplateFault]:
        made = await self.studio.check(self.admin, kind, source)
        assert bool(made.pictures) is not bool(made.faults)
        return made.faults

    async def refusal(self, **own: Any) -> tuple[dict[str, Any], str]:
        """Refuse a new case, and let the notice be made: the paper, and what is read on it."""
        office = self.office
        case_id = await office.case()
        decided = {"decision": "refused", "reason": "该事项不属于本机关职权范围。", **own}
        await office.do(APPROVER, case_decision.CaseDecide, case_id=case_id, **decided)
        return await self.made(case_id)

    async def made(self, case_id: str) -> tuple[dict[str, Any], str]:
        work = Jobs(self.office.store, {KIND: Press(self.office.store, Children()).kind})
        assert await work.work_once()
        paper = (await self.office.view(case_id))["papers"][-1]
        assert paper["state"] == "ready"
        content = self.office.store.blobs.path(paper["sha256"]).read_bytes()
        return paper, text_of(paper["kind"], content)

    async def kept(self, subject: str) -> list[Mapping[str, Any]]:
        """The ledger of a subject: act, actor, unit, payload."""
        joined = ledger_entries.join(
            ledger_payloads,
            sa.and_(
                ledger_entries.c.subject == ledger_payloads.c.subject,
                ledger_entries.c.version == ledger_payloads.c.version,
            ),
        )
        query = (
            sa.select(
                ledger_entries.c.act,
                ledger_entries.c.actor,
                ledger_entries.c.unit,
                ledger_payloads.c.payload,
            )
            .select_from(joined)
            .where(ledger_entries.c.subject == subject)
            .order_by(ledger_entries.c.version)
        )
        async with self.office.store.read() as connection:
            return list((await connection.execute(query)).mappings())


@pytest.fixture
async def hall(office: Office) -> AsyncIterator[Hall]:
    yield Hall(office)
    await office.switchboard.close()


# ---------------------------------------------------------------- what is refused

HOSTILE: Final = {
    "a file of the machine": ('#read("/etc/passwd")', "file", 1),
    "a file above": ('\n\n#read("../../../../etc/passwd")', "file", 3),
    "a picture": ('#image("/proc/self/environ")', "file", 1),
    "a package": ('\n#import "@preview/cetz:0.3.4": *', "package", 2),
    "a package whose name is put together": ('#import "@pre" + "view/cetz:0.3.4": *', "package", 1),
    "calls without end": ("#let f(x) = f(x + 1)\n#f(1)", "endless", 1),
    "a loop without end": (
        "#let n = 0\n#while n >= 0 { n = n + 1; if n > 5 { n = 1 } }", "endless", 2,
    ),
    "a thousand pages": ("#for n in range(1000) [x #pagebreak()]", "too_long", 0),
}  # fmt: skip
WRONG: Final = {
    "an unknown name": ("好\n#nobody", "unknown_name", 2, "nobody"),
    "a fact that is not there": (
        "#let facts = json(bytes(sys.inputs.facts))\n#facts.nothing", "unknown_key", 2, "nothing",
    ),
    "a bracket left open": ("#let x = (1,\n", "unclosed", 1, ""),
    "a wrong kind": ('\n#text(size: "big")[x]', "expected", 2, "expected length, found string"),
    "a font that is not here": ('#set text(font: "Comic Sans MS")\nx', "font", 1, "comic sans ms"),
    "a panic": ('#panic("nothing")', "panicked", 1, "nothing"),
}  # fmt: skip
"""Nothing is asked of the database."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Papers are drawn in this process; what that leaves in its environment is taken back."""
    for name in drawing._PROXIES:
        monkeypatch.setenv(name, "")


def drawn(source: str, kind: PaperKind) -> list[template.TemplateFault]:
    """What is wrong with a template, without the cell around it."""
    try:
        drawing.draw(specimen.facts(kind, "样本行政审批服务局"), (), source)
    except drawing.Unfit as unfit:
        return list(unfit.faults)
    return []


@SQLITE_ALONE
async def test_what_a_template_may_not_do_is_told_with_its_line(hall: Hall) -> None:
    for what, (source, why, line) in HOSTILE.items():
        [fault] = await hall.faults(source)
        assert (fault.why, fault.line) == (why, line), (what, fault)
        assert fault.name == "", what


@pytest.mark.usefixtures("here")
def test_what_is_wrong_in_a_template_is_told_with_its_line() -> None:
    for what, (source, why, line, name) in WRONG.items():
        [fault] = drawn(source, "refusal")
        assert (fault.why, fault.line, fault.name) == (why, line, name), what


@SQLITE_ALONE
async def test_memory_and_size_are_bounded_and_the_next_one_is_drawn(hall: Hall) -> None:
    big = await hall.faults('#let s = "x" * 1000\n#while s.len() > 0 { s = s + s }')
    assert {one.why for one in big} <= {"endless", "other"}
    noise = "#for n in range(50) { for m in range(9000) [#box(width: 1pt + n * 1pt)[#(n * m)] ] }"
    assert [one.why for one in await hall.faults(noise)] in (["too_big"], ["too_long"], ["endless"])
    wide = "#set page(width: 90000mm, height: 90000mm)\n" + OWN.replace('paper: "a4",', "")
    made = await hall.studio.check(hall.admin, "refusal", wide)
    for shown in made.pictures:
        assert len(base64.b64decode(shown)) < 1024 * 1024
    assert await hall.faults(OWN) == []


@SQLITE_ALONE
async def test_one_that_never_ends_is_ended(hall: Hall) -> None:
    brief = TemplateStudio(
        hall.office.store, Children(1), limits=replace(OWN_LIMITS, processor_s=2)
    )
    long = "#for a in range(9999) { for b in range(9999) { for c in range(9999) { let x = a * b * c } } }"
    made = await brief.check(hall.admin, "refusal", long)
    assert [(one.why, one.line) for one in made.faults] == [("endless", 0)]
    assert (await brief.check(hall.admin, "refusal", OWN)).pages == 1


def test_no_package_is_fetched_even_where_there_is_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In this very process, where nothing but the drawing itself is between a template and the network."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for name in drawing._PROXIES:
            monkeypatch.setenv(name, address)
        [fault] = drawn('#import "@preview/cetz:0.3.4": *', "refusal")
        assert fault.why == "package"
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


MUST: Final[dict[PaperKind, tuple[tuple[str, str], ...]]] = {
    "receipt": (
        ("facts.materials.enumerate", "materials"), ("#one.originals / #one.copies", "copies"),
        ('row("收件时间", facts.made_at),', "time"), ("签收人（", "signed_for"),
    ),
    "acceptance": (
        ("#window.clerk（", "receiver"), ("#facts.hotline ", "contact"), ("（印章）", "seal"),
        ("#decision.due_on ", "decision_date"), ("[#one.until 前]", "promised"),
    ),
    "correction": (
        ("[#number], point, []", "points"), ("*#facts.correct_by*", "deadline"),
        ("#decision.reason", "reason"),
    ),
    "refusal": (
        ("body-par(decision.reason)", "reason"), ("行政复议", "rights"),
        ("#text(size: 11pt, facts.number)", "number"),
    ),
    "suspension": (("clock.stopped.began", "procedure"),),
    "extension": (("body-par(clock.extension.reason)", "reason"),),
    "application": (("(label(name), if value", "form"),),
    "handover": (("#parcel.tracking", "parcel"), ("one.told }", "arrived")),
    "grant": (("#ruling.deliver_by 前", "deliver_by"), ("for (number, one) in lines", "bases")),
    "registration": (("[作出决定的依据], ruling.bases", "bases"), ("#ruling.deliver_by 前", "deliver_by")),
    "denial": (("body-par(ruling.reason)", "reason"), ("[*#body*]", "review"), ("行政复议", "rights")),
    "delivery": (
        ("one.number, one.originals, one.copies", "results"), ("[#receiver.name", "receiver"),
        ("#parcel.courier　#parcel.tracking", "way"), ("收件人\\", "signed_for"),
    ),
    "closing": (("#course.used 个工作日", "used"), ("one.name, one.number, one.kind", "results")),
    "withdrawal": (("body-par(ending.reason)", "reason"), ("申请人签名（盖章）：", "signed_for")),
    "return": (
        ("body-par(ending.reason)", "reason"),
        ("one.name, one.originals, one.copies, none", "materials"),
    ),
    "termination": (("body-par(ending.cause)", "cause"), ("[*#court*]", "review")),
    "agent_start": (("body-par(agent.wish)", "reason"), ("row(\"受理日期\", agent.accepted_on),", "agent")),
    "mandate": (("body-par(agent.scope)", "mandate"), ("申请人签名（盖章）：", "signed_for")),
    "agent_pause": (("body-par(agent.reason)", "reason"), ("row(\"再次联系日期\", agent.again_on),", "reason")),
    "renewal": (("body-par(agent.scope)", "mandate"), ("自签署之日起至 #agent.until", "mandate")),
    "agent_end": (("body-par(agent.reason)", "reason"),),
}  # fmt: skip


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kind", TITLES)
def test_the_built_in_layout_says_what_must_be_said_and_what_is_left_out_is_named(
    kind: PaperKind,
) -> None:
    assert drawn(BUILT_IN, kind) == []
    for words, must in MUST[kind][:2]:
        assert words in BUILT_IN, words
        gone = {
            "facts.materials.enumerate": "facts.materials.slice(1).enumerate",
            "[#number], point, []": "[#number], [], []",
            "(label(name), if value": '(label(name), if "" == "" { [] } else if value',
            "one.told }": "[] }",
            "clock.stopped.began": "clock.started_on",
            "for (number, one) in lines": "for (number, one) in lines.slice(1)",
            "[作出决定的依据], ruling.bases": "[作出决定的依据], ()",
            "[*#body*]": "[某机关]",
            "[*#court*]": "[某法院]",
            "one.number, one.originals, one.copies": "[], one.originals, one.copies",
            "[#receiver.name": "[收件人",
            "one.name, one.number, one.kind": "one.name, [], one.kind",
            "one.name, one.originals, one.copies, none": "[], one.originals, one.copies, none",
            "自签署之日起至 #agent.until": "自签署之日起",
        }.get(words, "[]" if words.startswith("body-par(") else "")
        # the number stands in the footer too
        source = BUILT_IN.replace(words, gone).replace("[#facts.title　#facts.number],", "[],")
        found = [(one.why, one.name) for one in drawn(source, kind)]
        assert ("lacks", must) in found, (words, found)


def test_no_seal_stands_on_a_page_of_its_own() -> None:
    # with so many materials the page is full before the closing
    full: dict[PaperKind, int] = {
        "receipt": 5, "acceptance": 3, "correction": 4, "refusal": 5, "return": 6, "termination": 5,
    }  # fmt: skip
    for kind, number in full.items():
        facts = specimen.facts(kind, "样本行政审批服务局")
        facts["materials"] = facts["materials"][:1] * number
        content, pages = drawing.draw(facts)
        assert pages == 2, kind
        document = pypdfium2.PdfDocument(content)
        says = "".join(document[1].get_textpage().get_text_bounded().split())
        document.close()
        # the last row or sentence came along
        assert not says.startswith(("签收人", facts["unit"], facts["window"]["unit"])), (kind, says)


@SQLITE_ALONE
async def test_what_must_name_the_review_body_waits_until_that_is_known(hall: Hall) -> None:
    store = hall.office.store
    async with store.change(SYSTEM) as change:
        await staffing.set_review(change.connection, demo.XIHAIAN, "", "")
        turn = await Turn.of(change, of_unit(demo.XIHAIAN))
        await turn.enter("unit.review", {"review_body": "", "court": ""})
    for kind in template.NAMES_REVIEW:
        with pytest.raises(Refusal) as refused:
            await hall.studio.publish(hall.admin, kind, OWN, over=0, note="换成本局样式")
        assert refused.value.code is Code.REVIEW_BODY_MISSING, kind
        # the built-in layout says that there is one, whoever it is
        await hall.studio.publish(hall.admin, kind, None, over=0, note="不变")
    await hall.studio.publish(hall.admin, "grant", OWN, over=0, note="换成本局样式")
    known = {"review_body": "青岛市黄岛区人民政府", "court": "青岛市黄岛区人民法院"}
    await registering.set_review(store, unit=demo.XIHAIAN, **known)
    await hall.studio.publish(hall.admin, "refusal", OWN, over=1, note="换成本局样式")
    _, text = await hall.refusal()
    assert "按本局样式制作" in text
    assert all(one in text for one in known.values())


@SQLITE_ALONE
async def test_what_has_a_fault_is_not_published(hall: Hall) -> None:
    for source, why in (("#nobody", "unknown_name"), ("= 通知书", "lacks")):
        with pytest.raises(Refusal) as refused:
            await hall.studio.publish(hall.admin, "refusal", source, over=0, note="试")
        assert refused.value.code is Code.BAD_TEMPLATE
        assert why in str(refused.value.details["places"])
    assert await hall.kept(of_templates(demo.XIHAIAN)) == []
    _, text = await hall.refusal()
    assert "本文书一式两份" in text


# ---------------------------------------------------------------- what is drawn, and what stays


async def test_a_template_is_a_version_with_its_history_and_papers_that_were_issued_stay(
    hall: Hall,
) -> None:
    before, old = await hall.refusal()
    assert "本文书一式两份" in old
    made = await hall.studio.publish(hall.admin, "refusal", OWN, over=0, note="换成本局样式")
    assert (made.version, made.made_by, made.built_in) == (1, "系统管理员", False)
    after, new = await hall.refusal()
    assert "按本局样式制作" in new
    # back to the built-in one, and to the first: each a version of its own
    with pytest.raises(Refusal) as stale:
        await hall.studio.publish(hall.admin, "refusal", None, over=0, note="退回")
    assert stale.value.code is Code.STALE
    back = await hall.studio.publish(hall.admin, "refusal", None, over=1, note="退回")
    assert (back.version, back.built_in) == (2, True)
    assert "本文书一式两份" in (await hall.refusal())[1]
    former = (await hall.studio.source(hall.admin, "refusal", "1")).source
    assert former == OWN
    await hall.studio.publish(hall.admin, "refusal", former, over=2, note="再用")
    assert "按本局样式制作" in (await hall.refusal())[1]
    whole = await hall.studio.whole(hall.admin, "refusal")
    assert [(one.version, one.note) for one in whole.versions] == [
        (3, "再用"), (2, "退回"), (1, "换成本局样式"),
    ]  # fmt: skip
    assert whole.source == OWN
    assert (await hall.studio.source(hall.admin, "refusal", "0")).source == BUILT_IN
    for paper in (before, after):
        content = hall.office.store.blobs.path(paper["sha256"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == paper["sha256"]
    kept = await hall.kept(of_templates(demo.XIHAIAN))
    assert [(one["act"], one["unit"]) for one in kept] == [("template.publish", demo.XIHAIAN)] * 3
    assert hashlib.sha256(OWN.encode()).hexdigest() in kept[0]["payload"]
    # other papers, and papers of others, are laid out as before
    assert (await hall.studio.whole(hall.admin, "receipt")).built_in
    elsewhere = replace(hall.admin, unit_id=demo.JINAN)
    assert (await hall.studio.whole(elsewhere, "refusal")).built_in


async def test_a_paper_keeps_the_template_with_which_it_was_asked_for(hall: Hall) -> None:
    case_id = await hall.office.case()
    decided = {"decision": "refused", "reason": "该事项不属于本机关职权范围。"}
    await hall.office.do(APPROVER, case_decision.CaseDecide, case_id=case_id, **decided)
    await hall.studio.publish(hall.admin, "refusal", OWN, over=0, note="换成本局样式")
    assert "本文书一式两份" in (await hall.made(case_id))[1]


@SQLITE_ALONE
async def test_a_template_that_fails_a_real_case_gives_way_to_the_built_in_one(hall: Hall) -> None:
    """It says the reason of the invented case alone, or ends on no other: the notice is made all the same."""
    for over, part in enumerate(
        ("{ body-par[样本理由：申请材料已经逐项核对，情况如上所述。] }", "{ panic() }")
    ):
        own = OWN.replace(
            "  body-par(decision.reason)",
            f'  if decision.reason.starts-with("样本") {{ body-par(decision.reason) }} else {part}',
        )
        assert own != OWN
        await hall.studio.publish(hall.admin, "refusal", own, over=over, note="试")
        _, text = await hall.refusal()
        assert "该事项不属于本机关职权范围。" in text
        assert "本文书一式两份" in text
    async with hall.office.store.read() as connection:
        joined = ledger_entries.join(
            ledger_payloads,
            sa.and_(
                ledger_entries.c.subject == ledger_payloads.c.subject,
                ledger_entries.c.version == ledger_payloads.c.version,
            ),
        )
        query = sa.select(ledger_payloads.c.payload).select_from(joined)
        made = query.where(ledger_entries.c.act == "paper.make")
        told = [str(one) for one in await connection.scalars(made)]
    assert sum("lacks reason" in one for one in told) == 1
    assert sum("panicked" in one for one in told) == 1


# ---------------------------------------------------------------- who may


@SQLITE_ALONE
async def test_templates_are_for_the_administrator_of_the_unit_and_read_by_its_supervisors(
    hall: Hall,
) -> None:
    actors = hall.office.actors
    elsewhere = replace(actors[ADMIN], unit_id=demo.JINAN, unit_name="济南市市中区政务服务中心")
    await hall.studio.publish(hall.admin, "refusal", OWN, over=0, note="换成本局样式")
    # another unit's administrator sees and writes his own
    assert (await hall.studio.templates(elsewhere)).unit_name == elsewhere.unit_name
    assert (await hall.studio.whole(elsewhere, "refusal")).versions == []
    await hall.studio.publish(elsewhere, "refusal", None, over=0, note="不变")
    assert (await hall.studio.whole(hall.admin, "refusal")).source == OWN
    supervisor = replace(actors[SUPERVISOR], unit_id=demo.XIHAIAN)
    seen = await hall.studio.templates(supervisor)
    assert not seen.may_edit
    assert [one.newest and one.newest.note for one in seen.templates if one.kind == "refusal"] == [
        "换成本局样式"
    ]
    assert (await hall.studio.source(supervisor, "refusal", "1")).source == OWN

    async def denied(actor: Actor, *, reads: bool) -> None:
        asked = [
            hall.studio.check(actor, "refusal", OWN),
            hall.studio.publish(actor, "refusal", OWN, over=1, note="试"),
        ]
        if not reads:
            asked += [hall.studio.templates(actor), hall.studio.whole(actor, "refusal")]
            asked += [hall.studio.source(actor, "refusal", "1")]
        for one in asked:
            with pytest.raises(Refusal) as refused:
                await one
            assert refused.value.code is Code.FORBIDDEN

    await denied(supervisor, reads=True)
    for login in (CLERK, APPROVER):
        await denied(actors[login], reads=False)
    for kind, version in (("nothing", "1"), ("refusal", "9"), ("refusal", "x")):
        with pytest.raises(Refusal) as refused:
            await hall.studio.source(hall.admin, kind, version)
        assert refused.value.code is Code.NOT_FOUND


# ---------------------------------------------------------------- the invented cases


def same(real: Any, invented: Any, at: str) -> None:
    if isinstance(real, dict) and isinstance(invented, dict):
        assert real.keys() == invented.keys(), at
        for name in real:
            same(real[name], invented[name], f"{at}.{name}")
    elif real and invented and isinstance(real, list):
        same(real[0], invented[0], f"{at}[]")


async def courses(office: Office) -> None:
    """Let cases of an item without form and materials go on to every end that has a paper."""
    [known] = [one for one in demo.ITEMS if one.id == demo.PRINCIPAL]
    plain: dict[str, Any] = {
        "lines": (),
        "form": (),
        "rules": (),
        "checklist": (),
        "signature": "optional",
    }
    async with office.store.change(SYSTEM) as change:
        for id, registers in (("item-permit", False), ("item-registered", True)):
            made = replace(known, id=id, code=f"{known.code[:-1]}{int(registers) + 7}", **plain)
            await catalogue.add_item(
                change.connection, replace(made, registers=registers, bases=())
            )
        await change.record("catalogue", "catalogue.import", "catalogue", None, payload={})

    async def decided(decision: str, item: str) -> dict[str, Any]:
        about = {"case_id": await office.case(item_id=item)}
        told = {"decision": decision, "reason": "材料齐全。"}
        await office.do(APPROVER, case_decision.CaseDecide, **about, **told)
        return about

    for ruling, item in (
        ("denied", "item-permit"), ("granted", "item-registered"), ("granted", "item-permit"),
    ):  # fmt: skip
        about = await decided("accepted", item)
        ruled = {"ruling": ruling, "reason": "不符合条件。", "bases": ["《样本条例》第一条"]}
        await office.do(APPROVER, course.CaseRule, **about, **ruled)
    licence = {"kind": "licence", "name": "许可证", "number": "1", "valid_from": "2026-11-23"}
    await office.do(APPROVER, course.CaseIssue, **about, results=[licence])
    begun = await office.do(CLERK, course.CaseBeginDelivery, **about, way="collected")
    seen = {"name": "孙雅宁", "document": "passport", "number": "E12345678", "how": "sight"}
    await office.do(CLERK, course.CaseCheckReceiver, **about, **begun, **seen)
    ended = {"outcome": "delivered", "on": "2026-11-23"}
    await office.do(CLERK, course.CaseEndDelivery, **about, **begun, **ended)
    why = {"reason": "不再办理。"}
    about = await decided("accepted", "item-permit")
    await office.do(APPROVER, course.CaseFinish, **about, **why, kind="terminated", cause="died")
    about = {"case_id": await office.case(item_id="item-permit")}
    await office.do(CLERK, course.CaseFinish, **about, **why, kind="withdrawn")
    about = await decided("to_correct", "item-permit")
    office.clock.move(30 * 86400)
    await office.do(APPROVER, course.CaseFinish, **about, **why, kind="returned")


async def helped(office: Office, case_id: str) -> None:
    """Let somebody act for the applicant, with every paper that there is of it."""
    about = {"case_id": case_id}
    wish = {"kind": "proxy", "text": "行动不便，请代领证照"}
    task = {"task_id": (await office.do(CLERK, agents.CaseAskAgent, **about, **wish))["task_id"]}
    seen = 1

    async def step(command: type[Any], **told: Any) -> None:
        nonlocal seen
        done = await office.do(CLERK, command, **task, seen_version=seen, **told)
        seen = done["version"]

    async def printed(paper: str, **told: Any) -> None:
        await office.do(CLERK, agents.CasePrintAgent, **about, **task, paper=paper, **told)

    await step(working.TaskClaim)
    await printed("agent_start")
    today = china_day(office.clock.now())
    paper = {"scope": "代领证照", "until": today}
    await printed("mandate", **paper)
    file = next(
        one["id"]
        for one in (await office.view(case_id))["materials"]
        if (one["side"], one["purpose"]) == ("window", "material")
    )
    await step(working.TaskMandate, material_id=file, signed_on=today, **paper)
    await printed("renewal", **paper)
    later = office.clock.now() + timedelta(days=1)
    await step(working.TaskEnter, outcome="note", text="说好了", next_step="去", next_at=later)
    await step(working.TaskSuspend, text="住院", next_at=later)
    await printed("agent_pause")
    await step(working.TaskCancel, text="本人来办")
    await printed("agent_end")


@SQLITE_ALONE
async def test_the_invented_facts_have_the_members_of_real_ones(hall: Hall, tmp_path: Path) -> None:
    office = hall.office
    case_id = await office.case(item_id=demo.CLOSING)
    await closing(office, case_id, tmp_path)
    later = {
        "line": "clearance",
        "due_on": "2026-12-10",
        "text_version": "2026-11",
        "language": "zh-CN",
    }
    line = next(
        one["key"]
        for one in (await office.view(case_id))["item"]["lines"]
        if one["need"] == "later"
    )
    await office.do(CLERK, promises.CasePromise, case_id=case_id, **{**later, "line": line})
    await office.do(CLERK, signing.CasePrintForm, case_id=case_id)
    parcel = {
        "courier": "EMS",
        "tracking": "EX123456789CN",
        "lines": [{"line": "licence", "originals": 1, "copies": 0}],
    }
    await office.do(CLERK, materials.CaseSendOriginals, case_id=case_id, **parcel)
    yes = {"decision": "accepted", "reason": "材料齐全。"}
    await office.do(APPROVER, case_decision.CaseDecide, case_id=case_id, **yes)
    stop = {"why": "hearing", "reason": "申请人要求听证"}
    await office.do(APPROVER, case_decision.CaseStopClock, case_id=case_id, **stop)
    await office.do(APPROVER, case_decision.CaseResumeClock, case_id=case_id)
    long = {"days": 5, "reason": "案情复杂"}
    await office.do("gaoxinmin", case_decision.CaseExtendLimit, case_id=case_id, **long)
    for decision in ("to_correct", "refused"):
        other = await office.case()
        decided = {"decision": decision, "reason": "不属于本机关职权范围。"}
        await office.do(APPROVER, case_decision.CaseDecide, case_id=other, **decided)
    await courses(office)
    await helped(office, case_id)
    async with office.store.read() as connection:
        bodies = await connection.scalars(sa.select(job_rows.c.body).where(job_rows.c.kind == KIND))
        real = {body["facts"]["kind"]: body["facts"] for body in bodies}
    assert set(real) == set(TITLES)
    for kind, facts in real.items():
        invented = specimen.facts(kind, "样本")
        if kind == "extension":  # what was stopped before has gone on
            facts["clock"]["stopped"] = None
        if kind in ("application", "receipt", "handover", "withdrawal", *AGENT_PAPERS):
            facts["decision"] = invented["decision"]
        if kind == "application":
            facts.pop("clock", None)
        same(facts, invented, kind)
