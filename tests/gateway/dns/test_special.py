"""gateway.dns.special: names that are never asked upstream."""

import re

import dns.message
import pytest

from gateway.dns import special
from gateway.dns.special import Local
from gateway.dns.wire import parse
from rules.load import DataError, load, loads


@pytest.fixture(scope="module")
def names():
    return special.load_special()


def query(name, qtype="A"):
    return parse(dns.message.make_query(name, qtype).to_wire())


DATA = load(special.SpecialNames, special.HERE / "special.yaml")


@pytest.mark.parametrize("name", DATA.examples.hit)
def test_shipped_examples_hit(names, name):
    assert names.find(query(name)) is not None


@pytest.mark.parametrize("name", DATA.examples.miss)
def test_shipped_examples_miss(names, name):
    assert names.find(query(name)) is None


def test_the_id_is_the_file_name():
    assert DATA.id == "special"
    assert load(special.InternalNames, special.HERE / "internal.yaml").id == "internal"


@pytest.mark.parametrize(
    ("name", "qtype", "how"),
    [
        ("use-application-dns.net", "A", Local.NXDOMAIN),
        ("USE-application-DNS.net", "AAAA", Local.NXDOMAIN),
        ("mask-h2.icloud.com", "HTTPS", Local.NXDOMAIN),
        ("_dns.resolver.arpa", "SVCB", Local.NODATA),
        ("resolver.arpa", "A", Local.NODATA),
        ("_dns.dns.example", "SVCB", Local.NODATA),
        ("_dns.dns.example", "TXT", None),
        ("localhost", "A", Local.LOOPBACK),
        ("app.localhost", "AAAA", Local.LOOPBACK),
        ("printer", "A", Local.NXDOMAIN),
        ("com", "NS", None),
        (".", "NS", None),
        ("31.172.in-addr.arpa", "PTR", Local.NXDOMAIN),
        ("1.32.172.in-addr.arpa", "PTR", None),
        ("1.127.100.in-addr.arpa", "PTR", Local.NXDOMAIN),
        ("1.0.0.0.d.f.ip6.arpa", "PTR", Local.NXDOMAIN),
        ("test.qinglang.invalid", "A", Local.MARKER),
        ("games.test.qinglang.invalid", "A", Local.MARKER),
        ("games.test.qinglang.invalid.cn", "A", None),
        ("nottest.qinglang.invalid", "A", Local.NXDOMAIN),
    ],
)
def test_how_names_are_answered(names, name, qtype, how):
    assert names.find(query(name, qtype)) == how


def test_a_district_opens_its_inside_names_but_no_bypass(tmp_path):
    own = tmp_path / "internal.yaml"
    own.write_text(
        "id: internal\ntitle: {zh: 本区, en: ours}\nlimits: {zh: 无, en: none}\n"
        "names: [Corp.Example., internal, 10.in-addr.arpa, intranet, mask.icloud.com]\n",
        encoding="utf-8",
    )
    names = special.load_special(own)
    assert names.internal("nas.corp.example")
    assert not names.internal("corp.example.org")
    assert not names.internal("")
    assert names.find(query("a.internal")) is None
    assert names.find(query("1.0.0.10.in-addr.arpa", "PTR")) is None
    assert names.find(query("intranet")) is None
    assert names.find(query("mask.icloud.com")) is Local.NXDOMAIN


def test_the_example_in_the_guide_loads():
    guide = (special.HERE.parents[1] / "docs" / "dns.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert "internal" in loads(special.InternalNames, example, "docs/dns.md").names


def test_a_wrong_district_file_is_told_with_its_place(tmp_path):
    own = tmp_path / "internal.yaml"
    own.write_text("id: internal\nnmaes: []\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        special.load_special(own)
    assert f"{own}:2:1" in str(caught.value)
