"""The whole node as a command: it starts, filters, reloads, survives, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.node import Address, Node
from gateway.settings import Machine, Settings, plan
from gateway.sockets import Opened, bound
from gateway.up import child_environment, clean_run, data_folders, running, specs

ROOT = Path(__file__).resolve().parents[2]
ANY = "127.0.0.1:0"


def test_the_children_of_a_node(tmp_path: Path) -> None:
    asked = Settings(data=tmp_path, workers=8, socks=(Address.parse("127.0.0.1:1080"),))
    node = plan(asked, Machine(name="n", cores=1)).node
    socks, udp, tcp = (socket.socket() for _ in range(3))
    opened = Opened(node=node, listeners=(socks,), dns_udp=udp, dns_tcp=tcp, metrics=None)
    try:
        found = specs(node, tmp_path / "node.json", opened)
        names = [spec.name for spec in found]
        workers = [f"worker-{i}" for i in range(8)]
        services = ["dns-0", "dns-1", "usage", "signer"]
        assert names == ["writer", "care", "identity", *workers, *services]
        ranked = {spec.name: spec.rank for spec in found if spec.rank}
        assert ranked == {"writer": 1, "identity": 1, "usage": 1, "signer": 2}
        worker = found[3]
        listeners = json.loads(worker.argv[worker.argv.index("--listeners") + 1])
        assert listeners == [{"fd": socks.fileno(), "kind": "socks5", "listener": 0}]
        assert worker.fds == (socks.fileno(),)
        assert "-O" in worker.argv
        assert not found[0].follows
    finally:
        opened.close()


def test_children_see_little_of_our_environment(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "HTTP_PROXY": "http://x", "LD_PRELOAD": "x", "PYTHONPATH": "/x"}
    found = child_environment(Node(name="n", data=tmp_path), inherited)
    assert found["PATH"] == "/bin"
    assert found["PYTHONPATH"] == str(ROOT)
    assert not {"HTTP_PROXY", "LD_PRELOAD"} & set(found)


def test_cleaning_removes_a_run_s_files_and_never_data(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path)
    data_folders(node)
    for name in ("worker-0.ready", "writer.sock", "supervisor.pid", "node.json"):
        (node.run / name).write_text("x")
    (node.run / "metrics").mkdir()
    (node.run / "metrics" / "counter_1.db").write_text("x")
    (node.data / "orders.jsonl").write_text("x")
    clean_run(node)
    assert sorted(p.name for p in node.run.iterdir()) == ["metrics", "node.json"]
    assert list((node.run / "metrics").iterdir()) == []
    assert (node.data / "orders.jsonl").exists()
    assert running(node) == 0


class Gateway:
    """`qinglang up` as a process."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.out, self.err = data.with_name("out"), data.with_name("err")
        argv = [sys.executable, "-m", "audit.cli", "up", "--data", str(data)]
        argv += ["--dns-upstream", "127.0.0.1:9", "--workers", "1", *options]
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=err)

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 90
        while not true():
            said = self.out.read_text() + self.err.read_text()
            assert time.monotonic() < deadline, said
            assert self.process.poll() is None or true(), said
            time.sleep(0.05)

    def ready(self) -> str:
        self.until(lambda: "Ctrl-C" in self.out.read_text())
        return self.out.read_text()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "audit.cli", *words, "--data", str(self.data)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )

    def curl(self, *words: str) -> str:
        node = Node.read(self.data / "run" / "node.json")
        argv = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20"]
        done = subprocess.run(
            [*argv, "-x", f"http://{node.listeners[0].address}", *words],
            capture_output=True,
            text=True,
        )
        return done.stdout

    def children(self) -> dict[str, int]:
        told = json.loads(self.command("gateway", "status", "--json").stdout)
        return {one["name"]: one["pid"] for one in told["children"]}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    own = tmp_path / "own" / "stages"
    own.mkdir(parents=True)
    shutil.copy(ROOT / "policies" / "stages" / "junior.yaml", own)
    folder = ("--policy", str(tmp_path / "own"))
    made = Gateway(tmp_path / "var", "--proxy", ANY, "--dns", ANY, "--metrics", ANY, *folder)
    yield made
    made.process.send_signal(signal.SIGTERM)
    try:
        made.process.wait(timeout=45)
    except subprocess.TimeoutExpired:
        made.process.kill()
        made.process.wait()


