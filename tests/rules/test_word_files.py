"""The words of a RuleBase folder."""

from __future__ import annotations

import json
from pathlib import Path

from rules.lexicon import Lexicon, Placed
from rules.load import loads
from rules.phrases import phrases
from rules.recognise.scoring import load_curves
from rules.recognise.words import WORDS
from rules.word_files import document, made, write

HEAD = 'id: x\ntitle: {zh: "甲", en: "A"}\ncategory: gambling\n'
ROWS = "groups:\n  - {weight: 6, phrases: [送彩金 百家乐]}\n"
NEEDS = "  - {weight: 2, needs: [骰子], within: 4, phrases: [买大小]}\n"


def found() -> Placed:
    return Placed(lexicon=loads(Lexicon, HEAD + ROWS + NEEDS, "x"), path=Path("x"))


def test_the_same_lexicons_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert write(tmp_path / name, phrases([found()]), load_curves()) == (WORDS,)
    assert (tmp_path / "a" / WORDS).read_bytes() == (tmp_path / "b" / WORDS).read_bytes()
    stored = json.loads((tmp_path / "a" / WORDS).read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(document(phrases([found()]), load_curves())))
    assert (stored["written"], len(stored["phrases"])) == (3, 3)
    assert stored["conditions"] == [None, {"needs": ["骰子"], "forbids": [], "within": 4}]


def test_made_in_memory() -> None:
    words = made(phrases([found()]), load_curves())
    assert words.engine.name == "ahocorasick"
    assert [one.phrase for one in words.find("送彩金").hits] == ["送彩金"]


def test_no_phrases_at_all(tmp_path: Path) -> None:
    assert write(tmp_path, phrases([]), load_curves()) == (WORDS,)
