"""Looking up: suffixes, exceptions, addresses, paths, patterns, help, markers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.base import MEMO, RuleBase
from rules.load import WorldError
from rules.model import Layer

LIST = """\
a.com portal
y.a.com music -portal
deep.y.a.com -music
=only.com games
=help.a.com crisis
b.com/live live
b.com/live/kids -live
b.com social
例子.cn news
192.0.2.1 malware
198.51.100.0/24 malware
198.51.100.128/25 phishing
2001:db8::/32 malware
2001:db8:1::5 vpn
c.com shopping
"""

HOSTS = {
    "listed": ("a.com", {"portal"}),
    "below": ("www.x.a.com", {"portal"}),
    "exception": ("y.a.com", {"music"}),
    "below an exception": ("z.y.a.com", {"music"}),
    "exception of both": ("deep.y.a.com", {"uncategorised"}),
    "not a suffix by text": ("ba.com", {"uncategorised"}),
    "exact": ("only.com", {"games"}),
    "below exact": ("www.only.com", {"uncategorised"}),
    "help wins": ("help.a.com", {"crisis"}),
    "below help": ("x.help.a.com", {"portal"}),
    "unknown": ("example.org", {"uncategorised"}),
    "top-level domain": ("com", {"uncategorised"}),
    "idn": ("www.xn--fsqu00a.cn", {"news"}),
    "address": ("192.0.2.1", {"malware"}),
    "other address": ("192.0.2.2", {"uncategorised"}),
    "network": ("198.51.100.1", {"malware"}),
    "two networks": ("198.51.100.200", {"malware", "phishing"}),
    "ipv6 network": ("2001:db8::9", {"malware"}),
    "ipv6 address": ("2001:db8:1::5", {"malware", "vpn"}),
    "name that begins like an address": ("192.0.2.1.a.com", {"portal"}),
    "marker": ("gambling.test.qinglang.invalid", {"gambling"}),
    "below a marker": ("www.gambling.test.qinglang.invalid", {"gambling"}),
    "below a help marker": ("www.crisis.test.qinglang.invalid", {"crisis"}),
    "marker zone": ("test.qinglang.invalid", {"uncategorised"}),
    "empty": ("", {"uncategorised"}),
    "not ascii": ("例子.cn", {"uncategorised"}),
    "lone surrogate": ("\udc80.com", {"uncategorised"}),
    "huge": ("a." * 5000 + "a.com", {"portal"}),
    "hostile": ("\0\n a.com\n", {"uncategorised"}),
}


@pytest.fixture
def base(base_of: Callable[[str], RuleBase]) -> RuleBase:
    return base_of(LIST)


def test_hosts(base: RuleBase) -> None:
    for case, (name, wanted) in HOSTS.items():
        assert set(base.ids(base.mask(name))) == wanted, case
        assert set(base.ids(base.host(name).mask)) == wanted, case
        assert len(name) > 255 or base.host(name) is base.host(name), case


URLS = {
    "no path": ("b.com", "", {"social"}),
    "root": ("b.com", "/", {"social"}),
    "prefix": ("b.com", "/live", {"social", "live"}),
    "below the prefix": ("b.com", "/live/1?x=2", {"social", "live"}),
    "other case": ("b.com", "/LIVE/1", {"social", "live"}),
    "encoded": ("b.com", "/%6cive", {"social", "live"}),
    "dot segments": ("b.com", "/x/../live", {"social", "live"}),
    "query": ("b.com", "/live?x", {"social", "live"}),
    "not at a border": ("b.com", "/lively", {"social"}),
    "exception": ("b.com", "/live/kids/1", {"social"}),
    "subdomain": ("m.b.com", "/live", {"social", "live"}),
    "host without path rules": ("a.com", "/live", {"portal"}),
    "long": ("b.com", "/live/" + "x/" * 9999, {"social", "live"}),
}


def test_urls(base: RuleBase) -> None:
    for case, (name, path, wanted) in URLS.items():
        assert set(base.ids(base.url(name, path).mask)) == wanted, case
        assert base.url(name, path) == base.url(name, path), case
    assert base.url("a.com", "/x") is base.host("a.com")


def test_signals_say_what_matched(base: RuleBase) -> None:
    (one,) = base.host("www.a.com").items
    assert (one.category, one.recogniser, one.matched, one.list) == (
        "portal",
        "hosts",
        "a.com",
        "own",
    )
    items = {item.category: item for item in base.url("b.com", "/live/1").items}
    assert (items["live"].recogniser, items["live"].matched) == ("urls", "b.com/live")
    (one,) = base.host("198.51.100.1").items
    assert (one.recogniser, one.matched) == ("hosts", "198.51.100.0/24")
    (one,) = base.host("x.gambling.test.qinglang.invalid").items
    assert (one.recogniser, one.matched, one.list) == (
        "marker",
        "gambling.test.qinglang.invalid",
        "",
    )
    assert base.host("nowhere.example").items == ()


def test_explain_shows_what_help_overrules(base: RuleBase) -> None:
    found = {signal.category for signal in base.explain("help.a.com")}
    assert found == {"crisis", "portal"}


def test_bits_and_ids(base: RuleBase) -> None:
    assert base.ids(base.bits(["games", "porn"])) == ("games", "porn")
    assert base.ids(0) == ()
    assert base.bits([]) == 0
    assert base.index["games"] == [one.id for one in base.categories].index("games")
    with pytest.raises(KeyError):
        base.bits(["nothing-of-the-kind"])
    assert base.categories[base.index["crisis"]].layer is Layer.HELP


def test_memory_of_names_is_bounded(base: RuleBase) -> None:
    for number in range(3 * MEMO):
        base.host(f"h{number}.a.com")
        base.url("b.com", f"/live/{number}")
    assert len(base._memo) + len(base._older) <= 2 * MEMO + 2
    assert len(base._urls) <= MEMO
    assert base.host("h1.a.com") == base.host("a.com")


def test_it_lives_on_when_its_directory_goes(base: RuleBase) -> None:
    shutil.rmtree(base.path)
    assert base.ids(base.mask("www.a.com")) == ("portal",)


def test_close(base: RuleBase) -> None:
    base.close()
    with pytest.raises(ValueError, match=r".+"):
        base.mask("www.a.com")


def test_open_by_hash_or_by_link(district: Any) -> None:
    district.write("own", "a.com games\n")
    report = district.build()
    assert RuleBase.open(report.path).hash == RuleBase.open(district.data / "rulebase").hash


@pytest.mark.parametrize(
    "damage", ["nothing", "no manifest", "broken manifest", "no table", "format"]
)
def test_what_cannot_be_opened_is_a_world_error(damage: str, district: Any) -> None:
    district.write("own", "a.com games\n")
    path: Path = district.build().path
    if damage == "nothing":
        path = path / "gone"
    elif damage == "no manifest":
        (path / "manifest.json").unlink()
    elif damage == "broken manifest":
        (path / "manifest.json").write_text("{")
    elif damage == "format":
        (path / "manifest.json").write_text('{"format": 0}')
    else:
        (path / "slots.u64").unlink()
    with pytest.raises(WorldError):
        RuleBase.open(path)


def test_patterns(district: Any) -> None:
    district.write(
        "own",
        r"""keyword:casino
