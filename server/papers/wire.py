"""Templates of papers as HTTP takes and gives them. Shapes only."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from server.standards.papers import PaperKind, SealState
from server.standards.template import Why as TemplateWhy
from signaling.wire.envelope import Message


class TemplateVersion(Message):
    """One version of how a unit lays out a kind of paper: who made it, when and why."""

    version: int
    built_in: bool
    """It goes back to the built-in layout."""
    made_at: datetime
    made_by: str
    note: str


class TemplateRow(Message):
    """A kind of paper, and by what the unit lays it out; ``newest`` is None while that was never changed."""

    kind: PaperKind
    title: str
    newest: TemplateVersion | None


class Templates(Message):
    unit_name: str
    may_edit: bool
    templates: list[TemplateRow]


class TemplateWhole(Message):
    """A template as it is used now (Typst), its versions, newest first, and the invented ``facts``
    that it is tried out with."""

    kind: PaperKind
    title: str
    source: str
    built_in: bool
    versions: list[TemplateVersion]
    facts: dict[str, Any]


class TemplateSource(Message):
    version: int
    source: str


TemplateWords = Annotated[str, StringConstraints(min_length=1, max_length=64 * 1024)]


class TemplateText(Message):
    source: TemplateWords


class TemplatePublication(Message):
    """``source`` None is the built-in layout; ``version`` the newest that the page knows of, 0 without any."""

    source: TemplateWords | None
    version: Annotated[int, Field(ge=0, le=1_000_000)]
    note: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class TemplateFault(Message):
    """Why a template cannot be used: the line (0: none), and what it is about, as Typst says it;
    with ``lacks`` what is not read on the paper."""

    line: int
    why: TemplateWhy
    name: str = ""


class TemplateCheck(Message):
    """The paper of an invented case: how many pages, the first of them as PNG in Base64; or faults."""

    pages: int
    pictures: list[str]
    faults: list[TemplateFault]


class SealCheck(Message):
    """What the seal on a paper is found to be now; whose and when, where it has one."""

    state: SealState
    subject: str
    fingerprint: str
    at: datetime | None
