"""Official papers: what stands on them, what a missing font does, who may read them."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pypdfium2  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa
import zxingcpp

from server.audit.acts.archive import Archive
from server.case.acts.course.listing import listing
from server.case.acts.papers import press as papers
from server.case.acts.papers.press import Press
from server.case.rows.reading import find, list_earlier
from server.case.wire.decision import CaseDecide
from server.case.wire.form import CaseEdit
from server.case.wire.http import CaseSummary
from server.case.wire.materials import CaseConsentEarlier, CaseReview
from server.case.wire.signing import CasePrintForm, CaseSign, CaseSubmit, CaseSummarise
from server.demo import data as demo
from server.jobs.runner import Jobs
from server.store.tables import ledger_entries
from server.work import paper as drawing
from server.work.child import Children
from signaling.refusals import Code, Refusal
from tests.kit.casework import (
    ADMIN,
    APPROVER,
    CLERK,
    OTHER_IDENTITY_NUMBER,
    PDF,
    SUPERVISOR,
    VALUES,
    Office,
)
from tests.kit.stores import SQLITE_ALONE

PICTURES = Path(__file__).parents[3] / "docs" / "papers"
STROKES = [
    [
        (
            0.08 + 0.13 * number + step / 400,
            0.5 + 0.3 * math.sin(number + step / 7),
            0.3 + step / 80,
            9 * step,
        )
        for step in range(40)
    ]
    for number in range(6)
]


class Desk:
    """A case with its materials and its form, and the press that makes its papers."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.folder = folder
        self.case_id = ""
        self.press(())

    def press(self, font_dirs: tuple[Path, ...], public_url: str | None = None) -> None:
        """Set papers in the fonts of these folders, and for this address, from now on."""
        press = Press(self.office.store, Children(), font_dirs, public_url)
        self.jobs = Jobs(self.office.store, {papers.KIND: press.kind})

    async def fill(self, **changes: Any) -> None:
        office = self.office
        self.case_id = await office.case(**changes)
        uploads = await office.uploads(self.folder / "uploads")
        self.lines = (await office.view(self.case_id))["item"]["lines"]
        for line in self.lines:
            if line["need"] == "required":
                await office.bring(uploads, self.case_id, line["key"], name=f"{line['name']}.pdf")
        for field, value in VALUES.items():
            await office.do(
                CLERK, CaseEdit, case_id=self.case_id, field=field, value=value, base_version=0
            )

    async def judge(self) -> None:
        for material in (await self.office.view(self.case_id))["materials"]:
            await self.office.do(
                APPROVER,
                CaseReview,
                case_id=self.case_id,
                material_id=material["id"],
                review="accepted",
            )

    async def submit(self) -> dict[str, Any]:
        """Show, sign and hand in; returns the summary that was signed."""
        shown = await self.office.do(CLERK, CaseSummarise, case_id=self.case_id)
        await self.office.do(
            CLERK,
            CaseSign,
            case_id=self.case_id,
            hash=shown["hash"],
            shown_at=shown["shown_at"],
            width=900,
            height=360,
            strokes=STROKES,
        )
        await self.office.do(CLERK, CaseSubmit, case_id=self.case_id, hash=shown["hash"])
        return shown

    async def decide(self, decision: str, reason: str) -> None:
        await self.office.do(
            APPROVER, CaseDecide, case_id=self.case_id, decision=decision, reason=reason
        )

    async def made(self) -> tuple[dict[str, Any], str]:
        """Let the job be done; the newest paper and the text on it."""
        asked = (await self.office.view(self.case_id))["papers"][-1]
        assert asked["state"] == "making"
        with pytest.raises(Refusal) as early:
            await papers.find_content(self.office.store, self.office.actors[CLERK], asked["id"])
        assert early.value.code is Code.PAPER_NOT_READY
        assert await self.jobs.work_once()
        paper = (await self.office.view(self.case_id))["papers"][-1]
        assert paper["state"] == "ready"
        blobs = self.office.store.blobs
        content = blobs.path(paper["sha256"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == paper["sha256"]
        assert len(content) == paper["size_bytes"]
        return paper, text_of(paper["kind"], content)

    async def scanned(self) -> str:
        """What a scanner reads from the code on the newest paper, as it is printed."""
        paper = (await self.office.view(self.case_id))["papers"][-1]
        document = pypdfium2.PdfDocument(self.office.store.blobs.path(paper["sha256"]))
        try:
            (found,) = zxingcpp.read_barcodes(document[0].render(scale=200 / 72).to_pil())
        finally:
            document.close()
        return str(found.text)


def text_of(kind: str, content: bytes) -> str:
    """What stands on a paper, without blanks."""
    picture(kind, content)
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [document[number].get_textpage() for number in range(len(document))]
        text = "".join(page.get_text_bounded() for page in pages)
    finally:
        document.close()
    return "".join(text.split())


def picture(kind: str, content: bytes) -> None:
    """Keep the first page for the documentation, when pictures are asked for."""
    if not os.environ.get("YUNJIAN_SCREENS"):
        return
    document = pypdfium2.PdfDocument(content)
    PICTURES.mkdir(exist_ok=True)
    for number in range(len(document)):
        shown = document[number].render(scale=1.6).to_pil().quantize(64, dither=0)
        shown.save(PICTURES / f"{kind}-{number + 1}.png", optimize=True)
    document.close()


@pytest.fixture
async def desk(office: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(office, tmp_path)
    await desk.fill()
    yield desk
    await office.switchboard.close()


def on(text: str, *wanted: str) -> None:
    """Each of these stands on the paper, whatever the line breaks."""
    for one in wanted:
        assert "".join(one.split()) in text, one


ALWAYS = (
    "青岛西海岸新区行政审批服务局",
    "孙雅宁",
    "12345",
    "（印章）",
    "签收人",
    "签收日期",
    "第1页",
    "李秀兰",
    "SZ-0306",
)


@SQLITE_ALONE
async def test_the_code_leads_to_where_the_case_is_asked_about(desk: Desk) -> None:
    desk.press((), "https://yunjian.example")
    await desk.submit()
    _, text = await desk.made()
    case = await desk.office.view(desk.case_id)
    assert await desk.scanned() == f"https://yunjian.example/enquiry#{case['number']}"
    on(text, "扫码查进度")


@SQLITE_ALONE
async def test_the_receipt_lists_what_was_received_and_bears_the_signature(desk: Desk) -> None:
    shown = await desk.submit()
    paper, text = await desk.made()
    assert paper["kind"] == "receipt"
    assert paper["number"].startswith("370211-SJ-20261123-")
    case = await desk.office.view(desk.case_id)
    on(text, *ALWAYS, "收件凭证", paper["number"], case["number"], "370103************")
    on(text, f"自受理之日起{case['item']['promised_days']}个工作日")
    assert await desk.scanned() == case["number"]
    on(text, "138****6217", case["item"]["name"], case["item"]["code"], "异地代收代办")
    on(text, shown["hash"][:32], shown["hash"][32:], "不表示受理")
    for material in case["materials"]:
        on(text, material["name"], material["sha256"][:16])
    for line in desk.lines:
        if line["need"] == "required":
            on(text, line["name"], f"{line['originals']}/{line['copies']}份")
    # 2026-11-23 01:00 UTC and some seconds, told in China's time
    on(text, "2026年11月23日09:0")
    assert "370103198506072840" not in text
    assert "13805316217" not in text
    # a line for each span of ink, in the picture of the signature
    svg = drawing.ink({"width": 900, "height": 360, "strokes": STROKES})
    assert svg.count("<line") == sum(len(stroke) - 1 for stroke in STROKES)
    assert "paper.make" in await acts(desk)


async def test_acceptance_names_the_limit_and_the_day_of_decision(desk: Desk) -> None:
    await desk.judge()
    await desk.decide("accepted", "材料齐全，符合法定形式。")
    paper, text = await desk.made()
    case = await desk.office.view(desk.case_id)
    due = case["decision"]["due_on"].split("-")
    on(text, *ALWAYS, "受理通知书", paper["number"], case["number"], "材料齐全，符合法定形式。")
    on(text, f"{case['item']['promised_days']}个工作日")
    on(text, f"{int(due[0])}年{int(due[1])}月{int(due[2])}日前", "第三十二条第一款第五项")
    assert paper["number"].startswith("370211-SL-")


@SQLITE_ALONE
async def test_correction_tells_everything_at_once_with_its_deadline(desk: Desk) -> None:
    first = (await desk.office.view(desk.case_id))["materials"][0]
    await desk.office.do(
        APPROVER,
        CaseReview,
        case_id=desk.case_id,
        material_id=first["id"],
        review="returned",
        reason="印章不清晰，请重新扫描",
    )
    await desk.decide("to_correct", "请一次补齐后再次连线。")
    paper, text = await desk.made()
    case = await desk.office.view(desk.case_id)
    on(text, *ALWAYS, "补正材料通知书", paper["number"], "请一次补齐后再次连线。")
    assert case["decision"]["points"]
    on(text, *case["decision"]["points"], f"共{len(case['decision']['points'])}项")
    on(text, "印章不清晰，请重新扫描", "第三十二条第一款第四项")
    # fifteen working days after 2026-11-23, counted once: what is printed is what the pages and the lists say
    on(text, "2026年12月14日")
    assert case["decision"]["correct_by"] == "2026-12-14"
    [row] = await listing(desk.office.store, desk.office.actors[CLERK])
    assert row.correct_by == date(2026, 12, 14)


@SQLITE_ALONE
async def test_refusal_tells_the_reason_and_the_rights(desk: Desk) -> None:
    await desk.decide("refused", "该事项不属于本机关职权范围，请向济南市行政审批服务局申请。")
    paper, text = await desk.made()
    on(text, *ALWAYS, "不予受理通知书", paper["number"])
    on(text, "该事项不属于本机关职权范围，请向济南市行政审批服务局申请。")
    on(text, "六十日内", "行政复议", "六个月内", "行政诉讼")


@SQLITE_ALONE
async def test_the_form_is_printed_whole_for_the_window_alone(desk: Desk) -> None:
    await desk.office.do(CLERK, CasePrintForm, case_id=desk.case_id)
    paper, text = await desk.made()
    assert paper["kind"] == "application"
    case = await desk.office.view(desk.case_id)
    on(text, case["item"]["form_title"], paper["number"], "申请人签名", "第三十一条")
    for field in case["item"]["form"]:
        on(text, field["label"])
    on(text, *VALUES.values(), "370103198506072840", "13805316217")
    archive = Archive(desk.office.store)
    assert (await archive.paper(desk.office.actors[CLERK], paper["id"])).sha256 == paper["sha256"]
    for login in (APPROVER, SUPERVISOR, ADMIN):
        with pytest.raises(Refusal) as refused:
            await archive.paper(desk.office.actors[login], paper["id"])
        assert refused.value.code is Code.NOT_FOUND
    for login in (APPROVER, SUPERVISOR):
        assert (await desk.office.view(desk.case_id, login))["papers"] == []


@SQLITE_ALONE
async def test_without_its_fonts_no_paper_is_made_and_that_is_told(
    desk: Desk, tmp_path: Path
) -> None:
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    found = (Path(folder) / "NotoSerifCJK-Regular.ttc" for folder in drawing.FONT_DIRS)
    shutil.copy(next(path for path in found if path.is_file()), fonts)
    missing = await asyncio.to_thread(drawing.missing_fonts, [str(fonts)])
    assert missing == ["Noto Sans CJK SC"]
    desk.press((fonts,))
    await desk.decide("refused", "不属于本机关职权范围。")
    assert await desk.jobs.work_once()
    [paper] = (await desk.office.view(desk.case_id))["papers"]
    assert (paper["state"], paper["sha256"]) == ("failed", None)
    assert "paper.fail" in await acts(desk)
    assert not await desk.jobs.work_once(), "a font does not come by trying again"


@SQLITE_ALONE
async def test_papers_are_for_who_may_see_the_case(desk: Desk) -> None:
    await desk.decide("refused", "不属于本机关职权范围。")
    paper, _ = await desk.made()
    archive = Archive(desk.office.store)
    actors = desk.office.actors
    for login in (CLERK, APPROVER, SUPERVISOR, SUPERVISOR):
        content = await archive.paper(actors[login], paper["id"])
        assert content.name == f"不予受理通知书-{paper['number']}.pdf"
    for login, wanted in ((ADMIN, paper["id"]), (CLERK, "no-such-paper")):
        with pytest.raises(Refusal) as refused:
            await archive.paper(actors[login], wanted)
        assert refused.value.code is Code.NOT_FOUND
    # that the supervisor read it is kept, once
    assert (await acts(desk)).count("paper.read") == 1
    path = desk.office.store.blobs.path(paper["sha256"])
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        await archive.paper(actors[CLERK], paper["id"])
    assert refused.value.code is Code.CONTENT_ALTERED


async def test_numbers_of_papers_are_never_given_twice(desk: Desk) -> None:
    assert demo.XIHAIAN
    await desk.submit()
    await desk.decide("to_correct", "补齐。")
    other = await desk.office.case()
    await desk.office.do(
        APPROVER, CaseDecide, case_id=other, decision="refused", reason="不属于本机关职权范围。"
    )
    numbers = [
        paper["number"]
        for case_id in (desk.case_id, other)
        for paper in (await desk.office.view(case_id))["papers"]
    ]
    assert len(set(numbers)) == len(numbers) == 3
    assert all(len(number) <= 30 for number in numbers)


async def acts(desk: Desk) -> list[str]:
    async with desk.office.store.read() as connection:
        return list(
            await connection.scalars(
                sa.select(ledger_entries.c.act).where(
                    ledger_entries.c.subject == f"case:{desk.case_id}"
                )
            )
        )


@SQLITE_ALONE
@pytest.mark.parametrize(
    "document, name, number, shown",
    [
        ("residence_permit", "港澳台居民居住证", "810000199001010019", "810000************"),
        ("home_return_permit", "港澳居民来往内地通行证", "h01234567", "H0*******"),
        ("permanent_resident", "外国人永久居留身份证", "USA310000000001", "US*************"),
        ("passport", "护照", "E12345678", "E1*******"),
    ],
)
async def test_each_document_of_an_applicant_is_registered_masked_and_printed(
    desk: Desk, document: str, name: str, number: str, shown: str
) -> None:
    desk.case_id = await desk.office.case(document=document, identity_number=number)
    own = (await desk.office.view(desk.case_id))["applicant"]
    assert (own["document"], own["identity_number"]) == (document, number.upper())
    far = (await desk.office.view(desk.case_id, APPROVER))["applicant"]
    assert (far["document"], far["identity_number"]) == (document, shown)
    await desk.office.do(CLERK, CasePrintForm, case_id=desk.case_id)
    _, text = await desk.made()
    on(text, name, number.upper())
    # the same characters on another document are of somebody else
    other = await desk.office.case(identity_number="11010519491231002X")
    assert (await desk.office.view(other))["applicant"]["document"] == "identity_card"
    with pytest.raises(Refusal) as refused:
        await desk.office.case(document="passport", identity_number="11010519491231002X")
    assert refused.value.code is Code.BAD_DOCUMENT_NUMBER


FIRM: Final = {
    "capacity": "handler",
    "name": "济南禾川检测技术有限公司",
    "number": "91370103MA3D7KQ42E",
    "representative": "刘启明",
    "mandate_until": "2027-11-24",
}
MINOR: Final = {"capacity": "agent", "name": "王建国", "number": OTHER_IDENTITY_NUMBER}


@SQLITE_ALONE
@pytest.mark.parametrize("of", [FIRM, {**FIRM, "capacity": "representative"}, MINOR])
async def test_whoever_comes_for_another_is_registered_masked_and_printed_with_him(
    desk: Desk, of: dict[str, Any]
) -> None:
    company = of["capacity"] != "agent"
    desk.case_id = await desk.office.case(credit_code=None, principal=of)
    whole = await desk.office.view(desk.case_id)
    far = await desk.office.view(desk.case_id, APPROVER)
    for view, number in (
        (whole, OTHER_IDENTITY_NUMBER),
        (far, f"{OTHER_IDENTITY_NUMBER[:6]}{'*' * 12}"),
    ):
        told = view["applicant"]["principal"]
        assert (told["name"], told["capacity"]) == (of["name"], of["capacity"])
        assert told["credit_code"] == (of["number"] if company else None)
        assert told["identity_number"] == ("" if company else number)
        assert view["applicant"]["credit_code"] == (of["number"] if company else None)
        asked = [line["key"] for line in view["item"]["lines"]]
        assert ("mandate" in asked) is (of["capacity"] != "representative")
    [row] = [one for one in await listed(desk) if one.id == desk.case_id]
    assert row.applicant_masked == (of["name"] if company else "王**")
    await desk.office.do(CLERK, CasePrintForm, case_id=desk.case_id)
    _, text = await desk.made()
    on(text, of["name"], of["number"], "孙雅宁")
    if of["capacity"] == "handler":
        on(text, "经办人（受委托）", "法定代表人", "刘启明", "有效至2027年11月24日")


async def listed(desk: Desk) -> list[CaseSummary]:
    """The newest cases, as the approver's list has them."""
    return await listing(desk.office.store, desk.office.actors[APPROVER])


@SQLITE_ALONE
async def test_a_case_without_the_mandate_is_not_complete_and_an_agent_brings_nothing_of_before(
    office: Office, tmp_path: Path
) -> None:
    uploads = await office.uploads(tmp_path / "uploads")
    of_client = await office.case(credit_code=None, principal=MINOR)
    await office.bring(uploads, of_client, "identity")
    own = await office.case(credit_code=None)
    await office.bring(uploads, own, "identity", PDF.replace(b"200 200", b"300 300"))
    yes = {"given": True, "text_version": "2026-11", "language": "zh-CN"}
    for principal in (None, MINOR):
        case_id = await office.case(credit_code=None, principal=principal)
        await office.do(CLERK, CaseConsentEarlier, case_id=case_id, **yes)
        async with office.store.read() as connection:
            case = (await find(connection, case_id)).case  # type: ignore[union-attr]
            before = {one.case_id for one in await list_earlier(connection, case)}
        assert of_client not in before, "what he brought as an agent was another person's"
        assert (own in before) is (principal is None)
    accepted = {"decision": "accepted", "reason": "x"}
    refusal = await office.refused(APPROVER, CaseDecide, case_id=case_id, **accepted)
    assert "mandate" in refusal.details["lines"].split(",")
    for lacking in (
        {**FIRM, "name": "x", "representative": ""},
        {**FIRM, "mandate_until": "2020-01-01"},
    ):
        with pytest.raises(Refusal):
            await office.case(principal=lacking)
