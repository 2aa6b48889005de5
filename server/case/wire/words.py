"""Words that the shapes of a case share, its applicant and his consent, and the commands about a case."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints

from server.case.rules.applying import Capacity
from server.rights.seen import Seen, everywhere
from server.standards.identifiers import (
    IdentityDocument,
    mask_document,
    mask_phone,
)
from server.standards.languages import Language
from signaling.wire.envelope import Command, Id, Message, PersonRef

_PATH = r"[a-z][a-z0-9_]{0,63}(\.[a-z0-9]{2,12}\.[a-z][a-z0-9_]{0,63})?"
FieldName = Annotated[str, StringConstraints(pattern=f"^{_PATH}$", max_length=64)]
"""A field of the form, or a cell of a repeated group as ``<group>.<row>.<column>``."""
FieldValue = Annotated[str, StringConstraints(max_length=2000)]
Reason = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""As far as the databases count."""
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True, pattern=r"\S")
]
Anchor = Annotated[
    str,
    StringConstraints(pattern=rf"^(case|field:{_PATH}|line:[A-Za-z0-9_-]{{1,64}})$", max_length=70),
]
"""What a comment is about: ``case``, ``field:<path>`` or ``line:<key>``."""
Slot = Annotated[int, Field(ge=1, le=1_000)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
"""A place in a document or pad as a share of its width or height, from the left or the top."""


class Principal(Message):
    """For whom the person at the window applies, and as what he came: a company with its 统一社会信用代码 and its
    法定代表人, or a person with the number of his document, masked as the applicant's is. ``mandate_until``: the last day
    of the 授权委托书, None up to the end of the matter."""

    seen: ClassVar = Seen(at=everywhere)

    capacity: Capacity
    name: str
    credit_code: str | None
    document: IdentityDocument | None
    identity_number: str
    """Empty of a company."""
    representative: str
    mandate_until: date | None

    def masked(self) -> Self:
        """With the number of a person masked."""
        return self.model_copy(update={"identity_number": mask_document(self.identity_number)})


class Applicant(Message):
    seen: ClassVar = Seen(
        at=everywhere,
        masks={
            "identity_number": mask_document,
            "phone": mask_phone,
            "principal": lambda of: of and of.masked(),
        },
    )

    name: str
    identity_number: str
    """Masked (370103************) unless the audience is the window."""
    phone: str
    credit_code: str | None = None
    document: IdentityDocument = "identity_card"
    """Of which ``identity_number`` is the number."""
    principal: Principal | None = None
    """None: he applies for himself."""


class Consent(Message):
    seen: ClassVar = Seen()

    given: bool
    text_version: str
    language: Language
    at: datetime
    taken_by: PersonRef


class CaseCommand(Command):
    """Something a page asks for about one case."""

    case_id: Id


class CaseAct(CaseCommand):
    """An act that counts: it decides, refers, turns the clock or makes a paper. It names what its author saw.

    Refused besides: ``changed`` when others have changed values, materials, reviews, comments, the unit
    or the decision since (``changes`` says what: ``values:<field>``, ``materials:<line>``,
    ``reviews:<line>`` or ``reviews:point:<key>``, ``comments:<anchor>``, ``unit``, ``decision``);
    ``other_case_in_call`` while he sits in live calls about other cases (``calls``, ``cases``), until
    ``other_call_ids`` names each of them; ``stale`` for a version that the case has not reached.
    """

    seen_version: Version
    """The version of the case that the page showed."""
    other_call_ids: list[Id] = []
    """His yes: he means this case, though he sits in these calls about others."""
