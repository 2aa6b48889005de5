"""The turn of a telling: opened in the transaction of the step that it tells, changed by its rule, told with its row.

Lock the case before a telling, and a telling before its task.
"""

from collections.abc import Mapping
from typing import Any

from server.rights.ids import new_id
from server.rights.subjects import of_telling
from server.store import Change
from server.store.subject import Told, Turn
from server.tasks import rules as task_rules
from server.tasks.acts import turns as tasks
from server.tasks.rules import TaskSource
from server.tellings import rows, rules
from server.tellings.rules import Telling, Untold
from signaling.refusals import Code, Refusal


class TellingTurn(Turn):
    """One change of a telling that is locked."""

    telling: Telling

    @classmethod
    async def at_telling(cls, change: Change, telling_id: str) -> "TellingTurn":
        """Lock the telling and read it. Refused: ``not_found``."""
        subject = of_telling(telling_id)
        turn = cls(change, subject, await change.lock(subject) + 1)
        found = await rows.find(change.connection, telling_id)
        if found is None:
            raise Refusal(Code.NOT_FOUND, telling=telling_id)
        turn.telling = found
        return turn

    async def done(self, act: str, telling: Telling, payload: Mapping[str, Any]) -> None:
        """Write the telling as its rule gave it, with the entry of this act."""
        self.telling = telling
        told = Told(None, self.subject, payload, beside=[rows.changed_telling(telling)])
        await self.tell(act, told)

    async def hand(self, why: Untold, *, archived: bool) -> None:
        """Give it to people, as a task of the unit that answers for it; not once the case, which is locked, lies in
        the archive. Nothing is done where it is theirs already, or told."""
        if archived:
            after = rules.lapsed(self.telling, why)
            if after is not self.telling:
                await self.done("telling.lapse", after, {"why": why})
            return
        task_id = new_id()
        after = rules.handed(self.telling, why, task_id)
        if after is self.telling:
            return
        outside = after.external_id is not None
        await tasks.open_task(
            self.change,
            task_rules.opened(
                task_id, after.case_id, "follow" if outside else "tell", after.unit_id,
                f"{'告知外部系统' if outside else '告知申请人'}：{rules.text(after)}",
                TaskSource("system_untold" if outside else "untold", why, self.at),
                next_step="联系外部系统" if outside else "电话告知申请人",
                next_at=self.at + rules.TOLD_WITHIN, once=f"telling:{after.id}",
            ),
        )  # fmt: skip
        await self.done("telling.hand", after, {"why": why, "task": task_id})


async def open_telling(change: Change, telling: Telling) -> None:
    """Keep a new telling in the caller's transaction."""
    subject = of_telling(telling.id)
    await change.make(subject)
    payload = {"case": telling.case_id, "step": telling.step, "unit": telling.unit_id}
    if telling.external_id is not None:
        payload["external"] = telling.external_id
    told = Told(None, subject, payload, beside=[rows.new_telling(telling)])
    await Turn(change, subject, 1).tell("telling.open", told)
