"""How a file becomes known: a note while it is open, and one with its digest when it is finished.

The notes are for the process that comes after a kill -9, and for the worker that asks what is there.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from media.control import SEGMENT_SUFFIX, SegmentFinished, event_to_json


def open_note(folder: Path, segment: str) -> Path:
    return folder / f"{segment}.open.json"


def finished_note(folder: Path, segment: str) -> Path:
    return folder / f"{segment}.json"


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file, once it is safely on the disk."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        return hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell()


def finish(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Seal a finished file: digest, size, and the note that makes it known."""
    segment = str(result["segment"])
    sha256, size = digest(folder / f"{segment}{SEGMENT_SUFFIX}")
    event = event_to_json(SegmentFinished(sha256=sha256, size_bytes=size, **result))
    partial = folder / f"{segment}.json.part"
    with partial.open("w") as stream:
        json.dump(event, stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.rename(finished_note(folder, segment))
    forget(folder, segment)
    return event


def forget(folder: Path, segment: str) -> None:
    """Take back the note of a file that is open no more."""
    path = open_note(folder, segment)
    path.with_suffix(".part").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def drop(folder: Path, segment: str) -> None:
    """Let nothing be left of a file of which there is no word: none was ever told that it is."""
    with suppress(OSError):
        forget(folder, segment)
        (folder / f"{segment}{SEGMENT_SUFFIX}").unlink(missing_ok=True)
