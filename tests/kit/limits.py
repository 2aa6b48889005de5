"""The limits of time that `make strict` judges, as a table of docs/proofs.md.

Read from the tests themselves: every call of ``borne`` in them. `python -m tests.kit.limits` writes
the table anew; tests/server/test_docs.py fails where it is another one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "proofs.md"
BEGINS: Final = "<!-- written by python -m tests.kit.limits -->"
ENDS: Final = "<!-- end -->"


@dataclass(frozen=True)
class Limit:
    """A limit: in which file and function, how the test writes it, its value where it is fixed."""

    file: str
    function: str
    text: str
    value_s: float | None


def limits() -> list[Limit]:
    """All of them, in the order of the files."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path.name == "test_limits.py":  # judges `borne` itself
            continue
        tree = ast.parse(path.read_text())
        for function, call in _calls(tree):
            [limit] = call.args
            found.append(
                Limit(
                    str(path.relative_to(ROOT)),
                    function,
                    ast.unparse(limit),
                    _value(limit, _constants(tree)),
                )
            )
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for outer in tree.body:
        if not isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for node in ast.walk(outer):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "borne":
                yield outer.name, node


def _constants(tree: ast.Module) -> dict[str, float]:
    found: dict[str, float] = {}
    for node in tree.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        for target in targets:
            pairs = (
                zip(target.elts, value.elts, strict=True)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(target, value)]
            )
            for name, one in pairs:
                if (
                    isinstance(name, ast.Name)
                    and isinstance(one, ast.Constant)
                    and isinstance(one.value, int | float)
                ):
                    found[name.id] = float(one.value)
    return found


def _value(limit: ast.expr, constants: dict[str, float]) -> float | None:
    match limit:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return constants.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [_value(one, constants) for one in (left, right)]
            return None if None in parts else sum(one for one in parts if one is not None)
        case _:
            return None


def table() -> str:
    """The table, one row for each function with limits."""
    rows: dict[tuple[str, str], list[str]] = {}
    for one in limits():
        told = f"`{one.text}`" if one.value_s is None else f"{one.value_s:g} s"
        rows.setdefault((one.file, one.function), []).append(told)
    lines = ["| file | function | limits |", "|---|---|---|"]
    for (file, function), each in rows.items():
        lines.append(f"| `{file}` | `{function}` | {', '.join(dict.fromkeys(each))} |")
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n\n{table()}\n\n{ENDS}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
