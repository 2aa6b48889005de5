"""How the subjects of the record are spelt; those of the live call are signaling's.

With an empty id a spelling is what all subjects of that noun begin with.
"""

from signaling.subjects import id_of as id_of
from signaling.subjects import of_call as of_call
from signaling.subjects import of_monitor as of_monitor
from signaling.subjects import of_person as of_person
from signaling.subjects import of_unit as of_unit
from signaling.subjects import watched_as as watched_as


def of_case(case_id: str) -> str:
    return f"case:{case_id}"


def of_listed(unit_id: str) -> str:
    """Which cases stand in the lists of a unit; watched by those who look at one, and never written."""
    return f"listed:{unit_id}"


def of_monitors(call_id: str) -> str:
    """Who followed a call, unseen or not: a subject beside the call, which its parties cannot watch."""
    return f"monitors:{call_id}"


def of_asking(case_id: str) -> str:
    """That an approver asks to be called again about a case."""
    return f"missed:{case_id}"


def of_task(task_id: str) -> str:
    """Something that a unit has to see to about a case."""
    return f"task:{task_id}"


def of_telling(telling_id: str) -> str:
    """That a step of a case is told to its applicant."""
    return f"telling:{telling_id}"


def of_item(item_id: str) -> str:
    return f"item:{item_id}"


def of_templates(unit_id: str) -> str:
    """How a unit lays out its papers."""
    return f"templates:{unit_id}"


def of_template(template: str) -> str:
    """One of them, or one version; named in entries."""
    return f"template:{template}"


def of_calendar(region: str) -> str:
    """The working days of a region."""
    return f"calendar:{region}"
