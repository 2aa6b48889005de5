"""What became of a sequel, told on the case that it follows, in the transaction in which it came to its ruling or end.

The sequel is locked before the case that it follows, in every act: no two of them wait for each other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from server.case.rules.course import sequels
from server.case.turn import CaseTurn
from server.case.views import course_view
from server.case.wire.course.advancing import CaseAdvanced
from server.store.subject import Told


async def told_first(turn: CaseTurn, then: Callable[[], Awaitable[object]] | None = None) -> None:
    """What else follows, and that the first case knows of it; nothing where the case follows none, or goes on."""
    if then is not None:
        await then()
    case = turn.case
    of, outcome = case.sequel_of, sequels.OUTCOMES.get(case.state)
    if of is None or outcome is None:
        return
    first = await CaseTurn.open(turn.change, of.case_id, turn.house)
    after = sequels.ended(first.case.course, case.id, outcome, turn.at)
    if after == first.case.course:
        return
    first.keep(replace(first.case, course=after))
    await first.name(after.people)
    await first.tell(
        "case.end_sequel",
        Told(
            CaseAdvanced(
                **first.stamp,
                step="sequel_ended",
                state=first.case.state,
                course=course_view(after, first.people),
            ),
            turn.subject,
            {"sequel": case.id, "kind": of.kind, "outcome": outcome},
        ),
    )
