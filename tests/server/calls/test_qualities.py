"""How good each party's line is: who is told, what is kept for the replay, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from server.audit.acts.archive import Archive
from server.calls.acts import qualities
from server.calls.acts.marks import UnwrittenMarks
from server.calls.acts.qualities import Differences
from server.calls.rows import marks as rows
from signaling.refusals import Code, Refusal
from signaling.wire.quality import CallQuality, QualitySample
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, Office
from tests.kit.stores import SQLITE_ALONE
from tests.server.rights.test_rights import SAMPLE


def told(call_id: str, leg_id: str, quality: str = "good") -> CallQuality:
    sample = QualitySample.model_validate(SAMPLE)
    return CallQuality.model_validate(
        {"call_id": call_id, "leg_id": leg_id, "quality": quality, "sample": sample}
    )


async def test_a_line_is_told_to_the_others_and_kept_for_the_replay(office: Office) -> None:
    marks = UnwrittenMarks(office.store)
    handler = qualities.ephemerals(office.store, marks.note_quality)[CallQuality]
    call_id = await office.meet(await office.case())
    legs = {leg["seat"]: leg["id"] for leg in (await office.call(call_id))["legs"]}
    mine = told(call_id, legs["window"])
    sent = await handler(office.line(CLERK), mine)
    assert {(subject, audience) for subject, audience, _ in sent} == {
        (f"call:{call_id}", "party"),
        (f"call:{call_id}", "advised"),
        (f"call:{call_id}", "supervisor"),
    }
    # Sooner than every few seconds it is dropped; of another leg it is not.
    assert list(await handler(office.line(CLERK), mine)) == []
    office.clock.move(1)
    await handler(office.line(APPROVER), told(call_id, legs["approver"], "poor"))
    office.clock.move(3)
    await handler(office.line(CLERK), told(call_id, legs["window"], "lost"))
    await marks.write()
    async with office.store.read() as connection:
        kept = await rows.list_marks(connection, call_id)
    assert [(one.kind, one.body["leg_id"], one.body["quality"]) for one in kept] == [
        ("quality", legs["window"], "good"),
        ("quality", legs["approver"], "poor"),
        ("quality", legs["window"], "lost"),
    ]
    assert kept[0].body["sample"] == SAMPLE


@SQLITE_ALONE
async def test_nobody_tells_of_a_line_that_is_not_his(office: Office) -> None:
    marks = UnwrittenMarks(office.store)
    handler = qualities.ephemerals(office.store, marks.note_quality)[CallQuality]
    call_id = await office.meet(await office.case())
    legs = {leg["seat"]: leg["id"] for leg in (await office.call(call_id))["legs"]}
    for login in (APPROVER, SUPERVISOR):
        with pytest.raises(Refusal) as refused:
            await handler(office.line(login), told(call_id, legs["window"]))
        assert refused.value.code is Code.NOT_IN_CALL
    for wrong in ({"loss_in": 1.5}, {"round_trip_ms": -1}, {"candidate": "192.0.2.7"}):
        with pytest.raises(ValidationError):
            QualitySample.model_validate({**SAMPLE, **wrong})


COUNTERS = {
    "packets_in": 100,
    "packets_out": 200,
    "bytes_in": 50_000,
    "bytes_out": 100_000,
    "lost_in": 3,
    "nacks_in": 1,
    "nacks_out": 2,
    "plis_in": 0,
    "plis_out": 1,
}


def test_of_counters_that_grow_each_look_tells_what_came_since_the_last_one() -> None:
    looks = Differences()
    assert looks.take({"call": {"old": COUNTERS}}, 10.0) == []
    later = {name: count + 40 for name, count in COUNTERS.items()} | {"bytes_in": 60_000}
    (old, new) = looks.take({"call": {"old": later, "new": COUNTERS}}, 14.0)
    assert old[:2] == ("call", "old")
    assert (old[2].seconds, old[2].in_kbps, old[2].packets_out, old[2].lost_in) == (4.0, 20, 40, 40)
    # Who has come meanwhile was counted from nothing on.
    assert new[:2] == ("call", "new")
    assert (new[2].packets_in, new[2].out_kbps, new[2].plis_out) == (100, 200, 1)


def test_a_party_that_comes_anew_is_counted_anew_and_a_late_packet_takes_nothing_away() -> None:
    looks = Differences()
    looks.take({"call": {"leg": COUNTERS}}, 10.0)
    ((*_, late),) = looks.take({"call": {"leg": COUNTERS | {"lost_in": 1, "plis_in": 5}}}, 14.0)
    assert (late.lost_in, late.plis_in, late.packets_in) == (0, 5, 0)
    ((*_, anew),) = looks.take({"call": {"leg": COUNTERS | {"packets_in": 7, "lost_in": 2}}}, 18.0)
    assert (anew.packets_in, anew.lost_in, anew.nacks_out) == (7, 2, 2)


def test_who_is_told_after_another_begins_with_his_first_look() -> None:
    looks = Differences()
    looks.take({"call": {"leg": COUNTERS}}, 10.0)
    assert looks.take(None, 14.0) == []
    assert looks.take({"call": {"leg": COUNTERS}}, 18.0) == []
    assert [one[:2] for one in looks.take({"call": {"leg": COUNTERS}}, 22.0)] == [("call", "leg")]


async def test_what_the_worker_counted_stands_beside_what_the_page_told(office: Office) -> None:
    marks = UnwrittenMarks(office.store)
    call_id = await office.meet(await office.case())
    call = await office.call(call_id)
    leg = next(leg for leg in call["legs"] if leg["seat"] == "window")
    sample = Differences()
    sample.take({}, 10.0)
    ((*_, counted),) = sample.take({call_id: {leg["id"]: COUNTERS}}, 14.0)
    body = {"leg_id": leg["id"], "sample": counted.model_dump(mode="json")}
    marks.note_worker(call_id, office.actors[CLERK].person_id, body)
    await marks.write()
    told = (await Archive(office.store).marks(office.actors[SUPERVISOR], call_id)).marks
    assert [(one.kind, one.by.id) for one in told] == [("worker", leg["person"]["id"])]
    assert told[0].body == body
    # Counts and rates, and no word more: nothing of where somebody is or what he says.
    assert all(isinstance(value, int | float) for value in told[0].body["sample"].values())
