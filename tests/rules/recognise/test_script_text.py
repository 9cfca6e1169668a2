"""Text that scripts and styles carry, and what must not be taken for text."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.script_text import script_text, style_text, unescape_css, unpack

PACKED = base64.b64encode("这里是一段中文文字".encode()).decode()


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("var a='赌博网站';", "赌博网站"),
        (r'x="\u8d4c\u535a\u7f51\u7ad9"', "赌博网站"),
        (r'x="\xe4"+"\u8d4c\u535a"', "赌博"),
        ('x="赌"+"博"', "赌博"),
        ("x='赌' + '博'", "赌博"),
        ("document.write('<p>赌<b>博</b></p>')", "赌博"),
        ('/"/.test(a);x="赌博"', "赌博"),
        ("unescape('%u8d4c%u535a')", "赌博"),
        ("decodeURIComponent('%E8%B5%8C%E5%8D%9A')", "赌博"),
        ("String.fromCharCode(36172, 21338)", "赌博"),
        ("String.fromCharCode(0x8d4c,0x535a)", "赌博"),
        (f'atob("{PACKED}")', "这里是一段中文文字"),
        ("var s = `模板 ${x} 文字`", "文字"),
        ('a("win big at the casino tonight")', "win big at the casino tonight"),
        ("a('win big at\\x20the casino')", "win big at the casino"),
        ('callback({"name":"赌博"})', "赌博"),
        ("s='&#36172;&#21338;中'", "中"),
    ],
)
def test_found(source: str, text: str) -> None:
    found, cut = script_text(source, 10_000)
    assert any(text in piece for piece in found), found
    assert not cut


@pytest.mark.parametrize(
    "source",
    [
        "function f(a,b){return a<b?a.length:b.slice(1)}",
        'import x from "./some/module/path.js"',
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOP",
        'k="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"',
        "",
    ],
)
def test_code_is_no_text(source: str) -> None:
    assert script_text(source, 10_000) == ([], False)


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (PACKED, "这里是一段中文文字"),
        (PACKED.rstrip("="), "这里是一段中文文字"),
        (base64.urlsafe_b64encode("文字>>>???".encode()).decode(), "文字>>>???"),
        (base64.b64encode(b"<p>hello there</p>").decode(), "hello there"),
        (base64.b64encode(b"%E8%B5%8C%E5%8D%9A").decode(), "赌博"),
        (base64.b64encode(bytes(range(40))).decode(), ""),
        (base64.b64encode(b"\x00\x01hello").decode(), ""),
        ("abcdefghijklmnop", ""),
        ("A", ""),
        ("", ""),
    ],
)
def test_base64(packed: str, text: str) -> None:
    assert unpack(packed) == text


def test_budgets() -> None:
    assert script_text('"中文字符";' * 50_000, 10_000)[1]
    found, cut = script_text("x=['" + "','".join(f"第{n}段文字" for n in range(500)) + "']", 100)
    assert cut
    assert sum(map(len, found)) <= 100


def test_styles_show_text() -> None:
    assert style_text("p::before{content:'赌博'} q{content:\"\\8d4c\\535a \"} r{content:'>'}") == [
        "赌博",
        "赌博",
    ]
    assert style_text("p{color:red}") == []
    assert unescape_css(r"\110000 \d800 \41") == "��A"


@pytest.mark.parametrize(
    "piece",
    [
        '"',
        "'",
        "`",
        "\\",
        "%u",
        "%E8",
        '"+"',
        "fromCharCode(1",
        "A" * 13 + " ",
        "中",
        "a",
        "A=",
        "aa ",
        "-",
    ],
)
def test_repetition_stays_linear(piece: str) -> None:
    script_text(piece * (64 * 1024 // len(piece)), 10_000)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("\"'`\\+/ux%fromCharCode(,)8d4c赌<b>=A\n ${}"), max_size=120))
def test_any_script(source: str) -> None:
    found, _ = script_text(source, 1000)
    "".join(found).encode("utf-8")
    style_text(source)
    unpack(source)
