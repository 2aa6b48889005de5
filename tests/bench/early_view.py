"""What the early view saves: python -m tests.bench.early_view [SIZE[xN] ...] [way ...] (as root)

A sender and a reader in network namespaces of their own, each joined to the node by a link of
20 MB/s (tc tbf). From the first byte sent: to the first page seen (a reader decodes what it has
and looks at the pixels), to the whole; by following the upload, by store-and-forward (upload whole,
then download whole), and by a plain copy of each file through sockets of its own, which is the floor.
SIZE is in MB, N files go at once. Also how long after its sender the reader of a file ended: after
the sender was told that his upload is over (before that counts as 0), and after his system had got
its last byte acknowledged, which the copy knows alone; and the node's memory and processor time. `loopback` measures those two
without any link. Files are PDFs of scanned pages, written in order, and JPEG photos (`jpeg`, one at a
time). Adds to build/bench/early_view.json, row by row; the ratio at 200 MB is the only gate.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import io
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pypdfium2
import structlog
from PIL import Image, ImageFile

from server.app import running
from server.cli.running import run as run_whole
from server.demo import data as demo
from server.store import Store, upgrade
from tests.kit.desks import desk_of
from tests.kit.nodes import node_settings

OUT: Final = Path("build/bench/early_view.json").absolute()
RATE_BYTES_S: Final = 20_000_000
MB: Final = 1_000_000
ROUNDS: Final = {(1, 1): 5, (20, 1): 5, (200, 1): 5, (1, 8): 5, (20, 8): 5, (200, 8): 5}
"""Of each size and number at once."""
AT_MOST_OF_STORE_AND_FORWARD: Final = 0.6
"""The gate: of the whole time, at 200 MB."""
SIOCOUTQ: Final = 0x5411
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


def _give_way() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


class Watcher:
    """Takes the bytes as they come and notes when the first page was seen and when all was there.

    It looks in a thread of its own, one for all (PDFium knows but one), which gives way to all
    others: looking keeps nobody from reading, nor the node, which has no such work where the readers
    have computers of their own.
    """

    _eye = ThreadPoolExecutor(1, initializer=_give_way)

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._begun = bytearray()
        self._tried = 0
        self._looking: Future[None] | None = None
        self.size = 0
        self.page_at = 0.0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.page_at:
            return
        self._begun += piece
        idle = self._looking is None or self._looking.done()
        if idle and self.size - self._tried >= TRY_EVERY_BYTES:
            self._tried = self.size
            self._looking = self._eye.submit(self._look, bytes(self._begun))

    def _look(self, begun: bytes) -> None:
        if seen(self._kind, begun):
            self.page_at = time.monotonic()

    def done(self, whole_at: float) -> dict[str, float]:
        """When the first page was seen; waits for a look that still goes on."""
        if self._looking is not None:
            self._looking.result()
        if not self.page_at:
            self._eye.submit(self._look, bytes(self._begun)).result()
        if not self.page_at:
            raise RuntimeError("the whole file shows no first page")
        return {"page_at": self.page_at, "whole_at": whole_at, "bytes": self.size}


# ---------------------------------------------------------------- the three places


async def serve(folder: str) -> None:
    """In the middle: the node with the demo's data, until its input ends."""
    root = Path(folder)
    # What it logs must not go where it answers: nobody reads that while it serves.
    told = (root / "node.log").open("w")
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(told))
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
    """At the window: begins uploads, then sends each in one piece, all at once."""
    async with desk_of(_At(address), "lixiulan") as desk:  # type: ignore[arg-type]
        tell(ready=True)
        while said := await asyncio.to_thread(sys.stdin.readline):
            task = json.loads(said)
            case_id = await desk.open_case()
            begun = [
                await desk.begin(case_id, LINE, task["size"], "scan") for _ in range(task["n"])
            ]
            tell(materials=[material for _, material in begun])
            await asyncio.to_thread(sys.stdin.readline)
            began = time.monotonic()
            ends = await asyncio.gather(
                *(_sent(address, desk.token, location, Path(task["file"])) for location, _ in begun)
            )
            tell(
                first_byte_at=began,
                acknowledged_at=[one[0] for one in ends],
                answered_at=[one[1] for one in ends],
            )


async def _sent(address: str, token: str, location: str, file: Path) -> tuple[float, float]:
    """Send one file whole; when its last byte was acknowledged, and when the node said it is stored."""
    host, _, port = address.removeprefix("http://").partition(":")
    size = (await asyncio.to_thread(file.stat)).st_size
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        (
            f"PATCH {location} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            "Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\n"
            f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
        ).encode()
    )
    with await asyncio.to_thread(file.open, "rb") as content:
        while piece := await asyncio.to_thread(content.read, MB):
            writer.write(piece)
            await writer.drain()
    taken = writer.get_extra_info("socket").fileno()
    while writer.transport.get_write_buffer_size() or _unacknowledged(taken):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    acknowledged = time.monotonic()
    status = await reader.readline()
    if b" 204 " not in status:
        raise RuntimeError(f"the node says {status!r}")
    writer.close()
    return acknowledged, time.monotonic()


