"""What forwarding costs: worker CPU per packet, added delay and loss at three rates.

A real worker behind real handshakes; ten calls of 1000-byte packets, encrypted
beforehand so that the load generator is not what is measured. CPU is that of the
worker's process. On a busy machine the delays say more about the machine than
about the worker; the CPU per packet stays comparable at 6,000 packets/s and more.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from aioice import stun
from OpenSSL import SSL

from media.client import MediaClient, spawn
from media.dtls import CIPHERS, Certificate
from media.sdp import MID_URI, TWCC_URI
from media.srtp import PROFILES, Buffer, Inbound, Outbound

CALLS = 10
SECONDS = 4.0
RATES = (2_000, 6_000, 16_000)
PAYLOAD_BYTES = 1000 - 12 - 12
SAMPLE_EVERY = 8
BURST_S = 0.005
OUT = Path("build/bench/forwarding.json")


@dataclass
class Caller:
    """One party's browser, as far as packets go."""

    room: str
    name: str
    ssrc: int
    socket: socket.socket
    worker: tuple[str, int]
    outbound: Outbound
    inbound: Inbound
    sequence: int = 0
    tunnel: list[bytes] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    other: Caller | None = None
    received: int = 0


def _handshake(
    offer: str, name: str, room: str, ssrc: int, certificate: Certificate
) -> tuple[Caller, str]:
    """Check, shake hands, derive keys; the caller and its SDP answer."""
    found = re.search(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+)", offer)
    ufrag = re.search(r"a=ice-ufrag:(\S+)", offer)
    password = re.search(r"a=ice-pwd:(\S+)", offer)
    if found is None or ufrag is None or password is None:
        raise ValueError("not an offer")
    worker = (found[1], int(found[2]))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 << 20)
    udp.bind(("127.0.0.1", 0))
    udp.settimeout(2)
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{ufrag[1]}:bench"
    check.attributes["PRIORITY"] = 1
    check.attributes["USE-CANDIDATE"] = None
    check.add_message_integrity(password[1].encode())
    udp.sendto(bytes(check), worker)
    stun.parse_message(udp.recv(2048))

    context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    context.use_certificate(certificate.certificate)
    context.use_privatekey(certificate.key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    connection.set_ciphertext_mtu(1200)
    done = False
    while not done:
        try:
            connection.do_handshake()
            done = True
        except SSL.WantReadError:
            pass
        try:
            while flight := connection.bio_read(1500):
                udp.sendto(flight, worker)
        except SSL.WantReadError:
            pass
        if not done:
            connection.bio_write(udp.recv(4096))
    profile = "SRTP_AEAD_AES_128_GCM"
    _, key, salt = PROFILES[profile]
    material = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
    keys = [material[i * key : (i + 1) * key] for i in (0, 1)]
    salts = [material[2 * key + i * salt : 2 * key + (i + 1) * salt] for i in (0, 1)]
    udp.setblocking(False)
    caller = Caller(
        room,
        name,
        ssrc,
        udp,
        worker,
        Outbound(profile, keys[0] + salts[0]),
        Inbound(profile, keys[1] + salts[1]),
    )
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    for mid in "0123":
        lines += [
            "m=audio 9 UDP/TLS/RTP/SAVPF 111"
            if mid == "0"
            else "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            f"a=mid:{mid}",
            "a=sendrecv",
            "a=setup:active",
            f"a=fingerprint:sha-256 {certificate.fingerprint}",
            f"a=extmap:4 {MID_URI}",
            f"a=extmap:5 {TWCC_URI}",
        ]
        if mid == "1":
            lines.append(f"a=ssrc:{ssrc} cname:bench")
    return caller, "\r\n".join(lines) + "\r\n"


def _prepare(caller: Caller, count: int) -> None:
    """Encrypt the packets of one run; each holds its number in the run."""
    buffer = Buffer()
    caller.tunnel = []
    for index in range(count):
        caller.sequence += 1
        number = caller.sequence & 0xFFFF
        packet = (
            b"\x90\x60"
            + number.to_bytes(2, "big")
            + (caller.sequence * 3000 & 0xFFFFFFFF).to_bytes(4, "big")
            + caller.ssrc.to_bytes(4, "big")
            + b"\xbe\xde\x00\x02\x40\x31\x51"
            + number.to_bytes(2, "big")
            + b"\0\0\0"
            # A VP8 descriptor and the first byte of a key frame, so that the feed begins.
            + b"\x10\x00"
            + index.to_bytes(4, "big")
            + bytes(PAYLOAD_BYTES - 6)
        )
        buffer.data[: len(packet)] = packet
        caller.tunnel.append(bytes(buffer.view[: caller.outbound.rtp(buffer, len(packet))]))
    caller.sent_at = [0.0] * count
    caller.received = 0


def _drain(callers: list[Caller], buffer: Buffer, delays: list[float]) -> None:
    for caller in callers:
        try:
            while True:
                length = caller.socket.recv_into(buffer.data, 2048)
                if not 127 < buffer.data[0] < 192 or 191 < buffer.data[1] < 224:
                    continue
                caller.received += 1
                if caller.received % SAMPLE_EVERY == 0 and caller.other is not None:
                    now = time.monotonic()
                    if caller.inbound.rtp(buffer, length):
                        index = int.from_bytes(buffer.data[26:30], "big")
                        delays.append(now - caller.other.sent_at[index])
        except BlockingIOError:
            continue


def _run(callers: list[Caller], rate: int) -> list[float]:
    """Send at `rate` packets a second over all callers; the sampled delays in seconds."""
    delays: list[float] = []
    buffer = Buffer()
    count = len(callers[0].tunnel)
    began = time.monotonic()
    sent = 0
    while sent < count * len(callers):
        due = min(count * len(callers), int((time.monotonic() - began) * rate) + 1)
        while sent < due:
            caller = callers[sent % len(callers)]
            index = sent // len(callers)
            caller.sent_at[index] = time.monotonic()
            caller.socket.sendto(caller.tunnel[index], caller.worker)
            sent += 1
        _drain(callers, buffer, delays)
        wait_s = began + sent / rate - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, BURST_S))
    quiet_until = time.monotonic() + 0.3
    while time.monotonic() < quiet_until:
        _drain(callers, buffer, delays)
        time.sleep(BURST_S)
    return delays


