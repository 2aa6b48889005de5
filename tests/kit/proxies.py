"""The nginx of this machine with the file that is shipped, in front of a node.

Of the file nothing is changed but ports, paths and the address of the node; the name of the server
stays, and a browser is told where it is (``flags``).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.kit.until import until

FILE: Final = Path(__file__).parents[2] / "deploy" / "nginx" / "yunjian.conf"
WRONG: Final = re.compile(r"\[(error|crit|alert|emerg)\]")
NAME: Final = "yunjian.example"


def program() -> str:
    """Where nginx is; ask ``capabilities`` before."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found is not None
    return found


def written(folder: Path, node_port: int = 8080, https: int = 443, http: int = 80) -> Path:
    """A configuration of nginx whose servers are those of the shipped file, in that folder."""
    issued = trustme.CA().issue_cert(NAME)
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "fullchain.pem"))
    text = FILE.read_text()
    for old, new in (
        ("/etc/yunjian", str(folder)),
        ("127.0.0.1:8080", f"127.0.0.1:{node_port}"),
        ("listen 443", f"listen {https}"),
        ("listen [::]:443", f"listen [::]:{https}"),
        ("listen 80", f"listen {http}"),
        ("listen [::]:80", f"listen [::]:{http}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "yunjian.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
    main = folder / "nginx.conf"
    # Whose the folder is must be who writes there what is too long for memory.
    whose = "user root; " if os.getuid() == 0 else ""
    main.write_text(
        f"{whose}daemon off; pid {folder}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {folders}include {folder}/yunjian.conf; }}\n"
    )
    return main


@dataclass(frozen=True)
class Proxy:
    """An nginx that answers at ``address``, where a browser with ``flags`` finds it."""

    address: str
    flags: tuple[str, ...]


@asynccontextmanager
async def nginx(folder: Path, node_port: int) -> AsyncIterator[Proxy]:
    """Run it in front of the node at that port, for the time of the block."""
    with socket.socket() as one, socket.socket() as two:
        for held in (one, two):
            held.bind(("127.0.0.1", 0))
        https, http = one.getsockname()[1], two.getsockname()[1]
    main = await asyncio.to_thread(written, folder, node_port, https, http)
    log = folder / "log"
    with log.open("wb") as said:
        server = await asyncio.create_subprocess_exec(
            program(), "-p", str(folder), "-c", str(main), stdout=said, stderr=said
        )
    try:

        async def why_not() -> str | None:
            if server.returncode is not None:
                return f"it ended: {log.read_text()}"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", https)
            except OSError as error:
                return str(error)
            writer.close()
            await writer.wait_closed()
            return None

        await until(why_not, 10.0)
        yield Proxy(
            f"https://{NAME}:{https}",
            (f"--host-resolver-rules=MAP {NAME} 127.0.0.1", "--ignore-certificate-errors"),
        )
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()
    wrong = [
        line for line in log.read_text().splitlines() if "[error]" in line or "[emerg]" in line
    ]
    assert wrong == [], wrong


def tested(folder: Path) -> subprocess.CompletedProcess[str]:
    """What nginx says of the shipped file."""
    return subprocess.run(
        [program(), "-t", "-p", str(folder), "-c", str(written(folder))],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
