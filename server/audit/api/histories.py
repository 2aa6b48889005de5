"""/api/v1/cases/…: the history of a case, its ledger and the check of it."""

from typing import Final

from server.audit.acts import histories as supervision
from server.audit.wire import CaseHistory, Ledger, Report
from server.case.wire.words import Version
from server.edge.route import STORE, Ask, Nothing, Routes
from signaling.refusals import Code
from signaling.wire.envelope import Message

routes: Final = Routes("cases")


class HistoryQuery(Message):
    after: Version = 0
    """Events with a greater version."""


@routes.route("GET", "/api/v1/cases/{case_id}/history", problems=(Code.NOT_FOUND, Code.FORBIDDEN))
async def read_history(ask: Ask[HistoryQuery, Nothing]) -> CaseHistory:
    """What happened to a case, event by event; for supervisors."""
    return await supervision.history(
        ask.request.app[STORE], ask.actor, ask.path("case_id"), ask.query.after
    )


@routes.route("GET", "/api/v1/cases/{case_id}/ledger", problems=(Code.NOT_FOUND, Code.FORBIDDEN))
async def read_ledger(ask: Ask[Nothing, Nothing]) -> Ledger:
    """The entries of a case's ledger; for supervisors."""
    return await supervision.ledger(ask.request.app[STORE], ask.actor, ask.path("case_id"))


@routes.route(
    "POST",
    "/api/v1/cases/{case_id}/ledger-check",
    problems=(Code.NOT_FOUND, Code.FORBIDDEN),
    act="ledger.check",
)
async def check_ledger(ask: Ask[Nothing, Nothing]) -> Report:
    """Verify the ledger of a case and of the calls about it; for supervisors."""
    return await supervision.check_ledger(ask.request.app[STORE], ask.actor, ask.path("case_id"))
