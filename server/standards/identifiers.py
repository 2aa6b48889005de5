"""The numbers by which people, bodies and cases are known: checked, masked, made.

公民身份号码 (GB 11643-1999), 统一社会信用代码 (GB 32100-2015), telephone numbers,
Text in, canonical text out, or a refusal. Whether a number was ever issued
cannot be told from it and is not asked here. Pure; no clock of its own.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from typing import Final, Literal

from stdnum import luhn
from stdnum.cn import ric

from signaling.refusals import Code, Refusal

PROVINCES: Final = frozenset(
    str(code)
    for codes in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(codes[0], codes[1] + 1)
)
"""First two digits of an area code (GB/T 2260). 81, 82 and 83 stand on residence permits of people
from Hong Kong, Macao and Taiwan. Counties are not checked: they change every year and a number
keeps the area of the day it was given."""
EARLIEST_BIRTH: Final = date(1880, 1, 1)

IdentityDocument = Literal[
    "identity_card", "residence_permit", "home_return_permit", "permanent_resident", "passport"
]
"""居民身份证 | 港澳台居民居住证 | 回乡证、台胞证 | 外国人永久居留身份证 | 护照."""

CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015 table of characters: without I, O, S, V, Z."""
CREDIT_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))

_IDENTITY = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_COMPATRIOTS: Final = frozenset({"81", "82", "83"})
_SHAPES: Final = {
    # 港澳居民来往内地通行证: a letter and eight digits, and two for the count of renewals on cards up to 2012;
    # 台湾居民来往大陆通行证: eight digits
    "home_return_permit": re.compile(r"[HM]\d{8}(\d{2})?|\d{8}", re.ASCII),
    # up to 2023: three letters of the state and twelve digits
    "permanent_resident": re.compile(r"[A-Z]{3}\d{12}", re.ASCII),
    # ICAO Doc 9303 leaves the number to the state that issues it: nine places, some states more
    "passport": re.compile(r"(?=.*\d)[A-Z0-9]{6,17}", re.ASCII),
}
_NUMBER = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,6}))?", re.ASCII)
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_DAY = re.compile(r"(\d{4})(?:(\d{4})|[-./年](\d{1,2})[-./月](\d{1,2})日?)", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}\d{7,8}", re.ASCII)
_RUN = re.compile(r"\d{11,}[Xx]?", re.ASCII)

UNSEEN: Final = "\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"
"""Control characters, and those that turn the direction of what stands beside them (UAX 9), as a class
of a regular expression: no name holds one."""
_UNSEEN = re.compile(f"[{UNSEEN}]")


def identity_number(text: str, *, today: date) -> str:
    """Return the 18 characters of a 公民身份号码, blanks removed and X in capitals.

    Refused: ``bad_identity_number`` for another shape, an area that no province has, or a wrong
    check digit (ISO 7064 MOD 11-2); ``bad_date`` for a birthday that does not exist, lies after
    ``today`` or before 1880. A foreigner's permanent residence card (from 2023) begins with 9 and
    carries the province in its second and third digits; it has the same check digit.
    """
    number = re.sub(r"\s", "", text).upper()
    if not _IDENTITY.fullmatch(number):
        raise Refusal(Code.BAD_IDENTITY_NUMBER, why="shape")
    if (number[1:3] if number[0] == "9" else number[:2]) not in PROVINCES:
        raise Refusal(Code.BAD_IDENTITY_NUMBER, why="area")
    if ric.calc_check_digit(number) != number[17]:
        raise Refusal(Code.BAD_IDENTITY_NUMBER, why="check_digit")
    born = _day(number[6:14])
    if born is None or not EARLIEST_BIRTH <= born <= today:
        raise Refusal(Code.BAD_DATE, why="birth")
    return number


