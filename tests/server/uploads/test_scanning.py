"""Row F7: a real clamd that knows EICAR. What it finds is quarantined; what it did not scan stays locked."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.app import Running
from server.edge.route import STORE
from server.uploads.acts.scanning import Scanner, ScannerAway, ScanResult
from tests.kit.casework import APPROVER, CLERK
from tests.kit.desks import Desk, demo_node, desk_of
from tests.kit.papers import pdf_of
from tests.kit.services import EICAR, Clamd, clamd
from tests.kit.stores import MovedClock
from tests.kit.until import borne, until
from tests.server.uploads.test_file_rows import LINE, MIB, pdf_with


@pytest.fixture(scope="module")
def scanner() -> Iterator[Clamd]:
    with clamd() as server:
        yield server


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def node(tmp_path: Path, scanner: Clamd, clock: MovedClock) -> AsyncIterator[Running]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    async with demo_node(url, tmp_path, clock, clamd=str(scanner.socket)) as node:
        yield node


@pytest.fixture
async def clerk(node: Running) -> AsyncIterator[Desk]:
    async with desk_of(node, CLERK) as desk:
        yield desk


def infected() -> bytes:
    """A PDF that opens, with EICAR in a stream."""
    carried = b"<</Length %d>>\nstream\n%s\nendstream" % (len(EICAR), EICAR)
    return (
        pdf_with(b"<</Type/Annot/Subtype/Link/Rect[0 0 1 1]>>", carried)
        + b" " * 1100
        + b"\n%%EOF\n"
    )


async def brought(desk: Desk, case_id: str, data: bytes) -> str:
    location, material_id = await desk.begin(case_id, LINE, len(data))
    async with desk.patch(location, 0, io.BytesIO(data)) as said:
        assert said.status == 204, await said.text()
    return material_id


async def settles(desk: Desk, case_id: str, material_id: str, wanted: str) -> dict[str, Any]:
    """The material once it is in that state, of its own or of its copy."""
    found: dict[str, Any] = {}

    async def why_not() -> str | None:
        found.update(await desk.material(case_id, material_id))
        state = (found["viewed"] or {}).get("state"), (found["viewed"] or {}).get("fault")
        return None if wanted in (found["state"], *state) else f"{found['state']} {state}"

    await until(why_not, 10)
    return found


async def refusal(desk: Desk, path: str, body: Any = None) -> tuple[int, str]:
    """Status and code of what a path answers."""
    how = desk.http.get(path) if body is None else desk.http.post(path, json=body)
    async with how as said:
        return said.status, (await said.json(content_type=None)).get("code", "")


@pytest.mark.timed
async def test_f7_what_is_infected_is_quarantined_and_shown_to_nobody(
    node: Running, clerk: Desk
) -> None:
    case_id = await clerk.open_case()
    began = time.monotonic()
    content = infected()
    material_id = await brought(clerk, case_id, content)
    found = await settles(clerk, case_id, material_id, "rejected")
    assert time.monotonic() - began <= borne(10)
    assert (found["rejected_code"], found["sha256"], found["viewed"]) == (
        "file_infected",
        None,
        None,
    )
    blobs = node.app[STORE].blobs
    sealed = hashlib.sha256(content).hexdigest()
    assert not await blobs.exists(sealed)
    kept = blobs.path(sealed).parents[2] / "quarantine" / sealed
    assert await asyncio.to_thread(kept.is_file)
    async with desk_of(node, APPROVER) as approver:
        for path, body in (
            (f"/api/v1/materials/{material_id}/content", None),
            (f"/api/v1/materials/{material_id}/early", None),
            (f"/api/v1/materials/{material_id}/original", {"reason": "x"}),
        ):
            assert (await refusal(approver, path, body))[0] == 409, path


async def test_f7_what_is_infected_is_rejected_wherever_it_was_brought(clerk: Desk) -> None:
    """One content in two cases: with the file both materials end, not only the one that was read."""
    content = infected()
    cases = [await clerk.open_case(), await clerk.open_case()]
    brought_as = [await brought(clerk, case_id, content) for case_id in cases]
    for case_id, material_id in zip(cases, brought_as, strict=True):
        found = await settles(clerk, case_id, material_id, "rejected")
        assert (found["rejected_code"], found["sha256"]) == ("file_infected", None)


async def test_f7_a_clean_file_is_seen_once_it_was_scanned(clerk: Desk) -> None:
    case_id = await clerk.open_case()
    material_id = await brought(clerk, case_id, pdf_of(100_000))
    assert (await settles(clerk, case_id, material_id, "ready"))["viewed"]["state"] == "ready"
    assert (await clerk.viewed(material_id)).startswith(b"%PDF-")


async def test_f7_what_is_larger_than_the_scanner_takes_is_not_clean_but_locked(
    node: Running, clerk: Desk
) -> None:
    case_id = await clerk.open_case()
    material_id = await brought(clerk, case_id, pdf_of(25 * MIB + 1))
    found = await settles(clerk, case_id, material_id, "too_large")
    assert (found["state"], found["viewed"]["state"]) == ("stored", "locked")
    for path, body in (("content", None), ("original", {"reason": "x"})):
        answer = await refusal(clerk, f"/api/v1/materials/{material_id}/{path}", body)
        assert answer == (409, "material_locked")
    async with desk_of(node, APPROVER) as approver:
        review = {
            "type": "case.review", "id": "review-01", "case_id": case_id, "material_id": material_id,
            "review": "accepted",
        }  # fmt: skip
        assert (await refusal(approver, "/api/v1/commands", review))[1] == "material_locked"


async def test_f7_while_the_scanner_is_away_files_stay_locked(
    node: Running, clerk: Desk, scanner: Clamd, clock: MovedClock
) -> None:
    scanner.kill()
    case_id = await clerk.open_case()
    material_id = await brought(clerk, case_id, pdf_of(50_000))
    found = await settles(clerk, case_id, material_id, "waiting")
    assert found["viewed"]["state"] == "locked"
    path = f"/api/v1/materials/{material_id}"
    assert await refusal(clerk, f"{path}/content") == (409, "material_locked")
    assert await refusal(clerk, f"{path}/early") == (409, "no_early_view")
    scanner.start()

    async def why_not() -> str | None:
        clock.move(11)
        state = (await clerk.material(case_id, material_id))["viewed"]["state"]
        return None if state == "ready" else str(state)

    await until(why_not, 15)


async def test_the_scanner_says_what_it_did_not_scan(scanner: Clamd, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 31 * MIB)
    asked = Scanner(str(scanner.socket), 100 * MIB)
    assert (await asked.ping()).startswith("ClamAV")
    assert await asked.scan(file) is ScanResult.NOT_SCANNED  # clamd's own limit
    assert await Scanner(str(scanner.socket), MIB).scan(file) is ScanResult.NOT_SCANNED
    file.write_bytes(EICAR)
    assert await asked.scan(file) is ScanResult.INFECTED
    file.write_bytes(b"")
    assert await asked.scan(file) is ScanResult.CLEAN
    for nobody in (str(tmp_path / "no.sock"), "127.0.0.1:1"):
        with pytest.raises(ScannerAway):
            await Scanner(nobody, MIB).scan(file)
