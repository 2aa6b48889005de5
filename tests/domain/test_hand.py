"""What rules and acts ask of whoever acts or reads: what he may, and never of which side he is."""

import re
from pathlib import Path
from typing import Final

import pytest

from server.rights.hand import Hand, Part, TaskScope
from server.rights.seen import SIDES, Audience

SCOPE: Final = TaskScope("task-1", frozenset({"licence"}), frozenset({"name"}))
PLACE: Final = "line:licence"


@pytest.mark.parametrize(
    ("side", "scope", "fills", "judges", "there", "handles", "supervises"),
    [
        ("window", None, True, False, False, True, False),
        ("approver", None, False, True, True, True, False),
        ("third", None, False, False, False, False, False),
        ("third", SCOPE, False, False, True, False, False),
        ("supervisor", None, False, False, False, False, True),
    ],
)
def test_a_hand_and_an_audience_answer_alike(
    side: str,
    scope: TaskScope | None,
    fills: bool,
    judges: bool,
    there: bool,
    handles: bool,
    supervises: bool,
) -> None:
    who: list[Part] = [Hand("person", side, scope)]  # type: ignore[arg-type]
    who.append(SIDES[side] if scope is None else Audience("task", scope=scope))  # type: ignore[index]
    for one in who:
        assert one.fills is fills
        assert (one.judges(), one.judges(PLACE)) == (judges, there)
        assert (one.handles(), one.handles(PLACE)) == (handles, handles or there)
        assert not scope or not one.handles("line:other")
        assert one.supervises is supervises


def test_no_rule_and_no_act_asks_of_which_side_somebody_is() -> None:
    root = Path(__file__).parents[2] / "server"
    asks = re.compile(r"\b(?:who|hand|own|audience)\.side\b")
    found = [
        path.relative_to(root).as_posix()
        for room in ("rules", "acts")
        for path in root.glob(f"*/{room}/**/*.py")
        if asks.search(path.read_text("utf-8"))
    ]
    assert found == []
