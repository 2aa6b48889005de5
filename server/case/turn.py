"""The turn of a case: what every act on one does, written here once.

    repeat? -> lock -> read -> admit -> the act -> one batch: what changed, event, entry, ack -> then

An act is a function of a turn and its command that gives back what is ``Told``. It asks its rule, keeps
the case that the rule gave, and writes nothing by itself. What is no act of somebody's on one case (a call
that begins, the calendar) begins and tells by hand.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Self, TypeVar

from server.case import admission, rows
from server.case.acting import apart
from server.case.rules.case import Case
from server.case.rules.form import Form
from server.case.rules.materials.phone import Phone
from server.case.views import person_ref
from server.case.wire.registering import ListedChanged
from server.case.wire.words import CaseCommand
from server.people.rows.people import person_refs
from server.rights.connected import Connected, Handler, actor_of
from server.rights.hand import Hand
from server.rights.person import Act, Actor, may
from server.rights.subjects import of_case
from server.standards.numbering import STANDARD, Numbering
from server.store import Change, Store
from server.store.batch import Write
from server.store.subject import Told, Turn
from signaling.call.parts import Call
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command, PersonRef

Listed = Callable[[ListedChanged], None]
"""Tells that other cases stand in the lists of a unit, once that is committed."""


def _unlisted(changed: ListedChanged) -> None:
    """Nobody's lists are on screen where no node runs."""


async def _nowhere(*_: object) -> None:
    raise RuntimeError("an act needs what its module was not given")


@dataclass(frozen=True, slots=True)
class House:
    """What acts need of the node beside the store."""

    numbering: Numbering = STANDARD
    turned: Callable[[Call, Call], Awaitable[None]] = _nowhere
    """Brings seats and engine in step with a call, before and after, that was changed."""
    unlink: Callable[[Sequence[Phone]], Awaitable[None]] = _nowhere
    """Gives up what the phones of ended links were still sending."""
    listed: Listed = _unlisted

    async def tell(self, *changed: ListedChanged) -> None:
        for one in changed:
            self.listed(one)


PLAIN: Final = House()


class OnCase(Turn):
    """One act on a case that is locked. Made by ``begin`` or ``open`` alone."""

    actor: Actor
    hand: Hand
    """Who acts, and from which side; neither is there where the case was opened for nobody."""
    combined = False
    """Whether he has a part in both sides of the case, and its item lets him (即办可审核合一)."""
    looked = False
    """Whether this act says that the approver has seen the case as it was."""
    also: Sequence[str] = ()
    """The other subjects that were locked with the case."""
    _within: admission.InUnits

    def __init__(self, change: Change, case_id: str, version: int, house: House) -> None:
        super().__init__(change, of_case(case_id), version)
        self.house, self.case_id = house, case_id
        self.people: dict[str, PersonRef] = {}
        """Who stands in what was read, and the actor: a view names them without asking."""

    @classmethod
    async def open(cls, change: Change, case_id: str, house: House = PLAIN) -> Self:
        """Lock the case and read it for what nobody does from a side of it: a job, a call, the calendar.
        Refused ``not_found`` where there is none."""
        turn = cls(change, case_id, await change.lock(of_case(case_id)) + 1, house)
        found = await turn._read()
        if found is None:
            raise Refusal(Code.NOT_FOUND, case=case_id)
        turn._within = found
        return turn

    @classmethod
    async def begin(cls, change: Change, actor: Actor, case_id: str, house: House = PLAIN) -> Self:
        """Lock the case and read it; refused ``not_found`` where it does not exist for the actor."""
        turn = await cls.open(change, case_id, house)
        part = await admission.part_of(turn.connection, actor, turn._within)
        if part is None:
            raise Refusal(Code.NOT_FOUND, case=case_id)
        turn.people[actor.person_id] = person_ref(actor)
        turn.actor, turn.hand = actor, admission.hand_of(actor, part)
        return turn

    async def name(self, people: Iterable[str | None]) -> Mapping[str, PersonRef]:
        """Those who stand in what was read, and these besides."""
        unknown = {one for one in people if one} - self.people.keys()
        self.people |= await person_refs(self.connection, unknown)
        return self.people

    async def _read(self) -> admission.InUnits | None:
        raise NotImplementedError

    def _seen(self) -> rows.Looked | None:
        """What this act says of what the approver saw, once."""
        seen, self.looked = self.looked and self.hand.judges(), False
        return rows.Looked(self.at, self.version - 1) if seen else None

    def _changed(self) -> Sequence[Write]:
        looked = self._seen()
        return [] if looked is None else [rows.seen_by_approver(self.case_id, looked)]


class HeaderTurn(OnCase):
    """With as much of the case as rights ask for: one query."""

    header: rows.CaseHead

    async def _read(self) -> admission.InUnits | None:
        found = await rows.find_header(self.connection, self.case_id)
        if found is not None:
            self.header = found
        return found


