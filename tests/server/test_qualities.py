"""How good each party's line is: who is told, what is kept for the replay, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from server.actions import qualities
from server.actions.marks import Marks
from server.store import marks as rows
from signaling.protocol import CallQuality, QualitySample
from signaling.refusals import Code, Refusal
from tests.kit.casework import APPROVER, CLERK, SUPERVISOR, Office
from tests.server.test_rights import SAMPLE


def told(call_id: str, leg_id: str, quality: str = "good") -> CallQuality:
    sample = QualitySample.model_validate(SAMPLE)
    return CallQuality.model_validate(
        {"call_id": call_id, "leg_id": leg_id, "quality": quality, "sample": sample}
    )


async def test_a_line_is_told_to_the_others_and_kept_for_the_replay(office: Office) -> None:
    marks = Marks(office.store)
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


async def test_nobody_tells_of_a_line_that_is_not_his(office: Office) -> None:
    marks = Marks(office.store)
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
