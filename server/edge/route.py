"""Declaring a route once: method, path, query, body, answer, problems.

The types of a handler's signature are the declaration: ``async def f(ask:
Ask[Query, Body]) -> Answer``. From it requests are checked, answers are
written, and ``server.openapi`` describes the interface. Knows aiohttp and
pydantic; no noun of the product except who asks.
"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPMethod
from typing import Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from server.rights.person import Actor
from server.standards.languages import Language
from server.store import Store
from server.store.refusing import Refusals
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Message, holds_nul

_NUL: Final = b"\\u0000"
MAX_BODY_BYTES: Final = 256 * 1024
"""The largest JSON body; uploads are streamed and have a limit of their own."""
BODY_WITHIN_S: Final = 60.0
"""How long such a body may take to come; what is streamed has a least pace instead (``listener.SenderPace``)."""


class Nothing(Message):
    """No query, or no body."""


Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class Ask(Generic[Q, B]):
    """One request, checked: who asks, in which language, for what."""

    request: web.Request
    query: Q
    body: B
    language: Language
    asker: Actor | None

    @property
    def actor(self) -> Actor:
        """The person signed in; ``unauthenticated`` when nobody is."""
        if self.asker is None:
            raise Refusal(Code.UNAUTHENTICATED)
        return self.asker

    def path(self, name: str) -> str:
        """A part of the path. One that cannot be an id names nothing that exists."""
        value = self.request.match_info[name]
        if not _ID.fullmatch(value):
            raise Refusal(Code.NOT_FOUND)
        return value


ID_PATTERN: Final = "[A-Za-z0-9_-]{1,64}"
_ID: Final = re.compile(ID_PATTERN)
STORE: Final = web.AppKey("store", Store)
"""For reading; every change goes through an action."""
REFUSALS: Final = web.AppKey("refusals", Refusals)
ACTOR: Final = web.RequestKey("actor", Actor)
LANGUAGE: Final = web.RequestKey("language", str)

Answer = BaseModel | web.StreamResponse | None
Handler = Callable[[Ask[Any, Any]], Awaitable[Answer]]


@dataclass(frozen=True)
class Header:
    """A header that a handler reads and checks itself, as the description tells it (JSON Schema)."""

    name: str
    schema: Mapping[str, Any]
    about: str
    required: bool = True


@dataclass(frozen=True)
class Route:
    """A declared route. ``answer`` is None for 204, StreamResponse for bytes of a type of
    ``produces``, or for headers alone when that is empty.

    With ``ranges`` a part of them can be asked for: 206 and 416 are answers too. The description
    tells ``headers``, the content type ``takes`` of a body that the handler reads itself, and
    ``bodies`` in place of a ``body`` that holds any of them.
    """

    method: str
    path: str
    handler: Handler
    query: type[BaseModel]
    body: type[BaseModel]
    answer: type[BaseModel] | type[web.StreamResponse] | None
    status: int
    public: bool
    produces: tuple[str, ...]
    ranges: bool
    problems: tuple[Code, ...]
    headers: tuple[Header, ...]
    takes: str | None
    bodies: tuple[type[BaseModel], ...]
    name: str
    description: str
    act: str | None = None
    """What the ledger calls it when a known person is refused; None: nothing would have changed."""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Check the request, run the handler, write its answer."""
        asker = request.get(ACTOR)
        if asker is None and not self.public:
            raise Refusal(Code.UNAUTHENTICATED)
        ask = Ask[Any, Any](
            request,
            _read_query(self.query, request),
            await _read_body(self.body, request),
            _language(request),
            asker,
        )
        try:
            answer = await self.handler(ask)
        except Refusal as refusal:
            if self.act is not None and asker is not None:
                await request.app[REFUSALS].request(asker, self.act, _object_of(request), refusal)
            raise
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=204, headers={hdrs.CACHE_CONTROL: "no-store"})
        return web.Response(
            status=self.status,
            text=answer.model_dump_json(),
            content_type="application/json",
            headers={hdrs.CACHE_CONTROL: "no-store"},
        )


