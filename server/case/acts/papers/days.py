"""Days and moments as a paper writes them, in China's time."""

from datetime import date, datetime

from server.standards.working_days import CHINA


def moment(at: datetime) -> str:
    """2026年11月24日 09:30:17."""
    return f"{at.astimezone(CHINA):%Y年%m月%d日 %H:%M:%S}"


def day(on: date) -> str:
    """2026年11月4日."""
    return f"{on.year}年{on.month}月{on.day}日"
