"""A scripted WebRTC peer: sends a known picture and tone, measures what comes back.

It stands in for a person at a browser: the demo's approver and the peers of the
tests. Built on aiortc, which encodes and decodes; the engine itself never does.
It always answers and never offers, as a page does.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

from media.wire.sdp import SEAT_LINES

SAMPLE_RATE = 48_000
AUDIO_FRAME_SAMPLES = 960
VIDEO_CLOCK = Fraction(1, 90_000)

BLINK_S = 0.1

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PeerReceived:
    """What a peer has got so far.

    `colour` is the mean RGB (0-255) of the upper middle of the newest picture and
    `tone_hz` the strongest frequency of the last second of sound; both None
    before there is any (or while there is silence). `frames` and `audio_frames`
    count decoded ones, `size` is (width, height) of the newest picture.
    """

    colour: tuple[float, float, float] | None
    tone_hz: float | None
    frames: int
    audio_frames: int
    size: tuple[int, int] | None


class _Paced(MediaStreamTrack):
    """A source that gives one frame each `period_s`, on a clock that does not drift."""

    def __init__(self, period_s: float) -> None:
        super().__init__()
        self._period_s = period_s
        self._began = 0.0
        self._count = 0

    async def _next(self) -> int:
        if self.readyState != "live":
            raise MediaStreamError
        if not self._count:
            self._began = monotonic()
        wait_s = self._began + self._count * self._period_s - monotonic()
        await asyncio.sleep(max(0.0, wait_s))
        self._count += 1
        return self._count - 1

    def _blinks(self, count: int) -> bool:
        """Whether this frame lies in the first tenth of a second of the machine's clock."""
        return (self._began + count * self._period_s) % 1.0 < BLINK_S


