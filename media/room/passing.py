"""What may pass in a room: nothing of anybody while it is held, and of each party all that it has not muted."""

from collections.abc import Mapping

from media.room.feedback import Requests
from media.room.parties import Party, Room
from media.room.taping import Taping


class Passing:
    def __init__(self, taping: Taping, requests: Requests) -> None:
        self._taping = taping
        self._requests = requests

    def sit(self, party: Party) -> None:
        """Who sits down in a held room sends nothing on either."""
        if party.room.held:
            for track in party.tracks.values():
                track.muted = True

    def let_through(
        self,
        room: Room,
        held: bool,
        turn: int,
        muted: Mapping[str, frozenset[str]],
        recorded: bool,
        now: float,
    ) -> None:
        """Hold the room or not, and of these parties, where they are there, exactly these lines. End
        what is recorded, unless it may be; nothing begins to be."""
        parties = room.parties
        if not recorded:
            for party in parties.values():
                self._taping.record(party, False)
        self.turn(room, held, turn, now)
        for name in muted.keys() & parties.keys():
            party = parties[name]
            for mid in party.tracks:
                (party.silenced.add if mid in muted[name] else party.silenced.discard)(mid)
                self._silence(party, mid, now)

    def turn(self, room: Room, held: bool, turn: int, now: float) -> None:
        """Hold the room or not, unless a later word of that was heard."""
        if turn >= room.turn:
            room.turn = turn
            self._hold(room, held, now)

    def _hold(self, room: Room, on: bool, now: float) -> None:
        """Let nobody of the room hear or see anyone, and no file anything, or let them again."""
        if room.held == on:
            return
        room.held = on
        for party in room.parties.values():
            for mid in party.tracks:
                self._silence(party, mid, now)

    def _silence(self, party: Party, mid: str, now: float) -> None:
        """Let the track's packets through, or stop them, as the room and what is muted say."""
        on = party.room.held or mid in party.silenced
        for stream in party.streams(mid):
            if stream.muted == on:
                continue
            stream.muted = on
            for feed in stream.feeds:
                feed.hold()
            self._taping.mute(party, stream)
            if not on:
                self._requests.ask_key_frame(stream, now)
