"""What stands on an official paper: the case as it is when the paper is asked for, as text and numbers.

Of a real case; ``server.papers.specimen`` has the same members of one that never was. How it is laid out
is told in ``server/work/paper.typ``. Identity numbers and telephones are masked but on the form itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from server.case.acts.papers import course
from server.case.acts.papers.days import day, moment
from server.case.rows import Record
from server.case.rows import papers as rows
from server.case.rows.papers import Issuer, Paper, Signed
from server.case.rules.applying import MANDATED, Capacity
from server.case.rules.case import Case
from server.case.rules.clock import Deadlines
from server.case.rules.materials import material, promise
from server.case.rules.materials.handover import Handover
from server.case.rules.materials.material import Material
from server.catalogue.rules import schema
from server.catalogue.rules.item import Item
from server.standards import identifiers, regions
from server.standards import papers as rules
from server.standards.limits import WHY
from server.standards.working_days import china_day
from server.store import Change
from signaling.wire.envelope import PersonRef

HOTLINE: Final = "12345"
"""政务服务便民热线, the same in every place (国办发〔2020〕53号)."""
_CAPACITIES: Final[dict[Capacity, str]] = {
    "representative": "法定代表人",
    "handler": "经办人（受委托）",
    "agent": "受托代理人",
}
_MODES: Final = {"online": "全程网办", "proxy": "异地代收代办", "joint": "多地联办"}


async def of(change: Change, record: Record, paper: Paper, issuer: Issuer) -> dict[str, Any]:
    """All that is written on a paper, as text and numbers; of a list of originals also ``handover``, of the papers of
    帮办代办 also ``agent``."""
    case, item = record.case, record.case.item
    own = paper.kind in rules.OWN_PAPERS
    signed = await rows.newest_signature(change.connection, case.id)
    counting = material.counted(item, case.materials)
    decided = case.decision
    facts: dict[str, Any] = {
        "kind": paper.kind,
        "title": rules.TITLES[paper.kind],
        "number": paper.number,
        "case_number": case.number or "",
        "receipt_number": case.receipt_number or "",
        "unit": record.window_unit_name if paper.kind in rules.AGENT_PAPERS else record.unit_name,
        "place": record.place,
        "made_at": moment(paper.at),
        "made_epoch_s": int(paper.at.timestamp()),
        "made_on": day(china_day(paper.at)),
        "item": {"name": item.name, "code": item.code, "days": item.promised_days},
        "mode": _MODES[case.mode],
        "applicant": {
            "name": case.applicant.name,
            "document": course.DOCUMENTS[case.applicant.document],
            "identity_number": identifiers.mask_document(case.applicant.identity_number),
            "phone": identifiers.mask_phone(case.applicant.phone),
            "credit_code": case.applicant.credit_code or "",
            "principal": _principal(case, whole=own),
        },
        "asked_on": day(china_day(case.created_at)),
        "window": {
            "unit": record.window_unit_name,
            "name": record.window_name,
            "clerk": record.people[case.clerk_id].name,
            "staff_number": record.people[case.clerk_id].staff_number,
        },
        "hotline": HOTLINE,
        "review_body": issuer.review_body,
        "court": issuer.court,
        "materials": [
            _material(one, item, case.materials, whole=paper.kind == "application")
            for one in counting
        ],
        "signature": None,
        "decision": None,
    }
    if follows := course.sequel(case.sequel_of, paper.kind, registers=item.registers):
        facts["sequel"] = follows
        if paper.kind in course.RULINGS:
            facts["title"] = f"{follows['decision']}决定书"
    if own:
        facts["applicant"] |= {
            "identity_number": case.applicant.identity_number,
            "phone": case.applicant.phone,
        }
    if paper.kind == "application":
        facts["title"] = item.form_title or facts["title"]
        facts["form"] = _form(case)
    if paper.kind == "receipt" and signed is not None and case.submission is not None:
        facts["submitted_at"] = moment(case.submission.at)
        facts["signature"] = _signature(signed)
    if paper.kind in rules.AGENT_PAPERS:
        return facts
    if paper.kind != "receipt" and decided is not None:
        by = record.people[decided.by]
        facts["decision"] = {
            "reason": decided.reason,
            "points": list(decided.points),
            "by": by.name,
            "staff_number": by.staff_number,
            "on": day(china_day(decided.at)),
            "due_on": day(decided.counted.due_on) if decided.counted else "",
            "provisional": decided.counted.provisional if decided.counted else False,
            "notice": case.corrections,
        }
    if paper.kind == "acceptance":
        facts["promised"] = [
            {"name": line.name, "until": day(until)}
            for until, one in promise.owed(case.promises, case.materials)
            if (line := item.line(one.line)) is not None
        ]
    if paper.kind in course.KINDS:
        facts["course"] = await course.of(change.connection, record)
    elif decided is not None and decided.clock is not None:
        facts["clock"] = _clock(decided.clock, record)
    if (
        paper.kind in ("correction", "return")
        and decided is not None
        and decided.correct_by is not None
    ):
        facts["correct_by"] = day(decided.correct_by)
    return facts


def _principal(case: Case, *, whole: bool) -> dict[str, Any] | None:
    """For whom he came, as a paper names him; a person's number whole on the application alone."""
    who, renewed = case.applicant.principal, case.course.mandate
    if who is None:
        return None
    until = renewed.until if renewed else who.mandate_until
    number = who.number if whole or who.company else identifiers.mask_document(who.number)
    return {
        "capacity": _CAPACITIES[who.capacity],
        "name": who.name,
        "document": course.DOCUMENTS[who.document] if who.document else "统一社会信用代码",
        "number": number,
        "representative": who.representative,
        "until": day(until) if until else "",
        "mandated": who.capacity in MANDATED,
    }


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


