"""What is watched afterwards: refused commands, the log of calls, histories, the ledger's check.

Supervisors see the cases and calls of their unit, on either side. Knows no HTTP.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Final

from server.actions import calls as call_actions
from server.actions.cases import header, subject_of
from server.domain.identifiers import mask_name
from server.domain.person import Act, Actor, may
from server.domain.working_days import CHINA
from server.store import Store, log, version_of
from server.store.ledger.journal import JournalDamaged
from server.wire.http import (
    CallLogRow,
    CaseHistory,
    Finding,
    HistoryEvent,
    Ledger,
    LedgerRow,
    Report,
)
from server.wire.projection import project
from signaling.protocol import Command, Who
from signaling.refusals import Code, Refusal

_NOT_KEPT: Final = frozenset({Code.UNAUTHENTICATED, Code.THROTTLED, Code.BUSY, Code.INTERNAL})
_NO_PROPER_REQUEST: Final = frozenset(
    {
        Code.MALFORMED, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE, Code.METHOD_NOT_ALLOWED,
        Code.UPLOAD_VERSION, Code.UPLOAD_CHECKSUM_ALGORITHM,
    }
)  # fmt: skip
_SUBJECTS: Final = ("case", "call", "unit", "item")


def refusals(store: Store) -> Callable[[Who, Command, Refusal], Awaitable[None]]:
    """What keeps, under the person, that a command of his was refused."""

    async def keep(who: Who, command: Command, refusal: Refusal) -> None:
        if isinstance(who, Actor):
            await _keep(store, who, str(getattr(command, "type", "")), object_of(command), refusal)

    return keep


async def keep_refusal(store: Store, who: Actor, act: str, about: str, refusal: Refusal) -> None:
    """Keep, under the person, that a request of his was refused; not when it was no proper one."""
    if refusal.code not in _NO_PROPER_REQUEST:
        await _keep(store, who, act, about, refusal)


async def _keep(store: Store, who: Actor, act: str, about: str, refusal: Refusal) -> None:
    if refusal.code not in _NOT_KEPT:
        await store.refused(who, act, about, refusal)


def object_of(command: Command) -> str:
    """What a command is about, as the ledger names it: ``case:<id>``, ``call:<id>``, or ``none``."""
    for noun in _SUBJECTS:
        if isinstance(named := getattr(command, f"{noun}_id", None), str):
            return f"{noun}:{named}"
    return "none"


def checks(store: Store) -> Mapping[str, Callable[[], Awaitable[bool]]]:
    """What readiness asks of the store."""

    async def database() -> bool:
        async with store.read() as connection:
            await version_of(connection, "readiness")
        return True

    async def ledger_writable() -> bool:
        return store.ledger_failure is None

    return {"database": database, "ledger": ledger_writable}


# ---------------------------------------------------------------- cases, afterwards

EVENTS_AT_ONCE: Final = 500


async def _watched_case(store: Store, actor: Actor, case_id: str) -> None:
    async with store.read() as connection:
        _, side = await header(connection, actor, case_id)
    if side != "supervisor":
        raise Refusal(Code.FORBIDDEN)


async def history(store: Store, actor: Actor, case_id: str, after: int) -> CaseHistory:
    """What happened to a case after a version, as the supervisor sees it. Refused: not_found, forbidden."""
    await _watched_case(store, actor, case_id)
    events = await store.events(subject_of(case_id), after, EVENTS_AT_ONCE)
    return CaseHistory(
        subject=subject_of(case_id),
        events=[
            HistoryEvent(
                version=event.version,
                type=event.type,
                at=event.at,
                event=project(event, "supervisor"),
            )
            for event in events
        ],
        next_after=events[-1].version if len(events) == EVENTS_AT_ONCE else None,
    )


async def ledger(store: Store, actor: Actor, case_id: str) -> Ledger:
    """The entries of a case's ledger. Refused: not_found, forbidden."""
    await _watched_case(store, actor, case_id)
    async with store.read() as connection:
        entries = await log.list_entries(connection, subject_of(case_id))
    return Ledger(
        subject=subject_of(case_id),
        entries=[
            LedgerRow.model_validate({**asdict(entry), "actor": entry.actor}) for entry in entries
        ],
    )


async def check_ledger(store: Store, actor: Actor, case_id: str) -> Report:
    """Verify the ledger of a case and of all calls about it; that it was asked is kept too.

    Refused: not_found, forbidden.
    """
    await _watched_case(store, actor, case_id)
    async with store.read() as connection:
        calls = await log.calls_about(connection, case_id)
    with suppress(JournalDamaged, OSError):  # a journal that cannot be grown is a finding below
        await store.seal()
    subjects = [subject_of(case_id)]
    for call_id in calls:
        subjects += [call_actions.subject_of(call_id), call_actions.monitors_of(call_id)]
    reports = [await store.verifier.verify(subject) for subject in subjects]
    findings = {
        finding: None for report in reports for finding in report.findings
    }  # those about the tree stand in each report
    ok = not findings
    try:
        async with store.change(actor) as change:
            await change.record(
                f"person:{actor.person_id}",
                "ledger.check",
                subject_of(case_id),
                None,
                payload={"ok": ok, "findings": len(findings)},
            )
    except Refusal as refusal:
        # A ledger that nothing can be added to must still be told to be wrong.
        if ok or refusal.code is not Code.LEDGER_UNAVAILABLE:
            raise
    return Report(
        ok=ok,
        subject=subject_of(case_id),
        entries=sum(report.entries for report in reports),
        sealed=reports[0].sealed,
        root=reports[0].root,
        head_at=None if reports[0].head_at is None else datetime.fromisoformat(reports[0].head_at),
        format_1=sum(report.format_1 for report in reports),
        pruned=sum(report.pruned for report in reports),
        rows=sum(report.rows for report in reports),
        untold=sum(report.untold for report in reports),
        findings=[
            Finding(
                kind=one.kind.value,
                subject=one.subject,
                version=one.version,
                leaf=one.leaf,
                text=one.text,
            )
            for one in findings
        ],
        checked_at=store.clock.now(),
    )


# ---------------------------------------------------------------- the log of calls


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
                if name != "applicant_name"
            }
            | {"applicant_masked": mask_name(call.applicant_name)}
        )
        for call in calls
    ]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)
