"""RADIUS bytes: what a client says, what a forger tries, what broken senders leave out."""

import hashlib
import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket

from gateway.identity.radius import Heard, Receiver, read_clients
from gateway.identity.sessions import Accounting, Status
from rules.load import DataError

SECRET = b"a-good-secret"
NOW = 1_790_000_000.0
DICTIONARY = Dictionary(
    io.StringIO(
        "ATTRIBUTE User-Name 1 string\nATTRIBUTE NAS-IP-Address 4 ipaddr\n"
        "ATTRIBUTE Framed-IP-Address 8 ipaddr\nATTRIBUTE Calling-Station-Id 31 string\n"
        "ATTRIBUTE NAS-Identifier 32 string\nATTRIBUTE Acct-Status-Type 40 integer\n"
        "ATTRIBUTE Acct-Session-Id 44 string\nATTRIBUTE Event-Timestamp 55 integer\n"
        "ATTRIBUTE Framed-IPv6-Prefix 97 ipv6prefix\n"
        "ATTRIBUTE Framed-IPv6-Address 168 ipv6addr\n"
    )
)


def packet(secret: bytes = SECRET, signed: bool = False, **attributes: object) -> bytes:
    """What pyrad's client would send."""
    made = AcctPacket(secret=secret, dict=DICTIONARY, id=7)
    for name, value in attributes.items():
        made[name.replace("_", "-")] = value
    if signed:
        made.add_message_authenticator()
    return bytes(made.RequestPacket())


def raw(*attributes: tuple[int, bytes], code: int = 4) -> bytes:
    """A packet with any bytes for attributes, correctly signed."""
    body = b"".join(bytes([key, len(value) + 2]) + value for key, value in attributes)
    head = struct.pack("!BBH", code, 1, 20 + len(body))
    return head + hashlib.md5(head + bytes(16) + body + SECRET).digest() + body


def receiver(text: str = f"10.0.0.0/8 {SECRET.decode()} no-1") -> Receiver:
    return Receiver(read_clients(text, "secrets"))


START = {"User_Name": "G1", "Acct_Status_Type": 1}


def heard(data: bytes, source: str = "10.0.0.1") -> tuple[Heard, Accounting | None]:
    result, found = receiver().receive(data, source, NOW)
    return result, found.accounting if found is not None else None


def test_everything_a_start_can_say() -> None:
    data = packet(
        **START,
        NAS_Identifier="ac-1",
        Acct_Session_Id="s1",
        Calling_Station_Id="AA-BB-CC-DD-EE-01",
        Framed_IP_Address="10.1.2.3",
        Framed_IPv6_Prefix="2001:db8:1:2::/64",
        Framed_IPv6_Address="2001:db8:1:2::7",
        Event_Timestamp=int(NOW),
    )
    assert heard(data) == (
        Heard.ACCEPTED,
        Accounting(
            status=Status.START,
            nas="ac-1",
            user="G1",
            session="s1",
            mac="aabbccddee01",
            names=("10.1.2.3", "2001:db8:1:2::7", "2001:db8:1:2::/64"),
            at=NOW,
            school="no-1",
        ),
    )


def test_what_broken_senders_leave_out() -> None:
    assert heard(packet(**START)) == (
        Heard.ACCEPTED,
        Accounting(status=Status.START, nas="10.0.0.1", user="G1", school="no-1"),
    )
    _, said = heard(packet(Acct_Status_Type=3, Calling_Station_Id="aabb.ccdd.ee01"))
    assert said is not None
    assert said.user == said.mac == "aabbccddee01"
    assert heard(packet(User_Name="G1"))[0] is Heard.IGNORED  # no status
    assert heard(packet(User_Name="G1", Acct_Status_Type=15))[0] is Heard.IGNORED


def test_the_answer_is_what_a_client_takes() -> None:
    request = AcctPacket(secret=SECRET, dict=DICTIONARY, id=7)
    request["Acct-Status-Type"] = 1
    _, found = receiver().receive(request.RequestPacket(), "10.0.0.1", NOW)
    assert found is not None
    assert request.VerifyReply(request.CreateReply(packet=found.answer), found.answer)


@pytest.mark.parametrize(
    ("data", "source", "result"),
    [
        (packet(b"another-secret", **START), "10.0.0.1", Heard.SECRET),
        (packet(**START), "192.0.2.1", Heard.CLIENT),
        (packet(**START), "no address", Heard.CLIENT),
        (packet(**START)[:-1] + b"2", "10.0.0.1", Heard.SECRET),
        (packet(**START)[:-1], "10.0.0.1", Heard.GARBAGE),
        (b"", "10.0.0.1", Heard.GARBAGE),
        (b"\x04\x01\x00\x14" + bytes(16), "10.0.0.1", Heard.SECRET),
        (b"\x01" + packet(**START)[1:], "10.0.0.1", Heard.GARBAGE),
        (raw((1, b"G1"), code=1), "10.0.0.1", Heard.GARBAGE),
        (bytes(5000), "10.0.0.1", Heard.GARBAGE),
        (b"\x04\x01\x00\x16" + bytes(16) + b"\x01\x01", "10.0.0.1", Heard.GARBAGE),
        (packet(signed=True, **START), "10.0.0.1", Heard.ACCEPTED),
        (raw((40, b"\0\0\0\1"), (1, b"G1"), (80, bytes(16))), "10.0.0.1", Heard.SECRET),
        (raw((40, b"\0\0\0\1"), (1, b"G1"), (80, b"")), "10.0.0.1", Heard.SECRET),
        (packet(**START) + b"padding", "10.0.0.1", Heard.ACCEPTED),
        (packet(**START), "::ffff:10.0.0.1", Heard.ACCEPTED),
    ],
)
def test_forgeries(data: bytes, source: str, result: Heard) -> None:
    assert heard(data, source)[0] is result


