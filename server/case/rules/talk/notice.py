"""The notice for correction (补正告知): what it names. Which points those are, each module of what a case holds
tells itself; ``server.case.rules.case`` gathers them. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """One point, as people read it (``text``), and the place that it is about, by which is told later what
    became of it.

    ``about`` is ``line:<key>`` (nothing of the line is there), ``line:<key>:<slot>`` (one of its files, of
    ``other`` one that is on no line), ``field:<path>``, ``comment:<id>`` or ``check:<key of the checklist>``.
    """

    about: str
    text: str
