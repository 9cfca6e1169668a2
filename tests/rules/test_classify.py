"""Facts → Signals: several names, an address, labels, and the shared fast path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rules.base import RuleBase
from rules.classify import by_name, classify
from rules.model import Facts, Signal, Stage
from tests.rules.conftest import District

LIST = """\
a.com games
b.com/live live
b.com social
=help.cn crisis
192.0.2.1 malware
porn.cn porn
"""

CASES: dict[str, tuple[dict[str, object], set[str]]] = {
    "host": ({"host": "www.a.com"}, {"games"}),
    "nothing known": ({"host": "x.org"}, {"uncategorised"}),
    "path": ({"host": "b.com", "path": "/live/1"}, {"social", "live"}),
    "other name": ({"host": "x.org", "names": ("a.com",)}, {"games"}),
    "two names": ({"host": "a.com", "names": ("b.com", "x.org")}, {"games", "social"}),
    "path counts for every name": ({"host": "a.com", "names": ("b.com",), "path": "/live"},
                                   {"games", "social", "live"}),
    "address": ({"host": "x.org", "address": "192.0.2.1"}, {"malware"}),
    "harmless address": ({"host": "a.com", "address": "192.0.2.9"}, {"games"}),
    "address is the host": ({"host": "192.0.2.1", "address": "192.0.2.1"}, {"malware"}),
    "label": ({"host": "x.org", "labels": ("rta",)}, {"porn"}),
    "label beside a list": ({"host": "a.com", "labels": ("rta",)}, {"games", "porn"}),
    "unknown label": ({"host": "x.org", "labels": ("odd",)}, {"uncategorised"}),
    "help": ({"host": "help.cn"}, {"crisis"}),
    "help keeps its address and labels": (
        {"host": "help.cn", "address": "192.0.2.1", "labels": ("rta",)}, {"crisis"}),
    "help named twice": ({"host": "help.cn", "names": ("help.cn",)}, {"crisis"}),
    "help as a cover": ({"host": "porn.cn", "names": ("help.cn",)}, {"porn"}),
    "help in front of harm": ({"host": "help.cn", "names": ("porn.cn",)}, {"porn"}),
    "help in front of the unknown": ({"host": "help.cn", "names": ("x.org",)}, {"uncategorised"}),
    "help as a cover of a bad address": (
        {"host": "x.org", "names": ("help.cn",), "address": "192.0.2.1"}, {"malware"}),
}  # fmt: skip


SEEN = {
    "sure": ("x.org", (("porn", 1.0),), {"porn"}, {}),
    "in doubt": ("x.org", (("porn", 0.7),), {"uncategorised"}, {"porn": 0.7}),
    "the surest counts": (
        "x.org", (("porn", 0.7), ("porn", 0.8)), {"uncategorised"}, {"porn": 0.8}),
    "sure beside doubt": ("x.org", (("porn", 0.7), ("porn", 1.0)), {"porn"}, {}),
    "beside a list": ("a.com", (("porn", 0.7),), {"games"}, {"porn": 0.7}),
    "what a list says already": ("porn.cn", (("porn", 0.7),), {"porn"}, {}),
    "the surest first": (
        "x.org", (("games", 0.6), ("porn", 0.7)), {"uncategorised"}, {"porn": 0.7, "games": 0.6}),
    "a category nobody knows": ("x.org", (("of-yesterday", 1.0),), {"uncategorised"}, {}),
    "help is not read": ("help.cn", (("porn", 1.0),), {"crisis"}, {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuleBase]:
    district = District(tmp_path_factory.mktemp("classify"))
    district.write("own", LIST)
    opened = district.open()
    yield opened
    opened.close()


def test_classify(base: RuleBase) -> None:
    for case, (given, wanted) in CASES.items():
        signals = classify(Facts(stage=Stage.REQUEST, **given), base)  # type: ignore[arg-type]
        assert set(base.ids(signals.mask)) == wanted, case
        named = {item.category for item in signals.items}
        assert named == wanted - {"uncategorised"}, case


def test_the_common_case_is_shared(base: RuleBase) -> None:
    facts = Facts(stage=Stage.TLS, host="www.a.com", port=443)
    assert classify(facts, base) is base.host("www.a.com")


def test_labels_say_so(base: RuleBase) -> None:
    signals = classify(Facts(stage=Stage.RESPONSE, host="x.org", labels=("rta",)), base)
    assert [(item.recogniser, item.matched) for item in signals.items] == [("labels", "rta")]


@pytest.mark.parametrize(("host", "given", "sure", "doubts"), SEEN.values(), ids=SEEN)
def test_what_recognisers_saw(
    base: RuleBase,
    host: str,
    given: tuple[tuple[str, float], ...],
    sure: set[str],
    doubts: dict[str, float],
) -> None:
    seen = tuple(
        Signal(category=name, recogniser="words", matched="x", confidence=confidence)
        for name, confidence in given
    )
    signals = classify(Facts(stage=Stage.RESPONSE, host=host, seen=seen), base)
    assert set(base.ids(signals.mask)) == sure
    assert {base.ids(bit)[0]: odds for bit, odds in signals.doubts} == doubts
    assert [odds for _, odds in signals.doubts] == sorted(doubts.values(), reverse=True)


@pytest.mark.parametrize("host", ["a.com", "b.com", "help.cn", "porn.cn", "x.org", "192.0.2.1", ""])
@pytest.mark.parametrize("names", [(), ("help.cn",), ("x.org",), ("porn.cn", "b.com"), ("a.com",)])
@pytest.mark.parametrize("path", ["", "/live/1"])
def test_by_name_is_classify_without_the_rest(
    base: RuleBase, host: str, names: tuple[str, ...], path: str
) -> None:
    facts = Facts(stage=Stage.REQUEST, host=host, names=names, path=path)
    assert by_name(host, names, path, base) == classify(facts, base).mask
