"""The seals of the units as files outside the database, and what puts them on papers.

    authorities.pem            certificates of the authorities that are trusted
    <unit id>/<purpose>.key    private key (PKCS #8, PEM); nobody but the node's user may read it
    <unit id>/<purpose>.pem    its certificate and those above it
    <unit id>/<purpose>.svg    the picture

Keys are read by the child that seals, never by the node. A paper that was made before its unit had a seal
stays as it was.
"""

import asyncio
import base64
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from server.standards.papers import SEAL_NAMES, DraftWhy, Seal, SealPurpose, SealState
from server.work import engraving
from server.work import seals as sealing
from server.work.child import MIB, ChildLimits, Children, JobFailed
from signaling.refusals import Code, Refusal

AUTHORITIES: Final = "authorities.pem"
DEMO_MARK: Final = "演示印章"
DEMO_AUTHORITY: Final = "云见演示印章根证书"
_ORGANISATION_MAX: Final = 21
_DEMO_DAYS: Final = 5 * 365
WAITING_AT_MOST: Final = 4
LIMITS: Final = ChildLimits(memory_bytes=1024 * MIB, processor_s=20)

log = structlog.get_logger("seals")


class SealRefused(ValueError):
    """A seal that is not taken, in a sentence that says why."""


@dataclass(frozen=True, slots=True)
class SealChecked:
    """What a PDF's seal is found to be; ``subject``, ``fingerprint`` and ``at`` are empty where it has none."""

    state: SealState
    subject: str = ""
    fingerprint: str = ""
    at: datetime | None = None


class SealFolder:
    """The folder ``seals_dir``: finds seals, puts them on, looks at them."""

    def __init__(self, folder: Path, children: Children) -> None:
        self._folder = folder
        self._children = children
        self._waiting = 0

    async def find(
        self, unit_id: str, unit_name: str, purpose: SealPurpose, at: datetime
    ) -> tuple[Seal, str] | DraftWhy:
        """A seal as it would be put on at that moment, with its picture (SVG), or why there is none."""
        return await asyncio.to_thread(self._find, unit_id, unit_name, purpose, at)

    async def put_on(self, unit_id: str, seal: Seal, pdf: bytes) -> bytes:
        """The PDF with this seal's signature. Raises JobFailed; not finally where another seal lies there by now."""
        key, chain, _ = _files(self._folder, unit_id, seal.purpose)
        made = await self._children.run(
            sealing.__name__,
            "put",
            given={
                "pdf": base64.b64encode(pdf).decode(),
                "key": str(key),
                "chain": str(chain),
                "fingerprint": seal.fingerprint,
                "reason": SEAL_NAMES[seal.purpose],
                "unit": seal.unit_name,
                "at": seal.at.isoformat(),
            },
            limits=LIMITS,
            reads=[key, chain],
        )
        if "other" in made:
            raise JobFailed(made["other"])
        return base64.b64decode(made["pdf"])

    async def check(self, pdf: bytes) -> SealChecked:
        """What the seal on a PDF is found to be, by the authorities of this folder.

        Refused: ``throttled`` (others wait, or looking took too long).
        """
        if self._waiting >= WAITING_AT_MOST:
            raise Refusal(Code.THROTTLED)
        self._waiting += 1
        try:
            return await self._check(pdf)
        except JobFailed as failure:
            log.warning("seal.not_checked", fault=str(failure))
            raise Refusal(Code.THROTTLED) from None
        finally:
            self._waiting -= 1

    async def _check(self, pdf: bytes) -> SealChecked:
        trusted = await asyncio.to_thread(_read, self._folder / AUTHORITIES)
        told = await self._children.run(
            sealing.__name__,
            "check",
            given={"pdf": base64.b64encode(pdf).decode(), "authorities": trusted},
            limits=LIMITS,
        )
        at = told.get("at")
        return SealChecked(
            told["state"],
            told.get("subject", ""),
            told.get("fingerprint", ""),
            datetime.fromisoformat(at) if at else None,
        )

    def _find(
        self, unit_id: str, unit_name: str, purpose: SealPurpose, at: datetime
    ) -> tuple[Seal, str] | DraftWhy:
        key, chain, picture = _files(self._folder, unit_id, purpose)
        if not key.is_file():
            return "no_seal"
        if open_to_others(key):
            log.error("seal.open_to_others", file=str(key))
            return "failed"
        try:
            certificate = x509.load_pem_x509_certificates(chain.read_bytes())[0]
            drawn = picture.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            log.error("seal.unreadable", unit=unit_id, purpose=purpose, fault=str(error))
            return "failed"
        if at > certificate.not_valid_after_utc:
            return "expired"
        if at < certificate.not_valid_before_utc:
            return "not_yet"
        seal = Seal(
            purpose=purpose,
            unit_name=unit_name,
            subject=certificate.subject.rfc4514_string(),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            at=at.replace(microsecond=0),
        )
        return seal, drawn


def open_to_others(key: Path) -> bool:
    """Whether anybody but its owner may read this file."""
    return bool(stat.S_IMODE(key.stat().st_mode) & 0o077)


