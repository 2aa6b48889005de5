"""演示短信: a gateway for short messages that sends nothing to anybody. It shows what it was given on a page of this
machine, and answers each with a receipt, so that the demo shows the whole way of a message.
"""

import asyncio
import html
import json
import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Self

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from server.standards.identifiers import mask_phone
from server.standards.working_days import CHINA
from server.store import Clock, SystemClock
from server.tellings import rules
from server.tellings.sms import SIGNATURE

KEPT: Final = 200
ARRIVES_AFTER_S: Final = 1.0
_PAGE: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>演示短信</title><style>body{{font:16px/1.6 sans-serif;margin:2rem;max-width:44rem}}li{{margin:.6rem 0}}
small{{color:#555}}</style><h1>演示短信</h1>
<p>没有向任何人发送。<span lang="en">Demo messages: nothing was sent to anybody.</span></p><ol reversed>{lines}</ol>"""


class DemoGateway:
    """On a port of 127.0.0.1 of its own. ``async with`` it."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(24)
        self.url = ""
        self._node = ""
        self._now: Callable[[], datetime] = SystemClock().now
        self._taken: deque[tuple[datetime, dict[str, Any]]] = deque(maxlen=KEPT)
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None
        self._receipts: set[asyncio.Task[None]] = set()

    def reports_to(self, node: str, clock: Clock | None = None) -> None:
        """Send receipts to the node at this address, by its clock."""
        self._node, self._now = node, (clock or SystemClock()).now

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/messages", self._take)
        app.router.add_get("/", self._show)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/messages"
        # the demo's own certificate is trusted by nobody, and the node is on this machine
        connector = aiohttp.TCPConnector(ssl=False)
        self._http = aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=5)
        )
        return self

    async def __aexit__(self, *raised: Any) -> None:
        for one in self._receipts:
            one.cancel()
        await asyncio.gather(*self._receipts, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def settings(self) -> dict[str, Any]:
        """What a node is told of it."""
        return {"sms_url": self.url, "sms_secret": SecretStr(self.secret)}

    @property
    def page(self) -> str:
        """Where the messages are read."""
        return self.url.removesuffix("messages")

    async def _take(self, request: web.Request) -> web.Response:
        body, said, now = await request.read(), request.headers.get(SIGNATURE, ""), self._now()
        if not rules.believe(self.secret.encode(), "message", said, body, now):
            return web.Response(status=403)
        message = json.loads(body)
        if message["id"] not in {one["id"] for _, one in self._taken}:
            self._taken.appendleft((now, message))
        receipt = asyncio.create_task(self._report(message["id"]))
        self._receipts.add(receipt)
        receipt.add_done_callback(self._receipts.discard)
        return web.Response(status=202)

    async def _report(self, id: str) -> None:
        await asyncio.sleep(ARRIVES_AFTER_S)
        assert self._http is not None
        body = json.dumps({"id": id, "arrival": "delivered"}).encode()
        signed = rules.sign(self.secret.encode(), "receipt", body, self._now())
        headers = {SIGNATURE: signed, "Content-Type": "application/json"}
        try:
            async with self._http.post(
                f"{self._node}/api/v1/telling-receipts", data=body, headers=headers
            ) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):  # the node ends: without a receipt it is 已发
            return

    async def _show(self, request: web.Request) -> web.Response:
        lines = "".join(
            f"<li>{html.escape(_text(one))}<br><small>{html.escape(mask_phone(one['phone']))} "
            f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}</small></li>"
            for at, one in self._taken
        )
        page = _PAGE.format(lines=lines)
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return web.Response(text=page, content_type="text/html", headers=headers)


def _text(message: dict[str, Any]) -> str:
    """The approved template as it would be read, filled in."""
    told = message["params"]
    number = f"（{told['number']}）" if told["number"] else ""
    return f"【{told['unit']}】您的办件{number}{rules.TEXTS[message['template']]}。{told['day']}"
