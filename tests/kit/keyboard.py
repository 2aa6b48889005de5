"""A person who has a keyboard and nothing else: Tab, Enter, Space, arrows and letters, never a click.

On the way with Tab every stop is looked at: the focus must be seen (an outline or a shadow, on the
element or on what frames it), be in sight, and not lie wholly under something else (WCAG 2.2: 2.1.1,
2.4.7, 2.4.11). Chromium draws it only for a page that has the focus, so the page is brought to front.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from playwright.async_api import FileChooser, Locator

from tests.kit.browsers import Desk

MOST_STOPS: Final = 90
LOOKS: Final = 20
LOOK_EVERY_S: Final = 0.05
STOP: Final = """() => {
    const one = document.activeElement
    if (!one || one === document.body) return {name: 'nothing', fault: null}
    const name = one.tagName.toLowerCase() + (one.id ? '#' + one.id : '') + ' '
        + (one.getAttribute('aria-label') ?? one.textContent ?? '').trim().slice(0, 30)
    // a hidden input shows its focus on its label
    const own = one.getBoundingClientRect()
    const face = own.width <= 2 ? one.closest('label') ?? one : one
    const box = face.getBoundingClientRect()
    const drawn = at => {
        const style = getComputedStyle(at)
        return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
    }
    if (!drawn(face) && !drawn(one) && !(face.parentElement && drawn(face.parentElement)))
        return {name, fault: 'its focus is not drawn'}
    const left = Math.max(0, box.left), right = Math.min(innerWidth, box.right)
    const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom)
    if (right - left < 2 || bottom - top < 2) return {name, fault: 'it is out of sight'}
    const shares = [0.5, 0.08, 0.92]
    for (const x of shares) for (const y of shares) {
        const hit = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)
        if (hit && (face.contains(hit) || hit.contains(face))) return {name, fault: null}
    }
    return {name, fault: 'something lies over it'}
}"""


class Keyboard:
    """The keys of one person's desk, and what was wrong with the stops on his way."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.faults: set[str] = set()
        # one listener for good: Playwright hands choosers to the page again when it is taken away
        self._choosers: asyncio.Queue[FileChooser] = asyncio.Queue()
        desk.page.on("filechooser", self._choosers.put_nowait)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.desk.page.keyboard.press(key)

    async def write(self, text: str) -> None:
        await self.desk.page.keyboard.type(text)

    async def to(self, target: Locator, *, back: bool = False) -> None:
        """Tab on (or back) until this has the focus; fails when it is not reached."""
        stops: list[str] = []
        await target.wait_for(state="attached")
        for _ in range(MOST_STOPS):
            if await self._on(target):
                return
            await self.press("Shift+Tab" if back else "Tab")
            stops.append(await self._stop())
        raise AssertionError(f"Tab does not lead to {target}; it came by {stops}")

    async def enter(self, target: Locator, key: str = "Enter", *, back: bool = False) -> None:
        """Go to this and press Enter there."""
        await self.to(target, back=back)
        await self.press(key)
        await self.stays(f"{key} at {target}")

    async def stays(self, after: str) -> None:
        """What was pressed may go; the focus must not fall to the page with it."""
        for _ in range(LOOKS):
            if not await self.desk.page.evaluate("document.activeElement === document.body"):
                return
            await asyncio.sleep(LOOK_EVERY_S)
        self.faults.add(f"the focus fell to the page after {after}")

    async def choose(self, target: Locator, file: Path) -> None:
        """Open the browser's own chooser with Enter and take this file in it."""
        await self.enter(target)
        async with asyncio.timeout(15):
            chooser = await self._choosers.get()
        await chooser.set_files(file)

    async def _stop(self) -> str:
        found: dict[str, Any] = await self.desk.page.evaluate(STOP)
        if found["fault"]:
            self.faults.add(f"{found['name']}: {found['fault']}")
        return str(found["name"])

    @staticmethod
    async def _on(target: Locator) -> bool:
        if await target.count() == 0:
            return False
        here: bool = await target.first.evaluate("one => one === document.activeElement")
        return here
