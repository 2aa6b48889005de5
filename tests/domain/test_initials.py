"""Initials in pinyin, by which items are looked up."""

import pytest

from server.standards.initials import initials


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("食品经营许可（新办）", "spjyxkxb"),
        ("跨省异地就医备案", "ksydjyba"),
        # characters that are read in several ways
        ("重庆市重新核发长沙银行", "cqscxhfcsyh"),
        ("个体工商户设立登记 A2 类", "gtgshsldja2l"),
        ("—·（）", ""),
        ("", ""),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected
