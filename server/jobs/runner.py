"""Heavy jobs: asked for in a change, run later in a child process, at least once.

A job is claimed under a lease that is renewed while it runs. A child that is killed is tried
again, up to three times; a node that dies leaves its jobs to whoever claims them when the lease
is over. What a job made is written in the transaction that ends it, so that it counts once.
Knows queue and order; what a kind of job does is handed in.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn

import structlog

from server.jobs import rows
from server.jobs.rows import Job
from server.rights.ids import new_id
from server.store import SYSTEM, Change, Store
from server.work.child import JobFailed
from signaling.refusals import Refusal

log = structlog.get_logger("jobs")

TRIES_AT_MOST: Final = 3
LEASE: Final = timedelta(seconds=30)
RENEW_EVERY_S: Final = 10.0
LOOK_EVERY_S: Final = 2.0
"""How often is looked for jobs that another node enqueued or left behind."""
WAITS: Final = (timedelta(0), timedelta(seconds=5))
"""Before the second and the third try."""

Settle = Callable[[Change], Awaitable[None]]


class PutOff(Exception):
    """Raised by a job: what it needs is away, and this try does not count."""

    def __init__(self, after: timedelta, why: str) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True)
class JobKind:
    """What one kind of job is.

    ``run`` does the work and gives what writes its result, called in the transaction that ends the
    job. It may raise JobFailed or Refusal; then it is tried again, unless the failure is ``final``;
    with PutOff it waits for as long as it takes.
    ``failed`` writes that nothing came of it. ``heavy`` jobs never take the last free place.
    """

    run: Callable[[Job], Awaitable[Settle]]
    failed: Callable[[Change, Job], Awaitable[None]]
    heavy: bool = False


async def enqueue(change: Change, kind: str, subject: str, body: Mapping[str, Any]) -> str:
    """Ask for a job in this transaction; it is begun once that is committed. Returns the job's id.

    ``body`` is all that the job needs to know (JSON); it is forgotten when the job is done.
    """
    job_id = new_id()
    await rows.add(change.connection, job_id, kind, subject, body, change.at)
    change.enqueued = True
    return job_id


class Jobs:
    """What one node does of the jobs of all. ``at_once`` run side by side, one of them never heavy."""

    def __init__(self, store: Store, kinds: Mapping[str, JobKind], at_once: int = 2) -> None:
        self._store = store
        self._kinds = kinds
        self._at_once = at_once
        self._node = f"node-{secrets.token_hex(8)}"

    async def run(self) -> NoReturn:
        """Claim and do jobs until cancelled; then let go of what was begun."""
        every = list(self._kinds)
        quick = [name for name, kind in self._kinds.items() if not kind.heavy]
        async with asyncio.TaskGroup() as group:
            for place in range(self._at_once):
                group.create_task(self._serve(every if place else quick), name=f"jobs {place}")
        raise AssertionError("unreachable")

    async def _serve(self, kinds: Collection[str]) -> NoReturn:
        while True:
            enqueued = self._store.enqueued()
            try:
                if await self.work_once(kinds):
                    continue
            except Refusal as refusal:
                log.warning("job.put_off", code=refusal.code.value)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await enqueued
            except TimeoutError:
                pass

    async def work_once(self, kinds: Collection[str] | None = None) -> bool:
        """Claim one job and bring it to an end; False when none is to be done. Raises Refusal."""
        async with self._store.change(SYSTEM) as change:
            job = await rows.claim(
                change.connection,
                self._node,
                self._kinds if kinds is None else kinds,
                change.at,
                change.at + LEASE,
            )
        if job is None:
            return False
        if job.tries > TRIES_AT_MOST:  # each node that had it died
            await self._fail(job, "gave up")
            return True
        try:
            await self._do(job)
        except asyncio.CancelledError:
            try:
                await asyncio.shield(self._let_go(job, "node ended", counts=False))
            except Refusal as refusal:  # its lease ends by itself; the node must end too
                log.warning("job.not_let_go", job=job.id, code=refusal.code.value)
            raise
        return True

    async def _do(self, job: Job) -> None:
        kind = self._kinds[job.kind]
        working = asyncio.create_task(self._work(kind, job))
        renewing = asyncio.create_task(self._renew(job))
        try:
            await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                log.warning("job.lost", job=job.id, kind=job.kind)
                return
            await working
        except JobFailed as failure:
            log.warning(
                "job.failed", job=job.id, kind=job.kind, tries=job.tries, fault=str(failure)
            )
            if failure.final or job.tries >= TRIES_AT_MOST:
                await self._fail(job, str(failure))
            else:
                await self._let_go(job, str(failure))
        except PutOff as off:
            log.warning("job.waits", job=job.id, kind=job.kind, fault=str(off))
            await self._let_go(job, str(off), counts=False, after=off.after)
        except Refusal as refusal:
            log.warning("job.refused", job=job.id, kind=job.kind, code=refusal.code.value)
            if job.tries >= TRIES_AT_MOST:
                await self._fail(job, refusal.code.value)
            else:
                await self._let_go(job, refusal.code.value)
        finally:
            for task in (working, renewing):
                task.cancel()
            await asyncio.gather(working, renewing, return_exceptions=True)

    async def _work(self, kind: JobKind, job: Job) -> None:
        settle = await kind.run(job)
        async with self._store.change(SYSTEM) as change:
            if await rows.done(change.connection, job, self._node, change.at):
                await settle(change)

    async def _renew(self, job: Job) -> None:
        """Keep the lease; returns when the job is another's."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            try:
                async with self._store.working() as connection:
                    until = self._store.clock.now() + LEASE
                    if not await rows.renew(connection, job, self._node, until):
                        return
            except Refusal as refusal:
                log.warning("job.not_renewed", job=job.id, code=refusal.code.value)

    async def _let_go(
        self, job: Job, fault: str, *, counts: bool = True, after: timedelta | None = None
    ) -> None:
        async with self._store.change(SYSTEM) as change:
            then = change.at + (WAITS[min(job.tries, len(WAITS)) - 1] if after is None else after)
            await rows.again(change.connection, job, self._node, then, fault, counts=counts)

    async def _fail(self, job: Job, fault: str) -> None:
        async with self._store.change(SYSTEM) as change:
            if await rows.fail(change.connection, job, self._node, change.at, fault):
                await self._kinds[job.kind].failed(change, job)
