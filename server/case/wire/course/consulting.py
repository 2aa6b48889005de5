"""咨询: what is asked before there is a case, and its answer."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from server.case.wire.words import CaseAct
from server.rights.seen import Seen, everywhere
from signaling.wire.envelope import Message, PersonRef

Question = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"\S")
]
Answer = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]


class ConsultationView(Message):
    """What was asked, by which clerk, and how it ended: answered, or registered as this case.

    ``talked_s``: how many seconds the calls about it lasted when it was answered.
    """

    seen: ClassVar = Seen(at=everywhere)

    question: str
    by: PersonRef
    at: datetime
    answer: str
    answered_by: PersonRef | None
    answered_at: datetime | None
    talked_s: int
    registered_at: datetime | None


class CaseConclude(CaseAct):
    """答复: the consultation ends with its answer, and becomes no case. Either side may write it down.

    Refused: other_step, not_yours, answer_missing.
    """

    type: Literal["case.conclude"] = "case.conclude"
    answer: Answer
