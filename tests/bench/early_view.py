"""What the early view saves: python -m tests.bench.early_view (as root; needs `ip` and `tc`)

A sender and a reader in network namespaces of their own, each joined to the node by a link of
20 MB/s (tc tbf). From the first byte sent: to the first page seen (a reader decodes what it has
and looks at the pixels), to the whole; by following the upload, by store-and-forward (upload whole,
then download whole), and by a plain relay of sockets, which is the floor. Also the node's memory.
Files are PDFs of scanned pages, written in order, and JPEG photos. Writes build/bench/early_view.json.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pypdfium2
from PIL import Image, ImageFile

from server.actions import demo
from server.app import running
from server.store import Store, upgrade
from tests.kit.desks import desk_of
from tests.kit.nodes import node_settings

OUT: Final = Path("build/bench/early_view.json").absolute()
RATE_BYTES_S: Final = 20_000_000
MB: Final = 1_000_000
ROUNDS: Final = {1: 5, 20: 5, 200: 3}
LINE: Final = "application"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - in a namespace that only this program's children reach
TRY_EVERY_BYTES: Final = 64 * 1024
PAGE_PIXELS: Final = (1240, 1754)
"""A4 at 150 dpi."""
MARK: Final = np.array((200, 30, 30), np.uint8)
"""The colour of a bar at the last rows of each page and the first rows of each photo: who sees it has decoded so far."""


# ---------------------------------------------------------------- the files


def scanned_page(seed: int, size_bytes: int) -> bytes:
    """A JPEG like a scan: paper with grain, lines of writing, a coloured bar at its end."""
    width, height = PAGE_PIXELS
    random = np.random.default_rng(seed)
    page = random.normal(235, 6, (height, width, 1)).clip(0, 255).astype(np.uint8).repeat(3, 2)
    for top in range(120, height - 200, 46):
        words = random.integers(0, 2, width // 8).repeat(8)[:width].astype(bool)
        page[top : top + 24, : len(words)][:, words] = 40
    page[-60:] = MARK
    return _jpeg_near(page, size_bytes)


def photo(seed: int, size_bytes: int) -> bytes:
    """A baseline JPEG of grain with a coloured bar at its beginning."""
    random = np.random.default_rng(seed)
    sample = _encoded(random.integers(0, 255, (512, 512, 3), np.uint8), 92)
    side = int((size_bytes / (len(sample) / 512**2)) ** 0.5)
    picture = random.integers(0, 255, (side, side, 3), np.uint8)
    picture[:48] = MARK
    return _encoded(picture, 92)


def _jpeg_near(pixels: Any, size_bytes: int) -> bytes:
    """The quality whose size comes closest from below."""
    best = _encoded(pixels, 10)
    for quality in range(20, 100, 5):
        coded = _encoded(pixels, quality)
        if len(coded) > size_bytes:
            break
        best = coded
    return best


def _encoded(pixels: Any, quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def scanned_pdf(size_bytes: int) -> bytes:
    """A PDF of scanned pages whose page tree stands first and whose pages follow in order."""
    width, height = PAGE_PIXELS
    scans = [scanned_page(seed, min(size_bytes // 6, 900_000)) for seed in range(4)]
    count = max(1, round(size_bytes / (sum(map(len, scans)) / len(scans) + 300)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"]
    kids = b" ".join(b"%d 0 R" % (3 + 3 * number) for number in range(count))
    objects.append(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count))
    drawn = b"q 595 0 0 842 0 0 cm /S Do Q"
    for number in range(count):
        first = 3 + 3 * number
        scan = scans[number % len(scans)]
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</XObject<</S %d 0 R>>>>>>" % (first + 1, first + 2),
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawn), drawn),
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB"
            b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>\nstream\n%s\nendstream"
            % (width, height, len(scan), scan),
        ]
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


FILES: Final = {"pdf": scanned_pdf, "jpeg": lambda size: photo(7, size)}


# ---------------------------------------------------------------- what a reader sees


def seen(kind: str, begun: bytes) -> bool:
    """Whether these first bytes show the first page whole (PDF), or the first rows (JPEG)."""
    if kind == "jpeg":
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        Image.MAX_IMAGE_PIXELS = None
        try:
            with Image.open(io.BytesIO(begun)) as picture:
                picture.draft("RGB", (picture.width // 8, picture.height // 8))
                rows = np.asarray(picture.convert("RGB"))[:4]
        except OSError:
            return False
        return _marked(rows)
    # As a viewer with half a file does: it takes the objects that are whole and lists them itself.
    whole = begun[: begun.rfind(b"endobj") + len(b"endobj")]
    try:
        document = pypdfium2.PdfDocument(whole + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n")
        page = document[0]
        shown = page.render(scale=0.25, rev_byteorder=True).to_numpy()
        document.close()
    except pypdfium2.PdfiumError:
        return False
    return _marked(shown[-4:-1])


def _marked(rows: Any) -> bool:
    return bool(np.abs(rows[..., :3].astype(int) - MARK).mean() < 25)


class Watcher:
    """Takes the bytes as they come and notes when the first page was seen and when all was there."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._begun: bytearray | None = bytearray()
        self._tried = 0
        self.size = 0
        self.page_at = 0.0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._begun is None:
            return
        self._begun += piece
        if self.size - self._tried >= TRY_EVERY_BYTES:
            self._look()

    def _look(self) -> None:
        assert self._begun is not None
        self._tried = self.size
        if seen(self._kind, bytes(self._begun)):
            self.page_at = time.monotonic()
            self._begun = None

    def done(self) -> dict[str, float]:
        whole_at = time.monotonic()
        if self._begun is not None:
            self._look()
        if not self.page_at:
            raise RuntimeError("the whole file shows no first page")
        return {"page_at": self.page_at, "whole_at": whole_at, "bytes": self.size}


