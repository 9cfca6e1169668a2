"""Phrases → categories with probabilities, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.lexicon import SHIPPED_LEXICONS, Lexicon, Placed, load_lexicons
from rules.load import WorldError, loads
from rules.phrases import phrases
from rules.recognise.engines import have_hyperscan
from rules.recognise.normal import view
from rules.recognise.scoring import load_curves
from rules.recognise.words import DATABASE, WORDS, Words
from rules.sources import load_categories
from rules.word_files import made, write

SURE = 0.9
HEAD = 'id: {id}\ntitle: {{zh: "甲", en: "A"}}\n'
CARDS = (
    HEAD.format(id="cards")
    + """\
category: gambling
groups:
  - {weight: 6, phrases: [送彩金 百家乐 casino_bonus]}
  - {weight: 2, phrases: [平台 提现 下分]}
  - {weight: 5, needs: [骰子], within: 4, phrases: [买大小]}
  - {weight: 5, forbids: [蔬菜], within: 4, phrases: [菠菜]}
"""
)
BODY = (
    HEAD.format(id="body")
    + """\
category: porn
groups: [{weight: 6, phrases: [裸聊]}]
"""
)
HOOK = HEAD.format(id="hook") + "part: hook\ngroups: [{weight: 2, phrases: [加微 私我]}]\n"
LAW = HEAD.format(id="law") + "part: context\ngroups: [{weight: 4, phrases: [警方 法院]}]\n"


def words(*texts: str) -> Words:
    placed = [Placed(lexicon=loads(Lexicon, text, "x.yaml"), path=Path("x")) for text in texts]
    return made(phrases(placed), load_curves())


@pytest.fixture(scope="module")
def small() -> Words:
    return words(CARDS, BODY, HOOK, LAW)


@pytest.fixture(scope="module")
def shipped() -> Words:
    placed = load_lexicons([SHIPPED_LEXICONS], load_categories())
    return made(phrases(placed.values()), load_curves())


def points(found: Words, text: str, category: str = "gambling") -> float:
    return next((one.points for one in found.find(text).scores if one.category == category), 0.0)


HITS = {
    "plain": ("注册送彩金", ["送彩金"]),
    "nothing": ("今天下雨", []),
    "empty": ("", []),
    "tricks": ("送*彩🎲金 百 家 樂", ["送彩金", "百家乐"]),
    "whole words": ("a casino bonus! casino bonuses", ["casino bonus"]),
    "only part of a word": ("xcasino bonus", []),
    "leet": ("c4sin0 8onus CAS1NO BONUS", []),
    "needs": ("买大小用骰子", ["买大小"]),
    "needs far away": ("买大小,一二三四五骰子", []),
    "needs at the second place": ("买大小,一二三四五,骰子买大小", ["买大小"]),
    "forbids": ("菠菜是蔬菜", []),
    "forbids not": ("菠菜好抬", ["菠菜"]),
}


@pytest.mark.parametrize("name", HITS)
def test_hits(small: Words, name: str) -> None:
    text, wanted = HITS[name]
    assert [one.phrase for one in small.find(text).hits] == wanted


def test_hits_say_where_they_stood() -> None:
    text = "好：送\u200b彩*金了百家乐"
    hits = words(CARDS).find(text).hits
    assert [(one.phrase, one.at) for one in hits] == [("送彩金", 2), ("百家乐", 8)]
    assert hits[0].lexicon == "cards"


def test_distinct_phrases_count_once(small: Words) -> None:
    assert points(small, "送彩金" * 50) == points(small, "送彩金")
    assert points(small, "送彩金百家乐") == 12.0


def test_hooks_strengthen_and_context_weakens(small: Words) -> None:
    plain = points(small, "送彩金平台")
    assert points(small, "送彩金平台加微") == plain + 2
    assert points(small, "警方:送彩金平台") < plain / 2
    assert points(small, "警方:送彩金平台,加微,私我") > points(small, "警方:送彩金平台")
    assert small.find("加微私我").scores == ()


def test_kin_of_a_family(small: Words) -> None:
    other = HEAD.format(id="x") + "category: sex-services\ngroups: [{weight: 4, phrases: [上门]}]\n"
    found = words(BODY, other)
    assert points(found, "裸聊上门", "porn") == 8.0
    assert points(found, "裸聊上门", "sex-services") == 7.0


def test_a_long_page_does_not_add_up_and_a_block_in_it_is_found(small: Words) -> None:
    far = "这里什么也没有。" * 300
    spread = f"送彩金{far}百家乐{far}提现{far}下分"
    assert points(small, spread) == 6.0
    block = f"{far}送彩金百家乐提现下分{far}"
    assert points(small, block) == 16.0
    found = small.find(block).scores[0]
    assert found.at == len(far)
    assert found.probability >= SURE


def test_signals(small: Words) -> None:
    found = small.find("送彩金百家乐平台")
    signal = found.signals("title")[0]
    assert (signal.category, signal.recogniser, signal.list) == ("gambling", "words", "cards")
    assert signal.matched.split() == ["送彩金", "百家乐", "平台"]
    assert SURE <= signal.confidence < 1
    assert signal.place == "title"
    assert small.find("平台" + "好" * 99).signals() == ()


def test_a_folder_gives_the_same_with_both_engines(small: Words, tmp_path: Path) -> None:
    placed = [Placed(lexicon=loads(Lexicon, CARDS, "x"), path=Path("x"))]
    found = phrases(placed)
    assert write(tmp_path, found, load_curves()) == (WORDS,)
    fast = Words.open(tmp_path)
    assert fast.engine.name == ("hyperscan" if have_hyperscan() else "ahocorasick")
    (tmp_path / DATABASE).write_bytes(b"another processor")
    slow = Words.open(tmp_path)
    assert slow.engine.name == "ahocorasick"
    assert len(slow) == len(found.sayings)
    for text, _ in HITS.values():
        assert fast.find(text) == slow.find(text)


BROKEN = {
    "cut": lambda text: text[: len(text) // 2],
    "another format": lambda text: text.replace('"format":1', '"format":9'),
    "no phrases": lambda text: text.replace('"phrases"', '"phrase"'),
    "numbers out of range": lambda text: text.replace('"says":[[', '"says":[[99,'),
    "no other curve": lambda text: text.replace('"other"', '"others"'),
    "empty": lambda text: "",
    "a list": lambda text: "[]",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_folders_are_refused(tmp_path: Path, name: str) -> None:
    placed = [Placed(lexicon=loads(Lexicon, CARDS, "x"), path=Path("x"))]
    write(tmp_path, phrases(placed), load_curves())
    text = (tmp_path / WORDS).read_text(encoding="utf-8")
    (tmp_path / WORDS).write_text(BROKEN[name](text), encoding="utf-8")
    with pytest.raises(WorldError):
        Words.open(tmp_path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        Words.open(tmp_path)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["送彩金", "百家乐", "警方", "加微", "菠菜", "蔬", "。", "casino bonus", "x"]
        )
    )
)
def test_any_order_is_judged(small: Words, parts: list[str]) -> None:
    text = "".join(parts)
    found = small.find(text)
    assert found == small.find(view(text))
    assert all(0 < one.probability < 1 for one in found.scores)
    assert [one.at for one in found.hits] == sorted(one.at for one in found.hits)


LEXICONS = sorted(path.stem for path in SHIPPED_LEXICONS.glob("*.yaml"))


@pytest.mark.parametrize("name", LEXICONS)
def test_examples_of_a_lexicon(shipped: Words, name: str) -> None:
    """Every hit is sure of its category, every miss of none that blocks."""
    from rules.load import load

    lexicon = load(Lexicon, SHIPPED_LEXICONS / f"{name}.yaml")
    if lexicon.category:
        assert lexicon.examples.hit
        assert lexicon.examples.miss
    for text in lexicon.examples.hit:
        sure = {one.category for one in shipped.find(text).scores if one.probability >= SURE}
        assert lexicon.category in sure, text
    for text in lexicon.examples.miss:
        assert [one for one in shipped.find(text).scores if one.probability >= SURE] == [], text


def test_enough_phrases_ship(shipped: Words) -> None:
    assert len(shipped) >= 20_000
