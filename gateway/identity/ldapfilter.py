"""Search filters (RFC 4515) → BER, and the escaping of what a person typed into a template.

A template such as `(&(objectClass=person)(uid={user}))` comes from the district's settings;
the user name comes from anybody. `filled` escapes it, so that it can only ever be a value;
`named` does the same for a DN template (RFC 4514). Pure.
"""

from __future__ import annotations

import re

from gateway.identity.ber import SEQUENCE, text, tlv

USER = "{user}"
DEEPEST = 16  # filters within filters
_AND, _OR, _NOT, _EQUAL, _PARTS, _LEAST, _MOST, _THERE, _LIKE, _RULE = (
    *(0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0x87, 0xA8, 0xA9),
)
_ATTRIBUTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.;-]*").fullmatch
_ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2})?")


def escaped(value: str) -> str:
    """A value for a filter: what could end or widen it, and all that is not ASCII, as `\\XX`."""
    plain = set(range(0x20, 0x7F)) - set(b"*()\\")
    return "".join(chr(b) if b in plain else f"\\{b:02x}" for b in value.encode())


def filled(template: str, user: str) -> str:
    """A filter template with the user's name in it."""
    return template.replace(USER, escaped(user))


def named(template: str, user: str) -> str:
    """A DN template with the user's name in it (RFC 4514 §2.4)."""
    plain = re.compile(r"[A-Za-z0-9._@-]")
    said = "".join(
        one if plain.fullmatch(one) else "".join(f"\\{b:02x}" for b in one.encode()) for one in user
    )
    return template.replace(USER, said)


def compiled(filter_text: str) -> bytes:
    """A filter as it is sent. Raises ValueError naming what is wrong."""
    made, end = _filter(filter_text, 0, 0)
    if end != len(filter_text):
        raise ValueError(f"`{filter_text[end:][:20]}` stands behind the filter")
    return made


def _filter(said: str, at: int, depth: int) -> tuple[bytes, int]:
    if depth > DEEPEST:
        raise ValueError("filters within filters, too deep")
    if said[at : at + 1] != "(":
        raise ValueError(f"a `(` is wanted at `{said[at:][:20]}`")
    kind = said[at + 1 : at + 2]
    if kind in ("&", "|"):
        parts, at = [], at + 2
        while said[at : at + 1] == "(":
            part, at = _filter(said, at, depth + 1)
            parts.append(part)
        made = tlv(_AND if kind == "&" else _OR, *parts)
    elif kind == "!":
        part, at = _filter(said, at + 2, depth + 1)
        made = tlv(_NOT, part)
    else:
        end = said.find(")", at)
        if end < 0:
            raise ValueError("a `)` is missing")
        made, at = _item(said[at + 1 : end]), end
    if said[at : at + 1] != ")":
        raise ValueError(f"a `)` is wanted at `{said[at:][:20]}`")
    return made, at + 1


def _item(said: str) -> bytes:
    left, equals, right = said.partition("=")
    if not equals:
        raise ValueError(f"`{said}` compares nothing")
    kind = left[-1:]
    if kind == ":":
        return _by_rule(left[:-1], right)
    table = {">": _LEAST, "<": _MOST, "~": _LIKE}
    name = left[:-1] if kind in table else left
    if not _ATTRIBUTE(name):
        raise ValueError(f"`{name}` is no attribute")
    if kind in table:
        return tlv(table[kind], text(name), text(_value(right)))
    if right == "*":
        return text(name, _THERE)
    if "*" in right:
        return tlv(_PARTS, text(name), tlv(SEQUENCE, *_pieces(right)))
    return tlv(_EQUAL, text(name), text(_value(right)))


def _pieces(right: str) -> list[bytes]:
    """`a*b*c`: the beginning, what stands between, the end."""
    parts = right.split("*")
    tags = [0x80, *([0x81] * (len(parts) - 2)), 0x82]
    if not all(parts[1:-1]):
        raise ValueError("`**` in a filter")
    return [text(_value(part), tag) for part, tag in zip(parts, tags, strict=True) if part]


def _by_rule(left: str, right: str) -> bytes:
    """`attribute:1.2.840.113556.1.4.1941:=value`: nested groups of a Windows directory."""
    name, *more = left.split(":")
    by_dn = more[:1] == ["dn"]
    rule = more[by_dn:]
    if not _ATTRIBUTE(name) or len(rule) != 1 or not _ATTRIBUTE(rule[0]):
        raise ValueError(f"`{left}:=` is no matching rule with its attribute")
    parts = [text(rule[0], 0x81), text(name, 0x82), text(_value(right), 0x83)]
    if by_dn:
        parts.append(tlv(0x84, b"\xff"))
    return tlv(_RULE, *parts)


def _value(said: str) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            raise ValueError(f"`{said}`: a `\\` is followed by two hexadecimal digits")
        return bytes((int(found[1], 16),))

    return _ESCAPED.sub(one, said.encode())
