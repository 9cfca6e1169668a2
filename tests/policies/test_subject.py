"""Text and addresses → Subject."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.model import Role, Subject
from policies.policy import Prefix
from policies.subject import locate, parse_subject
from tests.policies.samples import district, policy, snapshot

DEFAULT = Subject(stage="primary-upper")
SHOT = snapshot(
    district(),
    policy(
        "s1",
        "school",
        prefixes=(
            Prefix(prefix="10.0.0.0/8", stage="junior"),
            Prefix(prefix="10.1.0.0/16", role=Role.TEACHER),
            Prefix(prefix="2001:db8::/32", stage="senior"),
        ),
    ),
)


def test_texts() -> None:
    found = parse_subject("stage=junior, role=visitor,school=学校,tier=12-16,token=t", DEFAULT)
    assert (found.stage, found.role, found.school, found.tier, found.token) == (
        "junior",
        Role.VISITOR,
        "学校",
        "12-16",
        "t",
    )
    assert parse_subject("", DEFAULT) is DEFAULT
    assert parse_subject("role=teacher", DEFAULT).stage == ""


@pytest.mark.parametrize(
    "text", ["junior", "stage=", "colour=red", "role=king", "stage=uni", "tier=1", ","]
)
def test_bad_texts(text: str) -> None:
    if text == "stage=":
        assert parse_subject(text, DEFAULT).stage == ""
        return
    with pytest.raises(ValueError, match=r"."):
        parse_subject(text, DEFAULT)


@settings(max_examples=100)
@given(st.text(max_size=30))
def test_total(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_subject(text, DEFAULT), Subject)


@pytest.mark.parametrize(
    ("address", "school", "stage", "role"),
    [
        ("10.2.3.4", "s1", "junior", "pupil"),
        ("10.1.3.4", "s1", "", "teacher"),  # the longer prefix
        ("[2001:db8::1]", "s1", "senior", "pupil"),
        ("192.0.2.1", "", "primary-upper", "pupil"),
    ],
)
def test_locate(address: str, school: str, stage: str, role: str) -> None:
    found = locate(SHOT, address)
    assert (found.school, found.stage, found.role) == (school, stage, role)


def test_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="address"):
        locate(SHOT, "school")
