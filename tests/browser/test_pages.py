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
            assert again.headers["Vary"] == "Accept-Encoding"
        # compressed when the pages were built, and sent so to whoever takes it
        path = "/early/frame.js"
        sizes = {}
        for way in ("identity", "gzip", "br"):
            async with client.get(
                path, headers={"Accept-Encoding": way}, auto_decompress=False
            ) as frame:
                assert frame.headers.get("Content-Encoding", "identity") == way
                assert frame.headers["Vary"] == "Accept-Encoding"
                assert frame.content_type == "text/javascript"
                sizes[way] = len(await frame.read())
        assert sizes["br"] < sizes["gzip"] < 0.4 * sizes["identity"], sizes
        async with client.get(f"{path}.br") as alone:
            assert alone.status == 404
        async with client.get("/no-such-file.js") as missing:
            assert missing.status == 404
            assert missing.content_type == "application/problem+json"
