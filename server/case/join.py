"""What a node has of cases: their acts, what is shown live, their papers and the applicant's enquiries."""

from functools import partial
from typing import Final

from server.calls.join import MARKS, SWITCHBOARD
from server.case.acts.agents import asking, printing, renewing
from server.case.acts.course import (
    advancing,
    clocks,
    consents,
    consulting,
    decisions,
    fees,
    following,
    registering,
)
from server.case.acts.course.enquiries import Enquiries
from server.case.acts.elsewhere.comparing import Comparing
from server.case.acts.elsewhere.reporting import Reporting
from server.case.acts.form import forms, unmasking
from server.case.acts.joint import tasking
from server.case.acts.materials import earlier, handovers, moving, promises
from server.case.acts.papers import press, signing
from server.case.acts.sequels import beginning
from server.case.acts.talk import comments, drawing, rating, sayings, showing
from server.case.api import calendar, cases, enquiries, externals, joint, publicity
from server.jobs.join import KINDS
from server.node import Node
from server.papers.seals import SealFolder
from server.work.child import Children

ROUTES: Final = (
    cases.routes,
    enquiries.routes,
    calendar.routes,
    externals.routes,
    publicity.routes,
    joint.routes,
)


async def join(node: Node) -> None:
    """See ``HouseRoom``."""
    app, store, settings = node.app, node.store, node.settings
    app[enquiries.ENQUIRIES] = Enquiries(store)
    secret = settings.external_secret and settings.external_secret.get_secret_value().encode()
    app[externals.REPORTING] = reporting = Reporting(store, secret or None)
    app[externals.COMPARING] = Comparing(store, reporting)
    keeper = SealFolder(settings.seals, Children())
    pressing = press.Press(store, Children(), settings.font_dirs, settings.public_url, keeper)
    app[KINDS][press.KIND] = pressing.kind
    node.answers(
        registering.commands(store),
        consents.commands(store, app[SWITCHBOARD].turned),
        forms.commands(store),
        decisions.commands(store, settings.numbering),
        clocks.commands(store),
        advancing.commands(store),
        fees.commands(store),
        consulting.commands(store),
        sayings.commands(store),
        comments.commands(store),
        signing.commands(store, settings.numbering),
        unmasking.commands(store),
        press.commands(store),
        rating.commands(store),
        moving.commands(store),
        drawing.commands(store),
        earlier.commands(store),
        promises.commands(store),
        handovers.commands(store),
        asking.commands(store),
        renewing.commands(store),
        printing.commands(store),
        beginning.commands(store),
        tasking.commands(store),
    )
    node.passes(showing.ephemerals(store, app[MARKS].note))
    node.runs("following", partial(following.run, store))
