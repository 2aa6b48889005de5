"""A list of items (事项清单) as another system exports it: each row read, or told why not.

Rows come as texts under the column names of the national tables (GB/T 39046-2020 table 4, C0109),
in Chinese or as their field names. What a row does not say is left to the version that is there
already. Pure: which units and versions there are is given by the caller.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from server.catalogue.rules.item import Field, Kind, Line, Medium, Mode, Need
from server.standards import identifiers
from server.standards.codes import ITEM_CODE, ItemType, Level, MaterialForm, MaterialNeed
from server.standards.identifiers import plain
from signaling.refusals import Refusal

Why = Literal[
    "missing", "too_long", "bad_code", "unknown_code", "bad_number", "duplicate", "unit_unknown", "unit_foreign",
    "bad_materials", "bad_form", "lowers_sensitive",
]  # fmt: skip
"""Why a row cannot be taken; the edge has a sentence for each."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("实施编码", "事项编码", "item_code", "task_code", "code"),
    "name": ("事项名称", "task_name", "name"),
    "department": ("实施主体", "部门", "dept_name", "department"),
    "item_type": ("事项类型", "task_type", "item_type"),
    "level": ("行使层级", "use_level", "level"),
    "main_item": ("主项名称", "main_item"),
    "legal_days": ("法定办结时限", "anticipate_day", "legal_days"),
    "promised_days": ("承诺办结时限", "promise_day", "promised_days", "time_limit"),
    "modes": ("通办形式", "modes"),
    "combined": ("即办可审核合一", "combined"),
    "registers": ("登记类", "registers"),
    "bases": ("设定依据", "by_law", "bases"),
    "system": ("办理系统", "system"),
    "fee": ("收费标准", "fee"),
    "fee_basis": ("收费依据", "fee_basis"),
    "fee_first": ("先缴费后制证", "fee_first"),
    "guide": ("受理条件", "accept_condition", "guide"),
    "materials": ("材料", "materials"),
    "form": ("申请表", "表单", "form"),
}
"""The names under which each value is found; the first that a row has counts."""

MATERIAL_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("材料名称", "material_name", "name"),
    "need": ("材料必要性", "is_need", "need"),
    "form": ("材料形式", "material_format", "form"),
    "copies": ("纸质材料份数", "page_num", "copies"),
    "note": ("填报须知", "fill_explain", "condition", "note"),
    "sides": ("分面", "sides", "slots"),
    "declares": ("告知承诺", "declares"),
}

MAX_NAME: Final = 200
MAX_SIDES: Final = 6
MAX_SIDE_NAME: Final = 20
MAX_BASES: Final = 20
MAX_BASIS: Final = 200
MAX_SYSTEM: Final = 60
MAX_DAYS: Final = 3650
LEGAL_DAYS: Final = 20
"""行政许可法 42, for rows that say nothing."""
_MODES: Final[Mapping[str, Mode]] = {
    "全程网办": "online", "异地代收代办": "proxy", "多地联办": "joint",
    "online": "online", "proxy": "proxy", "joint": "joint",
}  # fmt: skip
_HERE: Final = frozenset({"本系统", "here"})
_FREE: Final = frozenset({"不收费", "免费", "否", "free"})
_YES: Final = {"是": True, "否": False, "true": True, "false": False, "1": True, "0": False}
_NEEDS: Final[Mapping[MaterialNeed, Need]] = {
    MaterialNeed.REQUIRED: "required", MaterialNeed.OPTIONAL: "optional", MaterialNeed.LATER: "later",
}  # fmt: skip
_FORMS: Final[Mapping[MaterialForm, Medium]] = {
    MaterialForm.PAPER: "paper", MaterialForm.ELECTRONIC: "electronic", MaterialForm.BOTH: "both",
}  # fmt: skip
_KINDS: Final[Mapping[str, tuple[Kind, bool, tuple[str, ...]]]] = {
    "联系电话": ("phone", True, ()),
    "手机号码": ("phone", True, ()),
    "身份证号": ("identity_number", True, ()),
    "公民身份号码": ("identity_number", True, ()),
    "统一社会信用代码": ("credit_code", False, ()),
    "证件号码": ("text", True, ()),
    "户籍地": ("region", False, ()),
    "转出地": ("region", False, ()),
    "转入地": ("region", False, ()),
    "性别": ("choice", False, ("男", "女")),
    "证件类型": ("choice", False, ("居民身份证", "港澳居民居住证", "台湾居民居住证", "护照", "其他")),
}  # fmt: skip
"""What well-known labels of forms mean: kind, whether sensitive, choices. All else is text."""


