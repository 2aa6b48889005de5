"""Paper originals that travel (材料交接清单): what the window sends by courier, and what arrived.

    sent → received

The approver's side tells each line of the list, received or not; what differs is noted. The scans
of these papers are materials of their own and are not touched. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from server.case.rules.course import modes
from server.catalogue.rules.item import OTHER_LINE, Item, Mode
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

AT_MOST: Final = 50
"""Lists of one case."""


@dataclass(frozen=True)
class Sheet:
    """One line of the list: how many originals and copies of which material. ``received`` is None
    until it was looked at."""

    line: str
    originals: int
    copies: int
    received: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Handover:
    """One parcel; ``number`` counts within the case, ``version`` is the case's that sent it."""

    id: str
    number: int
    courier: str
    tracking: str
    sheets: tuple[Sheet, ...]
    by: str
    at: datetime
    version: int
    received_by: str | None = None
    received_at: datetime | None = None
    note: str = ""
    """Of who received it."""


@dataclass(frozen=True)
class Verdict:
    """Whether a line of the list was in the parcel as it says; ``note`` tells what differs."""

    received: bool
    note: str = ""


def send(
    item: Item,
    before: Sequence[Handover],
    new: Handover,
    who: Hand,
    *,
    mode: Mode,
    refused: bool,
) -> Handover:
    """A list that goes with a parcel. Papers travel after acceptance too.

    Refused: ``not_yours`` (not the window), ``case_closed`` (the case was refused), ``other_mode`` (全程网办 sends
    none), ``line_unknown``, ``malformed`` (a line twice), ``bad_number`` (a line of no paper), ``throttled`` (50 lists).
    """
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if refused:
        raise Refusal(Code.CASE_CLOSED)
    modes.takes_originals(mode)
    keys = [one.line for one in new.sheets]
    if unknown := [key for key in keys if key != OTHER_LINE and item.line(key) is None]:
        raise Refusal(Code.LINE_UNKNOWN, lines=",".join(unknown))
    if len(set(keys)) < len(keys):
        raise Refusal(Code.MALFORMED, fields="lines")
    if any(one.originals + one.copies < 1 for one in new.sheets):
        raise Refusal(Code.BAD_NUMBER, field="originals")
    if len(before) >= AT_MOST:
        raise Refusal(Code.THROTTLED)
    return replace(new, number=len(before) + 1)


def receive(
    handovers: Sequence[Handover],
    handover_id: str,
    verdicts: Mapping[str, Verdict],
    note: str,
    who: Hand,
    *,
    at: datetime,
) -> Handover:
    """The list after the parcel was opened, every line of it told at once.

    Refused: ``not_yours`` (not the approver), ``not_found``, ``stale`` (received already),
    ``malformed`` (not each of its lines), ``reason_missing`` (a line that is not there without a
    word about it).
    """
    if not who.judges():
        raise Refusal(Code.NOT_YOURS)
    held = next((one for one in handovers if one.id == handover_id), None)
    if held is None:
        raise Refusal(Code.NOT_FOUND, handover=handover_id)
    if held.received_at is not None:
        raise Refusal(Code.STALE, handover=handover_id)
    if {one.line for one in held.sheets} != verdicts.keys():
        raise Refusal(Code.MALFORMED, fields="lines")
    if any(not one.received and not one.note.strip() for one in verdicts.values()):
        raise Refusal(Code.REASON_MISSING)
    sheets = tuple(
        replace(one, received=told.received, note=told.note.strip())
        for one in held.sheets
        for told in [verdicts[one.line]]
    )
    return replace(
        held, sheets=sheets, received_by=who.person_id, received_at=at, note=note.strip()
    )
