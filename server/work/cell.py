"""The cell that every heavy job runs in: ``python -m server.work.cell LIMITS MODULE ARGUMENTS``.

Confines this process and then runs the module in it. It is started by ``server.work.child``
alone; LIMITS are the members of its ``ChildLimits`` as JSON, and ``walled``: whether it stands within
``server.work.walls``. Linux; without walls, and where the kernel forbids a name space of its own,
the network stays reachable and everything else holds.
"""

import ctypes
import json
import os
import resource
import runpy
import select
import signal
import sys
from typing import Final

NICENESS: Final = 10
_CLONE_NEWUSER_NEWNET: Final = 0x10000000 | 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


def confine(
    memory_bytes: int, processor_s: int, file_bytes: int, files: int, *, walled: bool
) -> None:
    """Take from this process what a job does not need; nothing gives it back."""
    os.nice(NICENESS)
    for what, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, files),
    ):
        resource.setrlimit(what, (limit, limit))
    system = ctypes.CDLL(None)
    if not walled:
        # A network of its own with nothing in it, where the kernel allows it to us.
        system.unshare(_CLONE_NEWUSER_NEWNET)
    system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # A server that is killed takes its children along; another node does the job anew. One that was
    # killed before this has closed the pipe that the answer goes into.
    system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    answer = select.poll()
    answer.register(1, 0)
    if any(told & (select.POLLERR | select.POLLHUP) for _, told in answer.poll(0)):
        raise SystemExit(1)


def main() -> None:
    """Confine, then be the module that is named."""
    limits, module = json.loads(sys.argv[1]), sys.argv[2]
    confine(**limits)
    sys.argv = [module, *sys.argv[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
