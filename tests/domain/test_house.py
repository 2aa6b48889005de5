"""The house: no module leads in a circle back to itself, counted over every import that stands anywhere; and no
module, class or folder is so large that it could be two."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
TOPS: Final = ("server", "signaling", "media")
WEB: Final = "web/src"
MODULE_LINES: Final = 500
CLASS_LINES: Final = 300
"""In the pages of what stands at the left edge: a class, or a function as long as one."""
FOLDER_MODULES: Final = 15
REASON: Final = "In one piece because"
"""What a longer class says in its docstring, and then why."""
APART: Final = {"web/src/wire/messages.ts", "web/src/ui"}
"""What is generated, and the small pieces of which pages are made, that know nothing of each other."""

# What was too large when the sizes were first counted. A name may go and none may come.
LARGE_MODULES: Final[set[str]] = set()
LARGE_CLASSES: Final[set[str]] = set()
SAME: Final[dict[str, str]] = {
    "Desk": "the switchboard's port, and the row that fills it",
    "Finding": "what a check of the ledger found, and how it leaves on the wire",
    "Report": "what a check of the ledger came to, and how it leaves on the wire",
    "TemplateFault": "what is wrong in a template, and how it leaves on the wire",
}
"""Names of classes that stand twice with one meaning, beside those of a room's own wire. One may go and none may come."""
SAME_IN_PAGES: Final[dict[str, str]] = {}
"""Names of types that stand twice in the pages, or of the wire and of a page, with what they mean. They only go."""
SAME_MODULES: Final[dict[str, str]] = {
    "MaterialsSide.vue": "the side of the materials, at either desk",
    "ahead.ts": "what is made before it is wanted: files of pages, the connection of a seat",
    "arms.ts": "what events change, as it is declared and as it is done",
    "qualities.ts": "how good connections are, in a call and in its replay",
    "reducer.ts": "events to a snapshot, of a case and of a call",
    "useGoing.ts": "where the acts of a desk lead, at either desk",
}
"""Names of modules of the pages that stand twice with one meaning. They only go."""
LARGE_FOLDERS: Final[set[str]] = set()


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


_PIECE: Final = re.compile(
    r"^(?P<said>/\*\*(?:(?!\*/).)*\*/\n)?"
    r"(?:export )?(?:default )?(?:abstract |async )*(?:class|function\*?) (?P<name>\w+)(?:.*?\n)?\}\n",
    re.DOTALL | re.MULTILINE,
)


def pages() -> dict[str, str]:
    """The sources of the pages by their path, without the tests that stand beside them."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in sorted((ROOT / WEB).rglob("*"))
        if path.suffix in (".ts", ".vue") and not path.name.endswith(".test.ts")
    }


def pieces(path: str, text: str) -> Iterable[tuple[str, int, str]]:
    """Its classes, and of the pages its functions too: the name, how many lines and what is said of it."""
    if not path.endswith(".py"):
        for found in _PIECE.finditer(text):
            lines = found[0].removeprefix(found["said"] or "").count("\n")
            yield f"{path} {found['name']}", lines, found["said"] or ""
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and node.end_lineno is not None:
            yield (
                f"{path} {node.name}",
                node.end_lineno - node.lineno + 1,
                ast.get_docstring(node) or "",
            )


def large(sources: Mapping[str, str]) -> tuple[set[str], set[str], set[str]]:
    """The modules, the classes without a reason and the folders that are too large."""
    folders = Counter(
        path.rpartition("/")[0] for path in sources if not path.endswith("/__init__.py")
    )
    return (
        {path for path, text in sources.items() if len(text.splitlines()) > MODULE_LINES},
        {
            name
            for path, text in sources.items()
            for name, lines, said in pieces(path, text)
            if lines > CLASS_LINES and REASON not in " ".join(said.replace("*", " ").split())
        },
        {folder for folder, count in folders.items() if count > FOLDER_MODULES},
    )


def test_nothing_is_larger_than_it_should_be_and_the_exceptions_shrink() -> None:
    python = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in modules().values()
    }
    found = large(python | pages())
    for known, now in zip((LARGE_MODULES, LARGE_CLASSES, LARGE_FOLDERS), found, strict=True):
        assert now - APART - known == set(), "too large: divide it (docs/architecture.md)"
        assert known - now == set(), "not too large any more: strike it off the list"


def test_what_is_too_large_is_found() -> None:
    lines = "    x = 1\n" * 310
    sources = {
        "a/long.py": "x = 1\n" * 501,
        "a/short.py": "x = 1\n" * 500,
        "a/both.py": f"class Bare:\n{lines}\nclass Told:\n    '''In one\n    piece because.'''\n{lines}",
        "b/use.ts": f"export class Small {{\n}}\n/** In one\n * piece because. */\nclass Told {{\n{lines}}}\n",
        "b/bare.ts": f"/** Why. */\nexport async function use(): void {{\n{lines}}}\nfunction g() {{\n}}\n",
        **{f"c/{one}.py": "" for one in (*range(15), "__init__")},
        **{f"d/{one}.vue": "" for one in range(16)},
    }
    assert large(sources) == (
        {"a/long.py", "a/both.py"},
        {"a/both.py Bare", "b/bare.ts use"},
        {"d"},
    )


def doubled(sources: Mapping[str, str]) -> set[str]:
    """The names that more than one class has; a room's wire may say a class of that room by its own name."""
    found = defaultdict[str, list[tuple[str, bool]]](list)
    for path, text in sources.items():
        parts = Path(path).with_suffix("").parts
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(("/".join(parts[:2]), "wire" in parts))
    return {
        name
        for name, at in found.items()
        if len(at) > 1
        and not (len(at) == 2 and len({room for room, _ in at}) == 1 and sum(w for _, w in at) == 1)
    }


