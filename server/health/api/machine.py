"""What the machine tells about itself: consent text, description, health, figures."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib.metadata import version as version_of
from typing import Any, Final, Literal, assert_never

from aiohttp import web

from server.case.rules import consent
from server.case.rules.materials import earlier, promise
from server.case.wire.http import ConsentText
from server.edge.edge import is_local
from server.edge.figures import FIGURES
from server.edge.route import Ask, Nothing, Routes
from server.health.wire import Health
from server.rights.person import Act, may
from server.standards.languages import Language
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message

routes: Final = Routes("machine")

Check = Callable[[], Awaitable[bool]]
CHECKS: Final[web.AppKey[Mapping[str, Check]]] = web.AppKey("checks")
"""What readiness asks, by name."""
LOG: Final[web.AppKey[Callable[[], tuple[int, bool]]]] = web.AppKey("log")
"""How many lines of the log were refused so far, and whether they are now."""
Counted = Callable[[], Awaitable[Mapping[str, Any]]]
COUNTED: Final[web.AppKey[Mapping[str, Counted]]] = web.AppKey("counted")
"""What other parts of the node count, by the name of the part."""
DESCRIPTION: Final[web.AppKey[Mapping[str, Any]]] = web.AppKey("description")
PATIENCE_S: Final = 2.0
VERSION: Final = version_of("yunjian")


class ConsentQuery(Message):
    kind: Literal["recording", "earlier", "promise", "declaration"] = "recording"
    """What he is asked about: the recording of a call, materials of his earlier cases, 容缺后补, 告知承诺."""
    language: Language | None = None
    """Without it, the language of the request."""


@routes.route("GET", "/api/v1/consent-text")
async def read_consent_text(ask: Ask[ConsentQuery, Nothing]) -> ConsentText:
    """The words that the applicant is shown before he answers, in their current version."""
    language = ask.query.language or ask.language
    match ask.query.kind:
        case "recording":
            version, text = consent.CURRENT, consent.text(consent.CURRENT, language)
        case "earlier":
            version, text = earlier.CURRENT, earlier.text(earlier.CURRENT, language)
        case "promise":
            version, text = promise.CURRENT, promise.text(promise.CURRENT, language)
        case "declaration":
            version, text = promise.DECLARED, promise.text(promise.DECLARED, language)
        case never:
            assert_never(never)
    if text is None:
        raise Refusal(Code.NOT_FOUND)
    return ConsentText(version=version, language=language, text=text)


@routes.route("GET", "/api/v1/openapi.json", public=True, produces="application/json")
async def read_openapi(ask: Ask[Nothing, Nothing]) -> web.Response:
    """This description."""
    return web.json_response(ask.request.app[DESCRIPTION])


@routes.route("GET", "/healthz", public=True)
async def read_health(ask: Ask[Nothing, Nothing]) -> Health:
    """Whether the process lives."""
    return Health(status="ok", version=VERSION)


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check()
    except (Refusal, TimeoutError, OSError):
        return False


@routes.route("GET", "/readyz", public=True, answer=Health)
async def read_readiness(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Whether the node can serve: 200, or 503 with the names of what fails.

    ``log`` fails while the log cannot be written; work goes on then, and so does readiness.
    """
    checks = ask.request.app[CHECKS]
    results = await asyncio.gather(*(_holds(check) for check in checks.values()))
    ready = all(results)
    _, log_refused = await asyncio.to_thread(ask.request.app[LOG])
    names = {**dict(zip(checks, results, strict=True)), "log": not log_refused}
    health = Health(
        status="ok" if ready else "failing",
        checks={name: "ok" if held else "failing" for name, held in names.items()},
        version=VERSION,
    )
    return web.Response(
        status=200 if ready else 503,
        text=health.model_dump_json(),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@routes.route("GET", "/metrics", public=True, produces="text/plain", problems=(Code.FORBIDDEN,))
async def read_metrics(ask: Ask[Nothing, Nothing]) -> web.Response:
    """Figures in Prometheus' text format, for this machine itself and for operators."""
    if not is_local(ask.request) and not (ask.asker and may(ask.asker, Act.OPERATE)):
        raise Refusal(Code.FORBIDDEN)
    figures = ask.request.app[FIGURES]
    for part, counted in ask.request.app[COUNTED].items():
        with suppress(Refusal, TimeoutError):  # a part that is gone counts nothing; readyz tells it
            async with asyncio.timeout(PATIENCE_S):
                figures.take(part, await counted())
    body, content_type = figures.exposition()
    return web.Response(body=body, headers={"Content-Type": content_type})
