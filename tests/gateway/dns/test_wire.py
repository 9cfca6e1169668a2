"""gateway.dns.wire: ordinary queries are read exactly, everything else is left to `odd`."""

import struct

import dns.edns
import dns.flags
import dns.message
import dns.rdataclass
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dns import wire

LONGEST = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 61))  # 255 bytes on the wire


def query(name="www.example.com", qtype="A", **options):
    return dns.message.make_query(name, qtype, **options).to_wire()


@pytest.mark.parametrize(
    ("name", "qtype", "options"),
    [
        ("www.example.com", "A", {}),
        (".", "NS", {}),
        ("a", "AAAA", {}),
        (LONGEST, "A", {}),
        ("x" * 63 + ".cn", "HTTPS", {"use_edns": 0, "payload": 4096}),
        ("_dns.example.com", "SVCB", {"use_edns": 0, "want_dnssec": True}),
        ("example.com", "ANY", {"use_edns": 0}),
        ("example.com", "TYPE65280", {}),
    ],
)
def test_reads_what_dnspython_writes(name, qtype, options):
    message = dns.message.make_query(name, qtype, **options)
    found = wire.parse(message.to_wire())
    assert found is not None
    assert found.id == message.id
    assert found.name == name.rstrip(".")
    assert found.qtype == message.question[0].rdtype
    assert found.payload == (message.payload if message.edns >= 0 else 0)
    assert found.do == bool(message.ednsflags & dns.flags.DO)


def test_letter_case_is_kept_in_the_question_and_folded_in_the_name():
    found = wire.parse(query("wWw.ExAmPlE.cOm"))
    assert found.name == "www.example.com"
    assert found.key == b"\x03www\x07example\x03com\x00"
    assert found.question.startswith(b"\x03wWw\x07ExAmPlE\x03cOm\x00")


def _raw(labels, tail=b"\0\x01\0\x01", counts=(1, 0, 0, 0), flags=0x0100):
    return struct.pack("!6H", 7, flags, *counts) + labels + tail


ODD = {
    "two questions": _raw(b"\x01a\0\0\x01\0\x01\x01b\0", counts=(2, 0, 0, 0)),
    "no question": _raw(b"", b"", counts=(0, 0, 0, 0)),
    "compression in the question": _raw(b"\xc0\x0c"),
    "extended label type": _raw(b"\x41a\0"),
    "label runs out": _raw(b"\x3fabc", b""),
    "no type": _raw(b"\x01a\0", b"\0"),
    "class CHAOS": _raw(b"\x07version\x04bind\0", b"\0\x10\0\x03"),
    "transfer": query("example.com", "AXFR"),
    "256 bytes of name": _raw((b"\x3f" + b"a" * 63) * 4 + b"\0"),
    "bytes after the question": query() + b"x",
    "answer count": _raw(b"\x01a\0", counts=(1, 1, 0, 0)),
    "opcode NOTIFY": _raw(b"\x01a\0", flags=0x2000),
    "truncated query": _raw(b"\x01a\0", flags=0x0200),
    "additional is no OPT": _raw(b"\x01a\0", b"\0\x01\0\x01" + b"\0" * 11, counts=(1, 0, 0, 1)),
    "OPT longer than said": query(use_edns=0) + b"x",
    "option longer than OPT": query(use_edns=0)[:-2] + b"\0\x04\0\x0a\0\x09",
    "header only": bytes(12),
    "half a header": bytes(5),
    "nothing": b"",
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_leaves_the_odd_to_the_full_parser(data):
    assert wire.parse(data) is None


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (b"\0", ""),
        (b"\x03www\x02cn\0", "www.cn"),
        (b"\x05a.b-c\x02cn\0", "a\\046b-c.cn"),
        (b"\x02a\0\x02cn\0", "a\\000.cn"),
        ("\x06清朗".encode() + b"\x02cn\0", "\\230\\184\\133\\230\\156\\151.cn"),
        ("\x04😀".encode() + b"\0", "\\240\\159\\152\\128"),
        (b"\x03a b\0", "a\\032b"),
        (b"\x04a\\.b\0", "a\\092\\046b"),
    ],
)
def test_odd_bytes_never_pass_for_another_name(labels, text):
    assert wire.text_of(labels) == text


@pytest.mark.parametrize("name", ["", "cn", "www.example.com", LONGEST])
def test_text_and_wire_are_inverse(name):
    assert wire.text_of(wire.wire_of(name)) == name


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".cn", LONGEST + "d", ".".join("ab" * 100)])
def test_no_name_no_wire(name):
    with pytest.raises(ValueError, match=r"DNS name|longer"):
        wire.wire_of(name)


@pytest.mark.parametrize(
    ("options", "tcp", "room"),
    [
        ({}, False, 512),
        ({"use_edns": 0, "payload": 100}, False, 512),
        ({"use_edns": 0, "payload": 700}, False, 700),
        ({"use_edns": 0, "payload": 65535}, False, 1232),
        ({}, True, 65535),
    ],
)
def test_room_for_the_answer(options, tcp, room):
    assert wire.limit(wire.parse(query(**options)), tcp=tcp) == room


def test_an_answer_too_long_says_so_and_has_no_records():
    asked = wire.parse(query(use_edns=0, payload=600))
    body = b"\xc0\x0c" + wire.FIXED.pack(16, 1, 30, 600) + b"\xff" + b"x" * 599
    found = dns.message.from_wire(wire.message(asked, room=600, answers=1, body=body))
    assert found.flags & dns.flags.TC
    assert not found.answer
    assert found.edns == 0


def test_the_reason_goes_before_the_records():
    asked = wire.parse(query(use_edns=0, payload=512))
    body = (
        b"\xc0\x0c" + wire.FIXED.pack(16, 1, 30, 400) + b"\xff" + b"x" * 255 + b"\x8f" + b"y" * 143
    )
    options = wire.extended_error(17, "原因" * 40)
    found = dns.message.from_wire(
        wire.message(asked, room=512, answers=1, body=body, options=options)
    )
    assert found.answer
    assert not found.flags & dns.flags.TC
    assert not found.options


@pytest.mark.parametrize("text", ["", "7F3K 赌博", "😀" * 100, "x" * 5000, "\ud800"])
def test_extended_error_is_valid_text_of_bounded_size(text):
    asked = wire.parse(query(use_edns=0))
    data = wire.message(asked, room=1232, options=wire.extended_error(15, text))
    [option] = dns.message.from_wire(data).options
    assert option.code == dns.edns.EDECode.BLOCKED
    assert len((option.text or "").encode()) <= 160


@pytest.mark.parametrize("edns", [-1, 0])
def test_truncated_answers_mirror_the_client(edns):
    found = dns.message.from_wire(wire.truncated(wire.parse(query(use_edns=edns))))
    assert found.flags & dns.flags.TC
    assert found.flags & dns.flags.RA
    assert found.edns == edns


def test_bare_keeps_id_and_opcode():
    assert wire.bare(_raw(b"", b"", flags=0x2900), wire.Rcode.REFUSED) == struct.pack(
        "!6H", 7, 0xA905, 0, 0, 0, 0
    )


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_left(data):
    found = wire.parse(data)
    assert found is None or found.question == data[12 : 12 + len(found.question)]


@given(st.data())
def test_a_mutated_query_is_read_as_dnspython_reads_it(data):
    good = bytearray(query("www.example.com", "A", use_edns=0))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    found = wire.parse(bytes(good))
    if found is not None:
        same = dns.message.from_wire(bytes(good)).question[0]
        assert found.key == same.name.canonicalize().to_wire()
        assert found.qtype == same.rdtype
