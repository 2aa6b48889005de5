"""Every shape that is filled from a thing of the rules gets each of its members from somewhere."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from server.case import views
from server.case.rules.materials.material import Material, Origin
from server.case.wire.materials import OriginView
from server.people.views import Filled
from signaling.wire.envelope import Message, PersonRef

ALL = {name: one for name, one in vars(views).items() if isinstance(one, Filled)}
AT = datetime(2026, 11, 2, tzinfo=UTC)
ANN = PersonRef(id="ann", name="安", staff_number="1", unit_id="u", unit_name="单位", place="济南")


@pytest.mark.parametrize("name", ALL)
def test_nothing_of_a_shape_is_left_unfilled(name: str) -> None:
    todo = [ALL[name]]
    for pair in todo:
        assert [*pair.faults()] == []
        todo += pair.inner.values()


def test_there_are_pairs() -> None:
    assert len(ALL) == 26


def test_what_fills_nothing_or_is_filled_by_nothing_is_told() -> None:
    class Shape(Message):
        """Has a member that the thing has not, and a shape that nothing fills."""

        by: PersonRef
        origin: OriginView
        more: str

    @dataclass
    class Thing:
        """Knows more than may leave."""

        by: str
        origin: Origin
        secret: str

    assert sorted(Filled(Shape, Thing, named={"less": "secret"}).faults()) == [
        "Shape has no less",
        "Shape.more: Thing has no more",
        "Shape.origin: nothing fills OriginView",
    ]


def test_people_are_looked_up_and_what_may_not_leave_stays() -> None:
    origin = Origin("other-case", "other-material", "登记", "身份证", "济南", AT)
    file = Material(
        "m", "identity", 1, "a.pdf", "stored", 1, "ann", AT, reviewed_by="ann", origin=origin
    )
    seen = views.material_view(file, {"ann": ANN})
    assert (seen.by, seen.reviewed_by, seen.graded_by) == (ANN, ANN, None)
    assert seen.origin == OriginView(item_name="登记", line_name="身份证", place="济南", at=AT)
    assert seen.viewed is None
    ready = replace(file, viewed_state="ready", viewed_type="application/pdf", viewed_bytes=2)
    assert views.material_view(ready, {"ann": ANN}).viewed is not None
    with pytest.raises(KeyError, match="ann"):
        views.material_view(file, {})
