"""What the gateway says became of a message: it arrived, or it did not."""

import structlog

from server.rights.subjects import of_case
from server.store import SYSTEM, Store
from server.tasks.acts import turns as tasks
from server.tellings import rows, rules
from server.tellings.acts.turns import TellingTurn
from server.tellings.wire import Receipt
from signaling.refusals import Code, Refusal

security_log = structlog.get_logger("security")


class Receipts:
    """Takes receipts that the secret signs; without a secret there are none."""

    def __init__(self, store: Store, secret: bytes | None) -> None:
        self._store, self._secret = store, secret

    async def take(self, receipt: Receipt, body: bytes, said: str, source: str) -> None:
        """Keep what the gateway reports; the same again, or an older one, changes nothing.

        Refused: ``not_found`` where no gateway is set, or of a telling that there is not; ``forbidden`` when the
        signature does not fit the body or is older than five minutes.
        """
        store = self._store
        if self._secret is None:
            raise Refusal(Code.NOT_FOUND)
        if not rules.believe(self._secret, "receipt", said, body, store.clock.now()):
            security_log.warning("forged_receipt", source=source)
            raise Refusal(Code.FORBIDDEN)
        async with store.read() as connection:
            found = await rows.find(connection, receipt.id)
        if found is None:
            raise Refusal(Code.NOT_FOUND)
        async with store.change(SYSTEM, of=of_case(found.case_id)) as change:
            turn = await TellingTurn.at_telling(change, receipt.id)
            if receipt.arrival == "undelivered":
                archived = await rows.archived(change.connection, turn.telling)
                await turn.hand("undelivered", archived=archived)
                return
            after = rules.received(turn.telling, change.at)
            if after is turn.telling:
                return
            await turn.done("telling.receive", after, {})
            if after.task_id is not None:
                await tasks.told_otherwise(change, after.task_id, "短信已送达")
