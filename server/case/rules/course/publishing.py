"""双公示: what a unit granted, in the fields of the credit platform, within seven working days from the decision.

Fields and forms of dates are those of the standard for 行政许可信息 (发改办财金〔2018〕1171号, its later edition is read
by the same names): 长期 is 2099/12/31. The number of a natural person is masked, and of a company no number of its
法定代表人 is told. What is withheld (不予公示) is left out, with the reason kept. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from server.case.rules.applying import Applicant
from server.case.rules.course.course import Course
from server.catalogue.rules.item import Item
from server.standards.identifiers import mask_document

WITHIN_DAYS: Final = 7
"""Working days from the decision."""
Withheld = Literal["state_secret", "trade_secret", "privacy", "minor"]
"""国家秘密 | 商业秘密 | 个人隐私 | 未成年人."""
FIELDS: Final = (
    "行政相对人名称", "行政相对人类别", "行政相对人代码_1(统一社会信用代码)", "行政相对人代码_2(工商注册号)",
    "行政相对人代码_3(组织机构代码)", "行政相对人代码_4(税务登记号)", "行政相对人代码_5(事业单位证书号)",
    "行政相对人代码_6(社会组织登记证号)", "法定代表人", "法定代表人证件类型", "法定代表人证件号码", "证件类型", "证件号码",
    "行政许可决定文书名称", "行政许可决定文书号", "许可类别", "许可证书名称", "许可编号", "许可内容", "许可决定日期",
    "有效期自", "有效期至", "许可机关", "许可机关统一社会信用代码", "当前状态", "数据来源单位",
    "数据来源单位统一社会信用代码", "备注",
)  # fmt: skip
FOR_GOOD: Final = "2099/12/31"
_DOCUMENTS: Final = {
    "identity_card": "身份证",
    "residence_permit": "港澳台居民居住证",
    "home_return_permit": "港澳居民来往内地通行证、台湾居民来往大陆通行证",
    "permanent_resident": "外国人永久居留身份证",
    "passport": "护照号",
}


@dataclass(frozen=True)
class Granting:
    """A granted case as it is published. ``paper``: title and number of its decision, or the number of an external
    system."""

    case_id: str
    number: str | None
    item: Item
    applicant: Applicant
    course: Course
    granted_on: date
    paper: tuple[str, str]


def rows(one: Granting, unit: str, code: str) -> list[tuple[str, ...]]:
    """A row for each licence that was issued; one without a licence while none is."""
    kept = [
        (each.name, each.number, _day(each.valid_from), _day(each.valid_until) if each.valid_until else FOR_GOOD)
        for each in one.course.results
    ]  # fmt: skip
    of = _whom(one.applicant)
    kind = "登记" if one.item.registers else "普通"
    told = one.course.ruling.reason if one.course.ruling else ""
    return [
        (
            *of,
            *one.paper,
            kind,
            name,
            number,
            one.item.name,
            _day(one.granted_on),
            since,
            until,
            unit,
            code,
            standing(one.course),
            unit,
            code,
            told,
        )
        for name, number, since, until in kept or [("", "", _day(one.granted_on), "")]
    ]


def standing(course: Course) -> str:
    """当前状态."""
    became = {one.kind for one in course.sequels if one.outcome == "granted"}
    for kind, word in (("deregistered", "注销"), ("revoked", "撤销")):
        if kind in became:
            return word
    return "有效"


def natural(applicant: Applicant) -> bool:
    """Whether a person was granted it, and no company."""
    who = applicant.principal
    return not (who.company if who else applicant.credit_code)


def _whom(applicant: Applicant) -> tuple[str, ...]:
    """The first thirteen fields."""
    who = applicant.principal
    if natural(applicant):
        name, document, number = applicant.name, str(applicant.document), applicant.identity_number
        if who is not None:
            name, document, number = who.name, str(who.document), who.number
        masked = mask_document(number)
        return (name, "自然人", *[""] * 9, _DOCUMENTS.get(document, ""), masked)
    company = who.name if who else applicant.name
    code = who.number if who else applicant.credit_code or ""
    head = who.representative if who else ""
    return (company, "法人及非法人组织", code, *[""] * 5, head, "", "", "", "")


def _day(on: date) -> str:
    return f"{on:%Y/%m/%d}"


def sheet(granted: Sequence[Granting], unit: str, code: str) -> list[tuple[str, ...]]:
    """The head, and the rows of these."""
    return [FIELDS, *(row for one in granted for row in rows(one, unit, code))]
