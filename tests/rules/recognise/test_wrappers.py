"""URLs inside URLs: every family by its examples, nesting, loops, hostile ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.asking import HERE
from rules.hosts import split_url
from rules.load import load_folder
from rules.recognise.wrappers import MOST, Place, Wrapper, WrapperBook

FAMILIES = load_folder(Wrapper, HERE / "wrappers")
BOOK = WrapperBook(tuple((one.id, one.places) for one in FAMILIES.values()))


def inner(url: str, book: WrapperBook = BOOK) -> list[str]:
    host, _, path = split_url(url)
    return [one.host + one.path for one in book.inner(host, path)]


@pytest.mark.parametrize("name", FAMILIES)
def test_examples(name: str) -> None:
    family = FAMILIES[name]
    own = WrapperBook(((name, family.places),))
    for hit in family.examples.hit:
        assert inner(hit.url) == list(hit.inner), hit.url
    for url in family.examples.miss:
        assert inner(url, own) == [], url


def test_three_deep_and_no_deeper() -> None:
    url = "https://e.example/"
    for number in range(5):
        url = f"https://h{number}.example/go?url=" + url.replace("%", "%25").replace(":", "%3A")
    found = [one.split("/")[0] for one in inner(url)]
    assert found == ["h3.example", "h2.example", "h1.example"]


def test_a_loop_ends() -> None:
    assert inner("a.example/go?url=https://a.example/go?url=https://a.example/x") != []
    assert inner("a.example/go?url=https://a.example/go") == ["a.example/go"]


def test_many_are_bounded() -> None:
    query = "&".join(f"url=https://h{number}.example/" for number in range(50))
    assert len(inner(f"a.example/go?{query}")) == MOST


def test_addresses_and_odd_spellings_are_canonical() -> None:
    assert inner("link.zhihu.com/?target=http://0x7f.1/") == ["127.0.0.1/"]
    assert inner("link.zhihu.com/?target=HTTPS:%2F%2FWWW.Example.COM.%2Fa") == ["www.example.com/a"]
    assert inner("link.zhihu.com/?target=https://user@www.example.com:8443/") == [
        "www.example.com/"
    ]
    assert inner("link.zhihu.com/?target=javascript:alert(1)") == []
    assert inner("link.zhihu.com/?target=%00") == []


@pytest.mark.parametrize(
    "fault",
    [
        {"hosts": ("a.example",)},
        {"hosts": ("a.example",), "rest": True},
        {"hosts": ("*",), "urls": ("u",)},
    ],
)
def test_a_place_must_say_where(fault: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs"):
        Place(**fault)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_path(path: str) -> None:
    for host in ("web.archive.org", "translate.google.com", "a-b.translate.goog", "x.example"):
        assert isinstance(BOOK.inner(host, "/" + path), tuple)
