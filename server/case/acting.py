"""What an act that counts rests on: the version of the case that its author saw, and the call in which he sits.

A decision, a referral, a turn of the clock and a paper are about what stood on the page. They are
refused when something that they rest on has changed since, and while their author speaks with somebody
about another case, until he says that he means this one. What was seen goes into the entry.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from server.calls.rows import calls as call_rows
from server.case.rows import Connection
from server.case.rules.case import Case
from server.case.wire.words import CaseAct
from server.rights.hand import DONE_BY, Hand, WorkingSide
from server.rights.subjects import of_case
from server.store import Change, Done, acts_after, has_done
from server.tasks import rows as task_rows
from signaling.refusals import Code, Refusal

CHANGES: Final[Mapping[str, str]] = {
    "case.edit": "values",
    "case.close_proposal": "values",
    "material.store": "materials",
    "material.quarantine": "materials",
    "case.take_earlier": "materials",
    "case.grade": "materials",
    "case.move_material": "materials",
    "case.promise": "materials",
    "case.move_promise": "materials",
    "case.verify": "materials",
    "case.review": "reviews",
    "case.check": "reviews",
    "case.comment": "comments",
    "case.reply": "comments",
    "case.resolve": "comments",
    "case.refer": "unit",
    "case.decide": "decision",
    "case.stop_clock": "decision",
    "case.resume_clock": "decision",
    "case.extend_limit": "decision",
    "case.recount": "decision",
    "case.rule": "course",
    "case.issue": "course",
    "case.report": "course",
    "case.ask_fee": "course",
    "case.settle_fee": "course",
    "case.agree_electronic": "course",
    "case.renew_mandate": "course",
    "case.begin_delivery": "course",
    "case.check_receiver": "course",
    "case.end_delivery": "course",
    "case.finish": "course",
    "case.archive": "course",
    "case.register_consulted": "course",
    "case.conclude": "course",
    "case.begin_sequel": "course",
    "case.end_sequel": "course",
    "case.migrate": "course",
}
"""The acts after which a case is another than was seen, and what they change of it. What is typed and not
saved, said, shown, drawn or asked to be looked at changes nothing that an act rests on."""
TOLD_AT_MOST: Final = 50


async def apart(change: Change, hand: Hand, case: Case) -> bool:
    """Whether who acts has a part in both sides of this case, as the ledger has it, whatever his roles are now.

    Refused: ``both_sides``, unless the item lets one person take and decide (即办可审核合一); of who helps or acts
    for its applicant (帮办, 代办), or did, always: he decides nothing of it.
    """
    if not hand.handles():
        return False  # of neither: what he may is asked elsewhere
    if hand.judges() and await task_rows.has_helped(change.connection, case.id, hand.person_id):
        raise Refusal(Code.BOTH_SIDES, case=case.id)
    other: WorkingSide = "approver" if hand.fills else "window"
    has = any(one.by == hand.person_id and one.side == other for one in case.materials)
    subject = of_case(case.id)
    if not has and not await has_done(change.connection, subject, hand.person_id, DONE_BY[other]):
        return False
    if not case.item.combined:
        raise Refusal(Code.BOTH_SIDES, case=case.id)
    return True


async def rests_on(
    change: Change, hand: Hand, command: CaseAct, version: int, *, may: bool
) -> dict[str, Any]:
    """What the entry of this act keeps of what its author saw; ``version`` is what the case is at now.

    Call it when the case is locked and the person admitted, before anything is changed. Refused:
    ``not_yours`` (he ``may`` not: it is the act of others); ``changed`` (by others, since the version that
    was seen), with ``changes`` as ``<what>:<where>`` with commas between; ``other_case_in_call`` (he
    sits in live calls about other cases, and has not said of each that he means this one all the same),
    with ``calls`` and ``cases``, each with commas between; ``stale`` (a version that the case has not
    reached).
    """
    if not may:
        raise Refusal(Code.NOT_YOURS, case=command.case_id)
    seen = command.seen_version
    if seen > version:
        raise Refusal(Code.STALE, version=version)
    if seen < version:
        found = await acts_after(
            change.connection,
            of_case(command.case_id),
            seen,
            CHANGES,
            but_by=hand.person_id,
        )
        told = list(dict.fromkeys(_where(one) for one in found if _counts(one)))
        if told:
            raise Refusal(
                Code.CHANGED,
                case=command.case_id,
                seen=seen,
                version=version,
                changes=",".join(told[:TOLD_AT_MOST]),
            )
    kept: dict[str, Any] = {"seen_version": seen, "version_before": version}
    seats = await call_rows.seats_of(change.connection, hand.person_id)
    others = sorted((call, case) for call, case in seats if case != command.case_id)
    if not {call for call, _ in others} <= set(command.other_call_ids):
        raise other_case(others)
    if others:
        kept |= {"others": [{"call": call, "case": case} for call, case in others]}
        kept["confirmed"] = True
    return kept


Seats = Sequence[tuple[str, str]]
"""The live calls in which somebody sits, and the case that each is about."""


def elsewhere(seats: Seats, case_id: str) -> bool:
    """Whether he sits in a call about another case, and in none about this one."""
    return bool(seats) and case_id not in {case for _, case in seats}


async def running(connection: Connection, case_id: str) -> tuple[bool, str | None]:
    """Whether the call that runs about this case is on hold, and which it is."""
    call_id = await call_rows.running_about(connection, case_id)
    call = None if call_id is None else await call_rows.find(connection, call_id)
    return call is not None and call.on_hold() is not None, call_id


def other_case(seats: Seats) -> Refusal:
    """``other_case_in_call``, with these ``calls`` and their ``cases``, each with commas between."""
    return Refusal(
        Code.OTHER_CASE_IN_CALL,
        calls=",".join(call for call, _ in seats),
        cases=",".join(dict.fromkeys(case for _, case in seats)),
    )


def _counts(one: Done) -> bool:
    """A proposal that was declined leaves the value as it was; a picture from a phone is no material yet."""
    if one.act == "case.close_proposal":
        return one.body.get("field_state") is not None
    material = one.body.get("material")
    return material is None or material["purpose"] == "material"


def _where(one: Done) -> str:
    """What changed, and where: the path of a field, the key of a line, or both as a comment has them."""
    what, body = CHANGES[one.act], one.body
    match what:
        case "values":
            where = body.get("field") or (body.get("proposal") or {}).get("field")
        case "materials" | "reviews" if "material" in body:
            where = body["material"]["line"]
        case "materials" if "to_line" in body:
            where = body["to_line"]
        case "materials":
            where = (body.get("promise") or {}).get("line")
        case "reviews":
            where = f"point:{body['point']}"
        case "comments":
            where = body["comment"]["on"]
        case _:
            where = None
    return f"{what}:{where}" if where else what
