"""Comments: threads about a field, a line of the list or the whole case, from every side.

Each event carries the whole thread as it is then. Rules are in server.case.rules.talk.comment.
"""

from dataclasses import replace
from typing import Final

from server.case.rules.talk import comment as rules
from server.case.rules.talk.comment import Comment
from server.case.turn import Acts, CaseTurn
from server.case.views import comment_view
from server.case.wire.talk import CaseComment, CaseCommented, CaseReply, CaseResolve
from server.rights.ids import new_id
from server.store.subject import Told

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseComment, CaseTurn, looks=True)
async def comment(turn: CaseTurn, command: CaseComment) -> Told:
    """Begin a thread. Result: ``{comment_id}``. Refusals: ``server.case.rules.talk.comment.begin``."""
    case = turn.case
    thread = rules.begin(
        case.item,
        case.comments,
        new_id(),
        command.on,
        command.text,
        turn.hand,
        closed=not case.fillable,
        at=turn.at,
        version=turn.version,
    )
    return replace(_commented(turn, thread, text=command.text), result={"comment_id": thread.id})


@acts.on(CaseReply, CaseTurn)
async def reply(turn: CaseTurn, command: CaseReply) -> Told:
    """Answer in a thread. Refusals: ``server.case.rules.talk.comment.reply``."""
    case = turn.case
    thread = rules.reply(
        case.comments,
        command.comment_id,
        command.text,
        turn.hand,
        closed=not case.fillable,
        at=turn.at,
    )
    return _commented(turn, thread, text=command.text)


@acts.on(CaseResolve, CaseTurn)
async def resolve(turn: CaseTurn, command: CaseResolve) -> Told:
    """Close a thread or open it again. Refusals: ``server.case.rules.talk.comment.resolve``."""
    case = turn.case
    thread = rules.resolve(
        case.comments,
        command.comment_id,
        command.resolved,
        turn.hand,
        closed=not case.fillable,
        at=turn.at,
    )
    return _commented(turn, thread)


def _commented(turn: CaseTurn, thread: Comment, **more: str) -> Told:
    turn.keep(replace(turn.case, comments=rules.placed(turn.case.comments, thread)))
    return Told(
        CaseCommented(**turn.stamp, comment=comment_view(thread, turn.people)),
        f"comment:{thread.id}",
        {"on": thread.on, "state": thread.state, **more},
    )
