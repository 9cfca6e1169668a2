"""Good logins are remembered, guesses are slowed, and no password is kept."""

import pytest

from gateway.identity.attempts import (
    FORGET,
    PER_ADDRESS,
    PER_PAIR,
    PER_USER,
    WINDOW,
    Attempts,
)

NOW = 1_000_000.0


def test_a_good_login_is_known_for_a_while_and_only_with_its_password() -> None:
    memory = Attempts(600.0)
    memory.right("u", "p", {"role": "teacher"}, NOW)
    good = memory.known("u", "p", NOW + 599)
    assert good is not None
    assert good.said == {"role": "teacher"}
    assert memory.known("u", "q", NOW) is None
    assert memory.known("v", "p", NOW) is None
    assert memory.known("u", "p", NOW + 600) is None


def test_a_clock_that_jumps_back_does_not_prolong_it() -> None:
    memory = Attempts(600.0)
    memory.right("u", "p", {}, NOW)
    assert memory.known("u", "p", NOW - 86_400) is None


@pytest.mark.parametrize(
    ("count", "user", "address"),
    [
        (PER_PAIR, lambda n: "u", lambda n: "10.0.0.1"),
        (PER_USER, lambda n: "u", lambda n: f"10.0.0.{n}"),
        (PER_ADDRESS, lambda n: f"u{n}", lambda n: "10.0.0.1"),
    ],
    ids=["one user from one address", "one user from many", "many users from one address"],
)
def test_guesses_are_slowed(count: int, user: object, address: object) -> None:
    memory = Attempts(600.0)
    for n in range(count):
        assert memory.wait(user(n), address(n), NOW) == 0, n  # type: ignore[operator]
        memory.wrong(user(n), address(n), f"guess {n}", NOW)  # type: ignore[operator]
    assert 0 < memory.wait(user(0), address(0), NOW) <= WINDOW  # type: ignore[operator]
    assert memory.wait("another", "10.9.9.9", NOW) == 0
    assert memory.wait(user(0), address(0), NOW + WINDOW) == 0  # type: ignore[operator]


def test_the_same_wrong_password_again_is_no_new_guess() -> None:
    memory = Attempts(600.0)
    memory.wrong("u", "a", "p", NOW)
    assert memory.wrong_before("u", "p", NOW + FORGET - 1)
    assert not memory.wrong_before("u", "q", NOW)
    assert not memory.wrong_before("u", "p", NOW + FORGET)
    assert not memory.wrong_before("u", "p", NOW - 3600)


def test_no_password_is_kept() -> None:
    memory = Attempts(600.0)
    memory.right("user", "correct horse", {}, NOW)
    memory.wrong("user", "a", "battery staple", NOW)
    everything = repr([getattr(memory, name) for name in vars(memory)])
    assert "correct" not in everything
    assert "battery" not in everything


def test_two_processes_and_two_logins_have_nothing_in_common() -> None:
    first, second = Attempts(600.0), Attempts(600.0)
    digests = {
        one.right(user, "p", {}, NOW).digest for one in (first, second) for user in ("a", "b")
    }
    assert len(digests) == 4


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.identity.attempts.MOST", 10)
    memory = Attempts(600.0)
    for n in range(30):
        memory.right(f"u{n}", "p", {}, NOW)
        memory.wrong(f"u{n}", f"10.0.0.{n}", "x", NOW)
    assert memory.known("u29", "p", NOW) is not None
    assert memory.known("u0", "p", NOW) is None
