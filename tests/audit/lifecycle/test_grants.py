"""Catalogues of rights → what each account can do, and through which role."""

from audit.lifecycle.grants import Catalogue, Granted, effective
from audit.lifecycle.rules import Privilege


def on(role: str, word: str, column: str = "", *, grantable: bool = False) -> Granted:
    return Granted(
        role=role, word=word, schema="s", table="t", column=column, grantable=grantable
    )  # fmt: skip


def rights(**more: object) -> set[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
    made = effective(Catalogue(**more))  # type: ignore[arg-type]
    return {(one.role, str(one.privilege), one.columns, one.via) for one in made.entries}


def test_membership_is_followed_and_circles_end() -> None:
    found = rights(
        logins=frozenset({"u"}),
        members=[("a", "u"), ("b", "a"), ("a", "b")],
        granted=[on("b", "SELECT")],
    )
    assert ("b", "select", (), ()) in found
    assert ("u", "select", (), ("a", "b")) in found


def test_columns_and_the_right_to_hand_on() -> None:
    found = rights(logins=frozenset({"u"}), granted=[on("u", "SELECT", "c", grantable=True)])
    assert found == {("u", "select", ("c",), ()), ("u", "grant", ("c",), ())}


def test_words_that_reach_no_row_are_no_rights() -> None:
    assert (
        rights(logins=frozenset({"u"}), granted=[on("u", "EVENT"), on("u", "SHOW VIEW")]) == set()
    )


def test_the_owner_has_nothing_granted_and_members_of_it_have_everything() -> None:
    made = effective(
        Catalogue(
            logins=frozenset({"u"}), members=[("o", "u")], granted=[on("o", "SELECT")],
            owners={("s", "t"): "o"},
        )
    )  # fmt: skip
    assert [(one.role, one.privilege, one.via) for one in made.entries] == [
        ("u", Privilege.DDL, ("o",))
    ]


def test_might_is_inherited_and_told_once() -> None:
    made = effective(
        Catalogue(
            logins=frozenset({"u", "root"}), members=[("admins", "u")],
            granted=[on("root", "SELECT"), on("u", "SELECT")],
            mighty={"root": "superuser", "admins": "pg_read_all_data"},
        )
    )  # fmt: skip
    assert made.mighty == {"root": "superuser", "u": "pg_read_all_data, via admins"}
    assert made.entries == ()