def document_number(document: IdentityDocument, text: str, *, today: date) -> str:
    """Return the number of the document by which somebody shows who he is, blanks removed and in capitals.

    The residence permit of people from Hong Kong, Macao and Taiwan (国办发〔2018〕81号) and a foreigner's permanent
    residence card from 2023 on have the 18 characters of a 公民身份号码, with its check digit; the others are
    known by their shape alone. Refused: as ``identity_number``; ``bad_document_number`` for another shape;
    ``other_document`` for the number of another document, which is named.
    """
    number = re.sub(r"\s", "", text).upper()
    shape = _SHAPES.get(document)
    if shape is not None and shape.fullmatch(number) and not _IDENTITY.fullmatch(number):
        return number
    if document in ("home_return_permit", "passport"):
        raise Refusal(Code.BAD_DOCUMENT_NUMBER, document=document)
    if document == "permanent_resident" and not _IDENTITY.fullmatch(number):
        raise Refusal(Code.BAD_DOCUMENT_NUMBER, document=document)
    number = identity_number(number, today=today)
    of: IdentityDocument = "identity_card"
    if number[0] == "9":
        of = "permanent_resident"
    elif number[:2] in _COMPATRIOTS:
        of = "residence_permit"
    if of != document:
        raise Refusal(Code.OTHER_DOCUMENT, document=of)
    return number


def credit_code(text: str) -> str:
    """Return the 18 characters of a 统一社会信用代码, blanks and hyphens removed, in capitals.

    A letter is legal in first place (A, N, Y ...). Refused: ``bad_credit_code`` for another length,
    a character outside the alphabet, or a wrong check character,
    C18 = (31 - sum of Ci x 3^(i-1) mod 31) mod 31.
    """
    code = re.sub(r"[\s-]", "", text).upper()
    if len(code) != 18 or any(letter not in CREDIT_ALPHABET for letter in code):
        raise Refusal(Code.BAD_CREDIT_CODE, why="shape")
    total = sum(
        CREDIT_ALPHABET.index(letter) * weight
        for letter, weight in zip(code[:17], CREDIT_WEIGHTS, strict=True)
    )
    if CREDIT_ALPHABET[-total % 31] != code[17]:
        raise Refusal(Code.BAD_CREDIT_CODE, why="check_digit")
    return code


def phone(text: str) -> str:
    """Return the digits of a mainland mobile number or of a landline with its area code.

    A leading +86 or 86 before a mobile number is dropped. Refused: ``bad_phone`` for all else.
    """
    digits = re.sub(r"[\s-]", "", text)
    mobile = re.sub(r"^\+?86(?=1)", "", digits)
    if _MOBILE.fullmatch(mobile):
        return mobile
    if _LANDLINE.fullmatch(digits):
        return digits
    raise Refusal(Code.BAD_PHONE)


def day(text: str) -> str:
    """Return a day as YYYY-MM-DD; 20261118, 2026.11.18 and 2026年11月18日 are taken too.

    Refused: ``bad_date`` for a day that does not exist and for all else, 2026-11 and 2026111 too.
    """
    parts = _DAY.fullmatch(text.strip())
    found = parts and _day(parts[1] + (parts[2] or f"{parts[3]:0>2}{parts[4]:0>2}"))
    if not found:
        raise Refusal(Code.BAD_DATE, why="day")
    return found.isoformat()


