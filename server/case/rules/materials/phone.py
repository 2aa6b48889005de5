"""A phone that brings pages to one line of one case: invited by a link that is used once and lives five minutes.

waiting < connected < finished | expired | withdrawn. The secret of the link is known to the window's
page and the phone; here there is only its SHA-256. Pure.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from server.catalogue.rules.item import OTHER_LINE, Item
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

PhoneState = Literal["waiting", "connected", "finished", "expired", "withdrawn"]
Ending = Literal["finished", "expired", "withdrawn"]

LIVES: Final = timedelta(minutes=5)
"""From the invitation on, used or not."""
PAGES_AT_MOST: Final = 40
"""Of one link."""
INVITED_AT_MOST: Final = 200
"""Links of one case: all of them are shown with it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One picture of a phone: the upload that brings it, and the material that it becomes."""

    upload_id: str
    material_id: str
    taken: bool = False
    """It lies among the papers that the window's page puts together."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One link and the phone that took it, when one did."""

    id: str
    case_id: str
    line: str
    by: str
    secret_sha256: str
    state: PhoneState
    version: int
    made_at: datetime
    expires_at: datetime
    token_sha256: str | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    pages: tuple[Page, ...] = ()

    @property
    def live(self) -> bool:
        return self.state in ("waiting", "connected")


def invite(
    item: Item,
    before: Sequence[Phone],
    id: str,
    case_id: str,
    line: str,
    secret_sha256: str,
    who: Hand,
    *,
    shut: bool,
    at: datetime,
    version: int,
) -> Phone:
    """A link for this line. Refused: not_yours (only the window invites), case_closed (``shut``: nothing
    comes to this line any more), line_unknown, throttled (200 links of a case)."""
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if shut:
        raise Refusal(Code.CASE_CLOSED)
    if line != OTHER_LINE and item.line(line) is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if len(before) >= INVITED_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return Phone(
        id, case_id, line, who.person_id, secret_sha256, "waiting", version, at, at + LIVES
    )


def connect(phone: Phone, secret_sha256: str, token_sha256: str, *, at: datetime) -> Phone:
    """The phone that shows the secret first. Refused as not_found whatever the reason: a wrong
    secret, a link that was used, has ended or is too old."""
    fits = hmac.compare_digest(phone.secret_sha256, secret_sha256)
    if not fits or phone.state != "waiting" or phone.expires_at <= at:
        raise Refusal(Code.NOT_FOUND)
    return replace(phone, state="connected", token_sha256=token_sha256, connected_at=at)


def bring(phone: Phone, page: Page, *, at: datetime) -> Phone:
    """One more page. Refused: not_found (not connected any more), throttled (40 pages)."""
    if not serves(phone, at):
        raise Refusal(Code.NOT_FOUND)
    if len(phone.pages) >= PAGES_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return replace(phone, pages=(*phone.pages, page))


def take(phone: Phone, material_id: str, stored: Iterable[str]) -> Phone:
    """The window has this page among its papers. Refused: material_not_stored (none of this link, not one of
    the ``stored`` files, or taken before)."""
    page = next((one for one in phone.pages if one.material_id == material_id), None)
    if page is None or page.taken or material_id not in stored:
        raise Refusal(Code.MATERIAL_NOT_STORED, material=material_id)
    took = replace(page, taken=True)
    return replace(phone, pages=tuple(took if one is page else one for one in phone.pages))


def serves(phone: Phone, at: datetime) -> bool:
    """Whether its phone may still bring something."""
    return phone.state == "connected" and phone.expires_at > at


def end(phone: Phone, how: Ending, *, at: datetime) -> Phone:
    """The end of the link; one that has ended stays as it is."""
    return replace(phone, state=how, ended_at=at) if phone.live else phone


def find(phones: Iterable[Phone], phone_id: str) -> Phone:
    """The link of this id. Refused: not_found."""
    found = next((one for one in phones if one.id == phone_id), None)
    if found is None:
        raise Refusal(Code.NOT_FOUND, phone=phone_id)
    return found
