"""ClientHello → JA4, the fingerprint of a TLS client. Pure; never a decision by itself.

JA4 (TLS client) is FoxIO's, published under BSD 3-Clause; this is our own code after its
specification (github.com/FoxIO-LLC/ja4, technical_details/JA4.md). The other members of
"JA4+" are under another licence and not here. GREASE (RFC 8701) is left out wherever it
stands. Programs can imitate each other: a JA4 is a claim, and only ever tightens.
"""

from __future__ import annotations

from hashlib import sha256

SNI, ALPN, VERSIONS, SIGNATURES = b"\0\0", b"\0\x10", b"\0\x2b", b"\0\x0d"
GREASE = frozenset(bytes((one, one)) for one in range(0x0A, 0x100, 0x10))
NOTHING = "0" * 12  # the hash of an empty list, by definition
MOST = 99  # two digits count ciphers and extensions

_VERSIONS = {
    b"\3\4": "13", b"\3\3": "12", b"\3\2": "11", b"\3\1": "10", b"\3\0": "s3", b"\0\2": "s2",
    b"\xfe\xff": "d1", b"\xfe\xfd": "d2", b"\xfe\xfc": "d3",
}  # fmt: skip


def ja4(message: bytes) -> str:
    """The JA4 of a ClientHello's body (after the handshake header), over TCP.

    Raises ValueError where the message is cut short or its lengths do not fit.
    """
    at = _end(message, 2 + 32, 1)  # version and random; session id
    end = _end(message, at, 2)
    ciphers = _pairs(message[at + 2 : end])
    at = _end(message, end, 1)  # compression methods
    kinds: list[bytes] = []
    signatures: list[bytes] = []
    version, alpn, named = message[:2], b"", "i"
    if at < len(message):
        end = _end(message, at, 2)
        at += 2
        while at < end:
            kind, begin = message[at : at + 2], at + 4
            at = _end(message, at + 2, 2)
            if at > end:
                raise ValueError("an extension runs past its end")
            if kind in GREASE:
                continue
            kinds.append(kind)
            if kind == SNI:
                named = "d"
            elif kind == ALPN and at - begin > 2:
                alpn = message[begin + 3 : min(begin + 3 + message[begin + 2], at)]
            elif kind == VERSIONS and at > begin:
                offered = _pairs(message[begin + 1 : min(begin + 1 + message[begin], at)])
                version = max(offered, default=version)
            elif kind == SIGNATURES and at - begin > 1:
                size = int.from_bytes(message[begin : begin + 2])
                signatures = _pairs(message[begin + 2 : min(begin + 2 + size, at)])
    head = f"t{_VERSIONS.get(version, '00')}{named}{min(len(ciphers), MOST):02}"
    ciphers.sort()
    hashed = _hexed(sorted(one for one in kinds if one not in (SNI, ALPN)))
    if signatures:
        hashed += "_" + _hexed(signatures)
    head += f"{min(len(kinds), MOST):02}{_ends(alpn)}"
    return f"{head}_{_hash(_hexed(ciphers))}_{_hash(hashed)}"


def _end(data: bytes, at: int, size: int) -> int:
    """Where a block that begins with its length, in `size` bytes, ends."""
    if at + size > len(data):
        raise ValueError("the ClientHello is cut short")
    end = at + size + int.from_bytes(data[at : at + size])
    if end > len(data):
        raise ValueError("a field of the ClientHello runs past its end")
    return end


def _pairs(data: bytes) -> list[bytes]:
    """Codes of two bytes, GREASE left out; a lone last byte is no code."""
    found = [data[at : at + 2] for at in range(0, len(data) - 1, 2)]
    return [one for one in found if one not in GREASE]


def _ends(alpn: bytes) -> str:
    """First and last character of the first ALPN value; of its hex where one is no letter."""
    if not alpn:
        return "00"
    ends = chr(alpn[0]) + chr(alpn[-1])
    if ends.isascii() and ends.isalnum():
        return ends
    text = alpn.hex()
    return text[0] + text[-1]


def _hexed(codes: list[bytes]) -> str:
    return b"".join(codes).hex(",", 2)


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else NOTHING
