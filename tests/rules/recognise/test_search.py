"""Every engine's file by its own examples, and what no file may do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.asking import HERE
from rules.hosts import split_url
from rules.load import load_folder
from rules.recognise.fields import fields
from rules.recognise.search import Engine, Kind, Place, Query, SearchBook

ENGINES = load_folder(Engine, HERE / "search/engines")
BOOK = SearchBook(tuple((one.id, one.places) for one in ENGINES.values()))


def asked(book: SearchBook, url: str, body: str = "", media: str = "") -> Query | None:
    host, _, path = split_url(url)
    if body:
        assert book.takes_body(host, path)
        return book.posted(host, path, fields(body.encode(), media))
    return book.query(host, path)


@pytest.mark.parametrize("name", ENGINES)
def test_examples(name: str) -> None:
    engine = ENGINES[name]
    own = SearchBook(((name, engine.places),))
    assert engine.examples.hit
    assert engine.examples.miss
    for hit in engine.examples.hit:
        found = asked(BOOK, hit.url, hit.body, hit.media)
        assert found is not None, hit.url
        assert (found.words, found.kind) == (hit.words, hit.kind), hit.url
        assert asked(own, hit.url, hit.body, hit.media) is not None
    for url in engine.examples.miss:
        assert asked(own, url) is None, url


def test_the_engines_that_were_asked_for() -> None:
    wanted = "baidu sogou so-360 bing google toutiao bilibili douyin weibo zhihu taobao jd"
    assert set((wanted + " xiaohongshu kuaishou youtube duckduckgo yandex yahoo").split()) <= set(
        ENGINES
    )


def test_hosts_are_canonical() -> None:
    for engine in ENGINES.values():
        for place in engine.places:
            for host in place.hosts:
                assert split_url(host.replace(".*", ".example"))[0].removesuffix(".example") in (
                    host.removesuffix(".*"),
                    host,
                )


@pytest.mark.parametrize(
    "fault", [{"hosts": ("a.example",)}, {"hosts": ("a",), "words": ("q",), "paths": ("s",)}]
)
def test_a_place_must_say_where(fault: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match=r"place|path"):
        Place(**fault)  # type: ignore[arg-type]


def test_a_template_has_one_place() -> None:
    with pytest.raises(ValueError, match="once"):
        Place(hosts=("a.example",), template="/search")


def test_no_search_costs_one_look_up() -> None:
    assert BOOK.query("www.example.com", "/s?wd=x") is None
    assert not BOOK.takes_body("www.example.com", "/s")
    assert BOOK._sites._memo["www.example.com"] == ()


def test_long_queries_are_cut() -> None:
    found = BOOK.query("www.baidu.com", "/s?wd=" + "a" * 10_000)
    assert found is not None
    assert len(found.words) == 512
    assert found.kind is Kind.WEB


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_path(path: str) -> None:
    for host in ("www.baidu.com", "www.google.com", "s.weibo.com", "so.iqiyi.com"):
        found = BOOK.query(host, "/" + path)
        assert found is None or isinstance(found.words, str)
