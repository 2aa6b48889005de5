"""Tasks as pages are told of them: people by name, the applicant masked."""

from collections.abc import Iterable, Sequence

from server.people.rows.people import person_refs
from server.standards.identifiers import mask_name, mask_phone
from server.tasks.rows import Connection, ListedTask
from server.tasks.rules import Task
from server.tasks.wire import DemandView, MandateView, TaskResultView, TaskSourceView, TaskView
from signaling.wire.envelope import PersonRef


def _people(task: Task) -> Iterable[str]:
    named = [task.owner_id, *(one.by for one in task.sources), *(one.by for one in task.results)]
    named += [one.by for one in task.demands]
    named += [one.by for one in task.mandates]
    return (one for one in named if one)


async def task_views(connection: Connection, listed: Sequence[ListedTask]) -> list[TaskView]:
    """These tasks, with one question for all their people."""
    refs = await person_refs(connection, {id for one in listed for id in _people(one.task)})
    return [_view(one, refs) for one in listed]


def _view(one: ListedTask, refs: dict[str, PersonRef]) -> TaskView:
    task = one.task
    return TaskView(
        id=task.id,
        version=task.version,
        case_id=task.case_id,
        call_id=task.call_id,
        kind=task.kind,
        state=task.state,
        round=task.round,
        item_name=one.item_name,
        applicant_masked=mask_name(one.applicant_name),
        phone_masked=mask_phone(one.phone),
        unit_id=task.unit_id,
        unit_name=one.unit_name,
        owner=refs.get(task.owner_id or ""),
        wanted=task.wanted,
        sources=[
            TaskSourceView(cause=told.cause, text=told.text, at=told.at, by=refs.get(told.by or ""))
            for told in task.sources
        ],
        results=[
            TaskResultView(
                outcome=told.outcome, text=told.text, at=told.at, by=refs.get(told.by or "")
            )
            for told in task.results
        ],
        demands=[
            DemandView(
                text=told.text,
                by=refs[told.by],
                at=told.at,
                answer_by=told.answer_by,
                answered_at=told.answered_at,
            )
            for told in task.demands
        ],
        made_at=task.made_at,
        joined_at=task.joined_at,
        next_step=task.next_step,
        next_at=task.next_at,
        level=task.level,
        raise_at=task.raise_at,
        ended_at=task.ended_at,
        accepted_at=task.accepted_at,
        mandates=[
            MandateView(
                material_id=given.material_id,
                scope=given.scope,
                signed_on=given.signed_on,
                until=given.until,
                by=refs[given.by],
                at=given.at,
            )
            for given in task.mandates
        ],
    )
