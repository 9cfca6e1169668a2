"""One reading of a text, whatever it is written with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.normal import normalise, view

READS = {
    "full width": ("ｖｘ：１２３，好", "vx:123,好"),
    "traditional": ("賭場註冊送禮", "赌场注册送礼"),
    "zero width": ("赌\u200b博\ufeff平\u2060台", "赌博平台"),
    "combining": ("p\u0301o\u0336rn 赌\u0336博", "porn 赌博"),
    "bidi": ("\u202e赌博\u202c", "赌博"),
    "variation selector": ("赌\ufe0f博\U000e0101", "赌博"),
    "cyrillic": ("роrn саsіnо", "porn casino"),
    "greek": ("Ρορn", "popn"),
    "mathematical": ("𝓹𝓸𝓻𝓷 𝟏𝟐𝟑", "porn 123"),
    "circled": ("加ⓥⓧ①②⑩", "加vx1210"),
    "squared": ("🅥🅧 🇻🇽", "vx vx"),
    "accents": ("dǔ bó pórn", "du bo porn"),
    "case": ("PorN", "porn"),
    "radicals": ("⼥⼈", "女人"),
    "parts": ("木仓 贝者博 马扁子", "枪赌博骗子"),
    "traditional parts": ("貝者博", "赌博"),
    "spaces": ("菠 菜 平 台", "菠菜平台"),
    "symbols": ("赌*博~平|台", "赌博平台"),
    "emoji": ("赌🎲🎲博👉平台", "赌博平台"),
    "private use": ("赌\ue001博", "赌博"),
    "single dots": ("澳.门.赌.场", "澳门赌场"),
    "single commas": ("澳，门，赌，场", "澳门赌场"),
    "one a line": ("澳\n门\n赌\n场", "澳门赌场"),
    "sentences stay": ("打赌。博士说,门开了", "打赌。博士说,门开了"),
    "lines stay": ("打赌\n博士说\n门开了", "打赌\n博士说\n门开了"),
    "short clauses stay": ("来,我们去,好不好", "来,我们去,好不好"),
    "far apart stays": ("赌 * * * * 博", "赌 * * * * 博"),
    "latin words stay": ("sex education 18 years", "sex education 18 years"),
    "figures between stay": ("第 3 章", "第 3 章"),
    "plus": ("➕薇", "加薇"),
    "lone surrogate": ("赌\ud800博", "赌\ufffd博"),
    "rare characters": ("𠀀𠀁", "𠀀𠀁"),
    "empty": ("", ""),
    "only invisible": ("\u200b", ""),
    "control characters": ("a\x00b\r\nc", "a b \nc"),
    "lines of other systems": ("赌\u2028博", "赌\n博"),
}


@pytest.mark.parametrize("name", READS)
def test_reads(name: str) -> None:
    text, wanted = READS[name]
    assert normalise(text) == wanted
    assert view(text).text == wanted


EXTRA = {
    "leet": ("p0rn and s3x", "porn\nsex"),
    "leet among chinese": ("看p0rn网站", "porn"),
    "signs": ("c@$ino", "casino"),
    "single letters": ("p o r n", "porn"),
    "dots": ("p.o.r.n 赌", "porn"),
    "plain words": ("hello world", ""),
    "years and keys": ("2024 " + "a1" * 40, ""),
    "no latin": ("你好", ""),
    "empty": ("", ""),
}


@pytest.mark.parametrize("name", EXTRA)
def test_other_readings_of_latin_words(name: str) -> None:
    text, wanted = EXTRA[name]
    assert view(text).extra == wanted


def test_places_lead_back() -> None:
    text = "好的：ＡB\u200b赌*博⑩了"
    found = view(text)
    assert found.text == "好的:ab赌博10了"
    assert [text[found.origin(at)] for at in range(len(found.text))] == list("好的：ＡB赌博⑩⑩了")
    assert view("abc").origin(2) == 2
    assert view("\u200b").origin(5) == 5


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_anything_is_read(text: str) -> None:
    found = view(text)
    assert found.text == normalise(text)
    assert all(0 <= found.origin(at) < len(text) for at in range(len(found.text)))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="赌博平台女马贝者a1 *。,\n\u200bＡ⑩賭🎲"))
def test_marks_of_a_sentence_are_never_made(text: str) -> None:
    assert set(normalise(text)) <= set("赌博平台妈女马贝者a10 *。,\n🎲")


@pytest.mark.parametrize("text", ["⑩中", "赌 博 ", "贝者", "𠀀🎲", "p0rn ", "a b "])
def test_long_hostile_text(text: str) -> None:
    assert len(view(text * 20_000).text) > 0
