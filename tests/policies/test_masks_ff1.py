"""FF1 against the samples of NIST SP 800-38G, and its own inverse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.masks_ff1 import ALNUM, DIGITS, Ff1

KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94")
TEN = bytes.fromhex("39383736353433323130")
ELEVEN = bytes.fromhex("3737373770717273373737")


@pytest.mark.parametrize(
    ("size", "alphabet", "tweak", "plain", "cipher"),
    [
        (16, DIGITS, b"", "0123456789", "2433477484"),
        (16, DIGITS, TEN, "0123456789", "6124200773"),
        (16, ALNUM, ELEVEN, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
        (24, DIGITS, b"", "0123456789", "2830668132"),
        (24, DIGITS, TEN, "0123456789", "2496655549"),
        (24, ALNUM, ELEVEN, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
        (32, DIGITS, b"", "0123456789", "6657667009"),
        (32, DIGITS, TEN, "0123456789", "1001623463"),
        (32, ALNUM, ELEVEN, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_nine_samples(size: int, alphabet: str, tweak: bytes, plain: str, cipher: str) -> None:
    one = Ff1(KEY[:size], alphabet, tweak)
    assert one.encrypt(plain) == cipher
    assert one.decrypt(cipher) == plain


@settings(max_examples=60, deadline=None)
@given(st.text(DIGITS, min_size=6, max_size=40), st.binary(max_size=30))
def test_digits_come_back(plain: str, tweak: bytes) -> None:
    one = Ff1(KEY, DIGITS, tweak)
    found = one.encrypt(plain)
    assert len(found) == len(plain)
    assert one.decrypt(found) == plain


@settings(max_examples=30, deadline=None)
@given(st.text(ALNUM, min_size=4, max_size=40))
def test_letters_come_back(plain: str) -> None:
    one = Ff1(KEY, ALNUM)
    assert one.decrypt(one.encrypt(plain)) == plain


@pytest.mark.parametrize("text", ["", "1", "12345", "12345a", "某某某某某某某", "1" * 5000])
def test_small_domains_and_foreign_letters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"domain|alphabet"):
        Ff1(KEY).encrypt(text)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(6, 18).flatmap(
        lambda size: st.tuples(
            st.just(size), st.lists(st.integers(0, 10**size - 1), max_size=20, unique=True)
        )
    ),
    st.binary(max_size=40),
)
def test_many_numbers_are_encrypted_as_each_alone(
    given: tuple[int, list[int]], tweak: bytes
) -> None:
    size, values = given
    one = Ff1(KEY, DIGITS, tweak)
    assert one.numbers(values, size) == [int(one.encrypt(str(v).rjust(size, "0"))) for v in values]


def test_numbers_refuse_what_they_cannot_hold() -> None:
    with pytest.raises(ValueError, match="domain"):
        Ff1(KEY).numbers([1], 5)
    with pytest.raises(ValueError, match="halves"):
        Ff1(KEY).numbers([1], 20)
    assert Ff1(KEY, ALNUM).numbers([], 12) == []
