"""A body → Signals: phrases and model joined, places kept apart, equal bodies read once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.contents import read_contents, write_contents
from rules.load import WorldError
from rules.recognise.content import Recogniser
from rules.sources import load_categories

LURE = (
    "澳门正规平台注册就送彩金，百家乐真人荷官在线发牌，充值返水秒提现，"
    "加微信客服拉你进群，稳赚不赔。"
)
CALM = (
    "星期三下午，我们班去博物馆看了青铜器展览，回来以后每人写了一篇观后感，老师选了三篇贴在墙上。"
)


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    folder = tmp_path_factory.mktemp("base")
    write_contents(folder, read_contents(folder / "none", (), load_categories()))
    return Recogniser.open(folder)


def html(body: str, head: str = "") -> bytes:
    return f"<html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>".encode()


@pytest.mark.parametrize(
    ("body", "kind", "place"),
    [
        (html(f"<p>{LURE}</p>"), "text/html", "text"),
        (html("<p>首页</p>", f"<title>{LURE}</title>"), "text/html", "text"),
        (html(f"<p>{CALM * 4}</p><img alt='{LURE}'>"), "text/html", "attributes"),
        (html(f"<p>{CALM * 4}</p><div style='display:none'>{LURE}</div>"), "text/html", "hidden"),
        (html(f"<p>{CALM * 4}</p><script>var t='{LURE}'</script>"), "text/html", "scripts"),
        (html(f"<script>render({{t:'{LURE}'}})</script>"), "text/html", "data"),
        (f'{{"items":[{{"t":"{LURE}"}}]}}'.encode(), "application/json", "data"),
        (LURE.encode("gb18030"), "text/plain", "text"),
    ],
    ids=["text", "title", "attributes", "hidden", "scripts", "page of a script", "json", "gbk"],
)
def test_a_lure_is_recognised_wherever_it_stands(
    recogniser: Recogniser, body: bytes, kind: str, place: str
) -> None:
    found = {one.category: one for one in recogniser.read(body, kind).signals}
    assert "gambling" in found
    assert found["gambling"].confidence >= 0.9
    assert found["gambling"].place == place
    assert found["gambling"].matched


@pytest.mark.parametrize("text", [CALM, "", "好", CALM * 200, "The museum is open on Sundays."])
def test_harmless_text_says_nothing(recogniser: Recogniser, text: str) -> None:
    assert recogniser.text(text) == ()
    assert recogniser.read(html(f"<p>{text}</p>"), "text/html").signals == ()


def test_equal_bodies_are_read_once(recogniser: Recogniser) -> None:
    body = html(f"<p>{CALM}</p>")
    assert recogniser.read(body, "text/html") is recogniser.read(
        bytes(bytearray(body)), "text/html"
    )
    assert recogniser.read(body, "text/html") is not recogniser.read(body, "text/plain")


def test_few_words_are_judged_by_phrases_alone(recogniser: Recogniser) -> None:
    assert recogniser.find("青铜器展览", "search") == ()
    (found,) = recogniser.find("注册送彩金", "search")
    assert (found.category, found.recogniser, found.place) == ("gambling", "words", "search")


def test_a_folder_without_phrases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        Recogniser.open(tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(["text/html", "", "application/json", "text/xml"]))
def test_any_bytes_are_read(recogniser: Recogniser, body: bytes, kind: str) -> None:
    for one in recogniser.read(body, kind).signals:
        assert 0.5 <= one.confidence < 1
