"""What of a party is recorded, and whether it is: its files, which of its streams goes into them, and what is told
when nothing arrives there."""

from collections.abc import Callable
from typing import Protocol

from media.control import MediaEvent, RecordingResumed, RecordingStalled
from media.forwarding.forwarder import KEY_AGAIN_S
from media.forwarding.streams import Track
from media.room.feedback import Requests
from media.room.parties import Party
from media.wire.sdp import FACE

UNWRITTEN_S = 5.0
"""So long may what comes in of a recorded party not be in its file before that is told."""

# Sound and face share a file; document camera and screen get one of their own when used.
FILES: tuple[tuple[str, ...], ...] = (("0", "1"), ("2",), ("3",))
SOUND = "0"
SOUND_AND_FACE = FILES[0]


class Tape(Protocol):
    """The recorder, as far as it concerns parties; see `media.tap.Recorder`."""

    halted: set[tuple[str, str]]
    written_at: dict[tuple[int, str], float]

    def open(self, room: str, party: str, mids: tuple[str, ...]) -> int: ...
    def close(self, handle: int) -> None: ...
    def mute(self, handle: int, mid: str, on: bool, reason: str = "muted") -> None: ...
    def stall(self, handle: int, mid: str) -> None: ...


class Taping:
    """Of all rooms of one worker."""

    def __init__(
        self, recorder: Tape, requests: Requests, emit: Callable[[MediaEvent], None]
    ) -> None:
        self._recorder = recorder
        self._requests = requests
        self._emit = emit
        self._taps: dict[int, Party] = {}

    def record(self, party: Party, on: bool) -> None:
        """Begin to record what it sends, or end it; twice changes nothing."""
        if on and not party.recording:
            for mids in FILES:
                handle = self._recorder.open(party.room.name, party.name, mids)
                party.recording[handle] = mids
                self._taps[handle] = party
                for mid in mids:
                    party.tracks[mid].segment = handle
                    if party.tracks[mid].muted:
                        self._recorder.mute(handle, mid, True, why_muted(party, mid))
        elif not on:
            for mid in party.tracks:
                for stream in party.streams(mid):
                    stream.segment = 0
            for handle in party.recording:
                self._recorder.close(handle)
                del self._taps[handle]
            party.recording.clear()

    def mute(self, party: Party, stream: Track) -> None:
        """Let its file name the gap by what is muted now, or end it."""
        if stream.segment:
            why = why_muted(party, stream.mid)
            self._recorder.mute(stream.segment, stream.mid, stream.muted, why)

    def key_wanted(self, handle: int, mid: str, now: float) -> None:
        """The recorder of this handle cannot go on without a key frame."""
        party = self._taps.get(handle)
        streams = party.streams(mid) if party is not None and mid in party.tracks else ()
        track = next((stream for stream in streams if stream.segment == handle), None)
        if track is not None and now - track.key_asked_at >= KEY_AGAIN_S:
            self._requests.ask_key_frame(track, now)

    def watch(self, party: Party, now: float) -> None:
        """Tell when what comes in of sound or face is not in the file, and when it is again.

        Of what is muted, or does not come in, nothing is due; but sound that has come comes on.
        """
        stalled: list[str] = []
        whose = party.room.name, party.name
        due = party.ready and party.down is None and whose not in self._recorder.halted
        for handle, mid in [(h, m) for h, mids in party.recording.items() for m in mids]:
            if mid not in SOUND_AND_FACE:
                continue
            base = party.tracks[mid]
            sent = base.packets if mid == SOUND else party.candidates(mid, now)
            if not due or base.muted or not sent:
                party.due_since[mid] = now
                continue
            written_at = self._recorder.written_at.get((handle, mid), float("-inf"))
            if now - max(written_at, party.due_since.setdefault(mid, now)) > UNWRITTEN_S:
                stalled.append(mid)
                if mid not in party.stalled:
                    self._recorder.stall(handle, mid)
                for stream in party.streams(mid):
                    if now - stream.key_asked_at >= KEY_AGAIN_S:
                        self._requests.ask_key_frame(stream, now)
        if tuple(stalled) == party.stalled:
            return
        party.stalled = tuple(stalled)
        self._emit(RecordingStalled(*whose, party.stalled) if stalled else RecordingResumed(*whose))

    def choose(self, party: Party, now: float) -> None:
        """Of a face in layers the largest is recorded."""
        streams = party.streams(FACE)
        segment = next((stream.segment for stream in streams if stream.segment), 0)
        coming = party.candidates(FACE, now)
        if not segment or not coming or coming[-1].segment:
            return
        for stream in streams:
            stream.segment = 0
        coming[-1].segment = segment
        self._requests.ask_key_frame(coming[-1], now)


def why_muted(party: Party, mid: str) -> str:
    """The word for it in the file: muted by its leg, or held with the room."""
    return "muted" if mid in party.silenced or not party.room.held else "held"
