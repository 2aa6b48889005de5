"""A node with the demo's data, and its people at desks that speak HTTP with a bearer token."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from server.app import Running, running
from server.demo import data as demo
from server.edge.route import STORE
from server.store import Clock
from signaling.client import fresh_id
from tests.kit.nodes import node_settings, session_of
from tests.kit.seats import ACTS, Addressed
from tests.kit.templates import fill
from tests.kit.until import until

TUS: Final = {"Tus-Resumable": "1.0.0"}
PIECE: Final = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Desk:
    """One person; every command over HTTP."""

    def __init__(self, http: aiohttp.ClientSession, token: str) -> None:
        self.http = http
        self.token = token

    async def command(self, kind: str, **members: Any) -> dict[str, Any]:
        """The result of a command that is not refused. Who acts upon a case has its newest version
        before him."""
        if kind in ACTS:
            members.setdefault(
                "seen_version", (await self.get(f"/cases/{members['case_id']}"))["version"]
            )
        body = {"type": kind, "id": fresh_id(), **members}
        async with self.http.post("/api/v1/commands", json=body) as said:
            assert said.status == 200, await said.text()
            result: dict[str, Any] = (await said.json())["result"]
            return result

    async def get(self, path: str, status: int = 200) -> Any:
        """The JSON at a path below /api/v1, which answers with this status."""
        async with self.http.get(f"/api/v1{path}") as said:
            assert said.status == status, await said.text()
            return await said.json(content_type=None)

    async def search(self, path: str, status: int = 200, **wanted: str) -> Any:
        """What is found in this list, ``/calls`` or ``/cases``."""
        async with self.http.post(f"/api/v1/search{path}", json=wanted) as said:
            assert said.status == status, await said.text()
            return await said.json(content_type=None)

    async def open_case(self, item_id: str = demo.PRINCIPAL) -> str:
        made = await self.command(
            "case.create",
            item_id=item_id,
            mode="proxy",
            applicant_name="孙雅宁",
            identity_number="11010519491231002X",
            phone="13805316217",
        )
        return str(made["case_id"])

    async def case(self, case_id: str) -> dict[str, Any]:
        case: dict[str, Any] = (await self.get(f"/cases/{case_id}"))["case"]
        return case

    async def material(self, case_id: str, material_id: str) -> dict[str, Any]:
        found = [one for one in (await self.case(case_id))["materials"] if one["id"] == material_id]
        assert len(found) == 1
        return dict(found[0])

    async def copied(self, case_id: str, material_id: str, within_s: float = 20) -> dict[str, Any]:
        """The material once the copy that people look at is made, or cannot be."""

        found: dict[str, Any] = {}

        async def why_not() -> str | None:
            found.update(await self.material(case_id, material_id))
            waits = found["viewed"] is not None and found["viewed"]["state"] == "making"
            return f"the copy of {material_id} is being made" if waits else None

        await until(why_not, within_s)
        return found

    async def viewed(self, material_id: str) -> bytes:
        """The copy that people look at."""
        async with self.http.get(f"/api/v1/materials/{material_id}/content") as said:
            assert said.status == 200, await said.text()
            return await said.read()

    async def original(self, material_id: str, reason: str = "核对") -> bytes:
        """The sealed original, asked for with a reason."""
        asked = {"reason": reason}
        async with self.http.post(f"/api/v1/materials/{material_id}/original", json=asked) as said:
            assert said.status == 200, await said.text()
            return await said.read()

    def begun(self, case_id: str, line: str, size: int, name: str = "申请书.pdf") -> Any:
        """The request that begins an upload."""
        about = {"case_id": case_id, "line": line, "filename": name}
        return self.http.post(
            "/api/v1/uploads",
            headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(about)},
        )

    async def begin(
        self, case_id: str, line: str, size: int, name: str = "申请书.pdf"
    ) -> tuple[str, str]:
        """Location and material of a new upload."""
        async with self.begun(case_id, line, size, name) as said:
            assert said.status == 201, await said.text()
            return said.headers["Location"], said.headers["Yunjian-Material"]

    def patch(self, location: str, offset: int, data: Any, **headers: str) -> Any:
        """The request that sends a piece."""
        told = {**PIECE, "Upload-Offset": str(offset), **headers}
        return self.http.patch(location, data=data, headers=told)

    async def offset(self, location: str, case_id: str = "") -> int:
        """Where an upload stands; one that has ended tells who names its case."""
        headers = {**TUS, "Yunjian-Case": case_id}
        async with self.http.head(location, headers=headers) as said:
            assert said.status == 200
            assert said.headers["Cache-Control"] == "no-store"
            return int(said.headers["Upload-Offset"])


def metadata(about: dict[str, str]) -> str:
    """``Upload-Metadata`` of tus."""
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())


@asynccontextmanager
async def demo_node(
    database: str, folder: Path, clock: Clock | None = None, *, media: bool = False, **settings: Any
) -> AsyncIterator[Running]:
    """A node with the demo's data; without a media worker, unless it is asked for."""
    chosen = node_settings(database, folder, **settings)
    await fill(chosen.store)
    async with running(chosen, clock, media=media) as node:
        yield node


@asynccontextmanager
async def desk_of(node: Addressed, login: str) -> AsyncIterator[Desk]:
    """The desk of one of the demo's people; at a node of this process his password is not asked for."""
    if isinstance(node, Running):
        token = await session_of(node.app[STORE], login)
    else:
        async with aiohttp.ClientSession(node.address) as plain:
            credentials = {"login": login, "password": demo.PASSWORD}
            async with plain.post("/api/v1/tokens", json=credentials) as said:
                assert said.status == 201, await said.text()
                token = str((await said.json())["token"])
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(node.address, headers=headers) as http:
        yield Desk(http, token)
