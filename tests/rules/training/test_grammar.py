"""Grammars: seeded, bounded, and refused with a place where they cannot be filled."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.load import DataError, loads
from rules.model import Text
from rules.training.grammar import Grammar, expand, size

TITLE = Text(zh="试", en="Trial")


def grammar(templates: tuple[str, ...], **slots: tuple[str, ...]) -> Grammar:
    return Grammar(id="trial", title=TITLE, slots=slots, templates=templates)


NESTED = grammar(
    ("{who}说{what}！", "好的"), who=("甲", "乙{end}"), end=("等", "们"), what=("来", "去")
)


def test_every_line_is_a_filled_template() -> None:
    lines = expand(NESTED, 50, Random(1))
    wanted = {f"{who}说{what}！" for who in ("甲", "乙等", "乙们") for what in "来去"} | {"好的"}
    assert set(lines) == wanted
    assert size(NESTED) == len(wanted) == len(lines)


def test_the_seed_decides() -> None:
    assert expand(NESTED, 4, Random(7)) == expand(NESTED, 4, Random(7))
    assert len({expand(NESTED, 4, Random(seed)) for seed in range(5)}) > 1


def test_an_empty_slot_leaves_no_blank() -> None:
    made = grammar(("{a} b {a}", "{a}"), a=("",))
    assert expand(made, 9, Random(0)) == ("b",)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_never_more_than_wanted(count: int) -> None:
    assert len(expand(NESTED, count, Random(3))) == count


@pytest.mark.parametrize(
    ("templates", "slots", "message"),
    [
        ((), {}, "`templates` is empty"),
        (("{a}",), {"a": ()}, "slot `a` is empty"),
        (("{a}{b}",), {"a": ("x",)}, "unknown slot `b` in `{a}{b}`"),
        (("{a}",), {"a": ("{c}",)}, "unknown slot `c` in `{c}`"),
        (("{a",), {"a": ("x",)}, "a brace without its slot in `{a`"),
        (("{A}",), {"A": ("x",)}, "`A` is no slot name"),
        (("{a}",), {"a": ("{b}",), "b": ("y{a}", "z")}, "slots contain themselves: a, b"),
        (("{a}",), {"a": ("x",), "b": ("y",)}, "slot `b` is used by no template"),
    ],
)
def test_what_cannot_be_filled_is_refused(
    templates: tuple[str, ...], slots: dict[str, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        grammar(templates, **slots)


def test_a_file_names_its_fault_by_place() -> None:
    text = "id: x\ntitle: {zh: 试, en: Trial}\nslots:\n  a: [x]\ntemplates: ['{b}{a}']\n"
    with pytest.raises(DataError, match=r"x.yaml:1:1: unknown slot `b`"):
        loads(Grammar, text, "x.yaml")


PIECES = st.text(alphabet="ab{}约", max_size=8)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=3), st.dictionaries(st.sampled_from("abc"), st.lists(PIECES)))
def test_a_grammar_is_refused_or_ends(pieces: list[str], slots: dict[str, list[str]]) -> None:
    try:
        made = grammar(tuple(pieces), **{name: tuple(v) for name, v in slots.items()})
    except ValueError:
        return
    lines = expand(made, 5, Random(0))
    assert len(lines) == len(set(lines)) <= min(5, size(made))
    assert not any(set("{}") & set(line) for line in lines)
