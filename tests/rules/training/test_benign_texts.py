"""The harmless texts we ship for training: enough of them, all different, leading to nobody."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml

BENIGN = Path(__file__).parents[3] / "rules/training/benign"
FILES = sorted(BENIGN.glob("*.txt"))
GRAMMARS = sorted((BENIGN / "grammar").glob("*.yaml"))
LEAST = 3000
SHORT = 0.15  # of all lines: comments and nicknames, without which "short" would look harmful
NEAR = 0.8
FIVE = 5
REAL = {
    "a mobile number": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "an account number": re.compile(r"\d{8,}"),
    "an address": re.compile(r"https?:|www\.|[a-z0-9-]\.(?:com|cn|net|org|top|vip|cc|app)\b", re.I),
}


def lines(path: Path) -> list[tuple[int, str]]:
    """The texts with their line numbers; `# ` opens a comment, `#话题#` is a text."""
    every = enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
    return [(n, line) for n, line in every if line and not line.startswith("# ")]


TEXTS = [(f"{path.name}:{n}", text) for path in FILES for n, text in lines(path)]


def near(texts: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """Pairs of lines whose 5-grams are nearly the same set."""
    grams = [(n, {t[i : i + FIVE] for i in range(len(t) - FIVE + 1)}) for n, t in texts]
    grams = [(n, g) for n, g in grams if len(g) >= FIVE]
    return [
        (one, two)
        for (one, a), (two, b) in combinations(grams, 2)
        if min(len(a), len(b)) > NEAR * max(len(a), len(b)) and len(a & b) > NEAR * len(a | b)
    ]


def test_there_are_enough_and_many_are_short() -> None:
    assert len(TEXTS) >= LEAST
    assert sum(len(text) < 20 for _, text in TEXTS) >= SHORT * len(TEXTS)


def test_a_text_has_two_to_four_hundred_characters_and_no_blanks_around() -> None:
    assert [p for p, text in TEXTS if not 2 <= len(text) <= 400 or text != text.strip()] == []


def test_every_file_says_where_it_comes_from() -> None:
    heads = {p.name: p.read_text(encoding="utf-8")[:400] for p in (*FILES, *GRAMMARS)}
    wrong = [name for name, head in heads.items() if "written for qinglang" not in head.casefold()]
    assert wrong == []


def test_no_text_stands_twice() -> None:
    first: dict[str, str] = {}
    wrong = []
    for place, text in TEXTS:
        earlier = first.setdefault("".join(text.split()).casefold(), place)
        if earlier != place:
            wrong.append(f"{place} stands already at {earlier}")
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_line_is_nearly_another(path: Path) -> None:
    assert near(lines(path)) == []


def test_the_measure_of_nearness_can_bite() -> None:
    said = "今天下班路上看到晚霞，粉紫粉紫的，站在天桥上拍了好几张"
    assert near([(1, said), (2, said + "。"), (3, "明天考试")]) == [(1, 2)]


@pytest.mark.parametrize("kind", REAL)
def test_texts_point_at_nobody(kind: str) -> None:
    assert [place for place, text in TEXTS if REAL[kind].search(text)] == []


@pytest.mark.parametrize("path", GRAMMARS, ids=lambda path: path.stem)
def test_a_grammar_has_variety(path: Path) -> None:
    grammar = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert grammar["id"] == path.stem
    assert len(grammar["slots"]) >= 6
    assert len(set(grammar["templates"])) == len(grammar["templates"]) >= 6
    repeated = {name for name, of in grammar["slots"].items() if len(set(of)) < len(of)}
    assert repeated <= {"deg"}  # the same word twice weighs it: wanted for ℃ alone
