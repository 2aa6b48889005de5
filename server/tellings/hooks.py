"""The way to the external systems, over HTTPS: signed messages of Standard Webhooks 1.0.0, and nothing else.

    POST <url of the system>          webhook-id, webhook-timestamp, webhook-signature
    {"type": "case.<step>", "timestamp", "data": {"case", "receipt", "system", "item", "item_name", "unit", "window", "on"}}

Taken with 2xx, which is its receipt; 408, 425, 429, 5xx and silence are tried again; anything else is a refusal. It
goes to hosts that the operator names and to no other, follows nothing, and reads no body of an answer. No person is in it.
"""

import json
import ssl
from collections.abc import Collection
from typing import Final

import aiohttp

from server.standards import webhooks
from server.store import Clock
from server.tellings.acts.sending import Answered
from server.tellings.rows import ForSystem

ANSWERS_WITHIN_S: Final = 10.0
_AGAIN: Final = frozenset({408, 425, 429})


class HookSender:
    """See ``passing.SystemSender``. ``secret``: from it the keys are drawn; ``hosts``: where messages may go;
    ``authorities``: which certificates are believed, by default those of the machine."""

    def __init__(
        self,
        secret: bytes,
        hosts: Collection[str],
        clock: Clock,
        *,
        answers_within_s: float = ANSWERS_WITHIN_S,
        authorities: ssl.SSLContext | None = None,
    ) -> None:
        self._secret, self._hosts, self._clock = secret, frozenset(hosts), clock
        self._timeout = aiohttp.ClientTimeout(total=answers_within_s)
        self._tls: ssl.SSLContext | bool = authorities or True
        self._http: aiohttp.ClientSession | None = None

    async def send(self, claimed: ForSystem) -> Answered:
        """Hand one message over."""
        if claimed.url is None or not webhooks.may_go(claimed.url, self._hosts):
            return "rejected"
        key = webhooks.drawn(self._secret, "out", claimed.external_id, claimed.generation)
        body = _body(claimed)
        headers = {
            "Content-Type": "application/json",
            **webhooks.sign(key, claimed.telling.id, body, self._clock.now()),
        }
        if self._http is None:
            jar = aiohttp.DummyCookieJar()
            self._http = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=jar)
        try:
            async with self._http.post(
                claimed.url, data=body, headers=headers, allow_redirects=False, ssl=self._tls
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return "unreachable"
        if 200 <= status < 300:
            return "taken"
        return "unreachable" if status in _AGAIN or status >= 500 else "rejected"

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


def _body(claimed: ForSystem) -> bytes:
    one = claimed.telling
    told = {
        "type": f"case.{one.step}",
        "timestamp": one.made_at.isoformat(),
        "data": {
            "case": claimed.number,
            "receipt": claimed.receipt_number,
            "system": claimed.system,
            "item": claimed.item_code,
            "item_name": claimed.item_name,
            "unit": claimed.unit_name,
            "window": claimed.window_unit_name,
            "on": one.day.isoformat(),
        },
    }
    return json.dumps(told, ensure_ascii=False).encode()
