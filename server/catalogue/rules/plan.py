"""The plan of a joint item (联办方案): which units have which task, in which order, and what each may see. Pure.

A plan belongs to a version of its item, and a running case keeps the version that it began with: a plan that is
changed changes no case. The unit of a step is named, or is the one of several whose region fits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final, Literal, Self

from signaling.refusals import Code, Refusal

UnitTaskKind = Literal["joint", "opinion", "transfer"]
"""共同办理: it does its own part of the matter; 征求意见: it says what it thinks; 移交: it hands over what it keeps."""
Silence = Literal["nothing", "agreed"]
"""What it means when nobody answers in time: nothing, or 视为同意 where the law says so."""
STEPS_AT_MOST: Final = 20
ACCEPT_WITHIN: Final = 1
"""Working days in which a task that was asked for is accepted or given back, unless the plan says otherwise."""


@dataclass(frozen=True)
class PlanStep:
    """One task of a plan.

    ``units``: by the beginning of a region code (GB/T 2260), the empty one fits any, the id of the unit. ``region_of``:
    the field of the form whose region chooses among them, or ``applicant`` (where his identity card was issued); empty
    where the unit is named. ``after``: keys of the steps before it. ``lines``, ``fields``: what it may see of the case.
    ``days`` are working days of the unit, from its acceptance. ``basis``: its own 依据.
    """

    key: str
    name: str
    kind: UnitTaskKind
    units: Mapping[str, str]
    days: int
    wanted: str = ""
    region_of: str = ""
    after: tuple[str, ...] = ()
    accept_days: int = ACCEPT_WITHIN
    lines: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    basis: str = ""
    silence: Silence = "nothing"

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> Self:
        """Build from what ``dataclasses.asdict`` gave."""
        listed = {name: tuple(body.get(name, ())) for name in ("after", "lines", "fields")}
        return cls(**{**body, **listed})

    def unit_in(self, region: str) -> str | None:
        """The unit of the longest beginning that fits this region code; None: no unit of the step."""
        fits = [one for one in self.units if region.startswith(one)]
        return self.units[max(fits, key=len)] if fits else None


def order(steps: Iterable[PlanStep]) -> list[str]:
    """The keys of a plan, each behind those that it comes after.

    Refused ``bad_plan``: with ``why`` ``many`` (steps), ``twice`` (one key), ``unknown`` (comes after none of its steps),
    ``circle``, or ``unlawful`` (silence that agrees, without 依据).
    """
    listed = list(steps)
    keys = {one.key for one in listed}
    if len(listed) > STEPS_AT_MOST:
        raise Refusal(Code.BAD_PLAN, why="many", at_most=STEPS_AT_MOST)
    if len(keys) < len(listed):
        raise Refusal(Code.BAD_PLAN, why="twice")
    for one in listed:
        if unknown := sorted(set(one.after) - keys):
            raise Refusal(Code.BAD_PLAN, why="unknown", step=one.key, after=unknown[0])
        if one.silence == "agreed" and not one.basis.strip():
            raise Refusal(Code.BAD_PLAN, why="unlawful", step=one.key)
    try:
        return list(TopologicalSorter({one.key: one.after for one in listed}).static_order())
    except CycleError as circle:
        raise Refusal(Code.BAD_PLAN, why="circle", steps=",".join(circle.args[1])) from None
