"""gateway.dns.records: a stranger's answer is read whole or refused, never half believed."""

import struct

import dns.message
import dns.rdata
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns import records, wire

HEAD = struct.Struct("!6H")


def answer(*rrsets, name="www.example.com", qtype="A"):
    message = dns.message.make_response(dns.message.make_query(name, qtype))
    message.answer = [dns.rrset.from_text(*parts) for parts in rrsets]
    return message


dns.rdata.load_all_types()  # a fuzzed record of class ANY would make dnspython forget the type

TYPES = [
    ("NS", "ns1.www.example.com."),
    ("CNAME", "b.www.example.com."),
    ("DNAME", "other.example.com."),
    ("PTR", "host.example.com."),
    ("SOA", "ns.example.com. root.example.com. 1 2 3 4 5"),
    ("MX", "10 mail.example.com."),
    ("SRV", "1 2 443 srv.example.com."),
    ("RP", "a.example.com. b.example.com."),
    ("AFSDB", "1 afs.example.com."),
    ("KX", "1 kx.example.com."),
    ("PX", "1 a.example.com. b.example.com."),
    ("TXT", '"text" "more"'),
    ("A", "192.0.2.1"),
    ("HTTPS", "1 . alpn=h2"),
]


@pytest.mark.parametrize(("kind", "text"), TYPES, ids=[kind for kind, _ in TYPES])
def test_names_are_written_out_and_can_be_set_into_another_message(kind, text):
    """dnspython compresses; we read, render again, and dnspython reads the same."""
    sent = answer(("www.example.com.", 60, "IN", kind, text), qtype=kind)
    found = records.read(sent.to_wire())
    asked = wire.parse(dns.message.make_query("www.example.com", kind).to_wire())
    body, offsets = records.render(found.answers, asked.key, 0)
    again = wire.message(asked, room=65535, answers=len(found.answers), body=body)
    assert dns.message.from_wire(again).answer == sent.answer
    start = 12 + len(asked.question)
    assert [again[start + o : start + o + 4] for o in offsets] == [struct.pack("!I", 60)]


def test_ttl_with_the_top_bit_is_nothing():
    data = bytearray(answer(("www.example.com.", 60, "IN", "A", "192.0.2.1")).to_wire())
    data[-10:-6] = b"\xff\xff\xff\xff"
    assert records.read(bytes(data)).answers[0].ttl == 0


def _bytes(tail, answers=1):
    return HEAD.pack(1, 0x8180, 1, answers, 0, 0) + b"\x01a\0\0\x01\0\x01" + tail


BROKEN = {
    "empty": b"",
    "header only": HEAD.pack(1, 0x8180, 1, 0, 0, 0),
    "no question": HEAD.pack(1, 0x8180, 0, 0, 0, 0),
    "two questions": HEAD.pack(1, 0x8180, 2, 0, 0, 0) + b"\0\0\1\0\1" * 2,
    "question cut": HEAD.pack(1, 0x8180, 1, 0, 0, 0) + b"\x01a\0\0\x01",
    "pointer to itself": _bytes(b"\xc0\x13" + bytes(10)),
    "pointer forwards": _bytes(b"\xc0\x40" + bytes(80)),
    "pointer into the header": _bytes(b"\xc0\x02" + bytes(10)),
    "pointer cut": _bytes(b"\xc0"),
    "two pointers in a circle": _bytes(b"\xc0\x15\xc0\x13" + bytes(10)),
    "name too long": _bytes((b"\x3f" + b"a" * 63) * 4 + b"\0" + bytes(10)),
    "name without end": _bytes(b"\x03abc"),
    "label type 01": _bytes(b"\x41" + bytes(80)),
    "record cut before its length": _bytes(b"\0\0\x01\0\x01\0\0"),
    "rdata cut": _bytes(b"\0\0\x01\0\x01\0\0\0\x3c\0\x04\x7f"),
    "name leaves its rdata": _bytes(b"\0\0\x05\0\x01\0\0\0\x3c\0\x02\x01a\0"),
    "fewer records than said": _bytes(b"", answers=3),
    "more records than anybody sends": _bytes(b"\0" * 8000, answers=700),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_refuses_what_breaks_the_format(data):
    with pytest.raises(records.MalformedError):
        records.read(data)


def test_a_long_chain_of_pointers_ends():
    """Every pointer leads backwards to the next: work is bounded by the 14 bits of offset."""
    chain = b"".join(struct.pack("!H", 0xC000 | max(12, 12 + 7 + 2 * i - 2)) for i in range(4000))
    with pytest.raises(records.MalformedError):
        records.read(HEAD.pack(1, 0x8180, 1, 600, 0, 0) + b"\x01a\0\0\x01\0\x01" + chain)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    try:
        records.read(data)
    except records.MalformedError:
        return


@given(st.data())
def test_a_mutated_answer_is_read_or_refused(data):
    good = bytearray(
        answer(
            ("www.example.com.", 60, "IN", "CNAME", "cdn.example.net."),
            ("cdn.example.net.", 60, "IN", "A", "192.0.2.1", "192.0.2.2"),
        ).to_wire()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))
    try:
        found = records.read(bytes(good[:cut]))
    except records.MalformedError:
        return
    assert all(len(r.owner) <= wire.MAX_NAME for r in found.answers)