# ---------------------------------------------------------------- the three places


async def serve(folder: str) -> None:
    """In the middle: the node with the demo's data, until its input ends."""
    root = Path(folder)
    database = f"sqlite+aiosqlite:///{root / 'yunjian.sqlite'}"
    settings = node_settings(database, root, host=EVERYWHERE, max_upload_bytes=220 * MB)
    await upgrade(database)
    store = await Store.open(settings.store)
    try:
        await demo.load(store)
    finally:
        await store.close()
    async with running(settings, media=False) as node:
        tell(port=node.port)
        await asyncio.to_thread(sys.stdin.read)


class _At:
    """The address of a node elsewhere, as `desk_of` asks for one."""

    def __init__(self, address: str) -> None:
        self.address = address


async def send(address: str) -> None:
    """At the window: begins an upload, then sends it in one piece."""
    async with desk_of(_At(address), "lixiulan") as desk:  # type: ignore[arg-type]
        case_id = await desk.open_case()
        tell(ready=True)
        while said := await asyncio.to_thread(sys.stdin.readline):
            task = json.loads(said)
            location, material = await desk.begin(case_id, LINE, task["size"], "scan")
            tell(material=material)
            await asyncio.to_thread(sys.stdin.readline)
            with await asyncio.to_thread(Path(task["file"]).open, "rb") as content:
                began = time.monotonic()
                async with desk.patch(location, 0, content) as answer:
                    answer.raise_for_status()
            tell(first_byte_at=began, stored_at=time.monotonic())


async def read(address: str) -> None:
    """At the approver's: reads what he is told to."""
    async with desk_of(_At(address), "zhoumingyuan") as desk:  # type: ignore[arg-type]
        tell(ready=True)
        while said := await asyncio.to_thread(sys.stdin.readline):
            task = json.loads(said)
            watcher = Watcher(task["kind"])
            path = f"/api/v1/materials/{task['material']}/{task['what']}"
            async with desk.http.get(path) as answer:
                answer.raise_for_status()
                while piece := await answer.content.readany():
                    watcher.take(piece)
            tell(**watcher.done())


