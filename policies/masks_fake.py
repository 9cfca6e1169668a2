"""Values like those of people, from ranges that people are never given. Pure.

A fake is made of a keyed digest, so the same value has the same fake; `is_fake` knows each
again, so a residual scan can tell it from a person's. Where a check digit belongs to the
format it is right, for applications that check it.
Ranges: identity numbers of region 99 (GB/T 2260 has none), telephones 169 (unverified: not
given out when this was written), subscriber numbers with a leading 0, cards of issuer 9999,
plates with the letter I, `.invalid` (RFC 2606), 198.18/15 (RFC 2544), 2001:db8::/32 (RFC 3849),
MAC 00-00-5E-00-53 (RFC 7042), names that begin with 某.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from policies.masks_model import SAME
from rules.recognise.personal.finder import fold
from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.validators import id_card_digit, luhn

GIVEN = (
    "安北辰东方冬夫光海和红华佳江金静可兰立林令明南宁平青秋仁如山"
    "诗书思松天田文西夏晓心星雪一以永雨元月云泽知中竹子紫"
)
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_FIRST_DAY = date(1950, 1, 1)
_DAYS = 25_000


class Dice:
    """Numbers out of a digest, in order."""

    __slots__ = ("_left",)

    def __init__(self, digest: bytes) -> None:
        self._left = int.from_bytes(digest, "big")

    def roll(self, sides: int) -> int:
        self._left, found = divmod(self._left, sides)
        return found

    def digits(self, count: int) -> str:
        top = 10**count
        self._left, found = divmod(self._left, top)
        return str(top + found)[1:]

    def letters(self, count: int, alphabet: str = _BASE32) -> str:
        left, sides, found = self._left, len(alphabet), ""
        for _ in range(count):
            left, place = divmod(left, sides)
            found += alphabet[place]
        self._left = left
        return found


def _id18(dice: Dice) -> str:
    born = (_FIRST_DAY + timedelta(days=dice.roll(_DAYS))).isoformat()
    body = f"99{dice.digits(4)}{born[:4]}{born[5:7]}{born[8:]}{dice.digits(3)}"
    return body + id_card_digit(body)


def _id(dice: Dice, text: str) -> str:
    if len(text) == 15:
        born = _FIRST_DAY + timedelta(days=dice.roll(_DAYS) % 18_000)
        return f"99{dice.digits(4)}{born:%y%m%d}{dice.digits(3)}"
    return _id18(dice)


def _card(dice: Dice, text: str) -> str:
    body = "9999" + dice.digits(len(text) - 5)
    return next(body + last for last in "0123456789" if luhn(body + last))


def _credit(dice: Dice, _text: str) -> str:
    body = "99000000" + dice.letters(9, _CODE)
    total = sum(_CODE.index(a) * w for a, w in zip(body, _CODE_WEIGHTS, strict=True))
    return body + _CODE[(31 - total % 31) % 31]


def _ip(dice: Dice, text: str) -> str:
    if ":" in text:
        return f"2001:db8::{dice.roll(65536):x}:{dice.roll(65536):x}"
    return f"198.{18 + dice.roll(2)}.{dice.roll(256)}.{dice.roll(256)}"


def _name(dice: Dice, text: str) -> str:
    return "某" + dice.letters(max(1, min(len(text), 4) - 1), GIVEN)


def _uuid(dice: Dice, _text: str) -> str:
    return "00000000-0000-8000-8000-" + dice.letters(12, "0123456789abcdef")


def _address(dice: Dice, _text: str) -> str:
    road = dice.letters(2, GIVEN)
    return f"某省某市某区{road}路{1 + dice.roll(999)}号{1 + dice.roll(30)}室"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faker:
    """How one kind is faked: what a value must look like, how one is made and known again."""

    of: re.Pattern[str]
    make: Callable[[Dice, str], str]
    known: re.Pattern[str]


def _faker(of: str, make: Callable[[Dice, str], str], known: str) -> Faker:
    return Faker(of=re.compile(of), make=make, known=re.compile(known))


FAKERS: dict[Kind, Faker] = {
    Kind.ID_CARD: _faker(r"[0-9]{17}[0-9X]|[0-9]{15}", _id, r"99[0-9]{15}[0-9Xx]|99[0-9]{13}"),
    Kind.PHONE: _faker(r"[0-9]{11}", lambda d, _: "169" + d.digits(8), r"169[0-9]{8}"),
    Kind.LANDLINE: _faker(
        r"[0-9+]{7,18}", lambda d, _: "0999-0" + d.digits(7), r"0999-0[0-9]{7}"
    ),
    Kind.BANK_CARD: _faker(r"[0-9]{15,19}", _card, r"9999[0-9]{11,15}"),
    Kind.CREDIT_CODE: _faker(r"[0-9A-Z]{18}", _credit, r"99000000[0-9A-Z]{10}"),
    Kind.PLATE: _faker(
        r"[\u4e00-\u9fff][A-Z][0-9A-Z\u4e00-\u9fff]{5,6}",
        lambda d, _: "京I" + d.digits(5),
        r"京I[0-9]{5}",
    ),
    Kind.EMAIL: _faker(
        r"[^@\s]{1,64}@[^@\s]{1,255}",
        lambda d, _: f"u{d.letters(12)}@example.invalid",
        r"u[a-z2-7]{12}@example\.invalid",
    ),
    Kind.PASSPORT: _faker(r"[0-9A-Z]{6,12}", lambda d, _: "Q" + d.digits(8), r"Q[0-9]{8}"),
    Kind.HK_MACAU_PERMIT: _faker(
        r"[0-9A-Z]{8,11}", lambda d, _: "Q" + d.digits(8), r"Q[0-9]{8}"
    ),
    Kind.TAIWAN_PERMIT: _faker(
        r"[0-9A-Z]{8,11}", lambda d, _: "Q" + d.digits(8), r"Q[0-9]{8}"
    ),
    Kind.OFFICER_ID: _faker(
        r".{4,24}", lambda d, _: f"测字第0{d.digits(7)}号", r"测字第0[0-9]{7}号"
    ),
    Kind.IP: _faker(
        r"[0-9a-f:.]{3,45}", _ip, r"198\.1[89]\.[0-9]{1,3}\.[0-9]{1,3}|2001:db8::[0-9a-f:]{3,9}"
    ),
    Kind.MAC: _faker(
        r"[0-9a-f:.-]{12,17}", lambda d, _: f"00:00:5e:00:53:{d.roll(256):02x}",
        r"00:00:5e:00:53:[0-9a-f]{2}",
    ),
    Kind.UUID: _faker(
        r"[0-9a-f-]{32,36}", _uuid,
        r"00000000-0000-8000-8000-[0-9a-f]{12}",
    ),
    Kind.WECHAT: _faker(
        r"[0-9A-Za-z_-]{5,20}", lambda d, _: "qlfake_" + d.letters(10), r"qlfake_[a-z2-7]{10}"
    ),
    Kind.QQ: _faker(r"[0-9]{5,11}", lambda d, _: "0" + d.digits(9), r"0[0-9]{9}"),
    Kind.STUDENT_NUMBER: _faker(
        r"[0-9A-Z]{4,20}", lambda d, _: "F0" + d.digits(10), r"F0[0-9]{10}"
    ),
    Kind.EXAM_NUMBER: _faker(r"[0-9A-Z]{4,20}", lambda d, _: "F0" + d.digits(12), r"F0[0-9]{12}"),
    Kind.NATIONAL_STUDENT_NUMBER: _faker(
        r"[0-9A-Z]{16,19}", lambda d, _: "G" + _id18(d), r"G99[0-9]{15}[0-9X]"
    ),
    Kind.NAME: _faker(r"[^\d\s]{1,40}", _name, rf"某[{GIVEN}]{{1,3}}"),
    Kind.ADDRESS: _faker(
        r".{3,200}", _address, rf"某省某市某区[{GIVEN}]{{2}}路[0-9]{{1,3}}号[0-9]{{1,2}}室"
    ),
    Kind.POSTCODE: _faker(r"[0-9]{6}", lambda d, _: "000" + d.digits(3), r"000[0-9]{3}"),
}  # fmt: skip


def is_fake(kind: Kind, value: str) -> bool:
    """Whether a whole value is one that `fake` could have made of this kind."""
    faker = FAKERS.get(SAME.get(kind, kind))
    return faker is not None and faker.known.fullmatch(fold(value).strip()) is not None
