"""FF1, format-preserving encryption of NIST SP 800-38G, on AES. Pure.

Domains below a million values are refused (SP 800-38G revision 1, second draft, asks it):
whoever can ask for encryptions could try them all. Ten rounds of ordinary integers;
many short numbers go through them together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DIGITS = "0123456789"
ALNUM = "0123456789abcdefghijklmnopqrstuvwxyz"
SMALLEST_DOMAIN = 1_000_000
LONGEST = 4096
_REACH = 8  # bytes of a block that become a number, where halves have at most 32 bits


class Ff1:
    """One key, alphabet and tweak. Raises ValueError for what cannot be encrypted so."""

    __slots__ = ("_alphabet", "_cipher", "_ecb", "_place", "_radix", "_tweak")

    def __init__(self, key: bytes, alphabet: str = DIGITS, tweak: bytes = b"") -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16)))
        self._ecb = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the PRF
        self._alphabet = alphabet
        self._place = {letter: place for place, letter in enumerate(alphabet)}
        self._radix = len(alphabet)
        self._tweak = tweak

    def encrypt(self, text: str) -> str:
        """The same letters, as many, another value."""
        return self._run(text, forward=True)

    def decrypt(self, text: str) -> str:
        """What was encrypted."""
        return self._run(text, forward=False)

    def numbers(self, values: Sequence[int], size: int) -> list[int]:
        """`encrypt` of whole numbers, each written with `size` digits of the alphabet.

        Every value is within 0 … radix**size - 1. Raises ValueError for a domain that is too
        small, and for one whose halves need more than 32 bits (18 decimal digits fit).
        """
        radix = self._radix
        if size < 2 or radix**size < SMALLEST_DOMAIN:
            raise ValueError("the domain holds fewer than 1,000,000 values")
        u = size // 2
        v = size - u
        width = ((radix**v - 1).bit_length() + 7) // 8
        if width > 4:
            raise ValueError("the halves are too long to be encrypted together")
        head = self._head(size, width)
        if not values:
            return []
        body = head + bytes(1 + width)
        before = self._cipher.encryptor().update(body)[-32:-16]  # of all blocks but the last
        powers = (np.uint64(radix**u), np.uint64(radix**v))
        b, a = (np.array(part, dtype=np.uint64) for part in zip(
            *(divmod(value, radix**v)[::-1] for value in values), strict=True))  # fmt: skip
        last = bytes(x ^ y for x, y in zip(body[-16:], before, strict=True))
        blocks = np.tile(np.frombuffer(last, dtype=np.uint8), (len(values), 1))
        still = blocks[0, 15 - width :].copy()
        for turn in range(10):
            blocks[:, 15 - width] = still[0] ^ turn
            known = b.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]
            np.bitwise_xor(known, still[1:], out=blocks[:, 16 - width :])
            made = np.frombuffer(self._ecb.update(blocks.tobytes()), dtype=np.uint8)
            reach = made.reshape(-1, 16)[:, :_REACH].copy().view(">u8").reshape(-1)
            power = powers[turn % 2]
            a, b = b, (a + reach.astype(np.uint64) % power) % power
        return [int(one) for one in a * powers[1] + b]

    def _head(self, size: int, width: int) -> bytes:
        """P, and Q up to the round's number."""
        tweak = self._tweak
        head = (
            b"\x01\x02\x01"
            + self._radix.to_bytes(3, "big")
            + b"\x0a"
            + bytes([size // 2 % 256])
            + size.to_bytes(4, "big")
            + len(tweak).to_bytes(4, "big")
        )
        return head + tweak + bytes((-len(tweak) - width - 1) % 16)

    def _number(self, text: str) -> int:
        if self._radix == 10:
            return int(text)
        value = 0
        for letter in text:
            value = value * self._radix + self._place[letter]
        return value

    def _text(self, value: int, size: int) -> str:
        if self._radix == 10:
            return str(value).rjust(size, "0")
        found = []
        for _ in range(size):
            value, rest = divmod(value, self._radix)
            found.append(self._alphabet[rest])
        return "".join(reversed(found))

    def _run(self, text: str, *, forward: bool) -> str:
        size, radix = len(text), self._radix
        if size < 2 or radix**size < SMALLEST_DOMAIN:
            raise ValueError("the domain holds fewer than 1,000,000 values")
        if size > LONGEST or any(letter not in self._place for letter in text):
            raise ValueError("not a text of the alphabet")
        u = size // 2
        v = size - u
        a, b = self._number(text[:u]), self._number(text[u:])
        width = ((radix**v - 1).bit_length() + 7) // 8
        reach = 4 * ((width + 3) // 4) + 4
        head = self._head(size, width)
        fixed = len(head) // 16 * 16
        before = self._cipher.encryptor().update(head[:fixed])[-16:]
        start = int.from_bytes(before, "big")
        rest, encrypt = head[fixed:], self._ecb.update
        powers = (radix**u, radix**v)
        for step in range(10):
            turn = step if forward else 9 - step
            known = b if forward else a
            tail = rest + bytes([turn]) + known.to_bytes(width, "big")
            chained = start
            for at in range(0, len(tail), 16):
                block = chained ^ int.from_bytes(tail[at : at + 16], "big")
                mac = encrypt(block.to_bytes(16, "big"))
                chained = int.from_bytes(mac, "big")
            more = mac
            for count in range(1, (reach + 15) // 16):
                more += encrypt((chained ^ count).to_bytes(16, "big"))
            y = int.from_bytes(more[:reach], "big")
            power = powers[turn % 2]
            if forward:
                a, b = b, (a + y) % power
            else:
                a, b = (b - y) % power, a
        return self._text(a, u) + self._text(b, v)
