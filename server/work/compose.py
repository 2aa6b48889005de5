"""Composing the parties of a call into one picture. A program of its own.

``python -m server.work.compose`` reads ``{parties: [{path, offset_s, label}], target, fonts}`` and
prints ``{duration_s, width, height, left_out}`` or ``{fault}``. Of the fonts the first that is
there is taken; without one nothing is written into the picture.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from media.compose import NothingToPlay, Party, compose


def main() -> None:
    """Do what is asked on standard input."""
    asked = json.load(sys.stdin)
    parties = [Party(Path(one["path"]), one["offset_s"], one["label"]) for one in asked["parties"]]
    font = next((path for path in map(Path, asked["fonts"]) if path.is_file()), None)
    try:
        made = compose(parties, Path(asked["target"]), font=font)
    except NothingToPlay:
        json.dump({"fault": "nothing to play"}, sys.stdout)
        return
    json.dump({**asdict(made), "left_out": [str(path) for path in made.left_out]}, sys.stdout)


if __name__ == "__main__":
    main()
