"""Refusals at the edge: HTTP status and sentence of each code, which ``sentences`` declares.

Turns a ``Refusal``, or a fault of our own, into an RFC 9457 problem in the
asker's language. The gateway says the same sentences in its acks. Knows codes
and languages; never a person, a value or a path of the machine.
"""

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from aiohttp import web

from server.edge.sentences import TABLE
from server.edge.wire import ProblemBody
from server.standards.languages import Language
from signaling.refusals import Code, Refusal

CONTENT_TYPE: Final = "application/problem+json"
REASONS: Final = {460: "Checksum Mismatch"}
"""Reason phrases of statuses that HTTP itself does not know."""


class _Gentle(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def status(code: Code) -> int:
    """The HTTP status of a code."""
    return TABLE[code].status


def sentence(code: Code, language: str, details: Mapping[str, object] | None = None) -> str:
    """What a person is told; ``language`` is a BCP 47 tag, and what is not English is answered in Chinese.

    A field that breaks the rule of an identifier is told about in that rule's own words.
    """
    rule = (details or {}).get("rule") if code is Code.FIELD_INVALID else None
    entry = TABLE[next((one for one in Code if one.value == rule), code)]
    text = entry.en if language.lower().startswith("en") else entry.zh
    shown = _Gentle(details or {})
    if isinstance(most := shown.get("max_bytes"), int):
        shown["max_size"] = f"{most / 1024**2:g} MB"
    if code is Code.QUOTA_EXCEEDED:
        shown["most"] = _quota(shown, english=language.lower().startswith("en"))
    return text.format_map(shown)


def _quota(details: Mapping[str, object], *, english: bool) -> str:
    """Whose limit it is, and how much."""
    unit = details.get("whose") == "unit"
    whose = ("the unit's " if unit else "yours, ") if english else ("本单位" if unit else "本人")
    if isinstance(most := details.get("bytes"), int):
        return f"{whose}{most / 1024**2:g} MB"
    return f"{whose}{details.get('files')}{' files' if english else ' 个文件'}"


def choose_language(wish: str) -> Language:
    """The best of our languages for an ``Accept-Language`` value (RFC 9110, 12.5.4); zh-CN when in doubt."""
    best: tuple[float, Language] = (0.0, "zh-CN")
    for part in wish.split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        name = tag.strip().lower()
        ours: Language | None = (
            "zh-CN" if name == "*" or name.startswith("zh") else "en" if name[:2] == "en" else None
        )
        quality = _quality(parameters)
        if ours is not None and quality > best[0]:
            best = (quality, ours)
    return best[1]


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def new_reference() -> str:
    """A fresh reference: 12 hex digits, short enough to be read out on the phone."""
    return secrets.token_hex(6)


def problem(refusal: Refusal, language: str, reference: str) -> ProblemBody:
    """The refusal as problem details."""
    return ProblemBody(
        type=f"/problems/{refusal.code.value}",
        title=sentence(refusal.code, language, refusal.details),
        status=status(refusal.code),
        code=refusal.code.value,
        reference=reference,
        details=dict(refusal.details),
    )


def answer(
    refusal: Refusal, language: str, reference: str, headers: Iterable[tuple[str, str]] = ()
) -> web.Response:
    """The refusal as a response; ``headers`` are added."""
    told = problem(refusal, language, reference)
    response = web.Response(
        status=told.status,
        reason=REASONS.get(told.status),
        text=told.model_dump_json(),
        content_type=CONTENT_TYPE,
        headers=list(headers),
    )
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    retry = refusal.details.get("retry_after_s")
    if isinstance(retry, int | float):
        response.headers["Retry-After"] = str(max(1, round(retry)))
    if refusal.code in (Code.UNAUTHENTICATED, Code.ACCOUNT_BLOCKED, Code.BAD_CREDENTIALS):
        response.headers["WWW-Authenticate"] = 'Bearer realm="yunjian"'
    return response
