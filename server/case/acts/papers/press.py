"""Official papers: asked for in the change that gives rise to them, made by a job, read as PDF.

What stands on a paper is what stood in the case at that moment: it is written into the job with
the change. The paper itself is drawn by ``server.work.paper``. Knows no HTTP.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from server.case.acting import rests_on
from server.case.admission import reader_of
from server.case.rows import Record, next_serial
from server.case.rows import papers as rows
from server.case.rows.papers import Paper, Signed
from server.case.rules.case import Case
from server.case.rules.clock import Deadlines
from server.case.rules.materials import material, promise
from server.case.rules.materials.handover import Handover
from server.case.rules.materials.material import Material
from server.case.turn import Acts, CaseTurn
from server.case.views import paper_view
from server.case.wire.signing import CasePrintForm, PaperChanged, PaperView
from server.catalogue.rules import schema
from server.catalogue.rules.item import Item
from server.jobs.rows import Job
from server.jobs.runner import TRIES_AT_MOST, JobKind, Settle, enqueue
from server.papers import rows as template_rows
from server.papers.studio import OWN_LIMITS
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.seen import Audience, sees
from server.standards import identifiers, regions
from server.standards import papers as rules
from server.standards.limits import WHY
from server.standards.papers import PaperKind
from server.standards.working_days import CHINA, china_day
from server.store import Change, Store
from server.store.subject import Told, Turn
from server.work import paper as drawing
from server.work.child import MIB, ChildLimits, Children, JobFailed
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import PersonRef

KIND: Final = "paper"
FORMS_AT_MOST: Final = 50
"""Printed forms of one case."""
HOTLINE: Final = "12345"
"""政务服务便民热线, the same in every place (国办发〔2020〕53号)."""
LIMITS: Final = ChildLimits(memory_bytes=3072 * MIB, processor_s=60, files=256)
"""The Chinese fonts are mapped into memory whole."""

_MODES: Final = {"online": "全程网办", "proxy": "异地代收代办", "joint": "多地联办"}


acts: Final = Acts()
commands: Final = acts.commands


async def ask_paper(turn: CaseTurn, kind: PaperKind, handover: Handover | None = None) -> None:
    """Ask for a paper about the case as the turn has it now, in this transaction.

    Writes its row (``making``, with its 受理文书编号), the event ``paper.changed`` and the job. It comes
    behind the act that gives rise to it. ``handover`` is what a list of originals is about.
    """
    await turn.tell("paper.ask", await _asked(turn, kind, handover))


@acts.on(CasePrintForm, CaseTurn)
async def print_form(turn: CaseTurn, command: CasePrintForm) -> Told:
    """Ask for the form as it is filled now. Result: ``{paper_id}``. Refused: ``not_yours`` (not the
    window), ``throttled`` (50 were asked for)."""
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    made = await rows.list_papers(turn.connection, [turn.case_id])
    if sum(one.kind == "application" for one in made) >= FORMS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return await _asked(turn, "application", rests=rests)


async def _asked(
    turn: CaseTurn,
    kind: PaperKind,
    handover: Handover | None = None,
    rests: Mapping[str, Any] | None = None,
) -> Told:
    """That a paper is to be made, with its number. Result: ``{paper_id}``."""
    case = turn.case
    region = await rows.region_of(turn.connection, case.unit_id)
    today = china_day(turn.at)
    serial = await next_serial(turn.connection, rules.number_prefix(kind, region, today))
    paper = Paper(
        id=new_id(),
        case_id=case.id,
        version=turn.version,
        kind=kind,
        number=rules.number(kind, region, today, serial),
        state="making",
        at=turn.at,
    )
    laid_out = await template_rows.newest(turn.connection, case.unit_id, kind)
    if laid_out is not None and laid_out.source is not None:
        paper = replace(paper, template_id=laid_out.id)
    facts = await _facts(turn.change, turn.record, paper)
    if handover is not None:
        people = await turn.name([handover.by, handover.received_by])
        facts["handover"] = _handover(handover, case.item, people)
    told = _changed(turn, paper, **(rests or {}))
    return replace(
        told,
        result={"paper_id": paper.id},
        beside=[rows.new_paper(paper)],
        then=partial(enqueue, turn.change, KIND, turn.subject, {"paper": paper.id, "facts": facts}),
    )


async def _facts(change: Change, record: Record, paper: Paper) -> dict[str, Any]:
    """All that is written on a paper, as text and numbers."""
    case, item = record.case, record.case.item
    signed = await rows.newest_signature(change.connection, case.id)
    counting = material.counted(item, case.materials)
    decided = case.decision
    facts: dict[str, Any] = {
        "kind": paper.kind,
        "title": rules.TITLES[paper.kind],
        "number": paper.number,
        "case_number": case.number or "",
        "unit": record.unit_name,
        "place": record.place,
        "made_at": _moment(paper.at),
        "made_epoch_s": int(paper.at.timestamp()),
        "made_on": _day(china_day(paper.at)),
        "item": {"name": item.name, "code": item.code, "days": item.promised_days},
        "mode": _MODES[case.mode],
        "applicant": {
            "name": case.applicant.name,
            "identity_number": identifiers.mask_identity_number(case.applicant.identity_number),
            "phone": identifiers.mask_phone(case.applicant.phone),
            "credit_code": case.applicant.credit_code or "",
        },
        "asked_on": _day(china_day(case.created_at)),
        "window": {
            "unit": record.window_unit_name,
            "name": record.window_name,
            "clerk": record.people[case.clerk_id].name,
            "staff_number": record.people[case.clerk_id].staff_number,
        },
        "hotline": HOTLINE,
        "materials": [
            _material(one, item, case.materials, whole=paper.kind == "application")
            for one in counting
        ],
        "signature": None,
        "decision": None,
    }
    if paper.kind == "application":
        facts["title"] = item.form_title or facts["title"]
        facts["applicant"] |= {
            "identity_number": case.applicant.identity_number,
            "phone": case.applicant.phone,
        }
        facts["form"] = _form(case)
    if paper.kind == "receipt" and signed is not None and case.submission is not None:
        facts["submitted_at"] = _moment(case.submission.at)
        facts["signature"] = _signature(signed)
    if paper.kind != "receipt" and decided is not None:
        by = record.people[decided.by]
        facts["decision"] = {
            "reason": decided.reason,
            "points": list(decided.points),
            "by": by.name,
            "staff_number": by.staff_number,
            "on": _day(china_day(decided.at)),
            "due_on": _day(decided.counted.due_on) if decided.counted else "",
            "provisional": decided.counted.provisional if decided.counted else False,
            "notice": case.corrections,
        }
    if paper.kind == "acceptance":
        facts["promised"] = [
            {"name": line.name, "until": _day(one.due_on)}
            for one in promise.owed(case.promises, case.materials)
            if (line := item.line(one.line)) is not None
        ]
    if decided is not None and decided.clock is not None:
        facts["clock"] = _clock(decided.clock, record)
    if paper.kind == "correction" and decided is not None and decided.correct_by is not None:
        facts["correct_by"] = _day(decided.correct_by)
    return facts


def _form(case: Case) -> list[dict[str, Any]]:
    """The form as it is filled, by its headings: label and value of each field that is there now."""
    files: dict[str, str] = {}
    for one in material.counted(case.item, case.materials):
        files[one.line] = f"{files[one.line]}、{one.name}" if one.line in files else one.name
    sections: dict[str, list[list[str]]] = {}
    for place in schema.places(case.item.form, case.form.values):
        field = place.field
        if field.kind == "group":
            continue
        value = case.form.values.get(place.path, "")
        if field.kind == "attachment":
            value = files.get(field.line, "")
        elif field.kind == "region" and value:
            value = regions.name(value)
        heading = (place.group or field).group
        sections.setdefault(heading, []).append([place.label, value])
    return [{"name": name, "rows": rows} for name, rows in sections.items()]


def _handover(handover: Handover, item: Item, people: Mapping[str, PersonRef]) -> dict[str, Any]:
    """What stands on a list of paper originals."""

    def who(id: str) -> str:
        one = people[id]
        return f"{one.name}（工号 {one.staff_number}）"

    at = handover.received_at
    return {
        "number": handover.number,
        "courier": handover.courier,
        "tracking": handover.tracking,
        "sent_at": _moment(handover.at),
        "sent_by": who(handover.by),
        "received_at": _moment(at) if at else "",
        "received_by": who(handover.received_by) if handover.received_by else "",
        "note": handover.note,
        "lines": [
            {
                "name": line.name if (line := item.line(one.line)) else "其他材料",
                "originals": one.originals,
                "copies": one.copies,
                "told": "" if one.received is None else "已收到" if one.received else "未收到",
                "note": one.note,
            }
            for one in handover.sheets
        ],
    }


def _clock(clock: Deadlines, record: Record) -> dict[str, Any]:
    """What the notice of a stop or of an extension says."""
    stopped, extension = clock.stopped, clock.extension
    return {
        "started_on": _day(clock.started_on),
        "promised_days": clock.promised_days,
        "legal_days": clock.legal_days,
        "promised_on": _day(clock.promised.due_on),
        "legal_on": _day(clock.legal.due_on),
        "stopped": stopped
        and {
            "why": WHY[stopped.why],
            "reason": stopped.reason,
            "began": _day(stopped.began),
            "by": record.people[stopped.by].name,
        },
        "extension": extension
        and {
            "days": extension.days,
            "reason": extension.reason,
            "on": _day(china_day(extension.at)),
            "by": record.people[extension.by].name,
        },
    }


def _material(
    one: Material, item: Item, beside: Sequence[Material], *, whole: bool
) -> dict[str, Any]:
    """A file as a paper names it; ``whole``: also the numbers of people in its name."""
    line = item.line(one.line)
    name = one.name if whole else identifiers.mask_numbers(one.name)
    return {
        "name": material.label(line, one, beside) if line else name,
        "file": name,
        "number": one.number,
        "originals": line.originals if line else 0,
        "copies": line.copies if line else 1,
        "pages": one.pages,
        "at": _moment(one.at),
        "sha256": one.sha256 or "",
    }


def _signature(signed: Signed) -> dict[str, Any]:
    return {
        "strokes": signed.strokes,
        "width": signed.width,
        "height": signed.height,
        "hash": signed.hash,
        "shown_at": _moment(signed.shown_at),
        "at": _moment(signed.at),
    }


def _moment(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y年%m月%d日 %H:%M:%S}"


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def _changed(turn: Turn, paper: Paper, **more: Any) -> Told:
    return Told(
        PaperChanged(**turn.stamp, paper=paper_view(paper)),
        f"paper:{paper.id}",
        {
            "kind": paper.kind,
            "number": paper.number,
            "sha256": paper.sha256,
            "size_bytes": paper.size_bytes,
            "pages": paper.pages,
            **({"template": paper.template_id} if paper.template_id else {}),
            **more,
        },
    )


@dataclass(frozen=True, slots=True)
class PaperContent:
    """A paper that may be read: the sealed PDF and what it is called."""

    case_id: str
    audience: Audience
    """As which the asker sees the case."""
    sha256: str
    size_bytes: int
    name: str


async def find_content(store: Store, actor: Actor, paper_id: str) -> PaperContent:
    """The file of a paper of a case that this person may see. Refused: not_found, paper_not_ready."""
    async with store.read() as connection:
        paper = await rows.find(connection, paper_id)
        if paper is None:
            raise Refusal(Code.NOT_FOUND)
        audience = await reader_of(connection, actor, paper.case_id, f"paper:{paper_id}")
    if not sees(PaperView.seen, paper, audience):
        raise Refusal(Code.NOT_FOUND)
    if paper.sha256 is None or paper.size_bytes is None:
        raise Refusal(Code.PAPER_NOT_READY, state=paper.state)
    name = f"{rules.TITLES[paper.kind]}-{paper.number}.pdf"
    return PaperContent(paper.case_id, audience, paper.sha256, paper.size_bytes, name)


class Press:
    """Makes papers: the job's side."""

    def __init__(
        self,
        store: Store,
        children: Children,
        font_dirs: Sequence[Path] = (),
        public_url: str | None = None,
    ) -> None:
        self._public_url = public_url
        self._store = store
        self._children = children
        self._fonts = [*font_dirs]

    @property
    def kind(self) -> JobKind:
        """What the queue asks for."""
        return JobKind(self._run, self._failed)

    async def _run(self, job: Job) -> Settle:
        made, fault = await self._drawn(job)
        content = base64.b64decode(made["pdf"])
        sha256 = await self._store.blobs.put(content)

        async def settle(change: Change) -> None:
            turn, paper = await self._locked(change, job)
            more = {} if fault is None else {"template": paper.template_id, "template_fault": fault}
            ready = replace(
                paper,
                state="ready",
                sha256=sha256,
                size_bytes=len(content),
                pages=made["pages"],
                template_id=None if more else paper.template_id,
            )
            told = _changed(turn, ready, **more)
            await turn.tell("paper.make", replace(told, beside=[rows.changed_paper(ready)]))

        return settle

    async def _drawn(self, job: Job) -> tuple[dict[str, Any], str | None]:
        """The paper by the unit's own template, or with what is wrong in that by the built-in layout:
        a paper that the law demands does not wait for a template to be mended."""
        facts = {**job.body["facts"], "enquiry": ""}
        if self._public_url and facts["case_number"]:
            # In the fragment, which no request and no log carries.
            facts["enquiry"] = f"{self._public_url}/enquiry#{quote(facts['case_number'], safe='')}"
        given = {"facts": facts, "font_dirs": [*map(str, self._fonts)]}
        async with self._store.read() as connection:
            paper = await rows.find(connection, job.body["paper"])
            of = paper and paper.template_id
            own = await template_rows.find(connection, of) if of else None
        fault: str | None = None
        if own is not None:
            try:
                made: dict[str, Any] = await self._children.run(
                    drawing.__name__,
                    given=given | {"template": own.source},
                    limits=OWN_LIMITS,
                    reads=self._fonts,
                )
            except JobFailed as failure:
                if not failure.final and job.tries < TRIES_AT_MOST:
                    raise
                fault = "endless"
            else:
                if "faults" not in made:
                    return made, None
                fault = ", ".join(f"{one['why']} {one['name']}" for one in made["faults"])[:500]
        made = await self._children.run(
            drawing.__name__, given=given, limits=LIMITS, reads=self._fonts
        )
        return made, fault

    async def _failed(self, change: Change, job: Job) -> None:
        turn, paper = await self._locked(change, job)
        failed = replace(paper, state="failed")
        told = _changed(turn, failed)
        await turn.tell("paper.fail", replace(told, beside=[rows.changed_paper(failed)]))

    async def _locked(self, change: Change, job: Job) -> tuple[Turn, Paper]:
        turn = await Turn.of(change, job.subject)
        paper = await rows.find(change.connection, job.body["paper"])
        assert paper is not None
        return turn, paper
