"""People who act on the data lifecycle, and how each one is proved. Pure.

The list of people is itself a record of the book, signed and linked like any other: the last
one holds. A person is proved by the account of the operating system or by a signature of the
own Ed25519 key; a bare claim counts only where the list says so, and the record calls it one.
Two people are told apart by key and account, never by how a name is spelled.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.ledger import FIRST, Checkpoint, canonical, key_id
from rules.load import loads

KIND = "people"


class Way(StrEnum):
    """How it is known who acts."""

    ACCOUNT = "account"
    KEY = "key"
    CLAIMED = "claimed"


class PeopleError(ValueError):
    """Why somebody may not act, or the list may not be so; said in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person (or `service`): ways to prove it, database accounts, the day of leaving."""

    id: str
    name: str = ""
    account: str = ""  # of the operating system
    public: str = ""  # Ed25519, base64 of 32 bytes
    claims: bool = False  # a bare --by is enough, and is recorded as such
    manages: bool = False  # may change this list
    service: bool = False  # the database accounts are a program's
    databases: tuple[str, ...] = ()  # accounts in databases
    leaves: str = ""  # the first day without any right, ISO


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFile:
    """The list, as a file or as the body of a record."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, how that is known, and what tells this person from another."""

    id: str
    way: Way
    account: str  # the account the command ran under
    owner: str = ""  # the account registered to this person
    key: str = ""  # id of the key registered to this person


def people_of(records: Iterable[Checkpoint]) -> dict[str, Person]:
    """The list in force: of the last record that holds one."""
    found: dict[str, Any] = {"people": []}
    for one in records:
        if one.kind == KIND:
            found = {"people": one.body["people"]}
    return listed(loads(PeopleFile, json.dumps(found), "book").people)


def listed(people: Iterable[Person]) -> dict[str, Person]:
    """People by id. Raises PeopleError where two share an id, a key or an account."""
    found: dict[str, Person] = {}
    for one in people:
        if not one.id.strip() or one.id != one.id.strip():
            raise PeopleError("人员须有编号 a person has an id without blanks around it")
        if not (one.account or one.public or one.claims or one.databases):
            raise PeopleError(
                f"{one.id}: 须有账号或公钥，或写明可声明 account, key, or claims: true"
            )
        if one.public:
            public_of(one.public)
        if one.leaves:
            _day(one.leaves)
        for other in found.values():
            if _plain(one.id) == _plain(other.id):
                raise PeopleError(f"{one.id}: 编号重复 this id is there already")
            if one.public and one.public == other.public:
                raise PeopleError(f"{one.id}: 公钥与 {other.id} 相同 the same key")
            if one.account and one.account == other.account:
                raise PeopleError(f"{one.id}: 账号与 {other.id} 相同 the same account")
        found[one.id] = one
    return found


def changed(
    people: Mapping[str, Person], new: Iterable[Person], by: Actor | None
) -> dict[str, Person]:
    """The new list, where `by` may make it. Raises PeopleError."""
    made = listed(new)
    if not any(one.manages for one in made.values()):
        raise PeopleError("须有一人可管理名单 somebody must have manages: true")
    if people and (
        by is None or by.id not in people or not people[by.id].manages or by.way is Way.CLAIMED
    ):
        raise PeopleError("只有经证明的名单管理人可改 only a proved manager changes the list")
    return made


def body_of(people: Mapping[str, Person]) -> dict[str, Any]:
    """The list as the body of a record, without what says nothing."""
    return {"people": [described(one) for one in people.values()]}


def described(one: Person) -> dict[str, Any]:
    """One person as JSON."""
    told = {
        name: getattr(one, name)
        for name in ("id", "name", "account", "public", "claims", "manages", "service", "leaves")
    }
    told["databases"] = list(one.databases)
    return {name: value for name, value in told.items() if value}


def known_as(
    people: Mapping[str, Person],
    by: str,
    *,
    account: str,
    key: Ed25519PublicKey | None,
    at: dt.date,
) -> Actor:
    """Who acts: named, or found by key or account. Raises PeopleError where that is not proved.

    Without a list nobody is told apart but by the account: it alone is recorded.
    """
    if not people:
        if by and by != account:
            raise PeopleError(
                "簿册没有人员名单，--by 不能证明 the book lists no people, so --by proves nothing: "
                "qinglang data people add"
            )
        return Actor(id=account, way=Way.ACCOUNT, account=account, owner=account)
    shown = raw_of(key) if key is not None else ""
    if by:
        one = people.get(by)
    elif shown:
        one = next((p for p in people.values() if p.public == shown), None)
    else:
        one = next((p for p in people.values() if p.account == account), None)
    if one is None:
        raise PeopleError(f"人员名单中没有 not in the list of people: {by or account}")
    if one.leaves and at >= _day(one.leaves):
        raise PeopleError(f"{one.id}: 已离任 has left")
    way = _way(one, account, shown)
    return Actor(
        id=one.id,
        way=way,
        account=account,
        owner=one.account,
        key=key_id(public_of(one.public)) if one.public else "",
    )


