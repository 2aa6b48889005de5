"""Tellings on the wire: what a page of a case is told of them, and the receipt of a gateway. Shapes only."""

from datetime import date, datetime
from typing import Literal

from server.tasks.wire import TaskResultView
from server.tellings.rules import Arrival, TellingStep, Untold
from signaling.wire.envelope import Id, Message, PersonRef

TellingShown = Literal["waiting", "sent", "received", "to_tell", "told", "untold"]
"""待发, 已发, 已达 (by receipt), 待告知 (by a person), 已告知 (by a person), 未告知."""


class TellingView(Message):
    """One step of a case, told to its applicant. ``task_id`` and ``task_version``: the task of who is to tell it by
    telephone, for people of that unit alone."""

    id: str
    step: TellingStep
    unit_name: str
    number: str
    day: date
    made_at: datetime
    state: TellingShown
    sent_at: datetime | None
    received_at: datetime | None
    why: Untold | None
    """Why a person tells it, or nobody did."""
    owner: PersonRef | None
    results: list[TaskResultView]
    """What people entered: who spoke, when, what came of it."""
    task_id: str | None
    task_version: int | None


class Tellings(Message):
    """The tellings of a case, oldest first."""

    tellings: list[TellingView]


class Receipt(Message):
    """What became of one message, as the gateway reports it. ``id`` is that of the message."""

    id: Id
    arrival: Arrival
