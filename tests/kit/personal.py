"""The people whom the tests invent, and whether something tells of them where it must not (P1).

Logs of every node that a test starts, and every address that a page of a browser test asks for,
are searched for these.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from server.demo import data as demo

SEEDS: Final = (
    "孙雅宁", "孙丽华", "11010519491231002X", "13805316217", "13800138000", demo.PASSWORD,
)  # fmt: skip


def leaks(text: str, more: tuple[str, ...] = ()) -> list[str]:
    """Which of them this text holds, also as an address or as JSON writes it."""
    decoded = unquote(text)
    return [
        seed
        for seed in (*SEEDS, *more)
        if seed in decoded or seed.encode("unicode_escape").decode() in text
    ]
