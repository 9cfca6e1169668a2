"""What a number says about itself: check digits, dates, regions, lengths. Pure.

Sources: GB 11643-1999 (居民身份号码, check digit by ISO 7064 mod 11-2), GB 32100-2015
(统一社会信用代码, mod 31), ISO/IEC 7812-1 annex B (Luhn). Regions are held to the first two
digits of GB/T 2260 with the codes of Hong Kong, Macau and Taiwan (81, 82, 83 on residence
permits; 71 of Taiwan): county codes are retired and renamed every year, and old identity
numbers keep them, so a list of today's counties would refuse true numbers.
"""

from __future__ import annotations

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
_CODE_BYTES = bytes(_CODE_VALUE.get(chr(one), 255) for one in range(256))
_DOUBLED = bytes(
    (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[one - 48] if 48 <= one < 58 else 0 for one in range(256)
)
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_OF_YEAR = frozenset(
    f"{month:02}{day:02}" for month, last in enumerate(_DAYS) for day in range(1, last + 1)
)
_ID_ZEROS, _CODE_ABSENT = 48 * sum(_ID_WEIGHTS), 255


def date(year: int, month: int, day: int, last: int = LAST_YEAR) -> bool:
    """Whether there is such a day."""
    if not (FIRST_YEAR <= year <= last and 1 <= month <= 12 and day >= 1):
        return False
    if month == 2 and day == 29:
        return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= _DAYS[month]


def day(digits: str) -> bool:
    """The same of eight digits."""
    if digits[4:] in _DAYS_OF_YEAR:
        return "1900" <= digits[:4] <= "2099" and digits[:4].isdecimal()
    return digits[4:] == "0229" and digits.isdecimal() and date(int(digits[:4]), 2, 29)


def region(code: str) -> bool:
    """Whether six digits can be a county-level code of GB/T 2260, of today or of old."""
    return code[:2] in PROVINCES and (code[2:4] != "00" or code[4:6] == "00")


def id_card_shape(number: str) -> bool:
    """18 characters whose region and day of birth can be."""
    return (
        len(number) == 18
        and number[:2] in PROVINCES
        and (number[2:4] != "00" or number[4:6] == "00")
        and number[:17].isdecimal()
        and (number[17].isdecimal() or number[17] in "xX")
        and day(number[6:14])
    )


def id_card_check(number: str) -> bool:
    """The check digit of an 18-character number holds."""
    return id_card_digit(number[:17]) == number[17].upper()


def id_card_digit(first17: str) -> str:
    """The check digit that belongs to 17 digits."""
    return _ID_CHECK[(sum(map(mul, first17.encode(), _ID_WEIGHTS)) - _ID_ZEROS) % 11]


def id_card15(number: str) -> bool:
    """15 digits of the first generation: region, year of two digits, day; no check digit."""
    return (
        len(number) == 15
        and region(number)
        and date(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    )


def luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1 holds."""
    digits = number.encode()
    plain = digits[-1::-2]
    return (sum(plain) - 48 * len(plain) + sum(digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def credit_code(number: str) -> bool:
    """18 characters of GB 32100-2015 whose check character holds."""
    if len(number) != 18 or not number.isascii():
        return False
    values = number.encode().translate(_CODE_BYTES)
    if _CODE_ABSENT in values:
        return False
    total: int = sum(map(mul, values, _CODE_WEIGHTS))
    return -total % 31 == values[17]


def credit_code_shape(number: str) -> bool:
    """Registration authority, kind of organisation, and six digits of a region."""
    return (
        len(number) == 18
        and number[0] in "123456789ANY"
        and number[2:8].isdecimal()
        and (number[2:4] in PROVINCES or number[2:4] == "10")
        and all(letter in _CODE_VALUE for letter in number)
    )
