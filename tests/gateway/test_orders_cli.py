"""`qinglang gateway order …` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main


def test_orders_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    given = ["--issuer", "officer", "--source", "区教育局通知", "--approve", "甲"]
    order = ["gateway", "order"]
    assert main([*order, "add", *data, "--action", "block", "--host", "坏.Example.", *given]) == 0
    name = capsys.readouterr().out.strip()
    assert main([*order, "list", *data, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["id"], told["hosts"], told["action"]) == (name, ["xn--7es.example"], "block")
    assert main([*order, "revoke", *data, name, "--issuer", "head"]) == 0
    assert main([*order, "revoke", *data, name, "--issuer", "head"]) == 2
    assert main([*order, "list", *data]) == 0
    assert "no such order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--action", "burn", "--host", "a.example"], "block"),
        (["--action", "block"], "--host"),
        (["--action", "block", "--host", "a b"], "a b"),
    ],
    ids=["action", "no-scope", "bad-host"],
)
def test_a_bad_order_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    given = ["--issuer", "officer", "--source", "letter", "--data", str(tmp_path)]
    assert main(["gateway", "order", "add", *options, *given]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "orders.jsonl").exists()


def test_times_are_shanghai_unless_they_say_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--issuer", "o", "--source", "s", "--data", str(tmp_path), "--host", "a.example"]
    for text in ("2096-09-01T08:00", "2096-09-01T00:00+00:00"):
        options = ["--action", "allow", "--expires", text]
        assert main(["gateway", "order", "add", *options, *given]) == 0
    capsys.readouterr()
    assert main(["gateway", "order", "list", "--data", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["expires"] for one in told] == [3_997_296_000.0] * 2
