"""What is left of a call for those who watch it afterwards: in which words recordings, playbacks and marks are told."""

from typing import Literal

Digest = Literal["sha256", "sm3"]
"""``sm3``: recordings have their SM3 (GB/T 32905) in the ledger too, beside the SHA-256."""
PlaybackSource = Literal["face", "camera", "screen"]
PlaybackState = Literal["waiting", "ready", "failed"]
PlaybackType = Literal["video/webm", "video/mp4"]
MarkKind = Literal["point", "look", "pointer", "quality", "worker"]
