"""The books from files and back: a district's own files, faults, a folder that is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rules.asking import ASKED, asked_of, asking, open_asked
from rules.load import DataError, WorldError
from rules.model import Facts, Stage
from rules.sources import load_categories

ENGINE = """\
id: own
title: {zh: 本区, en: Own}
source: own
places: [{hosts: [search.own.example], words: [q]}]
examples: {hit: [{url: "search.own.example/?q=a", words: a}], miss: ["search.own.example/"]}
"""
TERM = """\
id: own-terms
title: {zh: 本区, en: Own}
category: CATEGORY
source: own
phrases: [禁词一]
examples: {hit: [禁词一], miss: [好词]}
"""


def district(folder: Path, category: str = "games") -> Path:
    (folder / "search/engines").mkdir(parents=True)
    (folder / "search/terms").mkdir()
    (folder / "search/engines/own.yaml").write_text(ENGINE, "utf-8")
    (folder / "search/terms/own-terms.yaml").write_text(TERM.replace("CATEGORY", category), "utf-8")
    return folder


def test_shipped_files_name_known_categories() -> None:
    text = asking(categories=frozenset(load_categories()))
    assert json.loads(text)["format"] == 1
    assert asking() == text


def test_a_district_adds_its_own(tmp_path: Path) -> None:
    asked = asked_of(json.loads(asking([district(tmp_path)])))
    query = asked.search.query("search.own.example", "/?q=%E7%A6%81%E8%AF%8D%E4%B8%80")
    assert query is not None
    assert asked.finders[0].find(query.words, "search")[0].category == "games"
    assert asked.search.query("www.baidu.com", "/s?wd=a") is not None


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = district(tmp_path)
    (folder / "ai").mkdir()
    (folder / "ai/x.yaml").write_text("id: y\n", "utf-8")
    (folder / "search/engines/own.yaml").write_text("id: own\nplaces: []\n", "utf-8")
    (folder / "search/study.yaml").write_text("id: 1\n", "utf-8")
    with pytest.raises(DataError) as error:
        asking([folder])
    files = {Path(one.file).name for one in error.value.problems}
    assert files == {"own.yaml", "x.yaml", "study.yaml"}


def test_an_unknown_category_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="`nonsense` is no category"):
        asking([district(tmp_path, "nonsense")], categories=frozenset(load_categories()))


@pytest.mark.parametrize("text", [None, "", "{}", '{"format": 99}', '{"format": 1}'])
def test_a_broken_folder_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / ASKED).write_text(text)
    with pytest.raises(WorldError):
        open_asked(tmp_path)


def test_opening_what_was_stored(tmp_path: Path) -> None:
    (tmp_path / ASKED).write_text(asking(), "utf-8")
    asked = open_asked(tmp_path)
    facts = Facts(stage=Stage.REQUEST, host="chatgpt.com", path="/", method="POST")
    assert asked.wants_body(facts)
