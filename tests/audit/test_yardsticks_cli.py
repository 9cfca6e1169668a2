"""The commands that show what results are measured by."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from audit import yardsticks_cli
from rules.load import DataError


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    top = argparse.ArgumentParser()
    yardsticks_cli.register(top.add_subparsers())
    options = top.parse_args(list(words))
    return options.run(options), capsys.readouterr().out


def read(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, text = run(capsys, *words, "--json")
    assert code == 0
    return json.loads(text)


def test_risks(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {one["id"]: one for one in read(capsys, "risks")}
    assert len(shown) == 113
    assert all(one["status"] and one["source"] for one in shown.values())
    assert "GBT22239-2019:4:9.1.4.4.e" in shown["6.4.3.2"]["controls"]  # through the catalog
    assert shown["6.4.3.2"]["never"] == ["exposed"]


def test_risks_by_level_and_part(capsys: pytest.CaptureFixture[str]) -> None:
    shown = read(capsys, "risks", "--level", "2", "--part", "cloud", "--hazards")
    assert [one["id"] for one in shown] == ["A-04", "A-05", "A-16"]


def test_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    shown = read(capsys, "matrix")
    assert len(shown["cells"]) == 36
    assert "构造" in shown["own"]["zh"]


@pytest.mark.parametrize(
    ("words", "points"),
    [
        (("--clause", "8.1.4.1.a"), {"8.1.4.1"}),
        (("--clause", "8.1.4.6"), set()),
        (("--standard", "GBT39204-2022", "--clause", "6.2"), {"8.1.10.2"}),
    ],
)
def test_crosswalk(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], points: set[str]
) -> None:
    assert {one["point"] for one in read(capsys, "crosswalk", *words)} == points


def test_scoring_prints_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert read(capsys, "scoring")["hazard_above"]["status"] == "unverified"
    assert "恰为 90%" in run(capsys, "scoring")[1]
    with pytest.raises(DataError):
        run(capsys, "scoring", "--template", "template-1999")


@pytest.mark.parametrize("command", ["matrix", "crosswalk"])
def test_words_for_people(capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, text = run(capsys, command)
    assert code == 0
    assert len(text.splitlines()) > 30


def test_trusted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("announced,number,product,vendor\n2025-01-01,n,p,v\n", "utf-8")
    assert run(capsys, "trusted", str(path), "--product", "p=v")[0] == 0
    code, text = run(capsys, "trusted", str(path), "--product", "p=w", "--json")
    assert (code, json.loads(text)[0]["standing"]) == (1, "other-vendor")
    with pytest.raises(DataError):
        run(capsys, "trusted", str(path), "--product", "p")
