"""A trial of picture and sound with nobody there: commands."""

from typing import Literal

from signaling.wire.call import Sdp
from signaling.wire.envelope import Command, Id


class RehearsalOpen(Command):
    """Try out my devices with no call: a room of my own with two parties, one to send, one to receive.

    For whoever may sit in a call. Result: ``{rehearsal_id, send, receive, ice_servers, ends_at}``,
    where ``send`` and ``receive`` are the worker's offers. It ends after 90 s, when the person opens
    another, or by ``rehearsal.close``. Nothing of it is recorded. Refused: forbidden, throttled.
    """

    type: Literal["rehearsal.open"] = "rehearsal.open"


RehearsalParty = Literal["send", "receive"]


class RehearsalDescribe(Command):
    """The page's answer for one of the two. Never stored, never logged. Refused: not_found, bad_sdp."""

    type: Literal["rehearsal.describe"] = "rehearsal.describe"
    rehearsal_id: Id
    party: RehearsalParty
    sdp: Sdp


class RehearsalRestart(Command):
    """A new offer for the sending party, with new ICE credentials. Result: ``{sdp}``."""

    type: Literal["rehearsal.restart"] = "rehearsal.restart"
    rehearsal_id: Id


class RehearsalLook(Command):
    """What the worker has counted. Result: ``{packets}``: what came in, by m-line of the sending party."""

    type: Literal["rehearsal.look"] = "rehearsal.look"
    rehearsal_id: Id


class RehearsalClose(Command):
    """The end of it; one that has ended is no error."""

    type: Literal["rehearsal.close"] = "rehearsal.close"
    rehearsal_id: Id
