"""Pictures of pages: each is taken at 1366 x 768 (and 1920 x 1080 where asked) and judged by axe at that moment.

They go to build/screens, and to docs/screens when YUNJIAN_SCREENS is set: there with 256 colours, so
that a repository that takes them anew does not grow by megabytes.
"""

from __future__ import annotations

import asyncio
import io
import os
from pathlib import Path
from typing import Final

from PIL import Image

from tests.kit.browsers import Desk

ROOT: Final = Path(__file__).parents[2]
FOR_DOCS: Final = bool(os.environ.get("YUNJIAN_SCREENS"))


class Screens:
    """Where the pictures of one story go, and what axe found in them."""

    def __init__(self) -> None:
        self.folder = ROOT / ("docs/screens" if FOR_DOCS else "build/screens")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.findings: dict[str, list[str]] = {}

    async def take(self, desk: Desk, name: str, *, large: bool = False) -> None:
        """What the page shows now, under this name; `large` takes it once more at 1920 x 1080."""
        await self._shoot(desk, name)
        if found := await desk.axe():
            self.findings[name] = found
        if large:
            before = desk.page.viewport_size
            await desk.page.set_viewport_size({"width": 1920, "height": 1080})
            await self._shoot(desk, f"{name}-1920")
            if before:
                await desk.page.set_viewport_size(before)

    def check(self) -> None:
        """axe found nothing in any of the pictures."""
        assert not self.findings, "\n".join(f"{k}: {v}" for k, v in self.findings.items())

    async def _shoot(self, desk: Desk, name: str) -> None:
        picture = await desk.page.screenshot(animations="disabled")
        await asyncio.to_thread(self._write, picture, self.folder / f"{name}.png")

    @staticmethod
    def _write(picture: bytes, path: Path) -> None:
        if not FOR_DOCS:
            path.write_bytes(picture)
            return
        with Image.open(io.BytesIO(picture)) as whole:
            few = whole.convert("RGB").quantize(256, dither=Image.Dither.NONE)
            few.save(path, optimize=True)
