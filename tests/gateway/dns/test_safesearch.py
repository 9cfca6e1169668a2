"""gateway.dns.safesearch: which strict twin stands for a name."""

import pytest

from gateway.dns.safesearch import Engines, SafeSearch
from gateway.dns.special import HERE
from gateway.dns.wire import text_of
from rules.load import DataError, load, loads

FILE = HERE / "safesearch.yaml"
DATA = load(Engines, FILE)
SAFE = SafeSearch.load(FILE)


@pytest.mark.parametrize("name", DATA.examples.hit)
def test_shipped_examples_hit(name):
    assert SAFE.target(name, "") is not None


@pytest.mark.parametrize("name", DATA.examples.miss)
def test_shipped_examples_miss(name):
    assert SAFE.target(name, "") is None


@pytest.mark.parametrize(
    ("name", "stage", "twin"),
    [
        ("www.google.co.uk", "", "forcesafesearch.google.com"),
        ("www.youtube.com", "primary-upper", "restrict.youtube.com"),
        ("www.youtube.com", "", "restrict.youtube.com"),
        ("www.youtube.com", "senior", "restrictmoderate.youtube.com"),
        ("duckduckgo.com", "senior", "safe.duckduckgo.com"),
    ],
)
def test_twins(name, stage, twin):
    assert text_of(SAFE.target(name, stage)) == twin


def test_no_name_stands_twice_and_no_twin_is_its_own_name():
    names = [name for engine in DATA.engines for name in engine.names]
    assert len(names) == len(set(names))
    assert not {engine.target for engine in DATA.engines} & set(names)
    assert sum(name.startswith("www.google.") for name in names) > 180


@pytest.mark.parametrize("target", ["a..b", "x" * 64])
def test_a_twin_must_be_a_name(target):
    text = (
        "id: x\ntitle: {zh: x, en: x}\nlimits: {zh: x, en: x}\nexamples: {hit: [], miss: []}\n"
        f"engines: [{{target: {target}, names: [a.cn], basis: {{source: x}}}}]\n"
    )
    with pytest.raises(DataError, match="not a DNS name"):
        loads(Engines, text, "x.yaml")
