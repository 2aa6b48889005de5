"""The summary at the window: shown to the applicant, signed by him, handed in.

That it was shown is an act of its own, so that the signature can name what and when. Nothing of
the applicant's data stands in an ack. Rules are in server.case.rules.summary and server.case.rules.case.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from server.case import rows
from server.case.acting import apart, rests_on
from server.case.acts.course import listing
from server.case.acts.course.numbers import AHEAD, number_of
from server.case.acts.course.telling import tell_system
from server.case.acts.papers.press import ask_paper
from server.case.admission import reader_of
from server.case.rows import papers as paper_rows
from server.case.rules import case as case_rules
from server.case.rules import form
from server.case.rules import summary as rules
from server.case.rules.case import Case
from server.case.rules.materials import judging, material
from server.case.rules.materials.material import Material
from server.case.turn import Acts, CaseTurn, House
from server.case.views import applicant_view, signature_view, submission_view
from server.case.wire.http import SignatureImage
from server.case.wire.registering import ListedChanged
from server.case.wire.signing import (
    CaseShown,
    CaseSign,
    CaseSigned,
    CaseSubmit,
    CaseSubmitted,
    CaseSummarise,
    SignatureView,
    SummaryField,
    SummaryMaterial,
    SummaryView,
)
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules import schema
from server.catalogue.rules import values as values_rules
from server.catalogue.rules.item import OTHER_LINE, Field, Line
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.seen import sees
from server.rights.subjects import of_case
from server.standards import regions
from server.standards.numbering import STANDARD, Numbering
from server.standards.working_days import CHINA_REGION, china_day
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

acts: Final = Acts()


def commands(store: Store, numbering: Numbering = STANDARD) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return {
        **acts.commands(store, House(numbering, listed=listing.telling(store))),
        CaseSummarise: partial(summarise, store),
    }


async def summarise(store: Store, connection: Connected, command: CaseSummarise) -> SummaryView:
    """Show the applicant, or the clerk on his own page, what stands in the case, and record to whom it was
    shown: what the clerk alone read is nothing that can be signed.

    Refused: ``case_closed``, ``not_yours`` (not the window); ``stale`` when the command is repeated
    and something changed since.
    """
    actor = actor_of(connection)
    async with store.change(actor, command, of=of_case(command.case_id)) as change:
        turn = await CaseTurn.begin(change, actor, command.case_id)
        case = turn.case
        seen = await _seen(turn.connection, case)
        now = case.summary_hash
        if change.replayed is not None:
            told = change.replayed.result
            if told["hash"] != now:
                raise Refusal(Code.STALE)
            return _summary(turn.record, now, datetime.fromisoformat(told["shown_at"]), seen)
        rules.at_the_window(turn.hand, not case.fillable)
        by_clerk = command.to == "clerk"
        if not by_clerk:
            turn.keep(replace(case, shown=rules.Shown(now, turn.at)))
        by = turn.people[turn.hand.person_id] if by_clerk else None
        change.ack({"hash": now, "shown_at": turn.at.isoformat()})
        await turn.tell(
            "case.summarise",
            Told(
                CaseShown(**turn.stamp, hash=now, to=command.to, by=by),
                turn.subject,
                {"hash": now, "to": command.to},
                on_behalf_of=None if by_clerk else APPLICANT,
            ),
        )
        return _summary(turn.record, now, turn.at, seen)


@acts.on(CaseSign, CaseTurn)
async def sign(turn: CaseTurn, command: CaseSign) -> Told:
    """Keep the applicant's signature under what was last shown. Result: ``{signature_id}``.

    Refused: ``case_closed``, ``not_yours`` (not the window), ``stale``.
    """
    case = turn.case
    rules.at_the_window(turn.hand, not case.fillable)
    signature = rules.sign(
        new_id(),
        command.hash,
        command.shown_at,
        sum(map(len, command.strokes)),
        turn.hand,
        shown=case.shown,
        now=case.summary_hash,
        at=turn.at,
        version=turn.version,
    )
    strokes = rows.Strokes(command.width, command.height, command.strokes)
    return Told(
        CaseSigned(**turn.stamp, signature=signature_view(signature, turn.people[signature.by])),
        f"signature:{signature.id}",
        {
            "hash": signature.hash,
            "shown_at": signature.shown_at,
            "width": strokes.width,
            "height": strokes.height,
            "strokes": strokes.strokes,
        },
        {"signature_id": signature.id},
        on_behalf_of=APPLICANT,
        beside=[rows.new_signature(turn.case_id, signature, strokes)],
    )


@acts.on(CaseSubmit, CaseTurn)
async def submit(turn: CaseTurn, command: CaseSubmit) -> Told | Mapping[str, Any]:
    """Hand the signed summary in; the receipt (收件凭证) is made. Result: ``{number}``.

    Handing in again what still holds changes nothing. Refusals: ``server.case.rules.case.submitted``,
    ``server.case.acting.rests_on``.
    """
    case = turn.case
    await apart(turn.change, turn.hand, case)
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=turn.hand.fills)
    today = china_day(turn.at)
    known = await catalogue_rows.known_days(turn.connection, CHINA_REGION, today, today + AHEAD)
    after = case_rules.submitted(case, command.hash, turn.hand, at=turn.at, known_days=known)
    submission = after.submission
    if submission is None:
        raise RuntimeError("a submitted case without a submission")
    number = await number_of(turn.change, case, turn.house.numbering)
    if submission == case.submission:
        return {"number": number}
    turn.keep(replace(after, number=number))
    view = submission_view(submission, turn.people[submission.by])
    return Told(
        CaseSubmitted(**turn.stamp, number=number, submission=view),
        f"signature:{submission.signature_id}",
        {
            **rests,
            "number": number,
            "hash": submission.hash,
            "signature": submission.signature_id,
        },
        {"number": number},
        on_behalf_of=APPLICANT,
        then=partial(_handed_in, turn),
        after=partial(turn.house.tell, ListedChanged(unit_id=case.unit_id, what="submitted")),
    )


async def _handed_in(turn: CaseTurn) -> None:
    await ask_paper(turn, "receipt")
    await tell_system(turn, "handed_in")


async def image(store: Store, actor: Actor, signature_id: str) -> SignatureImage:
    """The strokes of a signature, for whoever may see its case; refused ``not_found``."""
    async with store.read() as reading:
        found = await paper_rows.find_signature(reading, signature_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND, signature=signature_id)
        audience = await reader_of(reading, actor, found.case_id, f"signature:{signature_id}")
    if not sees(SignatureView.seen, found, audience):
        raise Refusal(Code.NOT_FOUND, signature=signature_id)
    return SignatureImage.model_validate(
        {name: getattr(found, name) for name in SignatureImage.model_fields}
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the approver saw of a case when he last looked."""

    values: Mapping[str, str]
    version: int

    def other(self, field: str, value: str) -> bool:
        """Whether he saw another value there; what he saw empty has not changed by being filled."""
        return self.values.get(field, value) not in ("", value)

    def replaced(self, materials: Iterable[Material], one: Material) -> bool:
        """Whether he saw another file in the place of this one."""
        return one.version > self.version and any(
            was.version <= self.version and was.state == "stored"
            for was in materials
            if (was.line, was.slot, was.purpose) == (one.line, one.slot, one.purpose)
        )


