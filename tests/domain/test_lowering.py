"""What of a form becomes readable for more people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.catalogue.rules.item import Field
from server.catalogue.rules.lowering import lowered


def field(name: str, label: str, kind: str = "text", sensitive: bool = False) -> Field:
    return Field(name, label, label, kind, True, sensitive=sensitive)  # type: ignore[arg-type]


NUMBER = field("number", "证件号码", sensitive=True)
REMARK = field("remark", "备注")
OPEN = replace(NUMBER, sensitive=False)
OWNERS = replace(field("owners", "股东", "group"), columns=(NUMBER,))
BY_PLACE = (field("f1", "姓名"), field("f2", "证件号码", sensitive=True))


@pytest.mark.parametrize(
    "before, after, paths",
    [
        ((NUMBER,), (NUMBER, REMARK), []),
        ((NUMBER,), (REMARK,), ["remark"]),  # of the same kind, and it comes where that one goes
        ((NUMBER, REMARK), (REMARK,), []),
        ((NUMBER,), (OPEN,), ["number"]),
        ((NUMBER,), (replace(OPEN, label="号码"),), ["number"]),
        ((NUMBER,), (replace(OPEN, name="other", label="证件 号码"),), ["other"]),
        ((OWNERS,), (replace(OWNERS, columns=(OPEN,)),), ["owners.number"]),
        ((REMARK,), (REMARK, field("phone", "电话", "phone")), ["phone"]),
        ((field("phone", "电话", "phone"),), (field("phone", "座机", "phone"),), []),
        ((REMARK,), (replace(REMARK, sensitive=True),), []),
        # a list names fields by their place: this one only moved
        (BY_PLACE, (BY_PLACE[0], field("f2", "住址"), replace(BY_PLACE[1], name="f3")), []),
        (BY_PLACE, (BY_PLACE[0], replace(BY_PLACE[1], label="号码", sensitive=False)), ["f2"]),
    ],
)
def test_a_field_that_was_masked_and_would_be_open_is_found(
    before: tuple[Field, ...], after: tuple[Field, ...], paths: list[str]
) -> None:
    assert [one.path for one in lowered([before], after)] == paths
    assert lowered([], after) == [], "nothing was masked before the first form"


def test_all_forms_of_before_count() -> None:
    assert lowered([(REMARK,), (NUMBER, REMARK)], (OPEN, REMARK)) != []
