"""Charsets: every label, every wrong label, marks, cut characters, mixtures, any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.charset import CODECS, LABELS, How, Stream, decode, lookup, plausible

ZH = "<p>今天我们学习了中国历史上的一些重要事件，大家都觉得很有意思。</p>"
TW = "<p>今天我們學習了中國歷史上的一些重要事件，大家都覺得很有意思。</p>"
JA = "<p>今日は学校で歴史の勉強をしました。とても面白かったです。</p>"
KO = "<p>오늘 우리는 학교에서 역사를 공부했다. 아주 재미있는 시간이었다.</p>"
FR = "<p>À côté de l'école où j'étudie, l'été dernier, un garçon</p>"
TEXTS = {"utf-8": ZH, "gb18030": ZH, "big5": TW, "shift_jis": JA, "euc-kr": KO, "windows-1252": FR}


@pytest.mark.parametrize("name", CODECS)
def test_every_encoding_of_the_table_decodes(name: str) -> None:
    assert decode(b"<p>plain</p>", name).text or name.startswith("utf-16")
    assert decode("abc".encode(CODECS[name]), name).text == "abc"


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        (" x-gbk\t", "gb18030"),
        ('"utf8"', "utf-8"),
        ("latin1", "windows-1252"),
        ("ascii", "windows-1252"),
        ("utf-16", "utf-16le"),
        ("unicode", "utf-16le"),
        ("big5-hkscs", "big5"),
        ("ks_c_5601-1987", "euc-kr"),
        ("sjis", "shift_jis"),
        ("x-user-defined", "windows-1252"),
        ("tis-620", "windows-874"),
        ("utf-7", ""),
        ("utf-32", ""),
        ("cesu-8", ""),
        ("hz-gb-2312", ""),
        ("iso-2022-kr", ""),
        ("iso-2022-cn", ""),
        ("idna", ""),
        ("rot13", ""),
        ("base64", ""),
        ("", ""),
    ],
)
def test_labels_are_the_browsers(label: str, name: str) -> None:
    assert lookup(label) == name


def test_labels_are_unambiguous() -> None:
    assert len(LABELS) > 150
    assert all(label == label.lower() for label in LABELS)


RIGHT = ("utf-8", "gbk", "big5", "shift_jis", "euc-kr", "iso-8859-1", "", "utf-7", "nonsense")


@pytest.mark.parametrize("label", RIGHT)
@pytest.mark.parametrize("name", [name for name in TEXTS if name != "windows-1252"])
def test_wrong_labels_are_mended(name: str, label: str) -> None:
    text = TEXTS[name]
    if (name, label) == ("gb18030", "shift_jis"):
        text *= 2
    found = decode(text.encode(CODECS[name]), label)
    assert (found.text, found.charset) == (text, name)


@pytest.mark.parametrize("label", ["", "iso-8859-1", "windows-1252"])
def test_western_text_is_left_alone(label: str) -> None:
    assert decode(FR.encode("cp1252"), label).text == FR


@pytest.mark.parametrize(
    ("body", "declared", "name", "how"),
    [
        (b"\xef\xbb\xbf" + ZH.encode(), "gbk", "utf-8", How.BOM),
        (b"\xff\xfe" + ZH.encode("utf-16-le"), "utf-8", "utf-16le", How.BOM),
        (b"\xfe\xff" + ZH.encode("utf-16-be"), "", "utf-16be", How.BOM),
        (ZH.encode(), "utf-8", "utf-8", How.HEADER),
        (ZH.encode("gbk"), "gb2312", "gb18030", How.HEADER),
        (ZH.encode("utf-16-le"), "utf-16", "utf-16le", How.HEADER),
        (ZH.encode("utf-16-be"), "utf-16be", "utf-16be", How.HEADER),
        (ZH.encode("utf-16-le"), "", "utf-16le", How.CONTENT),
        (ZH.encode("utf-16-be"), "", "utf-16be", How.CONTENT),
        (ZH.encode(), "utf-16", "utf-8", How.MENDED),
        (ZH.encode("gbk"), "utf-16", "gb18030", How.MENDED),
        (ZH.encode("gbk"), "utf-8", "gb18030", How.MENDED),
        (ZH.encode("gbk"), "", "gb18030", How.CONTENT),
        (ZH.encode(), "gbk", "utf-8", How.MENDED),
        (ZH.encode(), "utf-7", "utf-8", How.CONTENT),
    ],
)
def test_who_decides(body: bytes, declared: str, name: str, how: How) -> None:
    found = decode(body, declared)
    assert (found.text, found.charset, found.how) == (ZH, name, how)


@pytest.mark.parametrize(
    ("head", "name", "how"),
    [
        ("<meta charset=gbk>", "gb18030", How.META),
        ("<META CHARSET='GB2312'>", "gb18030", How.META),
        ('<meta http-equiv="Content-Type" content="text/html; charset=gbk">', "gb18030", How.META),
        ("<meta content=text/html;charset=gb18030 http-equiv=content-type>", "gb18030", How.META),
        ("<!-- <meta charset=big5> --><meta charset=gbk>", "gb18030", How.META),
        ("<meta charset=utf-7><meta charset=gbk>", "gb18030", How.META),
        ("<meta name=x><meta charset=big5>", "gb18030", How.MENDED),
        ("<meta charset=utf-16>", "gb18030", How.MENDED),
        ("<title>charset</title>", "gb18030", How.CONTENT),
        ('<?xml version="1.0" encoding="gb2312"?>', "gb18030", How.XML),
    ],
)
def test_declared_inside(head: str, name: str, how: How) -> None:
    found = decode((head + ZH).encode("gbk"))
    assert (found.text, found.charset, found.how) == (head + ZH, name, how)


def test_meta_means_nothing_in_xml() -> None:
    assert decode(b"<meta charset='gbk'/>", xml=True).charset == "utf-8"


def test_a_header_is_stronger_than_meta() -> None:
    body = ("<meta charset=utf-8>" + ZH).encode("gbk")
    assert decode(body, "gbk").how is How.HEADER


def test_a_character_cut_at_the_end_is_left_out() -> None:
    for body, label in ((ZH.encode(), "utf-8"), (ZH.encode("gbk"), "gbk")):
        for size in range(len(body) - 30, len(body)):
            found = decode(body[:size], label)
            assert ZH.startswith(found.text)
            assert found.how is How.HEADER


def test_mixed_encodings_are_read_piece_by_piece() -> None:
    found = decode(ZH.encode() * 9 + ZH.encode("gbk") + TW.encode() * 9, "utf-8")
    assert (found.text, found.how) == (ZH * 9 + ZH + TW * 9, How.MIXED)


NOISE = "<!-- " + "今天我们學習了中國的歷史。" * 60 + " -->"


@pytest.mark.parametrize(
    ("label", "shown", "noise"),
    [("utf-8", "utf-8", "gb18030"), ("gbk", "gb18030", "big5hkscs"), ("gbk", "gb18030", "utf-8"),
     ("big5", "big5hkscs", "utf-8")],
)  # fmt: skip
def test_noise_in_another_encoding_does_not_hide_what_is_shown(
    label: str, shown: str, noise: str
) -> None:
    text = TW if label == "big5" else ZH
    body = NOISE.encode(noise, "ignore") + text.encode(shown)
    assert text in decode(body, label).text


@pytest.mark.parametrize("label", ["", "utf-8", "gbk"])
def test_two_characters_are_chinese(label: str) -> None:
    assert decode("<p>清朗".encode("gbk"), label).text.startswith("<p>")
    assert decode("<p>清朗".encode("gbk"), "gbk").text == "<p>清朗"
    assert decode("<p>清朗".encode("gbk"), "").text == "<p>清朗"


def test_a_few_bad_bytes_change_nothing() -> None:
    found = decode(ZH.encode() + b"\xff\xfe\x80" + ZH.encode(), "utf-8")
    assert found.charset == "utf-8"
    assert found.text.count(ZH) == 2


def test_two_chinese_characters_that_are_utf8_by_chance() -> None:
    """The pair that made an editor famous: valid as two-byte UTF-8."""
    body = bytes.fromhex("c4a3c4a3")  # GBK of two characters
    assert decode(body, "gbk").charset == "gb18030"


def test_zeros_do_not_make_a_labelled_page_utf16() -> None:
    body = b"<\0p\0>\0" * 40 + ZH.encode()
    assert ZH in decode(body, "utf-8").text
    assert ZH in decode(body).text


def test_an_escape_of_the_past_is_not_decoded() -> None:
    assert decode(b"+/v8-+ADw-script+AD4-", "utf-7").text == "+/v8-+ADw-script+AD4-"


def test_plausible() -> None:
    assert plausible(ZH) > 0.25
    assert plausible("abc") == 0.0
    assert plausible(ZH.encode().decode("gb18030", "replace")) < 0.2


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64])
@pytest.mark.parametrize("name", ["utf-8", "gb18030", "utf-16le", "big5"])
def test_a_stream_joins_what_was_cut(name: str, size: int) -> None:
    text = TW if name == "big5" else ZH
    body = text.encode(CODECS[name])
    stream = Stream(name)
    parts = [stream.feed(body[at : at + size]) for at in range(0, len(body), size)]
    assert "".join([*parts, stream.feed(b"", last=True)]) == text


def test_ten_megabytes() -> None:
    assert len(decode(b"a" * 10_000_000, "gbk").text) == 10_000_000


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([*sorted(LABELS), "", "x"]), st.booleans())
def test_any_bytes_under_any_label(body: bytes, label: str, xml: bool) -> None:
    found = decode(body, label, xml=xml)
    assert found.charset in CODECS
    found.text.encode("utf-8")  # no lone surrogates


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_utf8_is_never_taken_for_anything_else(text: str) -> None:
    assert decode(text.encode(), "utf-8").text == text.removeprefix("\ufeff")
