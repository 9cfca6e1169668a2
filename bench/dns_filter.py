"""DNS answers per second and core, with full decisions, events and the shipped rules.

Two figures in one run: (1) the real process (`python -O -m gateway.dns.server`, with
its writer) pinned to one core and asked over UDP by this process on another; its own
CPU time per answer is the stable figure, wall-clock answers per second beside it;
(2) parse + decide + answer + record in memory, against dnspython parsing the same
packets and rendering the same answers. (Not named dns.py: that would hide dnspython.)

    python -O bench/dns_filter.py [--queries 60000] [--rules DIR]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.rrset  # noqa: E402

from gateway.authority import ensure_keys  # noqa: E402
from gateway.dns.core import Filter  # noqa: E402
from gateway.dns.judge import Judge  # noqa: E402
from gateway.dns.server import Minutes, make  # noqa: E402
from gateway.events import Recorder  # noqa: E402
from gateway.identity.resolve import Resolver  # noqa: E402
from gateway.node import Address, Node  # noqa: E402
from gateway.reload import Follower, Publisher  # noqa: E402

NAMES = 2000  # of each kind
WINDOW = 48  # queries under way
TICKS = os.sysconf("SC_CLK_TCK")


def packets() -> tuple[list[bytes], list[bytes]]:
    """(blocked, allowed) queries: distinct names, EDNS as stub resolvers send it."""
    blocked = [f"h{n}.gambling.test.qinglang.invalid" for n in range(NAMES)]
    allowed = [f"www.site{n}.example.com" for n in range(NAMES)]
    return (
        [dns.message.make_query(name, "A", use_edns=0).to_wire() for name in blocked],
        [dns.message.make_query(name, "A", use_edns=0).to_wire() for name in allowed],
    )


def upstream(sock: socket.socket) -> None:
    """Answers every A question; ends at an empty datagram."""
    while True:
        data, peer = sock.recvfrom(4096)
        if not data:
            return
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        name = query.question[0].name
        answer.answer = [dns.rrset.from_text(name, 3600, "IN", "A", "203.0.114.1", "203.0.114.2")]
        sock.sendto(answer.to_wire(), peer)


def cpu(pid: int) -> float:
    """User + system seconds of a process so far (all its threads)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def flood(sock: socket.socket, queries: list[bytes]) -> int:
    """Send all with a bounded window; how many answers came."""
    sent = answered = 0
    while answered < len(queries):
        while sent < len(queries) and sent - answered < WINDOW:
            sock.send(queries[sent])
            sent += 1
        if not select.select([sock], [], [], 2.0)[0]:
            return answered
        with contextlib.suppress(BlockingIOError):
            while True:
                sock.recv(2048)
                answered += 1
    return answered


