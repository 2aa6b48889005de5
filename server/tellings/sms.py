"""The gateway for short messages, over HTTP: which approved template goes to which number, and nothing else.

    POST <sms_url>
    Yunjian-Signature: <second> <hmac-sha256>     of "yunjian message\\n<second>\\n" and the body
    {"id", "phone", "template", "params": {"number", "unit", "day"}}

Taken with 2xx; 408, 425, 429, 5xx and silence are tried again; anything else is a refusal. The number stands in the
body alone. Nothing that leads elsewhere is followed.
"""

import json
from collections.abc import Mapping
from typing import Final

import aiohttp

from server.store import Clock
from server.tellings import rules
from server.tellings.acts.sending import Answered
from server.tellings.rows import Claimed

SIGNATURE: Final = "Yunjian-Signature"
ANSWERS_WITHIN_S: Final = 10.0
_AGAIN: Final = frozenset({408, 425, 429})


class SmsSender:
    """See ``sending.Sender``. ``templates``: what the gateway calls the template of a step, where it is not the step's
    own name. ValueError for a step that there is not."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        clock: Clock,
        templates: Mapping[str, str] | None = None,
        *,
        answers_within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        self._url, self._secret, self._clock = url, secret, clock
        self._templates = dict(templates or {})
        if unknown := self._templates.keys() - set(rules.STEPS):
            raise ValueError(f"sms_templates: no such step: {', '.join(sorted(unknown))}")
        self._timeout = aiohttp.ClientTimeout(total=answers_within_s)
        self._http: aiohttp.ClientSession | None = None

    async def send(self, claimed: Claimed, phone: str) -> Answered:
        """Hand one message over."""
        body = self._body(claimed, phone)
        signature = rules.sign(self._secret, "message", body, self._clock.now())
        headers = {SIGNATURE: signature, "Content-Type": "application/json"}
        if self._http is None:
            jar = aiohttp.DummyCookieJar()
            self._http = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=jar)
        try:
            async with self._http.post(
                self._url, data=body, headers=headers, allow_redirects=False
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

    def _body(self, claimed: Claimed, phone: str) -> bytes:
        one = claimed.telling
        told = {
            "id": one.id,
            "phone": phone,
            "template": self._templates.get(one.step, one.step),
            "params": {
                "number": one.number,
                "unit": claimed.unit_name,
                "day": one.day.isoformat(),
            },
        }
        return json.dumps(told, ensure_ascii=False).encode()