def keep(
    folder: Path,
    unit_id: str,
    unit_name: str,
    purpose: SealPurpose,
    p12: bytes,
    password: bytes | None,
    *,
    at: datetime,
    authority: bytes | None = None,
    font_dirs: Sequence[Path] = (),
) -> x509.Certificate:
    """Take a unit's seal out of a PKCS #12 file. ``authority`` (PEM) is trusted from now on.

    SealRefused: wrong password, no key or certificate, not valid at ``at``, or no authority that is trusted
    leads to it.
    """
    try:
        key, certificate, above = pkcs12.load_key_and_certificates(p12, password)
    except ValueError:
        raise SealRefused("The file could not be opened: wrong password, or no PKCS #12.") from None
    if certificate is None or not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise SealRefused("The file holds no certificate with its private key (RSA or EC).")
    until, since = certificate.not_valid_after_utc, certificate.not_valid_before_utc
    if at > until:
        raise SealRefused(f"The certificate expired on {until:%Y-%m-%d}: ask for a new one.")
    if at < since:
        raise SealRefused(f"The certificate is valid from {since:%Y-%m-%d} on, not yet.")
    trusted = x509.load_pem_x509_certificates(authority) if authority else []
    known = _read(folder / AUTHORITIES).encode()
    roots = [*trusted, *(x509.load_pem_x509_certificates(known) if known.strip() else [])]
    if not _leads(certificate, above, roots):
        raise SealRefused(
            "No authority that is trusted here issued this certificate: name its root by --authority."
        )
    raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    picture = engraving.engrave(unit_name, SEAL_NAMES[purpose], font_dirs=font_dirs)
    _trust(folder, trusted)
    _write(folder, unit_id, purpose, raw, [certificate, *above], picture)
    return certificate


def make_demo(
    folder: Path,
    units: Iterable[tuple[str, str]],
    *,
    at: datetime,
    days: int = _DEMO_DAYS,
    font_dirs: Sequence[Path] = (),
) -> int:
    """Make seals marked 演示印章 for these units (id, name) that have none, by an authority that is made for
    them and whose key is kept nowhere; returns how many. They bind nobody."""
    lacking = [
        (unit_id, name, purpose)
        for unit_id, name in units
        for purpose in SEAL_NAMES
        if not _files(folder, unit_id, purpose)[0].is_file()
    ]
    if not lacking:
        return 0
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _certificate(DEMO_AUTHORITY, "", root_key, None, root_key, at, days)
    for unit_id, name, purpose in lacking:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = f"{SEAL_NAMES[purpose]}（{DEMO_MARK}）"
        certificate = _certificate(subject, name, key, root, root_key, at, days)
        raw = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        picture = engraving.engrave(name, SEAL_NAMES[purpose], DEMO_MARK, font_dirs)
        _write(folder, unit_id, purpose, raw, [certificate], picture)
    _trust(folder, [root])
    return len(lacking)


def _certificate(
    common: str,
    organisation: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    at: datetime,
    days: int,
) -> x509.Certificate:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN")]
    # 64 bytes of UTF-8 are 21 Chinese characters; what is longer goes on in the next one
    for first in range(0, len(organisation), _ORGANISATION_MAX):
        piece = organisation[first : first + _ORGANISATION_MAX]
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, piece))
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common))
    name, root = x509.Name(parts), issuer is None
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(root, 0 if root else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not root,
                content_commitment=not root,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=root,
                crl_sign=root,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def _leads(
    certificate: x509.Certificate,
    above: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
) -> bool:
    """Whether one of the roots issued it, by way of those above it."""
    at, left = certificate, [*above]
    while True:
        if any(_issued(at, root) for root in roots):
            return True
        nearer = next((one for one in left if _issued(at, one)), None)
        if nearer is None:
            return False
        left.remove(nearer)
        at = nearer


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _files(folder: Path, unit_id: str, purpose: SealPurpose) -> tuple[Path, Path, Path]:
    if not unit_id.replace("-", "").isalnum():
        raise JobFailed("not the id of a unit", final=True)
    at = folder / unit_id / purpose
    return at.with_suffix(".key"), at.with_suffix(".pem"), at.with_suffix(".svg")


def _write(
    folder: Path,
    unit_id: str,
    purpose: SealPurpose,
    key: bytes,
    chain: Sequence[x509.Certificate],
    picture: str,
) -> None:
    key_file, chain_file, picture_file = _files(folder, unit_id, purpose)
    folder.mkdir(0o700, parents=True, exist_ok=True)
    key_file.parent.mkdir(0o700, exist_ok=True)
    # each whole, and the key last: a seal is there when its key is, and nothing is sealed by a key of another one
    _replace(chain_file, b"".join(one.public_bytes(Encoding.PEM) for one in chain))
    _replace(picture_file, picture.encode())
    _replace(key_file, key)


def _replace(file: Path, content: bytes) -> None:
    new = file.with_suffix(file.suffix + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    new.replace(file)


def _trust(folder: Path, roots: Sequence[x509.Certificate]) -> None:
    folder.mkdir(0o700, parents=True, exist_ok=True)
    file = folder / AUTHORITIES
    text = _read(file)
    for root in roots:
        pem = root.public_bytes(Encoding.PEM).decode()
        text += "" if pem in text else pem
    file.write_text(text, encoding="utf-8")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
