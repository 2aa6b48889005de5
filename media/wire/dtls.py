"""DTLS 1.2 over memory BIOs: the handshake that yields a party's SRTP keys (RFC 5764).

The worker is always the server; one certificate serves all its parties. A
handshake gets datagrams and gives datagrams; who may send them (only checked
ICE pairs) is decided before. It knows no room and no media.
"""

import asyncio
import datetime
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from media.wire.srtp import PROFILES, Inbound, Outbound

MTU_BYTES = 1200
RESEND_GUARD_S = 0.02
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"
)
_HANDSHAKE = 22
_CLIENT_HELLO = 1
_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}

Address = tuple[Any, ...]


class Certificate:
    """The worker's self-signed identity (ECDSA P-256, 30 days, made at each start)."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        self.certificate = certificate
        self.key = key
        self.fingerprint = fingerprint_of(certificate, "sha-256")
        context = SSL.Context(SSL.DTLS_SERVER_METHOD)
        context.set_options(SSL.OP_NO_TICKET)
        # Peers show self-signed certificates: trust comes from the fingerprint in the answer.
        context.set_verify(
            SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_arguments: True
        )
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(CIPHERS)
        context.set_tlsext_use_srtp(":".join(PROFILES).encode())
        self.context = context


def fingerprint_of(certificate: x509.Certificate, algorithm: str) -> str:
    """The digest as SDP writes it: upper-case hex pairs with colons (RFC 8122)."""
    return certificate.fingerprint(_DIGESTS[algorithm]()).hex(":").upper()


def knows_digest(algorithm: str) -> bool:
    return algorithm in _DIGESTS


class DtlsAssociation:
    """One party's DTLS association, server side.

    `send(datagram, address)` puts a datagram on the wire; `done()` is called once
    when the keys stand, `ended(reason)` once when the peer closes (`closed`) or
    the handshake fails (`dtls`).
    """

    def __init__(
        self,
        certificate: Certificate,
        send: Callable[[bytes, Address], None],
        done: Callable[[], None],
        ended: Callable[[str], None],
    ) -> None:
        self.inbound: Inbound | None = None
        self.outbound: Outbound | None = None
        self.profile = ""
        self.resent = 0
        self._send = send
        self._done = done
        self._ended = ended
        self._over = False
        self._flight: list[bytes] = []
        self._resent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._connection = SSL.Connection(certificate.context, None)
        self._connection.set_accept_state()
        self._connection.set_ciphertext_mtu(MTU_BYTES)

    def receive(self, datagram: bytes, address: Address) -> None:
        """Take one datagram from a checked address."""
        if self._over:
            return
        if self.inbound is None and self._flight and _repeats_hello(datagram):
            # OpenSSL waits a second before it repeats a lost flight and ignores the
            # client's own repeat, which says at once that ours was lost.
            now = asyncio.get_running_loop().time()
            if now - self._resent_at > RESEND_GUARD_S:
                self._resent_at = now
                self.resent += 1
                for part in self._flight:
                    self._send(part, address)
            return
        self._connection.bio_write(datagram)
        if self.inbound is None:
            self._step(address)
        else:
            self._listen()
            self._flush(address)

    def peer_fingerprint(self, algorithm: str) -> str | None:
        """The digest of the certificate that the peer showed; None before the handshake is done.

        Empty, which no answer names, for one that OpenSSL takes and that is no X.509 all the same.
        """
        if self.inbound is None:
            return None
        try:
            certificate = self._connection.get_peer_certificate(as_cryptography=True)
        except ValueError:
            return ""
        return None if certificate is None else fingerprint_of(certificate, algorithm)

    def close(self, address: Address | None) -> None:
        """Say goodbye where there is somebody to tell, and stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._over and self.inbound is not None and address is not None:
            try:
                self._connection.shutdown()
            except SSL.Error:
                pass
            self._flush(address)
        self._over = True

    def _step(self, address: Address) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush(address)
            self._arm(address)
        except SSL.Error:
            self._flush(address)
            self._end("dtls")
        else:
            self._take_keys()
            self._flush(address)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self.inbound is None:
                self._end("dtls")
            else:
                self._done()

    def _take_keys(self) -> None:
        profile = self._connection.get_selected_srtp_profile().decode()
        if profile not in PROFILES:
            return
        _, key, salt = PROFILES[profile]
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        keys = [material[i * key : (i + 1) * key] for i in (0, 1)]
        salts = [material[2 * key + i * salt : 2 * key + (i + 1) * salt] for i in (0, 1)]
        self.profile = profile
        self.inbound = Inbound(profile, keys[0] + salts[0])
        self.outbound = Outbound(profile, keys[1] + salts[1])

    def _listen(self) -> None:
        try:
            while self._connection.recv(4096):
                pass
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self._end("closed")
        except SSL.Error:
            # A broken record after the keys stand: media does not depend on it.
            pass

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self.close(None)
            self._ended(reason)

    def _flush(self, address: Address) -> None:
        output = bytearray()
        while True:
            try:
                output += self._connection.bio_read(65536)
            except SSL.WantReadError:
                break
        if not output:
            return
        flight = split_records(bytes(output))
        if self.inbound is None:
            self._flight = flight
        for part in flight:
            self._send(part, address)

    def _arm(self, address: Address) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wait_s = self._connection.DTLSv1_get_timeout()
        if wait_s is not None:
            self._timer = asyncio.get_running_loop().call_later(
                max(wait_s, 0.001), self._on_timer, address
            )

    def _on_timer(self, address: Address) -> None:
        self._timer = None
        if self._over or self.inbound is not None:
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._end("dtls")
            return
        self._flush(address)
        self._arm(address)


def split_records(output: bytes) -> list[bytes]:
    """Cut what a memory BIO ran together into datagrams of at most the MTU, at record borders."""
    datagrams: list[bytes] = []
    current = b""
    position = 0
    while position < len(output):
        end = position + 13 + int.from_bytes(output[position + 11 : position + 13], "big")
        record = output[position:end]
        position = end
        if current and len(current) + len(record) > MTU_BYTES:
            datagrams.append(current)
            current = b""
        current += record
    if current:
        datagrams.append(current)
    return datagrams


def _repeats_hello(datagram: bytes) -> bool:
    """Whether this is the first fragment of a plain-text ClientHello (RFC 6347)."""
    return (
        len(datagram) > 25
        and datagram[0] == _HANDSHAKE
        and datagram[3:5] == b"\0\0"
        and datagram[13] == _CLIENT_HELLO
        and datagram[19:22] == b"\0\0\0"
    )
