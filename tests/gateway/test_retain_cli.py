"""`qinglang events retain`, on day files and on a database: lists, names, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rules.load import DataError
from tests.gateway.evidence_samples import Archive, archive
from tests.gateway.test_evidence_cli import run
from tests.gateway.test_retain_rows import many


@pytest.fixture
def made(tmp_path: Path) -> Archive:
    found = archive(tmp_path / "n")
    node_of(found.data)
    return found


def node_of(data: Path) -> None:
    (data / "run").mkdir()
    (data / "run" / "node.json").write_text(json.dumps({"name": "n1", "data": str(data)}))


def test_it_lists_and_needs_a_name(made: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "retain", "--data", made.data) == 0
    assert capsys.readouterr().out.startswith("2026-03-01")
    assert run("events", "retain", "--data", made.data, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rules"]["floor_months"] == 6
    with pytest.raises(DataError, match="--by"):
        run("events", "retain", "--data", made.data, "--apply")


def test_a_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = many(tmp_path / "n", f"sqlite:///{tmp_path / 'many.sqlite'}")
    node_of(found.data)
    base = ("events", "retain", "--data", found.data, "--url", found.url)
    assert run(*base, "--json") == 0
    days = json.loads(capsys.readouterr().out)["days"]
    assert (days[0]["day"], days[0]["rows"] > 0) == ("2026-03-01", True)
    assert run(*base) == 0
    assert "行 rows" in capsys.readouterr().out
    with pytest.raises(DataError, match="--by"):
        run(*base, "--apply")