@dataclass(frozen=True)
class RowFault:
    """Why the row with this number (the first below the header is 1) is not taken, and by which column."""

    row: int
    column: str
    why: Why


@dataclass(frozen=True)
class ListedItem:
    """One row that can be taken. None: the row does not say."""

    row: int
    code: str
    name: str
    department: str
    item_type: ItemType | None = None
    level: Level | None = None
    main_item: str = ""
    legal_days: int | None = None
    promised_days: int | None = None
    modes: tuple[Mode, ...] | None = None
    combined: bool | None = None
    registers: bool | None = None
    bases: tuple[str, ...] | None = None
    system: str | None = None
    """The external system in which it is decided; empty: the row says here (本系统)."""
    fee_basis: str | None = None
    fee_fen: int | None = None
    """0: no fee."""
    fee_first: bool | None = None
    guide: str | None = None
    lines: tuple[Line, ...] | None = None
    form_title: str | None = None
    form: tuple[Field, ...] | None = None


def read(
    rows: Iterable[Mapping[str, Any]], pattern: str = ITEM_CODE
) -> tuple[list[ListedItem], list[RowFault]]:
    """Read all rows; each gives a Listed or at least one Fault, in their order.

    A code that stands twice under one department is a fault of the later row.
    """
    allowed = re.compile(pattern)
    taken: list[ListedItem] = []
    faults: list[RowFault] = []
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(rows, 1):
        found = _Row(number, row)
        listed = found.listed(allowed)
        key = (listed.department, listed.code)
        if not found.faults and key in seen:
            found.faults.append(RowFault(number, "code", "duplicate"))
        faults += found.faults
        if not found.faults:
            seen.add(key)
            taken.append(listed)
    return taken, faults


def credit_code_in(code: str) -> str:
    """The 统一社会信用代码 that an item code carries; empty when none of its parts is one."""
    for part in code.upper().split("-"):
        for candidate in (part, part[:18]):
            try:
                return identifiers.credit_code(candidate)
            except Refusal:
                continue
    return ""


