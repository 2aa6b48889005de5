"""Papers and cards drawn for cameras: lying askew on a table, with known corners, and their own data, all invented.

A fake camera is a file: `footage` makes it of one picture, with a little noise that moves, so that a
picture that stands still can be told from one that goes on.
"""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

FONT: Final = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
Corner = tuple[float, float]
RED, GREEN, BLUE, YELLOW = (214, 40, 40), (30, 150, 60), (40, 80, 210), (230, 190, 20)
MARKS: Final = (RED, GREEN, BLUE, YELLOW)
"""The spots near the corners of a sheet: top left, top right, bottom right, bottom left."""
NAME: Final = "孙雅宁"
TABLE: Final = (58, 48, 40)


def sheet(number: int = 1) -> Image.Image:
    """An A4 page with Chinese on it, and a spot of its own colour near each corner."""
    paper = Image.new("RGB", (840, 1188), (246, 245, 240))
    pen = ImageDraw.Draw(paper)
    title, text = (ImageFont.truetype(FONT, size) for size in (50, 30))
    pen.text((420, 190), "关于任职的决定", (30, 30, 30), title, anchor="mm")
    for row in range(12):
        pen.text((90, 280 + row * 62), "任命孙雅宁同志为青岛西海岸分公司负责人", (30, 30, 30), text)
    pen.text((420, 1110), f"第 {number} 页", (30, 30, 30), text, anchor="mm")
    for (x, y), colour in zip(((90, 90), (750, 90), (750, 1098), (90, 1098)), MARKS, strict=True):
        pen.ellipse((x - 34, y - 34, x + 34, y + 34), fill=colour)
    return paper


def identity_card(number: str = "11010519491231002X") -> bytes:
    """The front of an invented identity card, a little askew, as a camera takes it."""
    picture = Image.new("RGB", (1280, 810), (226, 234, 240))
    pen = ImageDraw.Draw(picture)
    label, text, large = (ImageFont.truetype(FONT, size) for size in (34, 42, 52))
    for x, y, told, said in (
        (80, 80, "姓  名", NAME), (80, 180, "性  别", "女"), (360, 180, "民  族", "汉"),
        (80, 280, "出  生", "1949 年 12 月 31 日"), (80, 380, "住  址", "北京市朝阳区安贞街道"),
    ):  # fmt: skip
        pen.text((x, y + 6), told, (60, 100, 160), label)
        pen.text((x + 140, y), said, (20, 20, 20), text)
    pen.text((220, 444), "胜古中路2号院7号楼", (20, 20, 20), text)
    pen.text((80, 664), "公民身份号码", (60, 100, 160), label)
    pen.text((360, 650), number, (20, 20, 20), large)
    out = io.BytesIO()
    picture.rotate(1.5, Image.Resampling.BICUBIC, expand=True, fillcolor=(90, 80, 70)).save(
        out, "JPEG", quality=85
    )
    return out.getvalue()


def laid(paper: Image.Image, corners: Sequence[Corner], size: tuple[int, int]) -> Image.Image:
    """The paper on a table as a camera sees it: its corners (from top left, clockwise) come to lie there."""
    scale = 2  # drawn twice as large, so that its edges are soft
    table = Image.new("RGB", (size[0] * scale, size[1] * scale), TABLE)
    at = [(x * scale, y * scale) for x, y in corners]
    w, h = paper.size
    map_back = _projection(at, [(0, 0), (w, 0), (w, h), (0, h)])
    seen = paper.transform(
        table.size, Image.Transform.PERSPECTIVE, map_back, Image.Resampling.BICUBIC
    )
    mask = Image.new("L", table.size, 0)
    ImageDraw.Draw(mask).polygon(at, fill=255)
    table.paste(seen, (0, 0), mask)
    return table.resize(size, Image.Resampling.LANCZOS)


def _projection(source: Sequence[Corner], target: Sequence[Corner]) -> list[float]:
    """The eight numbers of the projective map that takes each source to its target."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for column in range(8):  # Gauss and Jordan
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(8):
            if row != column:
                by = rows[row][column]
                rows[row] = [a - by * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[8] for row in rows]


async def footage(path: Path, picture: Image.Image, *, fps: int = 10) -> Path:
    """A file for a fake camera that shows this picture, with noise that moves."""
    still = path.with_suffix(".png")
    await asyncio.to_thread(picture.save, still)
    made = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-v", "error", "-y", "-loop", "1", "-framerate", str(fps)),
        *("-i", str(still), "-t", "1", "-vf", "noise=alls=4:allf=t", "-pix_fmt", "yuvj420p"),
        *("-c:v", "mjpeg", "-q:v", "2", str(path)),
    )  # fmt: skip
    assert await made.wait() == 0
    return path


def distance(one: Corner, other: Corner) -> float:
    return math.hypot(one[0] - other[0], one[1] - other[1])
