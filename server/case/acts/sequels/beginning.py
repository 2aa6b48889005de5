"""发起后续办件: a case that follows a granted one, of the same applicant, begun at the window or by the unit itself."""

from dataclasses import replace
from functools import partial
from typing import Final

from server.case.acting import rests_on
from server.case.acts.course import listing
from server.case.acts.course.advancing import advanced
from server.case.acts.course.registering import at_window, begun, offered, registered, told
from server.case.rules.case import Case
from server.case.rules.course import sequels as rules
from server.case.rules.course.course import Sequel
from server.case.rules.course.sequels import SequelOf
from server.case.turn import Acts, CaseTurn, House
from server.case.wire.course.sequels import CaseBeginSequel
from server.case.wire.registering import ListedChanged
from server.catalogue.rows import catalogue as catalogue_rows
from server.catalogue.rules.item import Item
from server.rights.connected import Handler
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.standards.working_days import china_day
from server.store import Store
from server.store.subject import Told
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Command

acts: Final = Acts()


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""
    return acts.commands(store, House(listed=listing.telling(store)))


@acts.on(CaseBeginSequel, CaseTurn)
async def begin(turn: CaseTurn, command: CaseBeginSequel) -> Told:
    """The new case is registered in the same transaction. Refusals: ``server.case.rules.course.sequels.begin``,
    ``item_unavailable`` (out of use, or of another unit than decided)."""
    of_itself = command.of_itself
    if of_itself:
        await turn.judge(turn.actor)
    may = turn.hand.judges() if of_itself else turn.hand.fills
    rests = await rests_on(turn.change, turn.hand, command, turn.version - 1, may=may)
    first, new_case = turn.case, new_id()
    new = Sequel(new_case, command.kind, turn.hand.person_id, turn.at)
    after = rules.begin(
        first.course, first.state, new, command.reason, turn.hand, of_itself=of_itself
    )
    case = await _follows(turn, command, new_case)
    late = rules.late(command.kind, first.course, china_day(turn.at))
    payload = {
        **rests,
        "sequel": case.id,
        "kind": command.kind,
        "of_itself": of_itself,
        "reason": command.reason,
        **({"late": True} if late else {}),
    }
    done = advanced(
        turn,
        "sequel_begun",
        first.state,
        after,
        payload,
        partial(_begun, turn, case),
        on_behalf_of=None if of_itself else APPLICANT,
    )
    return replace(
        done,
        result={"case_id": case.id, "late": late},
        after=partial(turn.house.tell, ListedChanged(unit_id=case.unit_id, what="opened")),
    )


async def _follows(turn: CaseTurn, command: CaseBeginSequel, id: str) -> Case:
    """The case that begins: of whom the first one is, decided by who decided it. What the unit begins of itself lies at
    the window of the first."""
    first, of_itself = turn.case, command.of_itself
    item = await _item(turn, command.item_id)
    mode = first.mode if first.mode in item.modes else item.modes[0]
    window_id = first.window_id if of_itself else at_window(turn.actor)
    case = begun(turn.actor, window_id, item, mode, first.applicant, turn.at)
    of = SequelOf(
        first.id,
        first.number or "",
        command.kind,
        "unit" if of_itself else "applicant",
        command.reason.strip(),
    )
    return replace(
        case,
        id=id,
        item=rules.asked_of(case.item, of),
        unit_id=first.unit_id,
        window_unit_id=first.window_unit_id,
        clerk_id=first.clerk_id if of_itself else case.clerk_id,
        owner_id=turn.hand.person_id if of_itself else None,
        sequel_of=of,
    )


async def _item(turn: CaseTurn, item_id: str | None) -> Item:
    """Another item of the unit, or the newest version of the first case's that is in use."""
    first = turn.case
    if item_id is not None and item_id != first.item.id:
        item = await offered(turn.connection, item_id, None)
        if item.unit_id != first.item.unit_id:
            raise Refusal(Code.ITEM_UNAVAILABLE, item=item_id)
        return item
    versions = await catalogue_rows.find_versions(turn.connection, first.item)
    newest = next((one.item for one in versions if one.in_use), None)
    if newest is None:
        raise Refusal(Code.ITEM_UNAVAILABLE, item=first.item.id)
    return newest


async def _begun(turn: CaseTurn, case: Case) -> None:
    """Keep the new case, under the act that began it: who registers a case is of its window."""
    of = case.sequel_of
    act = "case.create" if of and of.begun_by == "applicant" else "case.begin_sequel"
    payload = {**registered(case), "sequel_of": rules.stored(of)}
    await told(turn.change, turn.actor, act, case, payload)
