"""Writing calls: a new one, and what differs between a call before and after an act."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from server.calls.rows.calls import CallHead, Connection
from server.store import batch
from server.store.tables import calls, cases, legs, monitors, rings
from signaling.call.parts import (
    Call,
    Leg,
    LegId,
    Monitor,
    MonitorId,
    Ring,
    RingId,
    RingState,
)

_INSERT_CALL: Final = calls.insert()
_INSERT_RING: Final = rings.insert()
_INSERT_LEG: Final = legs.insert()


async def add(
    connection: Connection, call: Call, header: CallHead, registered_at: datetime
) -> None:
    """Keep a new call about a case, of when it was registered, with its rings and its first leg, in one go."""
    values = {
        **_call_values(call),
        "id": call.id,
        "case_id": header.case_id,
        "caller_id": call.caller_id,
        "window_unit_id": header.window_unit_id,
        "target_unit_id": header.target_unit_id,
        "card": header.card,
        "recording_consented": call.recording_consented,
        "opened_at": call.opened_at,
    }
    of_call = {
        "call_id": call.id,
        "case_id": header.case_id,
        "window_unit_id": header.window_unit_id,
        "target_unit_id": header.target_unit_id,
        "opened_at": call.opened_at,
        "registered_at": registered_at,
    }
    await batch.write(
        connection,
        [
            (_INSERT_CALL, values),
            *((_INSERT_RING, _new_ring(call.id, ring)) for ring in call.rings),
            *((_INSERT_LEG, _new_leg(leg) | of_call) for leg in call.legs),
        ],
    )


async def save(connection: Connection, before: Call, after: Call) -> None:
    """Write what has changed between two states of a locked call."""
    if _call_values(before) != _call_values(after):
        await connection.execute(
            calls.update().where(calls.c.id == after.id).values(**_call_values(after))
        )
    closed: dict[tuple[RingState, datetime | None], list[RingId]] = {}
    for was, ring in zip(before.rings, after.rings, strict=False):
        if was is not ring:
            closed.setdefault((ring.state, ring.closed_at), []).append(ring.id)
    for (state, closed_at), ids in closed.items():
        await connection.execute(
            rings.update().where(rings.c.id.in_(ids)).values(state=state.value, closed_at=closed_at)
        )
    await _add_rings(connection, after.id, after.rings[len(before.rings) :])
    for old, leg in zip(before.legs, after.legs, strict=False):
        if old is not leg:
            await connection.execute(
                legs.update().where(legs.c.id == leg.id).values(**_leg_values(leg))
            )
    for leg in after.legs[len(before.legs) :]:
        await _add_leg(connection, after.id, leg)
    following = {monitor.id: monitor for monitor in before.monitors}
    for monitor in after.monitors:
        if monitor.id not in following:
            await _add_monitor(connection, after.id, monitor)
        elif monitor != following[monitor.id]:
            await connection.execute(
                monitors.update()
                .where(monitors.c.id == monitor.id)
                .values(**_monitor_values(monitor))
            )


async def show_card(connection: Connection, call_id: str, card: Mapping[str, Any]) -> None:
    """From now on whoever is rung in this call is shown this card."""
    await connection.execute(calls.update().where(calls.c.id == call_id).values(card=card))


async def heard(connection: Connection, seen: Mapping[LegId | MonitorId, datetime]) -> None:
    """Keep when these legs and monitors were last seen; it never goes back. One that an act has locked is passed
    over until the next time, as in ``roster.seen``."""
    for kept in (legs, monitors):
        free = await connection.scalars(
            sa.select(kept.c.id).where(kept.c.id.in_(seen)).with_for_update(skip_locked=True)
        )
        if due := [{"one": one, "at": seen[LegId(one)]} for one in free.all()]:
            await connection.execute(
                kept.update()
                .where(kept.c.id == sa.bindparam("one"), kept.c.last_seen_at < sa.bindparam("at"))
                .values(last_seen_at=sa.bindparam("at")),
                due,
            )


async def _add_rings(connection: Connection, call_id: str, added: Sequence[Ring]) -> None:
    await batch.write(connection, [(_INSERT_RING, _new_ring(call_id, ring)) for ring in added])


def _new_ring(call_id: str, ring: Ring) -> dict[str, Any]:
    return {
        "id": ring.id,
        "call_id": call_id,
        "target_id": ring.target_id,
        "state": ring.state.value,
        "rung_at": ring.rung_at,
        "deadline_at": ring.deadline_at,
        "closed_at": ring.closed_at,
        "invite_id": ring.invite_id,
        "invited_by": ring.invited_by,
        "note": ring.note,
    }


def _new_leg(leg: Leg) -> dict[str, Any]:
    return {
        **_leg_values(leg),
        "id": leg.id,
        "seat": leg.seat.value,
        "person_id": leg.person_id,
        "joined_at": leg.joined_at,
        "last_seen_at": leg.joined_at,
        "previous_leg_id": leg.previous_leg_id,
        "barged": leg.barged,
    }


async def _add_leg(connection: Connection, call_id: str, leg: Leg) -> None:
    """With what lists ask of its call and its case."""
    values = _new_leg(leg)
    of_call = {
        "call_id": calls.c.id,
        "case_id": calls.c.case_id,
        "window_unit_id": calls.c.window_unit_id,
        "target_unit_id": calls.c.target_unit_id,
        "opened_at": calls.c.opened_at,
        "registered_at": cases.c.created_at,
    }
    given = [sa.literal(value, legs.c[name].type) for name, value in values.items()]
    await connection.execute(
        legs.insert().from_select(
            [*values, *of_call],
            sa.select(*given, *of_call.values())
            .join(cases, cases.c.id == calls.c.case_id)
            .where(calls.c.id == call_id),
            include_defaults=False,
        )
    )


async def _add_monitor(connection: Connection, call_id: str, monitor: Monitor) -> None:
    await connection.execute(
        monitors.insert().values(
            **_monitor_values(monitor),
            id=monitor.id,
            call_id=call_id,
            person_id=monitor.person_id,
            reason=monitor.reason,
            began_at=monitor.began_at,
            last_seen_at=monitor.began_at,
        )
    )


def _monitor_values(monitor: Monitor) -> dict[str, Any]:
    return {
        "place": monitor.place.value,
        "way": monitor.way.value,
        "ended_at": monitor.ended_at,
        "ended": None if monitor.ended is None else monitor.ended.value,
    }


def _call_values(call: Call) -> dict[str, Any]:
    return {
        "state": call.state.value,
        "reason": None if call.reason is None else call.reason.value,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "consent_withdrawn_at": call.consent_withdrawn_at,
        "holds": [
            {
                "by": hold.by,
                "since": hold.since.isoformat(),
                "until": None if hold.until is None else hold.until.isoformat(),
            }
            for hold in call.holds
        ],
    }


def _leg_values(leg: Leg) -> dict[str, Any]:
    return {
        "state": leg.state.value,
        "silent": leg.silent,
        "media": leg.media,
        "recording": leg.recording,
        "muted": sorted(leg.muted),
        "lacking": sorted(leg.lacking),
        "ended_at": leg.ended_at,
        "held_until": leg.held_until,
    }
