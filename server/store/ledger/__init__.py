"""The ledger: who did what, when, for whom, chained per subject and sealed in one tree."""

from server.store.ledger.entry import ERASE, GENESIS, OK, Entry, Payload, canonical, moment

__all__ = ["ERASE", "GENESIS", "OK", "Entry", "Payload", "canonical", "moment"]
