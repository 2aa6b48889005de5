"""What an external system reports of a case, signed: entered as an approver would enter it, by the same rule.

The signed message is the proof: the entry keeps its id and the hash of its body.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from server.case.acts.course.advancing import reported
from server.case.acts.elsewhere.systems import key
from server.case.turn import CaseTurn
from server.case.wire.course.advancing import CaseReport
from server.case.wire.course.external import ExternalReport, ExternalTaken
from server.people.rows import externals as rows
from server.people.rows.externals import External
from server.rights.hand import Hand
from server.rights.person import System
from server.rights.subjects import of_case
from server.standards import webhooks
from server.store import Store
from signaling.refusals import Code, Refusal

A_MINUTE_AT_MOST: Final = 120
"""Reports of one system that a node takes."""

_MESSAGE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
"""As the ids of all commands."""

security_log = structlog.get_logger("security")


@dataclass(frozen=True, slots=True)
class Said:
    """The headers of a message, as they came; empty where one is missing."""

    id: str
    second: str
    signatures: str


@dataclass
class Reporting:
    """Takes what the key of a system signs; without a secret of the house there are no keys."""

    store: Store
    secret: bytes | None
    _taken: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By system: the minute, and how many were taken in it."""

    async def take(
        self, external_id: str, report: ExternalReport, body: bytes, said: Said, source: str
    ) -> ExternalTaken:
        """Enter what the system reports. The same message again gives the same answer and changes nothing.

        Refused: ``not_found`` (no secret is set, or no case of this number is decided for this unit in this system),
        ``forbidden`` (no such system, its key was revoked, or the signature does not fit or is older than five
        minutes), ``malformed`` (the message's id is none), ``throttled``, ``command_id_reused`` (the id with another
        content), and as ``course.external.report`` does.
        """
        external = await self.believed(external_id, body, said, source)
        async with self.store.read() as connection:
            case_id = await rows.case_of(connection, external, report.case)
        if case_id is None:
            raise Refusal(Code.NOT_FOUND)
        command = CaseReport(
            id=said.id,
            case_id=case_id,
            seen_version=0,
            step=report.step,
            number=report.number,
            on=report.on,
            proof=said.id,
            reason=report.reason,
            bases=report.bases,
            results=report.results,
        )
        actor = System(external.id, external.unit_id, "external")
        async with self.store.change(actor, command, of=of_case(case_id)) as change:
            if change.replayed is not None:
                return ExternalTaken.model_validate(change.replayed.result)
            turn = await CaseTurn.open(change, case_id)
            still = await rows.find(change.connection, external_id)
            if still != external:
                raise Refusal(Code.FORBIDDEN)
            if not _its(turn, external):
                raise Refusal(Code.NOT_FOUND)
            turn.hand = Hand(external.id, "approver")
            await turn.name([external.id])
            message = {"message": said.id, "body": hashlib.sha256(body).hexdigest()}
            told = await reported(turn, command, message, signed=True)
            taken = ExternalTaken(case=report.case, state=told.payload["state"])
            change.ack(taken.model_dump(mode="json"))
            await turn.tell(command.type, told)
        return taken

    async def believed(self, external_id: str, body: bytes, said: Said, source: str) -> External:
        """The system whose key signed this body. Refused: ``not_found`` (no secret is set), ``forbidden``,
        ``malformed``, ``throttled``, as ``take`` says."""
        if self.secret is None:
            raise Refusal(Code.NOT_FOUND)
        now = self.store.clock.now()
        async with self.store.read() as connection:
            external = await rows.find(connection, external_id)
        if external is None or not _signed(self.secret, external, body, said, now):
            security_log.warning("forged_report", source=source)
            raise Refusal(Code.FORBIDDEN)
        if not _MESSAGE.fullmatch(said.id):
            raise Refusal(Code.MALFORMED, fields=webhooks.ID)
        self._pace(external_id, now)
        return external

    def _pace(self, external_id: str, now: datetime) -> None:
        minute = int(now.timestamp()) // 60
        last, taken = self._taken.get(external_id, (minute, 0))
        taken = taken + 1 if last == minute else 1
        if taken > A_MINUTE_AT_MOST:
            raise Refusal(Code.THROTTLED, retry_after_s=60 - int(now.timestamp()) % 60)
        self._taken[external_id] = (minute, taken)


def _signed(secret: bytes, external: External, body: bytes, said: Said, now: datetime) -> bool:
    own = key(secret, external.id, external.generation)
    fits = webhooks.believe(own, said.id, said.second, said.signatures, body, now)
    return fits and external.revoked_at is None


def _its(turn: CaseTurn, external: External) -> bool:
    case = turn.case
    return case.unit_id == external.unit_id and case.item.system == external.system
