"""What is left of a call for those who watch it afterwards: in which words recordings, playbacks and marks are told."""

from typing import Literal

PlaybackSource = Literal["face", "camera", "screen"]
PlaybackState = Literal["waiting", "ready", "failed"]
PlaybackType = Literal["video/webm", "video/mp4"]
MarkKind = Literal["point", "look", "pointer", "quality", "worker"]
