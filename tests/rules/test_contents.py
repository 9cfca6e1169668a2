"""Phrases and model as parts of a RuleBase: found, checked, compiled once, kept or done without."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.contents import KEPT, Contents, find_model, read_contents, write_contents
from rules.load import DataError
from rules.recognise.words import DATABASE, WORDS
from rules.sources import load_categories

OWN = """\
id: own
title: {zh: 本区, en: Own}
category: gambling
source: tests
groups:
  - {weight: 6, phrases: [张三的牌桌]}
examples: {hit: [去张三的牌桌], miss: [去张三的课桌]}
"""
CATEGORIES = load_categories()


def few(data: Path) -> Contents:
    """Our phrases without most of the lexicons, so that compiling them is quick."""
    whole = read_contents(data, (), CATEGORIES)
    name = next(iter(whole.lexicons))
    return Contents(
        lexicons={name: whole.lexicons[name]}, words=f"few-{name}", model=None, digest="few"
    )


def test_what_is_compiled_is_compiled_once(tmp_path: Path) -> None:
    contents, cache = few(tmp_path), tmp_path / "cache"
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    told = write_contents(first, contents, cache)
    (cache / contents.words / WORDS).write_bytes(b"{}")  # what stands there is what is taken
    write_contents(second, contents, cache)
    assert set(told) == {WORDS}
    assert (first / WORDS).read_bytes() != b"{}"
    assert (second / WORDS).read_bytes() == b"{}"
    assert (first / DATABASE).exists() == (second / DATABASE).exists()


def test_without_a_cache_it_is_compiled_anew(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "out").mkdir()
    assert WORDS in write_contents(tmp_path / "out", few(tmp_path), tmp_path / "file" / "cache")


def test_the_cache_stays_small(tmp_path: Path) -> None:
    contents, cache = few(tmp_path), tmp_path / "cache"
    for number in range(KEPT + 3):
        (cache / f"old-{number}").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    write_contents(tmp_path / "out", contents, cache)
    assert len(list(cache.iterdir())) == KEPT
    assert (cache / contents.words).is_dir()


def test_a_districts_own_words_change_the_digest(tmp_path: Path) -> None:
    before = read_contents(tmp_path, (), CATEGORIES)
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "own.yaml").write_text(OWN, encoding="utf-8")
    after = read_contents(tmp_path, (), CATEGORIES)
    assert "own" in after.lexicons
    assert before.digest != after.digest


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "lexicons").mkdir()
    (tmp_path / "lexicons" / "own.yaml").write_text(
        OWN.replace("gambling", "no-such"), encoding="utf-8"
    )
    (tmp_path / "models" / "own").mkdir(parents=True)
    (tmp_path / "models" / "own" / "card.yaml").write_text("id: other\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_contents(tmp_path, (), CATEGORIES)
    text = str(caught.value)
    assert "no-such" in text
    assert "card.yaml" in text


def test_a_districts_own_model_comes_first(tmp_path: Path) -> None:
    shipped = find_model(tmp_path)
    (tmp_path / "models" / "own").mkdir(parents=True)
    (tmp_path / "models" / "own" / "card.yaml").write_text("id: own\n", encoding="utf-8")
    assert find_model(tmp_path) == tmp_path / "models" / "own" != shipped
