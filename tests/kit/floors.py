"""The floors of the dependencies: `python -m tests.kit.floors`, part of `make check`.

Refuses a requirement of setup.cfg without a floor, a floor below a release whose holes are
known, and an environment that holds something older than what setup.cfg asks for; and a lock
file or a compose file that brings such a release of PDF.js or coturn.
"""

from __future__ import annotations

import configparser
import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FIRST_WITHOUT_KNOWN_HOLES: Final = {
    "aiohttp": Version("3.14.4"),
    "python-engineio": Version("4.13.2"),
    "python-socketio": Version("5.16.4"),
}
PDF_JS: Final = Version("4.2.67")
COTURN: Final = Version("4.17.1")


def _requirements(block: str) -> list[Requirement]:
    lines = [line.strip() for line in block.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def complaints(setup_cfg: Path) -> Iterator[str]:
    """Say what is wrong with the requirements of `setup_cfg`, one sentence each."""
    parser = configparser.ConfigParser()
    parser.read(setup_cfg, encoding="utf-8")
    lists = [parser["options"]["install_requires"], *parser["options.extras_require"].values()]
    requirements = [each for block in lists for each in _requirements(block)]
    # what an environment for tests need not have
    optional = [
        each
        for extra, block in parser["options.extras_require"].items()
        if extra != "test"
        for each in _requirements(block)
    ]
    floors = {
        canonicalize_name(each.name): Version(part.version)
        for each in requirements
        for part in each.specifier
        if part.operator == ">="
    }
    for each in requirements:
        name = canonicalize_name(each.name)
        if name not in floors:
            yield f"{each.name} has no floor"
        if each.marker is not None and not each.marker.evaluate():
            continue
        try:
            installed = version(each.name)
        except PackageNotFoundError:
            if each not in optional:
                yield f"{each.name} is not installed"
            continue
        if not each.specifier.contains(installed, prereleases=True):
            yield f"{each.name} {installed} is installed; setup.cfg asks for {each.specifier}"
    for safe, first in FIRST_WITHOUT_KNOWN_HOLES.items():
        floor = floors.get(canonicalize_name(safe))
        if floor is None:
            yield f"{safe} is not asked for, so that a release with known holes may come in"
        elif floor < first:
            yield f"{safe} has known holes before {first}; its floor is {floor}"


def others(package_lock: Path, compose: Path) -> Iterator[str]:
    """The same of what no Python package brings."""
    locked = json.loads(package_lock.read_text())["packages"]
    versions = {
        path: Version(each["version"])
        for path, each in locked.items()
        if path.endswith("node_modules/pdfjs-dist")
    }
    if not versions:
        yield f"{package_lock} has no pdfjs-dist"
    for path, locked_at in versions.items():
        if locked_at < PDF_JS:
            yield f"{path} has known holes before {PDF_JS}; {locked_at} is locked"
    image = re.search(r"image: coturn/coturn:([\d.]+)", compose.read_text())
    if image is None:
        yield f"{compose} names no release of coturn"
    elif Version(image.group(1)) < COTURN:
        yield f"coturn has known holes before {COTURN}; {compose} names {image.group(1)}"


if __name__ == "__main__":
    found = [
        *complaints(Path("setup.cfg")),
        *others(Path("web/package-lock.json"), Path("deploy/compose.yaml")),
    ]
    for sentence in found:
        print(sentence, file=sys.stderr)
    sys.exit(1 if found else 0)
