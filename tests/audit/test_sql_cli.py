"""`audit sql-script|import-sql|collect-sql`: printed, imported, asked within the signed scope."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.cli import main
from audit.scope import signed

RECORDINGS = Path(__file__).parent / "recordings" / "sql"


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_list_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "sql-script", "--platform", "dm"]) == 0
    text = capsys.readouterr().out
    assert "v$dm_ini" in text
    path = tmp_path / "dm.sql"
    assert main(["audit", "sql-script", "--platform", "dm", "--output", str(path)]) == 0
    assert path.read_text("utf-8") == text
    capsys.readouterr()
    assert main(["audit", "sql-script", "--platform", "mysql", "--json"]) == 0
    assert told(capsys)["platform"] == "mysql"


def test_imported_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(RECORDINGS / f"{one}.json") for one in ("dm.bad", "oracle.good")]
    out = str(tmp_path / "e")
    assert main(["audit", "import-sql", *files, "--output", out, "--json"]) == 0
    assert told(capsys)["failed"] == 0
    conf = tmp_path / "redis.conf"
    conf.write_text("bind 0.0.0.0\nprotected-mode no\n", "utf-8")
    assert main(["audit", "import-sql", str(conf), "--output", out]) == 0
    assert "redis" in capsys.readouterr().out
    assert main(["audit", "run", "--evidence", out, "--json"]) == 1
    run = told(capsys)
    kinds = {one["id"]: (one["kind"], one["platform"]) for one in run["targets"]}  # type: ignore[attr-defined]
    assert kinds["dm.bad"] == ("database", "dm")
    asked = {
        (finding["target"], finding["check"].partition("-")[0])
        for item in run["items"]  # type: ignore[attr-defined]
        for finding in item["findings"]
    }
    assert {pair for pair in asked if pair[0] == "dm.bad"} == {("dm.bad", "dm")}


@pytest.mark.parametrize(
    "more",
    [
        ["import-sql", "{tmp}/bad.json"],
        ["import-sql", "{tmp}/bad.json", "{tmp}/bad.json", "--target", "x"],
        ["import-sql", "{dm}", "--platform", "oracle"],
        ["collect-sql", "--inventory", "{tmp}/i.yaml", "--scope", "{tmp}/none", "--signers", "x"],
        ["collect-sql", "--inventory", "x", "--scope", "x", "--signers", "x", "--timeout", "0"],
    ],
)
def test_bad_input(tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text("{}", "utf-8")
    places = {"tmp": str(tmp_path), "dm": str(RECORDINGS / "dm.good.json")}
    assert main(["audit", *(one.format(**places) for one in more)]) == 2
    assert capsys.readouterr().err


INVENTORY = """
targets:
  - {{id: notes, name: 笔记库, system: s, kind: database, platform: sqlite,
     access: {{file: "{file}"}}}}
  - {{id: far, name: 远端, system: s, kind: database, platform: sqlite,
     access: {{file: "{file}"}}}}
  - {{id: cache, name: 缓存, system: s, kind: database, platform: redis, address: 127.0.0.1,
     access: {{password-env: QINGLANG_TEST_UNSET, port: "1"}}}}
  - {{id: web, name: 主机, system: s, kind: server, platform: debian, address: 127.0.0.1}}
"""


def test_asked_within_the_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as made:
        made.executescript("create table t (id integer);")
    (tmp_path / "i.yaml").write_text(INVENTORY.format(file=tmp_path / "a.db"), "utf-8")
    key = Ed25519PrivateKey.generate()
    scope = tmp_path / "scope.yaml"
    scope.write_text("id: s1\nsystem: s\ntargets: [notes, cache]\nbegins: '2020-01-01'\n"
                     "ends: '2090-01-01'\nper_minute: 6000\n", "utf-8")  # fmt: skip
    (tmp_path / "scope.yaml.sig").write_bytes(signed(scope.read_bytes(), "officer", key))
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    (tmp_path / "signers.yaml").write_text(
        f"district: d\nneeded: 1\nkeys:\n  - {{id: officer, key: {public}}}\n", "utf-8"
    )
    options = ["--inventory", str(tmp_path / "i.yaml"), "--scope", str(scope),
               "--signers", str(tmp_path / "signers.yaml"), "--json"]  # fmt: skip
    out = tmp_path / "e"
    assert main(["audit", "collect-sql", *options, "--output", str(out)]) == 1
    rows = {one["target"]: one for one in told(capsys)["evidence"]}  # type: ignore[attr-defined]
    assert set(rows) == {"notes", "far", "cache"}
    assert rows["notes"]["problem"] == ""
    assert "scope" in rows["far"]["problem"]
    assert "QINGLANG_TEST_UNSET" in rows["cache"]["problem"]
    assert len(list(out.glob("*.json"))) == 3
    assert main(["audit", "collect-sql", *options, "--target", "notes"]) == 0
    assert main(["audit", "collect-sql", *options, "--target", "web"]) == 2
