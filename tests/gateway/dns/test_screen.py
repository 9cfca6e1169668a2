"""gateway.dns.screen: what may not reach a client is gone, the rest is byte for byte the same."""

import dns.rdata
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns import screen
from gateway.dns.records import Record
from gateway.dns.wire import Type, wire_of

NAME = wire_of("www.example.com")


def rdata(kind, text):
    return dns.rdata.from_text("IN", kind, text).to_wire()


def record(kind, text):
    return Record(NAME, int(dns.rdatatype.from_text(kind)), 1, 60, rdata(kind, text))


SERVICES = {
    "nothing to do": ("1 . alpn=h2 port=8443", "1 . alpn=h2 port=8443"),
    "ech": ('1 . alpn=h2 ech="AAT+DQAA"', "1 . alpn=h2"),
    "h3 beside h2": ("1 . alpn=h3,h2", "1 . alpn=h2"),
    "h3 drafts": ("1 . alpn=h3-29,h3,h2,http/1.1", "1 . alpn=h2,http/1.1"),
    "only h3, default left": ("1 . alpn=h3 port=443", "1 . port=443"),
    "only h3, no default": ("1 . alpn=h3 no-default-alpn", None),
    "ech and h3 and mandatory": (
        '1 . mandatory=alpn,ech alpn=h3,h2 ech="AAT+DQAA"',
        "1 . mandatory=alpn alpn=h2",
    ),
    "mandatory held only ech": ('1 . mandatory=ech ech="AAT+DQAA"', "1 ."),
    "mandatory untouched": ("1 . mandatory=alpn alpn=h2", "1 . mandatory=alpn alpn=h2"),
    "public hints stay": ("1 . ipv4hint=203.0.114.9", "1 . ipv4hint=203.0.114.9"),
    "inside hint goes": ("1 . ipv4hint=203.0.114.9,192.168.1.1", "1 ."),
    "inside v6 hint goes": ("1 . alpn=h2 ipv6hint=fd00::1", "1 . alpn=h2"),
    "alias": ("0 pool.example.net.", "0 pool.example.net."),
    "encrypted resolver": ("1 dns.example.net. alpn=h2 key7=/dns-query{?dns}", None),
    "unknown keys stay": ("1 . key65333=ex1 key65444=ex2", "1 . key65333=ex1 key65444=ex2"),
}


@pytest.mark.parametrize(("before", "after"), SERVICES.values(), ids=SERVICES.keys())
def test_service_records(before, after):
    found = screen.service(rdata("HTTPS", before))
    assert found == (None if after is None else rdata("HTTPS", after))


BROKEN = {
    "empty": b"",
    "no target": b"\0\x01",
    "target compressed": b"\0\x01\xc0\x0c",
    "target without end": b"\0\x01\x05ab",
    "parameter cut": b"\0\x01\0\0\x01",
    "value cut": b"\0\x01\0\0\x01\0\x05\x02h2",
    "keys out of order": b"\0\x01\0\0\x05\0\0\0\x01\0\x03\x02h2",
    "keys twice": b"\0\x01\0\0\x05\0\0\0\x05\0\0",
    "alpn list broken": b"\0\x01\0\0\x01\0\x03\x09h2",
    "alpn with an empty id": b"\0\x01\0\0\x01\0\x01\0",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_a_service_record_that_cannot_be_read_is_dropped(data):
    assert screen.service(data) is None


@given(st.binary(max_size=80))
def test_no_bytes_bring_ech_or_h3_through(data):
    found = screen.service(b"\0\x01\0" + data)
    if found is not None:
        params, _ = screen._params(found)
        assert 5 not in params
        assert b"\x02h3" not in params.get(1, b"")
        assert screen.service(found) == found


INSIDE = ["10.0.0.1", "127.0.0.1", "0.0.0.0", "169.254.169.254", "172.31.255.255", "192.168.0.1"]
INSIDE += ["100.64.0.1", "::1", "::", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"]
OUTSIDE = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:4860::1", "::ffff:8.8.8.8"]
OUTSIDE += ["64:ff9b::808:808", "240e::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_under_an_outside_name_is_dropped(address):
    one = record("AAAA" if ":" in address else "A", address)
    assert screen.screen((one,), internal=False) == screen.Screened((), 1, 0)
    assert screen.screen((one,), internal=True) == screen.Screened((one,), 0, 0)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_outside_address_stays(address):
    one = record("AAAA" if ":" in address else "A", address)
    assert screen.screen((one,), internal=False) == screen.Screened((one,), 0, 0)


def test_mixed_answers_keep_order_and_drop_signatures_of_changed_sets():
    good, bad = record("A", "8.8.8.8"), record("A", "10.0.0.1")
    signature = "13 3 60 20300101000000 20200101000000 1 example.com. AAAA"
    over_a = record("RRSIG", f"A {signature}")
    over_mx = record("RRSIG", f"MX {signature}")
    found = screen.screen((good, bad, over_a, over_mx), internal=False)
    assert found == screen.Screened((good, over_mx), 1, 0)


def test_an_address_of_a_wrong_size_is_dropped():
    assert screen.screen((Record(NAME, Type.A, 1, 60, b"\x08\x08"),), internal=False).changed == 1


def test_every_alias_is_named_once():
    chain = (
        record("CNAME", "Cdn.Example.NET."),
        record("CNAME", "cdn.example.net."),
        record("HTTPS", "0 pool.example.org."),
        record("HTTPS", "1 . alpn=h2"),
        record("A", "8.8.8.8"),
        Record(NAME, Type.HTTPS, 1, 60, b"\0"),
    )
    assert screen.targets(chain) == (wire_of("cdn.example.net"), wire_of("pool.example.org"))
