"""The ledger: who did what, when, for whom, chained per subject and sealed in one tree."""

from server.store.ledger.entry import (
    ERASE,
    GENESIS,
    OK,
    PRUNE,
    PRUNED,
    Entry,
    Payload,
    canonical,
    moment,
)
from server.store.ledger.findings import Finding, FindingKind, Report
from server.store.ledger.journal import Journal, JournalDamaged, Records
from server.store.ledger.keys import LedgerElsewhere
from server.store.ledger.sequencer import Sequencer
from server.store.ledger.verifier import Verifier

__all__ = [
    "ERASE",
    "GENESIS",
    "OK",
    "PRUNE",
    "PRUNED",
    "Entry",
    "Finding",
    "FindingKind",
    "Journal",
    "JournalDamaged",
    "LedgerElsewhere",
    "Payload",
    "Records",
    "Report",
    "Sequencer",
    "Verifier",
    "canonical",
    "moment",
]  # fmt: skip
