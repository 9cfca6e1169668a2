"""gateway.dns.reply: answers of our own making, read back by dnspython."""

import dns.flags
import dns.message
import dns.rcode
import pytest

from gateway.dns import reply
from gateway.dns.special import Local
from gateway.dns.wire import Ede, Rcode, parse

V4, V6 = reply.Own.of("10.9.8.7"), reply.Own.of("fd00::7")


def query(qtype="A", **options):
    return parse(dns.message.make_query("GamBling.example", qtype, **options).to_wire())


def shown(data):
    found = dns.message.from_wire(data)
    return [rdata.to_text() for rrset in found.answer for rdata in rrset]


@pytest.mark.parametrize(
    ("qtype", "page", "answer"),
    [
        ("A", reply.NOWHERE, ["0.0.0.0"]),
        ("AAAA", reply.NOWHERE, ["::"]),
        ("A", V4, ["10.9.8.7"]),
        ("AAAA", V4, []),
        ("A", V6, []),
        ("AAAA", V6, ["fd00::7"]),
        ("HTTPS", V4, []),
        ("TXT", reply.NOWHERE, []),
    ],
)
def test_blocked(qtype, page, answer):
    data = reply.blocked(
        query(qtype, use_edns=0), page, tcp=False, ede=Ede.BLOCKED, text="7F3K 赌博 Gambling"
    )
    found = dns.message.from_wire(data)
    assert found.rcode() == dns.rcode.NOERROR
    assert found.flags & (dns.flags.QR | dns.flags.RA) == dns.flags.QR | dns.flags.RA
    assert str(found.question[0].name) == "GamBling.example."
    assert shown(data) == answer
    assert all(rrset.ttl == reply.TTL for rrset in found.answer)
    assert bool(found.authority) == (not answer)
    [option] = found.options
    assert (option.code, option.text) == (Ede.BLOCKED, "7F3K 赌博 Gambling")


def test_a_client_without_edns_gets_none():
    found = dns.message.from_wire(
        reply.blocked(query(use_edns=-1), V4, tcp=False, ede=17, text="x")
    )
    assert found.edns == -1


def test_negative_answers_have_a_soa_with_a_short_life():
    found = dns.message.from_wire(reply.nodata(query(), tcp=False, rcode=Rcode.NXDOMAIN))
    assert found.rcode() == dns.rcode.NXDOMAIN
    [soa] = found.authority
    assert soa.ttl == soa[0].minimum == reply.TTL


def test_any_gets_hinfo():
    assert shown(reply.minimal(query("ANY"), tcp=False)) == ['"RFC8482" ""']


@pytest.mark.parametrize(
    ("how", "qtype", "rcode", "answer"),
    [
        (Local.NXDOMAIN, "A", 3, []),
        (Local.NODATA, "SVCB", 0, []),
        (Local.LOOPBACK, "A", 0, ["127.0.0.1"]),
        (Local.LOOPBACK, "AAAA", 0, ["::1"]),
        (Local.LOOPBACK, "MX", 0, []),
    ],
)
def test_local_names(how, qtype, rcode, answer):
    data = reply.LOCAL[how](query(qtype), tcp=False)
    assert dns.message.from_wire(data).rcode() == rcode
    assert shown(data) == answer


def test_failures_say_why_to_those_who_understand():
    found = dns.message.from_wire(
        reply.failed(query(use_edns=0), Rcode.SERVFAIL, tcp=False, ede=Ede.UNREACHABLE)
    )
    assert found.rcode() == dns.rcode.SERVFAIL
    assert [option.code for option in found.options] == [22]
    plain = dns.message.from_wire(reply.failed(query(), Rcode.REFUSED, tcp=True))
    assert (plain.rcode(), plain.edns) == (dns.rcode.REFUSED, -1)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("", reply.NOWHERE),
        ("127.0.0.1", reply.Own(a=b"\x7f\0\0\1")),
        ("::1", reply.Own(aaaa=bytes(15) + b"\1")),
        ("::ffff:127.0.0.1", reply.Own(a=b"\x7f\0\0\1")),
    ],
)
def test_own_addresses(text, own):
    assert reply.Own.of(text) == own


def test_names_the_node_knows_itself():
    found = reply.known(["Nas.Corp.cn.=10.0.0.1", "nas.corp.cn = fd00::1", "b.cn=::1"])
    assert found["nas.corp.cn"] == reply.Own(a=b"\x0a\0\0\1", aaaa=b"\xfd" + bytes(14) + b"\1")
    assert sorted(found) == ["b.cn", "nas.corp.cn"]


@pytest.mark.parametrize("text", ["localhost", "1.2.3"])
def test_own_addresses_are_addresses(text):
    with pytest.raises(ValueError, match=r"."):
        reply.Own.of(text)