async def _connect(client: MediaClient) -> list[Caller]:
    certificate = Certificate()
    callers: list[Caller] = []
    for number in range(CALLS):
        room = f"room-{number}"
        await client.open_room(room)
        for name in ("a", "b"):
            offer = await client.add_party(room, name, record=False)
            ssrc = 1_000 + len(callers)
            caller, answer = await asyncio.to_thread(
                _handshake, offer, name, room, ssrc, certificate
            )
            await client.answer(room, name, answer)
            callers.append(caller)
        callers[-1].other, callers[-2].other = callers[-2], callers[-1]
    return callers


async def measure() -> list[dict[str, float]]:
    """The rows of the table, one a rate."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        worker = await spawn(Path(folder) / "m", host="127.0.0.1")
        callers: list[Caller] = []
        try:
            callers = await _connect(worker.client)
            for rate in RATES:
                for caller in callers:
                    _prepare(caller, int(rate * SECONDS / len(callers)))
                before = (await worker.client.figures())["worker"]["cpu_s"]
                delays = await asyncio.to_thread(_run, callers, rate)
                cpu_s = (await worker.client.figures())["worker"]["cpu_s"] - before
                sent = sum(len(caller.tunnel) for caller in callers)
                received = sum(caller.received for caller in callers)
                cuts = statistics.quantiles(delays, n=100)
                rows.append(
                    {
                        "packets_per_s": rate,
                        "cpu_us_per_packet": round(cpu_s / max(received, 1) * 1e6, 1),
                        "lost_percent": round(100 * (sent - received) / sent, 2),
                        "delay_p50_ms": round(cuts[49] * 1000, 2),
                        "delay_p99_ms": round(cuts[98] * 1000, 2),
                    }
                )
        finally:
            for caller in callers:
                caller.socket.close()
            await worker.stop()
    return rows


def main() -> None:
    rows = asyncio.run(measure())
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"calls": CALLS, "rows": rows}, indent=2) + "\n")
    names = list(rows[0])
    print("  ".join(names))
    for row in rows:
        print("  ".join(str(row[name]).rjust(len(name)) for name in names))


if __name__ == "__main__":
    main()
