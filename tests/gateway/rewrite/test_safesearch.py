"""SafeSearch: the engines' own examples, hostile spellings, and that nothing else changes."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.rewrite.safesearch import (
    SOURCE,
    Engine,
    Rewrite,
    SafeSearch,
    SafeSearchFile,
    safe_path,
)
from rules.load import DataError, load, loads
from rules.model import Facts, Stage

FILE = load(SafeSearchFile, SOURCE)
ALL = SafeSearch(FILE.engines)
WANTED = {"safe": "active"}


def silent(name: str) -> str:
    return ""


def facts(url: str, stage: Stage = Stage.REQUEST, method: str = "GET") -> Facts:
    host, slash, rest = url.partition("/")
    return Facts(stage=stage, host=host, path=slash + rest, method=method)


def applied(found: Rewrite | None, url: str) -> str:
    host = url.partition("/")[0]
    return url if found is None or found.path is None else host + found.path


@pytest.mark.parametrize("engine", FILE.engines, ids=lambda engine: engine.id)
def test_every_engine_keeps_its_examples(engine: Engine) -> None:
    alone = SafeSearch([engine])
    assert engine.examples.hit
    assert engine.examples.miss
    for example in engine.examples.hit:
        found = alone.rewrite(facts(example.given), silent)
        assert found is not None, example.given
        assert applied(found, example.given) == example.becomes
        assert dict(found.set_headers) == dict(engine.headers)
        assert found.host == (engine.connect or None)
    for url in engine.examples.miss:
        assert alone.rewrite(facts(url), silent) is None, url


@pytest.mark.parametrize("engine", FILE.engines, ids=lambda engine: engine.id)
def test_a_changed_request_is_left_alone(engine: Engine) -> None:
    def safe_already(name: str) -> str:
        return engine.headers.get(name, "")

    alone = SafeSearch([engine])
    for example in engine.examples.hit:
        again = alone.rewrite(facts(example.becomes), safe_already)
        assert again is None or (again.path is None and again.set_headers == ())


@pytest.mark.parametrize("service", FILE.without, ids=lambda service: service.id)
def test_services_without_a_switch_are_not_touched(service: object) -> None:
    for host in service.hosts:  # type: ignore[attr-defined]
        for path in ("/", "/s?wd=a&safe=off", "/search?q=a"):
            assert ALL.rewrite(facts(host + path), silent) is None


def test_ids_and_hosts_are_used_once_per_switch() -> None:
    ids = [item.id for item in (*FILE.engines, *FILE.without)]
    assert len(ids) == len(set(ids))
    for engine in FILE.engines:
        assert len(engine.hosts) == len(set(engine.hosts)), engine.id
        assert all(host == host.lower() and "/" not in host for host in engine.hosts)


def test_loaded_from_the_shipped_file() -> None:
    found = SafeSearch.load().rewrite(facts("www.google.com/search?q=a"), silent)
    assert found == Rewrite(path="/search?q=a&safe=active&ssui=on")


@pytest.mark.parametrize(
    ("stage", "method"),
    [
        (Stage.DNS, "GET"),
        (Stage.TLS, ""),
        (Stage.RESPONSE, "GET"),
        (Stage.REQUEST, "CONNECT"),
    ],
)
def test_only_requests_are_changed(stage: Stage, method: str) -> None:
    assert ALL.rewrite(facts("www.google.com/search?q=a", stage, method), silent) is None


@pytest.mark.parametrize(
    "host", ["WWW.Google.COM", "www.google.com.", "images.google.com", "a.b.c.google.co.uk"]
)
def test_hosts_match_by_suffix(host: str) -> None:
    assert ALL.rewrite(facts(f"{host}/search?q=a"), silent) is not None


@pytest.mark.parametrize("host", ["", ".", "com", "1.2.3.4", "google.evil", "x" * 5000, "谷歌.com"])
def test_other_hosts_do_not_match(host: str) -> None:
    assert ALL.rewrite(facts(f"{host}/search?q=a"), silent) is None


def test_a_header_in_place_is_not_set_again() -> None:
    url = "www.youtube.com/watch?v=x"
    strict = ALL.rewrite(facts(url), silent)
    assert strict == Rewrite(set_headers=(("YouTube-Restrict", "Strict"),))
    assert ALL.rewrite(facts(url), lambda name: "Strict") is None
    assert ALL.rewrite(facts(url), lambda name: "Moderate") == strict


def test_two_engines_on_one_host_both_apply() -> None:
    found = ALL.rewrite(facts("duckduckgo.com/i.js?q=a&p=-2&kp=-2"), silent)
    assert found is not None
    assert parse_qsl((found.path or "").partition("?")[2]) == [
        ("q", "a"),
        ("kp", "1"),
        ("p", "1"),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/search", "/search?safe=active"),
        ("/search?", "/search?safe=active"),
        ("/search?safe", "/search?safe=active"),
        ("/search?safe=", "/search?safe=active"),
        ("/search?safe=active", "/search?safe=active"),
        ("/search?safe=active&q=a", "/search?safe=active&q=a"),
        ("/search?safe=active&safe=active", "/search?safe=active"),
        ("/search?safe=active&safe=off", "/search?safe=active"),
        ("/search?SAFE=off&q=a", "/search?q=a&safe=active"),
        ("/search?Safe=active", "/search?safe=active"),
        ("/search?%73%61fe=off", "/search?safe=active"),
        ("/search?%2573afe=off", "/search?safe=active"),
        ("/search?safe%3Doff", "/search?safe=active"),
        ("/search?safe%3Doff=1", "/search?safe=active"),
        ("/search?q=a&amp;safe=off", "/search?q=a&safe=active"),
        ("/search?q=a&amp;amp;safe=off", "/search?q=a&safe=active"),
        ("/search?safe[]=off", "/search?safe=active"),
        ("/search?safe%00=off", "/search?safe=active"),
        ("/search?+safe=off", "/search?safe=active"),
        ("/search?%20safe%20=off", "/search?safe=active"),
        ("/search?safely=off&unsafe=1", "/search?safely=off&unsafe=1&safe=active"),
        ("/search?q=safe%3Doff", "/search?q=safe%3Doff&safe=active"),
        ("/search?q=safe=off", "/search?q=safe=off&safe=active"),
        ("/search?q=a&&q=b&=", "/search?q=a&&q=b&=&safe=active"),
        ("/search?q=%E7%8C%AB+%F0%9F%90%B1", "/search?q=%E7%8C%AB+%F0%9F%90%B1&safe=active"),
        ("/search?q=猫🐱", "/search?q=猫🐱&safe=active"),
        ("/search?q=%ff%fe%", "/search?q=%ff%fe%&safe=active"),
        ("/search?q=a#safe=off", "/search?q=a&safe=active"),
        ("/search?safe=active#x", "/search?safe=active"),
        ("/search?q=a?safe=off", "/search?q=a?safe=off&safe=active"),
        ("", "?safe=active"),
    ],
)
def test_spellings_of_the_parameter(path: str, expected: str) -> None:
    assert safe_path(path, WANTED) == expected


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        ("/search?q=a", True),
        ("/search/?q=a", True),
        ("/search/a/b?q=a", True),
        ("//search?q=a", True),
        ("/./search?q=a", True),
        ("/%73earch?q=a", True),
        ("/SEARCH?q=a", True),
        ("/search;x=1?q=a", True),
        ("/\\search?q=a", True),
        ("/searching?q=a", False),
        ("/research?q=a", False),
        ("/x/search?q=a", False),
        ("/?q=/search", False),
        ("/maps", False),
        ("*", False),
        ("", False),
    ],
)
def test_paths_by_whole_segments(path: str, covered: bool) -> None:
    asked = Facts(stage=Stage.REQUEST, host="www.google.com", path=path, method="GET")
    assert (ALL.rewrite(asked, silent) is not None) is covered


def test_drop_removes_loosening_parameters() -> None:
    assert safe_path("/s?a=1&loose=yes", WANTED, ["loose"]) == "/s?a=1&safe=active"
    assert safe_path("/s?safe=active&loose=yes", WANTED, ["loose"]) == "/s?safe=active"


def test_nothing_wanted_changes_nothing() -> None:
    assert safe_path("/a?b=c#d", {}) == "/a?b=c#d"


def test_a_huge_query() -> None:
    path = "/search?" + "&".join(f"a{n}=safe" for n in range(20000)) + "&safe=off"
    assert safe_path(path, WANTED) == path.replace("&safe=off", "&safe=active")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "changes nothing"),
        ("    set: {safe: 'on&x=1'}\n", "not a plain parameter"),
        ("    set: {'a b': on}\n", "not a plain parameter"),
        ("    sets: {safe: on}\n", "did you mean `set`"),
    ],
)
def test_bad_engines_are_refused_with_their_place(line: str, message: str) -> None:
    text = (
        "engines:\n  - id: x\n    title: {zh: x, en: x}\n    hosts: [x.com]\n"
        f"{line}    basis: []\n    examples: {{hit: [], miss: []}}\n"
    )
    with pytest.raises(DataError, match=message) as caught:
        loads(SafeSearchFile, text, "engines.yaml")
    assert "engines.yaml:" in str(caught.value)


queries = st.text(st.sampled_from("saferf=&?#%+;[]amp013dD.\x00猫😀\ud800 /\\"), max_size=60)


@settings(max_examples=300, deadline=None)
@given(path=queries.map("/search?".__add__) | st.text(max_size=60))
def test_fuzz_one_safe_parameter_and_the_rest_unchanged(path: str) -> None:
    once = safe_path(path, WANTED)
    assert safe_path(once, WANTED) == once
    query = once.partition("?")[2]
    assert query.split("&").count("safe=active") == 1
    assert [v for k, v in parse_qsl(query, max_num_fields=None) if k == "safe"] == ["active"]
    before = path.partition("#")[0].partition("?")[2].split("&")
    kept = [part for part in query.split("&") if part != "safe=active"]
    rest = iter(before)
    assert all(part in rest for part in kept)  # in order, byte for byte


@settings(max_examples=200, deadline=None)
@given(
    host=st.sampled_from([host for engine in FILE.engines for host in engine.hosts])
    | st.text(max_size=30),
    path=st.text(max_size=60) | queries.map("/search?".__add__),
    value=st.text(max_size=10),
)
def test_fuzz_rewrite_is_total_and_idempotent(host: str, path: str, value: str) -> None:
    asked = Facts(stage=Stage.REQUEST, host=host, path=path, method="GET")
    found = ALL.rewrite(asked, lambda name: value)
    if found is None:
        return
    headers = dict(found.set_headers)
    changed = Facts(
        stage=Stage.REQUEST,
        host=host,
        path=path if found.path is None else found.path,
        method="GET",
    )
    again = ALL.rewrite(changed, lambda name: headers.get(name, value))
    assert again is None or again == Rewrite(host=found.host)
