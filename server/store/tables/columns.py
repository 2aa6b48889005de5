"""What columns are made of: their types, and the words that say what each of them is (``words``).

Times are timezone-aware UTC. Ids are 22 characters of base64url (128 random bits).
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from server.rights.subjects import of_call, of_case
from server.store.tables.words import derived, sealed, told_in, working


class Utc(TypeDecorator[datetime]):
    """A timezone-aware UTC moment; SQLite keeps ISO text, PostgreSQL timestamptz. A naive value is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

C = sa.Column
FACT = sealed()
ENTRY, PAYLOAD, EVENT, CHAIN, TREE = map(sealed, ("entry", "payload", "event", "chain", "tree"))
SIGN_IN = working("it lives for hours; that it was opened and closed are entries of the person")
GUESS = working("it slows guessing down; the failures themselves stand in the security log")
PRESENT = working("who is there now")
LISTED = derived("calls and cases")
NEWEST = derived("items.version")
HEARD = working("when a page was last heard; that it was lost is a state")
UNSAVED = working("a value that was not saved yet")
LEASE = working("a lease of seconds")
PHONE = working("it lives for minutes; what came by it stands in materials")
UPLOAD = working("bytes on their way; what became of them stands in materials")
ROOM = working("where the room is now")
MISSED = derived("calls that ended unanswered")
ASKED = derived("entries of missed.ask")
PHRASE = working("words on offer; what was said stands where it was said")
MARK = working("what was pointed at, for replay alone")
TURN = working("whose turn it is to seal")
JOB = working("work that is under way")
SENDING = working("when a message is tried, and how often it was; what became of it is a state")
LOOKED = working("what is new since the approver last looked is a hint")
OWED = derived("cases.promises and cases.decision")
DUE = derived("cases.state, submission, decision, course and created_at")
SERIALS = derived("cases.number, cases.receipt_number and papers.number")
ENDING = derived("cases.number")
GRANTED = derived("cases.course")
MIGRATING = working("what an upgrade left to enter; that it was entered stands in the course")
REFERRED = derived("cases.referrals")
OUTDATED = derived("field_history and materials after cases.submission")
ACK = working("the answer to a command that is sent again")
WATCHING = working("whose sockets watch from then on")
OF_CASE, OF_CALL = told_in(of_case("{case_id}"), made="at"), told_in(of_call("{call_id}"))
ID = sa.String(64)
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def key(*args: Any, **kw: Any) -> sa.Column[str]:
    """The column ``id``, by which a row is known."""
    return C("id", ID, *args, primary_key=True, **kw)
