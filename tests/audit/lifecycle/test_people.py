"""Who acts is proved by account or key; two people are never one under another spelling."""

import dataclasses
import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.lifecycle.people import (
    KIND,
    Actor,
    PeopleError,
    Person,
    Way,
    actor_of,
    apart,
    body_of,
    changed,
    known_as,
    listed,
    people_of,
    proved,
    raw_of,
    unproved,
)
from gateway.ledger import Checkpoint, read, sign

DAY = dt.date(2026, 9, 1)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
BOOK = Ed25519PrivateKey.from_private_bytes(b"b" * 32)
ANN = Person(id="ann", account="ann-os", manages=True)
BO = Person(id="bo", public=raw_of(KEY.public_key()))
CLAIM = Person(id="cai", claims=True)
LEFT = Person(id="dan", account="dan-os", leaves="2026-09-01")
PEOPLE = listed([ANN, BO, CLAIM, LEFT])


def who(by: str = "", account: str = "x", key: Ed25519PrivateKey | None = None) -> Actor:
    return known_as(PEOPLE, by, account=account, key=key.public_key() if key else None, at=DAY)


def test_found_by_account_or_key_and_named_only_with_proof() -> None:
    assert (who(account="ann-os").id, who(account="ann-os").way) == ("ann", Way.ACCOUNT)
    assert (who(key=KEY).id, who(key=KEY).way) == ("bo", Way.KEY)
    assert who("cai").way is Way.CLAIMED


@pytest.mark.parametrize(
    ("by", "account", "key", "text"),
    [
        ("ann", "x", None, "not proved"),
        ("bo", "ann-os", None, "not proved"),
        ("bo", "x", OTHER, "not this person's key"),
        ("ann", "ann-os", KEY, "not this person's key"),
        ("eve", "x", None, "not in the list"),
        ("", "x", None, "not in the list"),
        ("ANN", "ann-os", None, "not in the list"),
        ("dan", "dan-os", None, "has left"),
    ],
)
def test_a_claim_is_no_proof(
    by: str, account: str, key: Ed25519PrivateKey | None, text: str
) -> None:
    with pytest.raises(PeopleError, match=text):
        who(by, account, key)


def test_without_a_list_only_the_account_counts() -> None:
    assert known_as({}, "", account="a", key=None, at=DAY).id == "a"
    with pytest.raises(PeopleError):
        known_as({}, "somebody", account="a", key=None, at=DAY)


def actor(name: str, way: Way = Way.ACCOUNT, account: str = "", **more: str) -> Actor:
    return Actor(id=name, way=way, account=account, **more)


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        (actor("a", account="1"), actor("b", account="2"), True),
        (actor("a", account="1"), actor(" A", account="2"), False),
        (actor("a", Way.KEY, "1", key="k"), actor("b", Way.KEY, "1", key="l"), True),
        (actor("a", Way.KEY, "1", key="k"), actor("b", Way.KEY, "2", key="k"), False),
        (actor("a", Way.KEY, "1", key="k"), actor("b", account="1"), False),
        (actor("a", Way.CLAIMED, "1"), actor("b", Way.CLAIMED, "1"), False),
        (actor("a", account="1", owner="z"), actor("b", account="2", owner="z"), False),
        (actor("a", Way.CLAIMED), actor("b", account="2"), True),
    ],
)
def test_two_people_differ_by_key_and_account(one: Actor, other: Actor, two: bool) -> None:
    assert (not apart(one, other), not apart(other, one)) == (two, two)


@pytest.mark.parametrize(
    "people",
    [
        [ANN, Person(id="Ann ", account="y")],
        [ANN, Person(id="ANN", account="y")],
        [ANN, Person(id="eve", account="ann-os")],
        [BO, Person(id="eve", public=BO.public)],
        [Person(id="eve")],
        [Person(id="eve", public="AAAA")],
        [Person(id="eve", account="y", leaves="soon")],
    ],
)
def test_a_list_without_doubles(people: list[Person]) -> None:
    with pytest.raises(PeopleError):
        listed(people)


def test_only_a_proved_manager_changes_the_list() -> None:
    assert set(changed({}, [ANN], None)) == {"ann"}
    assert set(changed(PEOPLE, [ANN, BO], who(account="ann-os"))) == {"ann", "bo"}
    for by in (None, who(key=KEY), who("cai")):
        with pytest.raises(PeopleError, match="manager"):
            changed(PEOPLE, [ANN, BO], by)
    with pytest.raises(PeopleError, match="manages"):
        changed(PEOPLE, [BO], who(account="ann-os"))


def chain(*steps: tuple[str, dict[str, object], Actor, Ed25519PrivateKey | None]) -> list[Checkpoint]:  # fmt: skip # noqa: E501
    made: list[Checkpoint] = []
    for kind, body, by, key in steps:
        before = made[-1] if made else None
        whole = proved(by, kind, body, before.hash if before else "", key)
        line = sign(BOOK, before=before, now=1.0, node="data", kind=kind, body=whole, by=0)
        made.append(read(line))
    return made


def test_a_signature_binds_the_record_and_its_place() -> None:
    ann, bo = who(account="ann-os"), who(key=KEY)
    records = chain(
        (KIND, body_of(PEOPLE), ann, None), ("share-approved", {"share": "S1"}, bo, KEY)
    )
    assert list(unproved(records)) == []
    assert people_of(records) == PEOPLE
    assert actor_of(records[1].body) == bo
    for forged in (
        {**records[1].body, "share": "S2"},
        {**records[1].body, "by": "ann"},
        {**records[1].body, "proof": {**records[1].body["proof"], "signature": "!"}},
    ):
        bad = dataclasses.replace(records[1], body=forged)
        assert [seq for seq, _ in unproved([records[0], bad])] == [2]
    replayed = dataclasses.replace(records[1], prev="0" * 63 + "1")
    assert [seq for seq, _ in unproved([records[0], replayed])] == [2]


def test_a_list_changed_by_another_is_found() -> None:
    records = chain(
        (KIND, body_of(PEOPLE), who(account="ann-os"), None),
        (KIND, body_of(listed([ANN])), who("cai"), None),
    )
    assert [seq for seq, _ in unproved(records)] == [2]


def test_the_first_list_may_be_signed_by_its_manager() -> None:
    first = Person(id="bo", public=BO.public, manages=True)
    bo = known_as({"bo": first}, "", account="x", key=KEY.public_key(), at=DAY)
    assert list(unproved(chain((KIND, body_of({"bo": first}), bo, KEY)))) == []


def test_a_record_of_before_is_a_claim() -> None:
    assert actor_of({"by": "A"}) == Actor(id="A", way=Way.CLAIMED, account="")
