"""Pictures of pages: each is taken at 1366 x 768 (and 1920 x 1080 where asked) and judged by axe at that moment.

A story may ask that each page is also looked at as wide as 1366 is at 400 % zoom: nothing may scroll
sideways there (WCAG 1.4.10).

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
from playwright.async_api import ViewportSize

from tests.kit.browsers import Desk

ROOT: Final = Path(__file__).parents[2]
ZOOMED: Final[ViewportSize] = {"width": 342, "height": 768}
"""1366 at 400 %; as high as before, so that nothing is laid out anew for the height."""
SIDEWAYS: Final = """async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    const name = one => `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''}`
    const wide = document.documentElement.clientWidth
    const found = []
    if (document.scrollingElement.scrollWidth > wide) {
        const out = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > wide + 1)
        found.push(`the page: ${out.slice(-3).map(name)}`)
    }
    for (const one of document.body.querySelectorAll('*')) {
        // a document and a source text need both directions
        if (one.matches('textarea, pre, .ground') || one.scrollWidth <= one.clientWidth + 1) continue
        if (['auto', 'scroll'].includes(getComputedStyle(one).overflowX)) found.push(name(one))
    }
    return found
}"""
FOR_DOCS: Final = bool(os.environ.get("YUNJIAN_SCREENS"))


class Screens:
    """Where the pictures of one story go, what axe found in them, and what scrolls sideways at 400 %."""

    def __init__(self, *, zoomed: bool = False) -> None:
        self.zoomed = zoomed
        self.folder = ROOT / ("docs/screens" if FOR_DOCS else "build/screens")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.findings: dict[str, list[str]] = {}

    async def take(self, desk: Desk, name: str, *, large: bool = False) -> None:
        """What the page shows now, under this name; `large` takes it once more at 1920 x 1080."""
        await self._shoot(desk, name)
        if found := await desk.axe():
            self.findings[name] = found
        if self.zoomed:
            await self._zoom(desk, name)
        if large:
            before = desk.page.viewport_size
            await desk.page.set_viewport_size({"width": 1920, "height": 1080})
            await self._shoot(desk, f"{name}-1920")
            if before:
                await desk.page.set_viewport_size(before)

    async def _zoom(self, desk: Desk, name: str) -> None:
        if (before := desk.page.viewport_size) is None:
            return
        await desk.page.set_viewport_size(ZOOMED)
        if found := await desk.page.evaluate(SIDEWAYS):
            self.findings[f"{name} at 400 %"] = [f"scrolls sideways: {one}" for one in found]
        await desk.page.set_viewport_size(before)

    def check(self) -> None:
        """axe found nothing in any of the pictures, and nothing scrolled sideways at 400 %."""
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
