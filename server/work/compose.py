"""Composing the parties of a call into one picture. A program of its own.

``python -m server.work.compose`` reads ``{parties: [{path, offset_s, label, spans}], documents:
[{path, offset_s, label}], chapters: [{at_s, title}], began_at, media_type, fonts, target,
progress}`` and prints ``{duration_s, width, height, left_out, media_type, loudness}`` or
``{fault}``: ``nothing`` (there is nothing to play) or ``font``. Of the fonts the first that is
there is taken. The share that is done is written to ``progress`` meanwhile.
"""

import json
import sys
from pathlib import Path
from typing import Any

from media.playback.compose import Chapter, ComposedParty, Document, NoChineseFont, Span, compose
from media.playback.remux import NothingToPlay


def _composed(asked: dict[str, Any]) -> dict[str, Any]:
    progress = Path(asked["progress"])
    parties = [
        ComposedParty(
            Path(one["path"]),
            one["offset_s"],
            one["label"],
            tuple(Span(**span) for span in one["spans"]),
        )
        for one in asked["parties"]
    ]

    def told(share: float) -> None:
        progress.write_text(f"{share:.3f}")

    try:
        made = compose(
            parties,
            Path(asked["target"]),
            font=next((path for path in map(Path, asked["fonts"]) if path.is_file()), None),
            documents=[
                Document(Path(one["path"]), one["offset_s"], one["label"])
                for one in asked["documents"]
            ],
            chapters=[Chapter(**one) for one in asked["chapters"]],
            began_at=asked["began_at"],
            media_type=asked["media_type"],
            told=told,
        )
    except NothingToPlay:
        return {"fault": "nothing"}
    except NoChineseFont:
        return {"fault": "font"}
    heard = [one for one in parties if one.path not in made.left_out]
    return {
        "duration_s": made.duration_s,
        "width": made.width,
        "height": made.height,
        "left_out": [str(path) for path in made.left_out],
        "media_type": made.media_type,
        "loudness": {
            "step_s": made.peak_s,
            "parties": [
                {"label": one.label, "peaks": peaks}
                for one, peaks in zip(heard, made.peaks, strict=True)
            ],
        },
    }


def main() -> None:
    """Do what is asked on standard input."""
    json.dump(_composed(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
