"""Values of a sample: of real people or of nobody, ciphertext or plain."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.columns import Judge
from audit.lifecycle.discover import SEED, Found
from audit.lifecycle.knowledge import load_headers
from audit.lifecycle.sampled import Sampler, ciphertext, nobodys
from bench.district import People
from policies.masks_fake import FAKERS, Dice
from rules.model import Text
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    finder = load_finder()
    return Sampler(judge=Judge(finder, load_headers()), finder=finder, seed=SEED)


def table(*names: str) -> Found:
    return Found(source="t", schema="", name="s", columns=tuple((n, "text") for n in names), rows=9)


def fake(kind: Kind, seed: int) -> str:
    sample = {Kind.NAME: "某甲", Kind.ID_CARD: "1" * 18, Kind.PHONE: "1" * 11}[kind]
    return FAKERS[kind].make(Dice(bytes([seed]) * 32), sample)


def test_fakes_are_nobodys_and_people_are_found(sampler: Sampler) -> None:
    people = People(3)
    rows = [(fake(Kind.ID_CARD, one), people.card()) for one in range(1, 40)]
    assert all(nobodys(row[0]) for row in rows)
    found = list(sampler.real(table("a", "sfzjh"), rows))
    assert [(one.column, one.kind) for one in found] == [("sfzjh", Kind.ID_CARD)]
    assert found[0].count == 39
    assert people.card() not in repr(found)


def test_people_inside_texts_are_found(sampler: Sampler) -> None:
    people = People(4)
    rows = [(f"联系电话：{people.phone()}，已核对",) for _ in range(9)]
    found = list(sampler.real(table("memo"), rows))
    assert [one.column for one in found] == ["memo"]
    assert list(sampler.real(table("memo"), [("天气晴",)] * 9)) == []


def test_ciphertext(sampler: Sampler) -> None:
    sealed = "qm1:k1:" + "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFiY2RlZg"
    assert sampler.sealed("phone", [sealed, None, ""]) is True
    assert sampler.sealed("phone", [sealed, People(5).phone()]) is False
    assert isinstance(sampler.sealed("c", ["hello", "world"]), Text)
    assert isinstance(sampler.sealed("c", []), Text)
    assert ciphertext(random.Random(1).randbytes(32))
    assert not ciphertext(b"a plain sentence of bytes")
    assert not ciphertext("110199201501011234")
    assert not ciphertext("a" * 40)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.integers(), st.none(), st.floats()))
def test_anything_is_judged(value: object) -> None:
    assert ciphertext(value) in (True, False)
