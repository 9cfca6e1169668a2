"""`qinglang policy diff` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main

SCHOOL = """id: s1
title: {zh: 校, en: school}
scope: school
clauses:
  - id: c
    title: {zh: 题, en: t}
    when: {categories: [video], hours: ["HOURS"]}
    action: block
    reason: {zh: 由, en: r}
"""


def school(folder: Path, hours: str) -> str:
    (folder / "schools").mkdir(parents=True)
    text = SCHOOL.replace("HOURS", hours)
    (folder / "schools" / "s1.yaml").write_text(text, encoding="utf-8")
    return str(folder)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return school(tmp_path / "old", "08:00-09:00"), school(tmp_path / "new", "08:00-10:00")


def test_text(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "diff", *two]) == 1
    said = capsys.readouterr().out
    assert "video: rewrite → block" in said
    assert "09:00-10:00" in said
    assert "修改 changed  s1/c" in said


def test_json_and_nothing_changed(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "diff", two[0], two[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"before", "after", "turns", "edits", "hosts_left_out"}
    assert main(["policy", "diff", *two, "--json"]) == 1
    turn = json.loads(capsys.readouterr().out)["turns"][0]
    assert turn["clause_after"] == "s1/c"


def test_a_published_snapshot(two: tuple[str, str], tmp_path: Path) -> None:
    from policies.difference_cli import opened

    document = tmp_path / "snapshot.json"
    document.write_text(opened(Path(two[0]), []).to_json(), encoding="utf-8")
    assert main(["policy", "diff", str(document), two[0]]) == 0
    document.write_text("{", encoding="utf-8")
    assert main(["policy", "diff", str(document), two[0]]) == 2


def test_absent(tmp_path: Path, two: tuple[str, str]) -> None:
    assert main(["policy", "diff", str(tmp_path / "none"), two[0]]) == 2
