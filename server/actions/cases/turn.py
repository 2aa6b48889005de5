"""The turn of a case: what every act on one does, written here once.

    repeat? -> lock -> read -> admit -> the act -> one batch: what changed, event, entry, ack -> then

An act is a function of a turn and its command that gives back what is ``Told``. It asks its rule, keeps
the case that the rule gave, and writes nothing by itself. What is no act of somebody's on one case (a call
that begins, the calendar) begins and tells by hand.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Self, TypedDict, TypeVar

from server.actions.cases import admission
from server.actions.cases.acting import apart
from server.actions.views import person_ref
from server.domain.case import Case
from server.domain.numbering import STANDARD, Numbering
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import Hand
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import cases as rows
from server.store.batch import Write
from server.wire.case import CaseCommand
from signaling.protocol import Ack, Command, Event, PersonRef
from signaling.refusals import Code, Refusal


class Stamp(TypedDict):
    """What every event bears: ``CaseSaid(**turn.stamp, saying=view)``."""

    subject: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an act. ``event`` None: no page shows it. ``about`` is the ledger's object.

    ``result`` is the ack's; ``beside`` is written in the same go and is no part of the case; ``then``
    follows in the same transaction, with events of its own: a paper, a job.
    """

    event: Event | None
    about: str
    payload: Mapping[str, Any]
    result: Mapping[str, Any] = field(default_factory=dict)
    on_behalf_of: str | None = None
    beside: Sequence[Write] = ()
    then: Callable[[], Awaitable[object]] | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What acts need of the node beside the store."""

    numbering: Numbering = STANDARD


PLAIN: Final = House()


class Turn:
    """One act on a case that is locked and exists for the actor. Made by ``begin`` alone."""

    actor: Actor
    hand: Hand
    """Who acts, and from which side."""
    combined = False
    """Whether he has a part in both sides of the case, and its item lets him (即办可审核合一)."""
    looked = False
    """Whether this act says that the approver has seen the case as it was."""

    def __init__(self, change: Change, case_id: str, version: int, house: House) -> None:
        self.house = house
        self.change, self.connection, self.at = change, change.connection, change.at
        self.case_id, self.subject = case_id, of_case(case_id)
        self.version = version
        """That which the next event will have; the one before it is what the case is at."""
        self.people: dict[str, PersonRef] = {}
        """Who stands in what was read, and the actor: a view names them without asking."""

    @classmethod
    async def begin(cls, change: Change, actor: Actor, case_id: str, house: House = PLAIN) -> Self:
        """Lock the case and read it; refused ``not_found`` where it does not exist for the actor."""
        turn = cls(change, case_id, await change.lock(of_case(case_id)) + 1, house)
        case = await turn._read()
        side = None if case is None else await admission.audience_of(turn.connection, actor, case)
        if case is None or side is None:
            raise Refusal(Code.NOT_FOUND, case=case_id)
        turn.people[actor.person_id] = person_ref(actor)
        turn.actor, turn.hand = actor, Hand(actor.person_id, side)
        return turn

    @property
    def stamp(self) -> Stamp:
        return Stamp(subject=self.subject, version=self.version, at=self.at)

    async def tell(self, act: str, told: Told) -> None:
        """Write what changed, the event and the entry in one go, then what follows."""
        seen = self.looked and self.hand.side == "approver"
        changed = self._changed(rows.Looked(self.at, self.version - 1) if seen else None)
        await self.change.record(
            self.subject,
            act,
            told.about,
            told.event,
            payload=told.payload,
            on_behalf_of=told.on_behalf_of,
            beside=[*changed, *told.beside],
        )
        if told.then is not None:
            await told.then()

    async def _read(self) -> admission.InUnits | None:
        raise NotImplementedError

    def _changed(self, looked: rows.Looked | None) -> list[Write]:
        return [] if looked is None else [rows.seen_by_approver(self.case_id, looked)]


class HeaderTurn(Turn):
    """With as much of the case as rights ask for: one query."""

    header: rows.Header

    async def _read(self) -> admission.InUnits | None:
        found = await rows.find_header(self.connection, self.case_id)
        if found is not None:
            self.header = found
        return found


class CaseTurn(Turn):
    """With the whole record, as it was before the act."""

    record: rows.Record
    case: Case
    _kept: Case

    async def _read(self) -> admission.InUnits | None:
        found = await rows.find(self.connection, self.case_id)
        if found is None:
            return None
        self.record, self.case, self._kept = found, found.case, found.case
        self.people.update(found.people)
        return found.case

    async def judge(self, actor: Actor) -> None:
        """For an act of the approver: who may judge the case acts from that side, though he is at the window
        besides; refused as ``acting.apart`` does."""
        if self.hand.side == "window" and may(actor, Act.CASE_JUDGE, unit_id=self.case.unit_id):
            self.hand = replace(self.hand, side="approver")
        self.combined = await apart(self.change, self.hand, self.case)

    def keep(self, case: Case) -> rows.Record:
        """The case as the rule gave it: whatever differs is written. Returns the record with it."""
        self._kept = case
        return replace(self.record, case=case, people=self.people)

    def _changed(self, looked: rows.Looked | None) -> list[Write]:
        return rows.changed_case(self.connection, self.case, self._kept, looked)


T = TypeVar("T", bound=Turn)
C = TypeVar("C", bound=CaseCommand)
Answer = Awaitable[Told | Mapping[str, Any]]
"""What is told; a bare mapping is the ack's result where nothing was left to do."""
Run = Callable[[T, C], Answer]
Answering = Callable[[Store, House, Connected, Any], Awaitable[Ack]]
KNOWN: Final[dict[str, type[CaseCommand]]] = {}
"""Every act on a case that is declared so far, by its name."""


