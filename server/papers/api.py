"""/api/v1/templates: how the asker's unit lays out its papers, by version."""

from typing import Final

from aiohttp import web

from server.edge.route import Ask, Nothing, Routes
from server.papers.studio import TemplateStudio
from server.papers.wire import (
    TemplateCheck,
    TemplatePublication,
    Templates,
    TemplateSource,
    TemplateText,
    TemplateVersion,
    TemplateWhole,
)
from signaling.refusals import Code

routes: Final = Routes("templates")
STUDIO: Final = web.AppKey("template_studio", TemplateStudio)


@routes.route("GET", "/api/v1/templates", problems=(Code.FORBIDDEN,))
async def list_templates(ask: Ask[Nothing, Nothing]) -> Templates:
    """The papers, and by which template the asker's unit lays each out."""
    return await ask.request.app[STUDIO].templates(ask.actor)


@routes.route("GET", "/api/v1/templates/{paper_kind}", problems=(Code.FORBIDDEN, Code.NOT_FOUND))
async def read_template(ask: Ask[Nothing, Nothing]) -> TemplateWhole:
    """A template as it is used now, with its versions and the facts that it is tried out with."""
    return await ask.request.app[STUDIO].whole(ask.actor, ask.path("paper_kind"))


@routes.route(
    "GET",
    "/api/v1/templates/{paper_kind}/versions/{version}",
    problems=(Code.FORBIDDEN, Code.NOT_FOUND),
)
async def read_template_version(ask: Ask[Nothing, Nothing]) -> TemplateSource:
    """The text of one version; version 0 is the built-in layout."""
    return await ask.request.app[STUDIO].source(
        ask.actor, ask.path("paper_kind"), ask.path("version")
    )


@routes.route(
    "POST",
    "/api/v1/templates/{paper_kind}/check",
    problems=(Code.FORBIDDEN, Code.NOT_FOUND, Code.THROTTLED),
)
async def check_template(ask: Ask[Nothing, TemplateText]) -> TemplateCheck:
    """Draw a text as a template with an invented case: its pages, or its faults. Nothing is written."""
    return await ask.request.app[STUDIO].check(ask.actor, ask.path("paper_kind"), ask.body.source)


@routes.route(
    "PUT",
    "/api/v1/templates/{paper_kind}",
    problems=(
        Code.FORBIDDEN,
        Code.NOT_FOUND,
        Code.STALE,
        Code.BAD_TEMPLATE,
        Code.REVIEW_BODY_MISSING,
        Code.THROTTLED,
    ),
    act="template.publish",
)
async def publish_template(ask: Ask[Nothing, TemplatePublication]) -> TemplateVersion:
    """Lay out the unit's papers of a kind by this text from now on; papers that were issued stay."""
    return await ask.request.app[STUDIO].publish(
        ask.actor,
        ask.path("paper_kind"),
        ask.body.source,
        over=ask.body.version,
        note=ask.body.note,
    )
