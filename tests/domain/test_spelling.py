"""Each closed set of words is spelt in one place: what is said twice is one day said differently."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENUMS = {"Enum", "IntEnum", "StrEnum"}


def sets(source: str) -> Iterator[tuple[int, frozenset[object]]]:
    """The sets of two or more words in a module, and in which line: of a Literal, or an enum's values."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Literal":
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        elif isinstance(node, ast.ClassDef) and ENUMS & {getattr(b, "id", "") for b in node.bases}:
            parts = [one.value for one in node.body if isinstance(one, ast.Assign)]
        else:
            continue
        if len(parts) > 1 and all(isinstance(one, ast.Constant) for one in parts):
            yield (
                node.lineno,
                frozenset(one.value for one in parts if isinstance(one, ast.Constant)),
            )


def spelt_twice(sources: dict[str, str]) -> list[list[str]]:
    """The places of each set of words that is spelt in more than one."""
    places: dict[frozenset[object], list[str]] = defaultdict(list)
    for name, source in sources.items():
        for line, words in sets(source):
            places[words].append(f"{name}:{line}")
    return [found for found in places.values() if len(found) > 1]


def test_each_set_of_words_is_spelt_once() -> None:
    modules = [
        one for room in ("server", "signaling", "media") for one in (ROOT / room).rglob("*.py")
    ]
    sources = {str(one.relative_to(ROOT)): one.read_text() for one in modules}
    assert spelt_twice(sources) == []


@pytest.mark.parametrize("again", ['X = Literal["b", "a"]', "class X(StrEnum):\n A='a'\n B='b'"])
def test_one_that_is_spelt_again_is_found(again: str) -> None:
    sources = {"rules.py": 'State = Literal["a", "b"]', "wire.py": again}
    assert spelt_twice(sources) == [["rules.py:1", "wire.py:1"]]
    assert spelt_twice({**sources, "wire.py": 'X = Literal[State, "c"]'}) == []
