"""LDAP's messages: bytes as RFC 4511 wants them, and foreign ones never believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pyasn1_modules import rfc2251

from gateway.identity import ldapwords as words
from gateway.identity.ber import OCTETS, SEQUENCE, SET, BerError, number, text, tlv
from gateway.identity.ldapfilter import compiled
from gateway.identity.ldapwords import Entry, Other, Result


def other(message: bytes) -> rfc2251.LDAPMessage:
    """The same bytes as another implementation reads them."""
    found, rest = decoder.decode(message, asn1Spec=rfc2251.LDAPMessage())
    assert not rest
    return found


def test_a_bind_is_read_by_others() -> None:
    said = other(words.bind(7, "cn=学生,dc=x", "密 码"))
    bind = said["protocolOp"]["bindRequest"]
    assert int(said["messageID"]) == 7
    assert bytes(bind["name"]).decode() == "cn=学生,dc=x"
    assert bytes(bind["authentication"]["simple"]).decode() == "密 码"


def test_a_search_is_read_by_others() -> None:
    made = words.search(
        *(300, "dc=x", words.SUBTREE, compiled("(&(uid=a)(!(b=*)))"), ("cn", "sn")),
        most=2,
        seconds=5,
    )
    search = other(made)["protocolOp"]["searchRequest"]
    assert [bytes(one) for one in search["attributes"]] == [b"cn", b"sn"]
    assert int(search["sizeLimit"]) == 2
    assert search["filter"].getName() == "and"


def test_an_empty_password_is_never_sent() -> None:
    with pytest.raises(ValueError, match="empty"):
        words.bind(1, "cn=a", "")


def message(*operation: bytes) -> bytes:
    return tlv(SEQUENCE, number(9), *operation)


RESULT = number(49, 0x0A) + text("") + text("no")
ROW = tlv(SEQUENCE, text("CN"), tlv(SET, text("a"), text("b\xff".encode("latin-1"))))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (message(tlv(0x61, RESULT)), Result(number=9, code=49, kind=0x61)),
        (message(tlv(0x61, RESULT, tlv(0xA3, text("ldap://elsewhere")))), None),
        (message(tlv(0x65, RESULT), tlv(0xA0, b"")), Result(number=9, code=49, kind=0x65)),
        (message(tlv(0x73, text("ldap://elsewhere"))), Other(number=9)),
        (
            message(tlv(0x64, text("dc=x"), tlv(SEQUENCE, ROW))),
            Entry(number=9, dn="dc=x", attributes={"cn": ("a", "b�")}),
        ),
    ],
)
def test_what_is_heard(data: bytes, expected: object) -> None:
    assert words.heard(data) == (expected or Result(number=9, code=49, kind=0x61))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        tlv(OCTETS, b""),
        tlv(SEQUENCE, number(9)),
        tlv(SEQUENCE, text("9"), tlv(0x61, RESULT)),
        message(tlv(0x61, number(1, 0x0A))),
        message(tlv(0x61, text("0"), text(""), text(""))),
        message(tlv(0x64, text("dc=x"))),
        message(tlv(0x64, text("dc=x"), tlv(SEQUENCE, text("no row")))),
        message(tlv(0x64, text("dc=x"), tlv(SEQUENCE, ROW * 201))[:1] + b"\x05abc"),
    ],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(BerError):
        words.heard(data)


WHOLE = message(tlv(0x64, text("dc=x"), tlv(SEQUENCE, ROW)))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_spoilt_messages(data: st.DataObject) -> None:
    spoilt = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    try:
        words.heard(bytes(spoilt[: data.draw(st.integers(0, len(spoilt)))]))
    except BerError:
        return
