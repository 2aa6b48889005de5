"""The table of refusals, the choice of language, and what the log keeps back."""

from __future__ import annotations

import json

import pytest
import structlog

from server.edge import problems
from server.edge.logs import configure
from server.edge.problems import choose_language, problem, sentence
from server.edge.sentences import TABLE
from signaling.refusals import Code, Refusal


def test_every_code_has_a_status_and_a_sentence_in_each_language() -> None:
    assert set(TABLE) == set(Code)
    for code, entry in TABLE.items():
        assert 400 <= entry.status < 600, code
        assert entry.zh.endswith("。"), code
        assert not entry.zh.isascii(), code
        assert entry.en.endswith("."), code
        assert entry.en.isascii(), code


def test_every_refusal_says_what_to_do_next() -> None:
    dumb = [
        code.value for code, entry in TABLE.items() if not any(one in entry.zh for one in "请可")
    ]
    assert dumb == []


def test_a_sentence_says_what_it_knows_and_does_without_the_rest() -> None:
    limit = {"max_bytes": 200 * 1024 * 1024}
    assert "larger than 200 MB" in sentence(Code.FILE_TOO_LARGE, "en-GB", limit)
    assert "{" not in sentence(Code.FILE_TOO_LARGE, "fr", {})
    assert sentence(Code.STALE, "zh-Hans-CN") == TABLE[Code.STALE].zh


@pytest.mark.parametrize(
    ("wish", "given"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr, zh-TW;q=0.5, en;q=0.4", "zh-CN"),
        ("en;q=0, *", "zh-CN"),
        ("en;q=nonsense", "zh-CN"),
        ("de", "zh-CN"),
    ],
)
def test_the_language_is_the_best_of_ours(wish: str, given: str) -> None:
    assert choose_language(wish) == given


def test_a_problem_has_the_members_of_rfc_9457_and_a_reference() -> None:
    told = problem(Refusal(Code.THROTTLED, retry_after_s=7), "en", "abc").model_dump()
    assert {"type", "title", "status", "code", "reference"} <= set(told)
    response = problems.answer(Refusal(Code.THROTTLED, retry_after_s=7), "en", "abc")
    assert response.headers["Retry-After"] == "7"
    assert response.content_type == "application/problem+json"


@pytest.fixture
def _log_restored() -> object:
    import logging

    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


@pytest.mark.usefixtures("_log_restored")
def test_a_logged_fault_keeps_its_words_back(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO")
    try:
        raise ValueError("identity number 11010519491231002X")
    except ValueError:
        structlog.get_logger("edge").exception("fault", reference="abc")
    line = capsys.readouterr().err
    assert "11010519491231002X" not in line
    told = json.loads(line)
    assert (told["fault"], told["reference"]) == ("ValueError", "abc")
    assert any("test_a_logged_fault" in frame for frame in told["frames"])
