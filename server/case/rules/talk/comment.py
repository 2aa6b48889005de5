"""Comments: threads about a field, a line of the list or the whole case.

    open -> resolved -> open

An open thread stands in the way of acceptance and goes into a 补正 notice. An answer opens a
resolved one again. Who only watches does not comment. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from server.case.rules.talk.notice import Point
from server.catalogue.rules.item import OTHER_LINE, Item
from server.rights.hand import Hand
from signaling.refusals import Code, Refusal

State = Literal["open", "resolved"]
WHOLE_CASE: Final = "case"
THREADS_AT_MOST: Final = 200
"""Of one case."""
ENTRIES_AT_MOST: Final = 200
"""Of one thread."""


@dataclass(frozen=True)
class Remark:
    by: str
    at: datetime
    text: str


@dataclass(frozen=True)
class Comment:
    """A thread. ``on`` is ``case``, ``field:<name>`` or ``line:<key>``; ``version`` is the case's
    version at which it began: their order."""

    id: str
    version: int
    on: str
    state: State
    entries: tuple[Remark, ...]
    closed_by: str | None = None
    closed_at: datetime | None = None

    @property
    def begun_by(self) -> str:
        return self.entries[0].by


def begin(
    item: Item,
    comments: tuple[Comment, ...],
    id: str,
    on: str,
    text: str,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
    version: int,
) -> Comment:
    """Begin a thread. Refused: ``case_closed``, ``not_yours`` (who only watches, or has a part of the case elsewhere),
    ``field_unknown``, ``line_unknown``, ``throttled`` (200 threads in the case)."""
    _may(who, closed, on)
    kind, _, name = on.partition(":")
    if kind == "field" and item.field(name) is None:
        raise Refusal(Code.FIELD_UNKNOWN, field=name)
    if kind == "line" and name != OTHER_LINE and item.line(name) is None:
        raise Refusal(Code.LINE_UNKNOWN)
    if len(comments) >= THREADS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    return Comment(id, version, on, "open", (Remark(who.person_id, at, text),))


def reply(
    comments: tuple[Comment, ...], id: str, text: str, who: Hand, *, closed: bool, at: datetime
) -> Comment:
    """Answer in a thread; a resolved one is open again. Refused: ``case_closed``, ``not_yours``,
    ``comment_unknown``, ``throttled`` (200 entries in the thread)."""
    thread = _known(comments, id, who)
    _may(who, closed, thread.on)
    if len(thread.entries) >= ENTRIES_AT_MOST:
        raise Refusal(Code.THROTTLED)
    entries = (*thread.entries, Remark(who.person_id, at, text))
    return replace(thread, state="open", entries=entries, closed_by=None, closed_at=None)


def resolve(
    comments: tuple[Comment, ...],
    id: str,
    resolved: bool,
    who: Hand,
    *,
    closed: bool,
    at: datetime,
) -> Comment:
    """Close a thread or open it again: the approver, or who began it. One that is so already stays
    as it is. Refused: ``case_closed``, ``comment_unknown``, ``not_yours``."""
    thread = _known(comments, id, who)
    _may(who, closed, thread.on)
    if not who.judges(thread.on) and who.person_id != thread.begun_by:
        raise Refusal(Code.NOT_YOURS, comment=id)
    if resolved is (thread.state == "resolved"):
        return thread
    if not resolved:
        return replace(thread, state="open", closed_by=None, closed_at=None)
    return replace(thread, state="resolved", closed_by=who.person_id, closed_at=at)


def placed(comments: tuple[Comment, ...], thread: Comment) -> tuple[Comment, ...]:
    """The threads of a case with this one in its place, or behind the others where it is new."""
    if all(one.id != thread.id for one in comments):
        return (*comments, thread)
    return tuple(thread if one.id == thread.id else one for one in comments)


def moved(comments: Iterable[Comment], line: str, to: str) -> list[Comment]:
    """The threads of a line that has nothing left, on the line of the list to which its file came; what
    came to no line leaves them where they are."""
    if OTHER_LINE in (line, to):
        return []
    return [replace(one, on=f"line:{to}") for one in comments if one.on == f"line:{line}"]


def still_open(comments: Iterable[Comment]) -> list[Comment]:
    return [one for one in comments if one.state == "open"]


def points(item: Item, comments: Iterable[Comment]) -> list[Point]:
    """The open threads for a 补正 notice: what each is about, and how it began."""
    return [
        Point(f"comment:{one.id}", f"{_label(item, one.on)}：{one.entries[0].text}")
        for one in still_open(comments)
    ]


def _label(item: Item, on: str) -> str:
    kind, _, name = on.partition(":")
    if kind == "field":
        field = item.field(name)
        return field.label if field else name
    if kind == "line":
        line = item.line(name)
        return line.name if line else "其他材料"
    return "办件"


def _may(who: Hand, closed: bool, on: str) -> None:
    if closed:
        raise Refusal(Code.CASE_CLOSED)
    if not who.writes(on):
        raise Refusal(Code.NOT_YOURS)


def _known(comments: Iterable[Comment], id: str, who: Hand) -> Comment:
    """The thread of that id; one that he does not see is not there."""
    thread = next((one for one in comments if one.id == id), None)
    if thread is None or not (who.supervises or who.writes(thread.on)):
        raise Refusal(Code.COMMENT_UNKNOWN, comment=id)
    return thread
