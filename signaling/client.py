"""A Socket.IO client of the gateway, for whoever is no browser: scripted approvers and tests.

Sends commands with ids of its own, hands on events and ephemerals as they come, answers the
beat. It keeps no view of anything: whoever needs one reduces the events. Knows the envelope
of ``signaling.wire.envelope`` and nothing of what messages mean.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import socketio

from signaling.wire.envelope import Ack, Command, Message

ACK_WITHIN_S: Final = 15.0
CONNECTED_WITHIN_S: Final = 15.0

Hearing = Callable[[Mapping[str, Any]], None]


class Refused(Exception):
    """The server said no: its code, the sentence for a person, and the safe details."""

    def __init__(self, ack: Ack) -> None:
        super().__init__(f"{ack.code}: {ack.title}")
        self.code = ack.code
        self.ack = ack


def fresh_id() -> str:
    """A command's id: 22 characters of base64url, 128 random bits."""
    return secrets.token_urlsafe(16)


class Client:
    """One connection of one person; one that is lost stays lost.

    ``token`` is a bearer token of ``POST /api/v1/tokens``. ``hear_event`` and
    ``hear_ephemeral`` are called on the loop, in the order of arrival. ``ssl_verify`` false lets a
    certificate of one's own making pass.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        hear_event: Hearing = lambda event: None,
        hear_ephemeral: Hearing = lambda ephemeral: None,
        language: str = "zh-CN",
        page: str | None = None,
        ssl_verify: bool = True,
    ) -> None:
        self._address = address
        # Shown as it opens, so that it is nobody's for no moment.
        self._headers = {"Authorization": f"Bearer {token}"}
        self._auth = {"token": token, "language": language, "page": page or fresh_id()}
        # The payload of messages stays out of every log.
        self._io = socketio.AsyncClient(
            reconnection=False,
            logger=False,
            engineio_logger=False,
            ssl_verify=ssl_verify,
            handle_sigint=False,
        )
        self.beats = 0
        self._io.on("event", lambda event: hear_event(event))
        self._io.on("ephemeral", lambda ephemeral: hear_ephemeral(ephemeral))
        self._io.on("beat", self._beat)

    @property
    def connected(self) -> bool:
        return bool(self._io.connected)

    async def connect(self) -> None:
        """Open the connection. Raises ConnectionError when it is refused or nobody is there."""
        try:
            await self._io.connect(
                self._address,
                headers=self._headers,
                auth=self._auth,
                transports=["websocket"],
                wait_timeout=CONNECTED_WITHIN_S,
            )
        except socketio.exceptions.ConnectionError as error:
            raise ConnectionError(str(error)) from None

    async def close(self) -> None:
        await self._io.disconnect()

    async def send(self, command: Command | Mapping[str, Any]) -> Ack:
        """Send one command and wait for its ack. An id is made when none is given.

        Raises ConnectionError without a connection, TimeoutError when no ack comes.
        """
        body = (
            command.model_dump(mode="json")
            if isinstance(command, Command)
            else {"id": fresh_id(), **command}
        )
        said: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()

        def heard(ack: Mapping[str, Any]) -> None:
            if not said.done():
                said.set_result(ack)

        await self._emit("command", body, heard)
        return Ack.model_validate(await asyncio.wait_for(said, ACK_WITHIN_S))

    async def ask(self, command: Command | Mapping[str, Any]) -> dict[str, Any]:
        """Like ``send``, but gives the result. Raises ``Refused``."""
        ack = await self.send(command)
        if not ack.ok:
            raise Refused(ack)
        return ack.result

    async def hint(self, message: Message | Mapping[str, Any]) -> None:
        """Send an ephemeral; nothing comes back."""
        body = message.model_dump(mode="json") if isinstance(message, Message) else dict(message)
        await self._emit("ephemeral", body)

    async def _emit(
        self,
        event: str,
        body: Mapping[str, Any],
        callback: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        try:
            await self._io.emit(event, body, callback=callback)
        except socketio.exceptions.SocketIOError as error:
            raise ConnectionError(type(error).__name__) from None

    async def _beat(self, *said: Any) -> None:
        self.beats += 1
        with suppress(socketio.exceptions.SocketIOError):  # it has just gone; nobody waits for it
            await self._io.emit("beat", *said[:1])
