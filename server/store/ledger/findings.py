"""What a check of the ledger found: kinds of what can be wrong, findings, and the report of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

FINDINGS_AT_MOST: Final = 1_000


class FindingKind(StrEnum):
    """What is wrong. Shown to supervisors by a sentence of its own in each language."""

    ALTERED = "altered"
    """The entry's columns do not give its hash."""
    PAYLOAD = "payload"
    """The payload or its salt was altered, removed without an order, or belongs to no entry."""
    MISSING = "missing"
    """The entry was removed."""
    CHAIN = "chain"
    """The entry does not follow the one before it, or the subject's head is not its last entry."""
    LEAF = "leaf"
    """The entry does not stand at its number in the tree, or is another one than was sealed there."""
    HEAD = "head"
    """A signed head, the journal under it, or the sequencer's row does not hold."""
    EVENT = "event"
    """The event of the entry was altered or removed, or belongs to no entry."""
    ROW = "row"
    """A row of the record is not as the entry told it, was removed, or was told by none."""
    FILE = "file"
    """A sealed file that a row names is gone or was altered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, with the entry it is about as far as that can be told."""

    kind: FindingKind
    subject: str | None
    version: int | None
    leaf: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `sealed` entries are under the last signed head, signed at `head_at`.

    `subject` is the one that alone was checked. Of the entries `format_1` seal no event and tell no rows; the events of `pruned` were let go by
    age. Of the rows `untold` are older than format 2, so that no entry can speak for them (a row of
    which only a part is told counts among `rows`). `files` were hashed, each once.
    """

    ok: bool
    subject: str | None
    entries: int
    sealed: int
    root: str | None
    head_at: str | None
    erased: int
    format_1: int
    pruned: int
    rows: int
    untold: int
    files: int
    findings: list[Finding]


@dataclass(slots=True)
class Findings:
    """Findings so far; at most one of a kind for an entry."""

    findings: dict[tuple[object, ...], Finding] = field(default_factory=dict)

    def add(
        self,
        kind: FindingKind,
        text: str,
        subject: str | None,
        version: int | None,
        leaf: int | None = None,
    ) -> None:
        several = kind in (FindingKind.ROW, FindingKind.FILE)
        key = (kind, subject, version, text if several else leaf if subject is None else None)
        known = self.findings.get(key)
        if known is None and len(self.findings) < FINDINGS_AT_MOST:
            self.findings[key] = Finding(kind, subject, version, leaf, text)
        elif known is not None and known.leaf is None and leaf is not None:
            self.findings[key] = replace(known, leaf=leaf)

    def names(self, subject: str, version: int) -> bool:
        return any((kind, subject, version, None) in self.findings for kind in FindingKind)
