"""A masked value that is looked at: view, command and event."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from server.case.wire.words import _PATH, CaseCommand, Reason
from server.rights.seen import STAFF, Put, Seen
from signaling.wire.envelope import Event, Message, PersonRef


class UnmaskingView(Message):
    """Somebody read a sensitive value whole, for a reason; the value is not here."""

    seen: ClassVar = Seen(to=STAFF)

    id: str
    what: str
    reason: str
    by: PersonRef
    at: datetime
    expires_at: datetime


class CaseUnmask(CaseCommand):
    """Read a sensitive value whole, for a minute, by a reason that is kept; the value is at
    ``GET /cases/{case_id}/unmasked/{unmasking_id}``. Approver and supervisor. Refused: field_unknown,
    reason_missing, throttled (200 a case). Result: ``{unmasking_id, expires_at}``."""

    type: Literal["case.unmask"] = "case.unmask"
    what: Annotated[
        str,
        StringConstraints(pattern=rf"^(identity_number|phone|field:{_PATH})$", max_length=70),
    ]
    reason: Reason


class CaseUnmasked(Event):
    """Skipped for the applicant's screen."""

    into: ClassVar = (Put("unmaskings", "unmasking"),)

    type: Literal["case.unmasked"] = "case.unmasked"
    unmasking: UnmaskingView
