"""Materials of earlier cases (以前的材料): what the applicant lets be used again instead of a new scan.

Only by his consent in this case, given to words that are kept by their version, and only what was
brought under his own identity number; what he brought in the name of an organisation, only in its
own cases. Whether a unit may see the earlier case is not asked: the
file becomes a version of this case and begins anew at grade C. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from server.case.rules.case import Case, Consent
from server.case.rules.materials.bringing import next_number, placed, sent
from server.case.rules.materials.material import Material, Origin, counted
from server.catalogue.rules.item import Item
from server.rights.hand import Hand
from server.standards.languages import Language
from signaling.refusals import Code, Refusal

CASES_AT_MOST: Final = 50
"""How many earlier cases are looked through, newest first."""
CURRENT: Final = "2026-11"
TEXTS: Final[dict[str, dict[Language, str]]] = {
    "2026-11": {
        "zh-CN": (
            "您以前办理其他事项时交过的材料，可以用于本次办理，不必重新扫描。"
            "征得您同意后，窗口人员可以看到这些材料的名称、提交时间和所属事项（看不到内容），"
            "由您选定后，所选文件连同它的来源（事项、地点）复制到本办件，本办件的受理单位和受邀参加的单位可以查看；"
            "哪一件、由谁、何时取用，两个办件都会存证。"
            "您可以不同意，也可以随时撤回；撤回前已经取用的文件留在本办件中。"
        ),
        "en": (
            "Materials that you brought for other matters before can be used for this one instead of "
            "being scanned again. With your consent the clerk sees their names, when they were brought "
            "and for which matter (not what they contain); those that you choose are copied into this "
            "case together with where they came from (matter and place), and the unit that decides it "
            "and those that are invited can read them. Which file was used, by whom and when "
            "is kept in the record of both cases. You may refuse, and take your consent back at any "
            "time; what was used before that stays in this case."
        ),
    }
}


@dataclass(frozen=True)
class Earlier:
    """A case of the same applicant, as far as its files may be told of."""

    case_id: str
    item: Item
    place: str
    """Of the window that took it."""
    materials: tuple[Material, ...]


def text(version: str, language: Language) -> str | None:
    """The words of a version; None when there never was such a version."""
    known = TEXTS.get(version)
    return None if known is None else known[language]


def consented(case: Case, answer: Consent, who: Hand) -> Case:
    """Keep the applicant's answer; a later one replaces an earlier one.

    Refused: ``not_yours`` (taken anywhere but at the window), ``case_closed``.
    """
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if not case.fillable:
        raise Refusal(Code.CASE_CLOSED)
    return replace(case, earlier_consent=answer)


def admit(case: Case, who: Hand) -> None:
    """Let earlier materials be told of and taken. Refused: ``not_yours`` (not the window),
    ``case_closed``, ``earlier_consent_missing`` (never given, refused, or taken back)."""
    if not who.fills:
        raise Refusal(Code.NOT_YOURS)
    if not case.fillable:
        raise Refusal(Code.CASE_CLOSED)
    if case.earlier_consent is None or not case.earlier_consent.given:
        raise Refusal(Code.EARLIER_CONSENT_MISSING)


def offered(earlier: Earlier) -> list[Material]:
    """What of an earlier case can be used again: what counted there, unless it was returned or is
    not shown before a scan."""
    return [
        one
        for one in counted(earlier.item, earlier.materials)
        if one.sha256 and one.review != "returned" and one.viewed_state != "locked"
    ]


def line_name(item: Item, material: Material) -> str:
    """What the line of a material is called; empty for what is on no line."""
    line = item.line(material.line)
    return line.name if line else ""


def fits(item: Item, name: str) -> list[str]:
    """The keys of the lines that ask for a paper of that name."""
    return [line.key for line in item.lines if name and line.name == name]


def taken(
    case: Case,
    earlier: Iterable[Earlier],
    line: str,
    material_id: str,
    who: Hand,
    *,
    slot: int | None = None,
    new_id: str,
    at: datetime,
    version: int,
) -> Material:
    """The earlier material as a version of that line (in which slot: as in
    ``server.case.rules.materials.bringing.placed``), by its hash, with where it came from.

    Its grade and review begin anew, and so does the copy that people look at. Refused: as in
    ``admit`` and ``server.case.rules.materials.bringing.sent``; ``not_found`` (nothing that is offered).
    """
    admit(case, who)
    sent(case.item, case.materials, line, "material", None, who, closed=not case.fillable)
    for one in earlier:
        for was in offered(one):
            if was.id == material_id:
                return Material(
                    id=new_id,
                    line=line,
                    number=next_number(case.materials, line),
                    slot=placed(case.item, case.materials, line, "material", slot),
                    name=was.name,
                    state="stored",
                    size_bytes=was.size_bytes,
                    by=who.person_id,
                    at=at,
                    media_type=was.media_type,
                    sha256=was.sha256,
                    pages=was.pages,
                    duplicate_of=_same(case.materials, was.sha256),
                    version=version,
                    grade="C",
                    viewed_state="making",
                    scan=was.scan,
                    origin=Origin(
                        case_id=one.case_id,
                        material_id=was.id,
                        item_name=one.item.name,
                        line_name=line_name(one.item, was),
                        place=one.place,
                        at=was.at,
                    ),
                )
    raise Refusal(Code.NOT_FOUND, material=material_id)


def _same(materials: Sequence[Material], sha256: str | None) -> str | None:
    return next((one.id for one in materials if one.sha256 == sha256), None)
