"""The engine in this process, over real loopback sockets, with everything around it handed in.

`Lab` runs the door's listeners and one scripted origin in an event loop of its own
thread. Rules and policies are the shipped ones plus a few names; events are caught
before they would leave for the writer.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway import authority
from gateway.appeals import AppealDesk, Appeals
from gateway.background import load_background
from gateway.destinations import Destinations
from gateway.identity.resolve import Resolver
from gateway.mitm.door import Door, hook_table
from gateway.mitm.filter import Filter, InForce
from gateway.mitm.loop import EdgeLoop
from gateway.mitm.recheck import Recheck
from gateway.mitm.requests import Requests
from gateway.mitm.tls import Authority, Upstream
from gateway.mitm.tunnel import Tunnels
from gateway.node import Address, Listener, ListenerKind, Node
from gateway.outflow.examine import Examiner
from gateway.page.maker import PageMaker
from gateway.page.ticket import Tickets
from gateway.pipeline import Outcome
from gateway.rewrite.safesearch import SafeSearch
from policies.compile import compile_policies
from policies.load import load_policies
from policies.model import Subject
from rules.asking import open_asked
from rules.base import RuleBase
from rules.compile import build
from rules.model import Facts

NAMES = {
    "www.allowed.example": "education",
    "www.blocked.example": "gambling",
    "www.warned.example": "fandom",
    "www.bank.example": "banking",
    "www.google.com": "search",
    "www.video.example": "video",
    "www.school.example": "school-apps",
    "www.baidu.com": "search",
    "html.duckduckgo.com": "search",
    "translate.google.com": "translation",
    "chat.deepseek.com": "education",
    "chat.qwen.ai": "fandom",
}
CERTIFIED = (  # the other names, www.allowed.example apart, get its certificate: a wrong one
    "www.baidu.com",
    "html.duckduckgo.com",
    "translate.google.com",
    "chat.deepseek.com",
    "chat.qwen.ai",
)
UNLISTED = "www.unlisted.example"
ORIGIN = "127.0.0.2"
SCHOOL = """\
id: lab
title: {zh: 测试, en: Lab}
scope: school
prefixes:
  - {prefix: 127.0.5.0/24, stage: senior, tier: 16-18}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One recorded exchange."""

    facts: Facts
    subject: Subject
    outcome: Outcome
    problem: str
    bytes_down: int


@dataclass
class Ledger:
    """Stands where the Recorder stands: keeps what it is told."""

    seen: list[Seen] = field(default_factory=list)
    codes: int = 0

    def reserve(self) -> str:
        self.codes += 1
        return f"CODE-{self.codes:04d}"

    def record(
        self,
        facts: Facts,
        subject: Subject,
        outcome: Outcome,
        *,
        problem: str = "",
        bytes_down: int = 0,
        code: str = "",
        **_: Any,
    ) -> str:
        self.seen.append(Seen(facts, subject, outcome, problem, bytes_down))
        return code or self.reserve()


class Lab:
    """A running engine. `answer` is what the origin sends to the next requests."""

    names = NAMES
    school = SCHOOL

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self.asked: list[bytes] = []  # what reached the origin
        self.answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.ports: dict[ListenerKind, int] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.loop: EdgeLoop | None = None
        self.door: Door
        self.origin_port = 0
        self.tls_port = 0
        self.ca = folder / "ca" / "qinglang-ca.pem"
        self._prepare()
        self._thread.start()
        if not self._ready.wait(60):
            raise RuntimeError("the lab did not start")

    def _prepare(self) -> None:
        from datetime import UTC, datetime

        lists = self.folder / "lists" / "lab"
        lists.mkdir(parents=True)
        rows = "".join(f"{host} {category}\n" for host, category in self.names.items())
        (lists / "hosts.txt").write_text(rows)
        (lists / "source.yaml").write_text(
            "id: lab\ntitle: {zh: 测试, en: Lab}\nformat: starter\nfiles: [hosts.txt]\n"
            "licence: own\nsource: tests\n"
        )
        policy = self.folder / "policy" / "schools"
        policy.mkdir(parents=True)
        (policy / "lab.yaml").write_text(self.school)
        (self.folder / "none").mkdir()
        build(self.folder, [self.folder / "lists"], shipped=self.folder / "none")
        authority.ensure(self.folder / "ca", datetime.now(UTC))
        self.origin_ca = authority.ensure(self.folder / "origin-ca", datetime.now(UTC))
        self.base = RuleBase.open(self.folder / "rulebase")
        self.snapshot = compile_policies(
            load_policies([self.folder / "policy"]),
            categories=self.base.categories,
            rulebase=self.base.hash,
        )

    def examiner(self) -> Examiner | None:
        """What reads bodies on their way out; None: nobody does."""
        return None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=EdgeLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, EdgeLoop):
            raise TypeError("not our loop")
        loop.set_task_factory(asyncio.eager_task_factory)
        self.loop = loop
        self._stop = asyncio.Event()
        self._servers: list[asyncio.Server] = []
        origin = await asyncio.start_server(self._origin, ORIGIN, 0)
        self.origin_port = origin.sockets[0].getsockname()[1]
        secure = await asyncio.start_server(self._origin, ORIGIN, 0, ssl=self._origin_tls())
        self.tls_port = secure.sockets[0].getsockname()[1]
        await self._engine(loop)
        self._servers += [origin, secure]
        self._ready.set()
        await self._stop.wait()
        for connection in list(self.door.connections):
            connection.end()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0.1)

    def _origin_tls(self) -> ssl.SSLContext:
        """An origin certificate for all the names, signed by a root of the lab's own."""
        pem = (self.folder / "origin-ca" / authority.Generation.CURRENT).read_bytes()
        signer = Authority(pem)
        key = ec.generate_private_key(ec.SECP256R1())
        signer._leaf_key = key
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

        def named(host: str) -> ssl.SSLContext:
            path = self.folder / f"{host}.pem"
            path.write_bytes(private + signer.leaf(host).public_bytes(serialization.Encoding.PEM))
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(path)
            return made

        others: dict[str, ssl.SSLContext] = {}

        def choose(sock: ssl.SSLObject, host: str | None, _: ssl.SSLContext) -> None:
            if host in CERTIFIED:
                others[host] = others.get(host) or named(host)
                sock.context = others[host]

        context = named("www.allowed.example")
        context.sni_callback = choose
        self.origin_context = context
        return context

    async def _engine(self, loop: EdgeLoop) -> None:
        listeners = tuple(
            Listener(
                kind=kind,
                address=Address(host="127.0.0.1", port=0),
                clients=("127.0.0.0/8",),
                proxy_protocol=kind is ListenerKind.TRANSPARENT,
            )
            for kind in ListenerKind
        )
        node = Node(
            name="lab",
            data=self.folder,
            open_destinations=(
                Address(host=ORIGIN, port=self.origin_port),
                Address(host=ORIGIN, port=self.tls_port),
            ),
        )
        destinations = Destinations(node)
        loop.destinations = destinations
        loop.static = dict.fromkeys([*self.names, UNLISTED], ORIGIN) | {
            "inwards.example": "127.0.0.1"
        }
        force = InForce(
            base=self.base,
            snapshot=self.snapshot,
            resolver=Resolver(self.snapshot.prefixes, self.snapshot.default_subject, b"k" * 32),
            pages=PageMaker.load(self.base.categories),
            asked=open_asked(self.base.path),
            outflow=self.examiner(),
        )
        self.filter = Filter(
            force=force,
            recorder=self.ledger,  # type: ignore[arg-type]
            metrics=None,
            tickets=Tickets(b"t" * 32),
            destinations=destinations,
            background=load_background(),
            desk=AppealDesk(Appeals(self.folder / "appeals.jsonl")),
        )
        pem = (self.folder / "ca" / authority.Generation.CURRENT).read_bytes()
        roots = self.folder / "origin-ca" / "qinglang-ca.pem"
        self.tunnels = Tunnels(self.filter, Authority(pem), Upstream(roots))
        hooks = hook_table(self.filter, self.tunnels, Requests(self.filter, SafeSearch.load()))
        self.door = Door(self.filter, hooks, listeners)
        self.recheck = Recheck(self.filter, lambda: self.door.connections)
        for listener in listeners:
            sock = socket.create_server(("127.0.0.1", 0))
            self.ports[listener.kind] = sock.getsockname()[1]
            self._servers.append(
                await asyncio.start_server(
                    functools.partial(self.door.accepted, listener), sock=sock
                )
            )

    async def _origin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._origin_answer(reader, writer)

    async def _origin_answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer every request with `answer`, as it stands."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.asked.append(head)
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            writer.close()

    def close(self) -> None:
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.base.close()

    def look(self) -> None:
        """What a worker does every two seconds: look at all that is open."""
        if self.loop is not None:
            asyncio.run_coroutine_threadsafe(self.recheck.round(), self.loop).result(10)

    # talking to it

    def reset(self) -> None:
        """Begin anew, once what the last test left open has ended (half a second at most)."""
        end = time.monotonic() + 0.5
        while self.door.connections and time.monotonic() < end:
            time.sleep(0.005)
        self.ledger.seen.clear()
        self.asked.clear()
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def connect(
        self, kind: ListenerKind = ListenerKind.EXPLICIT, source: str = "127.0.0.1"
    ) -> socket.socket:
        return socket.create_connection(
            ("127.0.0.1", self.ports[kind]), timeout=10, source_address=(source, 0)
        )

    def say(self, data: bytes, kind: ListenerKind = ListenerKind.EXPLICIT) -> bytes:
        """Send raw bytes and read all that comes back until the gateway closes."""
        with self.connect(kind) as sock:
            sock.sendall(data)
            return everything(sock)

    def get(self, url: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
        """A request through the explicit proxy on a connection of its own."""
        host = url.split("/", 3)[2]
        lines = [f"{method} {url} HTTP/1.1", f"Host: {host}", *headers, "Connection: close"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return self.say("\r\n".join([*lines, "", ""]).encode() + body)

    def url(self, name: str, path: str = "/") -> str:
        return f"http://{name}:{self.origin_port}{path}"

    def settled(self, count: int) -> list[Seen]:
        """The recorded exchanges, once there are `count` (or after two seconds)."""
        self.until(lambda: len(self.ledger.seen) >= count)
        time.sleep(0.05)
        return list(self.ledger.seen)

    def until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + 15
        while not done() and time.monotonic() < end:
            time.sleep(0.01)

    def tunnel(self, target: str, kind: ListenerKind = ListenerKind.EXPLICIT) -> socket.socket:
        """A CONNECT tunnel to HOST:PORT, established."""
        sock = self.connect(kind)
        sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = sock.recv(4096)
            if not more:
                break
            head += more
        if b" 200 " not in head.split(b"\r\n")[0]:
            sock.close()
            raise ConnectionRefusedError(head.decode("latin-1"))
        return sock

    def client_tls(self, *alpn: str) -> ssl.SSLContext:
        """A client that trusts our CA and the origin's."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_verify_locations(str(self.folder / "origin-ca" / "qinglang-ca.pem"))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def issuer(self, sock: ssl.SSLSocket) -> str:
        """Who signed the certificate we were shown: `ours` or `origin`."""
        der = sock.getpeercert(binary_form=True) or b""
        shown = x509.load_der_x509_certificate(der)
        ours = x509.load_pem_x509_certificate(self.ca.read_bytes())
        try:
            shown.verify_directly_issued_by(ours)
        except Exception:
            return "origin"
        return "ours"


def everything(sock: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    found = b""
    while True:
        try:
            more = sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            return found
        if not more:
            return found
        found += more


def status(answer: bytes) -> int:
    """The status code of a raw answer; 0 where there is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[0].startswith(b"HTTP/") else 0
