"""Gauges: numbers of a run, no names of targets."""

from pathlib import Path

from audit.gauges import Measured, registry, write
from tests.audit.judged import NOW, made


def test_the_text_file(tmp_path: Path) -> None:
    one = Measured(system="s", level=3, score=made().score, at=NOW, overdue=2)
    write(tmp_path / "x" / "m.prom", [one])
    text = (tmp_path / "x" / "m.prom").read_text(encoding="utf-8")
    assert 'qinglang_audit_repairs_overdue{level="3",system="s"} 2.0' in text
    assert "web01" not in text
    unknown = {"system": "s", "level": "3", "state": "unknown"}
    assert registry([one]).get_sample_value("qinglang_audit_items", unknown) == made().score.unknown
