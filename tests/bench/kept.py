"""What a meeting leaves in the database: python -m tests.bench.kept

Lets meetings happen on PostgreSQL, each a case from its registration to its decision with a call of ten
minutes in which both pages and the media worker tell how good the connection is, and tells by how many
bytes each table grew with its indexes: at the end of the day, and after the age at which events are let go
and what a replay needs is packed. Recordings and files are not counted. Writes build/bench/kept.json.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from server.audit.acts.pruning import Pruning
from server.calls.acts.marks import UnwrittenMarks
from server.calls.rows import calls as call_rows
from server.calls.wire import WorkerSample
from server.case.wire.form import CaseEdit
from server.case.wire.talk import CaseSay
from server.store import Store, upgrade
from signaling.call.parts import CallId
from signaling.wire.call import CallHangUp
from signaling.wire.envelope import PersonRef
from signaling.wire.quality import QualitySample
from tests.kit import services
from tests.kit.casework import APPROVER, CLERK, PDF, VALUES, Office, open_office
from tests.kit.stores import MovedClock, settings_for

OUT: Final = Path("build/bench/kept.json")
MEETINGS: Final = 20
CALL_S: Final = 600
TOLD_EVERY_S: Final = 4
EDITS, SAYINGS, FILES, LOOKS = len(VALUES), 6, 3, 20
DAY_S: Final = 86_400


def samples(second: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a page and what the worker tell of one leg; never twice the same."""
    page = QualitySample(
        loss_in=0.001 * (second % 7), loss_out=0.001 * (second % 5), round_trip_ms=20 + second % 37,
        jitter_ms=second % 11, in_kbps=900 + second % 313, out_kbps=870 + second % 291, freezes=0,
        freeze_ms=0, concealed=0.0, limited_by="none", candidate="host", protocol="udp",
    )  # fmt: skip
    worker = WorkerSample(
        seconds=4.0, packets_in=500 + second % 97, packets_out=510 + second % 89, lost_in=second % 3,
        nacks_in=0, nacks_out=second % 3, plis_in=0, plis_out=0, in_kbps=900 + second % 313,
        out_kbps=870 + second % 291,
    )  # fmt: skip
    return page.model_dump(mode="json"), worker.model_dump(mode="json")


async def meeting(office: Office, marks: UnwrittenMarks, uploads: Any) -> None:
    case_id = await office.case()
    call_id = await office.meet(case_id)
    async with office.store.read() as connection:
        call = await call_rows.find(connection, CallId(call_id))
    assert call is not None
    looks = PersonRef.model_validate((await office.call(call_id))["legs"][-1]["person"])
    for field, value in VALUES.items():
        edit = {"field": field, "value": value, "base_version": 0}
        await office.do(CLERK, CaseEdit, case_id=case_id, **edit)
    for number in range(SAYINGS):
        who = (CLERK, APPROVER)[number % 2]
        said = {"text": f"请把第{number}项的原件放到镜头前。", "lane": "shared", "call_id": call_id}
        await office.do(who, CaseSay, case_id=case_id, **said)
    for line in ("application", "identity", "appointment")[:FILES]:
        brought = await office.bring(uploads, case_id, line, PDF, f"{line}.pdf")
        for page in range(LOOKS // FILES):
            marks.note(case_id, "look", looks, {"material_id": brought, "page": page})
            office.clock.move(1)
    for second in range(0, CALL_S, TOLD_EVERY_S):
        office.clock.move(TOLD_EVERY_S)
        for leg in call.legs:
            page, worker = samples(second)
            marks.note_quality(
                call_id, leg.person_id, {"leg_id": leg.id, "quality": "good", "sample": page}
            )
            marks.note_worker(call_id, leg.person_id, {"leg_id": leg.id, "sample": worker})
    await marks.write()
    await office.do(CLERK, CallHangUp, call_id=call_id)


def sizes(server: services.Postgres, database: str) -> dict[str, int]:
    """Bytes of each table with its indexes and what is stored beside, without gaps."""
    server.sql("VACUUM FULL", database=database)
    told = server.sql(
        "SELECT relname || ' ' || pg_total_relation_size(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        database=database,
    )
    return {name: int(size) for name, size in (line.split() for line in told.splitlines())}


async def measure(server: services.Postgres, folder: Path) -> dict[str, dict[str, float]]:
    database = server.create()
    url, clock = server.url(database), MovedClock()
    await upgrade(url)
    store = await Store.open(settings_for(url, folder), clock)
    try:
        office = await open_office(store, clock)
        uploads, marks = await office.uploads(folder / "uploads"), UnwrittenMarks(store)
        await meeting(office, marks, uploads)  # what is there once is not of a meeting
        before = await asyncio.to_thread(sizes, server, database)
        for _ in range(MEETINGS):
            await meeting(office, marks, uploads)
        after = await asyncio.to_thread(sizes, server, database)
        clock.move(40 * DAY_S)
        await Pruning(store, acks_days=7, sign_ins_days=30, jobs_days=30, events_days=30).prune()
        old = await asyncio.to_thread(sizes, server, database)
    finally:
        await store.close()
    return {
        name: {
            "new": round((after[name] - before[name]) / MEETINGS),
            "old": round((old[name] - before[name]) / MEETINGS),
        }
        for name in before
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, services.postgres() as server:
        told = asyncio.run(measure(server, Path(folder)))
    ordered = sorted(told.items(), key=lambda one: -one[1]["new"])
    print(f"{'bytes a meeting':20}{'at first':>12}{'after 40 days':>16}")
    for name, one in ordered:
        if max(one.values()) > 0:
            print(f"{name:20}{one['new']:>12}{one['old']:>16}")
    whole = {age: sum(one[age] for one in told.values()) for age in ("new", "old")}
    print(f"{'all':20}{whole['new']:>12}{whole['old']:>16}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(
        json.dumps({"meetings": MEETINGS, "tables": told, "all": whole}, indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
