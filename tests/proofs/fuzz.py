"""Fuzzes what strangers and members may send to the media worker, led by coverage (atheris, libFuzzer).

    python -m tests.proofs.fuzz TARGET [SECONDS [FOLDER] [-FLAG=VALUE ...]]

TARGET is one of ``TARGETS``; FOLDER keeps what was found to be of interest for the next run, flags
are libFuzzer's. What
is raised and is not the refusal that the contract names is a fault, and so is an input of a second.
Each target has the borders of the engine before it that production has: what is authenticated there
is authenticated here. Not needed by any other test: ``pip install '.[test,fuzz]'``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["media", "aioice"]):
    from aioice import stun

    from media.codec.beginning import BEGINS
    from media.codec.depacketisers import DEPACKETISERS
    from media.recorder.ordering import parse_rtp
    from media.rejected import Rejected
    from media.wire import ice, rtcp, sdp, srtp

from tests.media.test_forward import SSRC, Wire

CALLER = ("192.0.2.7", 4321)
ONE_INPUT_S = 1
LARGEST_BYTES = 4096


def any_stun(data: bytes) -> None:
    """A datagram of a stranger, and one of a member: sealed with the live password."""
    agent = ice.Agent()
    checks = ice.Checks(lambda: 1.0)
    credentials = agent.restart(1.0)
    checks.add(agent)
    checks.receive(data, CALLER)
    with contextlib.suppress(ValueError):
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{credentials.ufrag}:x"
        message.add_message_integrity(credentials.password.encode())
        sealed = bytes(message)
        at = data[0] % len(sealed) if data else 0
        checks.receive(sealed[:at] + data[1:] + sealed[at + len(data) :], CALLER)


OFFERED = [
    sdp.OfferedLine(mid, kind, 10 + 2 * number, 11 + 2 * number, True)
    for number, (mid, kind) in enumerate(sdp.lines_in(0))
]


def any_sdp(data: bytes) -> None:
    """An answer; refused with bad_sdp or fingerprint_missing, or read."""
    text = data.decode("utf-8", "replace")
    for words in (text, f"v=0\r\n{text}", f"{ANSWER}{text}"):
        with contextlib.suppress(Rejected):
            sdp.read_answer(words, OFFERED)


ANSWER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" + "".join(
    f"m={kind} 9 UDP/TLS/RTP/SAVPF 111 96 97\r\na=mid:{mid}\r\na=setup:active\r\n"
    f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
    for mid, kind in sdp.lines_in(0)
)


class Streams:
    """A publisher and two receivers, to whom whatever a member sends is forwarded."""

    def __init__(self) -> None:
        self.wire = Wire(2)
        self.number = 0

    def take(self, data: bytes) -> None:
        """The packets of a member, as many as there are lengths."""
        while len(data) > 2:
            length, data = 12 + data[0] + 4 * data[1], data[2:]
            self._packet(bytearray(data[:length].ljust(12, b"\0")))
            data = data[length:]

    def _packet(self, packet: bytearray) -> None:
        # What no SRTP library lets through: another version, a number sent before.
        self.number += 1
        packet[0] = packet[0] & 0x3F | 0x80
        packet[2:4] = (self.number & 0xFFFF).to_bytes(2, "big")
        if packet[8] & 1:
            packet[8:12] = SSRC.to_bytes(4, "big")
        buffer = srtp.Buffer()
        buffer.data[: len(packet)] = packet
        sealed = self.wire._out.rtp(buffer, len(packet))
        if sealed:
            self.wire.forwarder.rtp(self.wire.publisher, buffer, sealed, 1.0)


def any_rtp(data: bytes) -> None:
    """To two receivers; and as the recorder reads it."""
    Streams().take(data)
    if len(data) >= 12:
        parse_rtp(data, 1.0)


def any_rtcp(data: bytes) -> None:
    """A compound packet, block by block, as the room reads it."""
    for block in rtcp.split(data):
        for report in rtcp.report_blocks(block):
            rtcp.lost_share(report)
            rtcp.rewrite_report(report, 7, 1 << 17)
        if block.kind == rtcp.SR and len(block.data) >= 28:
            rtcp.sender_report(block, 7, 1)
        if len(block.data) < 12:
            continue
        if block.kind == rtcp.RTPFB and block.count == rtcp.NACK:
            lacking = list(rtcp.nacked(block))
            rtcp.rewrite_nack(block, 7, 65_535)
            if lacking:
                rtcp.ask_for(7, lacking[:32])
        rtcp.read_remb(block.data)
        feedback = rtcp.read_feedback(block.data)
        if feedback is not None:
            numbering = rtcp.LegNumbering(feedback.base)
            for number in range(20):
                numbering.assign(number)
            translated = numbering.translate(feedback)
            if translated is not None:
                again = rtcp.read_feedback(rtcp.write_feedback(translated, 7, 1))
                assert again is None or again.base == translated.base
            rtcp.Departures().match(feedback)


def any_frames(data: bytes) -> None:
    """Payloads of every codec, joined to frames; and where a frame begins, told in place."""
    joins = [kind() for kind in DEPACKETISERS.values()]
    begins = BEGINS.values()
    timestamp, rest = 0, data
    while len(rest) > 2:
        flags, length, rest = rest[0], rest[1], rest[2:]
        payload, rest = rest[:length], rest[length:]
        timestamp += flags >> 2
        for join in joins:
            join.put(payload, timestamp, bool(flags & 1), bool(flags & 2))
        for begin in begins:
            begin(bytearray(payload), 0, len(payload))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "stun": any_stun,
    "sdp": any_sdp,
    "rtp": any_rtp,
    "rtcp": any_rtcp,
    "frames": any_frames,
}


def main() -> None:
    name, seconds, *more = [*sys.argv[1:], *("60",)[len(sys.argv) - 2 :]]
    for folder in more:
        if not folder.startswith("-"):
            Path(folder).mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-timeout={ONE_INPUT_S}", f"-max_len={LARGEST_BYTES}"]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", *more], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
