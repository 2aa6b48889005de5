"""What is watched afterwards: refused commands, the log of calls, histories, the ledger's check.

Supervisors see the cases and calls of their unit, on either side. Knows no HTTP.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NoReturn

from server.audit import rows as log
from server.calls.rows import recorded as recorded_rows
from server.case.admission import Watched, watched
from server.case.wire.http import (
    CallLogRow,
    CaseHistory,
    Finding,
    HistoryEvent,
    Ledger,
    LedgerRow,
    RefusedSignature,
    Report,
)
from server.projection import project
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_call, of_case, of_monitors, of_person
from server.standards.identifiers import mask_name
from server.standards.working_days import CHINA
from server.store import Store, version_of
from server.store.ledger.journal import JournalDamaged
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


ONE_BY_ONE: Final = 10
"""So many refusals of one person, act and code within a minute are an entry each."""
TOGETHER_S: Final = 60.0
FLUSHED_EVERY_S: Final = 10.0
OBJECTS_NAMED: Final = 20


@dataclass(slots=True)
class _Repeated:
    """Refusals of one kind within a minute: those that were kept, and those that are only counted."""

    who: Actor
    since: datetime
    kept: int = 0
    more: int = 0
    objects: set[str] = field(default_factory=set)


class Refusals:
    """Keeps, under the person, what was refused to him: the first ones of a kind one by one, what
    follows within the minute as one entry with their number. So nobody fills the ledger by asking."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._repeated: dict[tuple[str, str, Code], _Repeated] = {}

    async def command(self, who: Who, command: Command, refusal: Refusal) -> None:
        """A command of the socket."""
        if isinstance(who, Actor):
            await self._keep(who, str(getattr(command, "type", "")), object_of(command), refusal)

    async def request(self, who: Actor, act: str, about: str, refusal: Refusal) -> None:
        """A request of HTTP; not when it was no proper one."""
        if refusal.code not in _NO_PROPER_REQUEST:
            await self._keep(who, act, about, refusal)

    async def _keep(self, who: Actor, act: str, about: str, refusal: Refusal) -> None:
        if refusal.code in _NOT_KEPT:
            return
        key, now = (who.person_id, act, refusal.code), self._store.clock.now()
        one = self._repeated.get(key)
        if one is not None and now - one.since >= timedelta(seconds=TOGETHER_S):
            await self._write(key)
            one = None
        if one is None:
            one = self._repeated[key] = _Repeated(who, now)
        if one.kept < ONE_BY_ONE:
            one.kept += 1
            await self._store.refused(who, act, about, refusal)
            return
        one.more += 1
        if len(one.objects) < OBJECTS_NAMED:
            one.objects.add(about)

    async def flush(self, *, all_of_them: bool = False) -> None:
        """Write down what was counted and whose minute is over."""
        now = self._store.clock.now()
        for key, one in list(self._repeated.items()):
            if all_of_them or now - one.since >= timedelta(seconds=TOGETHER_S):
                await self._write(key)

    async def _write(self, key: tuple[str, str, Code]) -> None:
        one = self._repeated.pop(key, None)
        if one is None or not one.more:
            return
        _, act, code = key
        try:
            async with self._store.change(one.who) as change:
                await change.record(
                    of_person(one.who.person_id),
                    act,
                    next(iter(one.objects)) if len(one.objects) == 1 else "none",
                    None,
                    payload={
                        "times": one.more,
                        "since": one.since.isoformat(),
                        "objects": sorted(one.objects),
                    },
                    result=code.value,
                )
        except BaseException:
            self._put_back(key, one)
            raise

    def _put_back(self, key: tuple[str, str, Code], one: _Repeated) -> None:
        """To be written when it can be, with what was counted meanwhile."""
        newer = self._repeated.get(key)
        if newer is not None:
            one.kept += newer.kept
            one.more += newer.more
            one.objects.update(sorted(newer.objects)[: OBJECTS_NAMED - len(one.objects)])
        self._repeated[key] = one

    async def run(self) -> NoReturn:
        """Write them down for ever."""
        while True:
            await asyncio.sleep(FLUSHED_EVERY_S)
            with suppress(Refusal):  # the database is away: the next time
                await self.flush()


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