async def _seen(connection: rows.Connection, case: Case) -> _Seen | None:
    looked = await rows.looked_at(connection, case.id)
    if looked is None:
        return None
    return _Seen(await rows.values_at(connection, case.id, looked.version), looked.version)


def _summary(record: rows.Record, of: str, shown_at: datetime, seen: _Seen | None) -> SummaryView:
    case = record.case
    attached = case.form.attached
    return SummaryView(
        hash=of,
        shown_at=shown_at,
        item_name=case.item.name,
        unit_name=record.unit_name,
        applicant=applicant_view(case.applicant),
        form_title=case.item.form_title,
        fields=[
            SummaryField(
                name=place.path,
                label=place.label,
                value=_said(place.field, entry.value if entry else "", attached),
                changed=seen is not None and seen.other(place.path, entry.value if entry else ""),
            )
            for place in schema.places(case.item.form, case.form.values)
            for entry in (case.entries.get(place.path),)
        ],
        materials=_materials(case, seen),
        missing_fields=list(
            dict.fromkeys(one.place.path for one in form.faults(case.form, shown_at))
        ),
        missing_lines=[line.key for line in judging.missing(case.lines, case.materials)],
    )


def _said(field: Field, value: str, attached: Set[str]) -> str:
    """A value in the words of a person."""
    match field.kind:
        case "region":
            return regions.name(value) if value else ""
        case "group":
            rows = len(values_rules.rows_of(value))
            return f"{rows} 行" if rows else ""
        case "attachment":
            return "见材料" if field.line in attached else ""
        case _:
            return f"{value} {field.unit}".strip() if value else ""


def _materials(case: Case, seen: _Seen | None) -> list[SummaryMaterial]:
    """The lines of the list, each with what is stored of it; then the files that are on no line."""
    stored = material.counted(case.item, case.materials)
    missing = {line.key for line in judging.missing(case.lines, case.materials)}

    def shown(line: str, name: str, one: Material | None) -> SummaryMaterial:
        return SummaryMaterial(
            line=line,
            name=name,
            file_name=one.name if one else None,
            number=one.number if one else None,
            sha256=one.sha256 if one else None,
            pages=one.pages if one else None,
            missing=line in missing and one is None,
            changed=one is not None and seen is not None and seen.replaced(case.materials, one),
        )

    def of(line: Line) -> list[tuple[str, str, Material | None]]:
        files = [one for one in stored if one.line == line.key]
        lacks = judging.lacking(line, files) if files else []
        return [
            *((line.key, material.label(line, one, case.materials), one) for one in files),
            *((line.key, f"{line.name}（{name}）", None) for name in lacks),
        ] or [(line.key, line.name, None)]

    return [
        *(shown(*one) for line in case.item.lines for one in of(line)),
        *(shown(one.line, "其他材料", one) for one in stored if one.line == OTHER_LINE),
    ]
