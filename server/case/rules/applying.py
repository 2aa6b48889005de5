"""Who applies (申请人): the person at the window for himself, or for a legal person or another person.

A legal person applies by its 法定代表人 or by whom it entrusts with the matter (经办人), anybody else by an agent
(代理人), each with a 授权委托书 that is a material of the case. Sources: 行政许可法 29 (applying by an agent), 民法典 61
(法定代表人), 161 and 165 (who is represented, and what the mandate says). Pure.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from server.catalogue.rules.item import Item, Line
from server.standards import identifiers
from server.standards.identifiers import IdentityDocument
from signaling.refusals import Code, Refusal

Capacity = Literal["representative", "handler", "agent"]
"""法定代表人本人 | 经办人（受委托） | 代理人 of another person."""
COMPANIES: Final[frozenset[Capacity]] = frozenset({"representative", "handler"})
"""In which he comes for a legal person."""
MANDATED: Final[frozenset[Capacity]] = frozenset({"handler", "agent"})
"""In which he shows a 授权委托书."""
MANDATE: Final = Line(
    key="mandate",
    name="授权委托书",
    need="required",
    form="both",
    originals=1,
    copies=0,
    note="写明委托事项、权限和期限，由委托人签名或者盖章",
)


@dataclass(frozen=True)
class Principal:
    """For whom the person at the window applies, and as what he came.

    ``number`` is the 统一社会信用代码 of a legal person, else that of ``document``. ``representative`` is the name of the
    法定代表人. ``mandate_until``: the last day of the 授权委托书; None: up to the end of the matter.
    """

    capacity: Capacity
    name: str
    number: str
    document: IdentityDocument | None = None
    representative: str = ""
    mandate_until: date | None = None

    @property
    def company(self) -> bool:
        """Whether it is a legal person."""
        return self.capacity in COMPANIES

    @property
    def credit_code(self) -> str | None:
        """Of a legal person."""
        return self.number if self.company else None

    @property
    def identity_number(self) -> str:
        """Of a person; empty of a company."""
        return "" if self.company else self.number


@dataclass(frozen=True)
class Applicant:
    """The person at the window, and for whom he came."""

    name: str
    identity_number: str
    phone: str
    credit_code: str | None
    document: IdentityDocument = "identity_card"
    """Of which ``identity_number`` is the number."""
    principal: Principal | None = None
    """None: he applies for himself."""

    @property
    def declarant(self) -> str:
        """The name of who applies: the principal's, where there is one."""
        return self.principal.name if self.principal else self.name

    @property
    def signed(self) -> Mapping[str, str | None]:
        """What a summary that is signed says of him; nothing of a principal that he has not."""
        told: dict[str, str | None] = {
            name: value for name, value in asdict(self).items() if name != "principal"
        }
        if self.principal is not None:
            until = self.principal.mandate_until
            told |= {
                **{f"principal.{name}": value for name, value in asdict(self.principal).items()},
                "principal.mandate_until": until.isoformat() if until else None,
            }
        return told


def principal(
    capacity: Capacity,
    name: str,
    number: str,
    *,
    document: IdentityDocument = "identity_card",
    representative: str = "",
    at_window: str,
    mandate_until: date | None = None,
    today: date,
) -> Principal:
    """For whom somebody comes. ``at_window``: the name of who comes, who is the representative of a company himself.

    Refused: ``principal_missing`` (no name, or of a legal person no 法定代表人), ``bad_credit_code`` of a legal person, else
    as ``identifiers.document_number``; ``bad_date`` (the mandate is over).
    """
    if capacity == "representative":
        representative, mandate_until = at_window, None
    if not name.strip() or (capacity in COMPANIES and not representative.strip()):
        raise Refusal(Code.PRINCIPAL_MISSING)
    if mandate_until is not None and mandate_until < today:
        raise Refusal(Code.BAD_DATE, why="mandate")
    if capacity in COMPANIES:
        code = identifiers.credit_code(number)
        return Principal(capacity, name.strip(), code, None, representative.strip(), mandate_until)
    number = identifiers.document_number(document, number, today=today)
    return Principal(capacity, name.strip(), number, document, "", mandate_until)


def with_mandate(item: Item, who: Principal | None) -> Item:
    """The item as this case has it: who comes for another brings a 授权委托书, unless the list of the item asks for
    one itself."""
    if who is None or who.capacity not in MANDATED:
        return item
    if any(line.key == MANDATE.key or line.name == MANDATE.name for line in item.lines):
        return item
    return replace(item, lines=(*item.lines, MANDATE))


def stored(of: Principal | None) -> dict[str, Any] | None:
    """As it is kept."""
    if of is None:
        return None
    until = of.mandate_until
    return {**asdict(of), "mandate_until": until.isoformat() if until else None}


def kept(body: Mapping[str, Any] | None) -> Principal | None:
    """From what was kept."""
    if body is None:
        return None
    until = body.get("mandate_until")
    return Principal(**{**body, "mandate_until": date.fromisoformat(until) if until else None})
