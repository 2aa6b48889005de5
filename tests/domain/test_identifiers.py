"""Numbers of people, bodies and cases: published examples, traps of other codes, properties."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from server.standards import identifiers
from signaling.refusals import Code, Refusal

TODAY = date(2026, 11, 23)


def refused(rule: Callable[[], object]) -> Code:
    with pytest.raises(Refusal) as caught:
        rule()
    return caught.value.code


def numbered(base: str) -> str:
    return base + ric.calc_check_digit(base + "0")


@pytest.mark.parametrize(
    "given_number, canonical",
    [
        ("11010519491231002X", "11010519491231002X"),  # the example of GB 11643-1999
        (" 110105 19491231 002x ", "11010519491231002X"),
        (numbered("81000019900101001"), numbered("81000019900101001")),  # Hong Kong permit
        (numbered("82000019900101001"), numbered("82000019900101001")),
        (numbered("83000019900101001"), numbered("83000019900101001")),
        (numbered("93712319900101001"), numbered("93712319900101001")),  # foreigner's card
        (numbered("37010320261123001"), numbered("37010320261123001")),  # born today
    ],
)
def test_takes_identity_numbers(given_number: str, canonical: str) -> None:
    assert identifiers.identity_number(given_number, today=TODAY) == canonical


@pytest.mark.parametrize(
    "number, code",
    [
        ("110105194912310021", Code.BAD_IDENTITY_NUMBER),  # X made 1
        ("11010519491231003X", Code.BAD_IDENTITY_NUMBER),  # one digit wrong
        ("11010519491231002", Code.BAD_IDENTITY_NUMBER),  # 17 characters
        ("110105491231002", Code.BAD_IDENTITY_NUMBER),  # the 15 digits of before 1999
        ("1101051949123100ⅩX", Code.BAD_IDENTITY_NUMBER),
        ("１１０１０５１９４９１２３１００２X", Code.BAD_IDENTITY_NUMBER),  # full-width digits
        ("", Code.BAD_IDENTITY_NUMBER),
        (numbered("99010519491231002"), Code.BAD_IDENTITY_NUMBER),  # no province 90
        (numbered("16010519491231002"), Code.BAD_IDENTITY_NUMBER),  # no province 16
        (numbered("37010319900230001"), Code.BAD_DATE),  # 30 February
        (numbered("37010319901301001"), Code.BAD_DATE),  # 13th month
        (numbered("37010300000101001"), Code.BAD_DATE),
        (numbered("37010320261124001"), Code.BAD_DATE),  # born tomorrow
        (numbered("37010318791231001"), Code.BAD_DATE),
    ],
)
def test_refuses_identity_numbers(number: str, code: Code) -> None:
    assert refused(lambda: identifiers.identity_number(number, today=TODAY)) is code


@given(
    st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9)
)
def test_one_wrong_digit_is_always_found(born: date, order: int, at: int, by: int) -> None:
    number = numbered(f"370103{born:%Y%m%d}{order:03d}")
    assert identifiers.identity_number(number, today=TODAY) == number
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    refused(lambda: identifiers.identity_number(wrong, today=TODAY))


@pytest.mark.parametrize(
    "code",
    ["91350100M000100Y43", "91110000600037341L", "91350100-M000100Y43", "91350100m000100y43"],
)
def test_takes_credit_codes(code: str) -> None:
    assert identifiers.credit_code(code) == code.replace("-", "").upper()


@given(st.text(identifiers.CREDIT_ALPHABET, min_size=16, max_size=16), st.sampled_from("ANY1359"))
def test_credit_codes_that_begin_with_a_letter_are_legal(rest: str, first: str) -> None:
    good = [
        first + rest + last
        for last in identifiers.CREDIT_ALPHABET
        if _taken(lambda last=last: identifiers.credit_code(first + rest + last))  # type: ignore[misc]
    ]
    assert len(good) == 1


def _taken(rule: Callable[[], object]) -> bool:
    try:
        rule()
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y4Z",  # the published wrong example
        "91350100M000100Y42",
        "91350100I000100Y43",  # I is not in the alphabet
        "91350100M000100Y4",
        "",
    ],
)
def test_refuses_credit_codes(code: str) -> None:
    assert refused(lambda: identifiers.credit_code(code)) is Code.BAD_CREDIT_CODE


@pytest.mark.parametrize(
    "text, digits",
    [
        ("138 0531 6217", "13805316217"),
        ("+86 13805316217", "13805316217"),
        ("86-13805316217", "13805316217"),
        ("0531-82012345", "053182012345"),
        ("010 6500 1234", "01065001234"),
    ],
)
def test_takes_phones(text: str, digits: str) -> None:
    assert identifiers.phone(text) == digits


@pytest.mark.parametrize(
    "text", ["", "12345", "12805316217", "1380531621", "13805316217x", "１３８０５３１６２１７"]
)
def test_refuses_phones(text: str) -> None:
    assert refused(lambda: identifiers.phone(text)) is Code.BAD_PHONE


@pytest.mark.parametrize(
    "text", ["2026-11-18", "20261118", "2026.11.18", "2026/11/18", "2026年11月18日"]
)
def test_takes_days(text: str) -> None:
    assert identifiers.day(text) == "2026-11-18"


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01", "0000-01-01", "tomorrow", "2026-11", ""]
)
def test_refuses_days(text: str) -> None:
    assert refused(lambda: identifiers.day(text)) is Code.BAD_DATE


def test_masks() -> None:
    assert identifiers.mask_identity_number("370103198506072846") == "370103************"
    assert identifiers.mask_phone("13805316217") == "138****6217"
    assert identifiers.mask_name("孙雅宁") == "孙**"
    assert identifiers.mask_name("欧") == "欧**"
    assert identifiers.mask("370103198506072846") == "370103************"
    assert identifiers.mask("13805316217") == "138****6217"


@given(st.text(max_size=40))
def test_an_unfinished_or_unknown_value_is_masked_wholly(value: str) -> None:
    masked = identifiers.mask(value)
    assert len(masked) == len(value)
    if len(value) != 18 and not value.startswith(("0", "1")):
        assert set(masked) <= {"*"}


@pytest.mark.parametrize("length", range(18))
def test_a_growing_identity_number_shows_nothing(length: int) -> None:
    assert set(identifiers.mask("370103198506072846"[:length])) <= {"*"}


@pytest.mark.parametrize(
    "name, shown",
    [
        ("身份证11010519491231002X.pdf", "身份证110105************.pdf"),
        ("11010519491231002x", "110105************"),
        ("370103850607284.jpg", "370103*********.jpg"),
        ("１３８０５３１６２１７.png", "１３８****６２１７.png"),
        ("6222020200112230.pdf", "6222************.pdf"),
        ("20261118110105194912310021-1.pdf", "20261118110105194912310021-1.pdf"),
        ("2026111811010519491231002X.pdf", "20261118110105************.pdf"),
        ("IMG_20261118093017.jpg", "IMG_20261118093017.jpg"),
        ("合同12345678901.pdf", "合同12345678901.pdf"),
        ("6222020200112231.pdf", "6222020200112231.pdf"),
        ("91370211MA3N5XGY1G.pdf", "91370211MA3N5XGY1G.pdf"),
    ],
)
def test_numbers_of_people_in_a_name_are_masked_and_others_are_not(name: str, shown: str) -> None:
    assert identifiers.mask_numbers(name) == shown


@pytest.mark.parametrize(
    "document, number, canonical",
    [
        ("identity_card", "11010519491231002x", "11010519491231002X"),
        ("residence_permit", "81000019900101%s", ""),
        ("home_return_permit", "h0123 4567", "H01234567"),
        ("home_return_permit", "M0123456701", "M0123456701"),
        ("home_return_permit", "01234567", "01234567"),
        ("permanent_resident", "usa310000000001", "USA310000000001"),
        ("permanent_resident", "93184019900101%s", ""),
        ("passport", "e12345678", "E12345678"),
        ("passport", "123456", "123456"),
    ],
)
def test_takes_the_numbers_of_each_document(
    document: identifiers.IdentityDocument, number: str, canonical: str
) -> None:
    if "%s" in number:
        begun = number % "001"
        number = canonical = begun + ric.calc_check_digit(begun + "0")
    assert identifiers.document_number(document, number, today=TODAY) == canonical
    shown = identifiers.mask_document(canonical)
    assert len(shown) == len(canonical)
    assert shown.endswith("*" * 6)


@pytest.mark.parametrize(
    "document, number, code",
    [
        ("identity_card", "E12345678", Code.BAD_IDENTITY_NUMBER),
        ("identity_card", "810000199001010019", Code.OTHER_DOCUMENT),
        ("residence_permit", "11010519491231002X", Code.OTHER_DOCUMENT),
        ("residence_permit", "810000199001010010", Code.BAD_IDENTITY_NUMBER),
        ("permanent_resident", "11010519491231002X", Code.OTHER_DOCUMENT),
        ("permanent_resident", "USA31000000000", Code.BAD_DOCUMENT_NUMBER),
        ("home_return_permit", "11010519491231002X", Code.BAD_DOCUMENT_NUMBER),
        ("home_return_permit", "H1234567", Code.BAD_DOCUMENT_NUMBER),
        ("passport", "ABCDEFGH", Code.BAD_DOCUMENT_NUMBER),
        ("passport", "E1234", Code.BAD_DOCUMENT_NUMBER),
        ("passport", "11010519491231002X", Code.BAD_DOCUMENT_NUMBER),
        ("passport", "Ｅ12345678", Code.BAD_DOCUMENT_NUMBER),
    ],
)
def test_refuses_the_numbers_of_other_documents(
    document: identifiers.IdentityDocument, number: str, code: Code
) -> None:
    with pytest.raises(Refusal) as told:
        identifiers.document_number(document, number, today=TODAY)
    assert told.value.code is code
