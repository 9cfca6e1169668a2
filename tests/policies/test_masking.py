"""The table of masks: every algorithm has its row, and nothing comes through by mistake."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.masking import TABLE, Masker, fit, half_masked
from policies.masks_model import Algorithm, Context, Generalise, Keep, Keys, Mask, Step, Trouble
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind

TODAY = date(2026, 11, 1)


class Tokens:
    def tokens(self, domain: str, values: list[str]) -> list[str]:
        return [f"tok-{len(domain)}-{hash(value) & 0xFFFF}" for value in values]


HERE = Context(
    purpose="test",
    keys=Keys(id="k1", master=bytes(32)),
    kind=Kind.PHONE,
    dataset="t",
    column="c",
    vault=Tokens(),
)


def test_every_algorithm_has_its_row() -> None:
    assert set(TABLE) == set(Algorithm)


def masker(algorithm: Algorithm, kind: Kind | None = Kind.PHONE, **more: Any) -> Masker:
    mask = Mask(algorithm=algorithm, keep=Keep(first=3, last=4),
                generalise=Generalise(to=Step.BAND, width=10))  # fmt: skip
    return Masker(mask, replace(HERE, kind=kind), today=TODAY, **more)


@pytest.mark.parametrize("algorithm", [one for one in Algorithm if TABLE[one].direct])
def test_odd_values_never_come_through(algorithm: Algorithm) -> None:
    odd: list[Any] = [
        "169****1234",
        "１６９００００１２３４",
        1.69e20,
        b"16900001234",
        ["1"],
        "\x00",
    ]
    one = masker(algorithm)
    found = one.many(odd)
    assert not any(after is before for before, after in zip(odd, found, strict=True))
    assert not any(isinstance(after, Trouble) for after in found)
    assert one.many([None, ""])[0] is None
    assert one.many([""])[0] in ("", None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=6, max_size=20), max_size=10))
def test_no_original_stands_in_what_is_made(values: list[str]) -> None:
    for algorithm in (Algorithm.REDACT, Algorithm.PSEUDONYM, Algorithm.FAKE, Algorithm.NULL):
        for before, after in zip(values, masker(algorithm).many(values), strict=True):
            assert after is None or not before.strip("*＊ ") or before not in after


def test_troubles_are_counted() -> None:
    one = masker(Algorithm.FAKE)
    assert one.many(["169****1234", "12"]) == ["***", "***"]
    assert one.troubles == {Trouble.HALF_MASKED: 1, Trouble.WRONG_SHAPE: 1}


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        (Algorithm.SHUFFLE, Kind.NAME),
        (Algorithm.PASS, Kind.ID_CARD),
        (Algorithm.FF1, Kind.NAME),
        (Algorithm.FF1, Kind.ADDRESS),
        (Algorithm.FF1, None),
        (Algorithm.FAKE, Kind.HEALTH),
    ],
)
def test_unfit_masks_are_refused(algorithm: Algorithm, kind: Kind | None) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        masker(algorithm, kind)


def test_a_token_needs_a_vault() -> None:
    assert fit(Mask(algorithm=Algorithm.TOKEN), replace(HERE, vault=None))
    one = masker(Algorithm.TOKEN)
    found = one.many(["16900001234", None, "", "169*", "16900001234"])
    assert found[0] == found[4]
    assert found[1:4] == [None, "", "***"]


def test_batches() -> None:
    assert masker(Algorithm.SEAL).many(["a", "a", None, ""])[2:] == [None, ""]
    assert len(set(masker(Algorithm.SEAL).many(["a", "a"]))) == 2
    assert masker(Algorithm.PASS, Kind.SEX).many(["男"]) == ["男"]
    assert masker(Algorithm.GENERALISE, Kind.SCORE).many(["87", 65]) == ["80~89", "60~69"]
    assert masker(Algorithm.SHIFT, Kind.BIRTH_DATE).many(["2014-05-06", None]) == ["***", None]
    shifted = masker(Algorithm.SHIFT, Kind.BIRTH_DATE).many(["2014-05-06"], ["F01"])
    assert shifted[0] != "2014-05-06"
    assert len(masker(Algorithm.NOISE, Kind.SCORE).many([80, 90])) == 2
    many = [f"169{place:08}" for place in range(40_000)]
    assert len(set(masker(Algorithm.PSEUDONYM).many(many))) == 40_000


def test_what_is_found_in_text_is_starred() -> None:
    one = masker(Algorithm.TEXT, None, finder=load_finder())
    found = one.many(["家长电话：19900001234，已通知", 5, "无"])
    assert found == ["家长电话：***，已通知", "***", "无"]
    assert masker(Algorithm.TEXT, None).many(["没有识别器"]) == ["***"]


def test_half_masked() -> None:
    assert half_masked("169****1234")
    assert not half_masked("16900001234")
