"""The points of a notice (一次性告知): all that a case still lacks, told at once (行政许可法 32). Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from server.case.rules import checklist, form
from server.case.rules.checklist import Check
from server.case.rules.form import Form
from server.case.rules.materials import judging
from server.case.rules.materials.material import Material
from server.case.rules.talk import comment
from server.case.rules.talk.comment import Comment
from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import Item, Line
from server.catalogue.rules.schema import ValueFault


class Judged(Protocol):
    """As much of a case as a notice is about."""

    @property
    def item(self) -> Item: ...
    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def materials(self) -> Sequence[Material]: ...
    @property
    def form(self) -> Form: ...
    @property
    def comments(self) -> Sequence[Comment]: ...
    @property
    def checks(self) -> Mapping[str, Check]: ...


def points(case: Judged, at: datetime) -> list[Point]:
    """Every open point of a 补正 notice: materials, what is wrong in the form, open comments,
    lacking points of the checklist."""
    return [
        *judging.points(case.lines, case.materials),
        *(
            Point(f"field:{one.place.path}", _form_point(case.item, one))
            for one in form.faults(case.form, at)
        ),
        *comment.points(case.item, case.comments),
        *checklist.points(case.item, case.checks),
    ]


def _form_point(item: Item, fault: ValueFault) -> str:
    label, rule = fault.place.label, fault.rule
    if rule is None:
        said = {"required": "未填写", "too_few_rows": "行数不足"}.get(fault.why, "填写有误")
        return f"{said}：{label}"
    around = fault.place.group
    beside = {one.name: one for one in around.columns} if around else item.fields
    match rule.kind:
        case "not_before":
            return f"{label}：不得早于{beside[rule.other].label}"
        case "not_more":
            return f"{label}：不得大于{beside[rule.other].label}"
        case "different":
            return f"{label}：不得与{beside[rule.other].label}相同"
        case "sums_to":
            columns = {one.name: one for one in fault.place.field.columns}
            return f"{label}：{columns[rule.other].label}合计应为{rule.total}"
