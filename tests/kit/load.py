"""A load of recorded calls without browsers: callers that send small VP8 frames and count.

Real checks and handshakes (`tests.kit.caller`), real SRTP; a thread sends and receives for all.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Sequence

from media.client import MediaClient
from media.wire.dtls import Certificate
from media.wire.srtp import Buffer, Inbound, Outbound
from tests.kit.caller import PROFILE, Caller, client_context, connect

PAYLOAD_BYTES = 960
KEY_EVERY = 50
TURN_S = 0.01
SOCKET_BYTES = 4 << 20
TAIL_S = 1.0
"""How long what is still on its way is waited for."""
_KEY = b"\x10\x10\0\0\x9d\1\x2a\x80\2\xe0\1"
_DELTA = b"\x10\x11\0\0"


class Talker(Caller):
    """A caller that sends a frame a packet and counts what it gets."""

    def __init__(self, load: Load, ssrc: int) -> None:
        super().__init__(load.certificate, load.context, ssrc)
        # What is measured is the worker, not how soon this thread has its turn.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
        self.sent = 0
        self.received = 0
        self.opened = 0
        self._outbound: Outbound | None = None
        self._inbound: Inbound | None = None
        self._buffer = Buffer()

    def send(self) -> None:
        """Send the next frame."""
        if self._outbound is None:
            self._outbound = Outbound(PROFILE.decode(), bytes.fromhex(self.key_out))
        number = (1000 + self.sent) & 0xFFFF
        packet = (
            b"\x90\xe0"
            + number.to_bytes(2, "big")
            + (self.sent * 900 & 0xFFFFFFFF).to_bytes(4, "big")
            + self.ssrc.to_bytes(4, "big")
            + b"\xbe\xde\0\2\x40\x31\x51"
            + number.to_bytes(2, "big")
            + b"\0\0\0"
            + (_DELTA if self.sent % KEY_EVERY else _KEY).ljust(PAYLOAD_BYTES, b"y")
        )
        self.sent += 1
        self._buffer.data[: len(packet)] = packet
        length = self._outbound.rtp(self._buffer, len(packet))
        self.socket.send(self._buffer.view[:length])

    def receive(self) -> None:
        """Take what has come; each eighth packet is decrypted."""
        if self._inbound is None:
            self._inbound = Inbound(PROFILE.decode(), bytes.fromhex(self.key_in))
        buffer = self._buffer
        while True:
            try:
                length = self.socket.recv_into(buffer.data, 2048)
            except BlockingIOError:
                return
            if 127 < buffer.data[0] < 192 and not 191 < buffer.data[1] < 224:
                self.received += 1
                if self.received % 8 == 0 and self._inbound.rtp(buffer, length):
                    self.opened += 1


class Load:
    """Two-party calls of one worker."""

    def __init__(self, client: MediaClient) -> None:
        self.client = client
        self.certificate = Certificate()
        self.context = client_context(self.certificate)
        self.calls: dict[str, tuple[Talker, Talker]] = {}
        self._made = 0

    async def call(self, *, record: bool = True, resumed: bool = False) -> str:
        """Make one more call and give its room; raises what the worker refuses."""
        self._made += 1
        room = f"load-{self._made}"
        await self.client.open_room(room, resumed=resumed)
        pair = (Talker(self, 2 * self._made), Talker(self, 2 * self._made + 1))
        for name, talker in zip("ab", pair, strict=True):
            offer = await self.client.add_party(room, name, record=record)
            await self.client.answer(room, name, talker.answer(offer))
            talker.call(offer)
        await asyncio.to_thread(connect, pair)
        self.calls[room] = pair
        return room

    async def end(self, room: str) -> None:
        await self.client.close_room(room)
        for talker in self.calls.pop(room):
            talker.socket.close()

    async def talk(self, seconds: float, packets_per_s: float) -> float:
        """Let all talk, each at this rate; the least share of what was sent to one that it got."""
        pairs = list(self.calls.values())
        talkers = [talker for pair in pairs for talker in pair]
        before = {talker: (talker.sent, talker.received) for talker in talkers}
        await asyncio.to_thread(_talk, pairs, seconds, packets_per_s)
        shares = []
        for a, b in pairs:
            for to, of in ((a, b), (b, a)):
                sent, received = of.sent - before[of][0], to.received - before[to][1]
                shares.append(received / sent)
        return min(shares)

    async def close(self) -> None:
        for room in list(self.calls):
            await self.end(room)


def _talk(pairs: Sequence[tuple[Talker, Talker]], seconds: float, packets_per_s: float) -> None:
    talkers = [talker for pair in pairs for talker in pair]
    began = time.monotonic()
    sent = 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * packets_per_s)
        for _ in range(due - sent):
            for talker in talkers:
                talker.send()
        sent = due
        for talker in talkers:
            talker.receive()
        time.sleep(TURN_S)
    until = time.monotonic() + TAIL_S
    while time.monotonic() < until and any(
        to.received < of.sent for a, b in pairs for to, of in ((a, b), (b, a))
    ):
        time.sleep(TURN_S)
        for talker in talkers:
            talker.receive()
