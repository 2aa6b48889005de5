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


def test_every_setting_is_told() -> None:
    told = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name}`" not in told] == []


def test_the_limits_of_time_are_told_as_they_stand() -> None:
    page = limits.PAGE.read_text()
    assert len(limits.limits()) > 30
    assert page == limits.written(page), "python -m tests.kit.limits"
