"""What comes from a phone, and how much may come, on HTTP. Shapes only."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from signaling.wire.envelope import Message


class TakePhone(Message):
    """A phone takes the link whose secret it was shown."""

    phone_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,100}$")]


class PhoneSession(Message):
    """What a phone may bring, to whose case, and until when."""

    case_id: str
    """Its 识别码 is told from it: of two applicants of one item it says which."""
    applicant_masked: str
    item_name: str
    line_name: str
    """Empty for what is on no line of the list."""
    sides: list[str]
    """正面, 反面: in which order its sides are taken; empty where it has none."""
    unit_name: str
    window_name: str
    expires_at: datetime
    pages: int
    """How many it has begun to bring."""
    taken: list[str]
    """Ids of the uploads of those that the window has among its papers."""
    pages_at_most: int
    max_bytes: int


class Limits(Message):
    """What an upload may be; told before it is chosen."""

    max_bytes: int
    media_types: list[str]
    upload_lives_s: int
    """An unfinished upload is given up this many seconds after it last took bytes."""
    files_left: int | None
    """How many files the asker may still bring now, by his quota and his unit's; null: any number."""
    bytes_left: int | None
    reads_cards: bool
    """Whether identity cards and business licences are read here."""
    quota_scarce: bool = False
    """Less than a tenth of one of the quotas is left."""
