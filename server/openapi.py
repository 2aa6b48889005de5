"""The OpenAPI 3.1 description of the interface, made from the declared routes.

What a handler's signature says is what is described and what is checked; there
is no second place to forget. Knows routes and models only.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.edge import problems
from server.edge.edge import SAFE_METHODS
from server.edge.route import ID_PATTERN, Nothing, Route, Routes
from server.edge.wire import ProblemBody
from server.shapes import require, untitle
from signaling.refusals import Code

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_JSON: Final = "application/json"
_PATH_SCHEMA: Final = {"type": "string", "pattern": f"^{ID_PATTERN}$"}


def describe(all_routes: Iterable[Routes], version: str) -> dict[str, Any]:
    """The document for these routes; ``version`` is that of the product."""
    nouns = list(all_routes)
    declared = [route for routes in nouns for route in routes.declared]
    references, components = _schemas(declared)
    paths: dict[str, dict[str, Any]] = {}
    for routes in nouns:
        for route in routes.declared:
            operation = _operation(route, routes.noun, references)
            paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Yunjian 云见",
            "version": version,
            "summary": "One case, handled together by a service window and an approver far away.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": noun} for noun in dict.fromkeys(routes.noun for routes in nouns)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-yunjian"},
            },
        },
    }


Reference = dict[tuple[Any, JsonSchemaMode], dict[str, Any]]


def _schemas(declared: list[Route]) -> tuple[Reference, dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (ProblemBody, "serialization"): None
    }
    for route in declared:
        wanted[route.query, "validation"] = None
        for body in route.bodies or (route.body,):
            wanted[body, "validation"] = None
        if (model := _model(route)) is not None:
            wanted[model, "serialization"] = None
    references, schema = models_json_schema(
        list(wanted), ref_template="#/components/schemas/{model}"
    )
    components: dict[str, Any] = schema["$defs"]
    for definition in components.values():
        untitle(definition)
    for told in (one for route in declared for one in route.bodies):
        require(components[told.__name__], "type")
    return dict(references), dict(sorted(components.items()))


def _model(route: Route) -> type[BaseModel] | None:
    if route.answer is None or issubclass(route.answer, web.StreamResponse):
        return None
    return route.answer


def _operation(route: Route, noun: str, references: Reference) -> dict[str, Any]:
    summary, _, rest = route.description.partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [noun],
        "summary": summary.strip(),
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route),
            *_header_parameters(route),
        ],
        "responses": _responses(route, references),
    }
    if description := " ".join(rest.split()):
        operation["description"] = description
    if route.bodies:
        told = {"anyOf": [references[one, "validation"] for one in route.bodies]}
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": told}}}
    elif route.body is not Nothing:
        body = references[route.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": body}}}
    elif route.takes is not None:
        operation["requestBody"] = {"required": True, "content": {route.takes: {"schema": {}}}}
    operation["security"] = [{}] if route.public else [{"cookie": []}, {"bearer": []}]
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PATH_SCHEMA}
        for name in _PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    schema = route.query.model_json_schema()
    required = schema.get("required", [])
    parameters = []
    for name, told in schema.get("properties", {}).items():
        untitle(told)
        description = told.pop("description", None)
        parameter = {"name": name, "in": "query", "required": name in required, "schema": told}
        if description:
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": header.required,
            "schema": dict(header.schema),
            "description": header.about,
        }
        for header in route.headers
    ]


def _responses(route: Route, references: Reference) -> dict[str, Any]:
    model = _model(route)
    done: dict[str, Any] = {"description": "Done."}
    if model is not None:
        done["content"] = {_JSON: {"schema": references[model, "serialization"]}}
    elif route.answer is not None and route.produces:
        done["content"] = {kind: {"schema": {}} for kind in route.produces}
    told = {problems.CONTENT_TYPE: {"schema": references[ProblemBody, "serialization"]}}
    responses: dict[str, Any] = {str(route.status): done}
    if route.ranges:
        responses["206"] = {**done, "description": "The range that was asked for."}
        responses["416"] = {"description": "No such range.", "content": told}
    codes = [*route.problems, Code.INTERNAL, Code.BUSY]
    if not route.public:
        codes.append(Code.UNAUTHENTICATED)
    if route.method not in SAFE_METHODS:
        codes.append(Code.FOREIGN_ORIGIN)
    if route.body is not Nothing or route.query is not Nothing:
        codes.append(Code.MALFORMED)
    if route.body is not Nothing:
        codes += [Code.UNSUPPORTED_MEDIA_TYPE, Code.TOO_LARGE]
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(problems.status(code), []).append(code.value)
    for status, names in sorted(by_status.items()):
        text = "Refused: " + ", ".join(sorted(names)) + "."
        responses[str(status)] = {"description": text, "content": told}
    return responses
