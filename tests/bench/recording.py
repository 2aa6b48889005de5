"""What recording costs: our recorder beside aiortc's MediaRecorder: python -m tests.bench.recording

The same packets (VP8 640 x 480, 30 pictures a second, and Opus) in real time, in one run: into
the real recorder process over its real line, for several parties at once; and decoded by aiortc's
decoder into its MediaRecorder (H264 and AAC in MP4), as a program built on it would do. Told is
processor time for each second of media and party. Gate: at most 0.01. Writes
build/bench/recording.json.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import psutil
from aiortc import MediaStreamTrack
from aiortc.codecs import get_decoder
from aiortc.contrib.media import MediaRecorder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import AudioFrame, VideoFrame

from media.control import SEGMENT_SUFFIX
from media.forwarding.streams import Endpoint, Track
from media.tap import Recorder
from media.wire.sdp import OPUS, SEAT_LINES, VP8
from tests.kit.packets import Coded, Stream, pictures, sounds
from tests.kit.peer import RED
from tests.kit.recording import play
from tests.kit.until import until

OUT: Final = Path("build/bench/recording.json")
PARTIES: Final = 4
SECONDS: Final = 8.0
"""The media of both; coded once."""
GATE: Final = 0.01
STEP_S: Final = 0.01


def talk(seconds: float) -> tuple[tuple[Coded, ...], tuple[Coded, ...]]:
    seen = pictures("vp8", seconds, RED, (640, 480), per_s=30, bits_per_s=1_000_000)
    return seen, sounds(seconds, 440.0)


def due(seconds: float) -> list[tuple[float, str, bytes]]:
    """All packets of one party, by when they are sent."""
    seen, heard = talk(seconds)
    picture, sound = Stream(VP8, 90_000, ssrc=9), Stream(OPUS, 48_000, ssrc=5)
    coming = [(one.at_s, "1", p) for one in seen for p in picture.packets("vp8", one)]
    coming += [(one.at_s, "0", p) for one in heard for p in sound.packets("opus", one)]
    return sorted(coming, key=lambda one: one[0])


async def ours(folder: Path) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    recorder = Recorder(folder, told.append, lambda *_: None)
    await recorder.start()
    await asyncio.wait_for(recorder.salvaged.wait(), 20)
    parties: list[dict[str, Track]] = []
    for number in range(PARTIES):
        tracks = Endpoint(SEAT_LINES, SEAT_LINES).tracks
        handle = recorder.open("room", f"party-{number}", ("0", "1"))
        for mid in ("0", "1"):
            tracks[mid].segment = handle
        parties.append(tracks)
    coming = due(SECONDS)
    process = psutil.Process(recorder.process_id)
    before = process.cpu_times()
    began = time.monotonic()
    at = 0
    while at < len(coming):
        now = time.monotonic()
        while at < len(coming) and coming[at][0] <= now - began:
            _, mid, packet = coming[at]
            for tracks in parties:
                recorder.packet(tracks[mid], memoryview(packet), now)
            at += 1
        recorder.flush()
        # As often as a worker's socket wakes up at this rate.
        await asyncio.sleep(STEP_S)
    after = process.cpu_times()
    for tracks in parties:
        recorder.close(tracks["0"].segment)

    def finished() -> str | None:
        count = sum(one["event"] == "segment_finished" for one in told)
        return None if count == PARTIES else f"{count} of {PARTIES} files"

    await until(finished, 20)
    dropped = recorder.dropped
    await recorder.stop()
    assert dropped == 0
    played = play(folder / f"{told[-1]['segment']}{SEGMENT_SUFFIX}")
    assert (played.errors, played.pictures) == ("", round(SECONDS * 30))
    assert all(one["tracks"][1]["packets"] == round(SECONDS * 30) for one in told[PARTIES:]), told
    used = after.user + after.system - before.user - before.system
    return {
        "cpu_s_per_media_s_and_party": used / SECONDS / PARTIES,
        "parties": PARTIES,
        "seconds": SECONDS,
        "packets_per_s_and_party": len(coming) / SECONDS,
        "bits_per_s_and_party": 8 * sum(len(p) for _, _, p in coming) / SECONDS,
    }


class Decoded(MediaStreamTrack):
    """Frames of a coded stream, decoded by aiortc, in real time."""

    def __init__(self, kind: str, coded: tuple[Coded, ...], codec: str, clock: int) -> None:
        super().__init__()
        self.kind = kind
        self._coded = iter(coded)
        self._clock = clock
        self._decoder = get_decoder(
            RTCRtpCodecParameters(mimeType=codec, clockRate=clock, payloadType=100)
        )
        self._ready: list[AudioFrame | VideoFrame] = []
        self._began = time.monotonic()

    async def recv(self) -> AudioFrame | VideoFrame:
        while not self._ready:
            one = next(self._coded, None)
            if one is None:
                self.stop()
                raise MediaStreamError
            await asyncio.sleep(max(0.0, self._began + one.at_s - time.monotonic()))
            self._ready = self._decoder.decode(
                JitterFrame(data=one.data, timestamp=round(one.at_s * self._clock))
            )
            for frame in self._ready:
                frame.pts = round(one.at_s * self._clock)
                frame.time_base = Fraction(1, self._clock)
        return self._ready.pop(0)


async def theirs(folder: Path) -> dict[str, Any]:
    seen, heard = talk(SECONDS)
    recorder = MediaRecorder(str(folder / "theirs.mp4"))
    tracks = [
        Decoded("video", seen, "video/VP8", 90_000),
        Decoded("audio", heard, "audio/opus", 48_000),
    ]
    for track in tracks:
        recorder.addTrack(track)
    before = time.process_time()
    await recorder.start()
    await until(
        lambda: None if all(t.readyState == "ended" for t in tracks) else "it is recorded",
        3 * SECONDS,
    )
    await recorder.stop()
    used = time.process_time() - before
    return {"cpu_s_per_media_s_and_party": used / SECONDS, "seconds": SECONDS}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="yj-bench-") as name:
        folder = Path(name)
        mine = asyncio.run(ours(folder))
        other = asyncio.run(theirs(folder))
    cost = mine["cpu_s_per_media_s_and_party"]
    ratio = other["cpu_s_per_media_s_and_party"] / cost
    print(f"{'recorder':<28}{'CPU s / media s and party':>28}")
    print(f"{'ours (no decoding)':<28}{cost:>28.4f}")
    print(f"{'aiortc MediaRecorder':<28}{other['cpu_s_per_media_s_and_party']:>28.4f}")
    print(f"ours takes 1/{ratio:.0f} of it; gate: at most {GATE}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"ours": mine, "aiortc": other, "ratio": ratio}, indent=2) + "\n")
    if cost > GATE:
        sys.exit(f"recording costs {cost:.4f} CPU seconds a media second and party, over {GATE}")


if __name__ == "__main__":
    main()
