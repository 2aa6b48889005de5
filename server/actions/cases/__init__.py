"""Cases: registering, opening, consent, lists; and what calls need to know of a case.

Here is also who may see a case at all (``audience_of``), the one place for it. The form has its
own actions, so have decisions, materials, messages, comments and signing. Knows no HTTP.
"""

from server.actions.cases.acting import apart, rests_on
from server.actions.cases.admission import (
    Watched,
    admitted,
    audience_of,
    filling,
    header,
    shown,
    side_of,
    watched,
)
from server.actions.cases.calling import Dialling, card, dialling, mark_answered, mark_called
from server.actions.cases.listing import listing, places_of
from server.actions.cases.numbers import AHEAD, CALENDAR, due, number_of
from server.actions.cases.registering import commands, create, open_case, snapshot

__all__ = [
    "AHEAD", "CALENDAR", "Dialling", "Watched", "admitted", "apart", "audience_of", "card",
    "commands", "create", "dialling", "due", "filling", "header", "listing",
    "mark_answered", "mark_called", "number_of", "open_case", "places_of", "rests_on", "shown", "side_of", "snapshot", "watched",
]  # fmt: skip
