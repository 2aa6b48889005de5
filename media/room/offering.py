"""Offers and answers: the worker always offers, the page always answers, one negotiation of a party at a time."""

from collections.abc import Callable, Iterable

from media.control import MediaEvent, NewOfferWanted
from media.rejected import Rejected, Rejection
from media.room.parties import Party, Room
from media.wire.sdp import read_answer, write_offer


class Offering:
    """`codecs` are those of pictures that are offered, the preferred one first; `candidates` where the worker is
    reached; `emit` gets whose page is to ask anew."""

    def __init__(
        self,
        codecs: tuple[str, ...],
        fingerprint: str,
        candidates: list[tuple[str, int]],
        emit: Callable[[MediaEvent], None],
    ) -> None:
        self._codecs = codecs
        self._fingerprint = fingerprint
        self._candidates = candidates
        self._emit = emit

    def agree(self, room: Room) -> None:
        """Ask for a new offer to whoever sends a codec that another one does not take.

        Nothing of it is sent on meanwhile.
        """
        answered = [party for party in room.parties.values() if party.answered is not None]
        common = frozenset(self._codecs).intersection(*(party.codecs for party in answered))
        for party in answered:
            sends = party.answered.codecs[:1] if party.answered is not None else ()
            if common and not common.issuperset(sends):
                self._emit(NewOfferWanted(room.name, party.name))

    def offer(self, party: Party) -> str:
        """The next offer to this party, with the m-lines that it has by now."""
        party.version += 1
        party.offered = party.lines()
        others = [p for p in party.room.parties.values() if p is not party and p.answered]
        codecs = tuple(c for c in self._codecs if all(c in other.codecs for other in others))
        return write_offer(
            party.offered,
            codecs=codecs or self._codecs,
            session=party.session,
            version=party.version,
            ufrag=party.agent.current.ufrag,
            password=party.agent.current.password,
            fingerprint=self._fingerprint,
            candidates=self._candidates,
        )

    def answer(self, party: Party, sdp: str) -> None:
        """Take what its page answers to the last offer; refused with bad_sdp."""
        answer = read_answer(sdp, party.offered)
        if party.answered is not None and party.answered.fingerprint != answer.fingerprint:
            raise Rejected(Rejection.BAD_SDP, "the fingerprint changed")
        party.answered = answer
        party.codecs = frozenset(answer.codecs)
        party.reports = answer.transport_cc
        for line in answer.lines:
            track = party.tracks.get(line.mid)
            if track is not None and line.sends:
                for ssrc in line.ssrcs:
                    party.claim(ssrc, track)
            if line.mid in party.feeds:
                party.feeds[line.mid].wanted = line.receives

    def ask_anew(self, grown: Iterable[Party]) -> None:
        """Ask these for a new negotiation; who has not answered yet hears of it by his first."""
        for party in grown:
            if party.answered is not None:
                self._emit(NewOfferWanted(party.room.name, party.name))
