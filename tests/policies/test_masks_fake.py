"""Fakes: of the right format, known again, never taken for a person's."""

import pytest

from policies.masks_fake import FAKERS, Dice, is_fake
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Confidence, Kind
from rules.recognise.personal.validators import (
    credit_code,
    id_card_check,
    id_card_shape,
    luhn,
)

SAMPLES = {
    Kind.ID_CARD: "990000201001011231",
    Kind.BANK_CARD: "9999000000000000000",
    Kind.NAME: "某某某",
    Kind.IP: "192.0.2.1",
}


@pytest.mark.parametrize("kind", FAKERS)
def test_every_fake_is_known_again(kind: Kind) -> None:
    for seed in range(40):
        made = FAKERS[kind].make(Dice(bytes([seed + 1]) * 32), SAMPLES.get(kind, "0" * 11))
        assert is_fake(kind, made)
        assert is_fake(kind, f" {made} ")


def test_check_digits_are_right() -> None:
    dice = Dice(b"\x07" * 32)
    made = FAKERS[Kind.ID_CARD].make(dice, SAMPLES[Kind.ID_CARD])
    assert id_card_check(made)
    assert not id_card_shape(made)  # region 99 is nobody's
    assert luhn(FAKERS[Kind.BANK_CARD].make(Dice(b"\x07" * 32), "0" * 16))
    assert credit_code(FAKERS[Kind.CREDIT_CODE].make(Dice(b"\x07" * 32), ""))
    old = FAKERS[Kind.ID_CARD].make(Dice(b"\x07" * 32), "0" * 15)
    assert len(old) == 15
    assert is_fake(Kind.ID_CARD, old)
    assert is_fake(Kind.IP, FAKERS[Kind.IP].make(Dice(b"\x07" * 32), "2001:db8::1"))


def test_no_fake_number_is_a_verified_hit_in_text() -> None:
    finder = load_finder()
    for kind in (Kind.ID_CARD, Kind.PHONE, Kind.LANDLINE, Kind.NAME, Kind.PLATE):
        made = FAKERS[kind].make(Dice(b"\x09" * 32), SAMPLES.get(kind, "0" * 11))
        hits = finder.find(f"编码 {made}。")
        assert [hit for hit in hits if hit.confidence is Confidence.VERIFIED] == []


def test_others_are_no_fakes() -> None:
    assert not is_fake(Kind.PHONE, "19900001234")
    assert not is_fake(Kind.SCORE, "99")
    assert is_fake(Kind.GUARDIAN_PHONE, "１６９00001234")