def relay() -> None:
    """The floor, in the middle: bytes from one socket to the other and nothing else."""
    with socket.create_server((EVERYWHERE, 0)) as server:
        tell(port=server.getsockname()[1])
        while True:
            sink, _ = server.accept()
            source, _ = server.accept()
            with sink, source:
                while piece := source.recv(64 * 1024):
                    sink.sendall(piece)


def relay_source(host: str, port: str) -> None:
    while said := sys.stdin.readline():
        data = Path(json.loads(said)["file"]).read_bytes()
        with socket.create_connection((host, int(port))) as out:
            began = time.monotonic()
            out.sendall(data)
        tell(first_byte_at=began)


def relay_sink(host: str, port: str) -> None:
    while said := sys.stdin.readline():
        watcher = Watcher(json.loads(said)["kind"])
        with socket.create_connection((host, int(port))) as incoming:
            tell(ready=True)
            while piece := incoming.recv(64 * 1024):
                watcher.take(piece)
        tell(**watcher.done())


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


class Place:
    """A program of this module that runs in one of the namespaces."""

    def __init__(self, namespace: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, sys.executable, "-m", __spec__.name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, **facts: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(facts) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended")
        told: dict[str, Any] = json.loads(line)
        return told

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# ---------------------------------------------------------------- the network


def run(*command: str) -> None:
    subprocess.run(command, check=True)


@contextmanager
def links() -> Iterator[tuple[str, str, str]]:
    """Namespaces of window, node and approver; each end sends 20 MB/s at most."""
    sender, middle, reader = names = tuple(f"yj{os.getpid()}{end}" for end in "snr")
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for number, far in ((1, sender), (2, reader)):
            ends = ("far", f"near{number}")
            run("ip", "-n", far, "link", "add", "far", "type", "veth",
                "peer", "name", ends[1], "netns", middle)  # fmt: skip
            for name, device, last in ((far, ends[0], 2), (middle, ends[1], 1)):
                run("ip", "-n", name, "addr", "add", f"10.98.{number}.{last}/24", "dev", device)
                run("ip", "-n", name, "link", "set", device, "up")
                run("tc", "-n", name, "qdisc", "add", "dev", device, "root", "tbf",
                    "rate", f"{RATE_BYTES_S * 8}bit", "burst", "256kb", "latency", "50ms")  # fmt: skip
        yield sender, middle, reader
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


class Memory:
    """Resident memory of a process: now, and the most since the last reset (proc(5), clear_refs)."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def reset(self) -> float:
        (self._folder / "clear_refs").write_text("5")
        return self._read("VmRSS")

    def peak(self) -> float:
        return self._read("VmHWM")

    def _read(self, name: str) -> float:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return round(int(line.split()[1]) / 1024, 1)
        raise LookupError(name)


# ---------------------------------------------------------------- measuring


def measure(folder: Path, sizes: list[int], kinds: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    places: list[Place] = []
    with links() as (near, middle, far):
        try:
            node = Place(middle, "serve", str(folder))
            places.append(node)
            port = node.hear()["port"]
            sender = Place(near, "send", f"http://10.98.1.1:{port}")
            reader = Place(far, "read", f"http://10.98.2.1:{port}")
            wire = Place(middle, "relay")
            places += [sender, reader, wire]
            wire_port = str(wire.hear()["port"])
            source = Place(near, "relay_source", "10.98.1.1", wire_port)
            sink = Place(far, "relay_sink", "10.98.2.1", wire_port)
            places += [source, sink]
            sender.hear()
            reader.hear()
            memory = Memory(node.process.pid)
            for kind in kinds:
                for size in sizes:
                    file = folder / f"{size}.{kind}"
                    file.write_bytes(FILES[kind](size * MB))
                    row = {"kind": kind, "mb": size, "bytes": file.stat().st_size}
                    samples: dict[str, list[dict[str, float]]] = {
                        "early": [], "store_and_forward": [], "relay": []
                    }  # fmt: skip
                    for _ in range(ROUNDS[size]):
                        before = memory.reset()
                        samples["early"].append(followed(sender, reader, file, kind))
                        row["rss_before_mb"], row["rss_peak_mb"] = before, memory.peak()
                        samples["store_and_forward"].append(forwarded(sender, reader, file, kind))
                        samples["relay"].append(relayed(source, sink, file, kind))
                    for way, taken in samples.items():
                        for what in ("page_s", "whole_s"):
                            middle_value = statistics.median(one[what] for one in taken)
                            row[f"{way}_{what}"] = round(middle_value, 3)
                        row[f"{way}_n"] = len(taken)
                    rows.append(row)
                    show(row)
                    file.unlink()
        finally:
            for place in reversed(places):
                if place.process.poll() is None:
                    place.end()
    return rows


def since(first: float, told: dict[str, Any], size: int) -> dict[str, float]:
    if told["bytes"] != size:
        raise RuntimeError(f"{told['bytes']} bytes arrived of {size}")
    return {"page_s": told["page_at"] - first, "whole_s": told["whole_at"] - first}


def followed(sender: Place, reader: Place, file: Path, kind: str) -> dict[str, float]:
    """The reader asks as soon as the material is named, as a page does."""
    sender.say(file=str(file), size=file.stat().st_size)
    material = sender.hear()["material"]
    reader.say(what="early", material=material, kind=kind)
    sender.say(go=True)
    told = reader.hear()
    return since(sender.hear()["first_byte_at"], told, file.stat().st_size)


def forwarded(sender: Place, reader: Place, file: Path, kind: str) -> dict[str, float]:
    """The reader asks once the material is stored."""
    sender.say(file=str(file), size=file.stat().st_size)
    material = sender.hear()["material"]
    sender.say(go=True)
    first = sender.hear()["first_byte_at"]
    reader.say(what="content", material=material, kind=kind)
    return since(first, reader.hear(), file.stat().st_size)


def relayed(source: Place, sink: Place, file: Path, kind: str) -> dict[str, float]:
    sink.say(kind=kind)
    sink.hear()
    source.say(file=str(file))
    first = source.hear()["first_byte_at"]
    return since(first, sink.hear(), file.stat().st_size)


WAYS: Final = {
    "early": "early view",
    "store_and_forward": "store and forward",
    "relay": "floor: plain relay",
}


def show(row: dict[str, Any]) -> None:
    print(
        f"{row['kind']}, {row['bytes'] / MB:.1f} MB; the node's memory"
        f" {row['rss_before_mb']:.0f} -> at most {row['rss_peak_mb']:.0f} MB"
    )
    for way, words in WAYS.items():
        print(
            f"    {words:20} first page {row[f'{way}_page_s']:8.3f} s"
            f"   whole {row[f'{way}_whole_s']:8.3f} s   median of {row[f'{way}_n']}"
        )
    sys.stdout.flush()


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", folder]:
            asyncio.run(serve(folder))
        case ["send", address]:
            asyncio.run(send(address))
        case ["read", address]:
            asyncio.run(read(address))
        case ["relay"]:
            relay()
        case ["relay_source", host, port]:
            relay_source(host, port)
        case ["relay_sink", host, port]:
            relay_sink(host, port)
        case _:
            if os.geteuid() != 0:
                print("not measured: network namespaces need root")
                return
            sizes = [int(one) for one in arguments] or list(ROUNDS)
            with tempfile.TemporaryDirectory() as folder:
                rows = measure(Path(folder), sizes, list(FILES))
            OUT.parent.mkdir(parents=True, exist_ok=True)
            OUT.write_text(
                json.dumps({"rate_bytes_s": RATE_BYTES_S, "rows": rows}, indent=2) + "\n"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
