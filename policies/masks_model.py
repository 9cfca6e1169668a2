"""The nouns of masking: Algorithm, its parameters, Mask, Keys, Trouble. Values only. Pure.

A Mask names one algorithm and what it is told; a Trouble is why a value could not be masked,
as a value, so that whoever writes the result can never let the original through by mistake.
Keys come in: nothing here reads, makes or prints one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Protocol

from rules.recognise.personal.kinds import Kind


class Algorithm(StrEnum):
    """How a value is made harmless."""

    KEEP = "keep"  # first n and last m stay, the rest is starred
    REDACT = "redact"
    NULL = "null"
    FAKE = "fake"  # like the format, from ranges nobody is given
    PSEUDONYM = "pseudonym"  # keyed, the same for the same value and purpose
    FF1 = "ff1"  # format-preserving encryption, NIST SP 800-38G
    TOKEN = "token"  # noqa: S105 - a vault keeps what stood there
    SEAL = "seal"  # authenticated encryption of the field
    GENERALISE = "generalise"  # bands, regions, months
    SHIFT = "shift"  # dates by a number of days per subject
    SHUFFLE = "shuffle"  # within the column
    NOISE = "noise"
    TEXT = "text"  # what is found inside free text is redacted
    PASS = "pass"  # noqa: S105 - kept as it is, said so by somebody


class Trouble(Enum):
    """Why a value was not masked as told. Never a text, so it cannot be taken for a value."""

    HALF_MASKED = "half-masked"  # stars in it already
    WRONG_TYPE = "wrong-type"  # bytes, a list; a number where digits were lost
    WRONG_SHAPE = "wrong-shape"  # not a value of its kind
    SMALL_DOMAIN = "small-domain"  # fewer than a million values: could be tried out
    NO_SUBJECT = "no-subject"  # no subject to shift by
    TOO_FEW = "too-few"  # too few different values to shuffle
    TOO_LONG = "too-long"


class Format(StrEnum):
    """The letters of a pseudonym."""

    HEX = "hex"
    BASE32 = "base32"
    DIGITS = "digits"


class Hash(StrEnum):
    """The hash below HMAC."""

    SHA256 = "sha256"
    SM3 = "sm3"  # GB/T 32905


class Cipher(StrEnum):
    """The cipher of a sealed field."""

    AES = "aes"
    SM4 = "sm4"  # GB/T 32907


class Step(StrEnum):
    """What a value is generalised to."""

    AGE = "age"  # age, or day of birth, to a band of years
    REGION = "region"  # a region's code to 2, 4 or 6 digits
    MONTH = "month"
    YEAR = "year"
    BAND = "band"  # numbers


class Letters(StrEnum):
    """The alphabet of format-preserving encryption."""

    DIGITS = "digits"
    ALNUM = "alnum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many characters stay at each end; fewer than half of the value ever do."""

    first: int = 0
    last: int = 0
    star: str = "*"

    def __post_init__(self) -> None:
        if not (0 <= self.first <= 32 and 0 <= self.last <= 32 and len(self.star) == 1):
            raise ValueError("`first` and `last` are 0 to 32, `star` is one character")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pseudonym:
    """The pseudonym's letters, length and hash."""

    format: Format = Format.BASE32
    length: int = 16
    hash: Hash = Hash.SHA256
    prefix: str = ""

    def __post_init__(self) -> None:
        if not 9 <= self.length <= 40:
            raise ValueError("a pseudonym has 9 to 40 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ff1:
    """Format-preserving encryption: which letters, how long a key."""

    letters: Letters = Letters.DIGITS
    bits: int = 256

    def __post_init__(self) -> None:
        if self.bits not in (128, 192, 256):
            raise ValueError("an AES key has 128, 192 or 256 bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Field encryption; the key's id stands in the value."""

    cipher: Cipher = Cipher.AES


@dataclass(frozen=True, slots=True, kw_only=True)
class Generalise:
    """To what, and how wide (years, digits or units)."""

    to: Step = Step.YEAR
    width: int = 0

    def __post_init__(self) -> None:
        if self.to is Step.REGION and self.width not in (2, 4, 6):
            raise ValueError("a region has a width of 2, 4 or 6 digits")
        if self.to in (Step.AGE, Step.BAND) and self.width < 2:
            raise ValueError("a band has a width of at least 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """At most so many days, forward or back, the same for all dates of one subject."""

    days: int = 30

    def __post_init__(self) -> None:
        if not 1 <= self.days <= 3650:
            raise ValueError("dates are shifted by 1 to 3650 days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Numbers moved by at most `most`, and held between `low` and `high` where given."""

    most: float = 1.0
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.most <= 0:
            raise ValueError("noise is more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """One algorithm with what it is told; sections of other algorithms are not looked at."""

    algorithm: Algorithm
    keep: Keep = Keep()
    pseudonym: Pseudonym = Pseudonym()
    ff1: Ff1 = Ff1()
    seal: Seal = Seal()
    generalise: Generalise = Generalise()
    shift: Shift = Shift()
    noise: Noise = Noise()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A key with its id, and those before it (to open what they sealed)."""

    id: str
    master: bytes = field(repr=False)
    before: dict[str, bytes] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if len(self.master) < 32 or any(len(one) < 32 for one in self.before.values()):
            raise ValueError("a masking key has at least 32 bytes")
        if not self.id.isalnum() or len(self.id) > 16:
            raise ValueError("a key's id is 1 to 16 letters and digits")

    def derive(self, purpose: str, use: str, identifier: str = "") -> bytes:
        """The key of one purpose and use (32 bytes). Raises KeyError for an id not held."""
        master = self.master
        if identifier and identifier != self.id:
            master = self.before[identifier]
        name = "\x00".join(("qinglang-mask-1", purpose, use))
        return hmac.digest(master, name.encode(), hashlib.sha256)


class Vault(Protocol):
    """Where originals are kept for tokens (audit.lifecycle.vault)."""

    def tokens(self, domain: str, values: list[str]) -> list[str]:
        """A token for each, the same for the same value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a column's masker needs beside its mask."""

    purpose: str
    keys: Keys = field(repr=False)
    dataset: str = ""
    column: str = ""
    kind: Kind | None = None
    link: str = ""  # columns of one link share pseudonyms where no kind is known
    vault: Vault | None = None
    fresh: Callable[[int], bytes] = secrets.token_bytes

    @property
    def domain(self) -> str:
        """Values of one domain have the same pseudonym in every table."""
        if self.kind is not None:
            return SAME.get(self.kind, self.kind).value
        if self.link:
            return f"link:{self.link}"
        return f"column:{self.dataset}.{self.column}"


SAME = {
    Kind.GUARDIAN_NAME: Kind.NAME,
    Kind.GUARDIAN_PHONE: Kind.PHONE,
    Kind.GUARDIAN_ID: Kind.ID_CARD,
}
"""Kinds whose values mean the same thing."""

DIRECT = frozenset({
    Kind.ID_CARD, Kind.PHONE, Kind.LANDLINE, Kind.BANK_CARD, Kind.EMAIL, Kind.PASSPORT, Kind.PLATE,
    Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT, Kind.OFFICER_ID, Kind.WECHAT, Kind.QQ, Kind.MAC,
    Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER, Kind.NATIONAL_STUDENT_NUMBER, Kind.NAME, Kind.ADDRESS,
    Kind.GUARDIAN_NAME, Kind.GUARDIAN_PHONE, Kind.GUARDIAN_ID, Kind.SECRET, Kind.PASSWORD,
    Kind.BIOMETRIC, Kind.PHOTO,
})  # fmt: skip
"""Direct identifiers: none of their values may stand in a masked copy."""