class _Row:
    """One row while it is read: its faults gather."""

    def __init__(self, number: int, row: Mapping[str, Any]) -> None:
        self._number = number
        self._row = row
        self.faults: list[RowFault] = []

    def listed(self, allowed: re.Pattern[str]) -> ListedItem:
        code = self._text("code", required=True, longest=64)
        if code and not allowed.fullmatch(code):
            self._fault("code", "bad_code")
        form_title, form = self._form()
        fee_fen, fee_basis = self._fee()
        return ListedItem(
            row=self._number,
            code=code,
            name=self._text("name", required=True, longest=MAX_NAME),
            department=self._text("department", longest=120),
            item_type=self._code("item_type", ItemType),
            level=self._code("level", Level),
            main_item=self._text("main_item", longest=MAX_NAME),
            legal_days=self._days("legal_days"),
            promised_days=self._days("promised_days"),
            modes=self._modes(),
            combined=self._yes("combined"),
            registers=self._yes("registers"),
            bases=self._bases(),
            system=self._system(),
            fee_basis=fee_basis,
            fee_fen=fee_fen,
            fee_first=self._yes("fee_first"),
            guide=self._text("guide", longest=20_000) or None,
            lines=self._lines(),
            form_title=form_title,
            form=form,
        )

    def _fault(self, column: str, why: Why) -> None:
        self.faults.append(RowFault(self._number, column, why))

    def _value(self, column: str) -> Any:
        return _first(self._row, COLUMNS[column])

    def _text(self, column: str, *, required: bool = False, longest: int) -> str:
        value = self._value(column)
        text = "" if value is None else plain(re.sub(r"\s+", " ", str(value))).strip()
        if required and not text:
            self._fault(column, "missing")
        if len(text) > longest:
            self._fault(column, "too_long")
        return text

    def _code(self, column: str, table: type[Any]) -> Any:
        text = self._text(column, longest=40)
        if not text:
            return None
        try:
            return table.read(text)
        except Refusal:
            self._fault(column, "unknown_code")
            return None

    def _days(self, column: str) -> int | None:
        text = self._text(column, longest=40)
        if not text:
            return None
        found = re.fullmatch(r"(?:\d+-)?(\d{1,4})(?:\.0)?\s*(?:个?工作日|日|天)?", text, re.ASCII)
        if found is None or int(found[1]) > MAX_DAYS:
            self._fault(column, "bad_number")
            return None
        return int(found[1])

    def _yes(self, column: str) -> bool | None:
        text = self._text(column, longest=40).lower()
        if text and text not in _YES:
            self._fault(column, "unknown_code")
        return _YES.get(text)

    def _modes(self) -> tuple[Mode, ...] | None:
        value = self._value("modes")
        if not value:
            return None
        parts = value if isinstance(value, list) else re.split(r"[、,，;；/\s]+", str(value))
        modes = [_MODES.get(str(part).strip()) for part in parts if str(part).strip()]
        if None in modes:
            self._fault("modes", "unknown_code")
        return tuple(dict.fromkeys(mode for mode in modes if mode)) or None

    def _bases(self) -> tuple[str, ...] | None:
        """A list, or one text with a basis a line or between semicolons."""
        value = self._value("bases")
        if not value:
            return None
        parts = value if isinstance(value, list) else re.split(r"[；;\n]", str(value))
        told = [plain(re.sub(r"\s+", " ", str(part))).strip() for part in parts]
        bases = tuple(dict.fromkeys(one for one in told if one))
        if len(bases) > MAX_BASES or any(len(one) > MAX_BASIS for one in bases):
            self._fault("bases", "too_long")
        return bases or None

    def _system(self) -> str | None:
        text = self._text("system", longest=MAX_SYSTEM)
        return ("" if text in _HERE else text) if text else None

    def _fee(self) -> tuple[int | None, str | None]:
        """In yuan, with the basis; 不收费 takes both away. A fee without a basis is a fault (行政许可法 58)."""
        text, basis = self._text("fee", longest=40), self._text("fee_basis", longest=MAX_BASIS)
        if text in _FREE:
            return 0, ""
        found = re.fullmatch(r"(\d{1,8})(?:\.(\d{1,2}))?\s*元?", text, re.ASCII)
        if text and found is None:
            self._fault("fee", "bad_number")
        if text and not basis:
            self._fault("fee_basis", "missing")
        fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None
        return fen, basis or None

    def _lines(self) -> tuple[Line, ...] | None:
        value = self._value("materials")
        if value in (None, ""):
            return None
        if not isinstance(value, list) or len(value) > 100:
            self._fault("materials", "bad_materials")
            return None
        lines = []
        for position, material in enumerate(value, 1):
            line = _line(position, material) if isinstance(material, Mapping) else None
            if line is None:
                self._fault("materials", "bad_materials")
                return None
            lines.append(line)
        return tuple(lines)

    def _form(self) -> tuple[str | None, tuple[Field, ...] | None]:
        value = self._value("form")
        if value in (None, ""):
            return None, None
        try:
            return _form(value)
        except (AttributeError, KeyError, TypeError, ValueError):
            self._fault("form", "bad_form")
            return None, None


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _line(position: int, material: Mapping[str, Any]) -> Line | None:
    """One line of the material list; None when it has no name or a value nobody knows."""
    name = plain(str(_first(material, MATERIAL_COLUMNS["name"]) or "")).strip()
    need = _first(material, MATERIAL_COLUMNS["need"])
    form = _first(material, MATERIAL_COLUMNS["form"])
    copies = str(_first(material, MATERIAL_COLUMNS["copies"]) or 1)
    condition = plain(str(_first(material, MATERIAL_COLUMNS["note"]) or "")).strip()
    original = form == "原件"
    sides = _sides(_first(material, MATERIAL_COLUMNS["sides"]))
    declares = _YES.get(str(_first(material, MATERIAL_COLUMNS["declares"]) or "否").lower())
    if sides is None or declares is None:
        return None
    if not 0 < len(name) <= MAX_NAME or not copies.isdecimal() or int(copies) > 99:
        return None
    try:
        # A line with a condition is wanted of some applicants only.
        wanted = MaterialNeed.read(str(need)) if need else None
        medium = MaterialForm.read(str(form)) if form and not original else MaterialForm.BOTH
    except Refusal:
        return None
    return Line(
        key=f"m{position}",
        name=name,
        need=_NEEDS[wanted] if wanted else "optional" if condition else "required",
        form=_FORMS[medium],
        originals=int(copies) if original else 0,
        copies=0 if original else int(copies),
        note=condition[:500],
        slots=sides,
        declares=declares,
    )


