"""Markup read in one pass: XML, snippets, and what no parser should get."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.loose import collapse, is_inline, read_loose, read_xml, strip


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<b>b</b>c", "abc"),
        ("<p>一</p><p>二</p>", "一\n二"),
        ("a<br>b", "a\nb"),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("&#36172;&#x535A;&nbsp;x", "赌博 x"),
        ("a  \t b\n\n\nc", "a b\nc"),
        ("<p", "<p"),
        ("", ""),
    ],
)
def test_snippets(markup: str, text: str) -> None:
    assert strip(markup) == text


def test_collapse_keeps_lines() -> None:
    assert collapse(" a  b \n \n c\u3000d ") == "a b\nc d"


@pytest.mark.parametrize(
    ("tag", "inline"),
    [("<b>", True), ("</a>", True), ("<br>", False), ("<FONT color=x>", True), ("<body>", False)],
)
def test_inline(tag: str, inline: bool) -> None:
    assert is_inline(tag) is inline


def test_a_feed() -> None:
    found = read_xml(
        '<?xml version="1.0"?><rss><channel><title>频道</title><!-- no <item> -->'
        "<item><description><![CDATA[<p>正文<b>加粗</b> 1 < 2</p>]]></description></item>"
        '<link href="http://a.example/"/></channel></rss>'
    )
    assert found.title == "频道"
    assert "正文加粗 1 < 2" in found.text
    assert "no" not in found.text
    assert found.links == ("http://a.example/",)


def test_xhtml_with_an_empty_script_hides_nothing() -> None:
    """An HTML parser would take the rest of the page for script."""
    found = read_xml(
        '<html><script src="x"/><style/><p>正文</p><script>var a="脚本"</script></html>'
    )
    assert found.text == "正文"
    assert found.scripts == ('var a="脚本"',)


def test_svg_text_and_its_attributes() -> None:
    found = read_xml(
        '<svg><text>图<tspan>中</tspan>字</text><image alt="替代" xlink:href="//b/x"/></svg>'
    )
    assert found.text == "图中字"
    assert (found.extras, found.links) == (("替代",), ("//b/x",))


def test_comments_of_hostile_html_count_as_text() -> None:
    assert "秘密" in read_loose("<!-- <p>秘密</p> -->" + "<div>" * 10).text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<![CDATA[",
        "<script>",
        "</",
        "<style><x",
        "<script></",
        "<a href='",
        "&",
        "<p>" * 3,
        "]]>",
        "<title>",
    ],
)
def test_repetition_stays_linear(piece: str) -> None:
    read_xml(piece * (200_000 // len(piece)))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                ">",
                "!--",
                "-->",
                "<![CDATA[",
                "]]>",
                "<script>",
                "<style><x",
                "<script></",
                "</script>",
                "a",
                "赌",
                "&lt;",
                '"',
                "'",
                " alt=",
                "/",
            ]
        ),
        max_size=60,
    )
)
def test_any_markup(pieces: list[str]) -> None:
    markup = "".join(pieces)
    assert isinstance(read_xml(markup).text, str)
    assert isinstance(read_loose(markup).text, str)
