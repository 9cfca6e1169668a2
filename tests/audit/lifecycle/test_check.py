"""The whole look: rules that are kept give nothing, a world unseen gives only unknowns."""

from dataclasses import replace

import pytest

from audit.lifecycle.breaches import CODES
from tests.audit.lifecycle.check_world import COUNTS, DISTRICT, counting, look, told


def test_rules_that_are_kept() -> None:
    assert look() == ()


def test_nothing_given_is_unknown_and_never_kept() -> None:
    found = look(district=None, training=None, inventory=None, shares=None)
    assert {one.known for one in found} == {False}
    codes = {one.code for one in found}
    assert codes >= {"overdue", "guardian", "consent", "grant", "public", "owner", "plain",
                     "unruled", "scope-kind", "share-unapproved", "real-in-test"}  # fmt: skip
    assert codes <= set(CODES)


@pytest.mark.parametrize("key", COUNTS)
def test_each_count_counts(key: str) -> None:
    found = look(district=counting(key, 3))
    assert [one.count for one in found] == [3]
    assert "3" in found[0].what.zh


def test_what_was_not_counted_is_unknown() -> None:
    for key in COUNTS[:-1]:
        counts = dict(counting(key, 0).counts)
        del counts[key]
        found = look(district=replace(DISTRICT, counts=counts))
        assert not told(found)
        if "ageless" not in key:
            assert len(found) == 1, key
