"""Messages and comments: views, commands and events."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import StrictBool

from server.case.rules.talk.comment import State as CommentState
from server.case.rules.talk.saying import Lane
from server.case.wire.words import Anchor, CaseCommand, Text
from server.rights.seen import STAFF, Put, Seen
from signaling.wire.envelope import Event, Id, Message, PersonRef


class Saying(Message):
    """One text message beside the voice."""

    seen: ClassVar = Seen(when=lambda one, side: one.lane == "shared" or side != "applicant")

    id: str
    lane: Lane
    text: str
    by: PersonRef
    on_behalf_of: str | None = None
    """``applicant`` when he wrote it on the turned screen."""
    call_id: str | None = None
    """The call during which it was said; null outside of calls."""
    at: datetime


class CommentEntry(Message):
    by: PersonRef
    at: datetime
    text: str


class Comment(Message):
    """A thread about a field, a line of the list or the whole case. Open ones go into a 补正 notice
    and stand in the way of 受理."""

    seen: ClassVar = Seen(to=STAFF, at=lambda one: one.on)

    id: str
    on: str
    state: CommentState
    entries: list[CommentEntry]
    closed_by: PersonRef | None = None
    closed_at: datetime | None = None


class CaseSay(CaseCommand):
    """Write a message. Window, approver and third. Refused: throttled (2000 a case). Result: ``{saying_id}``."""

    type: Literal["case.say"] = "case.say"
    lane: Lane
    text: Text
    call_id: Id | None = None
    for_applicant: bool = False
    """The applicant wrote it on the turned screen: shared lane, window only."""


class CaseComment(CaseCommand):
    """Begin a thread. Window, approver and third. Result: ``{comment_id}``."""

    type: Literal["case.comment"] = "case.comment"
    on: Anchor
    text: Text


class CaseReply(CaseCommand):
    """Answer in a thread; a resolved one opens again."""

    type: Literal["case.reply"] = "case.reply"
    comment_id: Id
    text: Text


class CaseResolve(CaseCommand):
    """Close (or open again) a thread: the approver, or who began it."""

    type: Literal["case.resolve"] = "case.resolve"
    comment_id: Id
    resolved: StrictBool


class CaseSaid(Event):
    into: ClassVar = (Put("sayings", "saying"),)

    type: Literal["case.said"] = "case.said"
    saying: Saying


class CaseCommented(Event):
    """The whole thread as it is now."""

    into: ClassVar = (Put("comments", "comment"),)

    type: Literal["case.commented"] = "case.commented"
    comment: Comment
