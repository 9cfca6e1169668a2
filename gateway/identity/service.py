"""The identity service: `python -O -m gateway.identity.service --node FILE`, one per node.

The one writer of who is behind an address: it hears RADIUS accounting and the portal,
asks the directory for proxy logins and the OIDC provider, reads the imported tables,
follows the policies' address plans, keeps the sealed table of names, and tells all
followers of this node. Everything it thinks is done in Book, Sessions, Receiver and Gate;
here are sockets, files, threads and the clock, and one lock (the hub's) around every change.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from gateway import oplog
from gateway.authority import read_keys
from gateway.identity import feed, ways_in
from gateway.identity.api import Api
from gateway.identity.book import Book, day
from gateway.identity.carry import Carrier
from gateway.identity.files import NAMES, PLAIN, Folder
from gateway.identity.follow import PSEUDONYMS, SOCKET
from gateway.identity.hub import Hub
from gateway.identity.known import LDAP, Bound
from gateway.identity.names import Name, Names
from gateway.identity.portal import Gate, Login
from gateway.identity.pseudonyms import load
from gateway.identity.radius import Heard, Receiver
from gateway.identity.seal import NAMES_KEY, Seal, ensure_key
from gateway.identity.senders import clients
from gateway.identity.sessions import Sessions
from gateway.node import Node
from gateway.reload import CURRENT, in_force
from gateway.writer import alone
from policies.compile import Snapshot
from policies.model import Subject
from rules.load import DataError, WorldError

if TYPE_CHECKING:
    from gateway.metrics import Metrics

LOOK = 0.5  # seconds between looks at expiry and files
KEEP = 5.0  # seconds between writings of what a restart needs
STATUS = "identity.json"
API_KEY = "identity-api.key"
RECEIVE = 4 * 1024 * 1024  # bytes the kernel may queue: a school bell logs everybody in


class Service:
    """All of one node's identity. `run` returns after `stop`."""

    def __init__(self, node: Node, metrics: Metrics | None = None) -> None:
        """Raises WorldError on keys and files, DataError on a bad secrets file."""
        keys = node.data / "keys"
        names_key = ensure_key(keys / NAMES_KEY)
        self.node = node
        self.metrics = metrics
        self.receiver = Receiver(clients(node))
        self.folder = Folder(node.data / "identity", Seal(names_key))
        self.names = Names(self.folder.path / NAMES, names_key)
        self.carrier = Carrier(node, names_key, put=self._carried)
        self._pseudonym = read_keys(keys).pseudonym
        self._rings = keys / PSEUDONYMS
        self.book = Book(load(self._rings, self._pseudonym), Sessions(node.identity_timeout))
        self.gate = Gate(ensure_key(keys / API_KEY), node.identity_timeout)
        self.hub = Hub(node.run / SOCKET, self._everything)
        self.logins = ways_in.logins(node, self.logged_in)
        self.pages = ways_in.pages(node, self.portal, self.asked_for)
        self.heard = dict.fromkeys(Heard, 0)
        self.asked: dict[str, int] = {}
        self.last_heard = 0.0
        self.problems: tuple[str, ...] = ()
        self._over = threading.Event()
        self._stamps: tuple[object, ...] = ()
        self._dirty = False
        self._kept_at = 0.0
        self._told: dict[str, Any] = {}
        self._take_back(time.time())
        self.look(time.time())

    # -- what is heard -------------------------------------------------------

    def radius(self, data: bytes, source: str, now: float) -> bytes:
        """One datagram; the answer, empty where there is none."""
        with self.hub.lock:
            result, packet = self.receiver.receive(data, source, now)
            if packet is not None and result is Heard.ACCEPTED and packet.accounting is not None:
                changed = self.book.sessions.hear(packet.accounting, now)
                if changed is None:
                    result = Heard.IGNORED
                else:
                    self._changed(changed, now)
            self.heard[result] += 1
            if packet is not None:
                self.last_heard = now
        if self.metrics is not None:
            self.metrics.radius(result)
        return packet.answer if packet is not None else b""

    def portal(self, said: Login, now: float) -> bool:
        """A login or logout; False where there is no room for it."""
        with self.hub.lock:
            sessions = self.book.sessions
            if said.user:
                changed = sessions.login(
                    said.address,
                    said.user,
                    school=said.school,
                    seconds=said.seconds,
                    now=now,
                    traits=said.traits,
                )
            else:
                changed = sessions.logout(said.address)
            self._changed(changed or frozenset(), now)
            return changed is not None

    def logged_in(self, user: str, traits: Mapping[str, str], address: str, now: float) -> Subject:
        """Who said the right password on a connection from this address."""
        with self.hub.lock:
            answer = self.book.person(user, traits, address, LDAP, 0.0, now)
            self._remember([answer.name])
        return answer.bound.subject

    def asked_for(self, result: str) -> None:
        """Count what became of a portal's request."""
        with self.hub.lock:
            self.asked[result] = self.asked.get(result, 0) + 1

    # -- what is told --------------------------------------------------------

    def _changed(self, names: Iterable[str], now: float) -> None:
        """Tell who holds these names now. Under the lock."""
        rows, people = self._rows(names, now)
        if rows:
            self._dirty = True
            self._remember(people)
            self.hub.tell(feed.sessions_frame(rows, first=False))

    def _rows(self, names: Iterable[str], now: float) -> tuple[dict[str, Bound | None], list[Name]]:
        rows: dict[str, Bound | None] = {}
        people: list[Name] = []
        for name in names:
            answer = self.book.answer(name, now)
            rows[name] = answer.bound if answer is not None else None
            if answer is not None:
                people.append(answer.name)
        return rows, people

    def _remember(self, people: Iterable[Name]) -> None:
        try:
            self.names.put_all(people)
        except WorldError as error:  # a full disk must not stop filtering
            logger.error("identity: {}", error)

    def _carried(self, people: list[Name]) -> None:
        with self.hub.lock:
            self._remember(people)

    def _everything(self) -> Iterable[bytes]:
        yield feed.ring_frame()
        yield feed.tables_frame(self.book.tables, self.book.rows)
        rows, _ = self._rows(self.book.sessions.names(), time.time())
        yield feed.sessions_frame(rows, first=True)

    def _tell_all(self, now: float) -> None:
        """What everybody is depends on what has changed: tell it all again."""
        _, people = self._rows(self.book.sessions.names(), now)
        self._remember(people)
        for frame in self._everything():
            self.hub.tell(frame)

    # -- what is looked at ---------------------------------------------------

    def look(self, now: float) -> None:
        """Expiry, and whatever files changed."""
        with self.hub.lock:
            self._changed(self.book.sessions.expire(now), now)
            stamps = (
                self.folder.stamp(),
                _stamp(self._rings.glob("*.json")),
                in_force(self.node).snapshot,
                day(now),
            )
            if stamps != self._stamps:
                self._stamps = stamps
                self._read(now)

    def _read(self, now: float) -> None:
        """Read keys, address plans and tables anew; what is wrong leaves what was."""
        problems: list[str] = []
        try:
            self.book.ring = load(self._rings, self._pseudonym)
            self.carrier.rotated(self.book.ring.epochs, now)
            for one in self.names.rotated(self.book.ring.epochs):
                logger.warning(
                    "identity: pseudonyms of school {!r} rotated to epoch {} by {}: {}",
                    *(one.school, one.number, one.issuer, one.reason),
                )
        except WorldError as error:
            problems.append(str(error))
        try:
            link = self.node.snapshot / CURRENT
            shot = Snapshot.from_json(link.read_text(encoding="utf-8"))
            self.book.place(shot.prefixes, shot.default_subject)
        except (OSError, ValueError, DataError) as error:
            problems.append(f"{self.node.snapshot}: {error}")
        found = self.folder.read(day(now))
        problems += map(str, found.problems)
        self._remember(self.book.adopt(found.roster, found.hosts, found.prefixes, now))
        if found.plain_roster:
            problems.append(
                f"{self.folder.path / PLAIN}: 明文姓名，请导入后删除"
                " / names in plain text: `qinglang identity import roster` it, then delete it"
            )
        self.problems = tuple(problems)
        for problem in problems[:20]:
            logger.warning("identity: {}", problem)
        self._tell_all(now)

    # -- what is kept --------------------------------------------------------

    def keep(self) -> None:
        """Write what a restart needs, if it changed."""
        with self.hub.lock:
            if not self._dirty:
                return
            remembered = list(self.receiver.remembered)
            state = {"sessions": self.book.sessions.dump(), "remembered": remembered}
            self._dirty = False
        try:
            self.folder.keep(state)
        except OSError as error:
            self._dirty = True
            logger.error("identity: sessions are not kept: {}", error)

    def _take_back(self, now: float) -> None:
        try:
            kept = self.folder.kept()
            if kept:
                self.book.sessions.restore(kept["sessions"], now)
                self.receiver.remembered = dict.fromkeys(map(bytes, kept["remembered"]))
        except (ValueError, KeyError, TypeError) as error:
            logger.error("identity: begins without sessions: {}", error)

    def status(self) -> dict[str, Any]:
        """identity.json: counts alone, nobody's name or address."""
        with self.hub.lock:
            sources: dict[str, int] = {}
            for one in self.book.sessions:
                sources[one.source] = sources.get(one.source, 0) + 1
            return {
                "pid": os.getpid(),
                "radius": str(self.node.radius or ""),
                "api": str(self.node.identity_api or ""),
                "sessions": sources,
                "heard": {str(result): count for result, count in self.heard.items()},
                "asked": dict(self.asked),
                "directory": self.node.directory is not None,
                "logins": dict(self.logins.counts) if self.logins is not None else {},
                "last_heard": self.last_heard,
                "persons": len(self.book.roster.persons),
                "hosts": len(self.book.hosts),
                "prefixes": len(self.book.rows),
                "rotations": len(self.book.ring.epochs),
                "followers": self.hub.followers,
                "problems": list(self.problems[:100]),
            }

    def _tell_status(self) -> None:
        told = self.status()
        if told == self._told:
            return
        self._told = told
        path = self.node.run / STATUS
        fresh = path.with_suffix(".tmp")
        with suppress(OSError):
            fresh.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            fresh.replace(path)

    # -- running -------------------------------------------------------------

    def stop(self) -> None:
        self._over.set()

    def run(self, radius: socket.socket | None, api: socket.socket | None) -> None:
        """Serve until stopped, on sockets that are bound already."""
        self.hub.open()
        if radius is not None:
            threading.Thread(target=self._listen, args=(radius,), daemon=True).start()
        server = None
        if api is not None:
            server = Api(api, self)
            server.start()
        if self.logins is not None:
            self.logins.start()
        ready = self.node.run / "identity.ready"
        try:
            while not self._over.is_set():
                self.turn(time.time(), ready)
                self._over.wait(LOOK)
        finally:
            if server is not None:
                server.shutdown()
                server.server_close()
            if radius is not None:
                radius.close()
            if self.logins is not None:
                self.logins.close()
            if self.pages is not None:
                self.pages.close()
            self.carrier.wait(5)
            self.keep()
            self.hub.close()
            self.names.close()
            ready.unlink(missing_ok=True)

    def turn(self, now: float, ready: Path) -> None:
        """One look, one heartbeat."""
        self.look(now)
        self.carrier.turn(self.book.ring, self.book.plan, self.names.path)
        if abs(now - self._kept_at) >= KEEP:
            self._kept_at = now
            self.keep()
        self._tell_status()
        with suppress(OSError):
            ready.write_text(f"{os.getpid()}\n", encoding="ascii")

    def _listen(self, radius: socket.socket) -> None:
        radius.setblocking(True)
        with suppress(OSError):
            radius.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE)
        while not self._over.is_set():
            try:
                data, source = radius.recvfrom(65_536)
            except OSError:
                if self._over.is_set():
                    return
                continue
            try:
                answer = self.radius(data, str(source[0]), time.time())
                if answer:
                    with suppress(OSError):
                        radius.sendto(answer, source)
            except Exception:  # the outermost door: this datagram is lost, the next may not be
                logger.exception("identity: a datagram of {} bytes", len(data))
                if self.metrics is not None:
                    self.metrics.failure("identity")


