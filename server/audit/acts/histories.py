"""What is watched afterwards: the log of calls, histories, the ledger's check.

Supervisors see the cases and calls of their unit, on either side. Knows no HTTP.
"""

from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Final

from server.audit import rows as log
from server.audit.wire import (
    CallLogRow,
    CaseHistory,
    Finding,
    HistoryEvent,
    Ledger,
    LedgerRow,
    RefusedSignature,
    Report,
)
from server.calls.rows import recorded as recorded_rows
from server.case.admission import Watched, watched
from server.projection import project
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_call, of_case, of_monitors, of_person
from server.standards.identifiers import mask_name
from server.standards.working_days import CHINA
from server.store import Store
from server.store.ledger.journal import JournalDamaged
from signaling.refusals import Code, Refusal

EVENTS_AT_ONCE: Final = 500
SIGN: Final = "case.sign"


async def _watched_case(store: Store, actor: Actor, case_id: str) -> Watched:
    async with store.read() as connection:
        return await watched(connection, actor, case_id)


async def history(store: Store, actor: Actor, case_id: str, after: int) -> CaseHistory:
    """What happened to a case after a version, as the supervisor sees it; for her whose unit has passed
    it on, up to that referral. Refused: not_found, forbidden."""
    found = await _watched_case(store, actor, case_id)
    events = await store.events(of_case(case_id), after, EVENTS_AT_ONCE)
    refused = []
    if not after:
        async with store.read() as connection:
            clerk_id = found.header.clerk_id
            refused = await recorded_rows.list_refused(connection, clerk_id, SIGN, of_case(case_id))
    return CaseHistory(
        subject=of_case(case_id),
        events=[
            HistoryEvent(
                version=event.version,
                type=event.type,
                at=event.at,
                event=project(event, "supervisor"),
            )
            for event in events
            if found.shows(event.version)
        ],
        next_after=events[-1].version
        if len(events) == EVENTS_AT_ONCE and found.shows(events[-1].version + 1)
        else None,
        refused_signatures=[
            RefusedSignature(at=datetime.fromisoformat(one.at), by=one.actor, code=one.result)
            for one in refused
            if found.at is None or datetime.fromisoformat(one.at) <= found.at
        ],
    )


async def ledger(store: Store, actor: Actor, case_id: str) -> Ledger:
    """The entries of a case's ledger. Refused: not_found, forbidden."""
    found = await _watched_case(store, actor, case_id)
    async with store.read() as connection:
        entries = await recorded_rows.list_entries(connection, of_case(case_id))
    return Ledger(
        subject=of_case(case_id),
        entries=[
            LedgerRow.model_validate({**asdict(entry), "actor": entry.actor})
            for entry in entries
            if found.shows(entry.version)
        ],
    )


async def check_ledger(
    store: Store, actor: Actor, case_id: str, call_id: str | None = None
) -> Report:
    """Verify the ledger of a case and of all calls about it; that it was asked is kept too. For her
    whose unit has passed the case on it is that of the call alone, since the case goes on elsewhere.

    Refused: not_found (also to her without a call), forbidden.
    """
    found = await _watched_case(store, actor, case_id)
    async with store.read() as connection:
        calls = await log.calls_about(connection, case_id)
    if found.version is not None:
        if call_id is None:
            raise Refusal(Code.NOT_FOUND, case=case_id)
        calls = [call_id]
    with suppress(JournalDamaged, OSError):  # a journal that cannot be grown is a finding below
        await store.seal()
    subjects = [] if found.version is not None else [of_case(case_id)]
    for one in calls:
        subjects += [of_call(one), of_monitors(one)]
    report = await store.verifier.verify(*subjects)
    try:
        async with store.change(actor) as change:
            await change.record(
                of_person(actor.person_id),
                "ledger.check",
                of_case(case_id),
                None,
                payload={"ok": report.ok, "findings": len(report.findings)},
            )
    except Refusal as refusal:
        # A ledger that nothing can be added to must still be told to be wrong.
        if report.ok or refusal.code is not Code.LEDGER_UNAVAILABLE:
            raise
    return Report(
        ok=report.ok,
        subject=of_case(case_id),
        entries=report.entries,
        sealed=report.sealed,
        root=report.root,
        head_at=None if report.head_at is None else datetime.fromisoformat(report.head_at),
        format_1=report.format_1,
        pruned=report.pruned,
        rows=report.rows,
        untold=report.untold,
        findings=[
            Finding(
                kind=one.kind.value,
                subject=one.subject,
                version=one.version,
                leaf=one.leaf,
                text=one.text,
            )
            for one in report.findings
        ],
        checked_at=store.clock.now(),
    )


async def call_log(
    store: Store,
    actor: Actor,
    *,
    number: str = "",
    person: str = "",
    file: str = "",
    text: str = "",
    first: date | None = None,
    last: date | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[CallLogRow]:
    """Calls from or to the supervisor's unit, newest first; days are those of China. Refused: forbidden."""
    if not may(actor, Act.CASE_WATCH, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with store.read() as connection:
        calls = await log.list_calls(
            connection,
            actor.unit_id,
            number=number.strip(),
            person=person.strip(),
            file=file.strip(),
            text=text.strip(),
            since=None if first is None else _midnight(first),
            until=None if last is None else _midnight(last + timedelta(days=1)),
            before=before,
            limit=limit,
        )
    return [
        CallLogRow.model_validate(
            {
                name: getattr(call, name)
                for name in log.Logged.__dataclass_fields__
                if name not in ("applicant_name", "consultation")
            }
            | {"applicant_masked": mask_name(call.applicant_name)}
            | ({"question": asked.question, "answer": asked.answer} if asked else {})
        )
        for call in calls
        for asked in (call.consultation,)
    ]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)
