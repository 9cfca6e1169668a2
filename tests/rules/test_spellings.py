"""Other spellings of a phrase."""

from __future__ import annotations

import pytest

from rules.lexicon import Spelling
from rules.spellings import spellings

WAYS = {
    "pinyin": ("博彩平台", Spelling.PINYIN, {"bocaipingtai", "bo cai ping tai"}),
    "too short in pinyin": ("博彩", Spelling.PINYIN, set()),
    "initials": ("博彩平台", Spelling.INITIALS, {"bcpt"}),
    "too few initials": ("博彩", Spelling.INITIALS, set()),
    "mixed": ("博彩", Spelling.MIXED, {"bo彩", "博cai"}),
    "latin": ("casino", Spelling.PINYIN, set()),
    "empty": ("", Spelling.MIXED, set()),
    "too long": ("一二三四五六七八九十一二三", Spelling.MIXED, set()),
}


@pytest.mark.parametrize("name", WAYS)
def test_spelled(name: str) -> None:
    phrase, way, wanted = WAYS[name]
    assert set(spellings(phrase, [way])) == wanted


def test_homophones_one_by_one_and_all() -> None:
    found = spellings("博彩", [Spelling.HOMOPHONES])
    assert {"菠彩", "博菜", "搏采"} <= set(found)
    assert "博彩" not in found
    assert spellings("一二三四五六七", [Spelling.HOMOPHONES, Spelling.MIXED]) == ()
