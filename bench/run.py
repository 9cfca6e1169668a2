"""The measured figures: CPU per request against peers, in one interleaved run.

    .venv/bin/python -O bench/run.py [--rounds N] [--list csv:PATH] [--long] [--json]

Rounds are interleaved (every system does every case in each), because a machine that is
busy for a minute must not be busy for one system alone. The table shows medians of
milliseconds of CPU per request, and ratios to stock mitmdump. All traffic is on loopback.
What is measured and what is not: bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import origin as origins
from bench import systems
from bench.load import Load
from bench.systems import MissingError, Origin, System

PROXY_CORE, LOAD_CORE = 0, 1
FLAT = 1.05  # memory after the first fifth of a long run may vary by this factor
LATENCY_RATE = 80.0  # requests per second, far below what any of them can do


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of work. `target` is the ratio to `peer` that we promise."""

    id: str
    title: str
    requests: int
    peer: str = "mitmdump -q"
    target: float | None = None


CASES = (
    Case(id="http", title="50 KiB page, HTTP keep-alive", requests=1000, target=0.5),
    Case(id="https", title="50 KiB page, HTTPS keep-alive", requests=800, target=0.6),
    Case(id="new", title="1 KiB, new HTTPS connection", requests=200, target=0.65),
    Case(
        id="pass",
        title="1 KiB, passed by name, new connection",
        requests=300,
        peer="mitmdump --ignore-hosts",
        target=1.0,
    ),
    Case(id="block", title="blocked page, HTTP keep-alive", requests=1000),
)


@dataclass(slots=True)
class Figures:
    """What was measured: (system, case) → ms of CPU per request, one per round."""

    cpu: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    latency: dict[str, dict[str, float]] = field(default_factory=dict)
    memory: list[tuple[int, int]] = field(default_factory=list)

    def median(self, system: str, case: str) -> float | None:
        found = self.cpu.get((system, case))
        return statistics.median(found) if found else None


def loads(system: System, origin: Origin) -> Mapping[str, Load]:
    """Each case as a load for one system."""
    plain = Load(
        kind="http",
        proxy=("127.0.0.1", system.port),
        host=system.host,
        port=origin.http,
        path="/page",
        requests=0,
        length=origins.PAGE,
        ca=str(system.ca),
        core=LOAD_CORE,
    )
    secure = replace(plain, kind="https", port=origin.https)
    small = replace(secure, path="/small", length=origins.SMALL, per_connection=1)
    blocked = replace(
        plain, host="gambling.test.qinglang.invalid", port=80, path="/", status=403, length=-1
    )
    passed = replace(small, host=system.private, ca=str(origin.root))
    return {"http": plain, "https": secure, "new": small, "pass": passed, "block": blocked}


def apply(load: Load) -> dict[str, Any]:
    """Run the load generator in a process of its own."""
    program = Path(__file__).with_name("load.py")
    argv = [sys.executable, "-O", str(program), json.dumps(asdict(load))]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return dict(json.loads(done.stdout))


def measure(system: System, case: Case, load: Load, figures: Figures) -> None:
    """One round of one case: ms of CPU per request; a round with errors does not count."""
    before = system.cpu()
    told = apply(replace(load, requests=case.requests))
    spent = system.cpu() - before
    if told["errors"]:
        figures.errors.setdefault(f"{system.name}: {case.id}", []).extend(told["samples"])
        return
    key = (system.name, case.id)
    figures.cpu.setdefault(key, []).append(1000 * spent / told["requests"])


def interleaved(
    running: list[System], origin: Origin, rounds: int, say: Callable[[str], None]
) -> Figures:
    figures = Figures()
    for system in running:  # what is done once (certificates, caches) is not measured
        for case in CASES:
            if case.id in system.cases:
                apply(replace(loads(system, origin)[case.id], requests=40))
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        order = running[number % len(running) :] + running[: number % len(running)]
        for case in CASES:
            for system in order:
                if case.id in system.cases:
                    measure(system, case, loads(system, origin)[case.id], figures)
    return figures


def latencies(running: list[System], origin: Origin, seconds: float) -> dict[str, dict[str, float]]:
    """p50 and p99 in ms at a fixed moderate rate."""
    found: dict[str, dict[str, float]] = {}
    for system in running:
        if "http" in system.cases:
            load = loads(system, origin)["http"]
            count = int(LATENCY_RATE * seconds)
            told = apply(replace(load, requests=count, rate=LATENCY_RATE, connections=16))
            if told["requests"]:
                found[system.name] = {q: 1000 * told[q] for q in ("p50", "p99")}
                found[system.name]["errors"] = told["errors"]
    return found


