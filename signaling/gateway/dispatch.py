"""What a page says, by its type to the handler of that type; and always an answer.

Decodes, hands over and acks. It knows no message but the envelope, no socket and no subject. A bug is logged once,
under the reference that the ack shows; nothing that a message holds is.
"""

import logging
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from signaling.gateway.connection import Connection
from signaling.refusals import Code, Refusal
from signaling.wire.envelope import Ack, Command, Message, Who, holds_nul

log = logging.getLogger("yunjian.gateway")

Result = Mapping[str, Any] | BaseModel | Ack
Handler = Callable[[Connection, Any], Awaitable[Result]]
Delivery = tuple[str, str, Message]
"""Subject, audience and message of an ephemeral."""
EphemeralHandler = Callable[[Connection, Any], Awaitable[Iterable[Delivery]]]
_M = TypeVar("_M", bound=Message)

_FIELD: Final = re.compile(r"[a-z0-9_.]{1,64}")


class Dispatch:
    """Who answers which message.

    ``sentence`` and ``refused`` are as the Gateway is given them; ``spread`` sends an ephemeral on, already
    dumped; ``counts`` hears of commands, refusals and bugs."""

    def __init__(
        self,
        sentence: Callable[[Code, str, Mapping[str, Any]], str],
        refused: Callable[[Who, Command, Refusal], Awaitable[None]] | None,
        spread: Callable[[str, str, Mapping[str, Any]], None],
        counts: Counter[str],
    ) -> None:
        self._sentence = sentence
        self._refused = refused
        self._spread = spread
        self._counts = counts
        self._commands: dict[str, tuple[type[Command], Handler]] = {}
        self._ephemerals: dict[str, tuple[type[Message], EphemeralHandler]] = {}

    def on(self, command: type[Command], handler: Handler) -> None:
        """Let ``handler`` answer this command; its result is the ack's, a Refusal becomes one."""
        self._commands[_type_of(command)] = (command, handler)

    def on_ephemeral(self, message: type[Message], handler: EphemeralHandler) -> None:
        """Let ``handler`` say to whom an ephemeral of a page goes; it may refuse."""
        self._ephemerals[_type_of(message)] = (message, handler)

    async def command(self, connection: Connection, raw: object) -> Ack:
        """Answer one command as it came from outside; never raises but for cancellation.

        Refused with ``unknown_type``, ``malformed`` (details name the fields, never a value), and
        whatever the handler refuses.
        """
        command: Command | None = None
        try:
            model, handler = _handler_of(raw, self._commands)
            if holds_nul(raw):
                raise Refusal(Code.MALFORMED, fields="text")
            command = model.model_validate(raw)
            result = await handler(connection, command)
            self._counts["commands"] += 1
            if isinstance(result, Ack):
                return result
            body = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
            return Ack(ok=True, result=dict(body))
        except ValidationError as error:
            return self.nack(connection, _malformed(error))
        except Refusal as refusal:
            return await self._refuse(connection, command, refusal)
        except Exception as error:  # noqa: BLE001 - the edge: a bug must not leave the page without an ack
            return self.bug(connection, command, error)

    async def ephemeral(self, connection: Connection, raw: object) -> Ack:
        """Send an ephemeral on to whom its handler names; refused and never raised as with ``command``."""
        try:
            model, handler = _handler_of(raw, self._ephemerals)
            dumped: Message | None = None
            body: dict[str, Any] = {}
            for subject, audience, message in await handler(connection, model.model_validate(raw)):
                # Most audiences are given the same one.
                if message is not dumped:
                    dumped, body = message, message.model_dump(mode="json")
                self._spread(subject, audience, body)
            return Ack(ok=True)
        except ValidationError as error:
            return self.nack(connection, _malformed(error))
        except Refusal as refusal:
            return self.nack(connection, refusal)
        except Exception as error:  # noqa: BLE001 - as in command
            return self.bug(connection, None, error)

    def nack(self, connection: Connection, refusal: Refusal) -> Ack:
        """The answer that this was refused, in the language of the page."""
        self._counts["refused"] += 1
        return Ack(
            ok=False,
            code=refusal.code.value,
            title=self.title(refusal, connection.language),
            details=refusal.details,
        )

    def title(self, refusal: Refusal, language: str) -> str:
        """What a person is told of it."""
        return self._sentence(refusal.code, language, refusal.details)

    def bug(self, connection: Connection, command: Command | None, error: Exception) -> Ack:
        """Log it, and the answer that names where to look."""
        reference = secrets.token_hex(6)
        kind = _type_of(type(command)) if command is not None else "?"
        # The text of the error may hold a value of the message, and so only its kind is told.
        log.error(
            "internal error reference=%s command=%s error=%s",
            reference,
            kind,
            type(error).__name__,
            exc_info=error,
        )
        self._counts["bugs"] += 1
        ack = self.nack(connection, Refusal(Code.INTERNAL))
        return ack.model_copy(update={"reference": reference})

    async def _refuse(
        self, connection: Connection, command: Command | None, refusal: Refusal
    ) -> Ack:
        if command is not None and self._refused is not None:
            try:
                await self._refused(connection.who, command, refusal)
            except Refusal as second:
                refusal = second
            except Exception as error:  # noqa: BLE001 - as in command
                return self.bug(connection, command, error)
        return self.nack(connection, refusal)


def _handler_of(raw: object, table: Mapping[str, tuple[type[_M], Any]]) -> tuple[type[_M], Any]:
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    if not isinstance(kind, str):
        raise Refusal(Code.MALFORMED, fields="type")
    if kind not in table:
        raise Refusal(Code.UNKNOWN_TYPE)
    return table[kind]


def _type_of(message: type[Message]) -> str:
    return str(message.model_fields["type"].default)


def _malformed(error: ValidationError) -> Refusal:
    """Names the fields that are wrong, as far as they look like names of fields; never a value."""
    names = {".".join(str(part) for part in found["loc"]) for found in error.errors()}
    known = sorted(name for name in names if _FIELD.fullmatch(name))[:10]
    return Refusal(Code.MALFORMED, fields=", ".join(known))
