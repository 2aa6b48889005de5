"""Cases: registering, opening, consent, lists; and what calls need to know of a case.

Here is also who may see a case at all (``audience_of``), the one place for it. The form has its
own actions, so have decisions, materials, messages, comments and signing. Knows no HTTP.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from pydantic import BaseModel

from server.actions.views import case_view, consent_view, due_view, person_ref
from server.domain import case as rules
from server.domain import consent as consent_texts
from server.domain import identifiers
from server.domain.form import APPLICANT, Hand, Side
from server.domain.item import Item
from server.domain.person import Act, Actor, may
from server.domain.working_days import CHINA_REGION, Counted, china_day
from server.store import Change, Store, version_of
from server.store import calls as call_rows
from server.store import cases as rows
from server.store import catalogue as catalogue_rows
from server.wire.case import (
    CaseAudience,
    CaseCalled,
    CaseConsent,
    CaseConsented,
    CaseCreate,
    CaseCreated,
    CaseOpen,
    CaseOpened,
    Draft,
)
from server.wire.http import CaseSnapshot, CaseSummary
from server.wire.projection import project_case
from signaling.protocol import Ack, Command, RingCard
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
    """A case that a window's unit brought and another unit decides."""

    @property
    def id(self) -> str: ...

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


async def audience_of(connection: rows.Connection, actor: Actor, case: InUnits) -> Side | None:
    """As which audience this person sees the case; None: it does not exist for him.

    window: clerks of the window's unit; approver: approvers of the unit that decides; third: who
    holds the third seat of the running call about it; supervisor: supervisors of either unit. Who
    could be several is the first of these. The applicant is no audience of a person: a clerk of
    the window turns the screen to him.
    """
    units = {"window_unit_id": case.window_unit_id, "unit_id": case.unit_id}
    if may(actor, Act.CASE_FILL, **units):
        return "window"
    if may(actor, Act.CASE_JUDGE, **units):
        return "approver"
    if await call_rows.third_of(connection, case.id) == actor.person_id:
        return "third"
    if may(actor, Act.CASE_WATCH, **units):
        return "supervisor"
    return None


async def admitted(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Record, Hand]:
    """The case as rules ask for it, and from which side this person acts; refused ``not_found``."""
    record = await rows.find(connection, case_id)
    side = await audience_of(connection, actor, record.case) if record else None
    if record is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return record, Hand(actor.person_id, side)


async def header(
    connection: rows.Connection, actor: Actor, case_id: str
) -> tuple[rows.Header, Side]:
    """As much of a case as rights ask for, and this person's side; refused ``not_found``."""
    found = await rows.find_header(connection, case_id)
    side = await audience_of(connection, actor, found) if found else None
    if found is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return found, side


async def shown(connection: rows.Connection, actor: Actor, case_id: str) -> tuple[rows.Whole, Side]:
    """All that a page shows of a case, and this person's side; refused ``not_found``."""
    whole = await rows.find_whole(connection, case_id)
    side = await audience_of(connection, actor, whole.record.case) if whole else None
    if whole is None or side is None:
        raise Refusal(Code.NOT_FOUND, case=case_id)
    return whole, side


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
        whole, _ = await shown(change.connection, actor, case.id)
        await change.record(
            subject,
            "case.create",
            subject,
            lambda version: CaseCreated(
                subject=subject, version=version, at=change.at, case=case_view(whole)
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
    """Let this connection watch a case, and give it as its audience sees it, with own drafts.

    The turned screen (``as_applicant``) reads as the applicant, without drafts. That an approver
    looked is kept beside the case, as no act of his. Refused: ``not_found``, ``not_yours`` (the
    turned screen, asked for anywhere but at the window).
    """
    actor = actor_of(connection)
    subject = subject_of(command.case_id)
    async with store.read() as reading:
        _, side = await header(reading, actor, command.case_id)
    if command.as_applicant and side != "window":
        raise Refusal(Code.NOT_YOURS, case=command.case_id)
    # Watch before reading: what happens between the two is sent after the snapshot, never lost.
    await connection.watch(subject, "applicant" if command.as_applicant else side)
    async with store.read() as reading:
        whole, side = await shown(reading, actor, command.case_id)
        audience: CaseAudience = "applicant" if command.as_applicant else side
        version = await version_of(reading, subject)
        drafts = await rows.list_drafts(reading, command.case_id, actor.person_id)
        opened = CaseOpened(
            audience=audience,
            version=version,
            case=project_case(case_view(whole), audience),
            drafts={
                field: Draft(value=draft.value, base_version=draft.base_version, at=draft.at)
                for field, draft in ({} if command.as_applicant else drafts).items()
            },
            due=due_view(await due(reading, whole.record.case.item, store.clock.now())),
        )
    if side == "approver":
        with suppress(
            Refusal
        ):  # a ledger or a database that is busy must not keep him from reading
            async with store.change(actor) as change:
                await rows.look(change.connection, command.case_id, version, change.at)
    return opened


async def snapshot(store: Store, actor: Actor, case_id: str) -> CaseSnapshot:
    """The case at its present version, without watching it; refused ``not_found``."""
    async with store.read() as reading:
        whole, side = await shown(reading, actor, case_id)
        return CaseSnapshot(
            audience=side,
            version=await version_of(reading, subject_of(case_id)),
            case=project_case(case_view(whole), side),
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
        told = consent_view(answer, person_ref(actor))
        await change.record(
            subject,
            "case.consent",
            subject,
            lambda version: CaseConsented(
                subject=subject, version=version, at=change.at, consent=told
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


async def number_of(change: Change, case: rules.Case) -> str:
    """The 办件编号 of the case, given now when it has none yet.

    Its serial counts per item and day in China; it is unique however many are given at once, and a
    transaction that is rolled back gives it back.
    """
    if case.number is not None:
        return case.number
    today = china_day(change.at)
    prefix = identifiers.case_number_prefix(case.item.code, today)
    serial = await rows.next_serial(change.connection, prefix)
    return identifiers.case_number(case.item.code, today, serial)


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
