"""Templates of official papers: what has to stand on a paper, whoever laid it out.

A unit may lay its papers out by itself, in Typst. What the law wants on a paper must be read on it
all the same; for each kind it is told here which values these are, and whether a text has them.
Sources: 行政许可法 32, 38, 42, 44 and 45; the notices are dated, sealed and signed for. Pure.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from server.standards.papers import AGENT_PAPERS, TITLES, PaperKind

LONGEST: Final = 64 * 1024
"""Characters of a template."""
PAGES_AT_MOST: Final = 60
"""Of one paper."""
_PIECE: Final = 8

Why = Literal[
    "lacks", "unclosed", "unknown_name", "unknown_key", "expected", "file", "package", "font",
    "panicked", "endless", "too_long", "too_big", "other",
]  # fmt: skip
"""``lacks``: a value that must stand on the paper does not; ``endless``: out of time or memory;
``too_long``: pages; ``too_big``: bytes. All others are of the language of the templates."""

Must = Literal[
    "title", "number", "unit", "seal", "date", "signed_for", "applicant", "item", "materials", "copies",
    "time", "receiver", "contact", "limit", "decision_date", "promised", "points", "deadline",
    "reason", "rights", "procedure", "form", "parcel", "arrived", "bases", "results", "way", "cause", "review",
    "deliver_by", "used", "agent", "mandate",
]  # fmt: skip
"""What has to be read on a paper, by name."""


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """Why a template cannot be used: its line (0: none), what it is about in the template's words."""

    line: int
    why: Why
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Need:
    must: Must
    all: tuple[str, ...] = ()
    """Each of these values."""
    any: tuple[str, ...] = ()
    """One of these words."""


NAMES_REVIEW: Final[frozenset[PaperKind]] = frozenset({"refusal", "denial", "termination"})
"""The papers that tell before whom the decision can be taken (行政许可法 38; 行政复议法, 行政诉讼法)."""


def is_kind(word: str) -> bool:
    """Whether there is a paper of that kind."""
    return word in TITLES


def lacking(text: str, facts: Mapping[str, Any], pages: int) -> list[Must]:
    """What has to stand on the paper that these facts make, and is not in its text.

    ``text`` is all text of its ``pages`` in their order. Blanks count for nothing, and a long value
    may be cut by the end of a page.
    """
    read = _plain(text)
    return [
        need.must
        for need in _needs(facts)
        if not all(_stands(value, read, pages) for value in need.all)
        or (need.any and not any(word in read for word in need.any))
    ]


