"""One worker process: inherited sockets in, filtered traffic out.

Started by the supervisor as `python -O -m gateway.mitm.worker --node FILE --index K
--listeners JSON`. SIGHUP: look for a new snapshot and CA. SIGTERM: stop accepting,
let flows finish, flush the events, end. Nothing is read or written on the event
loop but sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import gc
import hashlib
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from loguru import logger

from gateway import oplog
from gateway.appeals import AppealDesk, Appeals
from gateway.authority import Generation, read_keys
from gateway.background import load_background
from gateway.destinations import Destinations
from gateway.events import Recorder
from gateway.identity.directory import Directory, WhenDown
from gateway.identity.follow import IdentityFollower
from gateway.identity.known import Known
from gateway.identity.login_line import LoginLine
from gateway.identity.login_words import SOCKET as LOGIN_SOCKET
from gateway.identity.resolve import Resolver
from gateway.masking.keyring import Keyring, open_sites, problems
from gateway.masking.site import NONE, Sites
from gateway.metrics import Metrics
from gateway.mitm.door import Door, hook_table
from gateway.mitm.filter import Filter, InForce
from gateway.mitm.login import Logins
from gateway.mitm.loop import EdgeLoop
from gateway.mitm.recheck import Recheck
from gateway.mitm.requests import Requests
from gateway.mitm.tls import Authority, Upstream, front
from gateway.mitm.tunnel import Tunnels
from gateway.node import Listener, Node
from gateway.outflow.examine import Examiner
from gateway.page.maker import PageMaker
from gateway.page.ticket import Tickets
from gateway.reload import Follower, Loaded
from gateway.rewrite.safesearch import SafeSearch
from gateway.rosters import open_roster
from gateway.usage import Tally, usage_socket
from gateway.usage_line import UsageLine
from policies.masks_model import Keys
from rules.app_files import open_apps
from rules.asking import open_asked
from rules.load import DataError, WorldError, load
from rules.personal_files import load_knowledge
from rules.recognise.content import Recogniser
from rules.recognise.personal.finder import Finder

if TYPE_CHECKING:
    from gateway.images import Gallery

GRACE = 30.0  # seconds that flows may take to finish after SIGTERM
FOLLOW = 2.0  # seconds between looks at what is in force


def in_force(
    loaded: Loaded,
    pseudonym: bytes,
    node: Node,
    known: Known | None = None,
    ring: Keyring | None = None,
    examiner: Examiner | None = None,
) -> InForce:
    """What judges, from what is published: tables and pages are made once per snapshot."""
    snapshot = loaded.snapshot
    recogniser = Recogniser.open(loaded.base.path)
    return InForce(
        base=loaded.base,
        snapshot=snapshot,
        resolver=Resolver(snapshot.prefixes, snapshot.default_subject, pseudonym, known),
        pages=PageMaker.load(loaded.base.categories, contact=node.contact, appeal_url=node.appeal),
        recogniser=recogniser,
        asked=open_asked(loaded.base.path, (recogniser,)),
        apps=open_apps(loaded.base.path),
        outflow=examiner if snapshot.outflow else None,
        sites=NONE if ring is None else applications(node, loaded, pseudonym, ring),
    )


def applications(node: Node, loaded: Loaded, pseudonym: bytes, ring: Keyring) -> Sites:
    """The applications this node stands before, as the policies in force have them."""
    if not node.applications:
        return NONE
    for said in problems(node.applications, loaded.snapshot.document.applications):
        logger.error("applications: {}", said)
    return open_sites(
        node.applications,
        loaded.snapshot.document.applications,
        Keys(id="gateway", master=hashlib.sha256(b"qinglang-dynamic-mask\0" + pseudonym).digest()),
        ring.verifiers,
        time.time(),
    )


def finders(node: Node) -> Callable[[], Finder]:
    """What makes recognisers of personal data: one roster in memory, however many are made."""
    knowledge = load_knowledge()
    roster = None
    if node.names is not None:
        try:
            roster = open_roster(node.names.roster, node.names.key)
        except (DataError, WorldError, OSError) as error:
            logger.error("outflow: no name of the roster is known: {}", error)
    return lambda: Finder(knowledge, roster)


def known(force: InForce) -> dict[str, object]:
    """The categories in force, by id."""
    return {category.id: category for category in force.base.categories}


def gallery(node: Node, force: InForce) -> Gallery | None:
    """The reader of images, where the node names a model. One that is refused reads nothing."""
    if node.images is None:
        return None
    from gateway.images import Gallery  # the extra `images` is wanted only here

    try:
        return Gallery(node.images, known(force))
    except (DataError, WorldError) as error:
        logger.error("images: no image is read: {}", error)
        return None


class Worker:
    """A process's state: what is in force, the servers, and the end."""

    def __init__(self, node: Node, index: int, loop: EdgeLoop) -> None:
        keys = read_keys(node.data / "keys")
        self.node = node
        self.index = index
        self.loop = loop
        self.metrics = Metrics()
        self.follower = Follower(node)
        self._pseudonym = keys.pseudonym
        self.identity = IdentityFollower.of(node)
        self.keyring = Keyring(node.applications)
        self.keyring.start()
        self.examiner = Examiner(finders(node))
        force = in_force(
            self.follower.load(),
            keys.pseudonym,
            node,
            self.identity.known,
            self.keyring,
            self.examiner,
        )
        self.metrics.reload("published", force.snapshot.hash, force.base.hash, time.time())
        destinations = Destinations(node)
        loop.destinations = destinations
        loop.static = dict(entry.split("=", 1) for entry in node.resolve)
        self.recorder = Recorder(
            node, role="proxy", index=index, metrics=self.metrics, rulebase=force.base.hash
        )
        tally = Tally()
        self.usage = UsageLine(tally, usage_socket(node), metrics=self.metrics)
        self.desk = AppealDesk(Appeals(node.data / "appeals.jsonl"))
        self.filter = Filter(
            force=force,
            recorder=self.recorder,
            metrics=self.metrics,
            tickets=Tickets(keys.ticket),
            destinations=destinations,
            tally=tally,
            background=load_background(),
            desk=self.desk,
            images=gallery(node, force),
        )
        self._ca_file = node.ca / Generation.CURRENT
        self._ca_pem = self._ca_file.read_bytes()
        self.tunnels = Tunnels(
            self.filter,
            Authority(self._ca_pem),
            Upstream(node.trusted_ca),
            fronts={
                one.application: front(one.certificate)
                for one in node.applications
                if one.certificate is not None
            },
            backs={
                one.application: Upstream(one.trusted_ca or node.trusted_ca)
                for one in node.applications
            },
        )
        requests = Requests(self.filter, SafeSearch.load())
        self.logins = LoginLine(node.run / LOGIN_SOCKET)
        hooks = hook_table(self.filter, self.tunnels, requests, self._asked(self.logins))
        self.door = Door(self.filter, hooks, node.listeners)
        self.recheck = Recheck(self.filter, lambda: self.door.connections)
        self._unknown = ""  # the day of which it was said that its calendar is not known
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def _asked(self, line: LoginLine) -> Logins:
        """Who asks for logins; where there is no directory nobody can log in."""
        if self.node.directory is None:
            return Logins(self.filter, None, WhenDown.REFUSE)
        ways = load(Directory, self.node.directory)
        return Logins(self.filter, line, ways.when_down)

    async def reload(self) -> None:
        """Put a new snapshot or CA in force, if there is one; in a thread, then one assignment."""
        try:
            if self.follower.changed():
                force = await asyncio.to_thread(
                    lambda: in_force(
                        self.follower.load(),
                        self._pseudonym,
                        self.node,
                        self.identity.known,
                        self.keyring,
                        self.examiner,
                    )
                )
                self.filter.force = force
                self.recorder.rulebase = force.base.hash
                self.metrics.reload("published", force.snapshot.hash, force.base.hash, time.time())
                logger.info("in force: snapshot {}", force.snapshot.hash)
                self._start(self.recheck.round)
            pem = await asyncio.to_thread(self._ca_file.read_bytes)
            if pem != self._ca_pem:
                self.tunnels.authority = await asyncio.to_thread(Authority, pem)
                self._ca_pem = pem
                logger.info("a new CA is in use")
        except (DataError, WorldError, OSError, ValueError) as error:
            self.metrics.reload("failed", "", "", time.time())
            logger.error("nothing new is in force: {}", error)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW)
            self._look_at_calendar()
            if self.filter.images is not None:
                await asyncio.to_thread(self.filter.images.follow, known(self.filter.force))
            if self.follower.changed():
                await self.reload()

    def _look_at_calendar(self) -> None:
        """A year whose holidays are not known is said once a day, and shown in the metrics."""
        day = self.filter.now().day
        known = self.filter.force.snapshot.knows(day)
        self.metrics.calendar(known=known)
        if not known and self._unknown != day:
            logger.warning("{} 年节假日未公布 / the holidays of this year are not known", day[:4])
            self._unknown = day

    async def serve(self, sockets: Sequence[tuple[Listener, socket.socket]]) -> None:
        """Accept on all sockets until asked to stop; then let flows finish."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.loop.add_signal_handler(number, self._stopping.set)
        self.loop.add_signal_handler(signal.SIGHUP, self._start, self.reload)
        servers = [
            await asyncio.start_server(
                functools.partial(self.door.accepted, listener), sock=sock, backlog=1024
            )
            for listener, sock in sockets
        ]
        self._start(self.door.sweep_forever)
        self._start(self._follow)
        self._start(self.recheck.forever)
        self.usage.start()
        ready = self.node.run / f"worker-{self.index}.ready"
        await asyncio.to_thread(ready.write_text, str(os.getpid()))
        await self._stopping.wait()
        for server in servers:
            server.close()
        await self._finish()
        self.logins.close()
        self.keyring.close()
        await asyncio.to_thread(self.desk.close)
        if self.filter.images is not None:
            await asyncio.to_thread(self.filter.images.close)
        self.examiner.close()
        await asyncio.to_thread(self.recorder.close)
        await asyncio.to_thread(self.identity.close)
        await asyncio.to_thread(self.usage.close)
        await asyncio.to_thread(_withdraw, ready)

    async def _finish(self) -> None:
        """Let exchanges under way end by themselves; idle connections go at once."""
        end = time.monotonic() + GRACE
        connections = self.door.connections
        while connections and time.monotonic() < end:
            for connection in list(connections):
                if not connection.edge.open:
                    connection.end()
            await asyncio.sleep(0.1)
        for connection in list(connections):
            connection.end()
        if connections:
            await asyncio.sleep(0.2)

    def _start(self, work: Callable[[], Any]) -> None:
        task = self.loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _withdraw(ready: Path) -> None:
    """Remove our word that we serve, unless a replacement has written its own."""
    with contextlib.suppress(OSError):
        if ready.read_text() == str(os.getpid()):
            ready.unlink()


def raise_limits() -> None:
    """As many open files as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker until it is told to stop."""
    parser = argparse.ArgumentParser(prog="gateway.mitm.worker")
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--index", type=int, required=True)
    parser.add_argument("--listeners", required=True)
    arguments = parser.parse_args(argv)
    oplog.set_up()
    node = Node.read(arguments.node)
    sockets = [
        (node.listeners[entry["listener"]], socket.socket(fileno=entry["fd"]))
        for entry in json.loads(arguments.listeners)
    ]
    for _, sock in sockets:
        sock.setblocking(False)
    raise_limits()

    async def run() -> None:
        loop = cast(EdgeLoop, asyncio.get_running_loop())
        loop.set_task_factory(asyncio.eager_task_factory)
        worker = Worker(node, arguments.index, loop)
        gc.freeze()  # what is loaded now lives as long as the process
        await worker.serve(sockets)

    with asyncio.Runner(loop_factory=EdgeLoop) as runner:
        runner.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
