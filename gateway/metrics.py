"""The gateway's figures for Prometheus: many processes write, the supervisor shows them.

Each process has one Metrics; in the multi-process mode of prometheus-client (the
folder named by PROMETHEUS_MULTIPROC_DIR, set before this module is imported) it
writes memory-mapped files in `<data>/run/metrics`, which `render` sums. No label
ever carries a user, an address, a domain or a URL; school ids are capped.
This module is a door: it writes those files and serves HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from gateway.describe import Key
from gateway.node import Address, Node

type Page = Callable[[], tuple[str, bytes]]
"""A page served beside /metrics: () → (media type, body)."""

MOST_SCHOOLS = 300  # further school ids are counted as `other`
MOST_VALUES = 200  # distinct values of any other label
BUCKETS = (1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1)

_COUNTERS = {  # name: text, labels
    "decisions": ("Exchanges decided", "action", "layer", "category", "school"),
    "bytes": ("Bytes passed", "direction"),
    "identity_resolved": ("Exchanges by how the subject was known", "source"),
    "dns_queries": ("DNS queries answered", "action"),
    "bypass": ("Exchanges passed uninspected", "reason"),
    "tls_failures": ("TLS handshakes that failed", "reason"),
    "events_dropped": ("Exchanges of which only a count is kept", "reason"),
    "event_spill": ("Batches not stored at once", "fate"),
    "event_store_damaged": ("Event files moved aside", "reason"),
    "reload": ("Reloads of rules and policy", "result"),
    "failures": ("Faults of our own", "place"),
    "radius_packets": ("RADIUS accounting packets", "result"),
    "tunnels_cut": ("Open connections cut because their verdict or person changed", "action"),
    "dns": ("DNS messages by what became of them", "what"),
    "outflow": ("Bodies read for personal data on their way out, by what followed", "what"),
    "usage_lost": ("Marks on quotas that could not be kept", "reason"),
}


class Metrics:
    """One process's counters. Methods are cheap: label children are bound once and kept."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """`registry` defaults to a new one; in multi-process mode the files are what counts."""
        self.registry = registry or CollectorRegistry()
        self._children: dict[tuple[str, ...], Counter] = {}
        self._values: dict[str, set[str]] = {}
        self._loaded = 0.0
        self._revision = ("", "")
        self._counters = {
            name: Counter(f"qinglang_{name}", text, labels, registry=self.registry)
            for name, (text, *labels) in _COUNTERS.items()
        }
        self._duration = Histogram(
            "qinglang_decision_duration_seconds",
            "Recognition and decision of one stage",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._flows = self._gauge("flows_active", "Flows in progress", "livesum")
        self._length = self._gauge("event_queue_length", "Events not yet delivered", "livesum")
        self._age = self._gauge("policy_age_seconds", "Since the policy was loaded", "livemax")
        self._policy = self._gauge(
            "policy_revision", "The policy in force", "livemax", "snapshot", "rulebase"
        )
        self._calendar = self._gauge(
            "calendar_unknown", "1 while this year's holidays are not announced", "livemax"
        )
        self._unsigned = self._gauge("seals_unsigned", "Seals that wait for the signer", "livesum")
        self._build = self._gauge("build_info", "Version of the product", "max", "version")

    def decided(self, key: Key, sums: Sequence[int]) -> None:
        """Exchanges of one kind: (exchanges, bytes up, bytes down). The Recorder calls it.

        The action counted is the one enforced: in monitor mode a block counts as observe.
        """
        self._bound(
            "decisions", key.enforced, key.layer, key.category or "none", key.school or "none"
        ).inc(sums[0])
        self._bound("identity_resolved", key.source or "none").inc(sums[0])
        if key.layer == "dns":
            self._bound("dns_queries", key.enforced).inc(sums[0])
        if sums[1]:
            self._bound("bytes", "up").inc(sums[1])
        if sums[2]:
            self._bound("bytes", "down").inc(sums[2])

    def took(self, seconds: float) -> None:
        """One decision took this long (about 4 µs to note in multi-process mode)."""
        self._duration.observe(seconds)

    def flow(self, change: int) -> None:
        """A flow began (+1) or ended (-1)."""
        self._flows.inc(change)

    def bypass(self, reason: str) -> None:
        """An exchange passed uninspected: pinned, privacy, fail-open, ..."""
        self._bound("bypass", reason).inc()

    def tls_failure(self, reason: str) -> None:
        """A handshake failed: client-alert, bad-cert, upstream, ..."""
        self._bound("tls_failures", reason).inc()

    def dropped(self, reason: str, count: int) -> None:
        """Events of which only a count is kept: queue, keys, disk. The Recorder calls it."""
        self._bound("events_dropped", reason).inc(count)

    def spilled(self, fate: str) -> None:
        """A batch was spilled, lost, replayed or rejected. Recorder and writer call it."""
        self._bound("event_spill", fate).inc()

    def damaged(self, reason: str) -> None:
        """An event file was moved aside. The writer calls it."""
        self._bound("event_store_damaged", reason).inc()

    def failure(self, place: str) -> None:
        """A fault of our own was caught at an outermost door."""
        self._bound("failures", place).inc()

    def radius(self, result: str) -> None:
        """A RADIUS packet was accepted, or why not. The identity service calls it."""
        self._bound("radius_packets", result).inc()

    def reload(self, result: str, snapshot: str, rulebase: str, now: float) -> None:
        """Something was loaded, or refused: the hashes in force now, or empty where unchanged."""
        self._bound("reload", result).inc()
        if snapshot and self._revision != (snapshot, rulebase):
            if self._revision != ("", ""):
                self._policy.labels(*self._revision).set(0)
            self._policy.labels(snapshot, rulebase).set(1)
            self._revision = (snapshot, rulebase)
            self._loaded = now
        if self._loaded:
            self._age.set(now - self._loaded)

    def cut(self, action: str) -> None:
        """An open connection was cut: its verdict has become this action, or its person is gone."""
        self._bound("tunnels_cut", action).inc()

    def usage_lost(self, count: int) -> None:
        """Marks on quotas could not be kept until the usage service heard them."""
        self._bound("usage_lost", "pending").inc(count)

    def outflow(self, what: str) -> None:
        """One body that was read before it left."""
        self._bound("outflow", what).inc()

    def unsigned(self, seals: int) -> None:
        """So many seals of stored events wait for the signer."""
        self._unsigned.set(seals)

    def dns(self, what: str, count: int) -> None:
        """So many DNS messages more came to this: hits, foreign, rebinding …"""
        self._bound("dns", what).inc(count)

    def calendar(self, *, known: bool) -> None:
        """Whether the holidays around today have been announced."""
        self._calendar.set(0 if known else 1)

    def flushed(self, now: float, waiting: int) -> None:
        """The Recorder's heartbeat: how many Events wait, and how old the policy is."""
        self._length.set(waiting)
        if self._loaded:
            self._age.set(now - self._loaded)

    def built(self, version: str) -> None:
        """The version of the product; the supervisor calls it once."""
        self._build.labels(version).set(1)

    def _gauge(self, name: str, text: str, mode: str, *labels: str) -> Gauge:
        return Gauge(
            f"qinglang_{name}",
            text,
            labels,
            registry=self.registry,
            multiprocess_mode=mode,  # type: ignore[arg-type]
        )

    def _bound(self, name: str, *values: str) -> Counter:
        """The child of these label values; values beyond the cap become `other`."""
        labels = _COUNTERS[name][1:]
        key = (name, *map(self._capped, labels, values))
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._counters[name].labels(*key[1:])
        return child

    def _capped(self, label: str, value: str) -> str:
        known = self._values.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= (MOST_SCHOOLS if label == "school" else MOST_VALUES):
            return "other"
        value = str(value)[:64]
        known.add(value)
        return value


def render(folder: Path) -> bytes:
    """The sum of all processes' figures, as Prometheus reads them."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget(folder: Path, pid: int) -> None:
    """A process ended: its gauges count no more (its counters do)."""
    mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]


class _Handler(BaseHTTPRequestHandler):
    """GET and HEAD of a fixed table of pages; nothing else."""

    pages: Mapping[str, Page]
    timeout = 10  # seconds a client may take to say what it wants
    server_version = "qinglang"
    sys_version = ""

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        if page is None:
            return self.send_error(404)
        try:
            media_type, body = page()
        except OSError:
            return self.send_error(503)
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
        return None

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: access to the figures is not an event."""


class _Server6(ThreadingHTTPServer):
    address_family = AF_INET6


def serve(
    node: Node, address: Address, pages: Mapping[str, Page] | None = None
) -> tuple[ThreadingHTTPServer, threading.Thread]:
    """Serve /metrics (and `pages`, by path) in a thread, until `server.shutdown()`.

    Port 0 asks the system for one: see `server.server_address`. Raises OSError
    where the address cannot be had.
    """
    folder = node.run / "metrics"
    table: dict[str, Page] = {
        "/metrics": lambda: (CONTENT_TYPE_PLAIN_0_0_4, render(folder)),
        **(pages or {}),
    }
    handler = type("Handler", (_Handler,), {"pages": table})
    kind = _Server6 if ":" in address.host else ThreadingHTTPServer
    server = kind((address.host, address.port), handler)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    return server, thread
