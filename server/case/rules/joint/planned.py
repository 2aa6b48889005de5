"""From the plan of an item to the tasks of a case. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from server.case.rules.applying import Applicant
from server.case.rules.form import SavedValue
from server.case.rules.joint.unit_task import UnitTask
from server.catalogue.rules.item import Item
from server.catalogue.rules.plan import PlanStep, order


def units(
    item: Item, applicant: Applicant, entries: Mapping[str, SavedValue]
) -> Iterator[tuple[PlanStep, str]]:
    """Each step of the plan whose unit is known by what stands in the case, with the id of that unit, in their order.
    A step that has none is left out: the lead asks for it by hand."""
    steps = {one.key: one for one in item.plan}
    for key in order(item.plan):
        step = steps[key]
        unit_id = step.unit_in(_region(step.region_of, applicant, entries))
        if unit_id is not None:
            yield step, unit_id


def task(
    step: PlanStep,
    id: str,
    unit_id: str,
    unit_name: str,
    at: datetime,
) -> UnitTask:
    """The task of this step at its unit, not asked for yet."""
    return UnitTask(
        id, step.key, 1, step.kind, unit_id, unit_name, step.name, step.wanted, step.lines, step.fields,
        step.days, at, step.after, step.accept_days, step.basis, step.silence,
    )  # fmt: skip


def _region(of: str, applicant: Applicant, entries: Mapping[str, SavedValue]) -> str:
    if not of:
        return ""
    if of == "applicant":
        return applicant.identity_number[:6] if applicant.document == "identity_card" else ""
    return entries[of].value if of in entries else ""