def _stands(value: str, read: str, pages: int) -> bool:
    wanted = _plain(value)
    if wanted in read:
        return True
    pieces = [wanted[at : at + _PIECE] for at in range(0, len(wanted), _PIECE)]
    cut = sum(piece not in read for piece in pieces)
    return len(pieces) > 2 and cut <= min(pages - 1, len(pieces) // 3)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _needs(facts: Mapping[str, Any]) -> Iterator[_Need]:
    kind: PaperKind = facts["kind"]
    decision = facts["decision"]
    yield _Need("title", (facts["title"],))
    yield _Need("number", (facts["number"],))
    yield _Need("unit", (facts["unit"],))
    yield _Need("applicant", (facts["applicant"]["name"],))
    yield _Need("item", (facts["item"]["name"],))
    if kind not in ("application", "handover", "withdrawal", "mandate", "renewal"):
        yield _Need("seal", any=("印章", "盖章"))
        yield _Need("signed_for", any=("签收", "收件人签名") if kind == "delivery" else ("签收",))
        yield _Need("date", (_dated(facts),))
    if kind in NAMES_REVIEW:
        yield _Need("rights", ("行政复议", "行政诉讼"))
        yield _Need("review", (facts.get("review_body", ""), facts.get("court", "")))
    if kind in ("receipt", "acceptance", "application"):
        yield _Need("materials", tuple(one["name"] for one in facts["materials"]))
    match kind:
        case "receipt":
            copies = (f"{one['originals']}/{one['copies']}" for one in facts["materials"])
            yield _Need("copies", tuple(copies))
            yield _Need("time", (facts["made_at"],))
        case "acceptance":
            days = facts["item"]["days"]
            yield _Need("time", (decision["on"],))
            yield _Need("receiver", (facts["window"]["clerk"],))
            yield _Need("contact", (facts["hotline"],))
            yield _Need("limit", (f"{days}个工作日",) if days else (), any=("时限",))
            yield _Need("decision_date", (decision["due_on"],))
            for one in facts["promised"]:
                yield _Need("promised", (one["name"], one["until"]))
        case "correction":
            yield _Need("points", tuple(decision["points"]))
            yield _Need("reason", (decision["reason"],))
            yield _Need("deadline", (facts["correct_by"],))
        case "refusal":
            yield _Need("reason", (decision["reason"],))
        case "suspension":
            stopped = facts["clock"]["stopped"]
            yield _Need("procedure", (stopped["why"], stopped["began"]))
            yield _Need("reason", (stopped["reason"],))
        case "extension":
            extension = facts["clock"]["extension"]
            yield _Need("limit", (str(extension["days"]), facts["clock"]["legal_on"]))
            yield _Need("reason", (extension["reason"],))
        case "application":
            yield _Need("signed_for", any=("签名", "签字"))
            rows = [row for section in facts["form"] for row in section["rows"]]
            yield _Need("form", tuple(value for row in rows for value in row))
        case "grant" | "registration":
            yield _Need("bases", tuple(facts["course"]["ruling"]["bases"]))
            yield _Need("deliver_by", (facts["course"]["ruling"]["deliver_by"],))
        case "denial":
            yield _Need("bases", tuple(facts["course"]["ruling"]["bases"]))
            yield _Need("reason", (facts["course"]["ruling"]["reason"],))
        case "delivery":
            delivery = facts["course"]["delivery"]
            yield _Need(
                "way", tuple(delivery[name] for name in ("way", "courier", "tracking", "note"))
            )
            for one in delivery["given"]:
                yield _Need("results", (one["name"], one["number"]))
            if delivery["receiver"] is not None:
                yield _Need("receiver", (delivery["receiver"]["name"],))
        case "closing":
            used = facts["course"]["used"]
            yield _Need("used", () if used is None else (f"{used}个工作日",))
            for one in facts["course"]["results"]:
                yield _Need("results", (one["name"], one["number"]))
        case "withdrawal":
            yield _Need("signed_for", any=("签名", "签字"))
            yield _Need("date", (facts["course"]["ending"]["on"],))
            yield _Need("reason", (facts["course"]["ending"]["reason"],))
        case "return":
            yield _Need("reason", (facts["course"]["ending"]["reason"],))
            yield _Need("materials", tuple(one["name"] for one in facts["materials"]))
        case "termination":
            yield _Need("cause", (facts["course"]["ending"]["cause"],))
            yield _Need("reason", (facts["course"]["ending"]["reason"],))
        case "handover":
            parcel = facts["handover"]
            yield _Need("parcel", (parcel["courier"], parcel["tracking"], parcel["sent_at"]))
            yield _Need("materials", tuple(one["name"] for one in parcel["lines"]))
            told = [one[name] for one in parcel["lines"] for name in ("told", "note")]
            yield _Need("arrived", (parcel["received_at"], parcel["note"], *told))
        case "agent_start":
            yield _Need("agent", (facts["agent"]["name"], facts["agent"]["accepted_on"]))
            yield _Need("reason", (facts["agent"]["wish"],))
        case "mandate" | "renewal":
            yield _Need("signed_for", any=("签名", "签字"))
            yield _Need("agent", (facts["agent"]["name"],))
            yield _Need("mandate", (facts["agent"]["scope"], facts["agent"]["until"]))
        case "agent_pause":
            yield _Need("agent", (facts["agent"]["name"],))
            yield _Need("reason", (facts["agent"]["reason"], facts["agent"]["again_on"]))
        case "agent_end":
            yield _Need("results", (facts["agent"]["result"], facts["agent"]["ended_on"]))
            yield _Need("reason", (facts["agent"]["reason"],))


def _dated(facts: Mapping[str, Any]) -> str:
    """The day under a notice: that of what it tells, which is not always that of its making."""
    course = facts.get("course")
    if facts["kind"] in AGENT_PAPERS:
        return str(facts["made_on"])
    match facts["kind"]:
        case "suspension" | "extension" | "closing":
            return str(facts["made_on"])
        case "grant" | "registration" | "denial" if course:
            return str(course["ruling"]["on"])
        case "delivery" if course:
            return str(course["delivery"]["ended_on"])
        case "return" | "termination" if course:
            return str(course["ending"]["on"])
        case _:
            decision = facts["decision"]
            return str(facts["made_on"] if decision is None else decision["on"])
