"""A name as it is looked up by its first letters in pinyin (GB/T 16159 spells, this takes initials)."""

import re


def initials(name: str) -> str:
    """The first letter of each character's pinyin, small, with the Latin letters and digits between;
    all else is left out: ``食品经营许可（新办）`` is ``spjyxkxb``.

    Of a character that is read in several ways the words around it decide. The first call loads the
    dictionaries, which takes a quarter of a second and some 60 MB.
    """
    from pypinyin import Style, lazy_pinyin

    letters = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return re.sub(r"[^0-9a-z]", "", "".join(letters).lower())