def test_one_name_means_one_class_and_the_exceptions_shrink() -> None:
    found = doubled(
        {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in modules().values()}
    )
    assert found - SAME.keys() == set(), "two classes of one name: give one the word of its field"
    assert SAME.keys() - found == set(), "it stands once: strike it off the list"


def test_a_name_of_two_classes_is_found() -> None:
    sources = {
        "server/a/rules/x.py": "class Said: ...\nclass Hold: ...\n",
        "server/a/wire/x.py": "class Said: ...\n",
        "server/b/wire.py": "class Kept: ...\n",
        "server/c/rules.py": "class Hold: ...\nclass Kept: ...\n",
    }
    assert doubled(sources) == {"Hold", "Kept"}


_TYPE: Final = re.compile(
    r"^(?:export )?(?:abstract )?(?:interface|type|class|enum) (\w+)\b(?! from)", re.MULTILINE
)


def doubled_in_pages(sources: Mapping[str, str]) -> set[str]:
    """The names that more than one type or class of the pages has, those of the wire among them."""
    found = Counter(name for text in sources.values() for name in set(_TYPE.findall(text)))
    return {name for name, count in found.items() if count > 1}


def test_one_name_means_one_type_of_the_pages_and_the_exceptions_shrink() -> None:
    sources = pages()
    assert "export interface CaseView {" in sources["web/src/wire/messages.ts"]
    found = doubled_in_pages(sources)
    assert found - SAME_IN_PAGES.keys() == set(), (
        "two types of one name: give one the word of its field"
    )
    assert SAME_IN_PAGES.keys() - found == set(), "it stands once: strike it off the list"


def test_a_name_of_two_types_is_found() -> None:
    sources = {
        "web/src/wire/messages.ts": "export interface Check {\n}\nexport type Kept = string\n",
        "web/src/a/run.ts": "export class Check {\n}\nimport type { Kept } from '../wire/messages'\n",
        "web/src/a/Row.vue": "<script setup lang='ts'>\ntype Part = 'a'\ninterface Once {\n}\n",
        "web/src/b/own.ts": "type Part = 'b'\nexport type { Once } from '../a/once'\n",
    }
    assert doubled_in_pages(sources) == {"Check", "Part"}


def doubled_modules(paths: Iterable[str]) -> set[str]:
    """The names that more than one module of the pages has; the words of a room are named by its subject (i18n)."""
    found = Counter(
        path.rpartition("/")[2] for path in paths if not path.startswith(f"{WEB}/i18n/")
    )
    return {name for name, count in found.items() if count > 1}


def test_one_name_means_one_module_of_the_pages_and_the_exceptions_shrink() -> None:
    found = doubled_modules(pages())
    assert found - SAME_MODULES.keys() == set(), (
        "two modules of one name: give one the word of its field"
    )
    assert SAME_MODULES.keys() - found == set(), "it stands once: strike it off the list"


def test_a_name_of_two_modules_is_found() -> None:
    paths = ["a/rules/clock.ts", "rules/clock.ts", "a/focus.ts", "b/focus.vue"]
    words = [f"{WEB}/i18n/en/call.ts", f"{WEB}/i18n/zh-CN/call.ts"]
    assert doubled_modules(paths + words) == {"clock.ts"}
