"""ClientHello → JA4, the fingerprint of a TLS client. Pure; never a decision by itself.

JA4 (TLS client) is FoxIO's, published under BSD 3-Clause; this is our own code after its
specification (github.com/FoxIO-LLC/ja4, technical_details/JA4.md). The other members of
"JA4+" are under another licence and not here. GREASE (RFC 8701) is left out wherever it
stands. Programs can imitate each other: a JA4 is a claim, and only ever tightens.
"""

from __future__ import annotations

from hashlib import sha256

SNI, ALPN, VERSIONS, SIGNATURES = 0x0000, 0x0010, 0x002B, 0x000D
NOTHING = "0" * 12  # the hash of an empty list, by definition
MOST = 99  # two digits count ciphers and extensions

_VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip


def ja4(message: bytes) -> str:
    """The JA4 of a ClientHello's body (after the handshake header), over TCP.

    Raises ValueError where the message is cut short or its lengths do not fit.
    """
    at = 2 + 32
    legacy = _number(message, 0)
    at = _skip(message, at, 1)  # session id
    end = _skip(message, at, 2)
    ciphers = _list(message[at + 2 : end])
    at = _skip(message, end, 1)  # compression methods
    extensions: list[int] = []
    signatures: list[int] = []
    version, alpn, named = legacy, b"", False
    if at < len(message):
        end = _skip(message, at, 2)
        at += 2
        while at < end:
            kind = _number(message, at)
            after = _skip(message, at + 2, 2)
            if after > end:
                raise ValueError("an extension runs past its end")
            content = message[at + 4 : after]
            at = after
            if _grease(kind):
                continue
            extensions.append(kind)
            if kind == SNI:
                named = True
            elif kind == ALPN:
                alpn = content[3 : 3 + content[2]] if len(content) > 2 else b""
            elif kind == VERSIONS and content:
                offered = _list(content[1 : 1 + content[0]])
                version = max(offered, default=legacy)
            elif kind == SIGNATURES:
                signatures = _list(content[2 : 2 + _number(content, 0)])
    hashed = sorted(one for one in extensions if one not in (SNI, ALPN))
    return (
        f"t{_VERSIONS.get(version, '00')}{'d' if named else 'i'}"
        f"{min(len(ciphers), MOST):02}{min(len(extensions), MOST):02}{_ends(alpn)}"
        f"_{_hash(_hexed(sorted(ciphers)))}"
        f"_{_hash(_hexed(hashed) + ('_' + _hexed(signatures) if signatures else ''))}"
    )


def _number(data: bytes, at: int, size: int = 2) -> int:
    if at + size > len(data):
        raise ValueError("the ClientHello is cut short")
    return int.from_bytes(data[at : at + size])


def _skip(data: bytes, at: int, size: int) -> int:
    """Where a block with a length of `size` bytes ends."""
    end = at + size + _number(data, at, size)
    if end > len(data):
        raise ValueError("a field of the ClientHello runs past its end")
    return end


def _list(data: bytes) -> list[int]:
    """Pairs of bytes as numbers, GREASE left out; a lone last byte is no number."""
    pairs = (int.from_bytes(data[at : at + 2]) for at in range(0, len(data) - 1, 2))
    return [one for one in pairs if not _grease(one)]


def _grease(one: int) -> bool:
    return one & 0x0F0F == 0x0A0A and one >> 8 == one & 0xFF


def _ends(alpn: bytes) -> str:
    """First and last character of the first ALPN value; of its hex where one is no letter."""
    if not alpn:
        return "00"
    ends = chr(alpn[0]) + chr(alpn[-1])
    if ends.isascii() and ends.isalnum():
        return ends
    text = alpn.hex()
    return text[0] + text[-1]


def _hexed(numbers: list[int]) -> str:
    return ",".join(f"{one:04x}" for one in numbers)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else NOTHING