BLOCKED = "http://gambling.test.qinglang.invalid/"
ALLOWED = "http://education.test.qinglang.invalid/"


@pytest.mark.wire
@pytest.mark.timeout(300)
def test_a_node_s_whole_life(gateway: Gateway, tmp_path: Path) -> None:
    text = gateway.ready()
    assert re.search(r"snapshot: [0-9a-f]{16}", text)
    assert [gateway.curl(url) for url in (BLOCKED, ALLOWED)] == ["403", "200"]
    secure = BLOCKED.replace("http:", "https:")
    assert gateway.curl("--cacert", str(gateway.data / "ca" / "qinglang-ca.pem"), secure) == "403"

    # another start on the same folder is refused
    again = gateway.command("up", "--proxy", ANY, "--dns", ANY, "--metrics", ANY)
    assert (again.returncode, "another gateway" in again.stderr) == (3, True)

    # a bad policy is refused with its place, and the old one stays in force
    bad = tmp_path / "own" / "stages" / "bad.yaml"
    bad.write_text("id: bad\ncolour: red\n")
    refused = gateway.command("gateway", "reload")
    assert refused.returncode == 2
    assert f"{bad}:2:1" in refused.stderr
    assert gateway.command("gateway", "status").returncode == 1
    assert gateway.curl(BLOCKED) == "403"
    bad.unlink()
    assert gateway.command("gateway", "reload").returncode == 0

    # a killed worker and another CA: replaced, the port answers all the time
    old = gateway.children()
    os.kill(old["worker-0"], signal.SIGKILL)
    assert gateway.curl(BLOCKED) == "403"
    gateway.until(lambda: gateway.children()["worker-0"] not in (0, old["worker-0"]))
    assert gateway.command("gateway", "ca", "rotate").returncode == 0
    killed = gateway.children()["worker-0"]
    assert gateway.command("gateway", "ca", "activate").returncode == 0
    gateway.until(lambda: gateway.children()["worker-0"] not in (0, killed))
    assert gateway.curl("--cacert", str(gateway.data / "ca" / "qinglang-ca.pem"), secure) == "403"

    # what was stored is sealed, signed, anchored and holds; a page's code is explained
    code = json.loads(gateway.command("events", "tail", "--json", "-n", "1").stdout)["events"][0]
    gateway.until((gateway.data / "ledger" / "chain.jsonl").exists)
    report = json.loads(gateway.command("events", "verify", "--json").stdout)
    assert (report["findings"], report["checkpoints"] > 0) == ([], True)
    why = json.loads(gateway.command("events", "explain", code["code"], "--json").stdout)
    assert (why["problem"], why["same_decision"]) == ("", True)

    # the end: nothing left behind
    last = gateway.children()
    gateway.process.send_signal(signal.SIGINT)
    assert gateway.process.wait(timeout=60) == 0
    assert not [pid for pid in last.values() if Path(f"/proc/{pid}").exists()]
    left = {p.name for p in (gateway.data / "run").iterdir()}
    assert not [name for name in left if name.endswith((".pid", ".sock", ".ready", ".tmp"))]


@pytest.mark.wire
@pytest.mark.timeout(300)
def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = bound(other)
        made = Gateway(tmp_path / "var", "--proxy", str(taken), "--dns", ANY, "--metrics", ANY)
        assert made.process.wait(timeout=90) == 3
    assert f"{taken}: 端口已被占用" in made.err.read_text()


@pytest.mark.wire
@pytest.mark.timeout(300)
def test_children_of_a_killed_supervisor_end(gateway: Gateway) -> None:
    gateway.ready()
    pids = gateway.children().values()
    gateway.process.kill()
    gateway.process.wait()
    deadline = time.monotonic() + 60

    def living() -> list[int]:
        return [pid for pid in pids if _state(pid) not in ("", "Z")]

    while living():
        assert time.monotonic() < deadline, living()
        time.sleep(0.1)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