def handover(sent: Handover, item: Item, people: Mapping[str, PersonRef]) -> dict[str, Any]:
    """What stands on a list of paper originals."""

    def who(id: str) -> str:
        one = people[id]
        return f"{one.name}（工号 {one.staff_number}）"

    at = sent.received_at
    return {
        "number": sent.number,
        "courier": sent.courier,
        "tracking": sent.tracking,
        "sent_at": moment(sent.at),
        "sent_by": who(sent.by),
        "received_at": moment(at) if at else "",
        "received_by": who(sent.received_by) if sent.received_by else "",
        "note": sent.note,
        "lines": [
            {
                "name": line.name if (line := item.line(one.line)) else "其他材料",
                "originals": one.originals,
                "copies": one.copies,
                "told": "" if one.received is None else "已收到" if one.received else "未收到",
                "note": one.note,
            }
            for one in sent.sheets
        ],
    }


def _clock(clock: Deadlines, record: Record) -> dict[str, Any]:
    """What the notice of a stop or of an extension says."""
    stopped, extension = clock.stopped, clock.extension
    return {
        "started_on": day(clock.started_on),
        "promised_days": clock.promised_days,
        "legal_days": clock.legal_days,
        "promised_on": day(clock.promised.due_on),
        "legal_on": day(clock.legal.due_on),
        "stopped": stopped
        and {
            "why": WHY[stopped.why],
            "reason": stopped.reason,
            "began": day(stopped.began),
            "by": record.people[stopped.by].name,
        },
        "extension": extension
        and {
            "days": extension.days,
            "reason": extension.reason,
            "on": day(china_day(extension.at)),
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
        "at": moment(one.at),
        "sha256": one.sha256 or "",
    }


def _signature(signed: Signed) -> dict[str, Any]:
    return {
        "strokes": signed.strokes,
        "width": signed.width,
        "height": signed.height,
        "hash": signed.hash,
        "shown_at": moment(signed.shown_at),
        "at": moment(signed.at),
    }
