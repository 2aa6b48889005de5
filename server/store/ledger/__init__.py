"""The ledger: who did what, when, for whom, chained per subject and sealed in one tree."""

from server.store.ledger.entry import ERASE, GENESIS, OK, Entry, Payload, canonical, moment
from server.store.ledger.journal import Journal, JournalDamaged
from server.store.ledger.sequencer import Sequencer
from server.store.ledger.verifier import Finding, Kind, Report, Verifier

__all__ = [
    "ERASE", "GENESIS", "OK", "Entry", "Finding", "Journal", "JournalDamaged", "Kind", "Payload",
    "Report", "Sequencer", "Verifier", "canonical", "moment",
]  # fmt: skip