class FormTurn(OnCase):
    """With the form as acts on it ask for it: one query."""

    form: Form
    _kept: Form

    async def _read(self) -> admission.InUnits | None:
        found = await rows.find_form(self.connection, self.case_id)
        if found is None:
            return None
        within, self.form = found
        self._kept = self.form
        return within

    def keep(self, form: Form) -> None:
        """The form as the rule gave it: whatever differs is written."""
        self._kept = form

    def _changed(self) -> Sequence[Write]:
        before, self.form = self.form, self._kept
        changed = rows.changed_form(self.connection, self.case_id, before, self.form)
        return [*changed, *super()._changed()]


class CaseTurn(OnCase):
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
        if self.hand.fills and may(actor, Act.CASE_JUDGE, unit_id=self.case.unit_id):
            self.hand = replace(self.hand, side="approver")
        self.combined = await apart(self.change, self.hand, self.case)

    def keep(self, case: Case) -> None:
        """The case as the rule gave it: whatever differs is written, and ``record`` has it when it is told."""
        self._kept = case

    def _changed(self) -> Sequence[Write]:
        before, self.case = self.case, self._kept
        self.record = replace(self.record, case=self.case, people=self.people)
        return rows.changed_case(self.connection, before, self.case, self._seen())


T = TypeVar("T", bound=OnCase)
C = TypeVar("C", bound=CaseCommand)
Answer = Awaitable[Told | Mapping[str, Any]]
"""What is told; a bare mapping is the ack's result where nothing was left to do."""
Run = Callable[[T, C], Answer]
Also = Callable[[rows.Connection, C], Awaitable[Sequence[str]]]
Answering = Callable[[Store, House, Connected, Any], Awaitable[Ack]]
KNOWN: Final[dict[str, type[CaseCommand]]] = {}
"""Every act on a case that is declared so far, by its name."""
JUDGING: Final[set[type[CaseCommand]]] = set()
"""Those of them that are acts of the approver (``Acts.judging``)."""


class Acts:
    """The acts of one module, as they are declared."""

    def __init__(self) -> None:
        self._own: dict[type[Command], Answering] = {}

    def on(
        self,
        command: type[C],
        kind: type[T],
        *,
        looks: bool = False,
        applicant: bool = False,
        also: Also[C] | None = None,
    ) -> Callable[[Run[T, C]], Run[T, C]]:
        """The function below answers this command; the ledger's act has the command's name.

        ``looks``: an approver who does it has seen the case as it was. ``applicant``: done on the screen
        that is turned to him, and refused ``not_yours`` on any other. ``also``: other subjects, which are
        locked with the case in one order.
        """
        return self._declare(command, kind, looks, applicant, also, judges=False)

    def judging(
        self, command: type[C], kind: type[CaseTurn], *, looks: bool = True
    ) -> Callable[[Run[CaseTurn, C]], Run[CaseTurn, C]]:
        """As ``on``, for an act of the approver; see ``CaseTurn.judge``. Its entry says ``combined``."""
        return self._declare(command, kind, looks, applicant=False, also=None, judges=True)

    def commands(self, store: Store, house: House = PLAIN) -> dict[type[Command], Handler]:
        """The handlers of this module, by command."""
        return {command: partial(answer, store, house) for command, answer in self._own.items()}

    def _declare(
        self,
        command: type[C],
        kind: type[T],
        looks: bool,
        applicant: bool,
        also: Also[C] | None,
        judges: bool,
    ) -> Callable[[Run[T, C]], Run[T, C]]:
        act = str(command.model_fields["type"].default)

        def declare(run: Run[T, C]) -> Run[T, C]:
            async def answer(store: Store, house: House, page: Connected, asked: C) -> Ack:
                actor, subject = actor_of(page), of_case(asked.case_id)
                # Locked in the query that looks for a repeat, unless others may come before it.
                async with store.change(actor, asked, of=None if also else subject) as change:
                    if applicant and page.watches(subject) != "applicant":
                        # Which cases there are is told as everywhere.
                        await kind.begin(change, actor, asked.case_id)
                        raise Refusal(Code.NOT_YOURS)
                    if change.replayed is not None:
                        return change.replayed
                    others = [] if also is None else await also(change.connection, asked)
                    for one in sorted({subject, *others}):
                        await change.lock(one)
                    turn = await kind.begin(change, actor, asked.case_id, house)
                    turn.looked, turn.also = looks, others
                    if judges and isinstance(turn, CaseTurn):
                        await turn.judge(actor)
                    told = await run(turn, asked)
                    if not isinstance(told, Told):
                        return change.ack(told)
                    if turn.combined:
                        told = replace(told, payload={**told.payload, "combined": True})
                    ack = change.ack(told.result)  # before it is told: written in the same go
                    await turn.tell(act, told)
                if told.after is not None:
                    await told.after()
                return ack

            if act in KNOWN:
                raise RuntimeError(f"two acts answer {act}")
            KNOWN[act], self._own[command] = command, answer
            if judges:
                JUDGING.add(command)
            return run

        return declare
