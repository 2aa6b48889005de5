"""A composed call of three: a size change, a mute, a hold, a drop, a document; looked at and listened to.

The packets go through the real recorder, its gaps through the rules of the server, the files
through copying and composing. Pictures of marked seconds go to build/screens, and to docs/screens
when YUNJIAN_SCREENS is set.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from media.playback.compose import Chapter, ComposedParty, Document, Span, compose
from media.playback.remux import Segment, remux
from server.calls.acts.asking import gaps_of, spans_of
from server.calls.rows.playbacks import Playback
from server.calls.rows.recorded import Recorded
from signaling.wire.envelope import PersonRef
from tests.kit.footage import index_in_front, seek, spans_of_tone
from tests.kit.peer import BLUE, GREEN, RED, near
from tests.kit.recording import play
from tests.kit.screens import FOR_DOCS, ROOT
from tests.kit.talk import UTC as BEGAN
from tests.kit.talk import Talk

pytestmark = pytest.mark.timeout(180)

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
PAPER = (225, 220, 205)
PANEL = (28, 40, 54)
LENGTH_S = 16.0
WITHIN_S = 0.1
TONES = {"window": 440.0, "approver": 880.0, "third": 1320.0}
HEARD = {
    "window": [(0.0, 8.0), (10.0, 16.0)],
    "approver": [(0.0, 5.0), (7.0, 8.0), (10.0, 16.0)],
    "third": [(2.0, 8.0), (10.0, 12.0), (14.0, 16.0)],
}
"""Held from 8 to 10; the approver mute from 5 to 7, the third lost from 12 to 14."""


def talk(folder: Path, seat: str) -> Talk:
    """What the recorder makes of this seat's packets."""
    party = Talk(folder)

    def on(from_s: float, to_s: float, codec: str = "vp8", **more: Any) -> None:
        party.goes_on(codec, from_s, to_s - from_s, tone_hz=TONES[seat], **more)

    def hold() -> None:
        party.mute("01", True, "held")
        party.mute("01", False, "held")

    match seat:
        case "window":
            on(0, 5, colour=RED)
            on(5, 8, colour=RED, size=(640, 480))
            hold()
            on(10, 16, colour=RED, size=(640, 480))
        case "approver":
            on(0, 5, colour=GREEN)
            party.mute("0", True)
            on(5, 7, colour=GREEN)
            party.mute("0", False)
            on(7, 8, colour=GREEN)
            hold()
            on(10, 16, colour=GREEN)
        case _:
            on(2, 8, "h264", colour=BLUE)
            hold()
            on(10, 12, "h264", colour=BLUE)
            party.close()
            party.recording = party.recording.next()
            on(14, 16, "h264", colour=BLUE)
    party.close()
    return party


def recorded(seat: Any, one: dict[str, Any]) -> Recorded:
    """The segment as it stands in the tables."""
    began, ended = (datetime.fromtimestamp(one[name], UTC) for name in ("started_at", "ended_at"))
    return Recorded(
        id=one["segment"],
        call_id="call",
        leg_id=seat,
        seat=seat,
        person=PersonRef(
            id=seat, name=seat, staff_number="1", unit_id="u", unit_name="济南", place="济南"
        ),
        state="stored",
        started_at=began,
        ended_at=ended,
        size_bytes=1,
        sha256="0" * 64,
        gaps=[asdict(gap) for gap in one["gaps"]],
        tracks=[asdict(track) for track in one["tracks"]],
        cut=one["cut"],
        sm3=None,
    )


def party(folder: Path, seat: Any, label: str) -> ComposedParty:
    talked = talk(folder, seat)
    segments = [recorded(seat, one) for one in talked.done]
    began = segments[0].started_at.timestamp()
    target = folder / f"{seat}.film"
    made = remux(
        [
            Segment(path, one.started_at.timestamp() - began)
            for path, one in zip(talked.paths, segments, strict=True)
        ],
        target,
    )
    assert made.left_out == ()
    playback = Playback(
        id=seat,
        call_id="call",
        seat=seat,
        person_id=seat,
        state="ready",
        sources=[],
        gaps=tuple(gaps_of(segments)),
    )
    spans = tuple(Span(**span) for span in spans_of(playback, began - BEGAN))
    return ComposedParty(target, began - BEGAN, label, spans)


def composed(folder: Path) -> Path:
    camera = Talk(folder, ("2",))
    camera.goes_on("vp8", 11.0, 2.5, colour=PAPER, size=(640, 480))
    camera.close()
    target = folder / "composed.webm"
    compose(
        [
            party(folder, "window", "窗口 李秀兰 JN-2107"),
            party(folder, "approver", "审批 周明远 XHA-0312"),
            party(folder, "third", "第三方 孙磊 LC-0501"),
        ],
        target,
        font=FONT,
        documents=[Document(camera.paths[0], 11.0, "高拍仪 窗口 李秀兰 JN-2107")],
        chapters=[
            Chapter(0.0, "审批加入 joined"),
            Chapter(2.0, "第三方加入 joined"),
            Chapter(8.0, "保持 On hold"),
            Chapter(10.0, "恢复 Resumed"),
            Chapter(11.0, "窗口展示高拍仪 shown"),
            Chapter(12.0, "第三方连接中断 lost"),
            Chapter(14.0, "第三方重新加入 back"),
        ],
        began_at=BEGAN,
    )
    return target


SHOWN = {
    1.0: "early",
    6.5: "muted",
    9.0: "held",
    12.5: "document",
    15.5: "end",
}


def shoot(target: Path) -> None:
    """Pictures of the marked seconds, for the docs."""
    folder = ROOT / ("docs/screens" if FOR_DOCS else "build/screens")
    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(target)) as file:
        left = dict(SHOWN)
        for frame in file.decode(video=0):
            for moment in [one for one in left if frame.time is not None and frame.time >= one]:
                picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
                few = picture.quantize(256, dither=Image.Dither.NONE)
                few.save(folder / f"composed-{left.pop(moment)}.png", optimize=True)


async def test_what_is_seen_and_heard_at_every_second(tmp_path: Path) -> None:
    target = await asyncio.to_thread(composed, tmp_path)
    played = await asyncio.to_thread(play, target)
    assert played.errors == ""
    assert abs(played.duration_s - LENGTH_S) < 0.3
    assert index_in_front(target)
    for seat, hertz in TONES.items():
        heard = [one for one in spans_of_tone(target, hertz) if one[1] - one[0] > 0.2]
        assert len(heard) == len(HEARD[seat]), (seat, heard)
        for (from_s, to_s), (began_s, ended_s) in zip(heard, HEARD[seat], strict=True):
            assert abs(from_s - began_s) < WITHIN_S, (seat, heard)
            assert abs(to_s - ended_s) < WITHIN_S, (seat, heard)
    # Of three in a row the first stands in the left half's middle, the last in the right's.
    for moment, left, right in (
        (1.0, RED, PANEL),
        (6.5, RED, BLUE),
        (9.0, PANEL, PANEL),
        (10.6, RED, BLUE),
        (12.5, PAPER, None),
        (15.5, RED, BLUE),
    ):
        shown = await asyncio.to_thread(seek, target, moment)
        assert near(shown.left, left, 40), (moment, shown)
        assert right is None or near(shown.right, right, 40), (moment, shown)
    await asyncio.to_thread(shoot, target)
