"""Reports out of the store, a record or evidence; what is none of them is refused."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.record import record
from audit.report_source import from_file, from_store, read_bytes, read_json, trend
from audit.store import Kept, Store
from rules.load import DataError, WorldError
from tests.audit.judged import NOW, made, small_beside


@pytest.fixture
def store(tmp_path: Path) -> str:
    place = str(tmp_path / "audit.db")
    with Store.open(place) as open_:
        open_.keep_run(made(), small_beside(), now=NOW)
    return place


def test_the_newest_of_an_assessment(store: str) -> None:
    told = small_beside().assessment
    found = from_store(store, None, assessment=told.id if told else "", name="")
    assert found.run == made()
    assert found.recorded == small_beside()
    assert found.earlier == ()
    with pytest.raises(DataError, match="no such run"):
        from_store(store, None, assessment="other", name="")


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        from_store(str(tmp_path / "none.db"), None, assessment="", name="")


def test_the_command(store: str, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    words = ["audit", "report", "--format", "json", "--store", store, "--output", str(out)]
    assert main(words) == 0
    told = json.loads(out.read_bytes())
    assert len(told["high_risks"]) == len(made().high)
    assert [one["by"] for one in told["answers"]] == ["李"]
    assert [one["approver"] for one in told["waivers"]] == ["王"]
    assert main([*words, "--organisation", "nobody"]) == 2
    assert main([*words, "--run", "nothing"]) == 2


def test_a_record(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record(made(), small_beside())), encoding="utf-8")
    assert from_file(path).run == made()
    for bad in ("[]", '{"kind": "qinglang-audit-run"}', '{"kind": "other"}', "{", "7"):
        path.write_text(bad)
        with pytest.raises(DataError):
            from_file(path)


def test_the_trend_leaves_out_what_says_too_little() -> None:
    told = {"floor": 0.1, "ceiling": 0.5, "failed": 1, "unknown": 2}
    kept = [
        Kept(id="a", assessment="x", taken=1.0, digest="", summary=told, whole=False),
        Kept(id="b", assessment="x", taken=2.0, digest="", summary={}, whole=True),
    ]
    assert [one.id for one in trend(kept)] == ["a"]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\xff[")
    assert read_bytes(path) == b"\xff["
    with pytest.raises(DataError, match="JSON"):
        read_json(path)
