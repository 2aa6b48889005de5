"""A peer that never decodes: real ICE, DTLS and SRTP over one socket, packets counted.

For rooms of many parties on one machine. It sends streams of any size and codec, in layers when
told so, answers NACKs and requests for key frames, and reports by transport-cc as a browser
does; what comes in is counted by m-line.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from socket import SO_RCVBUF, SOL_SOCKET
from time import monotonic
from typing import Any

from aioice import stun
from OpenSSL import SSL

from media.wire import rtcp
from media.wire.dtls import CIPHERS, Certificate
from media.wire.sdp import CODEC_BY_PAYLOAD, EXTENSIONS, LAYERED, OPUS, RTX_PAYLOADS, VIDEO
from media.wire.srtp import PROFILES, Buffer, Inbound, Outbound

PROFILE = "SRTP_AEAD_AES_128_GCM"
FEEDBACK_S = 0.05
CHECK_S = 1.0
HANDSHAKE_AGAIN_S = 0.2
PIECE_BYTES = 1000
SOCKET_BYTES = 4 << 20

# What begins a picture, and what goes on with one, for each codec: media/codec/beginning.py reads it.
KEY = {
    "VP8": b"\x10\x00",
    "VP9": b"\x08\x00",
    "H264": b"\x67\x42",
    "AV1": b"\x18\x0a",
}
DELTA = {"VP8": b"\x10\x01", "VP9": b"\x48\x00", "H264": b"\x61\x42", "AV1": b"\x10\x32"}


@dataclass
class Sending:
    """One stream: its numbers, what it sends a second, and the last packets of it."""

    mid: str
    codec: str
    bps: float
    rid: str = ""
    ssrc: int = field(default_factory=lambda: secrets.randbits(31) | 1)
    rtx_ssrc: int = field(default_factory=lambda: secrets.randbits(31) | 1)
    sequence: int = field(default_factory=lambda: secrets.randbits(14))
    rtx_sequence: int = field(default_factory=lambda: secrets.randbits(14))
    timestamp: int = field(default_factory=lambda: secrets.randbits(30))
    key_wanted: bool = True
    keys: int = 0
    repaired: int = 0
    sent: dict[int, bytes] = field(default_factory=dict)
    on: bool = True
    deaf: bool = False
    """Whether it gives no key frame, whoever asks."""

    @property
    def payload(self) -> int:
        return OPUS if self.codec == "opus" else VIDEO[self.codec].payload


class LeanPeer(asyncio.DatagramProtocol):
    """One seat. `codecs` are those of pictures that its answer takes, the one that it sends first.

    `nominates`: whether its checks say USE-CANDIDATE; `mtu_bytes`: how large its DTLS datagrams may
    be; `first_number`: where its numbers of transport-cc begin.
    """

    def __init__(
        self,
        *,
        codecs: tuple[str, ...] = ("VP8",),
        nominates: bool = True,
        mtu_bytes: int = 1200,
        first_number: int | None = None,
    ) -> None:
        self.codecs = codecs
        self._nominates = nominates
        self._mtu_bytes = mtu_bytes
        self.hellos = 0
        self.flights: list[bytes] = []
        self.checked_by: set[tuple[str, int]] = set()
        self.restored: dict[str, set[int]] = defaultdict(set)
        self.certificate = Certificate()
        self.sendings: list[Sending] = []
        self.packets: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()
        self.repairs: Counter[str] = Counter()
        self.payloads: dict[str, set[int]] = defaultdict(set)
        self.numbers: dict[str, list[int]] = defaultdict(list)
        self.lost_reported = 0
        self.feedback = 0
        self.transport_feedback_in = 0
        self.reports_in: dict[int, float] = {}
        self.up = asyncio.Event()
        self._mids: dict[int, str] = {}
        self._primary: dict[int, int] = {}
        self._highest: dict[int, int] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._worker: tuple[str, int] = ("", 0)
        self._credentials = ("", "")
        self._connection: SSL.Connection | None = None
        self._inbound: Inbound | None = None
        self._outbound: Outbound | None = None
        self._buffer = Buffer()
        self._numbers = secrets.randbits(14) if first_number is None else first_number
        self._arrivals = rtcp.Arrivals()
        self._tasks: list[asyncio.Task[None]] = []

    async def answer(self, offer: str) -> str:
        """Take an offer, the first or a later one; connects in the background after the first."""
        for section in offer.split("m=")[1:]:
            mid = re.findall(r"^a=mid:(\S+)", section, re.MULTILINE)[0]
            for ssrc in re.findall(r"^a=ssrc:(\d+) ", section, re.MULTILINE):
                self._mids[int(ssrc)] = mid
            for primary, repair in re.findall(r"^a=ssrc-group:FID (\d+) (\d+)", section, re.M):
                self._primary[int(repair)] = int(primary)
        ufrag, password = (
            re.findall(rf"a=ice-{name}:(\S+)", offer)[0] for name in ("ufrag", "pwd")
        )
        self._credentials = (ufrag, password)
        if self._transport is None:
            found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", offer)
            assert found is not None
            self._worker = (found[1], int(found[2]))
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: self, local_addr=("127.0.0.1", 0)
            )
            self._tasks.append(asyncio.create_task(self._connect()))
        return self._describe(offer)

    def _describe(self, offer: str) -> str:
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
        for section in offer.split("m=")[1:]:
            mid = re.findall(r"^a=mid:(\S+)", section, re.MULTILINE)[0]
            kind = section.split(" ")[0]
            offered = section.split("\r\n")[0].split(" ")[3:]
            taken = [str(OPUS)]
            if kind == "video":
                taken = [
                    str(number)
                    for name in self.codecs
                    for number in (VIDEO[name].payload, VIDEO[name].rtx)
                    if str(number) in offered
                ]
            sends = "a=sendrecv" in section
            lines += [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(taken)}",
                f"a=mid:{mid}",
                "a=sendonly" if mid == LAYERED else "a=sendrecv" if sends else "a=recvonly",
                "a=setup:active",
                f"a=fingerprint:sha-256 {self.certificate.fingerprint}",
                *(f"a=extmap:{n} {uri}" for uri, n in EXTENSIONS.items() if uri in section),
            ]
        return "\r\n".join(lines) + "\r\n"

    def send(
        self, mid: str, bps: float, *, codec: str = "", rid: str = "", fps: int = 20
    ) -> Sending:
        """Begin a stream on this m-line once connected, and go on until `close`."""
        codec = codec or ("opus" if mid == "0" else self.codecs[0])
        sending = Sending(mid, codec, bps, rid)
        self.sendings.append(sending)
        self._tasks.append(asyncio.create_task(self._play(sending, fps)))
        return sending

    def probe(self, sending: Sending, count: int) -> None:
        """Send padding alone as RTX, as browsers do to find out what a way carries."""
        for _ in range(count):
            sending.rtx_sequence = (sending.rtx_sequence + 1) & 0xFFFF
            rtx = VIDEO[sending.codec].rtx
            head = bytearray(
                self._header(sending, rtx, sending.rtx_sequence, sending.rtx_ssrc, False)
            )
            head[0] |= 32
            self._protect(bytes(head) + bytes(199) + b"\xc8")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    def forget(self) -> None:
        """Count anew."""
        self.packets.clear()
        self.bytes.clear()
        self.repairs.clear()

    # ------------------------------------------------------------ connecting

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        # What is measured is the worker, not how soon this loop has its turn.
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, SOCKET_BYTES)

    async def _connect(self) -> None:
        context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
        context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        context.use_certificate(self.certificate.certificate)
        context.use_privatekey(self.certificate.key)
        context.set_cipher_list(CIPHERS)
        context.set_tlsext_use_srtp(PROFILE.encode())
        self._check()
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        self._connection.set_ciphertext_mtu(self._mtu_bytes)
        self._shake()
        while not self.up.is_set():
            self._check()
            await asyncio.sleep(HANDSHAKE_AGAIN_S)
            if self._connection.DTLSv1_get_timeout() == 0:
                self._connection.DTLSv1_handle_timeout()
                self._flush()
        checked = monotonic()
        while True:
            await asyncio.sleep(FEEDBACK_S)
            if monotonic() - checked > CHECK_S:
                checked = monotonic()
                self._check()
            self._report()

    def _check(self) -> None:
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        check.attributes["USERNAME"] = f"{self._credentials[0]}:lean"
        check.attributes["PRIORITY"] = 1
        if self._nominates:
            check.attributes["USE-CANDIDATE"] = None
        check.add_message_integrity(self._credentials[1].encode())
        self._put(bytes(check))

    def _shake(self) -> None:
        assert self._connection is not None
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        self._flush()
        _, key, salt = PROFILES[PROFILE]
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        keys = [material[i * key : (i + 1) * key] for i in (0, 1)]
        salts = [material[2 * key + i * salt : 2 * key + (i + 1) * salt] for i in (0, 1)]
        self._outbound = Outbound(PROFILE, keys[0] + salts[0])
        self._inbound = Inbound(PROFILE, keys[1] + salts[1])
        self.up.set()

    def _flush(self) -> None:
        assert self._connection is not None
        try:
            while flight := self._connection.bio_read(65536):
                for record in _records(flight):
                    self.hellos += record[13] == 1 and record[3:5] == b"\0\0"
                    self._put(record)
        except SSL.WantReadError:
            pass

    def _put(self, datagram: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(datagram, self._worker)

    # ------------------------------------------------------------ sending

    async def _play(self, sending: Sending, fps: int) -> None:
        await self.up.wait()
        sound = sending.codec == "opus"
        period_s = 0.02 if sound else 1 / fps
        due = monotonic()
        while True:
            await asyncio.sleep(max(0.0, due - monotonic()))
            due += period_s
            sending.timestamp += int(period_s * (48_000 if sound else 90_000))
            if not sending.on:
                continue
            left = int(sending.bps * period_s / 8)
            key, sending.key_wanted = sending.key_wanted, False
            sending.keys += key
            first = b"" if sound else (KEY if key else DELTA)[sending.codec]
            while left > 0:
                size = min(left, PIECE_BYTES)
                left -= size
                # Behind the first of a frame nothing looks like a beginning.
                body = (first or b"\x00\x01") + bytes(max(0, size - 2))
                first = b""
                self._packet(sending, body, last=left <= 0)

    def _packet(self, sending: Sending, body: bytes, *, last: bool) -> None:
        sending.sequence = (sending.sequence + 1) & 0xFFFF
        packet = self._header(sending, sending.payload, sending.sequence, sending.ssrc, last) + body
        sending.sent[sending.sequence] = packet
        if len(sending.sent) > 500:
            del sending.sent[next(iter(sending.sent))]
        self._protect(packet)

    def _header(self, sending: Sending, payload: int, number: int, ssrc: int, last: bool) -> bytes:
        self._numbers = (self._numbers + 1) & 0xFFFF
        repair = payload in RTX_PAYLOADS
        extensions = b"\x40" + sending.mid.encode() + b"\x51" + self._numbers.to_bytes(2, "big")
        if sending.rid:
            extensions += (b"\x70" if repair else b"\x60") + sending.rid.encode()
        extensions += bytes(-len(extensions) % 4)
        return (
            bytes((0x90, payload | (0x80 if last else 0)))
            + number.to_bytes(2, "big")
            + (sending.timestamp & 0xFFFFFFFF).to_bytes(4, "big")
            + ssrc.to_bytes(4, "big")
            + b"\xbe\xde"
            + (len(extensions) // 4).to_bytes(2, "big")
            + extensions
        )

    def _protect(self, packet: bytes) -> None:
        assert self._outbound is not None
        self._buffer.data[: len(packet)] = packet
        length = self._outbound.rtp(self._buffer, len(packet))
        self._put(bytes(self._buffer.view[:length]))

    def _send_rtcp(self, packet: bytes) -> None:
        assert self._outbound is not None
        self._put(self._outbound.rtcp(packet))

    def _report(self) -> None:
        feedback = self._arrivals.report()
        if feedback is not None and self._outbound is not None:
            self.lost_reported += sum(arrival is None for arrival in feedback.arrivals)
            source = next(iter(self._mids), 0)
            self._send_rtcp(rtcp.write_feedback(feedback, source, self.feedback))
            self.feedback += 1

    # ------------------------------------------------------------ receiving

    def datagram_received(self, data: bytes, address: Any) -> None:
        if data[0] < 4:
            self.checked_by.add(address[:2])
        elif 19 < data[0] < 64 and self._connection is not None and not self.up.is_set():
            self.flights.append(data)
            self._connection.bio_write(data)
            self._shake()
        elif 127 < data[0] < 192 and self._inbound is not None:
            self._buffer.data[: len(data)] = data
            if 191 < data[1] < 224:
                length = self._inbound.rtcp(self._buffer, len(data))
                self._hear(bytes(self._buffer.view[:length]))
            else:
                length = self._inbound.rtp(self._buffer, len(data))
                if length:
                    self._count(bytes(self._buffer.view[:length]))

    def _count(self, packet: bytes) -> None:
        ssrc = int.from_bytes(packet[8:12], "big")
        mid, payload = self._mids[ssrc], packet[1] & 127
        self.bytes[mid] += len(packet)
        number = packet.find(b"\x51", 16, 40)
        if packet[0] & 16 and number > 0:
            at = number + 1
            self._arrivals.note(int.from_bytes(packet[at : at + 2], "big"), monotonic())
        if payload in RTX_PAYLOADS:
            self.repairs[mid] += 1
            head = 16 + 4 * int.from_bytes(packet[14:16], "big")
            if not packet[0] & 32:
                self.restored[mid].add(int.from_bytes(packet[head : head + 2], "big"))
            return
        self.packets[mid] += 1
        self.payloads[mid].add(payload)
        sequence = int.from_bytes(packet[2:4], "big")
        self.numbers[mid].append(sequence)
        before = self._highest.get(ssrc)
        ahead = (sequence - before) & 0xFFFF if before is not None else 1
        if ahead < 0x8000:
            self._highest[ssrc] = sequence
            if 1 < ahead < 17 and payload in CODEC_BY_PAYLOAD:
                lacked = [(before or 0) + k & 0xFFFF for k in range(1, ahead)]
                self._send_rtcp(rtcp.ask_for(ssrc, lacked))

    def _hear(self, compound: bytes) -> None:
        by_ssrc = {s.ssrc: s for s in self.sendings}
        for block in rtcp.split(compound):
            if block.kind in (rtcp.SR, rtcp.RR):
                for report in rtcp.report_blocks(block):
                    self.reports_in[rtcp.ssrc_at(report, 0)] = rtcp.lost_share(report)
                continue
            sending = by_ssrc.get(rtcp.ssrc_at(block.data, 8))
            if block.kind == rtcp.RTPFB and block.count == rtcp.TWCC:
                self.transport_feedback_in += 1
            elif sending is None:
                continue
            elif block.kind == rtcp.PSFB and block.count == rtcp.PLI:
                sending.key_wanted = not sending.deaf
            elif block.kind == rtcp.RTPFB and block.count == rtcp.NACK:
                for number in rtcp.nacked(block):
                    self._repair(sending, number)

    def _repair(self, sending: Sending, number: int) -> None:
        packet = sending.sent.get(number)
        if packet is None:
            return
        sending.repaired += 1
        sending.rtx_sequence = (sending.rtx_sequence + 1) & 0xFFFF
        rtx = VIDEO[sending.codec].rtx
        last = bool(packet[1] & 0x80)
        head = self._header(sending, rtx, sending.rtx_sequence, sending.rtx_ssrc, last)
        words = int.from_bytes(packet[14:16], "big")
        self._protect(head + number.to_bytes(2, "big") + packet[16 + 4 * words :])


def _records(flight: bytes) -> list[bytes]:
    """The DTLS records of a flight, each by itself."""
    found = []
    while flight:
        end = 13 + int.from_bytes(flight[11:13], "big")
        found.append(flight[:end])
        flight = flight[end:]
    return found
