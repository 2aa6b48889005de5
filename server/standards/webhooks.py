"""Signed messages between servers, as Standard Webhooks 1.0.0 has them: three headers and HMAC-SHA256. Pure.

    webhook-id: <id of the message>
    webhook-timestamp: <second>
    webhook-signature: v1,<base64 of HMAC-SHA256 of "<id>.<second>.<body>">

A secret is told as ``whsec_`` and its base64. Several signatures stand beside each other, with blanks between.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import datetime
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"
OLDEST_S: Final = 300
"""How far the clock of the other end may differ."""
_SECOND: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURES_AT_MOST: Final = 10
URL_LONGEST: Final = 500
_URL: Final = re.compile(
    r"https://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([1-9][0-9]{0,4}))?(?:/[A-Za-z0-9._~/%=&?+-]*)?",
    re.ASCII,
)
"""Narrower than any address may be, so that nobody reads another host in it than this does."""


def drawn(secret: bytes, direction: str, id: str, generation: int) -> bytes:
    """A key of 32 bytes that nothing keeps: of the secret of the house, the id of the other end and the generation of
    its key. Each direction has one of its own, so that nothing of ours comes back as a message of theirs."""
    text = f"yunjian external\n{id}\n{generation}"
    if direction:
        text += f"\n{direction}"
    return hmac.digest(secret, text.encode(), hashlib.sha256)


def may_go(url: str, hosts: Collection[str]) -> bool:
    """Whether messages may go to this address: by https, to a host that is named, without a name or a password in it."""
    found = _URL.fullmatch(url) if len(url) <= URL_LONGEST else None
    if found is None or int(found[2] or 443) > 65535:
        return False
    return found[1] in {host.lower() for host in hosts}


def told(secret: bytes) -> str:
    """The secret as the other end is given it."""
    return "whsec_" + base64.b64encode(secret).decode()


def sign(secret: bytes, id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers that prove who wrote this body, at that second."""
    second = str(int(at.timestamp()))
    return {ID: id, TIMESTAMP: second, SIGNATURE: "v1," + _mac(secret, id, second, body)}


def believe(
    secret: bytes, id: str, second: str, signatures: str, body: bytes, at: datetime
) -> bool:
    """Whether one of ``signatures`` signs this body under this id, not more than five minutes from ``at``."""
    if not _SECOND.fullmatch(second) or abs(at.timestamp() - int(second)) > OLDEST_S:
        return False
    right = b"v1," + _mac(secret, id, second, body).encode()
    said = signatures.encode("utf-8", "surrogateescape").split()[:_SIGNATURES_AT_MOST]
    return any(hmac.compare_digest(one, right) for one in said)


def _mac(secret: bytes, id: str, second: str, body: bytes) -> str:
    text = f"{id}.{second}.".encode("utf-8", "surrogateescape") + body
    return base64.b64encode(hmac.digest(secret, text, hashlib.sha256)).decode()
