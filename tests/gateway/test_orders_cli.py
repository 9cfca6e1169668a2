"""`qinglang gateway order …` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from gateway.authority import ensure_keys


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


CLASS = ["--school", "example", "--group", "ai-class", "--issuer", "李老师", "--reason", "实验视频"]


def test_an_override_is_given_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    options = ["--minutes", "45", "--category", "video", "--json"]
    assert main(["order", "override", *data, *CLASS, *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["expires"] - told["starts"] == 2700
    assert (told["action"], told["office"]) == ("rewrite", "teacher")
    assert main(["order", "list", *data]) == 0
    assert told["id"] in capsys.readouterr().out
    assert main(["order", "revoke", *data, told["id"], "--issuer", "李老师"]) == 0
    assert main(["order", "list", *data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--minutes", "0", "--category", "video"], "--minutes"),
        (["--minutes", "45", "--category", "gambling"], "harmful"),
        (["--minutes", "45", "--category", "games"], "has not delegated"),
        (["--minutes", "45", "--host", "a b"], "a b"),
        (["--minutes", "5", "--device", "house", "--host", "a.example"], "house"),
    ],
)
def test_a_bad_override_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["order", "override", "--data", str(tmp_path), *CLASS, *options]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "orders.jsonl").exists()


def test_a_device_of_another_school(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure_keys(tmp_path / "keys")
    give = ["order", "override", "--data", str(tmp_path), "--issuer", "o", "--reason", "r"]
    asked = ["--minutes", "10", "--host", "a.example", "--device", "10.200.1.7"]
    assert main([*give, *asked, "--school", "other"]) == 2
    assert "belongs to `example`" in capsys.readouterr().err
    assert main([*give, *asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["school"] == "example"


def test_gateway_orders_are_judged_when_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--issuer", "o", "--source", "s", "--data", str(tmp_path)]
    assert main(["gateway", "order", "add", "--action", "allow", "--category", "porn", *given]) == 2
    assert "nobody may loosen" in capsys.readouterr().err
