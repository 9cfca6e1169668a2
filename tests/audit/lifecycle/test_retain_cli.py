"""`qinglang data retain`: a dry run at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.lifecycle.retain_cli import key_name, pairs
from rules.load import DataError
from tests.audit.lifecycle.expiring import data, fill, rules


def test_pairs() -> None:
    assert pairs(["a=x", "b=y=z"], "--db") == {"a": "x", "b": "y=z"}
    for wrong in (["a"], ["=x"], ["a=1", "a=2"]):
        with pytest.raises(DataError, match="--db"):
            pairs(wrong, "--db")
    assert key_name("roll", "/some/where/vault.db") == "roll/key:vault.db"


def test_a_dry_run(tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/d.db", 60)
    path = rules(tmp_path / "r.yaml")
    common = (path, "--book", tmp_path / "book", "--at", "2026-09-01", "--out", tmp_path / "p.json")
    code, said = data("retain", *common)
    assert code == 1  # a database that was not given blocks its set
    assert "--db district=URL" in said
    before = (tmp_path / "d.db").read_bytes()
    code, said = data("retain", *common, "--db", f"district=sqlite:///{tmp_path}/d.db")
    assert code == 0, said
    assert "roll/graduated: students.left_on < 2016-09-01" in said
    assert "↳ guardians" in said
    assert "approvers: 丙、乙、甲" in said
    assert (tmp_path / "d.db").read_bytes() == before
    listed = data("access", "list", "--book", tmp_path / "book")[1]
    assert "retain" in listed
    assert data("retain", tmp_path / "gone.yaml", "--book", tmp_path / "book",
                "--out", tmp_path / "x")[0] in (2, 3)  # fmt: skip
