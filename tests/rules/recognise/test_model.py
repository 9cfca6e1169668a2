"""Serving: windows, budgets, reasons, and models that must be refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.load import DataError
from rules.recognise.model import CARD, WEIGHTS, Model, extent, sampled
from tests.rules.recognise.tiny_model import data, model, written

PLAIN = "今天天气很好我们去操场跑步然后回教室上课"
BLOCK = "注册送彩金百家乐赌博" * 6


def categories(text: str, budget: int = 0) -> list[str]:
    return [one.category for one in model().judge(text, budget=budget)]


def test_opens_what_was_written_and_shares_the_table(tmp_path: Path) -> None:
    opened = Model.open(written(tmp_path))
    signals = opened.judge("百家乐赌博彩金百家乐赌博彩金")
    assert [one.category for one in signals] == ["gambling"]
    one = signals[0]
    assert 0.5 <= one.confidence < 1
    assert one.recogniser == "model"
    assert one.list == "tiny:gambling"
    assert {"赌博", "彩金"} <= set(one.matched.split(" · "))


@pytest.mark.parametrize("text", ["", "！？", "a", PLAIN, PLAIN * 500, "学习赌博图书" * 3])
def test_harmless_texts_give_no_signal(text: str) -> None:
    assert categories(text) == []


@pytest.mark.parametrize("before", [0, 10, 100])
@pytest.mark.parametrize("after", [0, 100])
def test_a_block_is_found_wherever_it_stands(before: int, after: int) -> None:
    assert categories(PLAIN * before + BLOCK + PLAIN * after) == ["gambling"]


def test_a_long_page_does_not_add_up() -> None:
    """One faint word in each window is no reason, however many windows there are."""
    page = (PLAIN * 3 + "傻瓜") * 300
    once = model().probabilities(PLAIN * 3 + "傻瓜", budget=0)
    many = model().probabilities(page, budget=0)
    assert all(many[name] <= max(once.values()) + 0.2 for name in many)
    assert categories(page) == []


def test_abuse_stays_below_its_ceiling_and_is_no_porn() -> None:
    signals = model().judge("傻瓜垃圾" * 20)
    assert [(one.category, one.confidence) for one in signals] == [("vulgar-slang", 0.6)]


def test_the_surest_comes_first() -> None:
    signals = model().judge(BLOCK * 2 + "约炮裸聊约炮裸聊")
    assert [one.confidence for one in signals] == sorted(
        (one.confidence for one in signals), reverse=True
    )


def test_a_budget_reads_the_start_and_samples_the_rest() -> None:
    assert categories(PLAIN * 500 + BLOCK * 30 + PLAIN * 10, budget=1000) == ["gambling"]
    text = sampled("标题" * 100, "".join(map(chr, range(0x4E00, 0x7000))), 2000)
    assert 1900 < len(text) < 2020
    assert text.endswith(chr(0x6FFF))
    assert sampled("", "短", 2000) == "短"
    assert sampled("题", "短", 0) == "题\n短"


@pytest.mark.parametrize(("points", "size"), [(0, 0), (8, 0), (192, 1), (10_000, 1), (64, 0.6543)])
def test_extent(points: int, size: float) -> None:
    assert extent(points, 64) == pytest.approx(size, abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(), max_size=300), st.integers(0, 400))
def test_any_text_is_judged(text: str, budget: int) -> None:
    for one in model().judge(text, title=text[:9], budget=budget):
        assert 0.5 <= one.confidence < 1


REFUSED = {
    "no card": (lambda folder: (folder / CARD).unlink(), "cannot be read"),
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "cannot be read"),
    "cut off": (lambda folder: (folder / WEIGHTS).write_bytes(data()[:5000]), "sha256"),
    "changed": (
        lambda folder: (folder / WEIGHTS).write_bytes(data()[:-1] + b"\x01"),
        "not the weights the card names",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_broken_models_are_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    written(tmp_path)
    break_it, words = REFUSED[name]
    break_it(tmp_path)
    with pytest.raises(DataError, match=words):
        Model.open(tmp_path)


def test_models_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="n-grams of version 99"):
        Model.open(written(tmp_path, grams=99))


@pytest.mark.parametrize("bits", [14, 16])
def test_a_table_of_another_shape_is_refused(bits: int, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="stands here, not int16"):
        Model.open(written(tmp_path, bits=bits))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    import hashlib

    junk = b"\x93NUMPY\x01\x00junk"
    written(tmp_path, sha256=hashlib.sha256(junk).hexdigest())
    (tmp_path / WEIGHTS).write_bytes(junk)
    with pytest.raises(DataError, match="is no weight table"):
        Model.open(tmp_path)


def test_probabilities_are_those_of_the_card_in_its_order() -> None:
    found = model().probabilities(BLOCK, budget=0)
    assert list(found) == ["porn", "gambling", "abuse"]
    assert max(found, key=lambda name: found[name]) == "gambling"


@pytest.mark.parametrize(
    "text",
    [
        "small\n" + "x" * 980,
        "a8f3e2 " * 200,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 " * 5,
        "".join(map(chr, range(33, 126))) * 20,
        "+AGEA-YgBj" * 40,
        "hello world",
        '{"code":0,"data":{"id":12,"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3In0.dozjgNry"}}',
    ],
)
def test_keys_code_and_filler_are_no_language(text: str) -> None:
    shipped = Model.open(Path("rules/models/text"))
    assert shipped.judge(text) == ()
