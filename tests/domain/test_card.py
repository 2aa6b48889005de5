"""What a card says, from the text that was read off it: a check digit decides, labels order the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import pytest

from server.catalogue.rules import card
from server.catalogue.rules.card import Box, Text

TODAY: Final = date(2026, 11, 28)
Piece = tuple[str, Box]

IDENTITY: Final[Sequence[Piece]] = (
    ("姓名", (74, 89, 169, 137)),
    ("孙雅宁", (200, 86, 341, 140)),
    ("性别", (75, 188, 177, 236)),
    ("女", (200, 187, 259, 239)),
    ("民族汉", (317, 183, 511, 243)),
    ("出生", (77, 291, 172, 334)),
    ("1949年12月31日", (202, 287, 569, 337)),
    ("住址", (76, 391, 166, 434)),
    ("北京市朝阳区安贞街道", (204, 388, 634, 437)),
    ("胜古中路2号院7号楼", (207, 450, 597, 496)),
    ("公民身份号码", (77, 666, 286, 707)),
    ("11010519491231002X", (359, 667, 902, 718)),
)
LICENCE: Final[Sequence[Piece]] = (
    ("营业执照", (615, 107, 987, 215)),
    ("统一社会信用代码", (88, 207, 330, 241)),
    ("91370102MA3C4X8K10", (87, 258, 511, 297)),
    ("名称", (83, 364, 206, 409)),
    ("济南云见信息技术有限公司", (278, 365, 688, 401)),
    ("注册资本 壹佰万元整", (915, 360, 1264, 408)),
    ("类型", (84, 455, 203, 497)),
    ("有限责任公司（自然人投资", (278, 455, 800, 491)),
    ("成立日期 2016年03月08日", (915, 450, 1343, 498)),
    ("或控股)", (279, 500, 420, 536)),
    ("法定代表人孙雅宁", (87, 543, 385, 585)),
    ("住所", (916, 545, 1049, 586)),
    ("山东省济南市历下区", (1085, 544, 1567, 583)),
    ("经营范围", (87, 637, 222, 675)),
    ("信息系统集成服务；软件开发", (277, 635, 893, 671)),
    ("泉城路七号", (1086, 636, 1300, 672)),
)


def read(pieces: Sequence[Piece]) -> card.Card | None:
    return card.read([Text(*one) for one in pieces], today=TODAY)


def instead(pieces: Sequence[Piece], text: str, other: str) -> list[Piece]:
    return [(other if one == text else one, box) for one, box in pieces]


def test_an_identity_card_says_who_and_where() -> None:
    found = read(IDENTITY)
    assert found is not None
    assert found.kind == "identity"
    assert found.says == {
        "name": "孙雅宁",
        "sex": "女",
        "birth_date": "1949-12-31",
        "address": "北京市朝阳区安贞街道胜古中路2号院7号楼",
        "identity_number": "11010519491231002X",
    }


def test_a_licence_says_which_unit_in_two_columns_and_on_lines_below() -> None:
    found = read(LICENCE)
    assert found is not None
    assert found.kind == "licence"
    assert found.says == {
        "unit_name": "济南云见信息技术有限公司",
        "credit_code": "91370102MA3C4X8K10",
        "unit_type": "有限责任公司（自然人投资或控股）",
        "representative": "孙雅宁",
        "unit_address": "山东省济南市历下区泉城路七号",
        "established_on": "2016-03-08",
    }


@pytest.mark.parametrize(
    ("pieces", "right", "wrong"),
    [
        (IDENTITY, "11010519491231002X", "110105194912310021"),
        (IDENTITY, "11010519491231002X", "1101051949123100"),
        (LICENCE, "91370102MA3C4X8K10", "91370102MA3C4X8K11"),
    ],
)
def test_without_a_right_check_digit_nothing_is_taken(
    pieces: Sequence[Piece], right: str, wrong: str
) -> None:
    assert read(instead(pieces, right, wrong)) is None


def test_a_label_and_its_value_may_be_one_piece_or_two() -> None:
    joined = [one for one in IDENTITY if one[0] not in ("女", "民族汉", "孙雅宁")]
    joined = instead(instead(joined, "性别", "性 别 女 民 族 汉"), "姓名", "姓名孙雅宁")
    found, apart = read(joined), read(IDENTITY)
    assert found is not None
    assert found == apart


def test_what_cannot_be_a_name_is_left_out() -> None:
    found = read(instead(IDENTITY, "孙雅宁", "孙雅7"))
    assert found is not None
    assert "name" not in found.says
    assert found.says["identity_number"] == "11010519491231002X"


def test_a_small_x_and_any_order_are_taken_and_nothing_is_no_card() -> None:
    assert read(instead(IDENTITY, "11010519491231002X", "11010519491231002x")) == read(IDENTITY)
    assert read(list(reversed(IDENTITY))) == read(IDENTITY)
    assert read([]) is None
    assert read([("欢迎光临", (0, 0, 10, 10))]) is None
