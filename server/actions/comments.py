"""Comments: threads about a field, a line of the list or the whole case, from every side.

Each event carries the whole thread as it is then. Rules are in server.domain.comment.
"""

from dataclasses import replace

from server.actions.cases import admitted
from server.actions.views import comment_view, person_ref
from server.domain import comment as rules
from server.domain.comment import Comment
from server.rights.connected import Connected, Handler, actor_of
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.subjects import of_case
from server.store import Change, Store
from server.store import cases as rows
from server.wire.case import CaseComment, CaseCommented, CaseReply, CaseResolve
from signaling.protocol import Ack, Command


def commands(store: Store) -> dict[type[Command], Handler]:
    """The handlers of this module, by command."""

    async def commented(connection: Connected, command: CaseComment) -> Ack:
        return await comment(store, actor_of(connection), command)

    async def replied(connection: Connected, command: CaseReply) -> Ack:
        return await reply(store, actor_of(connection), command)

    async def resolved(connection: Connected, command: CaseResolve) -> Ack:
        return await resolve(store, actor_of(connection), command)

    return {CaseComment: commented, CaseReply: replied, CaseResolve: resolved}


async def comment(store: Store, actor: Actor, command: CaseComment) -> Ack:
    """Begin a thread. Result: ``{comment_id}``. Refusals: ``server.domain.comment.begin``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        version = await change.lock(of_case(command.case_id)) + 1
        record, hand = await admitted(change.connection, actor, command.case_id)
        thread = rules.begin(
            record.case.item,
            record.case.comments,
            new_id(),
            command.on,
            command.text,
            hand,
            closed=record.case.closed,
            at=change.at,
            version=version,
        )
        if hand.side == "approver":
            await rows.look(change.connection, command.case_id, version - 1, change.at)
        await _keep(change, actor, record, thread, "case.comment", {"text": command.text})
        return change.ack({"comment_id": thread.id})


async def reply(store: Store, actor: Actor, command: CaseReply) -> Ack:
    """Answer in a thread. Refusals: ``server.domain.comment.reply``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        await change.lock(of_case(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        thread = rules.reply(
            record.case.comments,
            command.comment_id,
            command.text,
            hand,
            closed=record.case.closed,
            at=change.at,
        )
        await _keep(change, actor, record, thread, "case.reply", {"text": command.text})
        return change.ack()


async def resolve(store: Store, actor: Actor, command: CaseResolve) -> Ack:
    """Close a thread or open it again. Refusals: ``server.domain.comment.resolve``."""
    async with store.change(actor, command) as change:
        if change.replayed:
            return change.replayed
        await change.lock(of_case(command.case_id))
        record, hand = await admitted(change.connection, actor, command.case_id)
        thread = rules.resolve(
            record.case.comments,
            command.comment_id,
            command.resolved,
            hand,
            closed=record.case.closed,
            at=change.at,
        )
        await _keep(change, actor, record, thread, "case.resolve", {})
        return change.ack()


async def _keep(
    change: Change,
    actor: Actor,
    record: rows.Record,
    thread: Comment,
    act: str,
    payload: dict[str, str],
) -> None:
    subject = of_case(record.case.id)
    comments = rules.placed(record.case.comments, thread)
    await rows.save(change.connection, record.case, replace(record.case, comments=comments))
    view = comment_view(thread, {**record.people, actor.person_id: person_ref(actor)})
    await change.record(
        subject,
        act,
        f"comment:{thread.id}",
        lambda version: CaseCommented(subject=subject, version=version, at=change.at, comment=view),
        payload={"on": thread.on, "state": thread.state, **payload},
    )
