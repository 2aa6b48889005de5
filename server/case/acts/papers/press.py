"""Official papers: asked for in the change that gives rise to them, made by a job, read as PDF.

What stands on a paper is what stood in the case at that moment: it is written into the job with
the change. The paper itself is drawn by ``server.work.paper``. Knows no HTTP.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import structlog

from server.case.acting import rests_on
from server.case.acts.papers import facts
from server.case.admission import reader_of
from server.case.rows import next_serial
from server.case.rows import papers as rows
from server.case.rows.papers import Paper
from server.case.rules.materials.handover import Handover
from server.case.turn import Acts, CaseTurn
from server.case.views import paper_view
from server.case.wire.signing import CasePrintForm, PaperChanged, PaperView
from server.jobs.rows import Job
from server.jobs.runner import TRIES_AT_MOST, JobKind, Settle, enqueue
from server.papers import rows as template_rows
from server.papers.studio import OWN_LIMITS
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.seen import Audience, sees
from server.standards import papers as rules
from server.standards.papers import SEALS, DraftWhy, PaperKind, Seal, SealPurpose
from server.standards.working_days import china_day
from server.store import Change, Store
from server.store.subject import Told, Turn
from server.work import paper as drawing
from server.work.child import MIB, ChildLimits, Children, JobFailed
from signaling.refusals import Code, Refusal

log = structlog.get_logger("papers")

KIND: Final = "paper"
FORMS_AT_MOST: Final = 50
"""Printed forms of one case."""
LIMITS: Final = ChildLimits(memory_bytes=3072 * MIB, processor_s=60, files=256)
"""The Chinese fonts are mapped into memory whole."""

acts: Final = Acts()
commands: Final = acts.commands


async def ask_paper(turn: CaseTurn, kind: PaperKind, handover: Handover | None = None) -> None:
    """Ask for a paper about the case as the turn has it now, in this transaction.

    Writes its row (``making``, with its 受理文书编号), the event ``paper.changed`` and the job. It comes
    behind the act that gives rise to it. ``handover`` is what a list of originals is about.
    """
    await turn.tell("paper.ask", await asked(turn, kind, handover))


@acts.on(CasePrintForm, CaseTurn)
async def print_form(turn: CaseTurn, command: CasePrintForm) -> Told:
    """Ask for the form as it is filled now. Result: ``{paper_id}``. Refused: ``not_yours`` (not the
    window), ``throttled`` (50 were asked for)."""
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    made = await rows.list_papers(turn.connection, [turn.case_id])
    if sum(one.kind == "application" for one in made) >= FORMS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return await asked(turn, "application", rests=rests)


async def asked(
    turn: CaseTurn,
    kind: PaperKind,
    handover: Handover | None = None,
    rests: Mapping[str, Any] | None = None,
    *,
    agent: Mapping[str, Any] | None = None,
    paper_id: str | None = None,
) -> Told:
    """That a paper is to be made, with its number. Result: ``{paper_id}``. ``agent``: what those of 帮办代办 tell
    beside the case; they are issued by the window's unit."""
    case = turn.case
    unit = {"unit_id": case.unit_id, "unit_name": turn.record.unit_name}
    window = {"unit_id": case.window_unit_id, "unit_name": turn.record.window_unit_name}
    by = (window if kind in rules.AGENT_PAPERS else unit)["unit_id"]
    issuer = await rows.issuer_of(turn.connection, by)
    region = issuer.region_code
    today = china_day(turn.at)
    serial = await next_serial(turn.connection, rules.number_prefix(kind, region, today))
    paper = Paper(
        id=paper_id or new_id(),
        case_id=case.id,
        version=turn.version,
        kind=kind,
        number=rules.number(kind, region, today, serial),
        state="making",
        at=turn.at,
    )
    laid_out = await template_rows.newest(turn.connection, by, kind)
    if laid_out is not None and laid_out.source is not None:
        paper = replace(paper, template_id=laid_out.id)
    told_of = await facts.of(turn.change, turn.record, paper, issuer)
    if handover is not None:
        people = await turn.name([handover.by, handover.received_by])
        told_of["handover"] = facts.handover(handover, case.item, people)
    if agent is not None:
        told_of["agent"] = agent
    told = _changed(turn, paper, **(rests or {}))
    sealing = window if SEALS[kind] == "receiving" else unit
    return replace(
        told,
        result={"paper_id": paper.id},
        beside=[rows.new_paper(paper)],
        then=partial(
            enqueue,
            turn.change,
            KIND,
            turn.subject,
            {"paper": paper.id, "facts": told_of, "sealing": sealing},
        ),
    )


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
            **({"seal": rows.seal_as_json(paper.seal)} if paper.seal else {}),
            **({"draft": paper.draft} if paper.draft else {}),
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


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A paper as it came out."""

    content: bytes
    pages: int
    fault: str | None
    """Of the unit's own template, in whose place the built-in layout was taken."""
    seal: Seal | None = None
    draft: DraftWhy | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any], fault: str | None = None) -> "_Pressed":
        """What the child that draws told."""
        return cls(base64.b64decode(told["pdf"]), told["pages"], fault)


