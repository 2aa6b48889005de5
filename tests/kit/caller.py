"""A caller's side of ICE and DTLS-SRTP, as far as a benchmark needs it: many at once, no media.

Every engine is called in the same way: the caller is the DTLS client, checks with
USE-CANDIDATE, answers the engine's own checks, and ends with a connected socket and two keys of
AES-128-GCM, with which the load generator goes on.
"""

import re
import secrets
import selectors
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aioice import stun
from OpenSSL import SSL

from media.wire.dtls import CIPHERS, Certificate
from media.wire.sdp import MID_URI, TWCC_URI

PROFILE = b"SRTP_AEAD_AES_128_GCM"
KEY_BYTES, SALT_BYTES = 16, 12
CHECK_AGAIN_S = 0.1
CONNECT_LIMIT_S = 30.0


def lines_of(sdp: str) -> Iterator[list[str]]:
    """The m-lines of an SDP, each with the attributes that follow it."""
    section: list[str] = []
    for line in sdp.replace("\r\n", "\n").split("\n"):
        if line.startswith("m=") and section:
            yield section
            section = []
        if line.startswith("m=") or section:
            section.append(line)
    if section:
        yield section


@dataclass(frozen=True)
class Remote:
    """Where an engine is reached, and its ICE credentials."""

    address: tuple[str, int]
    ufrag: str
    password: str

    @classmethod
    def of(cls, sdp: str) -> "Remote":
        candidate = re.search(r"a=candidate:\S+ 1 (?:udp|UDP) \d+ (\S+) (\d+) typ host", sdp)
        ufrag = re.search(r"a=ice-ufrag:(\S+)", sdp)
        password = re.search(r"a=ice-pwd:(\S+)", sdp)
        if candidate is None or ufrag is None or password is None:
            raise ValueError("no address or no credentials in the engine's SDP")
        return cls((candidate[1], int(candidate[2])), ufrag[1], password[1])


class Caller:
    """One transport: its socket, its SDP, and in the end its keys."""

    def __init__(self, certificate: Certificate, context: SSL.Context, ssrc: int) -> None:
        self.ssrc = ssrc
        self.fingerprint = certificate.fingerprint
        self.ufrag = secrets.token_hex(4)
        self.password = secrets.token_hex(12)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.remote: Remote | None = None
        self.key_out = ""
        self.key_in = ""
        self._checked_at = 0.0
        self._answered = False
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        self._connection.set_ciphertext_mtu(1200)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def done(self) -> bool:
        return bool(self.key_out)

    def _transport(self, setup: str) -> list[str]:
        return [
            "c=IN IP4 127.0.0.1",
            "a=rtcp-mux",
            f"a=setup:{setup}",
            f"a=fingerprint:sha-256 {self.fingerprint}",
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            f"a=candidate:1 1 udp 2130706431 127.0.0.1 {self.port} typ host",
            "a=end-of-candidates",
        ]

    def offer(self, setup: str) -> str:
        """An SDP offer of one picture, for engines that answer."""
        return _sdp(
            [
                f"m=video {self.port} UDP/TLS/RTP/SAVPF 96",
                *self._transport(setup),
                "a=mid:1",
                "a=sendrecv",
                f"a=extmap:4 {MID_URI}",
                f"a=extmap:5 {TWCC_URI}",
                "a=rtpmap:96 VP8/90000",
                "a=rtcp-fb:96 nack pli",
                "a=rtcp-fb:96 transport-cc",
                f"a=ssrc:{self.ssrc} cname:load",
            ]
        )

    def answer(self, offer: str) -> str:
        """The answer to an engine's offer: all that it offers, a picture on the first video line."""
        out: list[str] = []
        named = False
        for line in lines_of(offer):
            kept = [a for a in line[1:] if a.startswith(("a=mid:", "a=extmap:", "a=rtpmap:"))]
            kept += [a for a in line[1:] if a.startswith(("a=fmtp:", "a=rtcp-fb:"))]
            out += [line[0], *self._transport("active"), *kept]
            out.append("a=recvonly" if "a=sendonly" in line else "a=sendrecv")
            if line[0].startswith("m=video") and not named:
                named = True
                out.append(f"a=ssrc:{self.ssrc} cname:load")
        return _sdp(out)

    def call(self, sdp: str) -> None:
        """Begin with the check, towards what this SDP of the engine names."""
        self.remote = Remote.of(sdp)
        self._check()

    def _check(self) -> None:
        assert self.remote is not None
        self._checked_at = time.monotonic()
        check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        check.attributes["USERNAME"] = f"{self.remote.ufrag}:{self.ufrag}"
        check.attributes["PRIORITY"] = 1862270975
        check.attributes["ICE-CONTROLLING"] = 1
        check.attributes["USE-CANDIDATE"] = None
        check.add_message_integrity(self.remote.password.encode())
        check.add_fingerprint()
        self.socket.sendto(bytes(check), self.remote.address)

    def step(self) -> None:
        """Deal with what has come; ask again where no answer has."""
        while not self.done:
            try:
                datagram, address = self.socket.recvfrom(4096)
            except BlockingIOError:
                break
            if datagram[0] < 4:
                self._stun(datagram, address)
            elif 19 < datagram[0] < 64:
                self._connection.bio_write(datagram)
                self._shake()
        if not self._answered and time.monotonic() - self._checked_at > CHECK_AGAIN_S:
            self._check()

    def _stun(self, datagram: bytes, address: tuple[str, int]) -> None:
        message = stun.parse_message(datagram)
        if message.message_class == stun.Class.RESPONSE:
            if not self._answered:
                self._answered = True
                self._shake()
        elif message.message_class == stun.Class.REQUEST:
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = address
            answer.add_message_integrity(self.password.encode())
            answer.add_fingerprint()
            self.socket.sendto(bytes(answer), address)

    def _shake(self) -> None:
        assert self.remote is not None
        try:
            self._connection.do_handshake()
            finished = True
        except SSL.WantReadError:
            finished = False
        try:
            while flight := self._connection.bio_read(1500):
                self.socket.sendto(flight, self.remote.address)
        except SSL.WantReadError:
            pass
        if not finished:
            return
        if self._connection.get_selected_srtp_profile() != PROFILE:
            raise ValueError("another SRTP profile")
        size = KEY_BYTES + SALT_BYTES
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * size)
        keys = [material[i * KEY_BYTES : (i + 1) * KEY_BYTES] for i in (0, 1)]
        salts = material[2 * KEY_BYTES :]
        self.key_out = (keys[0] + salts[:SALT_BYTES]).hex()
        self.key_in = (keys[1] + salts[SALT_BYTES:]).hex()
        self.socket.connect(self.remote.address)


def _sdp(lines: list[str]) -> str:
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    return "\r\n".join([*head, *lines]) + "\r\n"


def client_context(certificate: Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
    context.use_certificate(certificate.certificate)
    context.use_privatekey(certificate.key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(PROFILE)
    return context


def connect(callers: Iterable[Caller]) -> None:
    """Bring all handshakes to their end; blocks."""
    selector = selectors.DefaultSelector()
    waiting = set(callers)
    for caller in waiting:
        selector.register(caller.socket, selectors.EVENT_READ, caller)
    limit = time.monotonic() + CONNECT_LIMIT_S
    while waiting:
        ready = [key.data for key, _ in selector.select(CHECK_AGAIN_S)]
        for caller in ready or list(waiting):
            caller.step()
            if caller.done and caller in waiting:
                waiting.discard(caller)
                selector.unregister(caller.socket)
        if time.monotonic() > limit:
            raise TimeoutError(f"{len(waiting)} callers are not connected")
    selector.close()
