"""gateway.dns.cache: how long an answer lives, what of it is kept, and who makes room."""

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns import cache, records
from gateway.dns.wire import message, parse

SOA = ("example.com.", 600, "IN", "SOA", "ns.example.com. root.example.com. 1 2 3 4 120")
A = ("www.example.com.", 60, "IN", "A", "203.0.114.1")
KEY = b"\x03www\x07example\x03com\x00"


def stored(*answers, authority=(), rcode=0, now=1000.0, internal=False, qtype="A"):
    made = dns.message.make_response(dns.message.make_query("www.example.com", qtype))
    made.answer = [dns.rrset.from_text(*a) for a in answers]
    made.authority = [dns.rrset.from_text(*a) for a in authority]
    made.set_rcode(rcode)
    return cache.store(records.read(made.to_wire()), KEY, internal=internal, now=now)


def ttls(body):
    query = parse(dns.message.make_query("www.example.com", "A").to_wire())
    made = dns.message.from_wire(message(query, room=512, answers=1, body=body))
    return [rrset.ttl for rrset in made.answer]


def test_ttls_can_be_kept_low():
    made = stored(A)
    assert ttls(made.body_at(1000.0, 30)) == [30]
    assert ttls(made.body_at(1040.0, 30)) == [20]
    assert ttls(made.body_at(1000.0)) == [60]


LIVES = {
    "the shortest ttl": ([A, ("www.example.com.", 20, "IN", "A", "203.0.114.2")], [], 0, 20),
    "never longer than an hour": ([("www.example.com.", 86400, *A[2:])], [], 0, 3600),
    "ttl 0 is not kept": ([("www.example.com.", 0, *A[2:])], [], 0, 0),
    "nxdomain: the soa's minimum": ([], [SOA], 3, 120),
    "nodata: the soa's ttl": ([], [("example.com.", 30, *SOA[2:])], 0, 30),
    "negative: at most a quarter": (
        [],
        [("example.com.", 9999, *SOA[2:4], SOA[4].replace(" 120", " 9999"))],
        3,
        900,
    ),
    "negative without soa is not kept": ([], [], 3, 0),
    "an alias that leads nowhere": (
        [("www.example.com.", 50, "IN", "CNAME", "x.example.com.")],
        [SOA],
        0,
        50,
    ),
    "a failure for a moment": ([], [], 2, 2),
}


@pytest.mark.parametrize(("answers", "authority", "rcode", "life"), LIVES.values(), ids=LIVES)
def test_life(answers, authority, rcode, life):
    made = stored(*answers, authority=authority, rcode=rcode)
    assert made.expires - made.born == life
    kept = cache.Cache()
    kept.put((KEY, 1, False, False), made, 1000.0)
    assert len(kept) == bool(life)


@given(st.data())
def test_a_mutated_upstream_answer_is_refused_or_becomes_a_readable_one(data):
    made = dns.message.make_response(dns.message.make_query("www.example.com", "HTTPS"))
    made.answer = [
        dns.rrset.from_text("www.example.com.", 60, "IN", "CNAME", "b.example.com."),
        dns.rrset.from_text("b.example.com.", 60, "IN", "HTTPS", "1 . alpn=h3,h2 port=8443"),
    ]
    made.authority = [dns.rrset.from_text(*SOA)]
    wire = bytearray(made.to_wire())
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    try:
        reply = records.read(bytes(wire))
    except records.MalformedError:
        return
    made = cache.store(reply, KEY, internal=False, now=1000.0)
    assert 0 <= made.expires - made.born <= 3600
    asked = parse(dns.message.make_query("www.example.com", "HTTPS").to_wire())
    body = made.body_at(1001.0)
    counts = {"answers": made.answers, "authorities": made.authorities}
    again = records.read(message(asked, room=65535, body=body, **counts))
    assert (len(again.answers), len(again.authority)) == (made.answers, made.authorities)


def test_positive_answers_carry_no_authority_and_negative_ones_their_soa():
    assert stored(A, authority=[SOA]).authorities == 0
    assert stored(authority=[SOA], rcode=3).authorities == 1


@pytest.mark.parametrize(("later", "ttl"), [(0, 60), (0.9, 60), (20, 40), (60, 0), (999, 0)])
def test_ttls_are_counted_down(later, ttl):
    made = stored(A, now=1000.0)
    asked = parse(dns.message.make_query("wWw.example.com", "A").to_wire())
    data = message(asked, room=512, answers=made.answers, body=made.body_at(1000.0 + later))
    [rrset] = dns.message.from_wire(data).answer
    assert rrset.ttl == ttl
    assert rrset.to_text().endswith("203.0.114.1")


def test_inside_addresses_are_counted_and_gone():
    made = stored(A, ("www.example.com.", 60, "IN", "A", "10.0.0.1"))
    assert (made.answers, made.inside) == (1, 1)
    assert stored(("www.example.com.", 60, "IN", "A", "10.0.0.1"), internal=True).inside == 0


def test_targets_are_names_as_policies_know_them():
    made = stored(("www.example.com.", 60, "IN", "CNAME", "CDN.Example.NET."))
    assert made.targets == ("cdn.example.net",)


def test_the_least_recently_used_makes_room_and_the_dead_are_not_given():
    kept = cache.Cache(room=2)
    one, two, three = ((bytes((n,)), 1, False, False) for n in range(3))
    kept.put(one, stored(A), 1000.0)
    kept.put(two, stored(A), 1000.0)
    assert kept.get(one, 1001.0) is not None
    kept.put(three, stored(A), 1002.0)
    assert kept.get(two, 1003.0) is None
    assert kept.get(one, 1059.9) is not None
    assert kept.get(one, 1060.0) is None
    assert len(kept) == 1
    kept.clear()
    assert len(kept) == 0
