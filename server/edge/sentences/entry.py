"""What each code of a refusal declares."""

from typing import NamedTuple


class Sentences(NamedTuple):
    """Status and sentences of a code. A sentence may name details in braces; it does without missing ones."""

    status: int
    zh: str
    en: str
