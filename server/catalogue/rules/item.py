"""An item (事项): its material list and its form, as one version of it stands.

A running case keeps the version that it began with. Words only, no rules of a case;
the stored values are those of GB/T 39046-2020 annex A, spelled out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from server.catalogue.rules.card import Word
from server.catalogue.rules.plan import PlanStep
from server.standards.regions import Level

Mode = Literal["online", "proxy", "joint"]
"""全程网办 | 异地代收代办 | 多地联办."""
Need = Literal["required", "optional", "later"]
"""必要 | 非必要 | 容缺后补 (GB/T 39046-2020 table 5)."""
Medium = Literal["paper", "electronic", "both"]
Kind = Literal[
    "text", "long_text", "number", "money", "date", "region", "identity_number", "credit_code",
    "phone", "choice", "attachment", "group",
]  # fmt: skip
"""``attachment`` is filled by a stored material of its ``line``, in every row that has one; ``group``
by rows of ``columns``."""
RuleKind = Literal["not_before", "not_more", "different", "sums_to"]
RecordingRefusal = Literal["not_recorded", "no_call"]
SignatureNeed = Literal["required", "optional"]

NO_ITEM: Final = "未选事项"
"""How a case of no item is named: a consultation that was begun at a unit alone."""
OTHER_LINE: Final = "other"
"""The line of files that belong to no line of the item's list."""


@dataclass(frozen=True)
class Line:
    """One line of the material list. ``later``: 容缺后补, may follow after acceptance. ``declares``: the applicant may
    declare in writing that he fulfils what it would prove, and brings nothing (告知承诺, 国办发〔2020〕42号)."""

    key: str
    name: str
    need: Need
    form: Medium
    originals: int
    copies: int
    note: str = ""
    slots: tuple[str, ...] = ()
    """What its first files are called, where each is wanted: 正面 and 反面 of a card. Others may stand
    beside them."""
    declares: bool = False

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> Self:
        """Build from what ``dataclasses.asdict`` gave; versions that were kept earlier name no slots."""
        return cls(**{**body, "slots": tuple(body.get("slots", ()))})


