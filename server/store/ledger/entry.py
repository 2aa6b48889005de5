"""One entry of the ledger and its hash.

An entry is chained to the one before it of the same subject. Its hash is SHA-256 over
the RFC 8785 form of all its columns except `hash` and `leaf`; payload and event enter only
as SHA-256(salt || canonical form), so that they can be erased while proofs still hold.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785
from pydantic_core import to_jsonable_python

GENESIS: Final = "0" * 64
"""`previous` of the first entry of a subject."""
FORMAT: Final = 2
"""Of new entries. Those of format 1 seal no event, and their payloads tell no rows."""
OK: Final = "ok"
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
ERASE: Final = "ledger.erase"
"""The act whose object `<subject>#<version>` says that this payload was erased on order."""
PRUNE: Final = "events.prune"
"""The act whose payload `before` (a moment as in `at`) says that the events of entries before it were let go
by age, but those of subjects of the kinds in `kept`."""
PRUNED: Final = "events:kept"
"""The subject under which that stands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, as it is hashed. `at` is RFC 3339 UTC with microseconds."""

    subject: str
    version: int
    previous: str
    at: str
    actor: str
    on_behalf_of: str | None
    unit: str
    act: str
    object: str
    result: str
    digest: str
    event: str | None = None
    """SHA-256(salt || canonical body) of its event, hex; None makes it an entry of format 1."""

    @property
    def format(self) -> int:
        return 1 if self.event is None else FORMAT

    def hash(self) -> str:
        """SHA-256 of the canonical entry, hex."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """The RFC 8785 form of all columns that are hashed. ValueError for text that is no Unicode.

        Its names are ASCII and its values text, whole numbers and null, for which the
        standard library's sorted JSON is that form already, at a fifth of the cost.
        """
        members = {name: getattr(self, name) for name in Entry.__dataclass_fields__}
        if self.event is None:
            del members["event"]
        return _ENCODER.encode({"format": self.format, **members}).encode()


@dataclass(frozen=True, slots=True)
class Payload:
    """What was done in full: canonical JSON and the salt (hex) that hides it in the digest."""

    salt: str
    text: str

    @classmethod
    def seal(cls, payload: Mapping[str, Any]) -> Payload:
        """Salt a payload of JSON values, dates, enums or wire models. ValueError for other values."""
        return cls(secrets.token_hex(16), canonical(payload).decode())

    def digest(self) -> str:
        return self._salted(self.text.encode())

    def digest_of(self, body: Mapping[str, Any]) -> str:
        """Of an event, under the same salt. ValueError for a body that has no canonical form."""
        return self._salted(canonical(body))

    def _salted(self, content: bytes) -> str:
        return hashlib.sha256(bytes.fromhex(self.salt) + content).hexdigest()


def members(text: str | None) -> Mapping[str, Any]:
    """What a payload says, none for one that was erased or made unreadable."""
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def canonical(value: object) -> bytes:
    """RFC 8785 form of JSON values, dates, enums or wire models. ValueError for what has none."""
    encoded: bytes = rfc8785.dumps(to_jsonable_python(value))
    return encoded


def moment(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always 27 characters."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