def _sides(value: Any) -> tuple[str, ...] | None:
    """正面、反面, or a list in JSON; none where nothing is said, None for what are no two or more names."""
    if value is None:
        return ()
    told = value if isinstance(value, list) else re.split(r"[、，,;；/\n]", str(value))
    names = tuple(name for one in told if (name := plain(str(one)).strip()))
    fit = 1 < len(names) <= MAX_SIDES and len(set(names)) == len(names)
    return names if fit and all(len(one) <= MAX_SIDE_NAME for one in names) else None


def _form(value: Mapping[str, Any]) -> tuple[str, tuple[Field, ...]]:
    """A form as guides tell it: name, groups of labels, notes on filling (“转入地”填写…).

    Raises KeyError, TypeError or ValueError for another shape.
    """
    notes = _notes(value.get("fill_notes") or ())
    fields: list[Field] = []
    for group in value["groups"]:
        for label in group["fields"]:
            fields.append(
                _field(len(fields) + 1, plain(str(label)), plain(str(group["name"])), notes)
            )
    if not 0 < len(fields) <= 200:
        raise ValueError("a form without fields, or with more than anyone fills")
    return plain(str(value["name"]))[:MAX_NAME], tuple(fields)


def _field(position: int, label: str, group: str, notes: Mapping[str, str]) -> Field:
    note = notes.get(label, "")
    kind, sensitive, choices = _KINDS.get(label, ("text", False, ()))
    chosen = re.search(r"选择((?:[“\"][^”\"]+[”\"][或、和]?)+)", note)
    if chosen:
        kind, choices = "choice", tuple(re.findall(r"[“\"]([^”\"]+)[”\"]", chosen[1]))
    return Field(
        name=f"f{position}",
        label=label,
        label_en=label,
        kind=kind,
        required=True,
        sensitive=sensitive,
        choices=choices,
        hint=note,
        group=group,
    )


def _notes(notes: Iterable[Any]) -> dict[str, str]:
    """Each note by the label that it quotes first."""
    found: dict[str, str] = {}
    for note in notes:
        quoted = re.match(r"\s*[“\"]([^”\"]+)[”\"]\s*(.*)", plain(str(note)), re.DOTALL)
        if quoted:
            found[quoted[1]] = f"{found.get(quoted[1], '')}{quoted[2]}"[:500]
    return found