class SealKeeper(Protocol):
    """Who keeps the seals of the units, and puts them on papers."""

    async def find(
        self, unit_id: str, unit_name: str, purpose: SealPurpose, at: datetime
    ) -> tuple[Seal, str] | DraftWhy:
        """A seal as it would be put on at that moment, with its picture (SVG), or why there is none."""

    async def put_on(self, unit_id: str, seal: Seal, pdf: bytes) -> bytes:
        """The PDF with this seal's signature. Raises JobFailed."""


class Press:
    """Makes papers: the job's side. Without a ``keeper`` each is a draft."""

    def __init__(
        self,
        store: Store,
        children: Children,
        font_dirs: Sequence[Path] = (),
        public_url: str | None = None,
        keeper: SealKeeper | None = None,
    ) -> None:
        self._keeper = keeper
        self._public_url = public_url
        self._store = store
        self._children = children
        self._fonts = [*font_dirs]

    @property
    def kind(self) -> JobKind:
        """What the queue asks for."""
        return JobKind(self._run, self._failed)

    async def _run(self, job: Job) -> Settle:
        made = await self._made(job)
        sha256 = await self._store.blobs.put(made.content)

        async def settle(change: Change) -> None:
            turn, paper = await self._locked(change, job)
            more = (
                {}
                if made.fault is None
                else {"template": paper.template_id, "template_fault": made.fault}
            )
            ready = replace(
                paper,
                state="ready",
                sha256=sha256,
                size_bytes=len(made.content),
                pages=made.pages,
                template_id=None if more else paper.template_id,
                seal=made.seal,
                draft=made.draft,
            )
            told = _changed(turn, ready, **more)
            await turn.tell("paper.make", replace(told, beside=[rows.changed_paper(ready)]))

        return settle

    async def _made(self, job: Job) -> "_Pressed":
        """The paper under its seal, or marked as a draft: what the law demands does not wait for a seal."""
        purpose = SEALS[job.body["facts"]["kind"]]
        if purpose is None:
            return await self._drawn(job)
        lacks: DraftWhy = "no_seal"
        unit = job.body.get("sealing")  # not in jobs from before there were seals
        if self._keeper is not None and unit is not None:
            now = self._store.clock.now()
            found = await self._keeper.find(unit["unit_id"], unit["unit_name"], purpose, now)
            if isinstance(found, str):
                lacks = found
            else:
                seal, picture = found
                made = await self._drawn(job, seal=picture)
                try:
                    content = await self._keeper.put_on(unit["unit_id"], seal, made.content)
                except JobFailed as failure:
                    if not failure.final and job.tries < TRIES_AT_MOST:
                        raise
                    log.warning("paper.not_sealed", unit=unit["unit_id"], fault=str(failure))
                    lacks = "failed"
                else:
                    return replace(made, content=content, seal=seal)
        return replace(await self._drawn(job, draft=True), draft=lacks)

    async def _drawn(self, job: Job, *, seal: str = "", draft: bool = False) -> "_Pressed":
        """The paper by the unit's own template, or with what is wrong in that by the built-in layout:
        a paper that the law demands does not wait for a template to be mended."""
        facts = {**job.body["facts"], "enquiry": ""}
        if self._public_url and facts["case_number"]:
            # In the fragment, which no request and no log carries.
            facts["enquiry"] = f"{self._public_url}/enquiry#{quote(facts['case_number'], safe='')}"
        given = {
            "facts": facts,
            "font_dirs": [*map(str, self._fonts)],
            "seal": seal,
            "draft": draft,
        }
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
                    return _Pressed.of(made)
                fault = ", ".join(f"{one['why']} {one['name']}" for one in made["faults"])[:500]
        made = await self._children.run(
            drawing.__name__, given=given, limits=LIMITS, reads=self._fonts
        )
        return _Pressed.of(made, fault)

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