def _stamp(paths: Iterable[Path]) -> tuple[tuple[str, int], ...]:
    found = []
    for path in sorted(paths):
        with suppress(OSError):
            found.append((path.name, path.stat().st_mtime_ns))
    return tuple(found)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 stopped on request · 2 bad data · 3 the world failed."""
    parser = argparse.ArgumentParser(prog="python -m gateway.identity.service")
    parser.add_argument("--node", type=Path, required=True)
    parser.add_argument("--fd-radius", type=int, default=-1)
    parser.add_argument("--fd-api", type=int, default=-1)
    options = parser.parse_args(argv)
    oplog.set_up()
    os.umask(0o077)
    try:
        node = Node.read(options.node)
        with alone(node.run / "identity.lock"):
            service = Service(node, _metrics())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: service.stop())
            service.run(_inherited(options.fd_radius), _inherited(options.fd_api))
    except DataError as error:
        logger.error("identity: {}", error)
        return 2
    except (WorldError, OSError) as error:
        logger.error("identity: {}", error)
        return 3
    return 0


def _inherited(number: int) -> socket.socket | None:
    return socket.socket(fileno=number) if number >= 0 else None


def _metrics() -> Metrics | None:
    """Figures, where the supervisor gave a folder for them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return None
    from gateway.metrics import Metrics

    return Metrics()


if __name__ == "__main__":
    sys.exit(main())
