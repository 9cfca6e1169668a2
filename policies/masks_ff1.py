"""FF1, format-preserving encryption of NIST SP 800-38G, on AES. Pure.

Domains below a million values are refused (SP 800-38G revision 1, second draft, asks it):
whoever can ask for encryptions could try them all. Ten rounds, ordinary integers.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

DIGITS = "0123456789"
ALNUM = "0123456789abcdefghijklmnopqrstuvwxyz"
SMALLEST_DOMAIN = 1_000_000
LONGEST = 4096


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
        size, radix, tweak = len(text), self._radix, self._tweak
        if size < 2 or radix**size < SMALLEST_DOMAIN:
            raise ValueError("the domain holds fewer than 1,000,000 values")
        if size > LONGEST or any(letter not in self._place for letter in text):
            raise ValueError("not a text of the alphabet")
        u = size // 2
        v = size - u
        a, b = self._number(text[:u]), self._number(text[u:])
        width = ((radix**v - 1).bit_length() + 7) // 8
        reach = 4 * ((width + 3) // 4) + 4
        head = (
            b"\x01\x02\x01"
            + radix.to_bytes(3, "big")
            + b"\x0a"
            + bytes([u % 256])
            + size.to_bytes(4, "big")
            + len(tweak).to_bytes(4, "big")
        )
        head += tweak + bytes((-len(tweak) - width - 1) % 16)
        powers = (radix**u, radix**v)
        for step in range(10):
            turn = step if forward else 9 - step
            known = b if forward else a
            block = head + bytes([turn]) + known.to_bytes(width, "big")
            mac = self._cipher.encryptor().update(block)[-16:]
            more = mac
            for count in range(1, (reach + 15) // 16):
                other = int.from_bytes(mac, "big") ^ count
                more += self._ecb.update(other.to_bytes(16, "big"))
            y = int.from_bytes(more[:reach], "big")
            power = powers[turn % 2]
            if forward:
                a, b = b, (a + y) % power
            else:
                a, b = (b - y) % power, a
        return self._text(a, u) + self._text(b, v)
