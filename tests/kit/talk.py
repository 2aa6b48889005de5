"""A party that speaks and is seen, packet by packet, into a recording led as its process leads it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from media.recorder.recording import Recording
from media.wire.sdp import VIDEO
from tests.kit.packets import Stream, pictures, sounds
from tests.kit.peer import RED, Colour

KINDS = {name.lower(): codec.payload for name, codec in VIDEO.items()}
"""Payload types of the pictures."""
UTC = 1_800_000_000.0


class Talk:
    """Sound, and pictures of one codec after the other, into a recording; as the process leads it."""

    def __init__(self, folder: Path, mids: tuple[str, ...] = ("0", "1")) -> None:
        self.recording = Recording(folder, "room", "sun", mids)
        self.done: list[dict[str, Any]] = []
        self.paths: list[Path] = []
        self._mid = mids[-1]
        self._sound = Stream(111, 48_000, ssrc=5)
        self._picture = Stream(96, 90_000, ssrc=9)

    def goes_on(
        self,
        codec: str,
        from_s: float,
        seconds: float,
        lost: Collection[int] = (),
        *,
        colour: Colour = RED,
        tone_hz: float = 440.0,
        size: tuple[int, int] = (320, 240),
    ) -> None:
        """Speak and be seen from one second on; packets of these numbers are lost on the way."""
        self._picture.payload_type = KINDS[codec]
        coming: list[tuple[float, str, bytes]] = []
        for frame in sounds(seconds, tone_hz):
            at = from_s + frame.at_s
            coming += [(at, "0", packet) for packet in self._sound.packets("opus", frame, at)]
        for frame in pictures(codec, seconds, colour, size, key_every=10):
            at = from_s + frame.at_s
            coming += [
                (at, self._mid, packet) for packet in self._picture.packets(codec, frame, at)
            ]
        for number, (at, mid, packet) in enumerate(sorted(coming, key=lambda one: one[0])):
            if number in lost or mid not in self.recording.lines:
                continue
            self.recording.packet(mid, UTC + at, packet)
            self.recording.tick(UTC + at)
            if self.recording.outgrown:
                self.close(last=False)
                self.recording = self.recording.next()

    def mute(self, mids: str, on: bool, reason: str = "muted") -> None:
        """Keep these lines back, or let them go on, as the worker tells it."""
        for mid in mids:
            self.recording.mute(mid, on, reason)

    def close(self, *, last: bool = True) -> None:
        path = self.recording.close(last=last)
        assert path is not None
        self.paths.append(path)
        self.done.append(self.recording.result())