def _unacknowledged(taken: int) -> int:
    """Bytes in the socket's queue that the other end has not acknowledged (tcp(7), SIOCOUTQ)."""
    return int(struct.unpack("i", fcntl.ioctl(taken, SIOCOUTQ, b"\0" * 4))[0])


async def read(address: str) -> None:
    """At the approver's: reads what he is told to, all at once."""
    async with desk_of(_At(address), "zhoumingyuan") as desk:  # type: ignore[arg-type]
        tell(ready=True)
        while said := await asyncio.to_thread(sys.stdin.readline):
            task = json.loads(said)

            async def follow(material: str, what: str, kind: str) -> dict[str, float]:
                watcher = Watcher(kind)
                address = f"/api/v1/materials/{material}/{what}"
                asked = (
                    desk.http.post(address, json={"reason": "measured"})
                    if what == "original"
                    else desk.http.get(address)
                )
                async with asked as answer:
                    answer.raise_for_status()
                    while piece := await answer.content.readany():
                        watcher.take(piece)
                return await asyncio.to_thread(watcher.done, time.monotonic())

            tell(
                reads=await asyncio.gather(
                    *(follow(one, task["what"], task["kind"]) for one in task["materials"])
                )
            )


def relay() -> None:
    """The floor, in the middle: bytes from one socket to another and nothing else, for each file."""
    with socket.create_server((EVERYWHERE, 0)) as server:
        tell(port=server.getsockname()[1])
        while said := sys.stdin.readline():
            count = json.loads(said)["n"]
            sinks = [server.accept()[0] for _ in range(count)]
            sources = [server.accept()[0] for _ in range(count)]
            with ThreadPoolExecutor(count) as copying:
                list(copying.map(_copied, sources, sinks))


def _copied(source: socket.socket, sink: socket.socket) -> None:
    with source, sink:
        while piece := source.recv(64 * 1024):
            sink.sendall(piece)


def relay_source(host: str, port: str) -> None:
    while said := sys.stdin.readline():
        task = json.loads(said)
        data = Path(task["file"]).read_bytes()
        outgoing = [socket.create_connection((host, int(port))) for _ in range(task["n"])]

        def acknowledged(out: socket.socket, data: bytes = data) -> float:
            with out:
                out.sendall(data)
                while _unacknowledged(out.fileno()):
                    time.sleep(0.001)
                return time.monotonic()

        began = time.monotonic()
        with ThreadPoolExecutor(task["n"]) as sending:
            ends = list(sending.map(acknowledged, outgoing))
        tell(first_byte_at=began, acknowledged_at=ends)


def relay_sink(host: str, port: str) -> None:
    while said := sys.stdin.readline():
        task = json.loads(said)
        incoming = [socket.create_connection((host, int(port))) for _ in range(task["n"])]
        tell(ready=True)

        def read(source: socket.socket, kind: str = task["kind"]) -> dict[str, float]:
            watcher = Watcher(kind)
            with source:
                while piece := source.recv(64 * 1024):
                    watcher.take(piece)
            return watcher.done(time.monotonic())

        with ThreadPoolExecutor(task["n"]) as reading:
            tell(reads=list(reading.map(read, incoming)))


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


