"""Cases: registering, opening, consent, lists; and what calls need to know of a case.

Here is also who may see a case at all (``audience_of``), and how the domain's case becomes the
view of the wire. The form has its own actions, so have decisions and materials. Knows no HTTP.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from pydantic import BaseModel

from server.domain import case as rules
from server.domain import consent as consent_texts
from server.domain import identifiers
from server.domain.form import APPLICANT, Entry, Hand, Side
from server.domain.form import Proposal as Proposed
from server.domain.item import Item
from server.domain.material import Material
from server.domain.person import Act, Actor, may
from server.domain.working_days import CHINA_REGION, Counted, china_day
from server.store import Change, Store, version_of
from server.store import cases as rows
from server.store import catalogue as catalogue_rows
from server.wire.case import (
    Applicant,
    CaseCalled,
    CaseConsent,
    CaseConsented,
    CaseCreate,
    CaseCreated,
    CaseOpen,
    CaseOpened,
    CaseView,
    Consent,
    Decided,
    Draft,
    DueDay,
    DueView,
    FieldState,
    FormField,
    ItemView,
    MaterialLine,
    MaterialView,
    Proposal,
)
from server.wire.http import CaseSnapshot, CaseSummary
from server.wire.projection import project_case
from signaling.protocol import Ack, Command, PersonRef, RingCard
from signaling.refusals import Code, Refusal

Handler = Callable[[Any, Any], Awaitable[Mapping[str, Any] | Ack | BaseModel]]
"""Answers one command of a connection, as the gateway wants it."""

AHEAD: Final = timedelta(days=800)
"""How far the calendar is read for a time limit; the longest legal one is 60 working days."""


class Connected(Protocol):
    """The socket or request that a command comes by."""

    @property
    def who(self) -> Any: ...

    async def watch(self, subject: str, audience: str) -> None: ...


class InUnits(Protocol):
    """A thing that a window's unit brought and another unit decides."""

    @property
    def window_unit_id(self) -> str: ...

    @property
    def unit_id(self) -> str: ...


def actor_of(connection: Connected) -> Actor:
    """The member of staff behind a connection; refused ``unauthenticated`` for anything else."""
    if not isinstance(connection.who, Actor):
        raise Refusal(Code.UNAUTHENTICATED)
    return connection.who


def subject_of(case_id: str) -> str:
    return f"case:{case_id}"


def new_id() -> str:
    """A new opaque id: 22 characters of base64url, 128 random bits."""
    return secrets.token_urlsafe(16)


# ---------------------------------------------------------------- who may see


def audience_of(actor: Actor, case: InUnits) -> Side | None:
    """As which audience this person sees the case; None: it does not exist for him.

    window: clerks of the window's unit; approver: approvers of the unit that decides;
    supervisor: supervisors of either. Who could be several is the first of these.
    """
    units = {"window_unit_id": case.window_unit_id, "unit_id": case.unit_id}
    if may(actor, Act.CASE_FILL, **units):
        return "window"
    if may(actor, Act.CASE_JUDGE, **units):
        return "approver"
    if may(actor, Act.CASE_WATCH, **units):
        return "supervisor"
    return None


async def admitted(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Record, Hand]:
    """The whole case and from which side this person acts; refused ``not_found``."""
    record = await rows.find(connection, case_id)
    side = audience_of(actor, record.case) if record else None
    if record is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return record, Hand(actor.person_id, side)


async def header(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Header, Side]:
    """As much of a case as rights ask for, and this person's side; refused ``not_found``."""
    found = await rows.find_header(connection, case_id)
    side = audience_of(actor, found) if found else None
    if found is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found, side


# ---------------------------------------------------------------- commands


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def created(connection: Connected, command: CaseCreate) -> Ack:
        return await create(store, actor_of(connection), command)

    async def opened(connection: Connected, command: CaseOpen) -> CaseOpened:
        return await open_case(store, connection, command)

    async def consented(connection: Connected, command: CaseConsent) -> Ack:
        return await consent(store, actor_of(connection), command)

    return {CaseCreate: created, CaseOpen: opened, CaseConsent: consented}


