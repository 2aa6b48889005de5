"""What a node has of tellings: the outboxes to applicants and to external systems, and the receipts of the gateway."""

from functools import partial
from typing import Final

from server.node import Node
from server.tellings import api
from server.tellings.acts import passing, sending
from server.tellings.acts.receipts import Receipts
from server.tellings.hooks import HookSender
from server.tellings.sms import SmsSender

ROUTES: Final = (api.routes,)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    store, settings = node.store, node.settings
    secret = settings.sms_secret and settings.sms_secret.get_secret_value().encode()
    node.app[api.RECEIPTS] = Receipts(store, secret or None)
    sender = None
    if settings.sms_url is not None and secret:
        sender = SmsSender(settings.sms_url, secret, store.clock, settings.sms_templates)
        node.closes(sender.close)
    node.runs("tellings", partial(sending.run, store, sender))
    drawn_from = settings.external_secret and settings.external_secret.get_secret_value().encode()
    hooks = None
    if drawn_from and settings.external_hosts:
        hooks = HookSender(drawn_from, settings.external_hosts, store.clock)
        node.closes(hooks.close)
    node.runs("hooks", partial(passing.run, store, hooks))