@dataclass(frozen=True)
class Condition:
    """Holds while the field beside it (in a group: of the same row; ``outside``: of the form around
    the row) has one of these values; without ``values`` while it has any."""

    field: str
    values: tuple[str, ...] = ()
    outside: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule between fields, told at ``field``. not_before, not_more, different: against ``other``;
    sums_to: the numbers in column ``other`` of the group ``field`` make ``total``."""

    kind: RuleKind
    field: str
    other: str
    total: str = ""


@dataclass(frozen=True)
class Field:
    """One field of the form. ``max_length`` counts characters.

    ``minimum`` and ``maximum`` bound number and money (empty: no bound), ``decimals`` are those
    that a number may have, ``level`` how deep a region goes (1 province, 2 prefecture, 3 county),
    ``line`` is the material line of an attachment. Of a group: its ``columns``, how many rows, and
    the ``rules`` within a row. ``when``: the field is there only then; ``required_when``: it is
    required only then. ``card``: what an identity card or a licence says of it.
    """

    name: str
    label: str
    label_en: str
    kind: Kind
    required: bool
    sensitive: bool = False
    choices: tuple[str, ...] = ()
    hint: str = ""
    example: str = ""
    max_length: int = 200
    group: str = ""
    minimum: str = ""
    maximum: str = ""
    decimals: int = 0
    unit: str = ""
    level: Level = 3
    line: str = ""
    columns: tuple["Field", ...] = ()
    min_rows: int = 0
    max_rows: int = 20
    rules: tuple[Rule, ...] = ()
    when: Condition | None = None
    required_when: Condition | None = None
    card: Word | Literal[""] = ""

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> Self:
        """Build from what ``dataclasses.asdict`` gave; what an older version lacks has its default."""

        def condition(stored: Mapping[str, Any] | None) -> Condition | None:
            if stored is None:
                return None
            return Condition(stored["field"], tuple(stored["values"]), stored.get("outside", False))

        return cls(
            **{
                **body,
                "choices": tuple(body.get("choices", ())),
                "columns": tuple(cls.of_body(one) for one in body.get("columns", ())),
                "rules": tuple(Rule(**one) for one in body.get("rules", ())),
                "when": condition(body.get("when")),
                "required_when": condition(body.get("required_when")),
            }
        )


@dataclass(frozen=True)
class CheckPoint:
    """One point that the approver tells the applicant, and checks, all at once (一次性告知)."""

    key: str
    text: str


@dataclass(frozen=True)
class Item:
    """One version of one unit's item. ``code`` is the 实施编码 (31 characters where it is known).

    ``signature`` required: it is not accepted before the applicant signed and handed in the summary.
    """

    id: str
    code: str
    name: str
    version: int
    unit_id: str
    promised_days: int
    modes: tuple[Mode, ...]
    lines: tuple[Line, ...]
    form_title: str
    form: tuple[Field, ...]
    recording_refusal: RecordingRefusal
    checklist: tuple[CheckPoint, ...] = ()
    guide: str = ""
    signature: SignatureNeed = "optional"
    legal_days: int | None = None
    """法定办结时限 in working days; None where the list does not say."""
    item_type: str = ""
    """事项类型 by the code of GB/T 39046-2020; empty where it is not known."""
    level: str = ""
    """行使层级, likewise."""
    main_item: str = ""
    """主项 that it is a part of."""
    rules: tuple[Rule, ...] = ()
    """Between the fields of the form; those within a row stand in their group."""
    registers: bool = False
    """登记类: who is granted it gets 登记通知书, not 准予行政许可决定书."""
    combined: bool = False
    """即办可审核合一: one person may take a case of it and decide it; such cases are sampled."""
    bases: tuple[str, ...] = ()
    """设定依据, from which a ruling chooses; empty where the list does not say."""
    system: str = ""
    """The external system in which it is accepted and decided; empty: here."""
    fee_basis: str = ""
    """收费依据; empty: nothing may be asked for it."""
    fee_fen: int = 0
    """收费标准 in fen; 0 where there is no fee, or the amount is reckoned case by case."""
    fee_first: bool = False
    """先缴费后制证: nothing is issued before the fee is paid or waived."""
    plan: tuple[PlanStep, ...] = ()
    """联办方案; empty: its unit alone handles it."""
    fields: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", {one.name: one for one in self.form})

    @classmethod
    def of_nothing(cls, unit_id: str) -> Self:
        """What a consultation is about that names no item: no list, no form, no days. It has no id."""
        return cls("", "", NO_ITEM, 0, unit_id, 0, (), (), "", (), "not_recorded")

    def line(self, key: str) -> Line | None:
        return next((line for line in self.lines if line.key == key), None)

    def field(self, path: str) -> Field | None:
        """The field of that name, or the column of ``<group>.<row>.<column>``; whether the row is
        there is not asked."""
        return field_at(self.fields, path)

    @classmethod
    def of_body(
        cls, *, id: str, code: str, name: str, version: int, unit_id: str, body: Mapping[str, Any]
    ) -> Self:
        """Build from the stored body: promised_days, modes, lines, form_title, form, recording_refusal.

        Versions that were kept earlier have no checklist, guide and signature in their body.
        """
        return cls(
            id=id,
            code=code,
            name=name,
            version=version,
            unit_id=unit_id,
            promised_days=body["promised_days"],
            modes=tuple(body["modes"]),
            lines=tuple(Line.of_body(line) for line in body["lines"]),
            form_title=body["form_title"],
            form=tuple(Field.of_body(one) for one in body["form"]),
            recording_refusal=body["recording_refusal"],
            checklist=tuple(CheckPoint(**point) for point in body.get("checklist", ())),
            guide=body.get("guide", ""),
            signature=body.get("signature", "optional"),
            legal_days=body.get("legal_days"),
            item_type=body.get("item_type", ""),
            level=body.get("level", ""),
            main_item=body.get("main_item", ""),
            rules=tuple(Rule(**one) for one in body.get("rules", ())),
            combined=body.get("combined", False),
            registers=body.get("registers", False),
            bases=tuple(body.get("bases", ())),
            system=body.get("system", ""),
            fee_basis=body.get("fee_basis", ""),
            fee_fen=body.get("fee_fen", 0),
            fee_first=body.get("fee_first", False),
            plan=tuple(PlanStep.of_body(one) for one in body.get("plan", ())),
        )


def field_at(fields: Mapping[str, Field], path: str) -> Field | None:
    """The field that a path names: its own name, or a column of a row of a group."""
    name, dot, rest = path.partition(".")
    known = fields.get(name)
    if not dot or known is None:
        return None if dot else known
    return next((one for one in known.columns if one.name == rest.partition(".")[2]), None)