async def create(store: Store, actor: Actor, command: CaseCreate) -> Ack:
    """Register a case at the actor's window. Result: ``{case_id}``.

    Refused: ``forbidden`` (not a clerk with a window), ``item_unavailable`` (unknown, out of use,
    or not in this mode), ``bad_identity_number``, ``bad_date`` (of birth), ``bad_phone``,
    ``bad_credit_code``.
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        if not may(actor, Act.CASE_CREATE) or actor.window_id is None:
            raise Refusal(Code.FORBIDDEN)
        found = await catalogue_rows.find_item(change.connection, command.item_id)
        if found is None or not found.in_use or command.mode not in found.item.modes:
            raise Refusal(Code.ITEM_UNAVAILABLE, item=command.item_id, mode=command.mode)
        case = rules.Case(
            id=new_id(),
            number=None,
            state="registered",
            mode=command.mode,
            item=found.item,
            clerk_id=actor.person_id,
            window_id=actor.window_id,
            window_unit_id=actor.unit_id,
            applicant=rules.Applicant(
                name=command.applicant_name,
                identity_number=identifiers.identity_number(
                    command.identity_number, today=china_day(change.at)
                ),
                phone=identifiers.phone(command.phone),
                credit_code=identifiers.credit_code(command.credit_code)
                if command.credit_code
                else None,
            ),
            consent=None,
            entries={},
            holds={},
            proposals=(),
            materials=(),
            decision=None,
            call_id=None,
            created_at=change.at,
        )
        subject = subject_of(case.id)
        await change.lock(subject)
        await rows.add(change.connection, case)
        record, _ = await admitted(change.connection, actor, case.id)
        await change.record(
            subject,
            "case.create",
            subject,
            lambda version: CaseCreated(
                subject=subject, version=version, at=change.at, case=view(record)
            ),
            payload={
                "item": {"id": found.item.id, "code": found.item.code},
                "mode": case.mode,
                "applicant": {
                    "name": case.applicant.name,
                    "identity_number": case.applicant.identity_number,
                    "phone": case.applicant.phone,
                    "credit_code": case.applicant.credit_code,
                },
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack({"case_id": case.id})


async def open_case(store: Store, connection: Connected, command: CaseOpen) -> CaseOpened:
    """Let this connection watch a case, and give it as its audience sees it, with own drafts."""
    actor = actor_of(connection)
    async with store.read() as reading:
        _, side = await header(reading, actor, command.case_id)
    # Watch before reading: what happens between the two is sent after the snapshot, never lost.
    await connection.watch(subject_of(command.case_id), side)
    async with store.read() as reading:
        record, _ = await admitted(reading, actor, command.case_id)
        return CaseOpened(
            audience=side,
            version=await version_of(reading, subject_of(command.case_id)),
            case=project_case(view(record), side),
            drafts={
                field: Draft(value=draft.value, base_version=draft.base_version, at=draft.at)
                for field, draft in (
                    await rows.list_drafts(reading, command.case_id, actor.person_id)
                ).items()
            },
            due=due_view(await due(reading, record.case.item, store.clock.now())),
        )


async def snapshot(store: Store, actor: Actor, case_id: str) -> CaseSnapshot:
    """The case at its present version, without watching it; refused ``not_found``."""
    async with store.read() as reading:
        record, hand = await admitted(reading, actor, case_id)
        return CaseSnapshot(
            audience=hand.side,
            version=await version_of(reading, subject_of(case_id)),
            case=project_case(view(record), hand.side),
        )


async def consent(store: Store, actor: Actor, command: CaseConsent) -> Ack:
    """Keep the applicant's answer about recording, taken at the window before dialling.

    Refused: ``not_found``, ``not_yours``, ``case_closed``, ``malformed`` (no such text).
    """
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        subject = subject_of(command.case_id)
        await change.lock(subject)
        record, hand = await admitted(change.connection, actor, command.case_id)
        if consent_texts.text(command.text_version, command.language) is None:
            raise Refusal(Code.MALFORMED, fields="text_version")
        answer = rules.Consent(
            command.given, command.text_version, command.language, change.at, actor.person_id
        )
        after = rules.consented(record.case, answer, hand)
        await rows.save(change.connection, record.case, after)
        shown = consent_view(answer, person_ref(actor))
        await change.record(
            subject,
            "case.consent",
            subject,
            lambda version: CaseConsented(
                subject=subject, version=version, at=change.at, consent=shown
            ),
            payload={
                "given": answer.given,
                "text_version": answer.text_version,
                "language": answer.language,
            },
            on_behalf_of=APPLICANT,
        )
        return change.ack()


# ---------------------------------------------------------------- what a call asks of a case


@dataclass(frozen=True)
class Dialling:
    """What dialling needs to know of a case."""

    case_id: str
    window_unit_id: str
    target_unit_id: str
    target_place: str
    recording_consented: bool
    card: RingCard


async def dialling(
    connection: rows.Connection, actor: Actor, case_id: str, at: datetime
) -> Dialling:
    """Judge whether this case may be dialled about now, by this person, and give what is needed.

    Refused: ``not_found``, ``not_yours`` (not the window), ``case_closed``, ``consent_missing``
    (no answer yet, or a refusal where the item demands a recording).
    """
    record, hand = await admitted(connection, actor, case_id)
    case = record.case
    if hand.side != "window":
        raise Refusal(Code.NOT_YOURS, case=case_id)
    if case.closed:
        raise Refusal(Code.CASE_CLOSED)
    if case.consent is None:
        raise Refusal(Code.CONSENT_MISSING)
    if not case.consent.given and case.item.recording_refusal == "no_call":
        raise Refusal(Code.CONSENT_MISSING, policy=case.item.recording_refusal)
    return Dialling(
        case_id=case.id,
        window_unit_id=case.window_unit_id,
        target_unit_id=case.item.unit_id,
        target_place=record.place,
        recording_consented=case.consent.given,
        card=_card(record, at),
    )


async def card(
    connection: rows.Connection, case_id: str, waiting_since: datetime | None = None
) -> RingCard:
    """What a rung approver needs to know of the case; the wait counts from the registration,
    or from ``waiting_since``. Refused ``not_found``."""
    record = await rows.find(connection, case_id)
    if record is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return _card(record, waiting_since or record.case.created_at)


def _card(record: rows.Record, waiting_since: datetime) -> RingCard:
    case = record.case
    stored, required = rows.counts(case.item, case.materials)
    return RingCard(
        item_name=case.item.name,
        applicant_masked=identifiers.mask_name(case.applicant.name),
        window_name=record.window_name,
        place=record.window_place,
        unit_name=record.window_unit_name,
        mode=case.mode,
        waiting_since=waiting_since,
        materials_stored=stored,
        materials_required=required,
    )


async def mark_called(change: Change, case_id: str, call_id: str) -> None:
    """Record in the caller's transaction that a call about the case begins: it is under review.

    Lock the call before this locks the case. Refused: ``not_found``, ``case_closed``.
    """
    subject = subject_of(case_id)
    await change.lock(subject)
    record = await rows.find(change.connection, case_id)
    if record is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    after = rules.called(record.case, call_id)
    await rows.save(change.connection, record.case, after)
    await change.record(
        subject,
        "case.called",
        f"call:{call_id}",
        lambda version: CaseCalled(
            subject=subject, version=version, at=change.at, call_id=call_id, state=after.state
        ),
        payload={"call": call_id, "state": after.state},
    )


# ---------------------------------------------------------------- lists


async def listing(
    store: Store,
    actor: Actor,
    *,
    mine: bool = False,
    state: rules.CaseState | None = None,
    text: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CaseSummary]:
    """The cases that exist for this person, newest first; ``mine``: that he had a hand in.

    ``before`` is (created_at, id) of the last row of the page before.
    """
    windows, deciding = set[str](), set[str]()
    for act, places in (
        (Act.CASE_FILL, (windows,)),
        (Act.CASE_JUDGE, (deciding,)),
        (Act.CASE_WATCH, (windows, deciding)),
    ):
        if may(actor, act, window_unit_id=actor.unit_id, unit_id=actor.unit_id):
            for place in places:
                place.add(actor.unit_id)
    async with store.read() as reading:
        listed = await rows.list_cases(
            reading,
            window_unit_ids=windows,
            unit_ids=deciding,
            taken_part=actor.person_id if mine else None,
            state=state,
            text=text.strip(),
            before=before,
            limit=limit,
        )
    return [_summary(row) for row in listed]


def _summary(row: rows.Listed) -> CaseSummary:
    return CaseSummary.model_validate(
        {
            name: getattr(row, name)
            for name in CaseSummary.model_fields
            if name not in ("item_name", "applicant_masked", "decided_at", "due_on")
        }
        | {
            "item_name": row.item.name,
            "applicant_masked": identifiers.mask_name(row.applicant_name),
            "decided_at": row.decision.at if row.decision else None,
            "due_on": row.decision.counted.due_on
            if row.decision and row.decision.counted
            else None,
        }
    )


# ---------------------------------------------------------------- time limits


async def due(connection: rows.Connection, item: Item, at: datetime) -> Counted:
    """The promised limit of the item if it were accepted at that moment."""
    today = china_day(at)
    known = await catalogue_rows.known_days(connection, CHINA_REGION, today, today + AHEAD)
    return rules.due(item, at, known)


def due_view(counted: Counted) -> DueView:
    return DueView(
        due_on=counted.due_on,
        due_days=[DueDay(on=on, number=number) for number, on in enumerate(counted.days, 1)],
        skipped_days=list(counted.skipped),
        provisional=counted.provisional,
    )


# ---------------------------------------------------------------- views, unprojected


def person_ref(actor: Actor) -> PersonRef:
    """The actor as others see him."""
    return PersonRef(
        id=actor.person_id,
        name=actor.name,
        staff_number=actor.staff_number,
        unit_id=actor.unit_id,
        unit_name=actor.unit_name,
        place=actor.place,
        window_name=actor.window_name,
    )


def view(record: rows.Record) -> CaseView:
    """The whole case for the wire. Project it before it leaves."""
    case, people = record.case, record.people
    return CaseView(
        id=case.id,
        number=case.number,
        state=case.state,
        mode=case.mode,
        item=item_view(case.item, record.unit_name, record.place),
        clerk=people[case.clerk_id],
        window_name=record.window_name,
        window_unit_id=case.window_unit_id,
        window_unit_name=record.window_unit_name,
        window_place=record.window_place,
        applicant=Applicant(
            name=case.applicant.name,
            identity_number=case.applicant.identity_number,
            phone=case.applicant.phone,
            credit_code=case.applicant.credit_code,
        ),
        consent=case.consent and consent_view(case.consent, people[case.consent.taken_by]),
        fields={name: field_view(entry, people[entry.by]) for name, entry in case.entries.items()},
        proposals=[proposal_view(one, people) for one in case.proposals],
        materials=[material_view(one, people) for one in case.materials],
        decision=case.decision and decided_view(case.decision, people[case.decision.by]),
        call_id=case.call_id,
        created_at=case.created_at,
    )


def item_view(item: Item, unit_name: str, place: str) -> ItemView:
    return ItemView(
        id=item.id,
        code=item.code,
        name=item.name,
        version=item.version,
        unit_id=item.unit_id,
        unit_name=unit_name,
        place=place,
        promised_days=item.promised_days,
        modes=list(item.modes),
        lines=[
            MaterialLine(
                key=line.key,
                name=line.name,
                need=line.need,
                form=line.form,
                originals=line.originals,
                copies=line.copies,
                note=line.note,
            )
            for line in item.lines
        ],
        form_title=item.form_title,
        form=[
            FormField(
                name=field.name,
                label=field.label,
                label_en=field.label_en,
                kind=field.kind,
                required=field.required,
                sensitive=field.sensitive,
                choices=list(field.choices),
                hint=field.hint,
                example=field.example,
                max_length=field.max_length,
                group=field.group,
            )
            for field in item.form
        ],
        recording_refusal=item.recording_refusal,
    )


def consent_view(consent: rules.Consent, taken_by: PersonRef) -> Consent:
    return Consent(
        given=consent.given,
        text_version=consent.text_version,
        language=consent.language,
        at=consent.at,
        taken_by=taken_by,
    )


def field_view(entry: Entry, by: PersonRef) -> FieldState:
    return FieldState(
        value=entry.value,
        version=entry.version,
        by=by,
        at=entry.at,
        on_behalf_of=entry.on_behalf_of,
    )


def proposal_view(proposal: Proposed, people: Mapping[str, PersonRef]) -> Proposal:
    return Proposal(
        id=proposal.id,
        field=proposal.field,
        value=proposal.value,
        old_value=proposal.old_value,
        reason=proposal.reason,
        by=people[proposal.by],
        at=proposal.at,
        state=proposal.state,
        closed_by=people[proposal.closed_by] if proposal.closed_by else None,
        closed_at=proposal.closed_at,
    )


def material_view(material: Material, people: Mapping[str, PersonRef]) -> MaterialView:
    return MaterialView(
        id=material.id,
        line=material.line,
        number=material.number,
        name=material.name,
        state=material.state,
        size_bytes=material.size_bytes,
        media_type=material.media_type,
        sha256=material.sha256,
        pages=material.pages,
        rejected_code=material.rejected_code,
        duplicate_of=material.duplicate_of,
        by=people[material.by],
        at=material.at,
        review=material.review,
        review_reason=material.review_reason,
        reviewed_by=people[material.reviewed_by] if material.reviewed_by else None,
        reviewed_at=material.reviewed_at,
    )


def decided_view(decided: rules.Decided, by: PersonRef) -> Decided:
    counted = decided.counted and due_view(decided.counted)
    return Decided(
        kind=decided.kind,
        reason=decided.reason,
        by=by,
        at=decided.at,
        due_on=counted.due_on if counted else None,
        due_days=counted.due_days if counted else [],
        skipped_days=counted.skipped_days if counted else [],
        provisional=counted.provisional if counted else False,
        points=list(decided.points),
    )
