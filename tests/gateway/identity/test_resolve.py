"""address → Subject: longest prefix, defaults, and pseudonyms that do not join."""

import pytest

from gateway.identity.resolve import Resolver
from policies.model import Role, Subject

DEFAULT = Subject(stage="primary-upper")
ROWS = [
    ("10.0.0.0/8", Subject(school="a", stage="junior")),
    ("10.1.0.0/16", Subject(school="b", stage="senior")),
    ("10.1.2.0/24", Subject(school="b", role=Role.TEACHER)),
    ("10.1.2.3/32", Subject(school="b", group="lab")),
    ("2001:db8:1::/48", Subject(school="c", stage="junior")),
    ("0.0.0.0/0", Subject(school="z")),
]
RESOLVER = Resolver(ROWS, DEFAULT, b"k" * 32)


@pytest.mark.parametrize(
    ("address", "school", "group", "role", "source"),
    [
        ("10.9.9.9", "a", "", Role.PUPIL, "prefix"),
        ("10.1.9.9", "b", "", Role.PUPIL, "prefix"),
        ("10.1.2.9", "b", "", Role.TEACHER, "prefix"),
        ("10.1.2.3", "b", "lab", Role.PUPIL, "prefix"),
        ("::ffff:10.1.2.3", "b", "lab", Role.PUPIL, "prefix"),
        ("2001:db8:1::5", "c", "", Role.PUPIL, "prefix"),
        ("2001:db8:2::5", "", "", Role.PUPIL, "default"),
        ("192.0.2.1", "z", "", Role.PUPIL, "prefix"),
        ("not an address", "", "", Role.PUPIL, "default"),
        ("", "", "", Role.PUPIL, "default"),
    ],
)
def test_longest_prefix(address: str, school: str, group: str, role: Role, source: str) -> None:
    found = RESOLVER.subject(address)
    assert (found.school, found.group, found.role, found.source) == (school, group, role, source)
    assert found.token
    assert address == "" or address not in found.token


def test_pseudonyms_differ_between_keys_schools_and_devices() -> None:
    other_key = Resolver(ROWS, DEFAULT, b"x" * 32)
    other_school = Resolver([("10.0.0.0/8", Subject(school="q"))], DEFAULT, b"k" * 32)
    tokens = {
        RESOLVER.subject("10.9.9.9").token,
        RESOLVER.subject("10.9.9.8").token,
        other_key.subject("10.9.9.9").token,
        other_school.subject("10.9.9.9").token,
    }
    assert len(tokens) == 4


def test_rotating_ipv6_addresses_are_one_device() -> None:
    first = RESOLVER.subject("2001:db8:1:7:aaaa::1").token
    assert first == RESOLVER.subject("2001:db8:1:7:bbbb::2").token
    assert first != RESOLVER.subject("2001:db8:1:8:aaaa::1").token
