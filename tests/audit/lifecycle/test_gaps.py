"""Gaps of a log that somebody answers for: proved, with a reason, for the gap as it was."""

import getpass
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.cli import main
from audit.lifecycle.gaps import KIND, GapError, accepted, body_of, mark_of
from audit.lifecycle.logs.store import Gap
from audit.lifecycle.people import Actor, Way
from gateway.ledger import Checkpoint, Digest

GAP = Gap(
    source="db", file="a.log", line=3, kind="idle", began=10.5, ended=99.0, count=1, detail=""
)
ANN = Actor(id="ann", way=Way.ACCOUNT, account="ann")


def record(kind: str, body: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        seq=1, prev="", time=5.0, node="n", kind=kind, body=body, digest=Digest.SHA256,
        key="k", by=0, signature=b"", content=b"", hash="",
    )  # fmt: skip


def test_an_acceptance_is_of_the_gap_as_it_was() -> None:
    body = json.loads(json.dumps({**body_of(GAP, ANN, " 停电检修 "), "by": "ann"}))
    told = accepted([record(KIND, body), record("other", {})])
    found = told[mark_of(GAP)]
    assert (found.by, found.reason) == ("ann", "停电检修")
    for grown in (replace(GAP, count=2), replace(GAP, ended=200.0), replace(GAP, line=4)):
        assert mark_of(grown) not in told


@pytest.mark.parametrize(
    ("gap", "by", "reason"),
    [
        (replace(GAP, kind="changed"), ANN, "停电检修"),
        (GAP, replace(ANN, way=Way.CLAIMED), "停电检修"),
        (GAP, ANN, " 无  "),
    ],
    ids=["changed", "claimed", "no reason"],
)
def test_what_is_refused(gap: Gap, by: Actor, reason: str) -> None:
    with pytest.raises(GapError):
        body_of(gap, by, reason)


LOG = """\
20261123 09:12:41,db1,ann,10.0.0.15,41,107,QUERY,district,'SELECT xm FROM other WHERE a = 1',0
20261123 23:40:09,db1,ann,10.0.0.15,52,311,QUERY,district,'SELECT xm FROM other WHERE a = 1',0
"""


def test_at_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text(LOG, encoding="utf-8")
    Path("r.yaml").write_text(
        "tables: [students]\nrules:\n- {id: export, sign: export, severity: high, title: t, "
        "clauses: ['MINORS-2024:0:36'], examples: []}\n",
        encoding="utf-8",
    )
    access, book = ["data", "access"], ["--book", "book"]
    store = ["--store", "logs", "--json"]
    add = ["data", "people", "add", "ann", "--account", getpass.getuser(), "--manages"]
    assert main([*add, "--database", "ann", *book]) == 0
    why = [*book, "--why", "月度核查"]
    assert main([*access, "import", "mariadb", "a.log", "--source", "db", *store, *why]) == 0
    check = [*access, "check", "r.yaml", *store, *why]
    capsys.readouterr()
    assert main(check) == 1
    (gap,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert gap["unknown"] == "idle"
    accept = [*access, "accept", gap["place"], "--source", "db", "--kind", "idle", *store, *book]
    assert main([*accept, "--reason", "无"]) == 1
    assert main(check) == 1
    assert main([*accept, "--reason", "夜间无人值守"]) == 0
    capsys.readouterr()
    assert main(check) == 0
    (row,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (row["accepted"], row["by"], row["reason"]) == ("idle", "ann", "夜间无人值守")
    accept[2] = "accept"
    accept[3] = "a.log:77"
    assert main([*accept, "--reason", "夜间无人值守"]) == 2
    assert main(["data", "access", "verify", *book]) == 0
