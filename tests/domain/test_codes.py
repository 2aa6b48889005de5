"""The code tables and the interfaces that number otherwise."""

from __future__ import annotations

import pytest

from server.standards import codes
from server.standards.codes import ItemType, Pace, Satisfaction, Served
from signaling.refusals import Code, Refusal


@pytest.mark.parametrize(
    ("text", "member"),
    [("1", ItemType.LICENCE), ("01", ItemType.LICENCE), ("行政许可", ItemType.LICENCE),
     (" 20 ", ItemType.PUBLIC_SERVICE), ("10", ItemType.OTHER_POWER), ("7", ItemType.CONFIRMATION)],
)  # fmt: skip
def test_codes_and_words_are_read(text: str, member: ItemType) -> None:
    assert ItemType.read(text) is member


@pytest.mark.parametrize("text", ["", "99", "许可", "001", "１"])
def test_what_no_table_holds_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        ItemType.read(text)
    assert refused.value.code is Code.UNKNOWN_CODE


def test_the_national_interface_counts_satisfaction_the_other_way_round() -> None:
    assert codes.NATIONAL_RATING[Satisfaction.VERY_SATISFIED] == "5"
    assert codes.NATIONAL_RATING[Satisfaction.VERY_DISSATISFIED] == "1"
    for member in Satisfaction:
        number = codes.NATIONAL_RATING[member]
        assert codes.read_mapped(codes.NATIONAL_RATING, number) is member
        assert member.bad == (int(number) < 3)


def test_one_province_swaps_the_kinds_of_pace() -> None:
    assert Pace.AT_ONCE == "1"
    assert codes.PACE_SWAPPED[Pace.AT_ONCE] == "2"
    assert codes.read_mapped(codes.PACE_SWAPPED, "1") is Pace.PROMISED


def test_item_libraries_have_a_kind_of_company_more() -> None:
    assert codes.read_served("5") is Served.COMPANY
    assert codes.read_served("6") is Served.AUTHORITY
    assert codes.read_served("9") is Served.OTHER
    with pytest.raises(Refusal):
        codes.read_served("7")
