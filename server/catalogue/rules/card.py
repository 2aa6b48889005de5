"""What a resident identity card (居民身份证, GA 461) or a business licence (营业执照) says, found in the
lines of text that were read off its picture.

A check digit decides: without a 公民身份号码 or a 统一社会信用代码 that is right, nothing is taken from the
picture, since what was misread there was misread elsewhere too. Sex and birthday are taken from the
number and not from beside it. Whatever is found is an offer to a person who looks at both. Pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

from server.standards import identifiers
from signaling.refusals import Refusal

Kind = Literal["identity", "licence"]
Word = Literal[
    "name", "sex", "birth_date", "address", "identity_number",
    "unit_name", "credit_code", "unit_type", "representative", "unit_address", "established_on",
]  # fmt: skip
"""What a field of a form can ask of a card: the first five of an identity card, the others of a licence."""
WORDS: Final[tuple[Word, ...]] = get_args(Word)
Box = tuple[float, float, float, float]
"""Left, top, right, bottom; any unit, origin at the top left."""


@dataclass(frozen=True)
class Text:
    """A piece of text as it was read, and where it stands in the picture."""

    text: str
    box: Box


@dataclass(frozen=True)
class Card:
    """One card; ``says`` holds what was found of it, empty values left out."""

    kind: Kind
    says: Mapping[Word, str]


_LABELS: Final = (
    "姓名", "性别", "民族", "出生", "住址", "公民身份号码", "统一社会信用代码", "名称", "类型",
    "法定代表人", "负责人", "执行事务合伙人", "经营者", "投资人", "注册资本", "成立日期", "注册日期", "住所",
    "主要经营场所", "经营场所", "营业期限", "经营范围", "登记机关",
)  # fmt: skip
_LABEL: Final = re.compile("|".join(sorted(_LABELS, key=len, reverse=True)))
_IDENTITY: Final = re.compile(r"(?<![0-9A-Z])\d{17}[\dX](?![0-9A-Z])")
_CREDIT: Final = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_SEX: Final = re.compile(r"(性别.)(民族)")
"""They stand side by side and may be read as one piece."""
_NAME: Final = re.compile(r"[\u3400-\u9fff·]{2,20}")
_BRACKETS: Final = str.maketrans("()", "（）")
_NOT_UNDER: Final = 0.6
"""Texts whose middles are nearer than this share of their height stand in one row."""


def read(texts: Iterable[Text], *, today: date) -> Card | None:
    """The card that these texts are of; None where no number with a right check digit is among them."""
    rows = _rows(texts)
    said = _said(rows)
    whole = "\n".join(piece.text for row in rows for piece in row)
    if number := _first(
        _IDENTITY, whole, lambda text: identifiers.identity_number(text, today=today)
    ):
        return Card("identity", _identity(number, said))
    if code := _first(_CREDIT, whole, identifiers.credit_code):
        return Card("licence", _licence(code, said))
    return None


def _first(pattern: re.Pattern[str], text: str, check: Callable[[str], str]) -> str | None:
    for found in pattern.findall(text.upper()):
        try:
            return check(found)
        except Refusal:
            continue
    return None


def _identity(number: str, said: Mapping[str, str]) -> dict[Word, str]:
    name = said.get("姓名", "")
    return _without_empty(
        {
            "name": name if _NAME.fullmatch(name) else "",
            "sex": "男" if int(number[16]) % 2 else "女",
            "birth_date": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
            "address": said.get("住址", ""),
            "identity_number": number,
        }
    )


def _licence(code: str, said: Mapping[str, str]) -> dict[Word, str]:
    def any_of(*labels: str) -> str:
        return next((said[label] for label in labels if said.get(label)), "")

    try:
        established = identifiers.day(any_of("成立日期", "注册日期"))
    except Refusal:
        established = ""
    representative = any_of("法定代表人", "负责人", "执行事务合伙人", "经营者", "投资人")
    return _without_empty(
        {
            "unit_name": any_of("名称"),
            "credit_code": code,
            "unit_type": any_of("类型"),
            "representative": representative if _NAME.fullmatch(representative) else "",
            "unit_address": any_of("住所", "主要经营场所", "经营场所"),
            "established_on": established,
        }
    )


def _without_empty(says: Mapping[Word, str]) -> dict[Word, str]:
    return {word: value for word, value in says.items() if value}


def _rows(texts: Iterable[Text]) -> list[list[Text]]:
    """The texts row by row from the top, each row from the left; blanks within a text are gone."""
    rows: list[list[Text]] = []
    bare = (Text(re.sub(r"\s", "", one.text).translate(_BRACKETS), one.box) for one in texts)
    for one in sorted(bare, key=lambda piece: _middle(piece.box)):
        last = rows[-1][0].box if rows else None
        height = one.box[3] - one.box[1]
        if last and _middle(one.box) - _middle(last) < _NOT_UNDER * min(height, last[3] - last[1]):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda piece: piece.box[0]) for row in rows]


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


@dataclass
class _Said:
    """What stands behind a label, and where: the label's left edge, and that of its value."""

    left: float
    height: float
    begins: float | None = None
    text: str = ""

    def add(self, text: str, left: float) -> None:
        if self.begins is None:
            self.begins = left
        self.text += text

    def is_above(self, box: Box) -> bool:
        """Whether a piece in that box begins where this value begins."""
        return self.begins is not None and abs(self.begins - box[0]) < self.height


def _said(rows: Iterable[Iterable[Text]]) -> dict[str, str]:
    """What stands behind each label, lines below it too; of a label that comes twice the first.

    A label begins its piece; another in the same column ends what the one above it says.
    """
    said: dict[str, _Said] = {}
    running: dict[str, _Said] = {}
    for row in rows:
        beside: _Said | None = None
        for piece in row:
            left, top, _, bottom = piece.box
            for part in _SEX.sub(r"\1\n\2", piece.text).split("\n"):
                label = _LABEL.match(part)
                if label and label.group() not in said:
                    beside = _Said(left, bottom - top)
                    said[label.group()] = beside
                    ended = [at for at, one in running.items() if abs(one.left - left) < one.height]
                    for at in ended:
                        del running[at]
                    running[label.group()] = beside
                    if value := part[label.end() :].lstrip("：:"):
                        beside.add(value, left)
                elif beside is not None and not beside.text:
                    beside.add(part, left)
                elif above := [one for one in running.values() if one.is_above(piece.box)]:
                    above[-1].add(part, left)
                elif beside is not None:
                    beside.add(part, left)
    return {label: one.text for label, one in said.items()}
