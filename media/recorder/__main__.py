"""`python -m media.recorder FOLDER DESCRIPTOR UTC_OFFSET`; started by the worker only."""

import signal
import socket
import sys
from pathlib import Path

from media.control import configure_logging
from media.recorder.desk import RecorderDesk


def main() -> None:
    """Work until the line to the worker ends."""
    configure_logging()
    # It ends when its line ends, so that an interrupt never costs a file.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    folder, descriptor, utc_offset = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with socket.socket(fileno=descriptor) as line:
        RecorderDesk(folder, line, utc_offset).run()


if __name__ == "__main__":
    main()
