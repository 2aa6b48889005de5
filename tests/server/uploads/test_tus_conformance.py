"""U1: tus 1.0.0 by the 123 ids of sagikazarmark/tus-conformance-tests, written from the protocol's text.

Each id is a subtest of that name. What the suite calls optional, and what we do not advertise, is
passed or stands in ``NOT_PASSED`` with its reason; the last test sees that no id is missing.
Files are real pictures: what is no document is rejected with its last byte, whatever the protocol says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from server.app import Running
from server.uploads.acts.announcing import LIVES
from server.uploads.api.uploads import UPLOADS
from tests.kit.desks import PIECE, TUS, Desk, demo_node, desk_of, metadata
from tests.kit.stores import MovedClock
from tests.kit.until import until

IDS: Final = {
    "CP-OPT": 5, "CP-HEAD": 7, "CP-PATCH": 10, "CP-VER": 3, "CP-ERR": 2,
    "EXT-CREATE": 10, "EXT-DEFER": 5, "EXT-CWU": 5, "EXT-CSUM": 8, "EXT-CSUM-TR": 2,
    "EXT-TERM": 5, "EXT-CONCAT": 10, "EXT-CONCAT-UF": 2, "EXT-EXPIRE": 5,
    "SCN-BASIC": 4, "SCN-RESUME": 4, "SCN-ERROR": 3, "SCN-CONCAT": 2,
    "OPT-META": 6, "OPT-URL": 3, "OPT-PARTIAL": 3, "OPT-CONC": 3, "OPT-COMP": 3, "OPT-TIME": 3,
    "OPT-STORE": 3, "OPT-CSUM": 3, "OPT-EXP": 3,
}  # fmt: skip
"""How many ids there are of each kind, from 001 on; and OPT-ERR-002, the only one of its kind."""

NOT_PASSED: Final = {
    "EXT-CSUM-TR-001": "not advertised: aiohttp gives trailers of a request to nobody",
    "EXT-CSUM-TR-002": "not advertised, as before",
    "EXT-CONCAT-UF-001": "not advertised: a file is judged when it is made, so its parts must be there",
    "EXT-CONCAT-UF-002": "not advertised, as before",
    "OPT-META-004": "too much metadata answers 400 instead of 413 (row U13 of our own proofs asks it)",
    "OPT-COMP-002": "HEAD of one that has ended answers 410 without the name of its case: a client that"
    " remembers addresses by file would send nothing for a later case",
    "OPT-URL-001": "Location is relative: behind proxies the server does not know its own name for sure",
    "OPT-URL-003": "no foreign origin may upload; the pages are of the same origin",
    "OPT-STORE-001": "a full disk needs a disk of its own: 507 is shown by"
    " tests/server/case/test_materials.py::test_a_disk_that_is_full_answers_507_and_keeps_what_came",
}
"""Ids that do not hold as the suite suggests, and why."""


@dataclass
class Said:
    """An answer whose body was read."""

    status: int
    headers: Any
    body: bytes

    @property
    def location(self) -> str:
        return str(self.headers["Location"])

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((160, 120), 60).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


DATA: Final = jpeg()
SIZE: Final = len(DATA)
HALF: Final = SIZE // 2


class Client:
    """A client of tus that sends what it is told and checks nothing."""

    def __init__(self, node: Running, desk: Desk, case_id: str, clock: MovedClock) -> None:
        self.node = node
        self.desk = desk
        self.case_id = case_id
        self.clock = clock

    async def ask(self, method: str, path: str, headers: dict[str, str], data: Any = None) -> Said:
        async with self.desk.http.request(method, path, headers=headers, data=data) as said:
            return Said(said.status, said.headers, await said.read())

    def about(self, **more: str) -> str:
        return metadata({"case_id": self.case_id, "line": "other", "filename": "a.jpg", **more})

    async def post(self, data: Any = None, **headers: str | None) -> Said:
        """Create; header names with _ for -, None leaves one out."""
        told: dict[str, str | None] = {
            **TUS, "Upload-Length": str(SIZE), "Upload-Metadata": self.about()
        }  # fmt: skip
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in told.items() if value is not None}
        return await self.ask("POST", "/api/v1/uploads", kept, data)

    async def new(self, **headers: str | None) -> str:
        said = await self.post(**headers)
        assert said.status == 201, said.body
        return said.location

    async def part(self, data: bytes, *, whole: bool = True) -> str:
        """A part with its bytes."""
        location = await self.new(
            Upload_Concat="partial", Upload_Length=str(len(data)), Upload_Metadata=None
        )
        sent = data if whole else data[:-1]
        assert (await self.patch(location, 0, sent)).status == 204
        return location

    async def join(self, *parts: str, **more: str | None) -> Said:
        return await self.post(
            **{"Upload_Concat": "final;" + " ".join(parts), "Upload_Length": None, **more}
        )

    async def patch(self, location: str, offset: int | None, data: Any, **headers: Any) -> Said:
        told = {**PIECE, **({} if offset is None else {"Upload-Offset": str(offset)})}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in told.items() if value is not None}
        return await self.ask("PATCH", location, kept, data)

    async def head(self, location: str, **named: str) -> Said:
        told = {name.replace("_", "-"): value for name, value in named.items()}
        return await self.ask("HEAD", location, {**TUS, **told})

    async def ended(self, location: str) -> Said:
        """HEAD of one that has ended: gone for who remembers it by its file, not for its case."""
        for named in ({}, {"Yunjian_Case": "another"}):
            said = await self.head(location, **named)
            assert (said.status, said.headers.get("Upload-Offset")) == (410, None)
        return await self.head(location, Yunjian_Case=self.case_id)

    async def delete(self, location: str, headers: dict[str, str] = TUS) -> Said:
        return await self.ask("DELETE", location, headers)

    async def options(self) -> Said:
        return await self.ask("OPTIONS", "/api/v1/uploads", {})

    async def state(self, said: Said) -> str:
        material = await self.desk.material(self.case_id, said.headers["Yunjian-Material"])
        return str(material["state"])


Case = Callable[[Client], Awaitable[None]]
CASES: Final[dict[str, Case]] = {}


def case(*ids: str) -> Callable[[Case], Case]:
    """The decorated function shows these ids."""

    def keep(shown: Case) -> Case:
        for one in ids:
            assert one not in CASES
            CASES[one] = shown
        return shown

    return keep


MISSING: Final = "/api/v1/uploads/AAAAAAAAAAAAAAAAAAAAAA"


def checksum(data: bytes, algorithm: str = "sha1") -> str:
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


# ---------------------------------------------------------------- core: OPTIONS


@case("CP-OPT-001", "CP-OPT-002", "CP-OPT-003")
async def options_tell_versions_by_preference(tus: Client) -> None:
    said = await tus.options()
    assert said.status in (200, 204)
    assert said.headers["Tus-Version"].split(",") == ["1.0.0"]


@case("CP-OPT-004")
async def options_tell_extensions(tus: Client) -> None:
    said = await tus.options()
    assert set(said.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "termination", "checksum",
        "expiration", "concatenation",
    }  # fmt: skip


@case("CP-OPT-005")
async def the_largest_size_is_a_number(tus: Client) -> None:
    assert int((await tus.options()).headers["Tus-Max-Size"]) >= 0


# ---------------------------------------------------------------- core: HEAD


@case("CP-HEAD-001", "CP-HEAD-002", "CP-HEAD-004", "CP-HEAD-006", "CP-HEAD-007")
async def head_tells_how_far_it_is(tus: Client) -> None:
    said = await tus.head(await tus.new())
    assert said.status in (200, 204)
    assert said.headers["Upload-Offset"] == "0"
    assert said.headers["Upload-Length"] == str(SIZE)
    assert said.headers["Cache-Control"] == "no-store"
    assert said.headers["Tus-Resumable"] == "1.0.0"


@case("CP-HEAD-003")
async def head_asks_for_the_version(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.ask("HEAD", location, {})).status == 412


@case("CP-HEAD-005")
async def head_of_nothing(tus: Client) -> None:
    said = await tus.head(MISSING)
    assert said.status == 404
    assert "Upload-Offset" not in said.headers


# ---------------------------------------------------------------- core: PATCH


@case("CP-PATCH-001")
async def patch_asks_for_the_version(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.patch(location, 0, DATA, Tus_Resumable=None)).status == 412


@case("CP-PATCH-002", "CP-PATCH-003")
async def patch_asks_for_its_content_type(tus: Client) -> None:
    location = await tus.new()
    for wrong in ("text/plain", "application/octet-stream"):
        assert (await tus.patch(location, 0, DATA, Content_Type=wrong)).status == 415
    assert (await tus.head(location)).offset == 0


@case("CP-PATCH-004")
async def patch_asks_for_an_offset(tus: Client) -> None:
    assert (await tus.patch(await tus.new(), None, DATA)).status == 400


@case("CP-PATCH-005")
async def patch_at_another_offset(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.patch(location, 5, DATA[5:])).status == 409
    assert (await tus.head(location)).offset == 0


@case("CP-PATCH-006", "CP-PATCH-007", "CP-PATCH-009")
async def patch_that_succeeds(tus: Client) -> None:
    said = await tus.patch(await tus.new(), 0, DATA[:HALF])
    assert (said.status, said.offset, said.body) == (204, HALF, b"")
    assert said.headers["Tus-Resumable"] == "1.0.0"


@case("CP-PATCH-008")
async def patch_of_nothing(tus: Client) -> None:
    assert (await tus.patch(MISSING, 0, DATA)).status == 404


@case("CP-PATCH-010")
async def patch_beyond_the_length(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.patch(location, 0, DATA + b"x")).status == 413
    assert (await tus.head(location)).offset == 0


# ---------------------------------------------------------------- core: versions and errors


@case("CP-VER-001", "CP-VER-002")
async def another_version_is_refused(tus: Client) -> None:
    for version in ("0.2.2", "2.0.0", "x"):
        said = await tus.post(Tus_Resumable=version)
        assert (said.status, said.headers["Tus-Version"]) == (412, "1.0.0")


@case("CP-VER-003")
async def version_one_is_spoken(tus: Client) -> None:
    assert (await tus.post()).headers["Tus-Resumable"] == "1.0.0"


@case("CP-ERR-001", "CP-ERR-002")
async def errors_have_words_and_name_the_header(tus: Client) -> None:
    said = await tus.post(Upload_Length="nine")
    assert said.headers["Content-Type"].startswith("application/problem+json")
    assert b"Upload-Length" in said.body


# ---------------------------------------------------------------- creation


@case("EXT-CREATE-001", "EXT-CREATE-002", "EXT-CREATE-009")
async def post_creates_at_an_address(tus: Client) -> None:
    said = await tus.post()
    assert said.status == 201
    assert (await tus.head(said.location)).status == 200


@case("EXT-CREATE-003")
async def post_asks_for_the_version(tus: Client) -> None:
    assert (await tus.post(Tus_Resumable=None)).status == 412


@case("EXT-CREATE-004", "EXT-CREATE-010", "OPT-META-006")
async def metadata_is_taken_and_told_again(tus: Client) -> None:
    about = tus.about(filetype="image/jpeg")
    assert (await tus.head(await tus.new(Upload_Metadata=about))).headers[
        "Upload-Metadata"
    ] == about


@case("EXT-CREATE-005", "OPT-META-002", "OPT-META-005")
async def keys_are_ascii_and_there_once(tus: Client) -> None:
    for wrong in ("line b3RoZXI=", "", "clé eA==", "a\tb eA=="):
        assert (await tus.post(Upload_Metadata=f"{tus.about()},{wrong}")).status == 400


@case("EXT-CREATE-006", "OPT-META-001")
async def values_are_base64(tus: Client) -> None:
    assert (await tus.post(Upload_Metadata=f"{tus.about()},note %%%")).status == 400


@case("EXT-CREATE-007", "OPT-STORE-003")
async def more_than_the_largest_size(tus: Client) -> None:
    most = int((await tus.options()).headers["Tus-Max-Size"])
    for length in (most + 1, 999_999_999_999_999, 2**63, 10**40):
        assert (await tus.post(Upload_Length=str(length))).status == 413


@case("EXT-CREATE-008", "SCN-BASIC-004")
async def an_empty_file_is_complete_at_once(tus: Client) -> None:
    said = await tus.post(Upload_Length="0")
    assert said.status == 201
    head = await tus.ended(said.location)
    assert (head.offset, head.headers["Upload-Length"]) == (0, "0")
    # complete for the protocol; of no use in a case
    assert await tus.state(said) == "rejected"


@case("SCN-BASIC-001", "OPT-COMP-003")
async def a_small_file_in_one_piece(tus: Client) -> None:
    begun = await tus.post()
    assert (await tus.patch(begun.location, 0, DATA)).offset == SIZE
    said = await tus.ended(begun.location)
    assert (said.offset, said.headers["Upload-Length"]) == (SIZE, str(SIZE))
    assert await tus.state(begun) == "stored"


@case("SCN-BASIC-002", "SCN-RESUME-004")
async def a_file_in_pieces_asked_for_in_between(tus: Client) -> None:
    begun = await tus.post()
    quarter = SIZE // 4
    for start in range(0, SIZE, quarter):
        assert (await tus.head(begun.location)).offset == start
        piece = DATA[start : start + quarter]
        assert (await tus.patch(begun.location, start, piece)).offset == start + len(piece)
    assert await tus.state(begun) == "stored"


@case("SCN-BASIC-003", "SCN-RESUME-002", "SCN-RESUME-003", "OPT-PARTIAL-001", "OPT-TIME-003")
async def what_came_before_a_cut_is_gone_on_with(tus: Client) -> None:
    for reached in (HALF, SIZE - 1):
        begun = await tus.post()
        await _cut_after(tus, begun.location, reached)
        at = (await tus.head(begun.location)).offset
        assert at == reached
        assert (await tus.patch(begun.location, at, DATA[at:])).status == 204
        assert await tus.state(begun) == "stored"


async def _cut_after(tus: Client, location: str, reached: int) -> None:
    """Announce all, send so many bytes, and break the connection once they were read."""
    _, writer = await asyncio.open_connection("127.0.0.1", tus.node.port)
    writer.write(
        (
            f"PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {tus.desk.token}\r\n"
            f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {PIECE['Content-Type']}\r\n"
            f"Content-Length: {SIZE}\r\n\r\n"
        ).encode()
        + DATA[:reached]
    )
    await writer.drain()
    file = tus.node.app[UPLOADS].files.path_of(location.rpartition("/")[2])
    await until(lambda: None if file.stat().st_size == reached else "not all was read")
    writer.transport.abort()


@case("SCN-RESUME-001")
async def nothing_came_and_then_all(tus: Client) -> None:
    begun = await tus.post()
    assert (await tus.head(begun.location)).offset == 0
    assert (await tus.patch(begun.location, 0, DATA)).status == 204
    assert await tus.state(begun) == "stored"


@case("SCN-ERROR-001", "OPT-ERR-002")
async def another_offset_is_told_the_right_one(tus: Client) -> None:
    location = await tus.new()
    await tus.patch(location, 0, DATA[:HALF])
    said = await tus.patch(location, 0, DATA)
    assert (said.status, said.offset) == (409, HALF)
    assert (await tus.patch(location, said.offset, DATA[HALF:])).status == 204


@case("OPT-META-003")
async def a_value_may_be_empty(tus: Client) -> None:
    for empty in ("note", "note "):
        assert (await tus.post(Upload_Metadata=f"{tus.about()},{empty}")).status == 201


@case("OPT-URL-002", "OPT-CONC-003")
async def addresses_cannot_be_guessed_and_are_never_the_same(tus: Client) -> None:
    begun = await asyncio.gather(*(tus.new() for _ in range(8)))
    names = {location.rpartition("/")[2] for location in begun}
    assert len(names) == 8
    assert min(map(len, names)) >= 22


@case("OPT-PARTIAL-002", "OPT-PARTIAL-003")
async def a_piece_is_answered_with_what_is_stored(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.patch(location, 0, DATA[:7])).offset == 7
    assert (await tus.head(location)).offset == 7


@case("OPT-CONC-001")
async def of_two_writers_one_wins(tus: Client) -> None:
    begun = await tus.post()
    said = await asyncio.gather(*(tus.patch(begun.location, 0, DATA) for _ in range(2)))
    statuses = sorted(one.status for one in said)
    assert statuses[0] == 204
    assert statuses[1] in (409, 423)
    assert await tus.state(begun) == "stored"


@case("OPT-CONC-002", "OPT-TIME-002")
async def head_while_a_slow_one_sends(tus: Client) -> None:
    location = await tus.new()
    over = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield DATA[:HALF]
        await over.wait()

    sending = asyncio.create_task(tus.patch(location, 0, slowly()))
    file = tus.node.app[UPLOADS].files.path_of(location.rpartition("/")[2])
    await until(lambda: None if file.stat().st_size == HALF else "not all was read")
    assert (await tus.head(location)).offset == HALF
    over.set()
    await asyncio.gather(sending, return_exceptions=True)
    assert (await tus.patch(location, HALF, DATA[HALF:])).status == 204


@case("OPT-COMP-001")
async def a_finished_one_takes_no_more(tus: Client) -> None:
    location = await tus.new()
    await tus.patch(location, 0, DATA)
    said = await tus.patch(location, SIZE, b"x")
    assert (said.status, said.offset) == (409, SIZE)


@case("OPT-STORE-002")
async def a_length_stays_what_it_was(tus: Client) -> None:
    location = await tus.new()
    said = await tus.patch(location, 0, DATA[:HALF], Upload_Length=str(SIZE - 1))
    assert said.status == 400
    assert (await tus.head(location)).headers["Upload-Length"] == str(SIZE)


# ---------------------------------------------------------------- creation-defer-length


@case("EXT-DEFER-001", "EXT-DEFER-002")
async def a_length_may_be_told_later(tus: Client) -> None:
    location = await tus.new(Upload_Length=None, Upload_Defer_Length="1")
    said = await tus.head(location)
    assert said.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in said.headers


@case("EXT-DEFER-003")
async def a_piece_tells_the_length(tus: Client) -> None:
    begun = await tus.post(Upload_Length=None, Upload_Defer_Length="1")
    assert (await tus.patch(begun.location, 0, DATA[:HALF])).status == 204
    said = await tus.patch(begun.location, HALF, DATA[HALF:], Upload_Length=str(SIZE))
    assert (said.status, said.offset) == (204, SIZE)
    assert await tus.state(begun) == "stored"


@case("EXT-DEFER-004")
async def a_length_is_told_once(tus: Client) -> None:
    location = await tus.new(Upload_Length=None, Upload_Defer_Length="1")
    assert (await tus.patch(location, 0, DATA[:9], Upload_Length=str(SIZE))).status == 204
    assert (await tus.patch(location, 9, DATA[9:], Upload_Length="99999")).status == 400
    assert (await tus.head(location)).headers["Upload-Length"] == str(SIZE)


@case("EXT-DEFER-005")
async def a_length_is_told_now_or_later(tus: Client) -> None:
    assert (await tus.post(Upload_Defer_Length="1")).status == 400
    assert (await tus.post(Upload_Length=None, Upload_Defer_Length="2")).status == 400
    assert (await tus.post(Upload_Length=None)).status == 400


# ---------------------------------------------------------------- creation-with-upload

BYTES: Final = PIECE["Content-Type"]


@case("EXT-CWU-001", "EXT-CWU-003", "EXT-CWU-004")
async def first_bytes_come_with_the_name(tus: Client) -> None:
    said = await tus.post(DATA[:HALF], Content_Type=BYTES)
    assert (said.status, said.offset) == (201, HALF)
    assert (await tus.head(said.location)).offset == HALF
    assert (await tus.patch(said.location, HALF, DATA[HALF:])).status == 204


@case("EXT-CWU-002")
async def first_bytes_have_their_type(tus: Client) -> None:
    assert (await tus.post(DATA, Content_Type="text/plain")).status == 415


@case("EXT-CWU-005")
async def all_comes_with_the_name(tus: Client) -> None:
    said = await tus.post(DATA, Content_Type=BYTES)
    assert (said.status, said.offset) == (201, SIZE)
    assert await tus.state(said) == "stored"


# ---------------------------------------------------------------- checksum


@case("EXT-CSUM-001")
async def algorithms_are_told(tus: Client) -> None:
    assert (await tus.options()).headers["Tus-Checksum-Algorithm"] == "sha1,sha256,sm3"


@case("EXT-CSUM-002", "EXT-CSUM-003")
async def each_algorithm_is_checked(tus: Client) -> None:
    location = await tus.new()
    pieces = [DATA[:50], DATA[50:100], DATA[100:]]
    at = 0
    for piece, algorithm in zip(pieces, ("sha1", "sha256", "sm3"), strict=True):
        said = await tus.patch(location, at, piece, Upload_Checksum=checksum(piece, algorithm))
        assert said.status == 204
        at += len(piece)


@case("EXT-CSUM-004", "EXT-CSUM-005", "EXT-CSUM-008", "SCN-ERROR-002")
async def damaged_bytes_are_sent_again(tus: Client) -> None:
    begun = await tus.post()
    # also one that is well written and can be no digest of this algorithm
    for wrong in (checksum(b"else"), "sha1 AAAA"):
        said = await tus.patch(begun.location, 0, DATA, Upload_Checksum=wrong)
        assert said.status == 460
        assert (await tus.head(begun.location)).offset == 0
    said = await tus.patch(begun.location, 0, DATA, Upload_Checksum=checksum(DATA))
    assert said.status == 204
    assert await tus.state(begun) == "stored"


@case("EXT-CSUM-006")
async def an_unknown_algorithm(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.patch(location, 0, DATA, Upload_Checksum="crc32 AAAA")).status == 400
    assert (await tus.head(location)).offset == 0


@case("EXT-CSUM-007")
async def a_checksum_has_its_form(tus: Client) -> None:
    location = await tus.new()
    for wrong in ("sha1", "sha1 %%%", checksum(DATA).replace(" ", "-")):
        assert (await tus.patch(location, 0, DATA, Upload_Checksum=wrong)).status == 400
    assert (await tus.head(location)).offset == 0


@case("OPT-CSUM-001")
async def of_nothing_at_all(tus: Client) -> None:
    said = await tus.patch(await tus.new(), 0, b"", Upload_Checksum=checksum(b""))
    assert (said.status, said.offset) == (204, 0)


@case("OPT-CSUM-002")
async def the_first_of_two_checksums_counts(tus: Client) -> None:
    location = await tus.new()
    told = [
        *PIECE.items(), ("Upload-Offset", "0"),
        ("Upload-Checksum", checksum(DATA)), ("Upload-Checksum", checksum(b"else")),
    ]  # fmt: skip
    async with tus.desk.http.patch(location, headers=told, data=DATA) as said:
        assert said.status == 204


@case("OPT-CSUM-003")
async def first_bytes_are_checked_too(tus: Client) -> None:
    wrong = await tus.post(DATA, Content_Type=BYTES, Upload_Checksum=checksum(b"else"))
    assert wrong.status == 460
    right = await tus.post(DATA, Content_Type=BYTES, Upload_Checksum=checksum(DATA))
    assert (right.status, right.offset) == (201, SIZE)


# ---------------------------------------------------------------- termination


@case("EXT-TERM-001", "EXT-TERM-003")
async def what_was_given_up_is_gone(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.delete(location)).status == 204
    assert (await tus.head(location)).status in (404, 410)
    assert (await tus.patch(location, 0, DATA)).status in (404, 410)


@case("EXT-TERM-002")
async def delete_asks_for_the_version(tus: Client) -> None:
    location = await tus.new()
    assert (await tus.delete(location, {})).status == 412
    assert (await tus.head(location)).status == 200


@case("EXT-TERM-004")
async def delete_of_nothing(tus: Client) -> None:
    assert (await tus.delete(MISSING)).status == 404


@case("EXT-TERM-005")
async def a_finished_one_is_forgotten_and_its_file_stays(tus: Client) -> None:
    begun = await tus.post()
    await tus.patch(begun.location, 0, DATA)
    assert (await tus.delete(begun.location)).status == 204
    assert (await tus.head(begun.location)).status == 410
    assert await tus.state(begun) == "stored"


# ---------------------------------------------------------------- concatenation


@case("EXT-CONCAT-001", "EXT-CONCAT-009")
async def a_part_is_called_one(tus: Client) -> None:
    location = await tus.part(DATA)
    assert (await tus.head(location)).headers["Upload-Concat"] == "partial"


@case("EXT-CONCAT-002", "EXT-CONCAT-004", "EXT-CONCAT-006", "EXT-CONCAT-010", "SCN-CONCAT-002")
async def parts_become_a_file(tus: Client) -> None:
    parts = [await tus.part(DATA[:HALF]), await tus.part(DATA[HALF:])]
    made = await tus.join(*parts)
    assert made.status == 201
    said = await tus.head(made.location)
    assert (said.offset, said.headers["Upload-Length"]) == (SIZE, str(SIZE))
    assert said.headers["Upload-Concat"] == f"final;{parts[0]} {parts[1]}"
    assert await tus.state(made) == "stored"
    # A client that missed the answer says it again, and nothing is made twice.
    again = await tus.join(*parts)
    assert (again.status, again.location) == (201, made.location)


@case("EXT-CONCAT-003")
async def a_file_of_parts_has_no_length_of_its_own(tus: Client) -> None:
    part = await tus.part(DATA)
    assert (await tus.join(part, Upload_Length=str(SIZE))).status == 400
    assert (await tus.head(part)).status == 200


@case("EXT-CONCAT-005")
async def a_file_of_parts_takes_no_bytes(tus: Client) -> None:
    made = await tus.join(await tus.part(DATA))
    assert (await tus.patch(made.location, SIZE, b"x")).status == 403


@case("EXT-CONCAT-007")
async def parts_must_be_whole(tus: Client) -> None:
    parts = [await tus.part(DATA[:HALF]), await tus.part(DATA[HALF:], whole=False)]
    assert (await tus.join(*parts)).status == 409
    assert (await tus.head(parts[0])).status == 200


@case("EXT-CONCAT-008")
async def parts_must_be_there(tus: Client) -> None:
    part = await tus.part(DATA)
    for wrong in (MISSING, "/somewhere/else", "http://[", part + "/x"):
        assert (await tus.join(part, wrong)).status == 404


@case("SCN-CONCAT-001")
async def three_parts_at_once(tus: Client) -> None:
    third = SIZE // 3
    cut = [DATA[:third], DATA[third : 2 * third], DATA[2 * third :]]
    made = await tus.join(*await asyncio.gather(*map(tus.part, cut)))
    assert (await tus.head(made.location)).offset == SIZE
    material = await tus.desk.material(tus.case_id, made.headers["Yunjian-Material"])
    assert material["sha256"] == hashlib.sha256(DATA).hexdigest()


# ---------------------------------------------------------------- expiration


@case("EXT-EXPIRE-001", "EXT-EXPIRE-002", "EXT-EXPIRE-003", "OPT-EXP-003")
async def an_end_is_told(tus: Client) -> None:
    begun = await tus.post()
    patched = await tus.patch(begun.location, 0, DATA[:HALF])
    for said in (begun, patched):
        told = said.headers["Upload-Expires"]
        assert told.endswith(" GMT")
        assert parsedate_to_datetime(told) > tus.clock.now()


@case("OPT-EXP-001")
async def each_piece_puts_the_end_off(tus: Client) -> None:
    begun = await tus.post()
    tus.clock.move(2 * 3600)
    said = await tus.patch(begun.location, 0, DATA[:HALF])
    first, second = (parsedate_to_datetime(one.headers["Upload-Expires"]) for one in (begun, said))
    assert (second - first).total_seconds() >= 2 * 3600 - 1


@case("EXT-EXPIRE-004", "EXT-EXPIRE-005", "SCN-ERROR-003", "OPT-EXP-002")
async def what_is_over_is_gone_and_what_is_stored_stays(tus: Client) -> None:
    begun, whole = await tus.post(), await tus.post()
    await tus.patch(begun.location, 0, DATA[:HALF])
    await tus.patch(whole.location, 0, DATA)
    tus.clock.move(LIVES.total_seconds() + 1)
    async with desk_of(tus.node, "lixiulan") as again:
        later = Client(tus.node, again, tus.case_id, tus.clock)
        assert (await later.head(begun.location)).status == 410
        assert (await later.patch(begun.location, HALF, DATA[HALF:])).status == 410
        assert (await later.ended(whole.location)).offset == SIZE
        assert await later.state(whole) == "stored"
        assert (await later.post(DATA, Content_Type=BYTES)).offset == SIZE


@case("OPT-TIME-001")
async def silence_has_a_limit_that_is_a_setting(tus: Client) -> None:
    # that it is kept is U4: tests/server/uploads/test_upload_rows.py::test_u4_a_sender_who_falls_silent
    assert tus.node.app[UPLOADS].files.silence_s >= 30


# ---------------------------------------------------------------- all of them


def ids() -> set[str]:
    counted = {f"{kind}-{n:03}" for kind, most in IDS.items() for n in range(1, most + 1)}
    return counted | {"OPT-ERR-002"}


def test_every_id_is_shown_or_has_its_reason() -> None:
    assert len(ids()) == 123
    assert set(CASES) | set(NOT_PASSED) == ids()
    assert not set(CASES) & set(NOT_PASSED)
    required = {one for one in NOT_PASSED if not one.startswith("OPT-")}
    assert required == {
        "EXT-CSUM-TR-001", "EXT-CSUM-TR-002", "EXT-CONCAT-UF-001", "EXT-CONCAT-UF-002"
    }  # fmt: skip


@asynccontextmanager
async def client(folder: Path) -> AsyncIterator[Client]:
    clock = MovedClock()
    url = f"sqlite+aiosqlite:///{folder / 'yunjian.sqlite'}"
    async with (
        demo_node(url, folder, clock, max_upload_bytes=8 * 1024 * 1024) as node,
        desk_of(node, "lixiulan") as desk,
    ):
        yield Client(node, desk, await desk.open_case(), clock)


GROUPS: Final = (
    "CP-OPT", "CP-HEAD", "CP-PATCH", "CP-VER", "EXT-CREATE", "SCN-BASIC", "OPT-META", "EXT-DEFER",
    "EXT-CSUM", "EXT-TERM", "EXT-CONCAT", "EXT-EXPIRE", "OPT-EXP", "OPT-PARTIAL",
)  # fmt: skip
"""What a node of its own is started for; the other kinds are shown in the last of them."""

SHOWN_WITH: Final = dict.fromkeys(("SCN-ERROR-003", "OPT-EXP-002", "OPT-EXP-003"), "EXT-EXPIRE")
"""What moves the clock so far that everybody is signed out."""


@pytest.mark.parametrize("group", GROUPS)
async def test_u1_tus_holds(group: str, tmp_path: Path, subtests: pytest.Subtests) -> None:
    last = GROUPS[-1]
    mine = {
        one: shown
        for one, shown in CASES.items()
        if (_group(one) if _group(one) in GROUPS else last) == group
    }
    assert mine
    done: set[Case] = set()
    async with client(tmp_path) as tus:
        for one, shown in sorted(mine.items()):
            with subtests.test(one):
                if shown not in done:
                    done.add(shown)
                    await shown(tus)


def _group(one: str) -> str:
    return SHOWN_WITH.get(one, one.rpartition("-")[0])


def test_what_is_shown_elsewhere_is_there() -> None:
    """Whoever follows the list from here finds the test that it names."""
    root = Path(__file__).resolve().parents[3]
    text = re.sub(r'"\s*\n\s*"', "", Path(__file__).read_text())
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text)
    assert len(named) >= 2
    for file, test in named:
        assert (root / file).is_file(), file
        assert test, f"{file} is named without its test"
        assert re.search(rf"^async def {test}\(", (root / file).read_text(), re.MULTILINE), test
