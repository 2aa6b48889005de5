"""From which side of a case a person acts, on whose behalf, and who reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

Side = Literal["window", "approver", "third", "supervisor"]
"""``third``: a unit that was invited into the live call; reads, says and comments, no more."""
WorkingSide = Literal["window", "approver"]
"""The two sides that work on a case."""
CaseAudience = Literal[Side, "applicant"]
"""The sides, and the applicant, for whom a clerk of the window turns the screen."""
Reader = Literal[CaseAudience, "task"]
"""As what a page reads a case; ``task``: for the tasks that its unit has in it."""
CASE_AUDIENCES: Final[tuple[CaseAudience, ...]] = get_args(CaseAudience)
Audience = Literal[CaseAudience, "party", "rung"]
"""Who reads: the first five read cases, the supervisor and the last two read calls."""
APPLICANT: Final = "applicant"
"""On whose behalf the window enters values."""
DONE_BY: Final[Mapping[WorkingSide, frozenset[str]]] = {
    "window": frozenset({
        "case.create", "case.consult", "case.register_consulted", "case.consent", "case.edit", "case.close_proposal", "case.grade",
        "case.sign", "case.submit", "case.promise", "case.print_form", "case.print_agent", "case.send_originals",
        "case.consent_earlier", "case.take_earlier", "case.invite_phone",
        "case.agree_electronic", "case.check_receiver", "case.renew_mandate",
    }),
    "approver": frozenset({
        "case.propose", "case.review", "case.check", "case.decide", "case.refer",
        "case.stop_clock", "case.resume_clock", "case.extend_limit", "case.move_promise", "case.verify",
        "case.receive_originals", "case.rule", "case.issue", "case.report",
        "case.ask_fee", "case.archive", "case.ask_unit", "case.return_task", "case.close_task",
        "case.cancel_task",
    }),
}  # fmt: skip
"""The acts on a case that are done from one side alone, by which the ledger tells who had a part in it."""


EVERYWHERE: Final = "*"
"""The place of what each scope sees."""


@dataclass(frozen=True, slots=True)
class TaskScope:
    """What a unit may see of a case for its tasks in it: keys of lines, and fields by name, ``group.column`` or as a whole group.

    Which rows a group has is seen where one of its columns is.

    From ``until`` on nothing is seen; by the time of the event, so that a late sweep shows no more.
    """

    unit_id: str
    lines: frozenset[str]
    fields: frozenset[str]
    until: datetime | None = None

    def sees(self, place: str) -> bool:
        """``line:<key>``, ``field:<path>``, ``task:<unit id>`` or ``*``; nothing of any other place, or of none."""
        kind, _, name = place.partition(":")
        match kind:
            case "line":
                return name in self.lines
            case "field":
                group, _, rest = name.partition(".")
                if group in self.fields:
                    return True
                column = f"{group}.{rest.rpartition('.')[2]}"
                return any(one == column if rest else one.startswith(column) for one in self.fields)
            case "task":
                return name == self.unit_id
            case _:
                return place == EVERYWHERE


class Part:
    """What rules and acts ask of whoever acts on a case or reads it, instead of of which side he is.

    One unit decides a whole case; whoever has a part of it to judge has its ``scope``, which answers for the
    places in it alone, spelt as ``TaskScope`` spells them.
    """

    __slots__ = ()
    side: str
    scope: TaskScope | None

    @property
    def fills(self) -> bool:
        """Whether he brings and fills in what the applicant hands in: at the window."""
        return self.side == "window"

    def judges(self, place: str = "") -> bool:
        """Whether he answers for a unit that decides what lies there; of no place, for that which decides
        the case."""
        return self.side == "approver" or (self.scope is not None and self.scope.sees(place))

    def writes(self, place: str = "") -> bool:
        """Whether he may write something there: who only watches does not, nor does who has a part of the case
        outside of it."""
        return not self.supervises and (self.scope is None or self.scope.sees(place))

    def handles(self, place: str = "") -> bool:
        """Whether the case is his to work on there, from either side: the others only see it."""
        return self.fills or self.judges(place)

    @property
    def supervises(self) -> bool:
        """Whether he only watches over it."""
        return self.side == "supervisor"


@dataclass(frozen=True)
class Hand(Part):
    """Who acts, and from which side of the case."""

    person_id: str
    side: Side | Literal["task"]
    scope: TaskScope | None = None
