"""Items, their forms and regions on the wire. Shapes only."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, StrictBool, StringConstraints

from server.catalogue.rules.card import Word as CardWord
from server.catalogue.rules.item import Kind as FieldKind
from server.catalogue.rules.item import (
    Medium,
    Mode,
    Need,
    RecordingRefusal,
    RuleKind,
    SignatureNeed,
)
from server.catalogue.rules.listing import Why as RowWhy
from server.catalogue.rules.lowering import LoweringState
from server.catalogue.rules.shape import Why as FormWhy
from server.rights.hand import TaskScope
from server.rights.seen import Seen
from server.standards.regions import Level
from signaling.wire.envelope import Message

OTHER_LINE = "other"
"""The line of what belongs to no line of the item's list."""


class MaterialLine(Message):
    """One line of the item's material list. ``form`` 1 paper 2 electronic 3 both."""

    key: str
    name: str
    need: Need
    form: Medium
    originals: int
    copies: int
    note: str = ""
    slots: list[str] = []
    """What its first files are called, where each is wanted: 正面, 反面."""
    declares: bool = False
    """The applicant may declare in writing that it is so, and brings nothing (告知承诺)."""


class FormCondition(Message):
    """Holds while the field beside it (``outside``: of the form around the row) has one of these values;
    without ``values`` while it has any."""

    field: str
    values: list[str] = []
    outside: bool = False


class FormRule(Message):
    """A rule between fields, told at ``field``. sums_to: the column ``other`` of the group ``field``
    makes ``total``; else against the field ``other``."""

    kind: RuleKind
    field: str
    other: str
    total: str = ""


class FormField(Message):
    """One field. ``sensitive`` values leave the server masked unless the audience is the window.

    The value of a ``group`` is the list of its rows (``r1,r2``), that of a cell stands under
    ``<group>.<row>.<column>``; an ``attachment`` is filled by a stored material of ``line``.
    """

    name: str
    label: str
    label_en: str
    kind: FieldKind
    required: bool
    sensitive: bool = False
    choices: list[str] = []
    hint: str = ""
    example: str = ""
    max_length: int = 200
    group: str = ""
    minimum: str = ""
    maximum: str = ""
    decimals: int = 0
    unit: str = ""
    level: Level = 3
    """How deep a region goes (GB/T 2260): province, prefecture, county."""
    line: str = ""
    columns: list["FormField"] = []
    min_rows: int = 0
    max_rows: int = 20
    rules: list[FormRule] = []
    """Within a row of the group."""
    when: FormCondition | None = None
    """It is there only then."""
    required_when: FormCondition | None = None
    card: CardWord | Literal[""] = ""
    """What an identity card or a business licence says of it: read off a picture, offered to the window."""

    def within(self, scope: TaskScope) -> "FormField | None":
        """The field, or the group with the columns that this scope sees; None: nothing of it."""
        if scope.sees(f"field:{self.name}"):
            return self
        columns = [one for one in self.columns if scope.sees(f"field:{self.name}.0.{one.name}")]
        return self.model_copy(update={"columns": columns, "rules": []}) if columns else None


class CheckPoint(Message):
    """One point that the approver tells and checks at once, while talking (一次性告知, 行政许可法 32)."""

    key: str
    text: str


class ItemView(Message):
    """An item (事项) as its running cases keep it: version, material list and form are frozen in the case.

    In a case its unit is the one that decides, to which it may have been referred.
    """

    seen: ClassVar = Seen(cut=lambda item, scope: item.within(scope))

    id: str
    code: str
    name: str
    version: int
    unit_id: str
    unit_name: str
    place: str
    promised_days: int
    modes: list[Mode]
    lines: list[MaterialLine]
    form_title: str
    form: list[FormField]
    recording_refusal: RecordingRefusal
    """Policy when the applicant refuses recording: the call goes on unrecorded, or cannot be made."""
    checklist: list[CheckPoint] = []
    guide: str = ""
    """办事指南 in plain paragraphs."""
    rules: list[FormRule] = []
    """Between fields of the form."""
    signature: SignatureNeed = "optional"
    """``required``: 受理 is refused (incomplete) until the signed summary was submitted."""
    bases: list[str] = []
    """设定依据, from which a ruling chooses."""
    system: str = ""
    """The external system in which it is accepted and decided; empty: here."""
    fee_basis: str = ""
    """收费依据; empty: nothing may be asked for it."""
    fee_fen: int = 0
    """收费标准 in fen; 0 where there is no fee, or the amount is reckoned case by case."""
    fee_first: bool = False
    """Nothing is issued before the fee is paid or waived."""

    def within(self, scope: TaskScope) -> Self:
        """The item with the lines and fields of this scope alone."""
        form = [one for one in (one.within(scope) for one in self.form) if one is not None]
        lines = [one for one in self.lines if scope.sees(f"line:{one.key}")]
        return self.model_copy(update={"lines": lines, "form": form, "checklist": [], "rules": []})


