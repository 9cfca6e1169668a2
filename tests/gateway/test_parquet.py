"""Parquet: types and values as in the store; without pyarrow, a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.batch import Aggregate, Event
from gateway.parquet import write_parquet
from rules.load import WorldError
from tests.gateway.event_samples import aggregate, event


def test_events_and_aggregates_read_back(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write_parquet([event(), event(host="清.例", names=())], Event, tmp_path / "e") == 2
    table = parquet.read_table(tmp_path / "e")
    rows = table.to_pylist()
    assert rows[0]["time"].isoformat() == "2026-03-01T12:00:00+08:00"
    assert rows[0]["names"] == ["bet.example", "赌.例"]
    assert rows[0]["signals"] == [["gambling", "hosts", "bet.example", "own", ""]]
    assert (rows[1]["host"], rows[1]["names"]) == ("清.例", [])
    assert (rows[0]["confidence"], rows[0]["port"], rows[0]["action"]) == (0.9, 443, "block")
    assert (tmp_path / "e").stat().st_mode & 0o777 == 0o600
    assert write_parquet([aggregate()], Aggregate, tmp_path / "a") == 1
    assert parquet.read_table(tmp_path / "a").to_pylist()[0]["count"] == 3
    assert write_parquet([], Event, tmp_path / "none") == 0
    assert parquet.read_table(tmp_path / "none").num_rows == 0


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(WorldError, match="qinglang\\[parquet\\]"):
        write_parquet([event()], Event, tmp_path / "e")
