"""The seats of one node: which page holds a leg or follows a call unseen, and when it was last heard.

Known in memory alone: after a restart the pages that come back take their seats again. What other
nodes need to know of it, the last sign of life, is written at intervals; ``Seats.unwritten`` says
what is due.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from signaling.call.inputs import Tick
from signaling.call.parts import Call, CallId, LegId, MonitorId

SEEN_WRITTEN_EVERY_S: Final = 5.0

SeatId = LegId | MonitorId
"""A leg's seat, or the place of one who follows a call unseen."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One page's hold on a seat."""

    call_id: CallId
    person_id: str
    page: str
    sid: str
    heard_at: datetime
    gone: bool = False
    """Its socket is closed; the page may come back with another."""


class Seats:
    """The seats that pages of this node hold, and the people who are heard here."""

    def __init__(self) -> None:
        self._seats: dict[SeatId, Sitting] = {}
        self._people_heard: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}

    def __contains__(self, seat_id: SeatId) -> bool:
        return seat_id in self._seats

    @property
    def calls(self) -> Collection[CallId]:
        """The calls of which a page holds a seat, or held it and may come back."""
        return {seat.call_id for seat in self._seats.values()}

    @property
    def left(self) -> Collection[CallId]:
        """Those of them with a seat whose socket is closed."""
        return {seat.call_id for seat in self._seats.values() if seat.gone}

    def sit(self, seat_id: SeatId, seat: Sitting) -> None:
        """From now on this page holds it, whoever held it before."""
        self._seats[seat_id] = seat

    def free(self, seat_id: SeatId) -> None:
        """Nobody holds it any more; nothing happens when nobody did."""
        self._seats.pop(seat_id, None)
        self._written.pop(seat_id, None)

    def of(self, call_id: CallId) -> Mapping[SeatId, Sitting]:
        """The seats of one call, as they are now."""
        return {one: seat for one, seat in self._seats.items() if seat.call_id == call_id}

    def held_by(self, sid: str) -> Iterator[tuple[SeatId, Sitting]]:
        """The seats of one socket."""
        return ((seat_id, seat) for seat_id, seat in self._seats.items() if seat.sid == sid)

    def person_heard(self, person_id: str, at: datetime) -> None:
        """A sign of life of a person, wherever he may sit."""
        self._people_heard[person_id] = at

    def heard(self, person_id: str, page: str, sid: str, at: datetime) -> bool:
        """A sign of life of a person's page over this socket; whether a seat that was gone is back."""
        self.person_heard(person_id, at)
        back = False
        for seat_id, seat in self._seats.items():
            if seat.page == page and seat.person_id == person_id:
                back = back or seat.gone
                self._seats[seat_id] = replace(seat, sid=sid, heard_at=at, gone=False)
        return back

    def gone(self, sid: str) -> bool:
        """This socket is closed, and its seats are silent from now on; whether it had any."""
        held = list(self.held_by(sid))
        for seat_id, seat in held:
            self._seats[seat_id] = replace(seat, gone=True)
        return bool(held)

    def tick(self, call: Call, seen: Mapping[SeatId, datetime]) -> Tick:
        """What is known of the seats of a call: of our own from memory, of the others by ``seen``."""
        slack = timedelta(seconds=SEEN_WRITTEN_EVERY_S)
        heard: dict[SeatId, datetime] = {}
        gone: set[SeatId] = set()
        unseen: list[SeatId] = [one.id for one in call.monitors if one.unseen]
        for seat_id in (*(leg.id for leg in call.seated()), *unseen):
            if seat := self._seats.get(seat_id):
                heard[seat_id] = seat.heard_at
                if seat.gone:
                    gone.add(seat_id)
            elif seat_id in seen:
                # Another node hears this leg, or did before a restart; it wrote that down this late.
                heard[seat_id] = seen[seat_id] + slack
        return Tick(heard, frozenset(gone))

    def unwritten(self) -> tuple[Mapping[str, datetime], Mapping[SeatId, datetime]]:
        """The signs of life, of people and of seats, that are to be written for the other nodes."""

        def due(key: str, heard_at: datetime) -> bool:
            # By what was written, not by when: a sign that was old by then must not wait as long again.
            written = self._written.get(key)
            return written is None or (heard_at - written).total_seconds() >= SEEN_WRITTEN_EVERY_S

        people = {one: at for one, at in self._people_heard.items() if due(one, at)}
        seats = {one: s.heard_at for one, s in self._seats.items() if due(one, s.heard_at)}
        return people, seats

    def wrote(
        self, people: Mapping[str, datetime], seats: Mapping[SeatId, datetime], before: datetime
    ) -> None:
        """These have been written; people who were not heard since ``before`` are forgotten."""
        self._written.update(people)
        self._written.update((str(seat_id), at) for seat_id, at in seats.items())
        for person_id, at in list(self._people_heard.items()):
            if at < before:
                del self._people_heard[person_id]
                self._written.pop(person_id, None)