regexp:^r+[0-9]+---\w+\.video\.example\.com$
regexp:fifty\..+$
full:exact.net
""",
        "v2fly",
        "categories: {data: gambling}",
    )
    lists = district.lists / "own" / "tree" / "data"
    lists.mkdir(parents=True)
    (district.lists / "own" / "data").rename(lists / "data")
    sidecar = district.lists / "own" / "source.yaml"
    sidecar.write_text(sidecar.read_text().replace("files: [data]", "files: [tree]"))
    base = district.open()
    cases = {
        "best-casino.example.org": {"gambling"},
        "r3---abc.video.example.com": {"gambling"},
        "x.video.example.com": {"uncategorised"},
        "a.fifty.example": {"gambling"},
        "exact.net": {"gambling"},
        "a.exact.net": {"uncategorised"},
        "caslno.example.org": {"uncategorised"},
    }
    for name, wanted in cases.items():
        assert set(base.ids(base.mask(name))) == wanted, name
        assert set(base.ids(base.host(name).mask)) == wanted, name
    (signal,) = base.host("best-casino.example.org").items
    assert signal.matched == "casino"


def test_exceptions_count_only_within_their_list(district: Any) -> None:
    district.write("one", "a.com games\n")
    district.write("two", "a.com games\nx.a.com -games\n")
    base = district.open()
    assert base.ids(base.mask("x.a.com")) == ("games",)
    assert [signal.list for signal in base.host("x.a.com").items] == ["one"]


def test_rpz_wildcards_cover_only_below(district: Any) -> None:
    zone = "@ SOA ns. a. 1 2 3 4 5\n*.a.com CNAME .\nb.com CNAME .\n"
    district.write("own", zone, "rpz", "category: malware")
    base = district.open()
    names = ("a.com", "x.a.com", "b.com", "x.b.com")
    hit = [base.ids(base.mask(name)) == ("malware",) for name in names]
    assert hit == [False, True, True, False]


LABEL = st.text(alphabet="ab", min_size=1, max_size=2)
NAME = st.lists(LABEL, min_size=2, max_size=4).map(lambda labels: ".".join(labels) + ".com")
ENTRY = st.tuples(NAME, st.sampled_from(["games", "live", "-games", "games -live"]), st.booleans())


@given(entries=st.lists(ENTRY, min_size=1, max_size=12), names=st.lists(NAME, max_size=12))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_like_a_slow_and_obvious_reading(
    entries: list[tuple[str, str, bool]], names: list[str], district: Any
) -> None:
    district.write("own", "".join(f"{'=' * own}{name} {words}\n" for name, words, own in entries))
    district.build(accept=["own"])
    base = RuleBase.open(district.data / "rulebase")
    for name in [*names, *(entry[0] for entry in entries)]:
        assert set(base.ids(base.mask(name))) == obvious(entries, name), name
        assert base.host(name).mask == base.mask(name)
    base.close()


def obvious(entries: list[tuple[str, str, bool]], name: str) -> set[str]:
    """From the top down: a level adds its categories, then takes its exceptions away."""
    found: set[str] = set()
    labels = name.split(".")
    for level in (".".join(labels[at:]) for at in reversed(range(len(labels)))):
        here = [
            words for host, words, own in entries if host == level and (not own or host == name)
        ]
        given = {word for words in here for word in words.split()}
        found |= {word for word in given if word[0] != "-"}
        found -= {word[1:] for word in given if word[0] == "-"}
    return found or {"uncategorised"}
