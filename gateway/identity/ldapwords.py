"""LDAPv3 messages (RFC 4511): what is said as bytes, what is heard as values. Pure.

Only what an authentication needs: bind, search, StartTLS, unbind. Referrals are heard and
never followed; controls and what is not known here are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.identity.ber import (
    BOOLEAN,
    ENUMERATED,
    INTEGER,
    OCTETS,
    SEQUENCE,
    SET,
    BerError,
    elements,
    integer,
    number,
    text,
    tlv,
)

SUCCESS, REFERRAL, INVALID = 0, 10, 49
WRONG = frozenset({INVALID, 19, 32, 34, 48, 53})
"""Codes by which a directory says no to this user and password: invalidCredentials,
constraintViolation (locked), noSuchObject, invalidDNSyntax, inappropriateAuthentication,
unwillingToPerform (locked, expired). Everything else is the directory's own trouble."""
START_TLS = "1.3.6.1.4.1.1466.20037"
BASE, ONE, SUBTREE = 0, 1, 2
MOST_VALUES = 2_000  # of one attribute
MOST_ATTRIBUTES = 200

_BIND, _UNBIND, _SEARCH, _EXTENDED = 0x60, 0x42, 0x63, 0x77
_BOUND, _ENTRY, _DONE, _REFERENCE, _ANSWERED = 0x61, 0x64, 0x65, 0x73, 0x78


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The end of what was asked for."""

    number: int
    code: int
    kind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry found. Attribute names are in lower case."""

    number: int
    dn: str
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """What is of no use here: a reference elsewhere, an unasked notice (`number` 0)."""

    number: int


type Heard = Result | Entry | Other


def bind(at: int, dn: str, password: str) -> bytes:
    """A simple bind. Raises ValueError for an empty password: a directory would take it for
    an unauthenticated bind and say yes (RFC 4513 §5.1.2)."""
    if not password:
        raise ValueError("an empty password proves nothing")
    return _message(at, tlv(_BIND, number(3), text(dn), text(password, 0x80)))


def unbind(at: int) -> bytes:
    return _message(at, tlv(_UNBIND))


def start_tls(at: int) -> bytes:
    return _message(at, tlv(_EXTENDED, text(START_TLS, 0x80)))


def search(
    at: int,
    base: str,
    scope: int,
    wanted: bytes,
    attributes: Sequence[str],
    *,
    most: int,
    seconds: int,
) -> bytes:
    """`wanted` is a compiled filter. Aliases are not followed."""
    return _message(
        at,
        tlv(
            _SEARCH,
            text(base),
            number(scope, ENUMERATED),
            number(0, ENUMERATED),
            number(most),
            number(seconds),
            tlv(BOOLEAN, b"\x00"),
            wanted,
            tlv(SEQUENCE, *(text(one) for one in attributes or ("1.1",))),
        ),
    )


def heard(message: bytes) -> Heard:
    """One whole message. Raises BerError."""
    ((tag, content),) = _some(message, 1)
    if tag != SEQUENCE:
        raise BerError("not a message")
    (first, at), (kind, body) = _some(content, 2)
    if first != INTEGER:
        raise BerError("a message without its number")
    where = integer(at)
    if kind in (_BOUND, _DONE, _ANSWERED):
        (what, code), _, _ = _some(body, 3)
        if what != ENUMERATED:
            raise BerError("a result without its code")
        return Result(number=where, code=integer(code), kind=kind)
    if kind == _ENTRY:
        return _entry(where, body)
    return Other(number=where)


def _entry(where: int, body: bytes) -> Entry:
    (first, dn), (second, rows) = _some(body, 2)
    if first != OCTETS or second != SEQUENCE:
        raise BerError("not an entry")
    found: dict[str, tuple[str, ...]] = {}
    for tag, row in elements(rows):
        if tag != SEQUENCE or len(found) >= MOST_ATTRIBUTES:
            raise BerError("not an attribute, or too many")
        (name_tag, name), (values_tag, values) = _some(row, 2)
        if name_tag != OCTETS or values_tag != SET:
            raise BerError("not an attribute")
        said = [one for one_tag, one in elements(values) if one_tag == OCTETS][:MOST_VALUES]
        key = name.decode("utf-8", "replace").lower()
        found[key] = tuple(one.decode("utf-8", "replace") for one in said)
    return Entry(number=where, dn=dn.decode("utf-8", "replace"), attributes=found)


def _some(data: bytes, count: int) -> list[tuple[int, bytes]]:
    """The first `count` elements; what follows them must be well formed too."""
    found = list(elements(data))
    if len(found) < count:
        raise BerError("parts are missing")
    return found[:count]


def _message(at: int, operation: bytes) -> bytes:
    return tlv(SEQUENCE, number(at), operation)
