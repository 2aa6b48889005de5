"""双公示 of a unit: what it granted, what is due and what was exported when. Shapes only."""

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from server.case.rules.course.publishing import Withheld
from signaling.wire.envelope import Message


class GrantedView(Message):
    """A granted case, to be exported by ``due_on``. ``left``: working days; negative once it is over. A person's name is
    masked. ``withheld``: why it is not published."""

    case_id: str
    number: str | None
    item_name: str
    applicant_masked: str
    natural: bool
    granted_on: date
    due_on: date
    left: int
    exported_at: datetime | None
    withheld: Withheld | None
    note: str


class Publicity(Message):
    """What was granted on these days, the oldest first; ``more``: there are more than are told."""

    granted: list[GrantedView]
    more: bool


class PublicityDays(Message):
    """The days of 准予, in China; at most 92."""

    first: date
    last: date


class PublicityFile(Message):
    """The export: ``content`` is CSV; ``cases`` stand in it, ``withheld`` were left out."""

    name: str
    content: str
    cases: int
    withheld: int


class PublicityChoice(Message):
    """不予公示 for this reason, or null: it is published."""

    withheld: Withheld | None = None
    note: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True)] = ""
