"""Values ↔ canonical JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import document
from policies.compile import Document, Snapshot
from policies.policy import Case, Policy
from rules.load import DataError
from tests.policies.samples import clause, district, order, policy, snapshot

FULL = snapshot(
    district(clause("night", "block", categories=("games",), hours=("22:00-06:00",))),
    policy("s1", "school", hosts={"club": ("a.example", "=b.example")}),
    orders=[order("o", "block", hosts=("x.example",), starts=1.5, expires=2.5)],
)


def test_round_trip() -> None:
    again = document.decode(Document, FULL.to_json())
    assert again == FULL.document
    assert document.canonical(document.encode(again)) == FULL.to_json()


def test_defaults_are_left_out_and_keys_sorted() -> None:
    data = document.encode(policy("s1", "school"))
    assert set(data) == {"id", "title", "scope"}
    assert document.canonical({"b": 1, "a": "中"}) == '{"a":"中","b":1}'


def test_equal_texts_have_equal_digests() -> None:
    assert document.digest("a") == document.digest("a") != document.digest("b")
    assert len(document.digest("")) == 32
    assert document.digest("\ud800")  # a lone surrogate is no reason to fail


def test_nothing_is_written_for_what_is_not_there() -> None:
    assert document.encode(None) is None
    assert document.decode(Case, CASE).inspect is None


CASE = '{"title": "t", "expect": "allow", "at": "2026-09-01T10:00", "inspect": null}'
DAMAGE = [
    "",
    "[]",
    "null",
    "{}",
    '{"rulebase": 1, "categories": [], "policies": []}',
    '{"rulebase": "x", "categories": {}, "policies": []}',
    '{"rulebase": "x", "categories": [], "policies": [], "colour": 1}',
    '{"rulebase": "x", "categories": [{"id": "a", "layer": "none"}], "policies": []}',
    '{"rulebase": "x", "categories": [], "policies": []}',  # no district
    FULL.to_json().replace("a.example", "a b"),
    FULL.to_json().replace("2026-10-07", "2026-10-77"),
    FULL.to_json()[:-10],
    FULL.to_json().replace('"block"', '"blokk"'),
    FULL.to_json().replace('"starts":1.5', '"starts":"soon"'),
    "[" * 100_000,
]


@pytest.mark.parametrize("text", DAMAGE)
def test_damage_is_said(text: str) -> None:
    with pytest.raises(DataError, match="snapshot"):
        Snapshot.from_json(text)


KEYS = st.sampled_from(["id", "title", "scope", "zh", "en", "clauses"])
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(JSON)
def test_any_json_is_a_policy_or_a_data_error(data: object) -> None:
    try:
        found = document.decode(Policy, json.dumps(data))
    except DataError:
        return
    assert isinstance(found, Policy)
