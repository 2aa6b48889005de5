"""对账 with external systems: what a system states of a day is kept, and shown beside what the cases have.

A statement is a message of the system, signed as its reports are; the newest of a day counts. Who administers the unit
or watches over it reads the comparison; nothing is changed by it.
"""

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import date
from typing import Final

from server.case.acts.elsewhere.reporting import Reporting, Said
from server.case.rows.beside import reported_on
from server.case.rules.course.course import ReportStep
from server.case.rules.course.reconciling import StatedStep, Verdict, reconcile
from server.case.wire.course.external import (
    ComparedView,
    ExternalList,
    ExternalStated,
    ExternalStatement,
    ExternalView,
    Reconciliation,
)
from server.people.rows import externals
from server.people.rows import statements as rows
from server.people.rows.externals import External
from server.people.rows.statements import Statement
from server.rights.ids import new_id
from server.rights.person import Act, Actor, System, may
from server.rights.subjects import of_unit
from server.standards.working_days import china_day
from server.store import Store
from server.store.subject import Turn
from server.tellings.rows import untaken
from signaling.refusals import Code, Refusal

_STEPS: Final[dict[ReportStep, str]] = {
    "accepted": "受理",
    "granted": "准予",
    "denied": "不予",
    "issued": "制证",
}
_VERDICTS: Final[dict[Verdict, str]] = {
    "same": "一致",
    "differs": "号码不一致",
    "only_here": "只有本平台有",
    "only_there": "只有外部系统有",
}
HEAD: Final = ("日期", "办件编号", "环节", "本平台受理号", "外部系统受理号", "结果")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Comparing:
    """Takes statements with the keys of ``reporting``, and compares."""

    store: Store
    reporting: Reporting

    async def take(
        self, external_id: str, told: ExternalStatement, body: bytes, said: Said, source: str
    ) -> ExternalStated:
        """Keep what the system states of a day. The same message again gives the same answer and changes nothing.

        Refused: as ``Reporting.believed``, ``bad_date`` (a day to come), and ``command_id_reused`` (the id with
        another content).
        """
        external = await self.reporting.believed(external_id, body, said, source)
        store, sha256 = self.store, hashlib.sha256(body).hexdigest()
        if told.on > china_day(store.clock.now()):
            raise Refusal(Code.BAD_DATE, why="report")
        steps = [one.model_dump(mode="json") for one in told.steps]
        actor = System(external.id, external.unit_id, "external")
        async with store.change(actor, of=of_unit(external.unit_id)) as change:
            turn = await Turn.of(change, of_unit(external.unit_id))
            before = await rows.of_message(change.connection, external.id, said.id)
            if before is not None:
                if before.sha256 != sha256:
                    raise Refusal(Code.COMMAND_ID_REUSED)
            else:
                still = await externals.find(change.connection, external_id)
                if still != external:
                    raise Refusal(Code.FORBIDDEN)
                new = Statement(
                    new_id(),
                    external.id,
                    external.unit_id,
                    told.on,
                    change.at,
                    said.id,
                    sha256,
                    steps,
                )
                payload = {
                    "external": external.id,
                    "on": told.on.isoformat(),
                    "message": said.id,
                    "body": sha256,
                    "steps": len(steps),
                }
                await rows.add(change.connection, new)
                await turn.enter("external.state", payload)
        return ExternalStated(on=told.on, steps=len(steps))

    async def listed(self, actor: Actor) -> ExternalList:
        """The systems of the actor's unit. Refused: ``forbidden`` to who neither administers it nor watches over it."""
        if not may(actor, Act.EXTERNAL_READ, unit_id=actor.unit_id):
            raise Refusal(Code.FORBIDDEN)
        async with self.store.read() as connection:
            found = await externals.list_externals(connection, actor.unit_id)
        return ExternalList(externals=[_view(one) for one in found])

    async def compared(self, actor: Actor, external_id: str, on: date) -> Reconciliation:
        """One day of one system. Refused: ``not_found`` of another unit's, ``forbidden``."""
        async with self.store.read() as connection:
            external = await externals.find(connection, external_id)
            if external is None or external.unit_id != actor.unit_id:
                raise Refusal(Code.NOT_FOUND, external=external_id)
            if not may(actor, Act.EXTERNAL_READ, unit_id=external.unit_id):
                raise Refusal(Code.FORBIDDEN)
            stated = await rows.newest(connection, external.id, on)
            ours = await reported_on(connection, external.unit_id, external.system, on)
            untold = await untaken(connection, external.id, on)
        theirs = [StatedStep(**one) for one in stated.steps] if stated else []
        found = reconcile(ours, theirs)
        return Reconciliation(
            external=_view(external),
            on=on,
            stated_at=stated.at if stated else None,
            untold=untold,
            steps=[
                ComparedView(
                    case=one.case,
                    step=one.step,
                    ours=one.ours,
                    theirs=one.theirs,
                    verdict=one.verdict,
                )
                for one in found
            ],
        )


def _view(one: External) -> ExternalView:
    return ExternalView(
        id=one.id, system=one.system, told=one.url is not None, revoked=one.revoked_at is not None
    )


def as_csv(told: Reconciliation) -> bytes:
    """The comparison as a file that an office program opens: UTF-8 with its mark. What would be taken for a formula
    stands behind an apostrophe."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(HEAD)
    for one in told.steps:
        cells = (
            told.on.isoformat(),
            one.case,
            _STEPS[one.step],
            one.ours or "",
            one.theirs or "",
            _VERDICTS[one.verdict],
        )
        write.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue().encode("utf-8-sig")
