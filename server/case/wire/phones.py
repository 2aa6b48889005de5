"""The applicant's phone: view, commands and event."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from server.case.rules.materials.phone import PhoneState
from server.case.wire.words import CaseCommand, Hash
from server.rights.seen import Put, Seen
from signaling.wire.envelope import Event, Id, Message, PersonRef


class PhoneView(Message):
    """A link by which one phone brings pages to a line. Its secret is nowhere but in the window's page
    and on the phone."""

    seen: ClassVar = Seen()

    id: str
    line: str
    state: PhoneState
    by: PersonRef
    made_at: datetime
    expires_at: datetime
    pages: list[str] = []
    """Ids of the materials (``page``) that it brought, in their order."""
    taken: list[str] = []
    """Those of them that the window has among its papers."""


class CaseInvitePhone(CaseCommand):
    """Let one phone bring pages to a line, for five minutes. The page makes the secret of the link and
    tells only its SHA-256; an earlier link of the case ends with this one. Window only.
    Refused: line_unknown, case_closed, throttled (200 links). Result: ``{phone_id, expires_at}``."""

    type: Literal["case.invite_phone"] = "case.invite_phone"
    line: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret_sha256: Hash


class CaseWithdrawPhone(CaseCommand):
    """End a link, whether a phone has taken it or not. Window only."""

    type: Literal["case.withdraw_phone"] = "case.withdraw_phone"
    phone_id: Id


class CaseTakePage(CaseCommand):
    """The window has a page of a phone among the papers that it puts together; the phone is told. Window only.
    Refused: not_found (no such link), material_not_stored (none of its pages, not stored, or taken before)."""

    type: Literal["case.take_page"] = "case.take_page"
    phone_id: Id
    material_id: Id


class PhoneChanged(Event):
    """The whole link as it is now."""

    into: ClassVar = (Put("phones", "phone"),)

    type: Literal["phone.changed"] = "phone.changed"
    phone: PhoneView
