"""Playbacks and whole pictures of an ended call, asked for: of which segments, with which gaps, plates and chapters."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from server.calls.rows import playbacks as rows
from server.calls.rows import recorded as recorded_rows
from server.calls.rows.playbacks import Playback, PlaybackSeat
from server.calls.rows.recorded import Recorded, Written
from server.calls.rules import PlaybackSource, PlaybackType
from server.jobs.runner import enqueue
from server.people.rows.people import person_refs
from server.rights.ids import new_id
from server.rights.subjects import of_call
from server.store import Change
from signaling.call.parts import Call, LegState
from signaling.refusals import Code, Refusal
from signaling.wire.call import Seat
from signaling.wire.envelope import PersonRef

COPY: Final = "playback"
COMPOSE: Final = "composition"
AWAY_S: Final = 0.25
"""From here on the time between two segments of a party is told as a gap."""
WORTH_SAYING_S: Final = 0.5
"""A shorter gap is over before its plate could be read."""
EARLY_S: Final = 30.0
"""What happened so shortly before the first picture counts as its first second."""
_SEATS: Final = {
    "window": "窗口",
    "approver": "审批",
    "third": "第三方",
    "fourth": "第四方",
    "fifth": "第五方",
    "sixth": "第六方",
}
_SOURCES: Final = {"face": "", "camera": "高拍仪", "screen": "屏幕"}
_WHY: Final = {
    ("held", ""): "held",
    ("away", ""): "away",
    ("cut", ""): "cut",
    ("muted", "0"): "silenced",
    ("muted", "1"): "unseen",
    ("lost", "1"): "lost",
    ("dropped", "1"): "lost",
    ("unwritten", "1"): "cut",
}
"""By reason and m-line of a gap: what compose writes."""
_ACTS: Final = {
    "material.store": "收到材料 Material",
    "case.submit": "提交 Submitted",
    "case.sign": "签名 Signed",
    "case.decide": "决定 Decision",
    "case.refer": "转办 Referral",
}


async def ask(change: Change, call_id: str) -> None:
    """Ask for the playbacks that are missing of an ended call, in this transaction.

    Call it with the call locked, whenever it or a recording of it has changed. Nothing happens
    while a recording is being written, or when each party's playback is of all its segments.
    """
    recorded = await recorded_rows.list_recordings(change.connection, call_id)
    if any(one.state == "recording" for one in recorded):
        return
    there: dict[tuple[PlaybackSeat, str | None, PlaybackSource], Playback] = {
        (one.seat, one.person_id, one.source): one
        for one in await rows.list_playbacks(change.connection, call_id)
    }
    parties: dict[tuple[Seat, str, PlaybackSource], list[Recorded]] = {}
    for one in recorded:
        if one.state == "stored" and one.sha256 is not None:
            parties.setdefault((one.seat, one.person.id, one.source), []).append(one)
    for (seat, person_id, source), segments in parties.items():
        sources = [one.sha256 for one in segments if one.sha256 is not None]
        known = there.get((seat, person_id, source))
        if known is not None and known.sources == sources:
            continue
        began = segments[0].started_at
        playback = Playback(
            id=known.id if known else new_id(),
            call_id=call_id,
            seat=seat,
            person_id=person_id,
            state="waiting",
            sources=sources,
            started_at=began,
            gaps=tuple(gaps_of(segments)),
            source=source,
        )
        await (rows.save if known else rows.add)(change.connection, playback)
        offsets = [(one.started_at - began).total_seconds() for one in segments]
        await enqueue(
            change,
            COPY,
            of_call(call_id),
            {"playback": playback.id, "sources": sources, "offsets_s": offsets},
        )


def gaps_of(segments: Sequence[Recorded]) -> list[dict[str, Any]]:
    """The spans of a party without packets, by seconds of its playback; between segments: ``away``,
    or ``cut`` when the recorder died over the one before."""
    began = segments[0].started_at
    gaps = []
    for one in segments:
        for gap in one.gaps:
            gaps.append(
                {
                    "from_s": round(gap["started_at"] - began.timestamp(), 3),
                    "to_s": round(gap["ended_at"] - began.timestamp(), 3),
                    "reason": gap["reason"],
                    "mid": gap.get("mid", ""),
                }
            )
    for before, after in pairwise(segments):
        if before.ended_at is None:
            continue
        from_s = (before.ended_at - began).total_seconds()
        to_s = (after.started_at - began).total_seconds()
        if to_s - from_s > AWAY_S:
            gaps.append(
                {
                    "from_s": round(from_s, 3),
                    "to_s": round(to_s, 3),
                    "reason": "cut" if before.cut else "away",
                    "mid": "",
                }
            )
    return sorted(gaps, key=lambda gap: (gap["from_s"], gap["to_s"]))


async def ask_composition(
    change: Change, call: Call, acts: Sequence[Written], media_type: PlaybackType
) -> Playback:
    """Ask for all parties of a call in one file; one that is there, or being made, is given instead.

    ``acts`` are the entries of the ledger of its case: those within the call become chapters.
    Refused: material_not_stored (a party's playback is not ready, or there is none).
    """
    await change.lock(of_call(call.id))
    found = await rows.list_playbacks(change.connection, call.id)
    made = [one for one in found if one.seat != "composed"]
    ready = [one for one in made if one.state == "ready" and one.sha256 and one.started_at]
    parties = [one for one in ready if one.source == "face"]
    if not parties or any(one.state == "waiting" for one in made):
        raise Refusal(Code.MATERIAL_NOT_STORED, call=call.id)
    sources = [str(one.sha256) for one in ready]
    known = next(
        (one for one in found if one.seat == "composed" and one.media_type == media_type), None
    )
    if known is not None and known.sources == sources and known.state != "failed":
        return known
    began = min(one.started_at for one in parties if one.started_at)
    chapters = _chapters(call, acts, ready, began)
    playback = Playback(
        id=known.id if known else new_id(),
        call_id=call.id,
        seat="composed",
        person_id=None,
        state="waiting",
        sources=sources,
        started_at=began,
        media_type=media_type,
        chapters=tuple(chapters),
    )
    await (rows.save if known else rows.add)(change.connection, playback)
    refs = await person_refs(change.connection, {one.person_id or "" for one in ready})
    await change.record(
        of_call(call.id),
        "playback.ask",
        f"playback:{playback.id}",
        None,
        payload={"seat": "composed", "sources": sources, "media_type": media_type},
    )
    await enqueue(
        change,
        COMPOSE,
        of_call(call.id),
        {
            "playback": playback.id,
            "sources": sources,
            "media_type": media_type,
            "began_at": began.timestamp(),
            "chapters": chapters,
            "parties": [
                {
                    "source": one.sha256,
                    "offset_s": _seconds(one.started_at, began),
                    "label": _label(one, refs),
                    "spans": spans_of(one, _seconds(one.started_at, began)),
                }
                for one in parties
            ],
            "documents": [
                {
                    "source": one.sha256,
                    "offset_s": _seconds(one.started_at, began),
                    "label": f"{_SOURCES[one.source]} {_label(one, refs)}",
                }
                for one in ready
                if one.source != "face"
            ],
            "length_s": max(
                _seconds(one.started_at, began) + (one.duration_s or 0.0) for one in parties
            ),
        },
    )
    return playback


def spans_of(one: Playback, offset_s: float) -> list[dict[str, Any]]:
    """What is missing of a party, by the seconds of the whole and the names that compose knows."""
    spans = []
    for gap in one.gaps:
        why = _WHY.get((gap["reason"], gap.get("mid", ""))) or _WHY.get((gap["reason"], ""))
        if why is not None and gap["to_s"] - gap["from_s"] >= WORTH_SAYING_S:
            spans.append(
                {"from_s": gap["from_s"] + offset_s, "to_s": gap["to_s"] + offset_s, "why": why}
            )
    return spans


def _chapters(
    call: Call, acts: Sequence[Written], ready: Sequence[Playback], began: datetime
) -> list[dict[str, Any]]:
    """What began when in a call: who came and went, hold, documents, signature, decision."""
    found: list[tuple[datetime, str]] = []
    for leg in call.legs:
        seat = _SEATS[leg.seat.value]
        again = leg.previous_leg_id is not None
        found.append((leg.joined_at, f"{seat}{'重新加入 back' if again else '加入 joined'}"))
        if leg.ended_at is not None and leg.ended_at != call.ended_at:
            lost = leg.state is LegState.LOST
            found.append((leg.ended_at, f"{seat}{'连接中断 lost' if lost else '离开 left'}"))
    for one in ready:
        assert one.started_at is not None
        if one.source != "face":
            found.append((one.started_at, f"{_SEATS[one.seat]}展示{_SOURCES[one.source]} shown"))
        for gap in one.gaps:
            if gap["reason"] == "held" and gap["to_s"] - gap["from_s"] >= WORTH_SAYING_S:
                for second, title in (
                    (gap["from_s"], "保持 On hold"),
                    (gap["to_s"], "恢复 Resumed"),
                ):
                    found.append((one.started_at + timedelta(seconds=second), title))
    for entry in acts:
        if entry.act in _ACTS and entry.result == "ok":
            found.append((datetime.fromisoformat(entry.at), _ACTS[entry.act]))
    chapters: list[dict[str, Any]] = []
    for at, title in sorted(found):
        at_s = round(_seconds(at, began), 3)
        if call.ended_at is not None and at >= call.ended_at:
            continue
        at_s = 0.0 if -EARLY_S < at_s < 0 else at_s
        # A hold is told by every party's file.
        told = any(c["title"] == title and at_s - c["at_s"] < 2.0 for c in chapters)
        if at_s >= 0 and not told:
            chapters.append({"at_s": at_s, "title": title})
    return chapters


def _seconds(at: datetime | None, began: datetime) -> float:
    return 0.0 if at is None else (at - began) / timedelta(seconds=1)


def _label(one: Playback, refs: dict[str, PersonRef]) -> str:
    ref = refs.get(one.person_id or "")
    return f"{_SEATS[one.seat]} {ref.name} {ref.staff_number}" if ref else _SEATS[one.seat]


async def record(change: Change, playback: Playback, act: str, **payload: Any) -> None:
    await change.record(
        of_call(playback.call_id),
        act,
        f"playback:{playback.id}",
        None,
        payload={
            "seat": playback.seat,
            "person": playback.person_id,
            "sources": playback.sources,
            "sha256": playback.sha256,
            "size_bytes": playback.size_bytes,
            **payload,
        },
    )
