"""`qinglang events verify|explain|anchor|pack|ship`: exit codes, documents, lines."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest

from gateway.events_cli import register_events
from gateway.ledger import read_anchors
from rules.load import DataError, WorldError
from tests.gateway.event_samples import batch
from tests.gateway.evidence_samples import Archive, archive


def run(*arguments: str | Path) -> int:
    top = argparse.ArgumentParser()
    register_events(top.add_subparsers(required=True))
    options = top.parse_args(list(map(str, arguments)))
    return int(options.run(options))


@pytest.fixture
def made(tmp_path: Path) -> Archive:
    found = archive(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "node.json").write_text(json.dumps({"name": "n1", "data": str(tmp_path)}))
    (tmp_path / "kept.jsonl").write_text("\n".join(found.anchors) + "\n")
    return found


def test_verify(made: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    base = ("events", "verify", "--data", made.data, "--anchors", made.data / "kept.jsonl")
    assert run(*base) == 0
    assert "✓ 未发现篡改" in capsys.readouterr().out
    made.sql("UPDATE events SET host = 'x' WHERE id = 11", "DELETE FROM traces")
    assert run(*base) == 1
    out = capsys.readouterr().out
    assert "✗ 被改 altered 2026-03-01 n1-2026-03-01.sqlite 封 seal 1 events CODE-0004-0002" in out
    assert run(*base, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is False
    assert "CODE-0004-0002" in {one["code"] for one in told["findings"]}
    assert run(*base, "--from", "2026-03-02") == 0
    with pytest.raises(DataError):
        run(*base, "--from", "yesterday")


def test_gaps_fail_only_where_asked(made: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    made.write(batch(40))
    base = ("events", "verify", "--data", made.data)
    assert run(*base) == 0
    assert "缺口 gap" in capsys.readouterr().out
    assert run(*base, "--strict") == 1


def test_anchor_prints_what_verify_reads(made: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "anchor", "--data", made.data) == 0
    paper = capsys.readouterr().out
    (made.data / "paper.txt").write_text(paper)
    assert read_anchors(paper)[0].seq == 3
    base = ("events", "verify", "--data", made.data, "--anchors", made.data / "paper.txt")
    assert run(*base) == 0
    chain = made.data / "ledger" / "chain.jsonl"
    chain.write_text("".join(chain.read_text().splitlines(keepends=True)[:2]))
    capsys.readouterr()
    assert run(*base) == 1
    assert "cut-off" in capsys.readouterr().out


def test_explain_says_what_the_record_lacks(
    made: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match="没有事件"):
        run("events", "explain", "7F3K-9M2X-PQ4A", "--data", made.data)
    with pytest.raises(DataError, match="不是事件编号"):
        run("events", "explain", "x", "--data", made.data)
    assert run("events", "explain", "code00010001", "--data", made.data) == 1
    assert "没有策略快照" in capsys.readouterr().out
    assert run("events", "explain", "CODE-0001-0001", "--data", made.data, "--json") == 1
    assert json.loads(capsys.readouterr().out)["explanation"] is None


def test_pack_writes_two_private_files(made: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    out = made.data / "pack"
    arguments = ("events", "pack", "--data", made.data, "--year", "2026", "--out", out)
    assert run(*arguments) == 0
    told = json.loads((out / "audit-2026.json").read_text())
    assert told["processing"]["events"] == 27
    assert told["processing"]["by_month"] == {"2026-03": 27}
    assert (out / "audit-2026.md").stat().st_mode & 0o777 == 0o600
    made.sql("DELETE FROM events WHERE id = 3")
    assert run(*arguments) == 1


@pytest.mark.parametrize("form", ["ecs", "cef", "parquet"])
def test_exports(made: Archive, form: str) -> None:
    out = made.data / f"out.{form}"
    base = ("events", "export", "--data", made.data, "--format", form)
    assert run(*base, "--out", out) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    if form == "parquet":
        with pytest.raises(WorldError, match="--out"):
            run(*base)
    else:
        assert len(out.read_text().splitlines()) == 27
        with pytest.raises(WorldError, match="events only"):
            run(*base, "--what", "aggregates")


def test_ship_says_what_is_wrong(made: Archive) -> None:
    base = ("events", "ship", "--data", made.data, "--server")
    with pytest.raises(DataError):
        run(*base, "log.example:none")
    with pytest.raises(WorldError):
        run(*base, "127.0.0.1:1")


def test_progress_only_on_a_terminal(
    made: Archive, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("events", "verify", "--data", made.data)
    assert "\r" not in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run("events", "verify", "--data", made.data)
    assert "\r" in capsys.readouterr().err
