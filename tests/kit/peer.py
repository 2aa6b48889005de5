"""The people of a test: a scripted peer that sends a known picture and tone.

The peer itself is `media.peer`, which the demo's approver uses too; this adds
what only tests ask of it.
"""

from typing import Any

from media.peer import Colour, PeerReceived, ScriptedPeer

__all__ = ["BLUE", "GREEN", "RED", "Colour", "Peer", "PeerReceived", "near"]

RED: Colour = (200, 30, 30)
GREEN: Colour = (30, 170, 30)
BLUE: Colour = (30, 60, 200)


def near(got: tuple[float, ...] | None, wanted: Colour, tolerance: float = 30) -> bool:
    """Whether a measured mean colour is that of the sender, allowing for the codec."""
    return got is not None and all(
        abs(g - w) <= tolerance for g, w in zip(got, wanted, strict=True)
    )


class Peer(ScriptedPeer):
    """A scripted peer that can say whether it sees and hears another one."""

    async def packets(self) -> tuple[int, int]:
        """How many packets have come here, and how many of their numbers are missing."""
        found = [one for one in (await self._pc.getStats()).values() if one.type == "inbound-rtp"]
        return sum(one.packetsReceived for one in found), sum(one.packetsLost for one in found)

    @property
    def transport(self) -> Any:
        """aiortc's DTLS transport of this peer: what it is given goes out in good SRTP."""
        return self._pc.getTransceivers()[0].sender.transport

    def meets(self, colour: Colour, tone_hz: float, *, second: bool = False) -> str | None:
        """None when this picture and tone arrive, else why not yet (for `until`).

        `second`: from the second other seat, instead of the first.
        """
        got = self.received_second if second else self.received
        if not near(got.colour, colour):
            return f"sees {got.colour}, wants {colour}; {got.frames} frames, {self.state}"
        if got.tone_hz is None or abs(got.tone_hz - tone_hz) > 12:
            return f"hears {got.tone_hz} Hz, wants {tone_hz}; {got.audio_frames} frames"
        return None
