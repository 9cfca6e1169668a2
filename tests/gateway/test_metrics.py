"""The figures: names, capped labels, nothing personal, and many processes as one."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import MOST_SCHOOLS, Metrics, forget, render, serve
from gateway.node import Address, Node
from policies.model import Action
from rules.model import Stage
from tests.gateway.event_samples import FACTS, PUPIL, Sink, outcome, recorder

FORBIDDEN = {"user", "token", "ip", "address", "client", "host", "domain", "url", "path", "name"}

CHILD = """
import sys
from gateway.metrics import Metrics
from tests.gateway.test_metrics import Sink, recorder, FACTS, PUPIL, outcome, Action
from pathlib import Path
metrics = Metrics()
events = recorder(Path("."), Sink(), metrics=metrics)
for _ in range(int(sys.argv[1])):
    events.record(FACTS, PUPIL, outcome(Action.BLOCK), bytes_down=10)
events.flush()
metrics.flow(+1); metrics.took(1e-5); metrics.reload("ok", "s" + sys.argv[1], "r", 5.0)
print(__import__("os").getpid())
"""


def values(text: bytes) -> dict[tuple[str, ...], float]:
    """(name, label values …) → value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_recorder_counts_decisions_bytes_and_identities(tmp_path: Path) -> None:
    metrics = Metrics()
    events = recorder(tmp_path, Sink(), metrics=metrics)
    for _ in range(3):
        events.record(FACTS, PUPIL, outcome(Action.ALLOW), bytes_up=1, bytes_down=100)
    events.record(FACTS, PUPIL, outcome(Action.BLOCK, enforced=Action.OBSERVE))
    events.record(replace(FACTS, stage=Stage.DNS), PUPIL, outcome(Action.BLOCK))
    events.flush()
    found = values(generate_latest(metrics.registry))
    decisions = "qinglang_decisions_total"
    assert found[decisions, "allow", "none", "request", "s1"] == 3
    assert found[decisions, "observe", "gambling", "request", "s1"] == 1
    assert found[decisions, "block", "gambling", "dns", "s1"] == 1
    assert found["qinglang_bytes_total", "down"] == 300
    assert found["qinglang_identity_resolved_total", "radius"] == 5
    assert found["qinglang_dns_queries_total", "block"] == 1


def test_dropped_events_are_counted_by_reason(tmp_path: Path) -> None:
    metrics = Metrics()
    events = recorder(tmp_path, Sink(), metrics=metrics, capacity=1)
    for _ in range(4):
        events.record(FACTS, PUPIL, outcome(Action.BLOCK))
    events.flush()
    found = values(generate_latest(metrics.registry))
    assert found["qinglang_events_dropped_total", "queue"] == 3
    assert sum(v for key, v in found.items() if key[0] == "qinglang_decisions_total") == 4


def test_every_name_of_the_reference_is_there() -> None:
    metrics = Metrics()
    metrics.bypass("pinned")
    metrics.tls_failure("bad-cert")
    metrics.failure("worker")
    metrics.damaged("corrupt")
    metrics.spilled("spilled")
    metrics.dropped("queue", 1)
    metrics.reload("ok", "s", "r", 1.0)
    metrics.flushed(5.0, 7)
    metrics.built("0.1.0")
    metrics.cut("block")
    metrics.usage_lost(3)
    metrics.calendar(known=False)
    metrics.unsigned(4)
    metrics.dns("hits", 2)
    names = {family.name for family in metrics.registry.collect()}
    assert {
        f"qinglang_{name}"
        for name in (
            "decisions",
            "decision_duration_seconds",
            "flows_active",
            "bytes",
            "bypass",
            "tls_failures",
            "policy_revision",
            "policy_age_seconds",
            "events_dropped",
            "event_queue_length",
            "event_spill",
            "identity_resolved",
            "build_info",
            "dns_queries",
            "reload",
            "tunnels_cut",
            "usage_lost",
            "seals_unsigned",
            "dns",
            "calendar_unknown",
        )
    } <= names
    found = values(generate_latest(metrics.registry))
    assert found["qinglang_policy_age_seconds",] == 4.0
    assert found["qinglang_event_queue_length",] == 7.0
    assert found["qinglang_usage_lost_total", "pending"] == 3
    assert found["qinglang_calendar_unknown",] == 1
    assert found["qinglang_seals_unsigned",] == 4
    assert found["qinglang_dns_total", "hits"] == 2
    metrics.calendar(known=True)
    assert values(generate_latest(metrics.registry))["qinglang_calendar_unknown",] == 0


def test_no_label_tells_who_or_where_to(tmp_path: Path) -> None:
    metrics = Metrics()
    events = recorder(tmp_path, Sink(), metrics=metrics)
    events.record(FACTS, PUPIL, outcome(Action.BLOCK))
    events.flush()
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    assert not FORBIDDEN & {label for sample in samples for label in sample.labels}
    assert "bet.example" not in generate_latest(metrics.registry).decode()
    assert PUPIL.token not in generate_latest(metrics.registry).decode()


def test_schools_beyond_the_cap_are_one(tmp_path: Path) -> None:
    metrics = Metrics()
    events = recorder(tmp_path, Sink(), metrics=metrics)
    for number in range(MOST_SCHOOLS + 50):
        events.record(FACTS, replace(PUPIL, school=f"s{number}"), outcome(Action.ALLOW))
    events.flush()
    found = values(generate_latest(metrics.registry))
    schools = {key[4]: v for key, v in found.items() if key[0] == "qinglang_decisions_total"}
    assert len(schools) == MOST_SCHOOLS + 1
    assert schools["other"] == 50


def test_a_new_policy_replaces_the_old() -> None:
    metrics = Metrics()
    metrics.reload("ok", "s1", "r1", 1.0)
    metrics.reload("refused", "", "", 2.0)
    metrics.reload("ok", "s2", "r1", 3.0)
    found = values(generate_latest(metrics.registry))
    assert found["qinglang_policy_revision", "r1", "s1"] == 0
    assert found["qinglang_policy_revision", "r1", "s2"] == 1
    assert found["qinglang_reload_total", "ok"] == 2


@pytest.mark.wire
def test_the_figures_of_all_processes_are_served_as_one(tmp_path: Path) -> None:
    node = Node(name="n1", data=tmp_path)
    folder = node.run / "metrics"
    folder.mkdir(parents=True)
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": "."}
    pids = []
    for count in ("2", "3"):
        command = [sys.executable, "-c", CHILD, count]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        pids.append(int(done.stdout))
    address = Address(host="127.0.0.1", port=0)
    server, thread = serve(node, address, {"/x.pac": lambda: ("text/plain", b"hello")})
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with urllib.request.urlopen(f"{base}/metrics", timeout=20) as answer:
            found = values(answer.read())
            assert answer.headers["Content-Type"].startswith("text/plain; version=")
        with urllib.request.urlopen(f"{base}/x.pac?y", timeout=20) as answer:
            assert (answer.read(), answer.headers["Content-Type"]) == (b"hello", "text/plain")
        for path in ("/", "/metrics/..", "/etc/passwd"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(base + path, timeout=20)
            assert refused.value.code == 404
            refused.value.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert sum(v for key, v in found.items() if key[0] == "qinglang_decisions_total") == 5
    assert found["qinglang_flows_active",] == 2
    for pid in pids:
        forget(folder, pid)
    assert values(render(folder)).get(("qinglang_flows_active",), 0.0) == 0
