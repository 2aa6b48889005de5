"""The walls around the cell: what a child that reads strangers' files can reach at all.

Where bubblewrap (Debian: bubblewrap) may make name spaces, the cell stands in a root of its own:
the programs and libraries of the system, this program's code, and what the job names, which are the
file it reads, the fonts and the folder it writes. Nothing else of the machine is there: no key, no
database, no socket, no network, no other process, no environment. Whether it may is found by trying.
Where it may not, jobs run without walls, within the limits of ``server.work.cell`` alone, and
``Walls.why`` says so to whoever asks.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import media
import server
from server.work import ofd, office

PROGRAM: Final = "bwrap"
PATIENCE_S: Final = 20.0
TEMPORARY_BYTES: Final = 64 * 1024 * 1024
"""Of /tmp, which is memory."""

_SYSTEM: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Links into /usr where its halves were merged, folders where not."""
_BESIDE: Final = (
    "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/libreoffice", "/etc/localtime",
    "/var/lib/libreoffice", "/var/cache/fontconfig", "/sys/devices/system/cpu",
)  # fmt: skip
"""What libraries, fontconfig and LibreOffice look up; none of it tells of this node."""
_ALONE: Final = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
    "--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL", "--clearenv",
)  # fmt: skip


_PROC: Final = tuple(
    word
    for name in ("/proc/version", "/proc/cpuinfo", "/proc/meminfo")
    for word in ("--ro-bind-try", name, name)
)
"""For whom a /proc is denied: LibreOffice asks whether there is one, libraries count processors."""


@dataclass(frozen=True)
class Walls:
    """How children are walled in here; without a ``program`` they are not, and ``why`` tells:
    bubblewrap is ``missing``, or this machine has ``forbidden`` it name spaces."""

    program: str | None
    why: Literal["", "missing", "forbidden"] = ""
    told: str = ""
    """What bubblewrap said."""
    proc: bool = True
    """Whether a /proc of its own may be mounted; not below one that is partly hidden, as by systemd's
    ProtectKernelTunables or in a container."""

    def around(
        self,
        command: Iterable[str],
        environment: dict[str, str],
        reads: Iterable[Path] = (),
        writes: Iterable[Path] = (),
    ) -> list[str]:
        """The command within the walls. It sees ``reads`` (files and folders) and may write into the
        folders of ``writes``, both under their own paths; what is not there is left out."""
        if self.program is None:
            return [*command]
        made = [self.program, *_ALONE]
        for name, value in environment.items():
            made += "--setenv", name, value
        # What lies below comes later: a folder may stand within /tmp.
        made += "--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp", "--dev", "/dev"  # noqa: S108
        made += ("--proc", "/proc") if self.proc else _PROC
        made += *_place("/usr"), *(one for name in _SYSTEM for one in _place(name))
        for path in (*_BESIDE, *_code(), *map(str, reads)):
            if not path.startswith("/usr/"):
                made += "--ro-bind-try", path, path
        for folder in writes:
            made += "--bind", str(folder), str(folder)
        # The root and /dev are memory too, and not meant to be filled.
        return [*made, "--chdir", "/", "--remount-ro", "/dev", "--remount-ro", "/", "--", *command]


OPEN: Final = Walls(None, "missing")
_stand: list[Walls] = []
"""What was found by this process, once it has looked."""


async def walls(*, anew: bool = False) -> Walls:
    """The walls that can be had here, as found when this process asked first, or ``anew``."""
    if anew or not _stand:
        _stand[:] = [await _tried()]
    return _stand[0]


async def _tried() -> Walls:
    """Start a Python of this program within walls, as every job is started."""
    program = await asyncio.to_thread(shutil.which, PROGRAM)
    if program is None:
        return OPEN
    for may in (Walls(program), Walls(program, proc=False)):
        found = await _starts(may)
        if found.program is not None:
            break
    return found


async def _starts(may: Walls) -> Walls:
    """These walls, or why they do not stand."""
    command = await asyncio.to_thread(
        may.around, (sys.executable, "-I", "-c", "import server.work.cell"), {}
    )
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={},
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, said = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        return Walls(None, "forbidden", "it did not end")
    if child.returncode == 0:
        return may
    lines = said.decode(errors="replace").strip().splitlines()
    return Walls(None, "forbidden", lines[-1][:200] if lines else f"status {child.returncode}")


def _place(name: str) -> list[str]:
    if os.path.islink(name):
        return ["--symlink", os.readlink(name), name]
    return ["--ro-bind-try", name, name]


def _code() -> list[str]:
    """Where this Python, its libraries, this program and those that it calls are: never the folder
    around them, in which a node may keep its data."""
    roots = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parents[1]}
    found = [root / name for root in roots for name in ("bin", "lib", "lib64", "pyvenv.cfg")]
    libraries = Path(sys.prefix) / "lib"
    for package in (server, media):
        folder = Path(package.__file__ or "").parent
        if not folder.is_relative_to(libraries):
            found.append(folder)
    if (tool := office.program()) is not None:
        found.append(Path(tool).resolve().parents[1])
        found.append(Path(tool))
    if (tool := ofd.program()) is not None:
        found.append(Path(tool))
    return [str(one) for one in dict.fromkeys(found)]
