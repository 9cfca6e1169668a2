"""Three engines and none at all give the same finds, whatever the text."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import personal_texts2
from rules.personal_files import load_knowledge
from rules.recognise.personal import triggers
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.names import Roster
from rules.recognise.personal.triggers import Everywhere, Linear, Plain, Trigger, Vector

ENGINES: list[type[Trigger]] = [Plain, Everywhere]
ENGINES += [Linear] if triggers.re2 is not None else []
ENGINES += [Vector] if triggers.hyperscan is not None else []
ROSTER = Roster(["张小萌", "李明"])
FINDERS = [Finder(load_knowledge(), ROSTER, engine) for engine in ENGINES]
BARE = [Finder(load_knowledge(), None, engine) for engine in ENGINES if engine is not Everywhere]
PARTS = [
    "手机", "：", "13800000000", "138-0000-0000", "１３８", "身份证", "119900201001010017", " ", "，", "\n",  # noqa: E501
    "a@example.com", "10.0.0.1", "京A00000", "微信", "abc_000", "姓名：", "张小萌", "李明", "老师", "同学",  # noqa: E501
    "家庭住址：", "四川省绵阳市涪城区", "人民路1号", "\u3000", "（010）", "88888888", "name=", "学号", "20260001",  # noqa: E501
    "\x00", "\ud800", "😀", "Ｅ", "—", "字第", "无关的文字", "x" * 30, "0", "00:1A:2B:3C:4D:5E", "sk-",  # noqa: E501
    "\t", "考生姓名", "罗", ".", ":", "-", "86", "+", "(", ")", "eyJ", "AKIA0000000000000000",
    "fe80::1",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), max_size=25).map("".join)


def same(text: str) -> None:
    first, *rest = (finder.find(text) for finder in FINDERS)
    assert all(one == first for one in rest)
    for one, other in pairwise(first):
        assert one.end <= other.start
    assert all(0 <= one.start < one.end <= len(text) for one in first)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_short_texts(text: str) -> None:
    same(text)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.integers(0, 900))
def test_long_texts(one: str, other: str, gap: int) -> None:
    same(one + "。没有什么" * (gap + 300) + other + "\n" + "无" * 1000 + one)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    same(text)


def test_texts_of_another_hand() -> None:
    texts = [sample.text for sample, _ in personal_texts2.samples(5, 1200)]
    for text in texts:
        same(text)
    same("\n".join(texts))
    same("。".join(texts))


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=12))
def test_many_texts_are_found_as_one_by_one(texts: list[str]) -> None:
    for finder in (*FINDERS, *BARE):
        assert list(finder.find_many(texts)) == [finder.find(text) for text in texts]


def test_threads_share_a_finder() -> None:
    texts = [sample.text for sample, _ in personal_texts2.samples(6, 300)]
    texts += ["。".join(texts[:60]), "\n".join(texts[:60])]
    for finder in (*FINDERS, *BARE):
        want = [finder.find(text) for text in texts]
        start = threading.Barrier(6)

        def work(of: Finder = finder, at: threading.Barrier = start) -> list[object]:
            at.wait()
            return [of.find(text) for text in texts]

        with ThreadPoolExecutor(6) as pool:
            for future in [pool.submit(work) for _ in range(6)]:
                assert future.result() == want


def test_many_lines() -> None:
    chance = Random(7)
    lines = ["".join(chance.choices(PARTS, k=8)) for _ in range(300)]
    same("\n".join(lines))


@pytest.mark.parametrize("finder", FINDERS, ids=[engine.__name__ for engine in ENGINES])
def test_digits_of_full_width_are_seen_in_short_texts(finder: Finder) -> None:
    assert [hit.kind for hit in finder.find("电话１３８００００００００")] == ["phone"]
    assert [hit.kind for hit in finder.find("微信号：ａｂｃ＿０００")] == ["wechat"]