class ItemSummary(Message):
    """An item that can be asked for, in its version in use."""

    id: str
    code: str
    name: str
    version: int
    unit_id: str
    unit_name: str
    place: str
    promised_days: int
    modes: list[Mode]


class Items(Message):
    items: list[ItemSummary]


class CatalogueItem(Message):
    """The newest version of an item, as an administrator sees it in the list."""

    id: str
    code: str
    name: str
    version: int
    unit_name: str
    place: str
    item_type: str
    """事项类型 in words; empty where it is not known."""
    promised_days: int
    lines: int
    """How many materials it asks for."""
    fields: int
    """How many fields its form has."""
    in_use: bool


class CatalogueItems(Message):
    items: list[CatalogueItem]
    total: int


class ItemVersion(Message):
    """``made_by`` is the name of who made it; empty where nobody noted it."""

    id: str
    version: int
    in_use: bool
    made_at: datetime | None = None
    made_by: str = ""
    note: str = ""


class ItemVersions(Message):
    """One version of an item whole, and which others there are, newest first."""

    item: ItemView
    in_use: bool
    legal_days: int | None
    item_type: str
    level: str
    versions: list[ItemVersion]


class LoweredField(Message):
    """A field that would leave unmasked; ``path`` is its name, or ``group.column``."""

    path: str
    label: str


class LoweringView(Message):
    """A form that makes fields less sensitive, and waits for a second administrator of the unit."""

    id: str
    state: LoweringState
    """``outdated``: another version was published meanwhile."""
    document: dict[str, Any]
    fields: list[LoweredField]
    note: str
    by: str
    """The name of who asked."""
    mine: bool
    """I asked: another one has to agree."""
    at: datetime
    made_id: str | None = None
    """The version that came of it."""


class WaitingLowering(Message):
    """One of them in a list, by its item; ``item_id`` is the version over which it was written."""

    id: str
    item_id: str
    code: str
    by: str
    mine: bool
    at: datetime


class WaitingLowerings(Message):
    lowerings: list[WaitingLowering]


class ItemForm(Message):
    """The form of a version of an item as JSON Schema with its presentation (docs/forms.md)."""

    item: ItemView
    newest: int
    """The newest version of the item: a form is published over it."""
    document: dict[str, Any]
    lowering: LoweringView | None = None
    """What waits for a second administrator of the unit."""
    closed: Literal["agreed", "declined", "withdrawn", "outdated"] | None = None
    """What became of the last one, where none waits."""


class LoweringAnswer(Message):
    agree: StrictBool
    """No by a second person declines; no by who asked takes it back."""


class FormDocument(Message):
    document: dict[str, Any]


class FormPublication(Message):
    """``version`` is the newest one that the page knows of."""

    document: dict[str, Any]
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    note: Annotated[
        str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"\S")
    ]


class FormFault(Message):
    """What is wrong in a document: where (JSON pointer, RFC 6901), what it is about."""

    pointer: str
    why: FormWhy
    name: str = ""


class FormCheck(Message):
    """What would come of a document: the item as it would be, or everything that is wrong."""

    item: ItemView | None
    faults: list[FormFault]
    lowers: list[LoweredField] = []
    """Which fields it makes less sensitive: that needs a second administrator of the unit."""


class ItemOffer(Message):
    """Whether a version of an item is offered at the windows."""

    in_use: StrictBool


class BadRow(Message):
    """Why a row is not taken. Rows are counted from 1 below the header."""

    row: int
    column: str
    why: RowWhy


class CatalogueImport(Message):
    """What an import did, or would do when it was only asked for."""

    rows: int
    new: int
    changed: int
    unchanged: int
    bad: int
    """Rows that are not taken."""
    faults: list[BadRow]
    """The first 500 reasons."""
    new_units: list[str]
    written: bool


class RegionView(Message):
    """``parent`` is the code of the region that it lies in, empty for a province."""

    code: str
    name: str
    parent: str


class Regions(Message):
    """The regions of today (GB/T 2260), in the order of the standard."""

    regions: list[RegionView]
