"""The one table of refusals at the edge, declared subject by subject: a code has its status and sentences once."""

from typing import Final

from server.edge.sentences import calls, cases, catalogue, files, machine, people
from server.edge.sentences.entry import Sentences
from signaling.refusals import Code

_SUBJECTS: Final = (
    people.ENTRIES,
    machine.ENTRIES,
    calls.ENTRIES,
    cases.ENTRIES,
    catalogue.ENTRIES,
    files.ENTRIES,
)
TABLE: Final[dict[Code, Sentences]] = {
    code: entry for one in _SUBJECTS for code, entry in one.items()
}

if (told := sum(map(len, _SUBJECTS))) != len(TABLE) or TABLE.keys() != set(Code):
    silent = sorted(set(Code) - TABLE.keys())
    raise TypeError(f"a code is declared once: {told - len(TABLE)} are twice, {silent} never")
