"""gateway.dns.odd: every unusual query ends in a Query or in the code its RFC wants."""

import struct

import dns.message
import dns.opcode
import dns.tsigkeyring
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns.odd import Refusal, read_odd
from gateway.dns.wire import Query, Rcode


def raw(body, flags=0x0100, counts=(1, 0, 0, 0)):
    return struct.pack("!6H", 7, flags, *counts) + body


A = b"\x01a\x02cn\0\0\x01\0\x01"
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"


def with_opcode(opcode):
    message = dns.message.make_query("a.cn", "SOA")
    message.set_opcode(opcode)
    return message.to_wire()


def signed():
    message = dns.message.make_query("a.cn", "A")
    message.use_tsig(dns.tsigkeyring.from_text({"k.": "c2VjcmV0"}), "k.")
    return message.to_wire()


REFUSED = {
    "iquery": (with_opcode(dns.opcode.IQUERY), Rcode.NOTIMP),
    "status": (with_opcode(dns.opcode.STATUS), Rcode.NOTIMP),
    "notify": (with_opcode(dns.opcode.NOTIFY), Rcode.REFUSED),
    "update": (dns.update.UpdateMessage("a.cn").to_wire(), Rcode.REFUSED),
    "stateful operations": (raw(b"", 0x3000, (0, 0, 0, 0)), Rcode.NOTIMP),
    "no question": (raw(b"", counts=(0, 0, 0, 0)), Rcode.FORMERR),
    "two questions": (raw(A + A, counts=(2, 0, 0, 0)), Rcode.FORMERR),
    "question cut": (raw(A[:-3]), Rcode.FORMERR),
    "compression loop": (raw(b"\xc0\x0c\0\x01\0\x01"), Rcode.FORMERR),
    "two OPT": (raw(A + OPT + OPT, counts=(1, 0, 0, 2)), Rcode.FORMERR),
    "answers in a query": (raw(A + A + bytes(6), counts=(1, 1, 0, 0)), Rcode.FORMERR),
    "a transfer": (dns.message.make_query("a.cn", "AXFR").to_wire(), Rcode.REFUSED),
    "mailb": (raw(b"\x01a\0\0\xfd\0\x01"), Rcode.NOTIMP),
    "opt as question": (raw(b"\x01a\0\0\x29\0\x01"), Rcode.FORMERR),
    "chaos": (dns.message.make_query("version.bind", "TXT", "CH").to_wire(), Rcode.REFUSED),
    "signed by a key we lack": (signed(), Rcode.NOTAUTH),
    "trailing bytes": (raw(A + b"xx"), Rcode.FORMERR),
    "header only": (bytes(12), Rcode.FORMERR),
}


@pytest.mark.parametrize(("data", "rcode"), REFUSED.values(), ids=REFUSED)
def test_refusals(data, rcode):
    found = read_odd(data)
    assert isinstance(found, Refusal)
    assert found.rcode == rcode


ORDINARY = {
    "a record before OPT": raw(
        A + b"\x01x\0\0\x01\0\x01" + bytes(4) + b"\0\x04\x01\2\3\4" + OPT, counts=(1, 0, 0, 2)
    ),
    "reserved bit set": raw(A, 0x0140),
}


@pytest.mark.parametrize("data", ORDINARY.values(), ids=ORDINARY)
def test_what_is_odd_but_right_is_answered(data):
    found = read_odd(data)
    assert isinstance(found, Query)
    assert (found.name, found.qtype, found.question) == ("a.cn", 1, A)


def test_letter_case_survives():
    assert read_odd(raw(b"\x01A\x02Cn\0\0\x01\0\x01", 0x0140)).question.startswith(b"\x01A\x02Cn")


@given(st.binary(max_size=300))
def test_any_bytes(tail):
    found = read_odd(bytes((0, 7)) + (tail + bytes(10))[:10] + tail)
    assert isinstance(found, Query | Refusal)


@given(st.data())
def test_a_mutated_signed_query(data):
    good = bytearray(signed())
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(2, len(good) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read_odd(bytes(good)), Query | Refusal)
