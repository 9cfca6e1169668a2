"""Events, ledger and retention as the folder holds them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from audit.probes.gateway import kept
from rules.load import WorldError
from tests.audit.own_samples import NOW, compliant, node


def test_events_and_their_ledger(tmp_path: Path) -> None:
    compliant(tmp_path)
    said = kept.events(tmp_path, NOW)
    assert (said["days"], said["oldest_day"], said["lost"]) == (1, "2026-03-01", 0)
    assert said["listed"] == 27
    assert all(said["complete"].values())
    chain, anchors = kept.chain(node(tmp_path), tmp_path)
    found = kept.ledger(node(tmp_path), tmp_path, chain(), anchors(), NOW, time.monotonic() + 60)
    assert (found["holds"], found["anchors"], found["anchored_elsewhere"]) == (True, 1, True)
    assert found["rows"] > 27


def test_an_altered_row_and_a_cut_off_end_are_found(tmp_path: Path) -> None:
    made = compliant(tmp_path)
    made.sql("UPDATE events SET host = 'x' WHERE id = 3")
    copy = tmp_path / "ledger" / "chain.jsonl"
    copy.write_text("\n".join(copy.read_text().splitlines()[:-3]) + "\n")
    chain, anchors = kept.chain(node(tmp_path), tmp_path)
    found = kept.ledger(node(tmp_path), tmp_path, chain(), anchors(), NOW, time.monotonic() + 60)
    assert found["holds"] is False
    assert "altered 2026-03-01" in found["findings"]
    assert "chain" in found["findings"]


def test_a_signer_apart_keeps_its_anchors_to_itself(tmp_path: Path) -> None:
    compliant(tmp_path)
    apart = node(tmp_path, signer=Path("/run/signer.sock"))
    chain, anchors = kept.chain(apart, tmp_path)
    found = kept.ledger(apart, tmp_path, chain(), anchors(), NOW, time.monotonic() + 60)
    assert (found["signer_apart"], found["anchored_elsewhere"]) == (True, None)


def test_out_of_time_is_said(tmp_path: Path) -> None:
    compliant(tmp_path)
    chain, anchors = kept.chain(node(tmp_path), tmp_path)
    with pytest.raises(WorldError, match="not verified"):
        kept.ledger(node(tmp_path), tmp_path, chain(), anchors(), NOW, 0.0)


def test_no_events_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kept.events(tmp_path, NOW)
    (tmp_path / "events").mkdir()
    said = kept.events(tmp_path, NOW)
    assert (said["days"], said["newest"], said["complete"], said["kept_days"]) == (0, None, None, 0)


def test_retention(tmp_path: Path) -> None:
    assert kept.retention(tmp_path)["floor_months"] == 6
    assert kept.retention(tmp_path)["written"] is False
