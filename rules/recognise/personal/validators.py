"""What a number says about itself: check digits, dates, regions, lengths. Pure.

Sources: GB 11643-1999 (居民身份号码, check digit by ISO 7064 mod 11-2), GB 32100-2015
(统一社会信用代码, mod 31), ISO/IEC 7812-1 annex B (Luhn). Regions are held to the first two
digits of GB/T 2260 with the codes of Hong Kong, Macau and Taiwan (81, 82, 83 on residence
permits; 71 of Taiwan): county codes are retired and renamed every year, and old identity
numbers keep them, so a list of today's counties would refuse true numbers.
"""

from __future__ import annotations

from calendar import monthrange
from itertools import cycle
from operator import mul

PROVINCES = frozenset(
    str(one)
    for span in ((11, 16), (21, 24), (31, 38), (41, 47), (50, 55), (61, 66), (71, 72), (81, 84))
    for one in range(*span)
)
FIRST_YEAR, LAST_YEAR = 1900, 2099
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CODE_VALUE = {letter: value for value, letter in enumerate(_CODE)}
_CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def date(year: int, month: int, day: int, last: int = LAST_YEAR) -> bool:
    """Whether there is such a day."""
    return (
        FIRST_YEAR <= year <= last and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    )


def region(code: str) -> bool:
    """Whether six digits can be a county-level code of GB/T 2260, of today or of old."""
    return code[:2] in PROVINCES and (code[2:4] != "00" or code[4:6] == "00")


def id_card_shape(number: str) -> bool:
    """18 characters whose region and day of birth can be."""
    return (
        len(number) == 18
        and number[:17].isdecimal()
        and (number[17].isdecimal() or number[17] in "xX")
        and region(number)
        and date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    )


def id_card_check(number: str) -> bool:
    """The check digit of an 18-character number holds."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECK[total % 11] == number[17].upper()


def id_card_digit(first17: str) -> str:
    """The check digit that belongs to 17 digits."""
    if len(first17) != len(_ID_WEIGHTS):
        raise ValueError("17 digits are wanted")
    return _ID_CHECK[sum(map(mul, map(int, first17), _ID_WEIGHTS)) % 11]


def id_card15(number: str) -> bool:
    """15 digits of the first generation: region, year of two digits, day; no check digit."""
    return (
        len(number) == 15
        and region(number)
        and date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    )


def luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1 holds."""
    total = 0
    for digit, double in zip(reversed(number), cycle((False, True)), strict=False):
        value = ord(digit) - 48
        total += _DOUBLED[value] if double else value
    return total % 10 == 0


def credit_code(number: str) -> bool:
    """18 characters of GB 32100-2015 whose check character holds."""
    if len(number) != 18:
        return False
    try:
        total = sum(
            _CODE_VALUE[letter] * weight
            for letter, weight in zip(number[:17], _CODE_WEIGHTS, strict=True)
        )
        return _CODE[(31 - total % 31) % 31] == number[17]
    except KeyError:
        return False


def credit_code_shape(number: str) -> bool:
    """Registration authority, kind of organisation, and six digits of a region."""
    return (
        len(number) == 18
        and number[0] in "123456789ANY"
        and number[2:8].isdecimal()
        and (number[2:4] in PROVINCES or number[2:4] == "10")
        and all(letter in _CODE_VALUE for letter in number)
    )
