"""Pictures of pages: each is taken at 1366 x 768 (and 1920 x 1080 where asked) and judged by axe at that moment.

What is shown at 1366 is then measured further, without a picture: in the largest letters no text
may be cut, nothing that one presses may lie beyond an edge and nothing may scroll sideways, in no
size of letters anything at the foot may lie over something else, and as wide as 1366 is at 400 %
zoom nothing may scroll sideways (WCAG 1.4.10). Where asked, the same is measured in English, the pane
of a call has all of it in sight, its last message can be read, and all letters grow.

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
from playwright.async_api import ViewportSize, expect

from tests.kit.browsers import Desk

ROOT: Final = Path(__file__).parents[2]
WIDTH: Final = 1366
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
CUT: Final = """() => {
    const found = []
    const name = one => `${one.tagName.toLowerCase()}.${one.getAttribute('class') ?? ''}`
    for (const one of document.body.querySelectorAll('button, a[href], select, summary, label')) {
        if (one.closest('.visually-hidden, .skip-link, .missing, .gutter, .lane')) continue
        if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        const {left, right} = one.getBoundingClientRect()
        for (let box = one.parentElement; box; box = box.parentElement) {
            const {overflowX, overflowY, position} = getComputedStyle(box)
            if ([overflowX, overflowY].some(way => way === 'auto' || way === 'scroll')) break
            const edge = box.getBoundingClientRect()
            if ((overflowX !== 'visible' || box === document.documentElement) && (right > edge.right + 1.5 || left < edge.left - 1.5)) {
                found.push(`${name(one)} in ${name(box)}: beyond the edge`)
            }
            if (position === 'fixed') break
        }
    }
    for (const one of document.body.querySelectorAll('*')) {
        // these hide on purpose: what has no room is counted beside it, or is told by the row above
        if (one.closest('.visually-hidden, .skip-link, .missing, .gutter, .lane, svg, option')) continue
        if (!one.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue
        const style = getComputedStyle(one)
        if (one.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=file], [type=range])')) {
            const inside = one.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)
            const least = one.matches('textarea') ? parseFloat(style.lineHeight) - 2 : parseFloat(style.fontSize)
            if (one.clientWidth > 1 && inside < least) found.push(`${name(one)}: too low for its text`)
            continue
        }
        if (style.textOverflow === 'ellipsis' && one.scrollWidth > one.clientWidth && one.clientWidth < 2 * parseFloat(style.fontSize)) {
            found.push(`${name(one)} has no room for anything of ${one.textContent.trim().slice(0, 30)}`)
        }
        for (const node of one.childNodes) {
            if (node.nodeType !== 3 || !node.textContent.trim()) continue
            const range = document.createRange()
            range.selectNodeContents(node)
            const own = one.getBoundingClientRect()
            for (const part of range.getClientRects()) {
                let ends = false
                if (!style.display.startsWith('inline') && style.overflowX === 'visible' && part.right > own.right + 1.5) {
                    found.push(`${name(one)} is narrower than ${node.textContent.trim().slice(0, 30)}`)
                }
                for (let box = one; box !== document.body; box = box.parentElement) {
                    const {overflowX, overflowY, textOverflow, webkitLineClamp, position} = getComputedStyle(box)
                    const edge = box.getBoundingClientRect()
                    ends ||= textOverflow === 'ellipsis' || webkitLineClamp !== 'none'
                    // what lies outside of this is a scroll away
                    if ([overflowX, overflowY].some(way => way === 'auto' || way === 'scroll')) break
                    const wide = part.right > edge.right + 1.5 || part.left < edge.left - 1.5
                    const high = part.bottom > edge.bottom + part.height / 4 || part.top < edge.top - part.height / 4
                    if (!ends && ((overflowX !== 'visible' && wide) || (overflowY !== 'visible' && high))) {
                        found.push(`${name(one)} in ${name(box)}: ${node.textContent.trim().slice(0, 30)}`)
                    }
                    if (position === 'fixed') break
                }
            }
        }
    }
    return [...new Set(found)]
}"""
OVERLAPS: Final = """() => {
    const told = ['button', '.days > span', '.promise', '.status', '[data-number]'].map(one => `footer.foot ${one}`).join()
    const all = [...document.querySelectorAll(told)]
        .filter(one => !one.closest('.missing') && one.checkVisibility({visibilityProperty: true}))
    const found = []
    all.forEach((one, n) => all.slice(n + 1).forEach(other => {
        if (one.contains(other) || other.contains(one)) return
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()]
        if (a.right - 1 > b.left && b.right - 1 > a.left && a.bottom - 1 > b.top && b.bottom - 1 > a.top) {
            found.push([one, other].map(each => each.textContent.trim().slice(0, 20)).join(' over '))
        }
    }))
    return found
}"""
LARGEST: Final = """size => {
    const before = document.documentElement.dataset.text ?? null
    if (size === null) delete document.documentElement.dataset.text
    else document.documentElement.dataset.text = size
    return before
}"""
CHOOSE: Final = """size => {
    const choice = document.querySelector('[data-text-size]')
    choice.value = size
    choice.dispatchEvent(new Event('change'))
}"""
SPEAK: Final = "tongue => document.querySelector(`.languages button[lang='${tongue}']`).click()"
HALF: Final = """() => [...document.querySelectorAll('.call-pane .upper')].flatMap(pane => {
    const end = pane.getBoundingClientRect().bottom
    return [...pane.querySelectorAll('.tile, .name, [data-party], button')]
        .filter(one => one.checkVisibility() && one.getBoundingClientRect().bottom > end + 1)
        .map(one => `${one.className || one.tagName}: ${one.textContent.trim().slice(0, 20)}`)
        .concat([...pane.querySelectorAll('.who :is(.name, .smallest)')].flatMap(one => {
            // the connections stand at the end of it, over what has no room
            const range = document.createRange()
            range.selectNodeContents(one)
            const parties = pane.querySelector('.parties')?.getBoundingClientRect().top ?? end
            return [...range.getClientRects()]
                .filter(line => line.top < parties - 2 && line.bottom > parties + 3)
                .map(() => `half of: ${one.textContent.trim().slice(0, 40)}`)
        }))
})"""
"""What of a call one would have to scroll to, and who is there where only half of his line is seen."""
ROWS: Final = """() => {
    const middles = [...document.querySelectorAll('footer.foot > .button, footer.foot > .more-acts')]
        .filter(one => one.checkVisibility())
        .map(one => one.getBoundingClientRect())
        .map(({top, bottom}) => (top + bottom) / 2)
    return Math.max(...middles) - Math.min(...middles) > 16 ? ['the foot in several rows'] : []
}"""
HIDDEN: Final = """() => {
    const found = []
    const inside = (one, box) => one.top >= box.top - 1.5 && one.bottom <= box.bottom + 1.5
    const said = [...document.querySelectorAll('[data-messages] [data-saying]')].at(-1)
    if (said) {
        const list = said.closest('.list')
        const [who, text] = [...said.children].map(one => one.getBoundingClientRect())
        const line = parseFloat(getComputedStyle(said.lastElementChild).lineHeight)
        // of a long one its end, with as much of it as has room
        const least = Math.min(text.bottom - who.top, who.height + line)
        const box = list.getBoundingClientRect()
        if (text.bottom > box.bottom + 1.5 || box.height < least - 1.5) found.push(`the last message in ${Math.round(box.height)} px`)
    }
    // whether anything came beside the materials is seen without scrolling to it
    const beside = [...document.querySelectorAll('.column :is(.sent, [data-papers], [data-handovers]) :is(h2, h3)')][0]
    for (let box = beside?.parentElement; box; box = box.parentElement) {
        // whoever scrolled there has seen it
        if (getComputedStyle(box).overflowY === 'visible' || box.scrollTop > 0) continue
        if (!inside(beside.getBoundingClientRect(), box.getBoundingClientRect())) found.push(`beside the materials: ${beside.textContent.trim()}`)
    }
    return found
}"""
"""What is in its place and yet cannot be read there: the last message, and that anything lies beside the materials."""
LETTERS: Final = """size => {
    const found = []
    for (const one of document.body.querySelectorAll('*')) {
        if (one.closest('svg, option, .visually-hidden, .skip-link')) continue
        if (![...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue
        const now = parseFloat(getComputedStyle(one).fontSize)
        if (size === 'largest') one.largestLetters = now
        else if (one.largestLetters && now && one.largestLetters < now * 1.25) found.push(`${one.tagName.toLowerCase()}.${one.className}: ${one.textContent.trim().slice(0, 20)}`)
        if (size !== 'largest') delete one.largestLetters
    }
    return found
}"""
"""Which letters do not grow with the size that their reader chose: asked in the largest first, then in the standard size."""
FOR_DOCS: Final = bool(os.environ.get("YUNJIAN_SCREENS"))


class Screens:
    """Where the pictures of one story go, and what was found in them: by axe, cut, scrolling sideways."""

    def __init__(self) -> None:
        self.folder = ROOT / ("docs/screens" if FOR_DOCS else "build/screens")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.findings: dict[str, list[str]] = {}

    async def take(
        self, desk: Desk, name: str, *, large: bool = False, called: bool = False
    ) -> None:
        """What the page shows now, under this name; `large` takes it once more at 1920 x 1080, `called`
        measures the desk of a call in every way that its people may have it."""
        await self._shoot(desk, name)
        if found := await desk.axe():
            self.findings[name] = found
        before = desk.page.viewport_size
        if before and before["width"] == WIDTH:
            await self._enlarge(desk, name)
            if called:
                await self._choose(desk, name)
            await self._zoom(desk, name, before)
        if large:
            await desk.page.set_viewport_size({"width": 1920, "height": 1080})
            await self._shoot(desk, f"{name}-1920")
            if before:
                await desk.page.set_viewport_size(before)

    async def _enlarge(self, desk: Desk, name: str) -> None:
        before = await desk.page.evaluate(LARGEST, "largest")
        if found := await self._cut(desk):
            self.findings[f"{name} in the largest letters"] = found
        for size in ("largest", "large", before):
            await desk.page.evaluate(LARGEST, size)
            found = await desk.page.evaluate(OVERLAPS)
            found += [f"out of sight: {one}" for one in await desk.page.evaluate(HIDDEN)]
            if found:
                self.findings[f"{name} in {size or 'standard'} letters"] = found

    async def _choose(self, desk: Desk, name: str) -> None:
        for tongue in ("en", "zh-CN"):
            await desk.page.evaluate(SPEAK, tongue)
            await expect(desk.page.locator("html")).to_have_attribute("lang", tongue)
            for size in ("largest", "standard"):
                await desk.page.evaluate(CHOOSE, size)
                found = await self._cut(desk)
                found += await desk.page.evaluate(ROWS)
                for rule in (HALF, HIDDEN):
                    found += [f"out of sight: {one}" for one in await desk.page.evaluate(rule)]
                found += [f"grows not: {one}" for one in await desk.page.evaluate(LETTERS, size)]
                if found:
                    self.findings[f"{name} in {tongue} and {size} letters"] = found

    async def grow(self, desk: Desk, name: str) -> None:
        """All letters that the page shows now follow the size that their reader chooses; no picture is taken."""
        for size in ("largest", "standard"):
            await desk.page.evaluate(CHOOSE, size)
            if found := await desk.page.evaluate(LETTERS, size):
                self.findings[f"{name}, letters"] = found

    async def _cut(self, desk: Desk) -> list[str]:
        cut = await desk.page.evaluate(CUT)
        sideways = await desk.page.evaluate(SIDEWAYS)
        return [f"cut: {one}" for one in cut] + [f"scrolls sideways: {one}" for one in sideways]

    async def _zoom(self, desk: Desk, name: str, before: ViewportSize) -> None:
        await desk.page.set_viewport_size(ZOOMED)
        if found := await desk.page.evaluate(SIDEWAYS):
            self.findings[f"{name} at 400 %"] = [f"scrolls sideways: {one}" for one in found]
        await desk.page.set_viewport_size(before)

    def check(self) -> None:
        """axe found nothing in any of the pictures, nothing was cut or out of reach in the largest
        letters, nothing at the foot lay over something else, and nothing scrolled sideways at 400 %."""
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
