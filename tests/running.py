"""A real gateway for the end-to-end tests: `qinglang up` as a process, watched from outside.

Everything a test asks of it goes through what a person has too: its ports, its
command line, its status file and its metrics. Nothing of the gateway is imported here
but the shape of node.json.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.node import Address, ListenerKind, Node

COMMAND = Path(sys.executable).with_name("qinglang")
START = 90.0  # seconds; two busy cores compile rules slowly
STOP = 45.0
SETTLE = 20.0


class NotRunningError(Exception):
    """The gateway did not start or did not stop; carries its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What curl got."""

    status: int
    version: str
    headers: dict[str, str]
    body: bytes
    exit: int
    connect: int = 0  # the status of CONNECT, where there was one

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running gateway."""

    process: subprocess.Popen[bytes]
    folder: Path
    node: Node
    origins_ca: Path

    @property
    def data(self) -> Path:
        return self.folder / "var"

    @property
    def ca(self) -> Path:
        return self.data / "ca" / "qinglang-ca.pem"

    def listener(self, kind: ListenerKind, *, behind_balancer: bool = False) -> Address:
        return next(
            one.address
            for one in self.node.listeners
            if one.kind is kind and one.proxy_protocol is behind_balancer
        )

    @property
    def proxy(self) -> Address:
        return self.listener(ListenerKind.EXPLICIT)

    @property
    def dns(self) -> Address:
        if self.node.dns is None:
            raise NotRunningError("this gateway has no DNS")
        return self.node.dns

    def status(self) -> dict[str, Any]:
        return dict(json.loads((self.data / "run" / "status.json").read_text()))

    def children(self, prefix: str = "worker") -> dict[str, int]:
        """Name → pid of the children in service."""
        return {
            one["name"]: int(one["pid"])
            for one in self.status()["children"]
            if one["name"].startswith(prefix) and one["pid"]
        }

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics, by its name with labels."""
        with urllib.request.urlopen(f"http://{self.node.metrics}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in pairs}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `qinglang … --data DIR` to its end."""
        argv = [str(COMMAND), *words, "--data", str(self.data)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120)

    def counts(self) -> dict[str, Any]:
        """`qinglang events count --json`."""
        done = self.command("events", "count", "--json")
        if done.returncode:
            raise NotRunningError(done.stderr)
        return dict(json.loads(done.stdout))

    def settled(self, least: int, patience: float = SETTLE) -> dict[str, Any]:
        """The counts once at least `least` exchanges are in and nothing more arrives."""
        until = time.monotonic() + patience
        before: dict[str, Any] = {}
        while True:
            now = self.counts()
            quiet = now == before and not now["spilled_batches"]
            if quiet and now["exchanges"] >= least:
                return now
            if time.monotonic() > until:
                return now
            before = now
            time.sleep(0.4)

    def events(self) -> list[dict[str, Any]]:
        """All Events, oldest first."""
        done = self.command("events", "export", "--format", "jsonl")
        if done.returncode:
            raise NotRunningError(done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def aggregates(self) -> list[dict[str, Any]]:
        done = self.command("events", "export", "--format", "jsonl", "--what", "aggregates")
        if done.returncode:
            raise NotRunningError(done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def memory(self) -> int:
        """Resident bytes of all workers (private and shared, from smaps_rollup)."""
        return sum(resident(pid) for pid in self.children().values())

    def log(self, last: int = 8000) -> str:
        return (self.folder / "up.log").read_text(errors="replace")[-last:]

    def curl(
        self,
        url: str,
        *options: str,
        source: str = "",
        proxy: Sequence[str] | None = None,
        trust: Path | None = None,
        seconds: int = 30,
    ) -> Answer:
        """One URL with the real curl, through the HTTP proxy unless `proxy` says otherwise."""
        way = ["-x", f"http://{self.proxy}"] if proxy is None else list(proxy)
        if source:
            way += ["--interface", source]
        return curl(url, "--cacert", str(trust or self.ca), *way, *options, seconds=seconds)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop as Ctrl-C does. Raises NotRunningError unless it ends well with nothing left."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise NotRunningError(f"did not stop in {STOP} s:\n{self.log()}") from None
        if code:
            raise NotRunningError(f"ended with {code}:\n{self.log()}")
        if left := leftovers(self.data):
            raise NotRunningError(f"left behind: {left}\n{self.log()}")


def curl(url: str, *options: str, seconds: int = 30, within: Sequence[str] = ()) -> Answer:
    """One URL with the real curl; no proxy of the environment, no ~/.curlrc.

    `within` is a command that runs it, such as `ip netns exec NAME`.
    """
    mark = "\n--qinglang-test--"
    shape = "%{http_code} %{http_version} %{http_connect} %{header_json}"
    argv = ["curl", "-q", "-sS", "--noproxy", "", "--max-time", str(seconds)]
    done = subprocess.run(
        [*within, *argv, "-w", mark + shape, *options, url],
        capture_output=True,
        env=environment(),
        timeout=seconds + 20,
    )
    body, _, told = done.stdout.rpartition(mark.encode())
    code, version, connect, headers = told.decode("utf-8", "replace").split(" ", 3)
    return Answer(
        status=int(code),
        version=version,
        connect=int(connect),
        headers={name: ", ".join(values) for name, values in _headers(headers).items()},
        body=body,
        exit=done.returncode,
    )


def _headers(text: str) -> dict[str, list[str]]:
    """curl's %{header_json}, of which curl 7.88 writes some strings with bare quotes."""
    try:
        return {name.lower(): list(values) for name, values in json.loads(text).items()}
    except ValueError:
        pairs = re.findall(r'"([^"\n]+)":\["(.*)"\]', text)
        return {name.lower(): [value] for name, value in pairs}


def environment() -> dict[str, str]:
    """Our environment without proxies, which would lead around the gateway."""
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}


def resident(pid: int) -> int:
    """Resident bytes of one process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(re.finditer(r"^Rss:\s+(\d+) kB", text, re.M))[1]) * 1024


def leftovers(data: Path) -> list[str]:
    """Processes that still name the data folder, and run files that should be gone."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if f"{data}/" in words:
            found.append(f"pid {entry.parent.name}: {words[:200]!r}")
    for pattern in ("*.ready", "*.sock", "*.pid"):
        found += [str(path) for path in (data / "run").glob(pattern)]
    return found


def start(folder: Path, origins_ca: Path, options: Iterable[str]) -> Gateway:
    """Start `qinglang up` in `folder` and wait until it serves. Raises NotRunningError."""
    data = folder / "var"
    argv = [str(COMMAND), "up", "--data", str(data), "--trusted-ca", str(origins_ca), *options]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=folder,
            process_group=0,
        )
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        if "Ctrl-C" in (folder / "up.log").read_text(errors="replace"):
            node = Node.read(data / "run" / "node.json")
            return Gateway(process=process, folder=folder, node=node, origins_ca=origins_ca)
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise NotRunningError((folder / "up.log").read_text(errors="replace")[-6000:])
