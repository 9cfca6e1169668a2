"""HTML: what is seen, what is hidden, what attributes say; hostile and broken markup."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.markup import Parts, hides, read_markup


def read(markup: str, links: int = 100) -> Parts:
    return read_markup(markup.encode(), limit=10_000, links=links)


TEXTS: dict[str, tuple[str, str]] = {
    "inline is one word": ("<p>赌<b>博</b><span>网<i>站</i></span></p>", "赌博网站"),
    "empty inline": ("赌<span></span>博<wbr>网", "赌博网"),
    "comment in a word": ("赌<!-- x -->博<?x?>网<!y>站", "赌博网站"),
    "blocks are apart": ("<div>一</div><div>二</div><ul><li>三<li>四</ul>", "一\n二\n三\n四"),
    "links are apart": ("<a href=/>首页</a><a href=/>新闻</a>", "首页\n新闻"),
    "br": ("一<br>二", "一\n二"),
    "white space": ("<p> a \n\t b&nbsp;&nbsp;c </p>", "a b c"),
    "table": ("<table><tr><td>1<td>2</table>", "1\n2"),
    "entities": ("&lt;p&gt; &#x8d4c;&#21338; &amp;c", "<p> 赌博 &c"),
    "textarea, option": ("<textarea><b>x</textarea><select><option>选</select>", "<b>x\n选"),
    "script, style": ("<style>x{}</style>a<script>b</script><STYLE>y</STYLE>", "a"),
    "raw text": ("<noembed>n</noembed><noframes>f</noframes><iframe>i</iframe>a", "a"),
    "unclosed": ("<p>一<b>二<table>三", "一二三"),
    "svg": ("<svg><text>图</text></svg>", "图"),
    "plaintext": ("<plaintext><b>x", "<b>x"),
    "NUL": ("a\0b", "ab"),
    "hidden body is shown by script": ("<body style='display:none'>x", "x"),
    "closed comment": ("<!-- <p>不见</p> -->见", "见"),
    "odd comment ends": ("<!--> 见 <!---> 也见 --!> 尾", "见 也见 --!> 尾"),
    "empty": ("", ""),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str) -> None:
    markup, text = TEXTS[name]
    assert read(markup).text == text


HIDDEN = [
    "<p hidden>藏</p>",
    "<p hidden=until-found>藏</p>",
    '<p style="display: none">藏</p>',
    "<p style='DISPLAY:NONE!important'>藏</p>",
    "<p style=visibility:hidden>藏</p>",
    "<p style='font-size:0'>藏</p>",
    "<p style='font-size:0px;color:red'>藏</p>",
    "<p style='opacity:0'>藏</p>",
    "<p style='opacity: 0.0;'>藏</p>",
    "<p style='text-indent:-9999px'>藏</p>",
    "<p style='position:absolute;left:-5000px'>藏</p>",
    "<p style='color:#fff;background:#FFFFFF'>藏</p>",
    "<p style='background-color:white; color: rgb(255, 255, 255)'>藏</p>",
    "<noscript>藏</noscript>",
    "<p hidden><b style='display:none'>藏</b></p>",
]


@pytest.mark.parametrize("markup", HIDDEN)
def test_hidden(markup: str) -> None:
    parts = read(f"见{markup}")
    assert (parts.text, parts.hidden) == ("见", ["藏"])


@pytest.mark.parametrize(
    "style",
    [
        "",
        "color:red",
        "display:block",
        "font-size:0.9em",
        "opacity:0.5",
        "opacity:0.05",
        "color:#fff;background:#000",
        "color:#fff",
        "display",
        "x" * 9000,
    ],
)
def test_not_hidden(style: str) -> None:
    assert not hides(style)


def test_hidden_inside_hidden_is_taken_once_and_in_order() -> None:
    parts = read("<p hidden>一<b hidden>二</b></p><p hidden>三")
    assert parts.hidden == ["一", "二", "三"]


def test_hidden_has_a_limit() -> None:
    parts = read_markup("<p hidden>一二三四五</p>".encode() * 100, limit=20, links=1)
    assert parts.cut
    assert sum(map(len, parts.hidden)) <= 25


def test_attributes() -> None:
    parts = read(
        "<title> 题 目 </title><meta name=Description content=述>"
        "<meta property=og:title content=名>"
        "<meta name=viewport content=width><meta http-equiv=refresh content='0; url=http://r/'>"
        "<img alt=图 src=http://i/><input placeholder=填 value=无><input type=submit value=交>"
        "<div title=释 aria-label=标>x</div><optgroup label=组></optgroup>"
        "<iframe srcdoc='<p>内</p>'></iframe><form action=//f/></form><a href=/in>a</a>"
        "<a href=https://o/>o</a><template>模</template><svg><title>二</title></svg>"
    )
    assert parts.title == "题 目"
    assert set(parts.extras) == {"述", "名", "图", "填", "交", "释", "标", "组", "模"}
    assert parts.links == ["http://r/", "http://i/", "//f/", "https://o/"]
    assert parts.framed == ["<p>内</p>"]
    assert parts.text == "x\na\no\n二"


def test_links_are_counted() -> None:
    parts = read("<a href=http://a/>x</a>" * 50, links=10)
    assert len(parts.links) == 10
    assert parts.cut


def test_scripts_and_styles_are_kept_apart() -> None:
    parts = read("<script type='Application/JSON'>{}</script><script>x</script><style>y</style>")
    assert parts.scripts == [("application/json", "{}"), ("", "x")]
    assert parts.styles == ["y"]


@settings(max_examples=120, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"<p>",
                b"</p>",
                b"<b",
                b">",
                b"<table>",
                b"<svg>",
                b"<template>",
                b"<script>",
                b"</script>",
                b"<!--",
                b"-->",
                b" hidden",
                b" style='display:none'",
                b"\0",
                b"\xff",
                b"x",
                b"<select>",
                b"<noscript>",
                b"</html>",
                b"<frameset>",
                b"<title>",
                b"&#0;",
                b"<body hidden>",
                b"<iframe srcdoc=",
            ]
        ),
        max_size=50,
    )
)
def test_any_markup(pieces: list[bytes]) -> None:
    parts = read_markup(b"".join(pieces), limit=100, links=3)
    (parts.title + parts.text + "".join(parts.extras + parts.hidden)).encode("utf-8")
