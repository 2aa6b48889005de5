"""What follows when a change of a call is committed: seats, expected legs and parties that it ends are let go."""

from signaling.call.parts import Call, CallState, LegState, MonitorId, Way
from signaling.seats import Seats
from signaling.subjects import ADVISED, SUPERVISOR, of_call
from signaling.switchboard.expected import Expected
from signaling.switchboard.ports import Begin, MediaRooms, Screens
from signaling.wire.monitor import MonitorChanged


class Settling:
    """``begin`` does beside what need not be waited for."""

    def __init__(
        self,
        seats: Seats,
        expected: Expected,
        rooms: MediaRooms,
        screens: Screens,
        begin: Begin,
    ) -> None:
        self._seats = seats
        self._expected = expected
        self._rooms = rooms
        self._screens = screens
        self._begin = begin

    def settle(self, before: Call, call: Call) -> None:
        """Let go of the seats that have ended, of those who were expected by a ring that is over, of the
        party of each who has left, and of the room when the call has ended."""
        for leg in call.legs:
            if leg.state is not LegState.JOINED:
                self._seats.free(leg.id)
        self._expected.settle(call)
        unseen = {monitor.id for monitor in call.monitors if monitor.unseen}
        left = [one.id for one in before.monitors if one.unseen and one.id not in unseen]
        for monitor_id in left:
            self._seats.free(monitor_id)
        if before.monitors != call.monitors:
            self._tell_of_monitors(before, call)
        if call.state is CallState.ENDED:
            self._begin(self._rooms.leave(call.id, None))
            return
        for monitor_id in left:
            self._begin(self._rooms.leave(call.id, monitor_id))
        there = {leg.seat for leg in call.seated()}
        for leg in before.seated():
            if leg.seat not in there:
                self._begin(self._rooms.leave(call.id, leg.id))

    def _tell_of_monitors(self, before: Call, call: Call) -> None:
        changed = MonitorChanged(call_id=call.id)
        self._screens.ephemeral(of_call(call.id), SUPERVISOR, changed)
        if _whispering(before) != _whispering(call):
            self._screens.ephemeral(of_call(call.id), ADVISED, changed)


def _whispering(call: Call) -> set[MonitorId]:
    return {one.id for one in call.monitors if one.unseen and one.way is Way.WHISPER}
