"""The pages of this node that hold seats: who sits where, who is heard, who is gone.

What other nodes need to know of it is written down at intervals (``signaling.seats`` says when).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from signaling.call.parts import Call, CallId, Leg, Monitor, Patience
from signaling.seats import SeatId, Seats, Sitting
from signaling.switchboard.ports import Begin, CommandSource, MediaRooms, Roster


class Pages:
    """``seats`` is where it is kept; ``wake`` is called when time has more to do than it knew of."""

    def __init__(
        self,
        seats: Seats,
        roster: Roster,
        rooms: MediaRooms,
        patience: Patience,
        now: Callable[[], datetime],
        begin: Begin,
        wake: Callable[[], None],
    ) -> None:
        self._seats = seats
        self._roster = roster
        self._rooms = rooms
        self._patience = patience
        self._now = now
        self._begin = begin
        self._wake = wake

    def sit(self, call_id: CallId, seat_id: SeatId, line: CommandSource) -> None:
        """This page holds the seat from now on; what is no page holds none."""
        if line.page:
            who = line.who.person_id
            self._seats.sit(seat_id, Sitting(call_id, who, line.page, line.sid, self._now()))

    def sit_again(self, call: Call, leg: Leg | Monitor, line: CommandSource) -> None:
        """Who follows a call from a page that this node does not know yet is heard there from now on."""
        if isinstance(leg, Monitor) and leg.id not in self._seats:
            self.sit(call.id, leg.id, line)

    def heard(self, line: CommandSource) -> None:
        """This socket has given a sign of life; for ``Gateway.on_beat``."""
        if self._seats.heard(line.who.person_id, line.page, line.sid, self._now()):
            self._wake()

    def gone(self, line: CommandSource) -> None:
        """This socket is closed; for ``Gateway.on_gone``. Its seats are silent from now on."""
        if self._seats.gone(line.sid):
            self._wake()

    def signed_out(self, line: CommandSource) -> None:
        """The sign-in behind this socket is over; for ``Gateway.on_signed_out``. Nothing flows at its
        seats any more; their places are held for who signs in anew. Who is off duty now is shown so."""
        for seat_id, seat in self._seats.held_by(line.sid):
            self._begin(self._rooms.leave(seat.call_id, seat_id))
        self._wake()

    async def write_down(self, now: datetime) -> None:
        """Keep the signs of life that are due, for the other nodes."""
        people, seats = self._seats.unwritten()
        if people or seats:
            await self._roster.seen(people, seats)
        forgotten = now - timedelta(seconds=2 * self._patience.lost_after_s)
        self._seats.wrote(people, seats, forgotten)
