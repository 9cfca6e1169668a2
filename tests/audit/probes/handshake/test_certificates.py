"""Certificates as facts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.handshake.certificates import SM2, facts, fits
from tests.audit.probes.handshake.made import certificate, der, key

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
DAY = 86400.0


def test_what_it_says() -> None:
    data = der(certificate("*.school.test", key(), days=90, begins=BEGINS))
    found = facts(data, now=BEGINS.timestamp() + 80 * DAY, name="portal.school.test")
    assert found is not None
    assert (found["key_type"], found["key_bits"], found["key_strong"]) == ("ec", 256, True)
    assert (found["days_left"], found["lifetime_days"], found["expired"]) == (10, 90, False)
    assert (found["matches_name"], found["wildcard"], found["self_signed"]) == (True, True, True)
    assert (found["signature_hash"], found["signature_weak"]) == ("sha256", False)
    late = facts(data, now=BEGINS.timestamp() + 91 * DAY, name="a.b.school.test")
    assert late is not None
    assert (late["expired"], late["matches_name"]) == (True, False)


def test_a_short_key_is_weak() -> None:
    found = facts(der(certificate("a.test", key(1024), begins=BEGINS)), now=0.0)
    assert found is not None
    assert (found["key_bits"], found["key_strong"]) == (1024, False)
    assert (found["not_yet_valid"], found["matches_name"]) == (True, None)


def test_sm2_is_recognised_by_its_identifier() -> None:
    """The curve's identifier takes the place of P-256's: one byte longer, so lengths shift."""
    plain = der(certificate("a.test", key(), begins=BEGINS))
    p256 = bytes.fromhex("06082a8648ce3d030107")
    assert len(p256) == len(SM2)
    found = facts(plain.replace(p256, SM2), now=0.0)
    assert found is not None
    assert (found["key_type"], found["national"]) == ("sm2", True)


@pytest.mark.parametrize(
    ("names", "wanted", "holds"),
    [
        (["a.test"], "A.test.", True),
        (["*.test"], "a.test", True),
        (["*.test"], "b.a.test", False),
        (["*."], "a", False),
        (["10.0.0.1"], "10.0.0.1", True),
        (["*.0.0.1", "x"], "10.0.0.1", False),
        ([], "a.test", False),
    ],
)
def test_names(names: list[str], wanted: str, holds: bool) -> None:
    assert fits(names, wanted) is holds


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 400))
def test_any_bytes(noise: bytes, at: int) -> None:
    good = der(certificate("a.test", KEY, begins=BEGINS))
    assert facts(noise, now=0.0) is None
    facts(good[:at] + noise + good[at + len(noise) :], now=0.0)


KEY = key()
