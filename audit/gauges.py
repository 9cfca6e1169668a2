"""Prometheus gauges of compliance: for a text file that a node exporter reads, or a port.

Values of the last run of each system: never a target's name, never what is wrong with it. A door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, start_http_server, write_to_textfile
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from audit.model import Score

STATES = ("passed", "partial", "failed", "not_applicable", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is shown of one system."""

    system: str
    level: int
    score: Score
    at: float
    overdue: int = 0
    drift: int = 0


def registry(given: Iterable[Measured]) -> CollectorRegistry:
    """The gauges with their values."""
    made = CollectorRegistry()
    names = ["system", "level"]

    def gauge(name: str, text: str, *more: str) -> Gauge:
        return Gauge(f"qinglang_audit_{name}", text, [*names, *more], registry=made)

    floor = gauge("rate_floor", "符合率下限 / rate if all unknown failed")
    ceiling = gauge("rate_ceiling", "符合率上限 / rate if all unknown passed")
    items = gauge("items", "测评项 / items by state", "state")
    high = gauge("high_risks", "高风险 / high risks")
    hazards = gauge("hazards", "重大风险隐患 / major hazards")
    overdue = gauge("repairs_overdue", "逾期整改 / overdue repairs")
    drift = gauge("drift", "上次符合、本次不符合 / passed before and fails now")
    taken = gauge("last_run_timestamp_seconds", "上次运行 / when the last run was")
    for one in given:
        at = (one.system, str(one.level))
        floor.labels(*at).set(one.score.floor)
        ceiling.labels(*at).set(one.score.ceiling)
        for state in STATES:
            items.labels(*at, state).set(getattr(one.score, state))
        high.labels(*at).set(one.score.high_risks)
        hazards.labels(*at).set(one.score.hazards)
        overdue.labels(*at).set(one.overdue)
        drift.labels(*at).set(one.drift)
        taken.labels(*at).set(one.at)
    return made


def write(path: Path, given: Iterable[Measured]) -> None:
    """The text file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry(given))


class Shown(Collector):
    """What a port shows: the gauges of the runs so far, the newest of each system."""

    def __init__(self) -> None:
        self.measured: dict[str, Measured] = {}

    def collect(self) -> Iterable[Metric]:
        """The gauges now."""
        return registry(self.measured.values()).collect()


def serve(port: int, shown: Shown) -> Callable[[], None]:
    """Show the gauges on the loopback; the value ends it."""
    made = CollectorRegistry()
    made.register(shown)
    server, thread = start_http_server(port, addr="127.0.0.1", registry=made)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
