"""A case is registered, opened, consented to and called about: commands and events."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import StrictBool, StringConstraints

from server.case.rules.applying import Capacity
from server.case.rules.course.states import CaseState
from server.case.wire.course.consulting import Question
from server.case.wire.view import CaseView
from server.case.wire.words import CaseAct, CaseCommand, Consent
from server.catalogue.rules.item import (
    Mode,
)
from server.standards.identifiers import (
    UNSEEN,
    IdentityDocument,
)
from server.standards.languages import Language
from signaling.wire.envelope import Command, Event, Id, Message

Named = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=60,
        strip_whitespace=True,
        pattern=rf"^[^{UNSEEN}]*[^\s{UNSEEN}][^{UNSEEN}]*$",
    ),
]
"""Without characters that are not seen: what turns the direction of writing shows another name."""


class PrincipalEntry(Message):
    """For whom the person at the window applies; of a company its credit code is the number, and ``representative`` its
    法定代表人, who needs no entry where he came himself."""

    capacity: Capacity
    name: Named
    number: Annotated[str, StringConstraints(max_length=18, strip_whitespace=True, to_upper=True)]
    document: IdentityDocument = "identity_card"
    representative: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    mandate_until: date | None = None


class Registration(Command):
    """What registering a case (收件登记) asks for: the item, how it is handled, and who applies."""

    item_id: Id
    mode: Mode
    applicant_name: Named
    document: IdentityDocument = "identity_card"
    identity_number: Annotated[
        str, StringConstraints(max_length=18, strip_whitespace=True, to_upper=True)
    ]
    phone: Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]
    credit_code: (
        Annotated[str, StringConstraints(max_length=18, strip_whitespace=True, to_upper=True)]
        | None
    ) = None
    principal: PrincipalEntry | None = None
    """None: the person at the window applies for himself."""


class CaseCreate(Registration):
    """Register a case. Refused: bad identity number, number of another document, credit code or phone; principal_missing; unknown item. Result: ``{case_id}``."""

    type: Literal["case.create"] = "case.create"


class CaseConsult(Command):
    """咨询: ask a unit, with nothing of the person who asks. It may become a case (``case.register_consulted``).

    Refused: item_unavailable, not_found (of neither an item nor a known unit). Result: ``{case_id}``.
    """

    type: Literal["case.consult"] = "case.consult"
    item_id: Id | None = None
    """What it is about; its unit is asked."""
    unit_id: Id | None = None
    """The unit that is asked, where no item is named."""
    question: Question


class CaseRegisterConsulted(CaseAct, Registration):
    """收件登记 of what was only asked: the same record becomes a case, and a call about it goes on. Window only.

    Refused: other_step, item_unavailable (also of another unit than the one that is asked), and as ``case.create``.
    """

    type: Literal["case.register_consulted"] = "case.register_consulted"


class CaseOpen(CaseCommand):
    """Watch a case. Result: CaseOpened."""

    type: Literal["case.open"] = "case.open"
    as_applicant: bool = False
    """Read it as the turned screen shows it: nothing that is between members of staff. Window only."""


class ListedWatch(Command):
    """Hear when other cases stand in the lists of my unit, as long as one is on screen. Result: ``{unit_id}``;
    each change comes as ListedChanged. For who has a list of cases there. Refused: forbidden."""

    type: Literal["listed.watch"] = "listed.watch"
    on: StrictBool = True
    """False: no more."""


class ListedChanged(Message):
    """Ephemeral: a case came to the unit, new or handed in or from another unit, or went to another one.
    It names neither the case nor anybody: whoever looks at a list asks for it anew."""

    type: Literal["listed.changed"] = "listed.changed"
    unit_id: str
    what: Literal["opened", "submitted", "referred", "left", "tasked"]


class CaseConsent(CaseCommand):
    """The applicant's answer about recording; the text version shown is kept (A1)."""

    type: Literal["case.consent"] = "case.consent"
    given: StrictBool
    text_version: Annotated[str, StringConstraints(max_length=20)]
    language: Language


class CaseCreated(Event):
    """A case was registered, a consultation begun, or one became a case: the whole, as it stands."""

    type: Literal["case.created"] = "case.created"
    case: CaseView


class CaseConsented(Event):
    sets: ClassVar = {"consent": "consent"}

    type: Literal["case.consented"] = "case.consented"
    consent: Consent


class CaseCalled(Event):
    """A call about this case began."""

    sets: ClassVar = {"call_id": "call_id", "state": "state"}

    type: Literal["case.called"] = "case.called"
    call_id: str
    state: CaseState


class CaseAnswered(Event):
    """A call about this case was answered; the case is under review."""

    sets: ClassVar = {"call_id": "call_id", "state": "state"}

    type: Literal["case.answered"] = "case.answered"
    call_id: str
    state: CaseState
