"""办件编号: made from a template, so that each place may number as its authority asks.

A template is text with three fields in Python's format language: ``{code}`` the item's code without
hyphens, ``{day}`` the day in China, ``{serial}`` the count of the unit's cases on that day, which
must come last. Pure: the serial is given by the database (GB/T 39046-2020: an..50).
"""

import re
import string
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

LONGEST: Final = 50
STANDARD_TEMPLATE: Final = "{code:.31}{day:%Y%m%d}{serial:04d}"
"""实施编码 (31 characters of it) + yyyyMMdd + a serial of at least four digits."""


@dataclass(frozen=True)
class Numbering:
    """One template. No serial is given twice under one ``prefix``: two items that share it share them too."""

    template: str = STANDARD_TEMPLATE

    def __post_init__(self) -> None:
        """Raises ValueError for a template that names another field, does not end with the serial,
        cannot be formatted, or makes numbers that are too long or hold more than letters, digits
        and hyphens."""
        try:
            fields = [name for _, name, _, _ in string.Formatter().parse(self.template) if name]
            sample = self.number(self.prefix("0" * 64, date(2026, 12, 31)), 99_999)
        except (IndexError, KeyError, AttributeError) as error:
            raise ValueError(f"a template knows code, day and serial alone: {error}") from None
        if fields.count("serial") != 1 or fields[-1] != "serial" or "day" not in fields:
            raise ValueError("a template has a day and ends with its one serial")
        if not self.template.endswith("}"):
            raise ValueError("a template ends with its serial")
        if len(sample) > LONGEST or not sample.replace("-", "").isalnum() or not sample.isascii():
            raise ValueError(f"numbers have at most {LONGEST} letters, digits and hyphens")

    def prefix(self, item_code: str, on: date) -> str:
        """What stands before the serial on that day in China."""
        return self._before.format(code=item_code.replace("-", ""), day=on)

    def number(self, prefix: str, serial: int) -> str:
        """The whole number of this serial. One beyond the width of the template is longer."""
        return prefix + self._serial.format(serial=serial)

    @property
    def _before(self) -> str:
        return self.template[: self.template.rindex("{serial")]

    @property
    def _serial(self) -> str:
        return self.template[self.template.rindex("{serial") :]


def ungrouped(text: str) -> str:
    """A number or a part of one as it is stored: without the spaces in which pages group its digits."""
    return "".join(text.split())


END: Final = 8
"""By so many characters at its end a 办件编号 is found: month, day and serial of the standard template."""
_NUMBER: Final = re.compile(r"[0-9][0-9A-Za-z-]{7,49}")
_RECEIPT: Final = re.compile(r"(?:[Ss]-?)?([0-9]{4})-([0-9]{4,})|[Ss]-?([0-9]{4})([0-9]{4,})")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


def end_of(number: str | None) -> str | None:
    """The end of a 办件编号 by which it is found."""
    return None if number is None else number[-END:]


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for by its number: the end of a 办件编号, of eight characters or more, or a whole 收件号."""

    end: str | None = None
    receipt: str | None = None


def sought(text: str) -> Sought | None:
    """The number that is looked for; None for what is no number, or too little of one: it is looked for in words.

    A number, or the end of one, begins with a digit and has eight characters or more, eight digits among them. A
    收件号 may lack its letter. A day is no number. Full-width letters and digits and spaces are as good.
    """
    typed = ungrouped(unicodedata.normalize("NFKC", text))
    if received := _RECEIPT.fullmatch(typed):
        day, serial = received[1] or received[3], received[2] or received[4]
        return Sought(receipt=f"S-{day}-{serial}")
    digits = sum(one.isdigit() for one in typed)
    if digits < END or not _NUMBER.fullmatch(typed) or _DAY.fullmatch(typed):
        return None
    return Sought(end=typed)


def receipt_number(on: date, serial: int) -> str:
    """收件号 of the serial that the receiving place gave on that day in China: ``S-MMDD-NNNN``."""
    return f"S-{on:%m%d}-{serial:04d}"


STANDARD: Final = Numbering()
