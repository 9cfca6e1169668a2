"""Keyed masks: they invert where they should, join where they should, and hide the rest."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import masks_keyed as keyed
from policies.masks_model import (
    Cipher,
    Context,
    Ff1,
    Format,
    Hash,
    Keys,
    Letters,
    Noise,
    Pseudonym,
    Seal,
    Shift,
    Trouble,
)
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k2", master=b"\x02" * 32, before={"k1": b"\x01" * 32})
HERE = Context(purpose="test", keys=KEYS, dataset="t", column="c", kind=Kind.NAME)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None)
@given(WORDS, st.sampled_from(Format), st.sampled_from(Hash))
def test_a_pseudonym_never_holds_its_original(value: str, style: Format, hash_: Hash) -> None:
    one = keyed.pseudonym(Pseudonym(format=style, hash=hash_), HERE)
    found = one(value)
    if isinstance(found, str) and value.strip():
        assert keyed.canonical(value, Kind.NAME).lower() not in found  # type: ignore[union-attr]
        assert one(value) == found
        assert len(found) == 16


def test_equal_across_tables_different_across_purposes_and_keys() -> None:
    told = Pseudonym()
    value = "某测试"
    one = keyed.pseudonym(told, HERE)(value)
    elsewhere = replace(HERE, dataset="other", column="xm", kind=Kind.GUARDIAN_NAME)
    assert keyed.pseudonym(told, elsewhere)(value) == one
    assert keyed.pseudonym(told, replace(HERE, purpose="sharing"))(value) != one
    assert keyed.pseudonym(told, replace(HERE, kind=Kind.ADDRESS))(value) != one
    old = Keys(id="k1", master=KEYS.before["k1"])
    assert keyed.pseudonym(told, replace(HERE, keys=old))(value) != one


@settings(max_examples=80, deadline=None)
@given(WORDS, st.sampled_from([Kind.ID_CARD, Kind.PHONE, Kind.NAME, Kind.EMAIL, Kind.ADDRESS]))
def test_a_fake_never_holds_its_original(value: str, kind: Kind) -> None:
    found = keyed.fake(replace(HERE, kind=kind))(value)
    if isinstance(found, str):
        assert keyed.canonical(value, kind) not in found  # type: ignore[operator]


def test_fakes_are_for_values_of_their_kind() -> None:
    assert keyed.fake(replace(HERE, kind=Kind.ID_CARD))("12") is Trouble.WRONG_SHAPE
    with pytest.raises(ValueError, match="no fake"):
        keyed.fake(replace(HERE, kind=Kind.SCORE))


@settings(max_examples=40, deadline=None)
@given(st.text("0123456789", min_size=6, max_size=30))
def test_ff1_inverts(value: str) -> None:
    here = replace(HERE, kind=Kind.BANK_CARD)
    assert keyed.unff1(Ff1(), here)(keyed.ff1(Ff1(), here)(value)) == value


def test_ff1_refuses() -> None:
    one = keyed.ff1(Ff1(letters=Letters.ALNUM, bits=128), replace(HERE, kind=Kind.STUDENT_NUMBER))
    assert isinstance(one("F00000001"), str)
    assert one("F1") is Trouble.SMALL_DOMAIN
    assert one("某测试") is Trouble.WRONG_SHAPE
    assert one("169****1234") is Trouble.HALF_MASKED
    assert keyed.unff1(Ff1(), HERE)("某") is Trouble.WRONG_SHAPE


@settings(max_examples=60, deadline=None)
@given(WORDS, st.sampled_from(Cipher))
def test_sealed_fields_open_again_in_their_column_only(value: str, cipher: Cipher) -> None:
    told = Seal(cipher=cipher)
    sealed = keyed.seal(told, HERE)(value)
    assert sealed.startswith("qm1:k2:")
    assert keyed.unseal(told, HERE)(sealed) == value
    assert keyed.unseal(told, replace(HERE, column="other"))(sealed) is Trouble.WRONG_SHAPE


def test_rotated_keys_still_open() -> None:
    before = replace(HERE, keys=Keys(id="k1", master=KEYS.before["k1"]))
    sealed = keyed.seal(Seal(), before)("某测试")
    assert keyed.unseal(Seal(), HERE)(sealed) == "某测试"
    assert keyed.unseal(Seal(), replace(HERE, keys=Keys(id="k9", master=b"9" * 32)))(sealed) is (
        Trouble.WRONG_SHAPE
    )


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_foreign_bytes_are_no_sealed_field(value: str) -> None:
    assert keyed.unseal(Seal(), HERE)(value) is Trouble.WRONG_SHAPE
    assert keyed.unseal(Seal(), HERE)(f"qm1:k2:{value}") is Trouble.WRONG_SHAPE


def test_dates_of_a_subject_move_together() -> None:
    shift = keyed.shift(Shift(days=30), HERE)
    first = shift(date(2014, 5, 6), "F01")
    assert 1 <= abs((first - date(2014, 5, 6)).days) <= 30
    assert shift("2014-05-06", "F01") == first.isoformat()
    moved = shift(datetime(2014, 5, 6, 7, tzinfo=UTC), "F01")
    assert moved.date() == first
    assert shift("2014-05-06", None) is Trouble.NO_SUBJECT
    assert shift("2014-05-06", b"x") is Trouble.NO_SUBJECT
    assert shift("5月", "F01") is Trouble.WRONG_SHAPE
    assert shift(date.max, "F01") is Trouble.WRONG_SHAPE or shift(date.max, "F01") < date.max


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 100), st.decimals(0, 100, places=1)), max_size=20))
def test_noise_is_bounded_and_repeatable(values: list[Any]) -> None:
    noise = keyed.noise(Noise(most=3, low=0, high=100), HERE)
    found = noise(values, 1)
    assert found == noise(values, 1)
    for before, after in zip(values, found, strict=True):
        assert abs(Decimal(str(after)) - Decimal(before)) <= Decimal("3.01")
        assert 0 <= after <= 100
        assert type(after) is type(before)


def test_noise_of_texts() -> None:
    noise = keyed.noise(Noise(most=3), HERE)
    assert noise([None, "", "缺考", "6*"], 1) == [
        None, "", Trouble.WRONG_SHAPE, Trouble.HALF_MASKED,
    ]  # fmt: skip
    assert noise(["80", "80.5"], 1) != ["80", "80.5"]


def test_shuffle_keeps_the_values_in_another_order() -> None:
    shuffle = keyed.shuffle(HERE)
    values = list(range(50))
    assert sorted(shuffle(values, 1)) == values
    assert shuffle(values, 1) == shuffle(values, 1) != values
    assert shuffle(values, 2) != shuffle(values, 1)
    assert shuffle(["a", "a", None], 1) == [Trouble.TOO_FEW, Trouble.TOO_FEW, None]
