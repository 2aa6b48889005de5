"""The house: no module leads in a circle back to itself, counted over every import that stands anywhere."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TOPS: Final = ("server", "signaling", "media")


def modules() -> dict[str, Path]:
    """Each module of ours by its dotted name."""
    found = {}
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """What each module imports of the others, within functions and for types too."""
    found = defaultdict[str, set[str]](set)
    for name, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                found[name] |= {one.name for one in node.names} & sources.keys()
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for one in node.names:
                    inner = f"{node.module}.{one.name}"
                    found[name] |= {inner if inner in sources else node.module} & sources.keys()
        found[name].discard(name)
    return found


def circles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules of which each leads to each other (Tarjan, 1972), without recursion."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []
    for start in edges:
        todo = [(start, iter(sorted(edges[start])))] if start not in order else []
        while todo:
            at, following = todo[-1]
            if at not in order:
                order[at] = low[at] = len(order)
                path.append(at)
            deeper = next((one for one in following if one not in order), None)
            if deeper is not None:
                todo.append((deeper, iter(sorted(edges.get(deeper, ())))))
                continue
            todo.pop()
            for one in edges.get(at, ()):
                if one in path:
                    low[at] = min(low[at], low[one])
            if low[at] == order[at]:
                cut = path.index(at)
                if len(path) - cut > 1:
                    found.append(sorted(path[cut:]))
                del path[cut:]
    return found


def test_no_module_leads_in_a_circle_to_itself() -> None:
    sources = {name: path.read_text("utf-8") for name, path in modules().items()}
    assert len(sources) > 150
    edges = imports(sources)
    assert sum(map(len, edges.values())) > 800
    assert circles(edges) == []


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"a"}}, [["a", "b"]]),
        (
            {"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": {"e"}, "e": {"d"}},
            [["d", "e"], ["a", "b", "c"]],
        ),
        ({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"a"}}, []),
    ],
)
def test_a_circle_is_found(edges: dict[str, set[str]], found: list[list[str]]) -> None:
    assert sorted(circles(edges)) == sorted(found)


def test_an_import_in_a_function_counts() -> None:
    sources = {"a.x": "def f():\n    from a import y\n", "a.y": "import a.x\n", "a": ""}
    assert circles(imports(sources)) == [["a.x", "a.y"]]
