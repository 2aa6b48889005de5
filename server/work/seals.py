"""A unit's electronic seal on a finished paper, as PAdES (ETSI EN 319 142): put on, and looked at. A program of its own.

``python -m server.work.seals put`` reads ``{pdf (Base64), key, chain, fingerprint, reason, unit, at}`` and prints
``{pdf}``, or ``{other}`` where the files are not, or not yet, those of the certificate of that fingerprint; ``... check`` reads ``{pdf, authorities (PEM)}`` and prints ``{state, subject, fingerprint, at}``.
``key`` and ``chain`` are files: no private key is ever in the memory of a node. No time stamp and no list of
revoked certificates is asked for, because nothing here reaches the network: the moment of a seal is that of
the node's clock, and the ledger entry of the paper bears it out.
"""

import base64
import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from server.standards.papers import SealState

FIELD: Final = "Seal"
"""The name of the signature's field in the PDF."""


class OtherSeal(ValueError):
    """The key and the certificate are not of one another, or not those that were asked for: a seal that is being
    replaced, or of which that was broken off."""


def put(
    pdf: bytes,
    key: bytes,
    chain: bytes,
    *,
    reason: str,
    unit: str,
    at: datetime,
    fingerprint: str = "",
) -> bytes:
    """The PDF with the seal's signature behind it; nothing before is changed, so that PDF/A stays PDF/A.

    ``key`` is a private key (PKCS #8, PEM, not encrypted), ``chain`` its certificate and those above it (PEM).
    ValueError: these are no key and certificate. OtherSeal: they do not belong together, or the certificate is not
    that of ``fingerprint`` (SHA-256, hex), where one is named.
    """
    from asn1crypto import keys, pem, x509  # type: ignore[import-untyped]
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class At(signers.PdfSigner):
        """Tells the moment of the node's clock."""

        def init_signing_session(self, *args: Any, **more: Any) -> Any:
            session = super().init_signing_session(*args, **more)
            session.system_time = at
            return session

    first, *above = [x509.Certificate.load(der) for _, _, der in pem.unarmor(chain, multiple=True)]
    _belong(key, chain, fingerprint)
    known: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    known.register_multiple(above)
    signer = signers.SimpleSigner(
        signing_cert=first,
        signing_key=keys.PrivateKeyInfo.load(pem.unarmor(key)[2]),
        cert_registry=known,
    )
    told = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=reason,
        name=unit,
    )
    sealed = At(told, signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)))
    return bytes(sealed.getbuffer())


def _belong(key: bytes, chain: bytes, fingerprint: str) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    certificate = x509.load_pem_x509_certificate(chain)
    if load_pem_private_key(key, None).public_key() != certificate.public_key():
        raise OtherSeal("the key is not that of the certificate")
    if fingerprint not in ("", certificate.fingerprint(SHA256()).hex()):
        raise OtherSeal("another certificate lies there now")


def check(pdf: bytes, authorities: str) -> dict[str, Any]:
    """What can be said of the seal on this PDF: ``state`` (SealState), and whose and when, where it has one."""
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    except Exception:  # noqa: BLE001 - whatever a tampered file makes the reader stumble over
        return {"state": "altered"}
    if not found:
        return {"state": "unsealed"}
    seal = found[-1]
    try:
        certificate, at = seal.signer_cert, seal.self_reported_timestamp
        roots = [
            x509.Certificate.load(der)
            for _, _, der in (
                pem.unarmor(authorities.encode(), multiple=True) if authorities.strip() else ()
            )
        ]
        context = ValidationContext(trust_roots=roots, allow_fetching=False, moment=at)
        status = validate_pdf_signature(seal, context)
    except Exception:  # noqa: BLE001 - likewise
        return {"state": "altered"}
    told = {
        "subject": certificate.subject.human_friendly,
        "fingerprint": certificate.sha256.hex(),
        "at": at.isoformat() if at else None,
    }
    validity = certificate["tbs_certificate"]["validity"]
    if not (
        status.intact and status.valid and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    ):
        state: SealState = "altered"
    elif at and not validity["not_before"].native <= at <= validity["not_after"].native:
        state = "expired"
    elif not status.bottom_line:
        state = "untrusted"
    else:
        state = "valid"
    return {"state": state, **told}


def main() -> None:
    """Do what is asked for on standard input."""
    asked = json.load(sys.stdin)
    pdf = base64.b64decode(asked["pdf"])
    if sys.argv[1:] == ["check"]:
        json.dump(check(pdf, asked["authorities"]), sys.stdout)
        return
    try:
        sealed = put(
            pdf,
            Path(asked["key"]).read_bytes(),
            Path(asked["chain"]).read_bytes(),
            reason=asked["reason"],
            unit=asked["unit"],
            at=datetime.fromisoformat(asked["at"]),
            fingerprint=asked["fingerprint"],
        )
    except OtherSeal as other:
        json.dump({"other": str(other)}, sys.stdout)
        return
    except (OSError, ValueError) as error:
        json.dump({"fault": str(error)}, sys.stdout)
        return
    json.dump({"pdf": base64.b64encode(sealed).decode()}, sys.stdout)


if __name__ == "__main__":
    main()