def memory(
    system: System, origin: Origin, requests: int, say: Callable[[str], None]
) -> list[tuple[int, int]]:
    """(requests so far, bytes of the process tree), a mix of all cases, in ten steps."""
    seen = [(0, system.resident())]
    kinds = loads(system, origin)
    shares = {"http": 0.4, "https": 0.3, "new": 0.1, "pass": 0.1, "block": 0.1}
    for step in range(10):
        for case, share in shares.items():
            told = apply(replace(kinds[case], requests=int(requests * share / 10)))
            if told["errors"]:
                raise RuntimeError(f"{case}: {told['samples']}")
        seen.append((requests * (step + 1) // 10, system.resident()))
        say(f"{seen[-1][0]} requests: {seen[-1][1] / 1e6:.0f} MB")
    return seen


def started(
    stack: ExitStack, folder: Path, origin: Origin, ca: Path, hosts: Path | None
) -> Iterator[System | str]:
    """Every system that is installed here; a sentence for one that is not."""
    makers: dict[str, Callable[[Path], System]] = {
        "ours": lambda home: systems.ours(home, origin, PROXY_CORE, hosts),
        "mitmdump": lambda home: systems.mitmdump(home, origin, PROXY_CORE),
        "passing": lambda home: systems.mitmdump(home, origin, PROXY_CORE, passing=True),
        "squid": lambda home: systems.squid(home, origin, PROXY_CORE, ca),
        "splice": lambda home: systems.squid(home, origin, PROXY_CORE, ca, passing=True),
        "e2guardian": lambda home: systems.e2guardian(home, origin, PROXY_CORE),
    }
    for name, make in makers.items():
        home = folder / name
        home.mkdir()
        try:
            system = make(home)
        except MissingError as missing:
            if name in ("ours", "mitmdump", "passing"):
                raise
            yield str(missing)
            continue
        stack.callback(system.stop)
        yield system


def table(figures: Figures, names: list[str]) -> Iterator[str]:
    """The report, as lines."""
    yield f"{'ms of CPU per request':<40}" + "".join(f"{name:>25}" for name in names)
    for case in CASES:
        cells = []
        for name in names:
            value = figures.median(name, case.id)
            cells.append(f"{'–' if value is None else f'{value:.3f}':>25}")
        yield f"{case.title:<40}" + "".join(cells)
    yield ""
    for case in CASES:
        ratio = figures.median("qinglang", case.id), figures.median(case.peer, case.id)
        if case.target is not None and ratio[0] is not None and ratio[1]:
            found = ratio[0] / ratio[1]
            word = "holds" if found <= case.target else "MISSED"
            yield (
                f"{case.title:<40}{found:>6.2f} × {case.peer}, promised ≤ {case.target:.2f}: {word}"
            )
    if figures.latency:
        yield f"\nlatency at {LATENCY_RATE:.0f} requests/s, 50 KiB, HTTP keep-alive (ms)"
        for name, late in figures.latency.items():
            yield f"  {name:<28} p50 {late['p50']:7.2f}   p99 {late['p99']:7.2f}"
    for name, samples in figures.errors.items():
        yield f"! {name}: {sorted(set(samples))[:3]}"


def misses(figures: Figures) -> list[str]:
    """Cases whose promise is not held, or that could not be measured at all."""
    found = []
    for case in CASES:
        own, peer = figures.median("qinglang", case.id), figures.median(case.peer, case.id)
        if own is None or (case.target is not None and (not peer or own / peer > case.target)):
            found.append(case.id)
    if figures.memory and not flat(figures.memory):
        found.append("memory")
    return found


def flat(seen: list[tuple[int, int]]) -> bool:
    """Has memory stopped growing after the first fifth (caches fill there)?"""
    return max(size for _, size in seen[3:]) <= FLAT * seen[2][1]


def document(figures: Figures, names: list[str], notes: list[str]) -> dict[str, Any]:
    """The whole run as one JSON document."""
    return {
        "notes": notes,
        "load": os.getloadavg(),
        "systems": names,
        "cpu_ms": {f"{name}/{case}": values for (name, case), values in figures.cpu.items()},
        "missed": misses(figures),
        "latency_ms": figures.latency,
        "memory": figures.memory,
        "errors": figures.errors,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="CPU per request against peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--list", metavar="csv:PATH", help="a large list: host, categories")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each latency run")
    parser.add_argument("--long", action="store_true", help="memory over 100,000 requests")
    parser.add_argument("--requests", type=int, default=100_000, help="of --long")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 every promise holds, 1 one is missed, 2 bad input, 3 it cannot be measured."""
    options = arguments()
    hosts = None
    if options.list:
        kind, _, path = options.list.partition(":")
        hosts = Path(path)
        if kind != "csv" or not hosts.is_file():
            print(f"--list {options.list}: give csv:PATH of an existing file", file=sys.stderr)
            return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("two cores are needed: one for the proxy, one for the load", file=sys.stderr)
        return 3

    def say(text: str) -> None:
        if sys.stderr.isatty():
            print(text, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="qinglang-bench-") as place, ExitStack() as stack:
        folder = Path(place)
        folder.chmod(0o755)  # servers that give up root must enter it
        (folder / "origin").mkdir()
        origin, process, ca, source = origins.start(folder / "origin", LOAD_CORE)
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        running: list[System] = []
        notes = [f"origin: {source}"]
        try:
            for found in started(stack, folder, origin, ca, hosts):
                if isinstance(found, str):
                    notes.append(found)
                    continue
                running.append(found)
                notes += [found.note] if found.note else []
        except MissingError as missing:
            print(missing, file=sys.stderr)
            return 3
        names = [system.name for system in running]
        figures = interleaved(running, origin, options.rounds, say)
        figures.latency = latencies(running, origin, options.seconds)
        if options.long:
            figures.memory = memory(running[0], origin, options.requests, say)
        if options.json:
            print(json.dumps(document(figures, names, notes), ensure_ascii=False, indent=1))
        else:
            print("\n".join([*notes, "", *table(figures, names)]))
            for count, size in figures.memory:
                print(f"  after {count:>7} requests {size / 1e6:7.1f} MB")
            if figures.memory:
                print(f"  memory: {'flat' if flat(figures.memory) else 'GROWS'}")
    return 1 if misses(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