@contextlib.contextmanager
def processes(node: Node) -> Iterator[int]:
    """The writer and the server, pinned to the first core → the server's pid."""
    file = node.run / "node.json"
    node.write(file)
    python = [sys.executable, "-O", "-m"]
    writer = subprocess.Popen([*python, "gateway.writer", "--node", file], cwd=ROOT)
    server = subprocess.Popen(
        [*python, "gateway.dns.server", "--node", file, "--index", "0", "--rate", "0"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    os.sched_setaffinity(server.pid, {min(os.sched_getaffinity(0))})
    ready = node.run / "dns-0.ready"
    try:
        for _ in range(1500):
            if ready.exists():
                break
            time.sleep(0.02)
        yield server.pid
    finally:
        for process in (server, writer):
            process.terminate()
            process.wait(30)


def over_sockets(node: Node, blocked: list[bytes], allowed: list[bytes], count: int) -> None:
    others = os.sched_getaffinity(0) - {min(os.sched_getaffinity(0))}
    assert node.dns is not None
    with processes(node) as pid:
        if others:
            os.sched_setaffinity(0, others)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((node.dns.host, node.dns.port))
            before = cpu(pid)
            cold = flood(sock, allowed)  # fills the cache
            used = cpu(pid) - before
            print(f"asked upstream, nothing cached: {used / cold * 1e6:6.1f} µs CPU each")
            flood(sock, blocked)  # fills every memo
            for title, pool in (
                ("half blocked, half from the cache", blocked + allowed),
                ("blocked", blocked),
                ("from the cache", allowed),
            ):
                queries = random.Random(1).choices(pool, k=count)
                begun, before = time.perf_counter(), cpu(pid)
                answered = flood(sock, queries)
                used, took = cpu(pid) - before, time.perf_counter() - begun
                print(
                    f"{title:36} {answered}/{count} answered  "
                    f"{used / answered * 1e6:6.1f} µs CPU each = {answered / used:8,.0f}/s per core"
                    f"   (wall {answered / took:8,.0f}/s)"
                )


def in_memory(node: Node, blocked: list[bytes], allowed: list[bytes], rounds: int) -> None:
    loaded = Follower(node).load()
    snapshot = loaded.snapshot
    resolver = Resolver(snapshot.prefixes, snapshot.default_subject, b"k" * 32)
    judge = Judge(loaded.base, snapshot, resolver.subject, Minutes(time.time))
    recorder = Recorder(node, role="bench", index=0, start=False, capacity=10**7)
    ours = make(node, judge, recorder, 0)
    plain = [*blocked, *allowed]
    warm(ours, plain)
    best: dict[str, float] = {}
    for _ in range(rounds):  # interleaved, the best of each
        for title, work in (
            ("blocked: parse, decide, answer, record", lambda: [asked(ours, p) for p in blocked]),
            ("dnspython: parse, render the same", lambda: [peer(p, "0.0.0.0") for p in blocked]),
            ("cached: parse, decide, answer, record", lambda: [asked(ours, p) for p in allowed]),
            (
                "dnspython: parse, render the same ",
                lambda: [peer(p, "203.0.114.1") for p in allowed],
            ),
        ):
            begun = time.process_time()
            work()
            used = (time.process_time() - begun) / NAMES * 1e6
            best[title] = min(used, best.get(title, used))
    figures = list(best.items())
    for (title, mine), (other, theirs) in (figures[:2], figures[2:]):
        print(f"{title:40} {mine:6.1f} µs")
        print(f"{other:40} {theirs:6.1f} µs   ratio {mine / theirs:.2f}")


def asked(ours: Filter, packet: bytes) -> bytes:
    found = ours.answer(packet, "10.1.2.3", "10.0.0.53", tcp=False)
    if not isinstance(found, bytes):
        raise SystemExit("not answered at once: the cache was cold")
    return found


def warm(ours: Filter, queries: list[bytes]) -> None:
    import asyncio

    async def ask_all() -> None:
        for packet in queries:
            found = ours.answer(packet, "10.1.2.3", "10.0.0.53", tcp=False)
            if asyncio.iscoroutine(found):
                await found

    asyncio.run(ask_all())


def peer(packet: bytes, address: str) -> bytes:
    """What dnspython alone costs for the same answer; no decision, no record."""
    query = dns.message.from_wire(packet)
    answer = dns.message.make_response(query, recursion_available=True)
    answer.answer = [dns.rrset.from_text(query.question[0].name, 30, "IN", "A", address)]
    return answer.to_wire()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--queries", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=Path, action="append", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, socket.socket(type=socket.SOCK_DGRAM) as behind:
        behind.bind(("127.0.0.1", 0))
        threading.Thread(target=upstream, args=(behind,), daemon=True).start()
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        node = Node(
            name="bench",
            data=Path(folder),
            rules=tuple(options.rules),
            dns=Address(host="127.0.0.1", port=port),
            dns_upstreams=(Address(host="127.0.0.1", port=behind.getsockname()[1]),),
        )
        node.run.mkdir()
        ensure_keys(node.data / "keys")
        publication = Publisher(node).publish(time.time())
        if not publication.good:
            raise SystemExit("\n".join(publication.problems))
        print("; ".join(publication.notes))
        blocked, allowed = packets()
        in_memory(node, blocked, allowed, options.rounds)
        over_sockets(node, blocked, allowed, options.queries)
        with socket.socket(type=socket.SOCK_DGRAM) as end:
            end.sendto(b"", behind.getsockname())


if __name__ == "__main__":
    main()