class Acts:
    """The acts of one module, as they are declared."""

    def __init__(self) -> None:
        self._own: dict[type[Command], Answering] = {}

    def on(
        self, command: type[C], kind: type[T], *, looks: bool = False, applicant: bool = False
    ) -> Callable[[Run[T, C]], Run[T, C]]:
        """The function below answers this command; the ledger's act has the command's name.

        ``looks``: an approver who does it has seen the case as it was. ``applicant``: done on the screen
        that is turned to him, and refused ``not_yours`` on any other.
        """
        return self._declare(command, kind, looks, applicant, judges=False)

    def judging(
        self, command: type[C], kind: type[CaseTurn], *, looks: bool = True
    ) -> Callable[[Run[CaseTurn, C]], Run[CaseTurn, C]]:
        """As ``on``, for an act of the approver; see ``CaseTurn.judge``."""
        return self._declare(command, kind, looks, applicant=False, judges=True)

    def commands(self, store: Store, house: House = PLAIN) -> dict[type[Command], Handler]:
        """The handlers of this module, by command."""
        return {command: partial(answer, store, house) for command, answer in self._own.items()}

    def _declare(
        self, command: type[C], kind: type[T], looks: bool, applicant: bool, judges: bool
    ) -> Callable[[Run[T, C]], Run[T, C]]:
        act = str(command.model_fields["type"].default)

        def declare(run: Run[T, C]) -> Run[T, C]:
            async def answer(store: Store, house: House, page: Connected, asked: C) -> Ack:
                actor, subject = actor_of(page), of_case(asked.case_id)
                async with store.change(actor, asked, of=subject) as change:
                    if applicant and page.watches(subject) != "applicant":
                        # Which cases there are is told as everywhere.
                        await kind.begin(change, actor, asked.case_id)
                        raise Refusal(Code.NOT_YOURS)
                    if change.replayed is not None:
                        return change.replayed
                    turn = await kind.begin(change, actor, asked.case_id, house)
                    turn.looked = looks
                    if judges and isinstance(turn, CaseTurn):
                        await turn.judge(actor)
                    told = await run(turn, asked)
                    if not isinstance(told, Told):
                        return change.ack(told)
                    ack = change.ack(told.result)  # before it is told: written in the same go
                    await turn.tell(act, told)
                    return ack

            assert act not in KNOWN, f"two acts answer {act}"
            KNOWN[act], self._own[command] = command, answer
            return run

        return declare
