"""The store on the command line: run twice, list, compare, prove, forget."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from audit.cli import main
from audit.model import State
from audit.run import Run
from audit.store import Store
from tests.audit.judged import NOW, made, small_beside


def worse() -> Run:
    at = next(n for n, one in enumerate(made().findings) if one.state is State.PASS)
    findings = list(made().findings)
    findings[at] = replace(findings[at], state=State.FAIL)
    return replace(made(), now=NOW + 60, findings=tuple(findings))


@pytest.fixture
def store(tmp_path: Path) -> str:
    place = str(tmp_path / "a.db")
    beside = replace(small_beside(), checks=beside_checks())
    with Store.open(place) as opened:
        opened.keep_run(made(), beside, now=NOW)
        opened.keep_run(worse(), beside, now=NOW + 60)
    return place


def beside_checks() -> dict[str, object]:
    from tests.audit.judged import load_checks_once

    return dict(load_checks_once())


def told(capsys: pytest.CaptureFixture[str]) -> object:
    return json.loads(capsys.readouterr().out)


def test_reading(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--store", store]
    assert main(["audit", "runs", "--json", *at]) == 0
    first, second = told(capsys)  # type: ignore[misc]
    assert main(["audit", "diff", first["id"], second["id"], "--json", *at]) == 1
    assert told(capsys)["drift"] == 1  # type: ignore[index]
    assert main(["audit", "diff", first["id"], first["id"], *at]) == 0
    assert main(["audit", "trend", *at]) == 0
    assert main(["audit", "show", first["id"], *at]) == 0
    assert "211 项" in capsys.readouterr().out
    assert main(["audit", "show", "--record", *at]) == 0
    assert told(capsys)["kind"] == "qinglang-audit-run"  # type: ignore[index]
    for template in ("2021", "2025"):
        more = ["--template", template, "--before", first["id"]]
        assert main(["audit", "score", "--json", *more, *at]) == 0
        found = told(capsys)
        assert found["waived"] == 0  # type: ignore[index]
        assert found["score"]["code"] == "none"  # type: ignore[index]


def test_proving_and_forgetting(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    at = ["--store", store]
    assert main(["audit", "verify", *at]) == 0
    gone = ["audit", "forget", "2026", "--by", "王", "--reason", "保存期满"]
    assert main([*gone[:-1], " ", *at]) == 2
    assert main([*gone, *at]) == 0
    assert main(["audit", "verify", *at]) == 0
    assert main(["audit", "runs", *at]) == 0
    assert "已删除" in capsys.readouterr().out
    with sqlite3.connect(store) as database:
        database.execute("DELETE FROM ledger WHERE seq = 2")
    database.close()
    assert main(["audit", "verify", *at]) == 1


def test_what_is_not_there(store: str, tmp_path: Path) -> None:
    assert main(["audit", "runs", "--store", str(tmp_path / "none.db")]) == 3
    assert main(["audit", "show", "nope", "--store", store]) == 3
    assert main(["audit", "show", "2026", "--store", store]) == 2
