"""帮办 and 代办 of a case: asked for by the window or by who decides, for the applicant who wants it.

The task lies with the unit whose window took the case, whoever asked. Its rules are in ``server.tasks.agents``.
"""

from typing import Any, Final

from server.case import admission
from server.case.acts.agents.printing import is_of
from server.case.rows import papers as paper_rows
from server.case.rows.papers import Paper
from server.case.rules.course import states
from server.case.turn import Acts, CaseTurn
from server.case.wire.course.agents import AgentPrinted, Agents, AgentView, CaseAskAgent
from server.case.wire.signing import PaperView
from server.people.rows.people import person_refs
from server.rights.hand import APPLICANT
from server.rights.ids import new_id
from server.rights.person import Actor
from server.rights.seen import sees
from server.standards.working_days import china_day
from server.store import Store
from server.store.subject import Told
from server.tasks import agents, rows
from server.tasks import rules as task_rules
from server.tasks.acts import turns as tasks
from server.tasks.acts.days import in_working_days
from server.tasks.rules import AGENT_KINDS, Task, TaskSource
from signaling.refusals import Code, Refusal

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CaseAskAgent, CaseTurn)
async def ask(turn: CaseTurn, command: CaseAskAgent) -> Told:
    """请求帮办 or 代办. Refused: ``not_yours`` (who only watches), ``case_archived``, ``other_step``,
    ``task_running``."""
    case = turn.case
    if not turn.hand.handles():
        raise Refusal(Code.NOT_YOURS, case=case.id)
    if states.archived(case.state):
        raise Refusal(Code.CASE_ARCHIVED)
    if case.state in states.ENDED | states.CONSULTATIONS:
        raise Refusal(Code.OTHER_STEP)
    if await rows.going_on(turn.connection, case.id, command.kind):
        raise Refusal(Code.TASK_RUNNING)
    task = task_rules.opened(
        new_id(),
        case.id,
        command.kind,
        case.window_unit_id,
        agents.WANTED[command.kind],
        TaskSource(command.cause, command.text, turn.at, turn.hand.person_id),
        next_step=agents.FIRST,
        next_at=await in_working_days(turn.connection, turn.at, agents.ACCEPT_WITHIN),
    )
    await tasks.open_task(turn.change, task)
    return Told(
        None,
        turn.subject,
        {"task": task.id, "kind": command.kind, "cause": command.cause},
        result={"task_id": task.id},
        on_behalf_of=APPLICANT,
    )


async def listing(store: Store, actor: Actor, case_id: str) -> Agents:
    """帮办 and 代办 of a case. Refused: ``not_found`` to who does not see it, and to guests."""
    async with store.read() as connection:
        _, audience = await admission.header(connection, actor, case_id)
        if not (audience.handles() or audience.supervises):
            raise Refusal(Code.NOT_FOUND, case=case_id)
        found = await rows.of_case(connection, case_id, AGENT_KINDS)
        people = await person_refs(connection, {one.owner_id for one in found if one.owner_id})
        made = await paper_rows.list_papers(connection, [case_id])
    seen = [one for one in made if sees(PaperView.seen, one, audience)]
    return Agents(agents=[_view(one, people, seen) for one in found])


def _view(task: Task, people: dict[str, Any], made: list[Paper]) -> AgentView:
    stage: Any = task.state if task.state != "open" else "accepted" if task.accepted_at else "asked"
    return AgentView(
        task_id=task.id,
        kind="proxy" if task.kind == "proxy" else "help",
        stage=stage,
        asked_at=task.made_at,
        agent=people.get(task.owner_id or "") if task.accepted_at else None,
        next_on=china_day(task.next_at) if task.next_at and task.ended_at is None else None,
        mandate_until=task.mandates[-1].until if task.mandates else None,
        ended_at=task.ended_at,
        papers=[
            AgentPrinted(
                id=one.id,
                kind=one.kind,
                number=one.number,
                state=one.state,
                draft=one.draft is not None,
                at=one.at,
            )
            for one in made
            if is_of(one.id, task.id)
        ],
    )