@dataclass
class Routes:
    """The routes of one noun."""

    noun: str
    declared: list[Route] = field(default_factory=list)
    prepares: Callable[[web.Request, web.StreamResponse], Awaitable[None]] | None = None
    """What is asked of every answer before it is sent, wherever it comes from."""

    def route(
        self,
        method: HTTPMethod | str,
        path: str,
        *,
        status: int = 200,
        public: bool = False,
        answer: type[BaseModel] | None = None,
        produces: str | Iterable[str] = "application/octet-stream",
        ranges: bool = False,
        problems: Iterable[Code] = (),
        headers: Iterable[Header] = (),
        takes: str | None = None,
        bodies: Iterable[type[BaseModel]] = (),
        act: str | None = None,
    ) -> Callable[[Callable[[Ask[Q, B]], Awaitable[Answer]]], Callable[..., Awaitable[Answer]]]:
        """Declare the decorated handler; its docstring is the description of the operation.

        ``answer`` names the body of a handler that has to make the response itself; ``act`` what
        it changes, so that a refusal of it is kept in the ledger.
        """

        def declare(
            handler: Callable[[Ask[Q, B]], Awaitable[Answer]],
        ) -> Callable[..., Awaitable[Answer]]:
            hints = get_type_hints(handler)
            query, body = get_args(hints["ask"])
            if get_origin(hints["ask"]) is not Ask:
                raise TypeError(f"{handler.__name__} must take ask: Ask[Query, Body]")
            returned = answer or hints["return"]
            written = None if returned is type(None) or status == 204 else returned
            self.declared.append(
                Route(
                    str(method),
                    path,
                    handler,
                    query,
                    body,
                    written,
                    204 if written is None else status,
                    public,
                    (produces,) if isinstance(produces, str) else tuple(produces),
                    ranges,
                    tuple(problems),
                    tuple(headers),
                    takes,
                    tuple(bodies),
                    handler.__name__,
                    (handler.__doc__ or "").strip(),
                    act,
                )
            )
            return handler

        return declare

    def add_to(self, app: web.Application) -> None:
        """Register the routes; a GET also answers HEAD."""
        if self.prepares is not None:
            app.on_response_prepare.append(self.prepares)
        for route in self.declared:
            app.router.add_route(route.method, route.path, route.__call__)
            if route.method == hdrs.METH_GET:
                app.router.add_route(hdrs.METH_HEAD, route.path, route.__call__)


def _object_of(request: web.Request) -> str:
    """What a request is about, by the id in its path: ``upload:<id>``; ``none`` without one."""
    for name, value in request.match_info.items():
        if not _ID.fullmatch(value):
            break
        return f"{name.removesuffix('_id')}:{value}"
    return "none"


def _language(request: web.Request) -> Language:
    return "en" if request.get(LANGUAGE) == "en" else "zh-CN"


def _read_query(model: type[BaseModel], request: web.Request) -> BaseModel:
    if model is Nothing:
        return Nothing()
    try:
        if holds_nul(dict(request.query)):
            raise Refusal(Code.MALFORMED, fields="query")
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise malformed(error) from None


async def _read_body(model: type[BaseModel], request: web.Request) -> BaseModel:
    if model is Nothing:
        return Nothing()
    if request.content_type != "application/json":
        raise Refusal(Code.UNSUPPORTED_MEDIA_TYPE, accepted="application/json")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            told = await request.read()
    except TimeoutError:
        raise ConnectionResetError from None
    try:
        if _NUL in told and holds_nul(from_json(told)):
            raise Refusal(Code.MALFORMED, fields="body")
        return model.model_validate_json(told)
    except ValidationError as error:
        raise malformed(error) from None
    except ValueError:
        raise Refusal(Code.MALFORMED, fields="body") from None


def write_cursor(at: datetime, id: str) -> str:
    """Where a page of a list ends, opaque to the asker."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """The moment and id of ``write_cursor``. Refused: malformed."""
    if cursor is None:
        return None
    try:
        at, _, id = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        )
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise Refusal(Code.MALFORMED, fields="cursor") from None
    if moment.tzinfo is None or not 2000 <= moment.year < 3000:
        raise Refusal(Code.MALFORMED, fields="cursor")
    return moment, id


def malformed(error: ValidationError) -> Refusal:
    """What did not fit, by the names of the fields alone: values may be personal."""
    fields = sorted({".".join(str(part) for part in e["loc"]) or "body" for e in error.errors()})
    return Refusal(Code.MALFORMED, fields=", ".join(fields)[:500])
