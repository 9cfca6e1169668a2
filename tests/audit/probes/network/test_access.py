"""Forms of passwords, lines, rules."""

import pytest

from audit.probes.network.access import authentication, form, lines, users
from audit.probes.network.sections import config


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("password irreversible-cipher x", "irreversible"),
        ("password cipher x", "reversible"),
        ("password hash $h$6$x", "irreversible"),
        ("password simple x", "plain"),
        ("secret 9 x", "irreversible"),
        ("secret 5 x", "irreversible"),
        ("secret 4 x", "reversible"),
        ("password 7 x", "reversible"),
        ("password 0 x", "plain"),
        ("password x", "plain"),
        ("privilege level 15", None),
    ],
)
def test_form(words: str, kept: str | None) -> None:
    assert form(words) == kept


def test_users_of_the_network_are_left_out() -> None:
    made = config(
        "comware", ["local-user a class network", " password simple x", "local-user b class manage"]
    )
    assert [one["name"] for one in users(made)] == ["b"]


def test_defaults_that_hang_on_the_version_are_absent() -> None:
    made = config("vrp", ["user-interface vty 0 4", " idle-timeout 5 30"])
    line = lines(made)[0]
    assert line["idle_minutes"] == 5.5
    assert "protocols" not in line
    assert "lockout" not in authentication(made, [line])
