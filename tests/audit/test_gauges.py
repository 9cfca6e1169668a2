"""Gauges: numbers of a run, no names of targets."""

import urllib.request
from pathlib import Path

import pytest

from audit.gauges import Measured, Shown, registry, serve, write
from tests.audit.judged import NOW, made
from tests.audit.sshd_hosts import free_port


def test_the_text_file(tmp_path: Path) -> None:
    one = Measured(system="s", level=3, score=made().score, at=NOW, overdue=2)
    write(tmp_path / "x" / "m.prom", [one])
    text = (tmp_path / "x" / "m.prom").read_text(encoding="utf-8")
    assert 'qinglang_audit_repairs_overdue{level="3",system="s"} 2.0' in text
    assert "web01" not in text
    unknown = {"system": "s", "level": "3", "state": "unknown"}
    assert registry([one]).get_sample_value("qinglang_audit_items", unknown) == made().score.unknown


@pytest.mark.wire
def test_a_port_on_the_loopback() -> None:
    shown, port = Shown(), free_port()
    end = serve(port, shown)
    shown.measured["s"] = Measured(system="s", level=3, score=made().score, at=NOW)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    end()
    assert "qinglang_audit_rate_floor" in text
