"""Copying one party's recordings into one seekable file. A program of its own.

``python -m server.work.remux`` reads ``{segments: [{path, offset_s}], target}`` and prints
``{duration_s, width, height, left_out, media_type}`` or ``{fault}``.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from media.playback.remux import NothingToPlay, Segment, remux


def main() -> None:
    """Do what is asked on standard input."""
    asked = json.load(sys.stdin)
    segments = [Segment(Path(one["path"]), one["offset_s"]) for one in asked["segments"]]
    try:
        made = remux(segments, Path(asked["target"]))
    except NothingToPlay:
        json.dump({"fault": "nothing to play"}, sys.stdout)
        return
    json.dump({**asdict(made), "left_out": [str(path) for path in made.left_out]}, sys.stdout)


if __name__ == "__main__":
    main()