class ColourTrack(_Paced):
    """A plain picture in RGB `colour`, or a given one, with a small bar that moves along its lower edge."""

    kind = "video"

    def __init__(
        self,
        colour: Colour,
        *,
        width: int = 320,
        height: int = 240,
        fps: int = 10,
        blinking: bool = False,
        picture: np.ndarray | None = None,
    ):
        super().__init__(1 / fps)
        self._fps = fps
        self._blinking = blinking
        self._picture = np.empty((height, width, 3), np.uint8)
        self._picture[:] = colour if picture is None else picture

    async def recv(self) -> VideoFrame:
        count = await self._next()
        height, width, _ = self._picture.shape
        picture = self._picture.copy()
        left = count * 8 % (width - 32)
        picture[-height // 8 :, left : left + 32] = 255 - picture[-height // 8 :, left : left + 32]
        if self._blinking and not self._blinks(count):
            picture[:] = 0
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = count * 90_000 // self._fps
        frame.time_base = VIDEO_CLOCK
        return frame


class ToneTrack(_Paced):
    """A sine of `tone_hz` at a quarter of full scale, 48 kHz mono."""

    kind = "audio"

    def __init__(self, tone_hz: float, *, blinking: bool = False) -> None:
        super().__init__(AUDIO_FRAME_SAMPLES / SAMPLE_RATE)
        self._tone_hz = tone_hz
        self._blinking = blinking

    async def recv(self) -> AudioFrame:
        count = await self._next()
        first = count * AUDIO_FRAME_SAMPLES
        at = (first + np.arange(AUDIO_FRAME_SAMPLES)) / SAMPLE_RATE
        wave = (8192 * np.sin(2 * np.pi * self._tone_hz * at)).astype(np.int16)
        if self._blinking and not self._blinks(count):
            wave[:] = 0
        frame = AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = first
        frame.time_base = Fraction(1, SAMPLE_RATE)
        return frame


def dominant_tone(samples: np.ndarray, sample_rate: int) -> float | None:
    """The strongest frequency (Hz) in a mono signal; None for silence or under 0.1 s."""
    if len(samples) < sample_rate // 10 or np.abs(samples).max() < 1e-3:
        return None
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    power[: max(1, 50 * len(samples) // sample_rate)] = 0
    return float(np.argmax(power) * sample_rate / len(samples))


class _Other:
    """What one other seat has sent here so far."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._sound: deque[np.ndarray] = deque(maxlen=50)
        self._sound_rate = SAMPLE_RATE
        self._picture: VideoFrame | None = None
        self._frames = 0
        self._audio_frames = 0
        self._measured: tuple[tuple[int, int], PeerReceived] | None = None

    @property
    def received(self) -> PeerReceived:
        """Measured anew when there is a new picture or a tenth of a second of new sound."""
        seen = (self._frames, self._audio_frames // 5)
        if self._measured is None or self._measured[0] != seen:
            self._measured = (seen, self._measure())
        return self._measured[1]

    def take_picture(self, frame: VideoFrame | AudioFrame) -> None:
        if isinstance(frame, VideoFrame):
            self._picture = frame
            self._frames += 1

    def take_sound(self, frame: VideoFrame | AudioFrame) -> None:
        if isinstance(frame, AudioFrame):
            channels = len(frame.layout.channels)
            samples = frame.to_ndarray().reshape(-1).astype(np.float32) / 32768
            self._sound.append(samples[::channels])
            self._sound_rate = frame.sample_rate
            self._audio_frames += 1

    def _measure(self) -> PeerReceived:
        colour: tuple[float, float, float] | None = None
        size: tuple[int, int] | None = None
        if self._picture is not None:
            picture = self._picture.to_ndarray(format="rgb24")
            height, width, _ = picture.shape
            size = (width, height)
            middle = picture[height // 8 : height // 2, width // 4 : 3 * width // 4]
            red, green, blue = middle.reshape(-1, 3).mean(axis=0)
            colour = (float(red), float(green), float(blue))
        samples = np.concatenate(self._sound) if self._sound else np.empty(0)
        return PeerReceived(
            colour,
            dominant_tone(samples, self._sound_rate),
            self._frames,
            self._audio_frames,
            size,
        )


class ScriptedPeer:
    """One seat's browser, played by a script.

    `colour` is RGB 0-255, `tone_hz` the pitch it sings. Video is VP8, 320x240 at
    10 a second unless said otherwise. `blinking`: it is seen and heard in the first tenth of each
    second alone, so that lips can be measured. A `picture` (RGB, height x width x 3) is sent instead
    of the plain colour. One that does not listen is sent nothing by the worker and decodes nothing.
    """

    def __init__(
        self,
        colour: Colour = (0, 160, 0),
        tone_hz: float = 440.0,
        *,
        width: int = 320,
        height: int = 240,
        fps: int = 10,
        blinking: bool = False,
        picture: np.ndarray | None = None,
        listens: bool = True,
    ) -> None:
        self._listens = listens
        # By another policy aiortc leaves the later lines of a kind on a transport that it stops.
        self._pc = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._sources: list[_Paced] = [
            ToneTrack(tone_hz, blinking=blinking),
            ColourTrack(
                colour, width=width, height=height, fps=fps, blinking=blinking, picture=picture
            ),
        ]
        self._listeners: list[asyncio.Task[None]] = []
        self._others = (_Other(), _Other())
        for source in self._sources:
            self._pc.addTrack(source)
        self._pc.on("track", self._hear)

    @property
    def state(self) -> str:
        """The W3C connection state: new, connecting, connected, failed, closed."""
        return str(self._pc.connectionState)

    async def answer(self, offer_sdp: str) -> str:
        """Take the worker's offer, start to connect, and return the SDP answer."""
        await self._pc.setRemoteDescription(RTCSessionDescription(offer_sdp, "offer"))
        self._expect_repairs(offer_sdp)
        if not self._listens:
            for line in self._pc.getTransceivers():
                line.direction = "sendonly" if line.sender.track in self._sources else "inactive"
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        return str(self._pc.localDescription.sdp)

    def _expect_repairs(self, offer_sdp: str) -> None:
        """Lead each line's RTX to it: aiortc finds an RTX stream only by a payload type of one line."""
        rtx_by_mid: dict[str, int] = {}
        for section in offer_sdp.split("m=")[1:]:
            mid = re.search(r"^a=mid:(\S+)", section, re.MULTILINE)
            pair = re.search(r"^a=ssrc-group:FID \d+ (\d+)", section, re.MULTILINE)
            if mid and pair:
                rtx_by_mid[mid[1]] = int(pair[1])
        for transceiver in self._pc.getTransceivers():
            if (ssrc := rtx_by_mid.get(transceiver.mid or "")) is not None:
                receiver = transceiver.receiver
                receiver.transport._rtp_router.ssrc_table[ssrc] = receiver

    @property
    def received(self) -> PeerReceived:
        """What comes from the first other seat; measured anew when there is something new."""
        return self._others[0].received

    @property
    def received_second(self) -> PeerReceived:
        """What comes from the second other seat, when three are in the call."""
        return self._others[1].received

    def forget(self) -> None:
        """Start measuring anew, as if nothing had been received."""
        for other in self._others:
            other.forget()

    async def close(self) -> None:
        """Hang up (DTLS close included) and end every task of this peer."""
        for source in self._sources:
            source.stop()
        await self._pc.close()
        for task in self._listeners:
            task.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    def _hear(self, track: MediaStreamTrack) -> None:
        mid = next(t.mid for t in self._pc.getTransceivers() if t.receiver.track is track)
        other = self._others[int(mid or 0) // len(SEAT_LINES)]
        take: Callable[[VideoFrame | AudioFrame], None] = (
            other.take_sound if track.kind == "audio" else other.take_picture
        )
        self._listeners.append(asyncio.create_task(self._drain(track, take)))

    async def _drain(
        self, track: MediaStreamTrack, take: Callable[[VideoFrame | AudioFrame], None]
    ) -> None:
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame | AudioFrame):
                    take(frame)
