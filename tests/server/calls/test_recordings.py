"""The sign of recording tells the truth about the segments of a leg."""

from __future__ import annotations

from media.client import RecordingHalted, RecordingResumed, RecordingStalled, RecordingStarted
from server.calls.rows.calls import live_of
from server.calls.views import running_calls
from server.case.wire.registering import CaseConsent
from server.demo import data as demo
from signaling.wire.call import CallAnswer, CallDial, CallLack, CallOpen
from tests.kit.casework import APPROVER, CLERK, Office
from tests.kit.exchange import acts
from tests.kit.stores import SQLITE_ALONE


async def recorded(office: Office) -> tuple[str, str]:
    """A live call that may be recorded, and the approver's leg."""
    case_id = await office.case()
    await office.do(
        CLERK, CaseConsent, case_id=case_id, given=True, text_version="2026-11", language="zh-CN"
    )
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    rung = (await office.do(APPROVER, CallOpen, call_id=call_id))["call"]["rings"][0]["id"]
    leg_id = (await office.do(APPROVER, CallAnswer, call_id=call_id, ring_id=rung))["leg_id"]
    return call_id, leg_id


async def sign(office: Office, call_id: str, leg_id: str) -> bool:
    call = (await office.do(CLERK, CallOpen, call_id=call_id))["call"]
    return bool(next(leg["recording"] for leg in call["legs"] if leg["id"] == leg_id))


@SQLITE_ALONE
async def test_the_sign_stays_while_any_segment_of_the_leg_is_written(office: Office) -> None:
    call_id, leg_id = await recorded(office)
    at = office.clock.now().timestamp()
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "first", at))
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "next", at + 1))
    assert await sign(office, call_id, leg_id)
    # the recorder was killed: its next segment was told before the first one's end
    await office.recordings.lose(call_id, "first")
    assert await sign(office, call_id, leg_id)
    await office.recordings.lose(call_id, "next")
    assert not await sign(office, call_id, leg_id)
    await office.switchboard.close()


@SQLITE_ALONE
async def test_the_sign_goes_off_while_the_disk_refuses(office: Office) -> None:
    call_id, leg_id = await recorded(office)
    at = office.clock.now().timestamp()
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "first", at))
    for _ in range(2):
        await office.recordings.halted(RecordingHalted(call_id, leg_id, "first"))
        assert not await sign(office, call_id, leg_id)
    told = await acts(office.store, call_id)
    assert (told[-1], told.count("recording.halted")) == ("recording.halted", 1)
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "next", at + 10))
    assert await sign(office, call_id, leg_id)
    await office.switchboard.close()


@SQLITE_ALONE
async def test_the_sign_goes_off_while_what_comes_in_is_not_written(office: Office) -> None:
    call_id, leg_id = await recorded(office)
    at = office.clock.now().timestamp()
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "face", at))
    await office.recordings.stalled(RecordingStalled(call_id, leg_id, ("1",)))
    assert not await sign(office, call_id, leg_id)
    # its document camera is recorded all the same, which says nothing of its face
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "paper", at + 1))
    assert not await sign(office, call_id, leg_id)
    await office.recordings.resumed(RecordingResumed(call_id, leg_id))
    assert await sign(office, call_id, leg_id)
    told = await acts(office.store, call_id)
    assert [one for one in told if one in ("recording.stalled", "recording.resumed")] == [
        "recording.stalled",
        "recording.resumed",
    ]
    # of a line without a device nothing is due
    await office.do(APPROVER, CallLack, call_id=call_id, leg_id=leg_id, mid="0", on=True)
    await office.recordings.stalled(RecordingStalled(call_id, leg_id, ("0",)))
    assert await sign(office, call_id, leg_id)
    await office.switchboard.close()


@SQLITE_ALONE
async def test_a_late_word_lights_no_sign_once_the_consent_is_taken_back(office: Office) -> None:
    call_id, leg_id = await recorded(office)
    at = office.clock.now().timestamp()
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "first", at))
    call = (await office.do(CLERK, CallOpen, call_id=call_id))["call"]
    answer = {"case_id": call["case_id"], "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, **answer, given=False)
    assert not await sign(office, call_id, leg_id)
    await office.recordings.begun(RecordingStarted(call_id, leg_id, "next", at + 1))
    assert not await sign(office, call_id, leg_id)
    call = (await office.do(CLERK, CallOpen, call_id=call_id))["call"]
    assert (call["state"], call["recording_consented"]) == ("live", True)
    assert call["consent_withdrawn_at"] is not None
    async with office.store.read() as connection:
        live = await live_of(connection, [demo.XIHAIAN])
        [[running]] = (await running_calls(connection, live)).values()
    assert running.unrecorded == "withdrawn"
    # Said again, and taken back again: it was once.
    for given in (True, False):
        await office.do(CLERK, CaseConsent, **answer, given=given)
    assert (await acts(office.store, call_id)).count("call.unrecord") == 1
    await office.switchboard.close()


async def test_a_call_that_must_be_recorded_ends_with_the_consent(office: Office) -> None:
    case_id = await office.case(item_id=demo.CLOSING)
    answer = {"case_id": case_id, "text_version": "2026-11", "language": "zh-CN"}
    await office.do(CLERK, CaseConsent, **answer, given=True)
    await office.duty(APPROVER)
    call_id = (await office.do(CLERK, CallDial, case_id=case_id))["call_id"]
    await office.do(CLERK, CaseConsent, **answer, given=False)
    call = (await office.do(CLERK, CallOpen, call_id=call_id))["call"]
    assert (call["state"], call["reason"]) == ("ended", "unrecorded")
    await office.switchboard.close()