def number(text: str, decimals: int) -> str:
    """Return a decimal number of at most 15 digits without leading zeros, commas and blanks.

    1,200.50 becomes 1200.5. Refused: ``bad_number`` for all else, and for
    more decimals than ``decimals``.
    """
    parts = _NUMBER.fullmatch(re.sub(r"[\s,，]", "", unicodedata.normalize("NFKC", text)))
    if not parts or len(parts[2] + (parts[3] or "")) > 15:
        raise Refusal(Code.BAD_NUMBER)
    fraction = (parts[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise Refusal(Code.BAD_NUMBER, decimals=decimals)
    whole = parts[2].lstrip("0") or "0"
    sign = parts[1] if (whole + fraction).strip("0") else ""
    return f"{sign}{whole}{'.' if fraction else ''}{fraction}"


def money(text: str) -> str:
    """Return an amount with two decimals, 1200.50; refused as ``number``."""
    amount = number(text, 2)
    whole, _, fraction = amount.partition(".")
    return f"{whole}.{fraction:0<2}"


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def mask_identity_number(number: str) -> str:
    """370103************: the area of a whole number; of any other text nothing.

    Its end is not shown: who knows the last six may ask how a case stands.
    """
    return f"{number[:6]}{'*' * 12}" if len(number) == 18 else "*" * len(number)


def mask_phone(number: str) -> str:
    """138****6217, and as much of a landline; of a text under 10 characters nothing."""
    if len(number) < 10:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_document(number: str) -> str:
    """The number of any document that shows who somebody is: an identity number keeps its area, of any other
    the first two characters are left, and none of the last six, which are asked for (``mask_identity_number``)."""
    if len(number) == 18:
        return mask_identity_number(number)
    left = min(2, max(0, len(number) - 6))
    return f"{number[:left]}{'*' * (len(number) - left)}"


def mask_address(address: str) -> str:
    """An address for electronic delivery: a telephone number keeps its ends, an e-mail address its first
    character and its host; of anything else the first character is left."""
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}{'*' * max(1, len(name) - 1)}@{host}"
    return mask_phone(address) if address.isdigit() else f"{address[:1]}{'*' * (len(address) - 1)}"


NOBODY: Final = "未登记"
"""Who is in the place of an applicant where none is named: in a consultation (咨询)."""


def mask_name(name: str) -> str:
    """孙**: the first character and two stars, whatever the length; of nobody that nobody was registered."""
    return f"{name[:1]}**" if name else NOBODY


def mask(value: str) -> str:
    """Mask the value of a sensitive field by what it looks like; an unfinished one wholly.

    A whole identity number keeps its area and a telephone number its ends, so that two people can
    compare what they see; everything else becomes stars of the same count.
    """
    if _IDENTITY.fullmatch(value):
        return mask_identity_number(value)
    if _MOBILE.fullmatch(value) or _LANDLINE.fullmatch(value):
        return mask_phone(value)
    return "*" * len(value)


def mask_numbers(name: str) -> str:
    """A name of a file with the numbers of people in it masked: 公民身份号码 of 18 and of 15 digits, mobile
    numbers, and numbers of 16 to 19 digits that hold by ISO/IEC 7812 (bank cards). Of the same length."""
    digits = "".join(str(unicodedata.decimal(one, one)) for one in name)
    found = list(name)
    for run in _RUN.finditer(digits):
        for first, last, shown in _numbers(run[0]):
            for place in range(run.start() + first, run.start() + last):
                if place - run.start() - first not in shown:
                    found[place] = "*"
    return "".join(found)


def _numbers(run: str) -> Iterator[tuple[int, int, Collection[int]]]:
    """Where in a run of digits somebody's number stands, and which of its places are shown."""
    for first in range(len(run) - 17):
        if _is_identity(run[first : first + 18].upper()):
            yield first, first + 18, range(6)
    whole = run.rstrip("Xx")
    if len(whole) == 15 and whole[:2] in PROVINCES and _day(f"19{whole[6:12]}"):
        yield 0, 15, range(6)
    elif _MOBILE.fullmatch(whole):
        yield 0, 11, (0, 1, 2, 7, 8, 9, 10)
    elif 16 <= len(whole) <= 19 and luhn.is_valid(whole):
        yield 0, len(whole), range(4)


def _is_identity(number: str) -> bool:
    area = number[1:3] if number[0] == "9" else number[:2]
    return (
        _IDENTITY.fullmatch(number) is not None
        and area in PROVINCES
        and ric.calc_check_digit(number) == number[17]
        and _day(number[6:14]) is not None
    )


def plain(name: str) -> str:
    """A name without the characters that are not seen and change what is: controls, and turns of direction."""
    return _UNSEEN.sub("", name)
