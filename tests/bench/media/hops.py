"""What each hop of a packet costs, each alone in one process: microseconds, the least of five rounds.

`python -m tests.bench.media.hops`. The sum is less than what `make bench-media` measures: there
the loop's wake-ups, the feedback and cold caches come on top.
"""

import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable

from media.forwarding.forwarder import Forwarder
from media.forwarding.layout import read_layout
from media.forwarding.streams import Endpoint, Track
from media.wire import rtcp
from media.wire.batch import Batch, batch_for
from media.wire.srtp import PROFILES, Buffer, Inbound, Outbound

PROFILE = "SRTP_AEAD_AES_128_GCM"
PACKETS = 5000
ROUNDS = 5
BURST = 5
SSRC = 77
LINE = (("1", "video"),)


class NoTap:
    def packet(self, track: Track, packet: memoryview, now: float) -> None: ...


def _packet(number: int) -> bytes:
    twcc = number.to_bytes(2, "big")
    head = b"\x90\x60" + twcc + bytes(4) + SSRC.to_bytes(4, "big")
    frame = b"\x10\x10\0\0\x9d\1\x2a\x80\2\xe0\1"
    return (head + b"\xbe\xde\0\2\x40\x31\x51" + twcc + bytes(3) + frame).ljust(1000, b"y")


def _least(work: Callable[[], float], each: int = PACKETS) -> float:
    return min(work() for _ in range(ROUNDS)) / each * 1e6


def _timed(step: Callable[[Buffer, int], object], wires: list[bytes]) -> float:
    buffer = Buffer()
    took = 0.0
    for wire in wires:
        buffer.data[: len(wire)] = wire
        began = time.perf_counter()
        step(buffer, len(wire))
        took += time.perf_counter() - began
    return took


def measure() -> dict[str, float]:
    key = secrets.token_bytes(sum(PROFILES[PROFILE][1:]))
    plain = [_packet(number) for number in range(1000, 1000 + PACKETS)]
    out, place = Outbound(PROFILE, key), Buffer()
    wires = []
    for packet in plain:
        place.data[: len(packet)] = packet
        wires.append(bytes(place.view[: out.rtp(place, len(packet))]))

    def forward() -> float:
        publisher, receiver = Endpoint(LINE, ()), Endpoint((), LINE)
        publisher.ready = receiver.ready = True
        publisher.inbound, receiver.outbound = Inbound(PROFILE, key), Outbound(PROFILE, key)
        receiver.destination, receiver.codecs = ("", 1), frozenset({"VP8"})
        (feed,) = receiver.feeds.values()
        feed.source = publisher.tracks["1"]
        feed.source.feeds.append(feed)
        publisher.claim(SSRC, feed.source)
        forwarder = Forwarder(lambda *_: None, NoTap(), lambda *_: None, lambda *_: None)
        return _timed(lambda buffer, size: forwarder.rtp(publisher, buffer, size, 1.0), wires)

    layout = read_layout(bytearray(plain[0]), len(plain[0]))
    assert layout is not None
    clock = _least(lambda: _timed(lambda *_: None, wires))
    decrypt = _least(lambda: _timed(Inbound(PROFILE, key).rtp, wires)) - clock
    encrypt = _least(lambda: _timed(Outbound(PROFILE, key).rtp, plain)) - clock
    fits = _least(lambda: _timed(lambda b, n: layout[0].fits(b.data, n), plain)) - clock
    walk = _least(lambda: _timed(lambda b, n: read_layout(b.data, n), plain)) - clock
    whole = _least(forward) - clock
    receive, send = _wire()
    return {
        "receive (recvmmsg, bursts of 5)": receive,
        "decrypt (AES-128-GCM, 1000 bytes)": decrypt,
        "extensions, as before": fits,
        "extensions, walked anew": walk,
        "rewrite and count": whole - decrypt - encrypt - fits,
        "encrypt": encrypt,
        "send (sendmmsg, bursts of 5)": send,
        "feedback for 40 packets: read, translate, write": _feedback(),
    }


def _wire() -> tuple[float, float]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for udp in sockets:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
    a, b = (batch_for(udp, Counter()) for udp in sockets)
    buffers = [Buffer() for _ in range(BURST)]
    there = sockets[1].getsockname()

    def turn(sender: Batch, receiver: Batch) -> tuple[float, float]:
        receive = send = 0.0
        for _ in range(PACKETS // BURST):
            began = time.perf_counter()
            for buffer in buffers:
                sender.put(buffer, 1016, there)
            sender.flush()
            sent = time.perf_counter()
            if receiver.receive() != BURST:
                raise ValueError("the loopback lost a packet")
            send, receive = send + sent - began, receive + time.perf_counter() - sent
        return receive, send

    turns = [turn(a, b) for _ in range(ROUNDS)]
    for udp in sockets:
        udp.close()
    return min(r for r, _ in turns) / PACKETS * 1e6, min(s for _, s in turns) / PACKETS * 1e6


def _feedback() -> float:
    def work() -> float:
        numbering = rtcp.LegNumbering(100)
        reports = []
        for start in range(0, 4000, 40):
            numbers = [numbering.assign(start + index) for index in range(40)]
            arrivals: list[int | None] = list(range(0, 400, 10))
            reports.append(
                rtcp.write_feedback(rtcp.TransportFeedback(numbers[0], 9, arrivals), 1, 1)
            )
        began = time.perf_counter()
        for report in reports:
            read = rtcp.read_feedback(report)
            assert read is not None
            told = numbering.translate(read)
            assert told is not None
            rtcp.write_feedback(told, 1, 1)
        return time.perf_counter() - began

    return _least(work, 100)


def main() -> None:
    for hop, cost_us in measure().items():
        print(f"{cost_us:6.2f} us  {hop}")


if __name__ == "__main__":
    main()
