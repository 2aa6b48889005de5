"""The built pages over HTTP."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.kit.nodes import node_settings, served

pytestmark = pytest.mark.browser  # needs the built pages


async def test_a_page_asked_again_is_still_a_page(tmp_path: Path) -> None:
    database = f"sqlite+aiosqlite:///{tmp_path / 'yunjian.sqlite'}"
    settings = node_settings(database, tmp_path)
    async with (
        served(settings, staff=False) as node,
        aiohttp.ClientSession(node.address) as client,
    ):
        async with client.get("/window") as first:
            assert first.status == 200
            assert first.content_type == "text/html"
            tag = first.headers["ETag"]
        async with client.get("/window", headers={"If-None-Match": tag}) as again:
            assert again.status == 304
            # with another type here Chromium offers the page as a download at a reload
            assert again.headers.get("Content-Type", "text/html").startswith("text/html")
        async with client.get("/no-such-file.js") as missing:
            assert missing.status == 404
            assert missing.content_type == "application/problem+json"
