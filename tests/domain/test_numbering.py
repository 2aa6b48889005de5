"""办件编号 from a template."""

from __future__ import annotations

from datetime import date

import pytest

from server.standards.numbering import END, STANDARD, Numbering, Sought, end_of, sought

CODE = "11370211MB287554194000131012001"
ON = date(2026, 11, 23)


def test_the_standard_number_is_code_day_and_serial() -> None:
    prefix = STANDARD.prefix(CODE, ON)
    assert prefix == f"{CODE}20261123"
    assert STANDARD.number(prefix, 1) == f"{CODE}202611230001"
    assert len(STANDARD.number(prefix, 1)) == 43
    assert STANDARD.number(prefix, 9_999).endswith("202611239999")
    assert len(STANDARD.number(prefix, 10_000)) == 44


def test_a_long_code_is_cut_and_its_serial_counts_under_what_is_left() -> None:
    one = "511Z07001006-511602000000-000-11511301008778183N-1-00"
    other = "511Z07001006-511602000000-000-11511301008778183N-1-01"
    assert STANDARD.prefix(one, ON) == STANDARD.prefix(other, ON)
    assert len(STANDARD.number(STANDARD.prefix(one, ON), 1)) == 43


def test_places_number_as_they_are_asked_to() -> None:
    numbering = Numbering("37{code:.20}-{day:%y%m%d}-{serial:06d}")
    assert numbering.number(numbering.prefix(CODE, ON), 7) == f"37{CODE[:20]}-261123-000007"


@pytest.mark.parametrize(
    "template",
    [
        "{code}{day:%Y%m%d}{serial:04d}",  # a code of 64 makes it too long
        "{code:.31}{serial:04d}",  # no day: would never begin anew
        "{day:%Y%m%d}{serial:04d}A",  # something behind the serial
        "{serial:04d}{day:%Y%m%d}",
        "{day:%Y%m%d}{serial}{serial}",
        "{day:%Y%m%d}{name}{serial}",
        "{day.__class__}{day}{serial}",
        "{day:%Y/%m/%d}{serial}",
        "{day:%Y年}{serial}",
        "{day:%Y%m%d}",
        "{0}{day}{serial}",
        "{",
        "",
    ],
)
def test_what_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says another thing
        Numbering(template)


WHOLE = "1137020201122334455667788990001202611240012"
CODED = "11370000MB2854812A4370001001201202611240012"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (WHOLE, Sought(end=WHOLE)),
        (WHOLE[-8:], Sought(end="11240012")),
        ("1124 0012", Sought(end="11240012")),
        ("１１２４００１２", Sought(end="11240012")),
        ("2026-11-24-0012", Sought(end="2026-11-24-0012")),
        (CODED, Sought(end=CODED)),
        ("S-1124-0012", Sought(receipt="S-1124-0012")),
        ("s-1124-00123", Sought(receipt="S-1124-00123")),
        ("Ｓ－１１２４－００１２", Sought(receipt="S-1124-0012")),
        ("s11240012", Sought(receipt="S-1124-0012")),
        ("1124-0012", Sought(receipt="S-1124-0012")),
        *((text, None) for text in (
            "", "0012", "1240012", "2026-11-24", "孙", "营业执照", "IMG_20261124.jpg", "申请书20261124",
            "S-1124", "12345678 号", "%_%_%_%_", "-12345678", "1" * 51,
        )),
    ],
)  # fmt: skip
def test_what_is_long_enough_for_a_number_is_looked_for_as_one(
    typed: str, number: Sought | None
) -> None:
    assert sought(typed) == number


def test_a_number_is_found_by_its_end() -> None:
    whole = STANDARD.number("x" * 31 + "20261124", 12)
    assert end_of(whole) == "11240012"
    assert end_of("S-1") == "S-1"
    assert end_of(None) is None
    assert len(end_of(whole) or "") == END
