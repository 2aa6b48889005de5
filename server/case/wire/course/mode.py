"""In which mode (通办形式) a case is handled from now on."""

from typing import ClassVar, Literal

from server.case.wire.words import CaseAct
from server.catalogue.rules.item import Mode
from signaling.wire.envelope import Event


class CaseChangeMode(CaseAct):
    """Handle the case in another mode, which its item has to offer. Window only, before the decision.

    Refused: other_step, case_archived, not_yours, item_unavailable, originals_sent (to 全程网办, once paper
    originals travelled).
    """

    type: Literal["case.change_mode"] = "case.change_mode"
    mode: Mode


class CaseModeChanged(Event):
    """The case is handled in this mode from now on."""

    sets: ClassVar = {"mode": "mode"}

    type: Literal["case.mode_changed"] = "case.mode_changed"
    mode: Mode
