"""gateway.dns.server: the real process with the shipped policies, asked over real sockets."""

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset
import pytest

from gateway.dns.core import Counts
from gateway.dns.ruling import Ruling, Treatment
from gateway.dns.server import Minutes, Service, _record, options
from gateway.node import Address
from gateway.orders import Orders
from gateway.reload import Publisher, orders_file
from gateway.usage import Tally
from policies.model import Action, Order, Subject
from policies.moment import at
from rules.model import Basis

ROOT = Path(__file__).resolve().parents[3]


class Upstream(threading.Thread):
    """A resolver that knows every name below .cn and .com."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.address = Address(host="127.0.0.1", port=self.sock.getsockname()[1])
        self.names = []

    def run(self):
        while True:
            data, peer = self.sock.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            name = query.question[0].name
            self.names.append(str(name).lower())
            answer = dns.message.make_response(query)
            answer.answer = [dns.rrset.from_text(name, 60, "IN", "A", "203.0.114.1")]
            self.sock.sendto(answer.to_wire(), peer)

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", self.sock.getsockname())
        self.join()
        self.sock.close()


@pytest.fixture
def upstream():
    server = Upstream()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def running(published, upstream, sockets):
    udp, tcp = sockets("127.0.0.1", socket.AF_INET)
    node = dataclasses.replace(
        published,
        dns=Address(host="127.0.0.1", port=udp.getsockname()[1]),
        dns_upstreams=(upstream.address,),
        resolve=("nas.corp.cn=10.0.0.9",),
    )
    node.write(node.run / "node.json")
    process = start(node, udp, tcp)
    yield node, process
    process.kill()
    process.wait()
    process.stderr.close()
    udp.close()
    tcp.close()


def start(node, udp, tcp):
    ready = node.run / "dns-0.ready"
    ready.unlink(missing_ok=True)
    argv = [sys.executable, "-O", "-m", "gateway.dns.server", "--node", node.run / "node.json"]
    argv += ["--index", "0", "--fd-udp", str(udp.fileno()), "--fd-tcp", str(tcp.fileno())]
    process = subprocess.Popen(
        argv, cwd=ROOT, pass_fds=(udp.fileno(), tcp.fileno()), stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: ready.exists() and ready.read_text().strip() == str(process.pid))
    return process


def wait_for(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def ask(node, name, qtype="A", tcp=False):
    send = dns.query.tcp if tcp else dns.query.udp
    query = dns.message.make_query(name, qtype, use_edns=0)
    found = send(query, node.dns.host, port=node.dns.port, timeout=5)
    return [rdata.to_text() for rrset in found.answer for rdata in rrset], found


@pytest.mark.wire
def test_the_whole_process(running, upstream):
    node, process = running
    for tcp in (False, True):
        blocked, message = ask(node, "gambling.test.qinglang.invalid", tcp=tcp)
        assert blocked == ["0.0.0.0"]
        [reason] = message.options
        assert int(reason.code) == 15
        assert "ambling" in reason.text
        code = reason.text.split()[0]
        assert len(code) == 14, reason.text  # the event's code, as the block page shows it
        assert ask(node, "education.test.qinglang.invalid", tcp=tcp)[0] == ["127.0.0.1"]
        assert ask(node, "www.some-school.cn", tcp=tcp)[0] == ["203.0.114.1"]
        assert ask(node, "nas.corp.cn", tcp=tcp)[0] == ["10.0.0.9"]
        assert ask(node, "mask.icloud.com", tcp=tcp)[1].rcode() == dns.rcode.NXDOMAIN
    assert upstream.names == ["www.some-school.cn."]

    hostile = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with hostile:
        for size in range(200):
            hostile.sendto(os.urandom(size), (node.dns.host, node.dns.port))
    assert ask(node, "education.test.qinglang.invalid")[0] == ["127.0.0.1"]

    order = Order(
        id="o-1",
        action=Action.BLOCK,
        basis=Basis(source="test"),
        issuer="test",
        hosts=("www.some-school.cn",),
        expires=time.time() + 3600,
    )
    Orders(orders_file(node)).add(order)
    assert Publisher(node).publish(time.time()).good
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: ask(node, "www.some-school.cn")[0] == ["0.0.0.0"])

    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    said = process.stderr.read()
    assert "Traceback" not in said
    assert "errors=0" in said


@pytest.mark.wire
def test_without_a_snapshot_it_says_so(tmp_path, published):
    node = dataclasses.replace(published, data=tmp_path, dns=Address(host="127.0.0.1", port=0))
    node.run.mkdir()
    node.write(node.run / "node.json")
    argv = [sys.executable, "-O", "-m", "gateway.dns.server", "--node", node.run / "node.json"]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 3
    assert "snapshot" in ended.stderr
    assert ended.stdout == ""


def test_the_moment_is_made_once_a_second():
    now = [1_788_141_600.2]
    minutes = Minutes(lambda: now[0])
    first = minutes()
    now[0] += 0.5
    assert minutes() is first
    now[0] += 0.5
    assert minutes() is not first
    assert minutes().minute == first.minute


def test_the_command_line():
    found = options(["--node", "n.json", "--index", "3", "--fd-udp", "4", "--fd-tcp", "5"])
    assert (found.node, found.index, found.fd_udp, found.fd_tcp) == (Path("n.json"), 3, 4, 5)


@pytest.mark.parametrize(
    ("problem", "counters", "minutes"),
    [("", ("c", "d"), 1), ("rebinding", ("c",), 1), ("upstream", ("c",), 0), ("", (), 0)],
)
def test_an_answered_name_counts_the_minute(problem, counters, minutes):
    tally, kept = Tally(), []
    recorder = SimpleNamespace(record=lambda *what, **more: kept.append(what) or "code")
    noon = at("2026-09-01T12:00")
    ruling = Ruling(Treatment.PASS, None, Subject(token="t"), None, counters=counters)
    assert _record(recorder, tally, lambda: noon, ruling, problem=problem) == "code"
    assert len(kept) == 1
    later = tally.usage("t", at("2026-09-01T12:01")).minutes
    assert [later.get(f"{name}@day", 0) for name in ("c", *counters)] == [minutes] * (
        1 + len(counters)
    )


def test_counts_become_metrics_once():
    told, metrics = [], SimpleNamespace(dns=lambda what, count: told.append((what, count)))
    service = Service.__new__(Service)
    service.told, service.metrics = {}, metrics
    for hits, foreign in ((2, 0), (2, 0), (5, 1)):
        service._tell(Counts(hits=hits, foreign=foreign))
    assert told == [("hits", 2), ("foreign", 1), ("hits", 3)]
