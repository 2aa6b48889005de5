"""What is watched afterwards: refused commands, the log of calls, recordings, the ledger's check.

Supervisors see the cases and calls of their unit, on either side. Knows no HTTP.
"""

import time
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
from server.store import calls as call_rows
from server.store import cases as case_rows
from server.store.ledger.journal import JournalDamaged
from server.wire.http import (
    CallDetail,
    CallLogRow,
    CaseHistory,
    Finding,
    HistoryEvent,
    Ledger,
    LedgerRow,
    RecordingState,
    RecordingView,
    Report,
)
from server.wire.projection import project, project_call
from signaling.call import CallId
from signaling.protocol import Command, Who
from signaling.refusals import Code, Refusal

_NOT_KEPT: Final = frozenset({Code.UNAUTHENTICATED, Code.THROTTLED, Code.BUSY, Code.INTERNAL})
_SUBJECTS: Final = ("case", "call", "unit", "item")


def refusals(store: Store) -> Callable[[Who, Command, Refusal], Awaitable[None]]:
    """What keeps, under the person, that a command of his was refused."""

    async def keep(who: Who, command: Command, refusal: Refusal) -> None:
        if isinstance(who, Actor) and refusal.code not in _NOT_KEPT:
            await store.refused(who, str(getattr(command, "type", "")), object_of(command), refusal)

    return keep


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
    subjects = [subject_of(case_id), *map(call_actions.subject_of, calls)]
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


class Archive:
    """Calls and their files as they are read afterwards."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._whole: dict[str, tuple[float, bool]] = {}
        self._viewed: dict[tuple[str, str], float] = {}

    async def call(self, actor: Actor, call_id: str) -> CallDetail:
        """A call with its files: for supervisors of either unit, and without files for who was in it.

        Refused: not_found.
        """
        async with self._store.read() as connection:
            call, about = await call_actions.found(connection, CallId(call_id))
            audience = call_actions.audience_of(actor, call, about)
            case = await case_rows.find_header(connection, about.case_id)
            if audience not in ("party", "supervisor") or case is None:
                raise Refusal(Code.NOT_FOUND, call=call_id)
            view = await call_rows.view(connection, call, about)
            version = await version_of(connection, call_actions.subject_of(call_id))
            number = await log.case_number(connection, about.case_id)
            files = (
                await log.list_recordings(connection, call_id) if audience == "supervisor" else []
            )
        return CallDetail(
            version=version,
            audience=audience,
            call=project_call(view, audience, actor.person_id),
            recordings=[await self._view(one) for one in files],
            case_number=number,
            item_name=case.item.name,
        )

    async def _view(self, one: log.Recorded) -> RecordingView:
        state: RecordingState = "recording"
        if one.state == "lost":
            state = "lost"
        elif one.state == "stored" and one.sha256 is not None:
            state = "stored" if await self.whole(one.sha256) else "tampered"
        return RecordingView.model_validate(
            {name: getattr(one, name) for name in RecordingView.model_fields} | {"state": state}
        )

    async def recording(self, actor: Actor, recording_id: str, *, download: bool) -> log.Recorded:
        """A stored recording that may be watched now; watching is kept in the ledger of its call.

        Refused: not_found, material_not_stored (still being written, or lost), content_altered.
        """
        async with self._store.read() as connection:
            one = await log.find_recording(connection, recording_id)
            if one is None:
                raise Refusal(Code.NOT_FOUND)
            call, about = await call_actions.found(connection, CallId(one.call_id))
        if call_actions.audience_of(actor, call, about) != "supervisor":
            raise Refusal(Code.NOT_FOUND)
        if one.state != "stored" or one.sha256 is None or one.size_bytes is None:
            raise Refusal(Code.MATERIAL_NOT_STORED)
        if not await self.whole(one.sha256):
            raise Refusal(Code.CONTENT_ALTERED, recording=one.id)
        await self._note_view(actor, one, download=download)
        return one

    async def whole(self, sha256: str) -> bool:
        """Whether the bytes still have this hash; looked at anew after some minutes."""
        known = self._whole.get(sha256)
        now = time.monotonic()
        if known is None or now - known[0] > BELIEVED_S:
            known = self._whole[sha256] = (now, await self._store.blobs.verify(sha256))
            if len(self._whole) > REMEMBERED:
                del self._whole[next(iter(self._whole))]
        return known[1]

    async def _note_view(self, actor: Actor, one: log.Recorded, *, download: bool) -> None:
        """A player asks for many pieces; one sitting is one entry."""
        key = (actor.session_id, f"{one.id} {download}")
        now = time.monotonic()
        if now - self._viewed.get(key, -ONE_SITTING_S) < ONE_SITTING_S:
            return
        self._viewed = {k: at for k, at in self._viewed.items() if now - at < ONE_SITTING_S}
        self._viewed[key] = now
        async with self._store.change(actor) as change:
            await change.record(
                call_actions.subject_of(one.call_id),
                "recording.view",
                f"recording:{one.id}",
                {"type": "recording.viewed"},
                payload={"download": download},
            )


BELIEVED_S: Final = 300.0
"""How long a file that was found whole is believed to be."""
ONE_SITTING_S: Final = 600.0
REMEMBERED: Final = 10_000
