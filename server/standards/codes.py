"""Code tables: the stored values of GB/T 39046-2020 annex A, and how other interfaces number them.

One enumeration a table; its value is the standard's code, its ``label`` the standard's word.
Interfaces disagree (the national 好差评 counts satisfaction the other way round, one province
swaps 即办 and 承诺): each has a mapping of its own here, and nothing else knows its numbers. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self, TypeVar

from signaling.refusals import Code, Refusal

T = TypeVar("T", bound="Table")

ITEM_CODE: Final = r"[0-9A-Za-z-]{8,64}"
"""Item codes as provinces write them. The standards give 31 characters (GB/T 39554.1) or any number
up to 24 (GB/T 39046); real lists have up to 55."""


class Table(StrEnum):
    """A code table. A member is its code; ``label`` is its word."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def read(cls, text: str) -> Self:
        """The member of this code or this word, blanks around it dropped.

        A code may lack its leading zero (``1`` for ``01``). Refused: ``unknown_code``.
        """
        wanted = text.strip()
        width = max(len(member.value) for member in cls)
        for member in cls:
            if wanted in (member.value, member.label) or (
                wanted.isdecimal() and wanted.zfill(width) == member.value
            ):
                return member
        raise Refusal(Code.UNKNOWN_CODE, table=cls.__name__, value=wanted[:40])


class ItemType(Table):
    """事项类型."""

    POWER = "00", "行政权力"
    LICENCE = "01", "行政许可"
    PENALTY = "02", "行政处罚"
    COERCION = "03", "行政强制"
    LEVY = "04", "行政征收"
    PAYMENT = "05", "行政给付"
    INSPECTION = "06", "行政检查"
    CONFIRMATION = "07", "行政确认"
    REWARD = "08", "行政奖励"
    RULING = "09", "行政裁决"
    OTHER_POWER = "10", "其他行政权力"
    PUBLIC_SERVICE = "20", "公共服务"


class Level(Table):
    """行使层级."""

    NATION = "1", "国家级"
    PROVINCE = "2", "省级"
    CITY = "3", "市级"
    COUNTY = "4", "县级"
    TOWN = "5", "镇（街道）级"
    VILLAGE = "6", "村（社区）级"
    GRADED = "7", "分级管理"


class BodyNature(Table):
    """实施主体性质."""

    STATUTORY = "1", "法定机关"
    AUTHORISED = "2", "授权组织"
    ENTRUSTED = "3", "受委托组织"
    OTHER = "9", "其他"


class Served(Table):
    """服务对象."""

    NATURAL_PERSON = "1", "自然人"
    COMPANY = "2", "企业法人"
    INSTITUTION = "3", "事业法人"
    ASSOCIATION = "4", "社会组织法人"
    AUTHORITY = "5", "行政机关"
    OTHER = "6", "其他"


class Channel(Table):
    """办理形式."""

    WINDOW = "1", "窗口"
    COMPUTER = "2", "电脑端"
    MOBILE = "3", "移动端"
    COURIER = "4", "快递"
    OTHER = "9", "其他"


class Pace(Table):
    """办件类型: done at once, or within a promised time."""

    AT_ONCE = "1", "即办件"
    PROMISED = "2", "承诺件"
    OTHER = "9", "其他"


class SpecialProcedure(Table):
    """特别程序."""

    EXTENSION = "1", "延长审批"
    OTHER = "2", "其他"


class StepState(Table):
    """环节状态."""

    WAITING = "1", "待办"
    DONE = "2", "已办"


class Scope(Table):
    """通办范围."""

    NATION = "1", "全国"
    ACROSS_PROVINCES = "2", "跨省"
    ACROSS_CITIES = "3", "跨市"
    ACROSS_COUNTIES = "4", "跨县"


class Satisfaction(Table):
    """满意度, 1 the best, as GB/T 39046 counts it. Bad are 4 and 5."""

    VERY_SATISFIED = "1", "非常满意"
    SATISFIED = "2", "满意"
    FAIRLY_SATISFIED = "3", "基本满意"
    DISSATISFIED = "4", "不满意"
    VERY_DISSATISFIED = "5", "非常不满意"

    @property
    def bad(self) -> bool:
        """差评: it asks for a call back."""
        return self in (Satisfaction.DISSATISFIED, Satisfaction.VERY_DISSATISFIED)


class MaterialType(Table):
    """材料类型."""

    LICENCE = "1", "证件证书证明"
    FORM = "2", "申请表格文书"
    OTHER = "3", "其他"


class MaterialForm(Table):
    """材料形式."""

    PAPER = "1", "纸质"
    ELECTRONIC = "2", "电子化"
    BOTH = "3", "纸质/电子化"


class MaterialNeed(Table):
    """材料必要性."""

    REQUIRED = "1", "必要"
    OPTIONAL = "2", "非必要"
    LATER = "3", "容缺后补"


class Received(Table):
    """收取方式."""

    PAPER = "1", "纸质收取"
    UPLOAD = "2", "附件上传"
    SCAN = "3", "扫描"
    LATER = "4", "容缺后补"
    LICENCE_LIBRARY = "5", "证照库"


NATIONAL_RATING: Final[Mapping[Satisfaction, str]] = {
    member: str(6 - int(member.value)) for member in Satisfaction
}
"""The national 好差评 interface: 1 非常不满意 … 5 非常满意; there bad is less than 3."""

PACE_SWAPPED: Final[Mapping[Pace, str]] = {Pace.PROMISED: "1", Pace.AT_ONCE: "2", Pace.OTHER: "9"}
"""办件类型 in the interface of one province: 承诺 1, 即办 2."""

SERVED_IN_LIBRARIES: Final[Mapping[Served, str]] = {
    Served.NATURAL_PERSON: "1",
    Served.COMPANY: "2",
    Served.INSTITUTION: "3",
    Served.ASSOCIATION: "4",
    Served.AUTHORITY: "6",
    Served.OTHER: "9",
}
"""服务对象 in item libraries, where 5 is 非法人企业: ``read_served`` takes it as a company."""


def read_served(code: str) -> Served:
    """服务对象 by the numbers of item libraries. Refused: ``unknown_code``."""
    if code == "5":
        return Served.COMPANY
    return read_mapped(SERVED_IN_LIBRARIES, code)


def read_mapped(mapping: Mapping[T, str], code: str) -> T:
    """The member that an interface numbers so. Refused: ``unknown_code``."""
    for member, number in mapping.items():
        if number == code:
            return member
    raise Refusal(Code.UNKNOWN_CODE, value=code[:40])
