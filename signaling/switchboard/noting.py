"""What the engine says of its rooms, kept in the record of their calls."""

from collections.abc import Collection

from signaling.call.inputs import MediaTurned, RecordingTurned
from signaling.call.parts import Call, CallId, LegId
from signaling.refusals import Code, Refusal
from signaling.subjects import ADVISED, PARTY, SUPERVISOR, of_call
from signaling.switchboard.changes import Changes
from signaling.switchboard.ports import CallBook, Screens
from signaling.wire.call import OfferWanted


class Noting:
    """A call that is not there is no error: the engine may speak of one that it lost."""

    def __init__(self, book: CallBook, screens: Screens, changes: Changes) -> None:
        self._book = book
        self._screens = screens
        self._changes = changes

    async def media_turned(self, call_id: str, leg_id: str, on: bool) -> None:
        """Packets of this leg flow, or flow no longer. A call that is not there is no error.

        Refused with what the store refuses: say it again then.
        """
        event = MediaTurned(LegId(leg_id), on)
        await self._changes.note(
            CallId(call_id), event, "leg.media_up" if on else "leg.media_down", leg_id
        )

    async def offer_wanted(self, call_id: str, leg_id: str) -> None:
        """The engine has more, or another, to offer to this leg: its page asks anew, wherever it is.

        A page that does not hear of it asks when it sees that more are there than it has lines for.
        Nobody but supervisors is told of what is for one who follows the call unseen.
        """
        call = await self.find(call_id)
        wanted = OfferWanted(call_id=call_id, leg_id=leg_id)
        seated = call is not None and any(leg.id == leg_id for leg in call.legs)
        for audience in (PARTY, ADVISED) if seated else (SUPERVISOR,):
            self._screens.ephemeral(of_call(call_id), audience, wanted)

    async def find(self, call_id: str) -> Call | None:
        """The call of a media room; None when there is none."""
        try:
            return await self._book.find(CallId(call_id))
        except Refusal as refusal:
            if refusal.code is not Code.NOT_FOUND:
                raise
            return None

    async def media_lost(self, calls: Collection[str]) -> None:
        """The engine is gone: nothing flows in these calls until their pages connect again."""
        for call_id in map(CallId, calls):
            call = await self.find(call_id)
            for leg in call.seated() if call else ():
                await self._changes.note(
                    call_id, MediaTurned(leg.id, False), "leg.media_down", leg.id
                )
                await self._changes.note(
                    call_id, RecordingTurned(leg.id, False), "recording.stopped", leg.id
                )
