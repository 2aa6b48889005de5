"""The log of calls, histories, ledgers and their checks as HTTP gives them. Shapes only."""

from datetime import datetime
from typing import Any, Literal

from server.calls.wire import CallView, PlaybackView, RecordingView
from server.case.rules.case import Decision
from server.rights.hand import Audience
from signaling.wire.call import CallState, EndReason
from signaling.wire.envelope import Message, PersonRef


class HistoryEvent(Message):
    """One event of a case as the supervisor sees it; ``event`` is a case or material event of the socket."""

    version: int
    type: str
    at: datetime
    event: dict[str, Any]


class RefusedSignature(Message):
    """A signature that was not taken, and why: ``stale`` when what was signed is no longer what stands there."""

    at: datetime
    by: PersonRef | None
    code: str


class CaseHistory(Message):
    """Events in the order of their versions."""

    subject: str
    events: list[HistoryEvent]
    next_after: int | None
    """Ask with ``?after=`` this version for the following events; null at the end."""
    refused_signatures: list[RefusedSignature] = []
    """Those of the case's window, all of them, with the first events."""


class Finding(Message):
    """One place where the ledger does not hold."""

    kind: str
    subject: str | None
    version: int | None
    leaf: int | None
    text: str


class Report(Message):
    """Result of a ledger check: of a case together with its calls."""

    ok: bool
    subject: str | None
    """The case that was checked; null for the whole ledger."""
    entries: int
    sealed: int
    """Entries of the whole ledger that stand under its last signed head."""
    root: str | None
    head_at: datetime | None
    """When that head was signed."""
    format_1: int = 0
    """Of the entries, those that seal no event and tell no rows: from before there was more."""
    pruned: int = 0
    """Of the events, those that were let go by age."""
    rows: int = 0
    """Rows of the record that were compared with what the entries told."""
    untold: int = 0
    """Of these, those that are older than the entries which could tell of them."""
    findings: list[Finding]
    checked_at: datetime


class LedgerRow(Message):
    """One entry of a case's ledger as the supervisor reads it."""

    version: int
    at: datetime
    actor: PersonRef | None
    """Null for the system itself."""
    on_behalf_of: str | None
    act: str
    object: str
    result: str
    hash: str
    leaf: int | None
    """Number in the tree; null while the sequencer has not numbered it yet."""


class Ledger(Message):
    subject: str
    entries: list[LedgerRow]


class FileCheck(Message):
    """Whether the stored bytes still match the hash in the record."""

    kind: Literal["recording", "playback", "material", "paper"]
    id: str
    name: str
    ok: bool
    reason: Literal["", "altered", "missing"] = ""


class Interruption(Message):
    """A stretch of some seconds of which a party's sound or face is not in the recording, though
    nobody had closed it."""

    name: str
    mid: str
    from_at: datetime
    to_at: datetime
    reason: Literal["lost", "dropped", "unwritten"]


class CallCheck(Message):
    """Everything of a call and its case, hashed anew: ledger and files; and what was never recorded."""

    ok: bool
    ledger: Report
    files: list[FileCheck]
    interruptions: list[Interruption] = []
    checked_at: datetime


class CallLogRow(Message):
    """One call in the supervisor's log."""

    call_id: str
    case_id: str
    case_number: str | None
    item_name: str
    applicant_masked: str
    question: str = ""
    """咨询: what is asked, where the call is about what became no case, and what it was answered."""
    answer: str = ""
    caller: PersonRef
    approver: PersonRef | None
    declined_by: PersonRef | None
    """Who declined a call that nobody answered: the last of them."""
    state: CallState
    reason: EndReason | None
    opened_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    recordings: int
    decision: Decision | None
    """What was decided in this call, at last, as far as the unit may know it; null: nothing, whatever became of the
    case."""
    decided_by: PersonRef | None = None
    """Who decided that; after a referral he is not the ``approver``."""


class CallLog(Message):
    """Newest first. ``next_cursor`` asks for the following rows; null at the end."""

    calls: list[CallLogRow]
    next_cursor: str | None


class Silence(Message):
    """When nothing was heard of the page of a leg; ``to_at`` null: to the end of the leg."""

    leg_id: str
    from_at: datetime
    to_at: datetime | None


class Lacking(Message):
    """When the page of a leg had no device for a line, or one that gave nothing; ``to_at`` null: to the end of the leg."""

    leg_id: str
    mid: str
    from_at: datetime
    to_at: datetime | None


class CallDetail(Message):
    """A call with its files, as the asker's audience sees it at ``version``."""

    version: int
    audience: Audience
    call: CallView
    recordings: list[RecordingView]
    case_number: str | None
    item_name: str
    playbacks: list[PlaybackView] = []
    silences: list[Silence] = []
    lacking: list[Lacking] = []