class Place:
    """A program of this module that runs in one of the namespaces, or in none ("")."""

    def __init__(self, namespace: str, *arguments: str) -> None:
        inside = ["ip", "netns", "exec", namespace] if namespace else []
        self.process = subprocess.Popen(
            [*inside, sys.executable, "-m", __spec__.name, *arguments],
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


class Node:
    """What a process takes: resident memory now, and the most since the last reset (proc(5),
    clear_refs), in MB; processor time in seconds."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def reset(self) -> float:
        (self._folder / "clear_refs").write_text("5")
        return self._read("VmRSS")

    def peak(self) -> float:
        return self._read("VmHWM")

    def processor(self) -> float:
        told = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def _read(self, name: str) -> float:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith(name + ":"):
                return round(int(line.split()[1]) / 1024, 1)
        raise LookupError(name)


# ---------------------------------------------------------------- measuring


class Bench:
    """The five programs, in their places."""

    def __init__(self, folder: Path, names: tuple[str, str, str], near: str, far: str) -> None:
        before, middle, behind = names
        self._places: list[Place] = []
        served = self._place(middle, "serve", str(folder))
        port = served.hear()["port"]
        self.node = Node(served.process.pid)
        self.sender = self._place(before, "send", f"http://{near}:{port}")
        self.reader = self._place(behind, "read", f"http://{far}:{port}")
        self.wire = self._place(middle, "relay")
        wire = str(self.wire.hear()["port"])
        self.source = self._place(before, "relay_source", near, wire)
        self.sink = self._place(behind, "relay_sink", far, wire)
        self.sender.hear()
        self.reader.hear()

    def _place(self, namespace: str, *arguments: str) -> Place:
        place = Place(namespace, *arguments)
        self._places.append(place)
        return place

    def close(self) -> None:
        for place in reversed(self._places):
            if place.process.poll() is None:
                place.end()

    def early(self, file: Path, kind: str, count: int) -> dict[str, float]:
        """The readers ask as soon as the materials are named, as pages do."""
        size = file.stat().st_size
        self.sender.say(file=str(file), size=size, n=count)
        materials = self.sender.hear()["materials"]
        self.reader.say(what="early", materials=materials, kind=kind)
        self.sender.say(go=True)
        reads = self.reader.hear()["reads"]
        sent = self.sender.hear()
        return {
            **since(sent["first_byte_at"], reads, size),
            **after(sent["acknowledged_at"], reads),
            "after_answer_s": max(0.0, *_behind(sent["answered_at"], reads)),
        }

    def store_and_forward(self, file: Path, kind: str, count: int) -> dict[str, float]:
        """The readers ask once all the materials are stored."""
        size = file.stat().st_size
        self.sender.say(file=str(file), size=size, n=count)
        materials = self.sender.hear()["materials"]
        self.sender.say(go=True)
        first = self.sender.hear()["first_byte_at"]
        self.reader.say(what="original", materials=materials, kind=kind)
        return since(first, self.reader.hear()["reads"], size)

    def relay(self, file: Path, kind: str, count: int) -> dict[str, float]:
        """Each file through two sockets of its own, over the same links."""
        size = file.stat().st_size
        self.wire.say(n=count)
        self.sink.say(kind=kind, n=count)
        self.sink.hear()
        self.source.say(file=str(file), n=count)
        sent, reads = self.source.hear(), self.sink.hear()["reads"]
        return {
            **since(sent["first_byte_at"], reads, size),
            **after(sent["acknowledged_at"], reads),
        }


def since(first: float, reads: list[dict[str, Any]], size: int) -> dict[str, float]:
    """To the first page (the middle of several) and to the last byte of the last file."""
    if any(one["bytes"] != size for one in reads):
        raise RuntimeError(f"{reads} arrived of {size}")
    return {
        "page_s": statistics.median(one["page_at"] for one in reads) - first,
        "whole_s": max(one["whole_at"] for one in reads) - first,
    }


def after(acknowledged_at: list[float], reads: list[dict[str, Any]]) -> dict[str, float]:
    """How long after its own writer's last byte the last of a file is read, of the file where that is
    longest; and how long after the last writer the last of all."""
    return {
        "after_writer_s": max(_behind(acknowledged_at, reads)),
        "after_all_s": max(one["whole_at"] for one in reads) - max(acknowledged_at),
    }


def _behind(ended_at: list[float], reads: list[dict[str, Any]]) -> list[float]:
    """How long after its writer each reader ended."""
    return [one["whole_at"] - at for one, at in zip(reads, ended_at, strict=True)]


WAYS: Final = {
    "early": "early view",
    "store_and_forward": "store and forward",
    "relay": "floor: plain copy",
}


def measure(bench: Bench, file: Path, kind: str, mb: int, count: int, ways: list[str]) -> Any:
    """One row of the table; medians."""
    size = file.stat().st_size
    row: dict[str, Any] = {"kind": kind, "mb": mb, "at_once": count, "bytes": size}
    for way in ways:
        samples = []
        for _ in range(ROUNDS[mb, count]):
            before, used = bench.node.reset(), bench.node.processor()
            samples.append(getattr(bench, way)(file, kind, count))
            if way == "early":
                grown = bench.node.peak() - before
                row["memory_grew_mb"] = round(max(grown, row.get("memory_grew_mb", 0.0)), 1)
                row["memory_peak_mb"] = bench.node.peak()
                spent = (bench.node.processor() - used) / (size * count / MB)
                row["node_cpu_ms_per_mb"] = round(spent * 1000, 2)
        for what in samples[0]:
            row[f"{way}_{what}"] = round(statistics.median(one[what] for one in samples), 3)
        for what in {"after_writer_s", "after_answer_s"} & set(samples[0]):
            most = max(one[what] for one in samples)
            row[f"{way}_{what.removesuffix('_s')}_most_s"] = round(most, 3)
        row[f"{way}_n"] = len(samples)
    return row


def warm(bench: Bench, folder: Path, ways: list[str]) -> None:
    """Do each once before anything is measured: what a program does first in its life takes longer
    (statements are compiled, modules loaded)."""
    file = folder / "warm.pdf"
    file.write_bytes(scanned_pdf(MB))
    for way in ways:
        getattr(bench, way)(file, "pdf", 8)


def show(row: dict[str, Any]) -> None:
    print(f"{row['kind']}, {row['at_once']} x {row['bytes'] / MB:.1f} MB")
    for way, words in WAYS.items():
        if f"{way}_whole_s" in row:
            print(
                f"    {words:20} first page {row[f'{way}_page_s']:8.3f} s"
                f"   whole {row[f'{way}_whole_s']:8.3f} s   median of {row[f'{way}_n']}"
            )
    for way, words in WAYS.items():
        if f"{way}_after_writer_s" in row:
            print(
                f"    {words:20} after its writer's last byte {row[f'{way}_after_writer_s'] * 1000:.0f} ms"
                f" (at most {row[f'{way}_after_writer_most_s'] * 1000:.0f}), the last file after the"
                f" last writer {row[f'{way}_after_all_s'] * 1000:.0f} ms"
            )
    if "early_after_answer_s" in row:
        print(
            f"    early view: the worst file after its writer was told that it is stored"
            f" {row['early_after_answer_s'] * 1000:.0f} ms"
            f" (at most {row['early_after_answer_most_s'] * 1000:.0f})"
        )
    if "early_whole_s" in row:
        print(
            f"    the node: memory +{row['memory_grew_mb']:.1f} MB (at most"
            f" {row['memory_peak_mb']:.0f}), {row['node_cpu_ms_per_mb']:.1f} ms of processor a MB"
        )
    sys.stdout.flush()


def keep(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add what was measured to the file, over older figures of the same row; all that is there."""
    OUT.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(OUT.read_text())["rows"] if OUT.exists() else []
    kept = {(one["where"], one["kind"], one["mb"], one["at_once"]): one for one in before}
    for row in rows:
        name = (row["where"], row["kind"], row["mb"], row["at_once"])
        kept[name] = {**kept.get(name, {}), **row}
    OUT.write_text(
        json.dumps({"rate_bytes_s": RATE_BYTES_S, "rows": list(kept.values())}, indent=2) + "\n"
    )
    return list(kept.values())


def judge(rows: list[dict[str, Any]]) -> bool:
    """Whether following takes so little of what storing and forwarding takes, at 200 MB."""
    held = True
    for row in rows:
        if row["mb"] == 200 and {"early_whole_s", "store_and_forward_whole_s"} <= set(row):
            ratio = row["early_whole_s"] / row["store_and_forward_whole_s"]
            held = held and ratio <= AT_MOST_OF_STORE_AND_FORWARD
            print(f"{row['kind']} {row['at_once']} x 200 MB: {ratio:.2f} of store and forward")
    return held


def compare(arguments: list[str]) -> bool:
    """Measure what is asked for; whether the gate holds."""
    loopback = "loopback" in arguments
    kinds = [one for one in arguments if one in FILES] or ["pdf"]
    ways = [one for one in arguments if one in WAYS] or list(WAYS)
    asked = [one for one in arguments if one[0].isdigit()]
    sizes = [
        (int(mb), int(count or 1)) for mb, _, count in (one.partition("x") for one in asked)
    ] or list(ROUNDS)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contextlib.ExitStack() as stack:
            if loopback:
                bench = Bench(folder, ("", "", ""), "127.0.0.1", "127.0.0.1")
            else:
                names = stack.enter_context(links())
                bench = Bench(folder, names, "10.98.1.1", "10.98.2.1")
            stack.callback(bench.close)
            warm(bench, folder, ways)
            for kind in kinds:
                for mb, count in sizes:
                    file = folder / f"{mb}.{kind}"
                    if not file.exists():
                        file.write_bytes(FILES[kind](mb * MB))
                    row = measure(bench, file, kind, mb, count, ["early"] if loopback else ways)
                    row["where"] = "loopback" if loopback else "links"
                    if loopback:  # without a link times say nothing
                        row = {k: v for k, v in row.items() if not k.endswith("_s")}
                    rows.append(row)
                    if not loopback:
                        show(row)
                    else:
                        print(row)
                    keep([row])
    return judge([row for row in rows if row["where"] == "links"])


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve", folder]:
            run_whole(serve(folder))
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
        case _ if os.geteuid() != 0:
            print("not measured: network namespaces need root")
        case _:
            sys.exit(0 if compare(arguments) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
