"""The languages in which people are spoken to, as tags of BCP 47 (RFC 5646)."""

from typing import Literal

Language = Literal["zh-CN", "en"]
