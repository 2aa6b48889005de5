"""One JSON Schema of everything that crosses the wire, for the TypeScript messages.

Commands as a page writes them, everything else as the server writes it (each
field is there, with its default when it has no other). Tells nothing about
routes; those are in ``server.openapi``.
"""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from server.audit.wire import CallCheck, CallDetail, CallLog, CaseHistory, Ledger, Report
from server.calls import wire as call
from server.calls.wire import Marks, PlaybackView, WorkerSample
from server.case.wire import messages as case_messages
from server.case.wire import signing
from server.case.wire import view as case
from server.case.wire.course.agents import Agents
from server.case.wire.course.external import ExternalList, Reconciliation
from server.case.wire.course.publicity import Publicity, PublicityFile
from server.case.wire.http import (
    CalendarChange,
    CalendarEdit,
    CalendarYear,
    CardReading,
    CaseCounts,
    Cases,
    CaseSnapshot,
    ConsentText,
    EarlierMaterials,
    EnquiryView,
    OwedMaterials,
    Phrases,
    ReferredCases,
    SignatureImage,
    Unmasked,
)
from server.catalogue.wire import (
    CatalogueImport,
    CatalogueItems,
    FormCheck,
    ItemForm,
    ItemOffer,
    Items,
    ItemVersions,
    Regions,
    WaitingLowerings,
)
from server.edge.wire import ProblemBody
from server.health.wire import Health, HealthView
from server.papers.wire import SealCheck, TemplateCheck, Templates, TemplateSource, TemplateWhole
from server.people.wire import (
    BlockPerson,
    ChangePassword,
    People,
    SessionsEnded,
    SessionView,
    SignIn,
    TemporaryPassword,
    TokenView,
    Units,
)
from server.tasks import wire as task_messages
from server.tasks.wire import Colleagues, TaskPage, TaskView
from server.tellings.wire import Tellings
from server.uploads.wire import Limits, PhoneSession, TakePhone
from signaling.wire import envelope as protocol
from signaling.wire import messages as signaling_messages
from signaling.wire.envelope import Message

RESPONSES: tuple[type[Message], ...] = (
    PhoneSession, EnquiryView, ProblemBody, SessionView, SessionsEnded, TemporaryPassword, TokenView, Items, Cases, CaseCounts, CaseSnapshot, CaseHistory, Unmasked, Report, Ledger,
    CallLog, CallDetail, CardReading, Limits, ConsentText, EarlierMaterials, OwedMaterials, ReferredCases, People, Units, Health, PlaybackView, CallCheck, Marks, WorkerSample,
    SignatureImage, Phrases, HealthView, Regions, ItemForm, WaitingLowerings, FormCheck, CalendarYear, CalendarChange, CatalogueItems, ItemVersions, CatalogueImport,
    Templates, TemplateWhole, TemplateSource, TemplateCheck, TaskPage, TaskView, Colleagues, Agents, ExternalList, Reconciliation, Publicity, PublicityFile, Tellings, SealCheck,
)  # fmt: skip
REQUESTS: tuple[type[Message], ...] = (
    SignIn,
    ChangePassword,
    BlockPerson,
    TakePhone,
    ItemOffer,
    CalendarEdit,
)

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

UNIONS: Final[dict[str, tuple[type[BaseModel], ...]]] = {
    "AnyCommand": signaling_messages.COMMANDS + case_messages.COMMANDS + task_messages.COMMANDS,
    "AnyEvent": signaling_messages.EVENTS + call.EVENTS + case_messages.EVENTS,
    "AnyEphemeral": signaling_messages.EPHEMERALS + call.EPHEMERALS + case_messages.EPHEMERALS,
}
VIEWS: Final[tuple[type[BaseModel], ...]] = (
    protocol.Ack,
    call.DeskView,
    call.CallSnapshot,
    call.CallView,
    case.CaseView,
    case.CaseOpened,
    signing.SummaryView,
)


def messages() -> dict[str, Any]:
    """The schema: every message and view under ``$defs``, by the name of its class, and three unions."""
    commands: tuple[type[BaseModel], ...] = UNIONS["AnyCommand"] + REQUESTS
    written = VIEWS + UNIONS["AnyEvent"] + UNIONS["AnyEphemeral"] + RESPONSES
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in commands),
        *((model, "serialization") for model in written),
    ]
    _, schema = models_json_schema(wanted, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = schema["$defs"]
    for name, definition in definitions.items():
        untitle(definition)
        definition["title"] = name
        if "type" in definition.get("properties", {}):
            require(definition, "type")
    for name, models in UNIONS.items():
        definitions[name] = {"title": name, "anyOf": _references(models)}
    return {
        "$schema": DRAFT,
        "title": "Wire",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "command": {"$ref": "#/$defs/AnyCommand"},
            "event": {"$ref": "#/$defs/AnyEvent"},
            "ephemeral": {"$ref": "#/$defs/AnyEphemeral"},
        },
        "required": ["command", "event", "ephemeral"],
        "$defs": dict(sorted(definitions.items())),
    }


def untitle(node: Any) -> None:
    """Remove the titles that pydantic makes up for fields; generators would turn each into a type."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for key, value in node.items():
            if key in ("properties", "$defs"):
                for inner in value.values():
                    untitle(inner)
            else:
                untitle(value)
    elif isinstance(node, list):
        for value in node:
            untitle(value)


def require(definition: dict[str, Any], name: str) -> None:
    """Let a schema ask for this member, though its model has a default for it."""
    definition["required"] = sorted({*definition.get("required", []), name})


def _references(models: Iterable[type[BaseModel]]) -> list[dict[str, str]]:
    return [{"$ref": f"#/$defs/{model.__name__}"} for model in models]