def _way(one: Person, account: str, shown: str) -> Way:
    if shown:
        if shown != one.public:
            raise PeopleError(f"{one.id}: 不是本人的密钥 not this person's key")
        return Way.KEY
    if one.account and one.account == account:
        return Way.ACCOUNT
    if one.claims:
        return Way.CLAIMED
    raise PeopleError(
        f"{one.id}: 未证明 not proved: use the own account, or --sign-with the own key"
    )


def apart(one: Actor, other: Actor) -> str:
    """Why these two may be one person; empty where they are two."""
    if _plain(one.id) == _plain(other.id):
        return "同一人 the same person"
    if one.key and one.key == other.key:
        return "同一密钥 the same key"
    if one.owner and one.owner == other.owner:
        return "同一账号 the same account"
    both = one.way is Way.KEY and other.way is Way.KEY
    if one.account and one.account == other.account and not both:
        return "同一账号下，未各以密钥证明 under one account and not both proved by key"
    return ""


def proved(
    actor: Actor,
    kind: str,
    body: Mapping[str, Any],
    head: str,
    key: Ed25519PrivateKey | None = None,
) -> dict[str, Any]:
    """The body with who acts and how that is proved; signed where there is a key."""
    proof: dict[str, Any] = {
        "way": actor.way.value,
        "account": actor.account,
        "owner": actor.owner,
        "key": actor.key,
    }
    made = {**body, "by": actor.id, "proof": proof}
    if actor.way is Way.KEY and key is not None:
        signature = key.sign(_signed(kind, made, head))
        proof["signature"] = base64.b64encode(signature).decode("ascii")
    return made


def actor_of(body: Mapping[str, Any]) -> Actor:
    """Who acted, of a record; one from before people were proved is a claim."""
    proof = body.get("proof")
    if not isinstance(proof, dict):
        return Actor(id=str(body.get("by", "")), way=Way.CLAIMED, account="")
    return Actor(
        id=str(body.get("by", "")),
        way=Way(proof.get("way", "claimed")),
        account=str(proof.get("account", "")),
        owner=str(proof.get("owner", "")),
        key=str(proof.get("key", "")),
    )


def unproved(records: Iterable[Checkpoint]) -> Iterator[tuple[int, str]]:
    """Records whose own signature does not hold, or that changed the list without the right to."""
    people: dict[str, Person] = {}
    for one in records:
        proof = one.body.get("proof")
        who = people.get(str(one.body.get("by", "")))
        if isinstance(proof, dict) and proof.get("way") == Way.KEY:
            public = public_of(who.public) if who is not None and who.public else None
            if one.kind == KIND and not people:
                public = _first(one)
            if public is None or not _holds(one, proof, public):
                yield one.seq, "本人签名不成立 the person's own signature does not hold"
        if one.kind == KIND:
            if people and (who is None or not who.manages or proof is None):
                yield one.seq, "名单不是由管理人更改 the list was not changed by a manager"
            people = people_of([one])


def _first(one: Checkpoint) -> Ed25519PublicKey | None:
    """The first list is signed by somebody it names."""
    who = people_of([one]).get(str(one.body.get("by", "")))
    return public_of(who.public) if who is not None and who.public else None


def _holds(one: Checkpoint, proof: Mapping[str, Any], public: Ed25519PublicKey) -> bool:
    bare = {name: value for name, value in proof.items() if name != "signature"}
    head = "" if one.prev == FIRST else one.prev
    try:
        public.verify(
            base64.b64decode(str(proof.get("signature", "")), validate=True),
            _signed(one.kind, {**one.body, "proof": bare}, head),
        )
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _signed(kind: str, body: Mapping[str, Any], head: str) -> bytes:
    return canonical({"qinglang": "act", "kind": kind, "prev": head, "body": dict(body)})


def raw_of(public: Ed25519PublicKey) -> str:
    """A public key as the list writes it."""
    return base64.b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")


def public_of(text: str) -> Ed25519PublicKey:
    """A public key of the list. Raises PeopleError."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise PeopleError("不是 Ed25519 公钥 not an Ed25519 public key (base64)") from None


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise PeopleError(f"不是日期 not a day: {text}") from None


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
