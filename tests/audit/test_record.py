"""Record and restore: lossless both ways, whole without the catalog, refusing what is none."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.record import digest, record, restore, restore_beside, with_bodies
from tests.audit.judged import CONTROL, beside, made


@cache
def document() -> dict[str, Any]:
    return json.loads(json.dumps(record(made(), beside()), ensure_ascii=False))  # type: ignore[no-any-return]


def test_lossless_both_ways() -> None:
    assert restore(document()) == made()
    assert restore_beside(document()) == beside()
    again = record(restore(document()), restore_beside(document()))
    assert again == document()
    assert digest(again) == digest(document())


def test_compensation_and_waiver_stand_in_it() -> None:
    found = restore(document())
    item = next(one for one in found.items if one.control == CONTROL)
    assert item.compensation is not None
    assert item.compensation.approver == "王"
    assert found.waivers[0].approver == "王"
    assert len(found.high) == 81
    assert len(found.hazards) == 32


def test_bodies_apart() -> None:
    bare = record(made(), bodies=False)
    assert all("document" not in one for one in bare["evidence"])
    bodies = {one.id: one.document for one in made().evidence}
    assert with_bodies(restore(bare), bodies) == made()
    assert with_bodies(restore(bare), {}).evidence[0].document is None


def test_a_finding_stands_once() -> None:
    assert all(isinstance(one, int) for item in document()["items"] for one in item["findings"])
    foreign = replace(made().findings[0], reason=made().findings[1].reason)
    changed = replace(made(), items=(replace(made().items[0], findings=(foreign,)),))
    assert restore(record(changed)).items[0].findings == (foreign,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 99), ("kind", "x"), ("level", "three"), ("items", [1]), ("score", None),
        ("items", [{"findings": [999_999]}]), ("findings", {}), ("served", []), ("now", True),
    ],
)  # fmt: skip
def test_what_is_no_record(name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        restore({**document(), name: value})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["level", "controls", "targets", "findings", "single", "score"]), JSON)
def test_nothing_breaks_it(name: str, value: Any) -> None:
    small = {**document(), "single": [], "items": [], "findings": [], name: value}
    try:
        restore(small)
    except (ValueError, TypeError, KeyError):
        return
