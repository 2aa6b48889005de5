"""The written pages: every relative link leads somewhere, every setting is told."""

from __future__ import annotations

import re
from pathlib import Path

from server.settings import Settings
from tests.kit import limits

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


def test_every_link_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    assert len(pages) > 8
    lost = [
        f"{page.name}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert lost == []


def test_every_place_of_the_house_that_is_named_stands() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert len(page.splitlines()) <= 200
    where = page.partition("## 3. Where is")[2].partition("\n## ")[0]
    asked = [line for line in where.splitlines() if line.startswith("| ")][1:]
    assert len(asked) >= 20
    places = [place for line in asked for place in re.findall(r"`([^`]+)`", line.split("|")[2])]
    assert len(places) >= len(asked)
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_word_of_the_house_says_its_chinese_term_and_its_place_once() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    names = page.partition("## 6. Names")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:5] for line in names.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    words = [word.strip() for row in rows for word in row[0].split(",")]
    assert [word for word in set(words) if words.count(word) > 1] == []
    assert [row[0] for row in rows if len(row[0].split(",")) != len(row[1].split(","))] == []
    places = [place for row in rows for place in re.findall(r"`([^`]+)`", row[3])]
    assert len(places) >= len(rows)
    assert [place for place in places if not (ROOT / place).exists()] == []


MODULE = re.compile(r"`([\w./-]+\.(?:py|ts|vue|c))`")
TEST = re.compile(r"`(test_\w+)`")


def test_every_module_and_every_test_that_is_named_stands() -> None:
    """A path may be told from any folder on: `step/useToDo.ts`."""
    tops = ("server", "signaling", "media", "web/src", "web/tests", "tests", "migrations")
    paths = [
        path
        for top in tops
        for path in (ROOT / top).rglob("*.*")
        if "__pycache__" not in path.parts
    ]
    stands = {"/" + path.relative_to(ROOT).as_posix() for path in paths}
    names = "\n".join(
        path.read_text() for path in paths if path.suffix == ".py" and "tests" in path.parts
    )
    told = {
        page.name: page.read_text()
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
        if page.name != "CHANGELOG.md"
    }
    modules = {(page, module) for page, text in told.items() for module in MODULE.findall(text)}
    assert len(modules) > 150
    ends = {path[at:] for path in stands for at, one in enumerate(path) if one == "/"}
    assert {(page, one) for page, one in modules if f"/{one}" not in ends} == {
        ("CONTRIBUTING.md", "migrations/versions/NNNN_verb_noun.py")
    }
    tests = {(page, test) for page, text in told.items() for test in TEST.findall(text)}
    assert len(tests) > 10
    assert {(page, test) for page, test in tests if test not in names} == set()


def test_every_setting_is_told() -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name}`" not in told] == []


def test_the_limits_of_time_are_told_as_they_stand() -> None:
    page = limits.PAGE.read_text()
    assert len(limits.limits()) > 30
    assert page == limits.written(page), "python -m tests.kit.limits"
