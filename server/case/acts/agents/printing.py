"""The five papers of 帮办代办: 受理单, 委托书, 中止单, 续办委托书, 办结（终止）单.

Each tells what the task is at that moment, is issued by the unit whose window took the case, and is made as all papers
of the case are. What is to be signed is printed first and comes back as a file, which ``task.mandate`` names. A paper
has the id of its task before its own, and the same occasion gives the same id: nothing is printed twice, but what
failed. Which papers there are at which step: ``server.tasks.agents.may_print``.
"""

import base64
import hashlib
from typing import Any, Final

from server.case.acts.papers.days import day
from server.case.acts.papers.press import asked
from server.case.rows import papers as rows
from server.case.rules.course import states
from server.case.turn import Acts, CaseTurn
from server.case.wire.course.agents import CasePrintAgent
from server.rights.subjects import of_task
from server.standards.papers import AGENT_PAPERS, AgentPaper
from server.standards.working_days import china_day
from server.store.subject import Told
from server.tasks import agents
from server.tasks import rows as task_rows
from server.tasks.rules import Outcome, Task, TaskCause
from signaling.refusals import Code, Refusal

PAPERS_AT_MOST: Final = 50
"""Of 帮办代办, of one case."""
STEPS_AT_MOST: Final = 30
"""The last ones stand on 办结（终止）单."""
_CAUSES: Final[dict[TaskCause, str]] = {
    "asked": "本人请求",
    "missed_call": "来电未接，本人请求",
    "limit_passed": "办件超期，本人请求",
    "low_rated": "评价不满意，本人请求",
}
_OUTCOMES: Final[dict[Outcome, str]] = {
    "contacted": "联系上了",
    "no_answer": "没接",
    "wrong_number": "号码不对",
    "note": "记录",
    "done": "办成",
}

acts: Final = Acts()
commands: Final = acts.commands


@acts.on(CasePrintAgent, CaseTurn)
async def print_agent(turn: CaseTurn, command: CasePrintAgent) -> Told | dict[str, Any]:
    """Make a paper of it, or name the one that is there. Refusals: ``CasePrintAgent``."""
    if not turn.hand.fills:
        raise Refusal(Code.NOT_YOURS, case=turn.case_id)
    if states.archived(turn.case.state):
        raise Refusal(Code.CASE_ARCHIVED)
    await turn.change.lock(of_task(command.task_id))
    task = await task_rows.find(turn.connection, command.task_id)
    if task is None or task.case_id != turn.case_id:
        raise Refusal(Code.NOT_FOUND, task=command.task_id)
    agents.may_print(task, command.paper, command.scope, command.until, china_day(turn.at))
    made = await rows.list_papers(turn.connection, [turn.case_id])
    # the newest of this occasion: one that failed is made once more, as another
    tried = {one.id: one for one in made if is_of(one.id, task.id)}
    nth = 0
    while (paper_id := _id(task, command, nth)) in tried:
        if tried[paper_id].state != "failed":
            return {"paper_id": paper_id}
        nth += 1
    if sum(one.kind in AGENT_PAPERS for one in made) >= PAPERS_AT_MOST:
        raise Refusal(Code.THROTTLED)
    told = await _told(turn, task, command)
    return await asked(turn, command.paper, rests={"task": task.id}, agent=told, paper_id=paper_id)


def is_of(paper_id: str, task_id: str) -> bool:
    """Whether this is a paper of that task."""
    return paper_id.startswith(f"{task_id}-")


def _id(task: Task, command: CasePrintAgent, nth: int) -> str:
    occasion: dict[AgentPaper, tuple[Any, ...]] = {
        "agent_start": (),
        "mandate": (command.scope, command.until, task.owner_id),
        "renewal": (len(task.mandates), command.scope, command.until, task.owner_id),
        "agent_pause": (task.round,),
        "agent_end": (),
    }
    words = repr((command.paper, *map(str, occasion[command.paper]), nth))
    made = base64.urlsafe_b64encode(hashlib.sha256(words.encode()).digest()[:12]).decode()
    return f"{task.id}-{made}"


async def _told(turn: CaseTurn, task: Task, command: CasePrintAgent) -> dict[str, Any]:
    """What the paper says beside the case."""
    people = await turn.name([task.owner_id])
    who = people.get(task.owner_id or "")
    source = task.sources[0]
    last = task.results[-1] if task.results else None
    told: dict[str, Any] = {
        "kind": "代办" if task.kind == "proxy" else "帮办",
        "name": who.name if who else "",
        "staff_number": who.staff_number if who else "",
        "asked_on": day(china_day(task.made_at)),
        "cause": _CAUSES.get(source.cause, "本人请求"),
        "wish": source.text,
        "wanted": task.wanted,
        "accepted_on": day(china_day(task.accepted_at)) if task.accepted_at else "",
    }
    match command.paper:
        case "mandate" | "renewal":
            before = task.mandates[-1] if task.mandates else None
            assert command.until is not None
            return told | {
                "scope": command.scope,
                "until": day(command.until),
                "before": before
                and {"signed_on": day(before.signed_on), "until": day(before.until)},
            }
        case "agent_pause":
            assert last is not None
            assert task.next_at is not None
            return told | {
                "reason": last.text,
                "paused_on": day(china_day(last.at)),
                "again_on": day(china_day(task.next_at)),
            }
        case "agent_end":
            assert last is not None
            assert task.ended_at is not None
            return told | {
                "reason": last.text,
                "result": "办结" if task.state == "closed" else "终止",
                "ended_on": day(china_day(task.ended_at)),
                "steps": [
                    {"what": _OUTCOMES[one.outcome], "text": one.text, "on": day(china_day(one.at))}
                    for one in task.results[:-1][-STEPS_AT_MOST:]
                ],
            }
        case _:
            return told
