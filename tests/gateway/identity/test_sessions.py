"""Logins as scripts: this arrives, that must hold. The broken ones of real schools included."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity import sessions as module
from gateway.identity.sessions import MOST_NAMES, Accounting, Sessions, Status

T = 600.0


def say(
    status: Status,
    user: str = "u",
    *names: str,
    session: str = "",
    mac: str = "",
    nas: str = "ac",
    at: float = 0.0,
) -> Accounting:
    return Accounting(
        status=status, user=user, names=names, session=session, mac=mac, nas=nas, at=at
    )


START, STOP, INTERIM, ON = Status.START, Status.STOP, Status.INTERIM, Status.ON
A, B, NET = "10.0.0.1", "10.0.0.2", "2001:db8:1:2::/64"


def who(here: Sessions, name: str) -> str:
    found = here.holder(name)
    return found.user if found is not None else ""


def after(*said: Accounting) -> Sessions:
    here = Sessions(T)
    for number, one in enumerate(said):
        here.hear(one, float(number))
    return here


SCRIPTS = [
    ("start, stop", [say(START, "u", A, session="1"), say(STOP, session="1")], {A: ""}),
    ("start", [say(START, "u", A, session="1")], {A: "u"}),
    ("the address comes with an interim",
     [say(START, session="1"), say(INTERIM, "u", A, session="1")], {A: "u"}),
    ("no start was heard", [say(INTERIM, "u", A, session="1")], {A: "u"}),
    ("H3C: the start had no id, the stop has one",
     [say(START, "u", A), say(STOP, session="9")], {A: ""}),
    ("the stop has no id", [say(START, "u", A, session="9", mac="m"), say(STOP)], {A: ""}),
    ("an interim brings the id, the stop uses it",
     [say(START, "u", A), say(INTERIM, "u", session="7"), say(STOP, session="7")], {A: ""}),
    ("a late stop of an older login",
     [say(START, "u", A, session="1"), say(START, "u", A, session="2"), say(STOP, session="1")],
     {A: "u"}),
    ("a start that comes after its stop",
     [say(STOP, session="1"), say(START, "u", A, session="1")], {A: ""}),
    ("another person on the address",
     [say(START, "u", A, session="1"), say(START, "v", A, session="2")], {A: "v"}),
    ("the one before does not come back",
     [say(START, "u", A, session="1"), say(START, "v", A, session="2"),
      say(STOP, "v", session="2")], {A: ""}),
    ("two devices of one person, one logs out by its address",
     [say(START, "u", A, mac="a"), say(START, "u", B, mac="b"), say(STOP, "u", B)],
     {A: "u", B: ""}),
    ("two devices, a stop that fits both ends neither",
     [say(START, "u", A, mac="a"), say(START, "u", B, mac="b"), say(STOP, "u")],
     {A: "u", B: "u"}),
    ("a device by its mac",
     [say(START, "u", A, mac="a"), say(START, "u", B, mac="b"), say(STOP, "u", mac="a")],
     {A: "", B: "u"}),
    ("a new lease",
     [say(START, "u", A, session="1"), say(INTERIM, "u", B, session="1")], {A: "", B: "u"}),
    ("both families",
     [say(START, "u", A, session="1"), say(INTERIM, "u", "2001::1", session="1")],
     {A: "u", "2001::1": "u"}),
    ("a prefix of one's own", [say(START, "u", A, NET, session="1")], {A: "u", NET: "u"}),
    ("a prefix of everybody is nobody's",
     [say(START, "u", A, NET, session="1"), say(START, "v", B, NET, session="2")],
     {A: "u", B: "v", NET: ""}),
    ("the other leaves the prefix",
     [say(START, "u", A, NET, session="1"), say(START, "v", B, NET, session="2"),
      say(STOP, "v", session="2")], {NET: "u"}),
    ("the controller restarts",
     [say(START, "u", A, session="1"), say(START, "v", B, session="2", nas="other"),
      say(ON, "")], {A: "", B: "v"}),
    ("ids begin anew after a restart",
     [say(START, "u", A, session="1"), say(STOP, session="1"), say(ON, ""),
      say(START, "u", A, session="1")], {A: "u"}),
    ("an id given to somebody else",
     [say(START, "u", A, session="1"), say(START, "v", B, session="1")], {A: "", B: "v"}),
    ("an overtaken message",
     [say(START, "u", A, session="1", at=100.0), say(STOP, "u", session="1", at=50.0)],
     {A: "u"}),
    ("nobody", [say(START, "", A, session="1")], {A: ""}),
    ("the case of a name", [say(START, "User", A), say(STOP, "user")], {A: ""}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "holds"), [s[1:] for s in SCRIPTS], ids=[s[0] for s in SCRIPTS])
def test_scripts(said: list[Accounting], holds: dict[str, str]) -> None:
    here = after(*said)
    assert {name: who(here, name) for name in holds} == holds


def test_a_login_nobody_speaks_of_ends() -> None:
    here = after(say(START, "u", A, session="1"))
    assert here.expire(T - 1) == frozenset()
    assert here.hear(say(INTERIM, "u", session="1"), T - 1) == {A}
    assert here.expire(T + 1) == frozenset()
    assert here.expire(2 * T - 1) == {A}
    assert who(here, A) == ""
    assert here.count == 0


def test_changes_name_what_changed() -> None:
    here = Sessions(T)
    assert here.hear(say(START, "u", A, session="1"), 0) == {A}
    assert here.hear(say(INTERIM, "u", B, session="1"), 1) == {A, B}
    assert here.hear(say(START, "v", B, session="2"), 2) == {B}
    assert here.hear(say(STOP, "u", session="1"), 3) == frozenset()
    assert here.hear(say(STOP, "u", session="1"), 3) is None
    assert here.hear(say(ON, ""), 4) == {B}


def test_radius_before_the_portal_and_a_fresh_login_clears_the_portal_s() -> None:
    here = Sessions(T)
    assert here.login(A, "p", school="s", seconds=300, now=0) == {A}
    assert who(here, A) == "p"
    here.hear(say(START, "u", A, session="1"), 1)
    assert who(here, A) == "u"
    assert here.login(A, "q", school="", seconds=300, now=2) == {A}
    assert who(here, A) == "u"
    here.hear(say(STOP, "u", session="1"), 3)
    assert who(here, A) == "q"
    assert here.logout(A) == {A}
    assert here.logout(A) == frozenset()
    assert here.count == 0


def test_addresses_of_one_login_are_bounded() -> None:
    here = Sessions(T)
    for last in range(1, 3 * MOST_NAMES):
        here.hear(say(INTERIM, "u", f"2001::{last:x}", session="1"), float(last))
    (one,) = here
    assert len(one.names) == MOST_NAMES
    assert who(here, f"2001::{3 * MOST_NAMES - 1:x}") == "u"
    assert who(here, "2001::1") == ""


def test_there_is_an_end_to_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SESSIONS", 2)
    here = after(say(START, "a"), say(START, "b"))
    assert here.hear(say(START, "c", A), 3) is None
    assert here.login(A, "c", school="", seconds=300, now=3) is None
    assert here.count == 2


def test_kept_over_a_restart() -> None:
    here = after(say(START, "u", A, NET, session="1"), say(STOP, "v", session="2"))
    here.login(B, "p", school="s", seconds=100, now=0)
    again = Sessions(T)
    again.restore(here.dump(), 50)
    assert (who(again, A), who(again, NET), who(again, B)) == ("u", "u", "p")
    assert again.hear(say(START, "v", "10.0.0.9", session="2"), 51) is None
    late = Sessions(T)
    late.restore(here.dump(), 101)
    assert (who(late, A), who(late, B)) == ("u", "")


@pytest.mark.parametrize("kept", [{}, {"sessions": [{"user": 1}], "ended": []}, {"sessions": 3}])
def test_what_was_not_kept_by_us(kept: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="sessions"):
        Sessions(T).restore(kept, 0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Status),
            st.sampled_from(["u", "v", ""]),
            st.lists(st.sampled_from([A, B, NET, "2001::1"]), max_size=2),
            st.sampled_from(["", "1", "2"]),
            st.sampled_from(["", "m", "n"]),
        ),
        max_size=30,
    )
)
@settings(max_examples=300)
def test_any_script_keeps_the_indexes_whole(
    script: list[tuple[Status, str, list[str], str, str]],
) -> None:
    here = Sessions(T)
    for now, (status, user, names, session, mac) in enumerate(script):
        here.hear(say(status, user, *dict.fromkeys(names), session=session, mac=mac), float(now))
        assert here.count == len(list(here))
        claimed = {name for one in here for name in one.names}
        assert claimed == set(here.names())
        for name in claimed:
            if "/" not in name:
                assert sum(name in one.names for one in here) == 1
    here.expire(1e9)
    assert (here.count, here.names()) == (0, ())
