"""What a machine may lack, and what is skipped there: each by its name and with a probe that says why.

A test says ``pytestmark = needs("turnserver")``, or in its midst ``need("mounts")``. It is skipped only
where the probe finds the thing absent. `.ci/must-have` lists what is never absent where that file's
name stands in YUNJIAN_MUST_HAVE (as in `.ci/run`): such a test fails there instead. A skip for any
other reason fails (tests/conftest.py).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from server.work import cards, ofd, office

REAL_ITEMS: Final = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "kuashengtongban-items.json"
)


def _program(name: str, package: str | None = None) -> Callable[[], str | None]:
    def why_not() -> str | None:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        return None if found else f"{name} is not installed (Debian: {package or name})"

    return why_not


def _module(name: str) -> Callable[[], str | None]:
    return lambda: None if importlib.util.find_spec(name) else f"{name} is not installed (pip)"


def _there(yes: Callable[[], object], else_: str) -> Callable[[], str | None]:
    return lambda: None if yes() else else_


def _namespaces() -> str | None:
    from tests.kit.networks import why_not

    return why_not()


def _walls() -> str | None:
    """Whether bubblewrap may make the name spaces by themselves; then those of the program must stand."""
    if why := _program("bwrap", "bubblewrap")():
        return why
    words = [
        "bwrap",
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--ro-bind",
        "/",
        "/",
        "true",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"name spaces are forbidden: {done.stderr.strip()}" if done.returncode else None


def _mounts() -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode:
            return f"no file system may be mounted: {done.stderr.decode().strip()}"
        subprocess.run(["umount", folder], check=True)
    return None


def _ipv6() -> str | None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
            udp.bind(("::1", 0))
    except OSError as error:
        return f"no IPv6 address: {error}"
    return None


PROBES: Final[dict[str, Callable[[], str | None]]] = {
    "turnserver": _program("turnserver", "coturn"),
    "nginx": _program("nginx", "nginx-light"),
    "systemd-analyze": _program("systemd-analyze", "systemd"),
    "strace": _program("strace"),
    "bwrap": _program("bwrap", "bubblewrap"),
    "walls": _walls,
    "ofd-cli": _there(lambda: ofd.program() is not None, "ofd-cli is not installed (.ci/ofd)"),
    "LibreOffice": _there(lambda: office.program() is not None, "LibreOffice is not installed"),
    "RapidOCR": _there(cards.installed, "RapidOCR is not installed: pip install '.[cards]'"),
    "uvloop": _module("uvloop"),
    "atheris": _module("atheris"),
    "namespaces": _namespaces,
    "mounts": _mounts,
    "IPv6": _ipv6,
    "real items": _there(REAL_ITEMS.is_file, "the folder of real items is not beside the checkout"),
}

NOT_HERE: Final = "not here: "


@cache
def why_not(name: str) -> str | None:
    """Why this machine lacks it; None where it is there. Probed once in a process."""
    return PROBES[name]()


def must_have() -> frozenset[str]:
    """The capabilities that may not be absent in this run."""
    listed = os.environ.get("YUNJIAN_MUST_HAVE")
    if not listed:
        return frozenset()
    lines = [line.partition("#")[0].strip() for line in Path(listed).read_text().splitlines()]
    return frozenset(line for line in lines if line)


def needs(*names: str) -> pytest.MarkDecorator:
    """Marks a test, or a module, that is nothing without these."""
    assert set(names) <= set(PROBES), names
    return pytest.mark.needs(*names)


def need(*names: str) -> None:
    """Skip the test that runs, where one of these is absent; fail it where that may not be."""
    for name in names:
        if (why := why_not(name)) is None:
            continue
        if name in must_have():
            pytest.fail(f"{name} must be here: {why}", pytrace=False)
        pytest.skip(f"{NOT_HERE}{name}: {why}")
