"""What a worker is told of the seats of a call: who is there, who hears whom, what is stopped and recorded.

Knows a call and one worker's client; which worker that is, is known by the pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypedDict

import structlog

from media.client import MediaClient
from media.rejected import Rejected, Rejection
from signaling.call.parts import Call, CallState, Leg, Monitor, Seat, Way
from signaling.refusals import Code, Refusal

log = structlog.get_logger(__name__)

MIDS: Final = ("0", "1", "2", "3")
"""What a seat sends: microphone, face, document camera, screen."""

_CODES: Final = {
    Rejection.BAD_SDP: Code.BAD_SDP,
    Rejection.FINGERPRINT_MISSING: Code.BAD_SDP,
    Rejection.FULL: Code.MEDIA_FULL,
}


class HeldRoom(TypedDict):
    """Whether a room is held, and how often that has turned: an older word does nothing."""

    held: bool
    turn: int


async def seated(client: MediaClient, call: Call, leg: Leg | Monitor) -> str:
    """Add the party; one of the same name, or of a leg that is over, makes room for it.

    Who follows the call unseen is never recorded, and from his first packet on nobody gets more
    of him than ``heard_by`` says. Raises Rejected."""
    unseen = isinstance(leg, Monitor)
    record = call.recorded and not unseen
    place = list(Seat).index(leg.place if isinstance(leg, Monitor) else leg.seat)
    sends_to = heard_by(leg) if isinstance(leg, Monitor) else None
    add = partial(client.add_party, call.id, leg.id, record=record, place=place, sends_to=sends_to)
    try:
        return await add()
    except Rejected as rejected:
        if rejected.code not in (Rejection.PARTY_EXISTS, Rejection.FULL):
            raise
    over = {str(leg.id)} | {other.id for other in call.legs if other not in call.seated()}
    over |= {monitor.id for monitor in call.monitors if not monitor.unseen}
    for party in over:
        await leave(client, call.id, party)
    return await add()


async def leave(client: MediaClient, call_id: str, leg_id: str | None) -> None:
    """Take a party out of its room, or with None end the room; one that is not there is no error."""
    try:
        if leg_id is None:
            await client.close_room(call_id)
        else:
            await client.remove_party(call_id, leg_id)
    except Rejected as rejected:
        if rejected.code not in (Rejection.UNKNOWN_ROOM, Rejection.UNKNOWN_PARTY):
            log.warning("room.not_left", call=call_id, leg=leg_id, code=rejected.code)


async def let_through(client: MediaClient, call: Call) -> None:
    """Bring all parties in step with the call: what is stopped, held, recorded, and who hears whom. Raises Rejected."""
    unseen = [one for one in call.monitors if one.unseen]
    muted: dict[str, frozenset[str]] = {leg.id: stopped(leg) for leg in call.seated()}
    muted |= {monitor.id: stopped(monitor) for monitor in unseen}
    await client.let_through(call.id, muted=muted, recorded=call.recorded, **held(call))
    for monitor in unseen:
        sends_to = heard_by(monitor)
        try:
            await client.permit(call.id, monitor.id, receives_from=None, sends_to=sends_to)
        except Rejected as rejected:
            if rejected.code is not Rejection.UNKNOWN_PARTY:
                raise


def held(call: Call) -> HeldRoom:
    """Whether the room is held: before an answer, and while the call is on hold."""
    if call.state is CallState.OPEN:
        return {"held": True, "turn": 0}
    on_hold = call.on_hold() is not None
    return {"held": on_hold, "turn": 2 * len(call.holds) + (0 if on_hold else 1)}


def heard_by(monitor: Monitor) -> tuple[int, ...]:
    """The places that get what a supervisor sends: the approver's while he whispers, else none."""
    return (list(Seat).index(Seat.APPROVER),) if monitor.way is Way.WHISPER else ()


def stopped(leg: Leg | Monitor) -> frozenset[str]:
    """The m-lines whose packets the worker stops: of an unseen party all but the microphone."""
    return frozenset(MIDS) - {"0"} if isinstance(leg, Monitor) else leg.muted


@contextmanager
def refusing() -> Iterator[None]:
    """The engine's refusals become ours within the block."""
    try:
        yield
    except Rejected as rejected:
        raise refusal(rejected) from None


def refusal(rejected: Rejected) -> Refusal:
    """What we say for what the engine said."""
    if rejected.code is Rejection.BUSY:
        return Refusal(Code.MEDIA_BUSY, why=rejected.detail)
    return Refusal(_CODES.get(rejected.code, Code.MEDIA_UNAVAILABLE), engine=rejected.code.value)
