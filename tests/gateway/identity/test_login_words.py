"""A login's words: what is said is heard, and nonsense is refused without quoting it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity.login_words import (
    DOWN,
    LENGTH,
    Answer,
    Asked,
    LoginError,
    Say,
    answer,
    answering,
    asked,
    asking,
    framed,
)
from policies.model import Role, Subject

SUBJECT = Subject(school="no-1", role=Role.TEACHER, token="t", source="ldap", confidence=0.95)


def test_there_and_back() -> None:
    one = Asked(number=3, user="张三", password="密:码", address="10.0.0.1")
    frame = asking(one)
    assert LENGTH.unpack(frame[:4])[0] == len(frame) - 4
    heard = asked(frame[4:])
    assert (heard.number, heard.user, heard.password) == (3, "张三", "密:码")
    assert "密" not in repr(one)


@pytest.mark.parametrize(
    "one",
    [DOWN, Answer(say=Say.NO), Answer(say=Say.LATER, wait=9), Answer(say=Say.YES, subject=SUBJECT)],
)
def test_answers(one: Answer) -> None:
    assert answer(answering(5, one)[4:]) == (5, one)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"id": 1, "user": "u", "password": b"p", "address": "a"},
        {"id": -1, "user": "u", "password": "p", "address": "a"},
        {"id": True, "user": "u", "password": "p", "address": "a"},
        {"id": 1, "user": "u" * 300, "password": "p", "address": "a"},
        {"id": 1, "user": "u", "password": "p", "address": "a", "more": 1},
    ],
)
def test_nonsense(content: dict[str, object]) -> None:
    with pytest.raises(LoginError):
        asked(framed(content)[4:])


def test_a_yes_without_anybody_is_no_answer() -> None:
    with pytest.raises(LoginError, match="subject"):
        answer(answering(1, Answer(say=Say.YES))[4:])
    with pytest.raises(LoginError, match="subject"):
        answer(answering(1, Answer(say=Say.NO, subject=SUBJECT))[4:])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_anything(data: bytes) -> None:
    for read in (asked, answer):
        with pytest.raises(LoginError):
            read(data)
