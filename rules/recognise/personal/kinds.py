"""The nouns of personal data: a Kind, how sure a find is, and the find itself.

A Hit says where and what, never the value: whoever needs it slices the text that was given.
`verified` (已验证) is a checksum that holds, or the format under a label of its kind;
everything else is `suspected` (疑似). Kinds below the line are told by a column's header and
its set of values, not by one value alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a value is about a person."""

    __hash__ = str.__hash__  # Enum's own is Python code, and a find asks for it a dozen times

    ID_CARD = "id_card"  # 居民身份证 18/15 位, 港澳台居民居住证
    PHONE = "phone"
    LANDLINE = "landline"
    BANK_CARD = "bank_card"
    CREDIT_CODE = "credit_code"  # 统一社会信用代码 (an organisation's, not a person's)
    PLATE = "plate"
    EMAIL = "email"
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"  # 往来港澳通行证, 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan_permit"  # 台胞证, 往来台湾通行证
    OFFICER_ID = "officer_id"
    IP = "ip"
    MAC = "mac"
    WECHAT = "wechat"
    QQ = "qq"
    STUDENT_NUMBER = "student_number"  # 学号
    EXAM_NUMBER = "exam_number"  # 考号
    NATIONAL_STUDENT_NUMBER = "national_student_number"  # 全国学籍号 G/J/L
    NAME = "name"
    ADDRESS = "address"
    UUID = "uuid"
    SECRET = "secret"  # noqa: S105 - keys and tokens found in text
    # told by header and value set
    BIRTH_DATE = "birth_date"
    AGE = "age"
    SEX = "sex"
    ETHNICITY = "ethnicity"
    RELIGION = "religion"
    POLITICAL_STATUS = "political_status"
    NATIVE_PLACE = "native_place"
    HEALTH = "health"
    DISABILITY = "disability"
    FAMILY_ECONOMY = "family_economy"
    SCORE = "score"
    PUNISHMENT = "punishment"
    BIOMETRIC = "biometric"
    PHOTO = "photo"
    GUARDIAN_NAME = "guardian_name"
    GUARDIAN_PHONE = "guardian_phone"
    GUARDIAN_ID = "guardian_id"
    KINSHIP = "kinship"
    LOCATION = "location"  # 行踪轨迹
    SCHOOL = "school"
    CLASS = "class"
    POSTCODE = "postcode"
    PASSWORD = "password"  # noqa: S105


FINDABLE = tuple(Kind)[: tuple(Kind).index(Kind.BIRTH_DATE)]
"""Kinds that a text alone can show."""


class Confidence(StrEnum):
    """How sure a find is."""

    __hash__ = str.__hash__

    VERIFIED = "verified"  # 已验证: a checksum, or format plus label
    SUSPECTED = "suspected"  # 疑似


class Hit(NamedTuple):
    """One find: characters `start` to `end` (exclusive) of the text given. `rule` says why."""

    kind: Kind
    start: int
    end: int
    confidence: Confidence
    rule: str = ""
