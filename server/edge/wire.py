"""The problem, as HTTP gives it. Shapes only."""

from signaling.wire.envelope import Message


class ProblemBody(Message):
    """A refusal or a fault as RFC 9457 problem details, told in the asker's language."""

    type: str
    """URI reference of the kind of problem: ``/problems/<code>``."""
    title: str
    """One sentence for the person."""
    status: int
    detail: str | None = None
    code: str
    reference: str
    """Names this very occurrence in the server's log."""
    details: dict[str, str | int | float | bool | None] = {}
    """Safe facts of the refusal: ids, limits, names of fields."""
