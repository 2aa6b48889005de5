"""The lists of a unit's tasks in cases that others lead (协办)."""

from datetime import datetime, timedelta

from server.case.rows.joint import unit_tasks as rows
from server.case.rules.joint.unit_task import UnitTaskTab
from server.case.wire.course.joint import UnitTaskRow, UnitTasks
from server.catalogue.rows import catalogue as catalogue_rows
from server.people.rows.people import person_refs
from server.rights.person import Act, Actor, may
from server.standards.working_days import CHINA_REGION, china_day, left
from server.store import Store
from signaling.refusals import Code, Refusal


async def listing(
    store: Store,
    actor: Actor,
    tab: UnitTaskTab,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> UnitTasks:
    """The tasks of the actor's unit under a tab. Refused: ``forbidden`` to who decides nothing there."""
    if not may(actor, Act.CASE_JUDGE, unit_id=actor.unit_id):
        raise Refusal(Code.FORBIDDEN)
    async with store.read() as connection:
        found = await rows.list_of_unit(connection, actor.unit_id, tab, after=after, limit=limit)
        to_do = await rows.count_to_do(connection, actor.unit_id)
        owners = {one.task.owner_id for one in found if one.task.owner_id}
        refs = await person_refs(connection, owners)
        today = china_day(store.clock.now())
        days = [one.task.next_on for one in found if one.task.next_on]
        known = (
            await catalogue_rows.known_days(
                connection,
                CHINA_REGION,
                min([today, *days]),
                max([today, *days]) + timedelta(days=1),
            )
            if days
            else {}
        )
    return UnitTasks(
        tasks=[
            UnitTaskRow(
                id=one.task.id,
                case_id=one.case_id,
                number=one.number,
                receipt_number=one.receipt_number,
                item_name=one.item_name,
                lead_name=one.lead_name,
                name=one.task.name,
                kind=one.task.kind,
                state=one.task.state,
                round=one.task.round,
                owner=refs.get(one.task.owner_id or ""),
                next_on=one.task.next_on,
                left=left(known, today, one.task.next_on) if one.task.next_on else None,
                opinion=one.task.answer.opinion if one.task.answer else None,
                asked_at=one.task.asked_at,
                ended_at=one.task.ended_at,
            )
            for one in found
        ],
        to_do=to_do,
        next_cursor=None,
    )