def test_a_packet_heard_before_is_answered_and_not_taken_in() -> None:
    here, data = receiver(), packet(**START)
    assert here.receive(data, "10.0.0.1", NOW)[0] is Heard.ACCEPTED
    result, found = here.receive(data, "10.0.0.1", NOW + 1)
    assert result is Heard.REPEATED
    assert found is not None
    assert found.answer


@pytest.mark.parametrize(
    ("at", "result"),
    [
        (NOW - 899, Heard.ACCEPTED),
        (NOW - 901, Heard.STALE),
        (NOW + 299, Heard.ACCEPTED),
        (NOW + 301, Heard.STALE),
        (0, Heard.ACCEPTED),  # no clock at all
        (1_000_000_000, Heard.ACCEPTED),
    ],
)
def test_old_events_are_not_taken_in(at: float, result: Heard) -> None:
    assert heard(packet(**START, Event_Timestamp=int(at)))[0] is result


@pytest.mark.parametrize(
    ("attribute", "names"),
    [
        ((8, b"\xff\xff\xff\xfe"), ()),
        ((8, bytes(4)), ()),
        ((8, b"\x0a\x00\x00"), ()),
        ((8, b"\xe0\x00\x00\x01"), ()),
        ((97, b"\x00\x40\x20\x01\x0d\xb8\x00\x01\x00\x02"), ("2001:db8:1:2::/64",)),
        ((97, b"\x00\x40\x20\x01\x0d\xb8\x00\x01\x00\x02" + bytes(8)), ("2001:db8:1:2::/64",)),
        ((97, b"\x00\x80" + b"\x20\x01" + bytes(13) + b"\x01"), ("2001::1",)),
        ((123, b"\x00\x38\x20\x01\x0d\xb8\x00\x01\xff\xff"), ("2001:db8:1:ff00::/56",)),
        ((97, b"\x00\x00"), ()),  # everybody
        ((97, b"\x00\xff\x20\x01"), ()),
        ((97, b""), ()),
        ((168, bytes(16)), ()),
        ((168, b"\xff\x02" + bytes(14)), ()),
        ((168, bytes(10) + b"\xff\xff\x0a\x00\x00\x01"), ("10.0.0.1",)),
    ],
)
def test_odd_addresses_cost_themselves(
    attribute: tuple[int, bytes], names: tuple[str, ...]
) -> None:
    result, said = heard(raw((40, b"\0\0\0\1"), (1, b"G1"), attribute))
    assert result is Heard.ACCEPTED
    assert said is not None
    assert said.names == names


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=12))
@settings(max_examples=300)
def test_any_signed_attributes_are_read_without_a_fault(body: list[tuple[int, bytes]]) -> None:
    result, said = heard(raw((40, b"\0\0\0\1"), *body))
    assert result in (Heard.ACCEPTED, Heard.SECRET, Heard.IGNORED, Heard.STALE)
    if said is not None:
        assert all(text.isprintable() for text in (said.user, said.nas, said.session))


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_without_the_secret_are_refused(data: bytes) -> None:
    for tried in (data, b"\x04\x01" + struct.pack("!H", 2 + 2 + len(data)) + data):
        assert heard(tried)[0] in (Heard.GARBAGE, Heard.SECRET)


def test_the_file_of_secrets() -> None:
    clients = read_clients("# note\n\n10.0.0.0/8 first-secret\n10.1.0.0/16 other-secret b\n", "f")
    found = clients.find(4, 0x0A010001)
    assert found is not None
    assert (found[1].secret, found[1].school) == (b"other-secret", "b")
    alone = read_clients("only-a-secret\n", "f")
    assert alone.find(4, 0x7F000001) is not None
    assert alone.find(4, 0x08080808) is None


def test_a_bad_file_of_secrets_names_lines_and_never_a_secret() -> None:
    text = "10.0.0.0/33 topsecret-1\n10.0.0.0/8 short\n10.0.0.0/8 topsecret-2 S!\na b c topsecret\n"
    with pytest.raises(DataError) as caught:
        read_clients(text, "f")
    assert [one.line for one in caught.value.problems] == [1, 2, 3, 4]
    assert "topsecret" not in str(caught.value)
    with pytest.raises(DataError):
        read_clients("# nothing\n", "f")
