"""Who asks an application: the one bearer token of a request, verified. Pure.

A token counts when it is the only one, signed by a key that the node trusts for this
application with an algorithm that is allowed, and issuer, audience and times are right. A key
is of one kind and used for that kind's algorithms alone; `none` and shared secrets are no
algorithms, and what a token says of keys itself (`jku`, `jwk`, `x5u`, `crit`) is refused.
Everything else is nobody: the least role, never an error.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from gateway.identity.oidc import LEEWAY, flat
from gateway.masking.trust import ALGORITHMS, Trust

CURVES = {"ES256": "P-256", "EdDSA": "Ed25519"}
LONGEST = 8192  # characters of a token
REMEMBERED = 4096
LEAST_BITS = 2048  # of an RSA key
MOST_KEYS = 100
_SHAPE = re.compile(r"[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{16,}").fullmatch
_FOREIGN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "zip", "b64"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever a token stands for. `why` says, in one word, why it is nobody."""

    subject: str = ""
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    why: str = ""

    @property
    def known(self) -> bool:
        return bool(self.subject)


NOBODY = Person(why="no-token")


def readable_keys(document: Any) -> dict[str, list[tuple[str, Any]]]:
    """A JWKS → algorithm → (key id, key). Raises ValueError where it is none at all."""
    rows = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no JWKS: an object with `keys` is wanted")
    found: dict[str, list[tuple[str, Any]]] = {}
    for row in rows[:MOST_KEYS]:
        if not isinstance(row, dict) or row.get("use", "sig") != "sig" or "d" in row:
            continue
        operations = row.get("key_ops", ["verify"])
        if not isinstance(operations, list) or "verify" not in operations:
            continue
        for name, kind in ALGORITHMS.items():
            fits = row.get("kty") == kind and row.get("alg", name) == name
            if fits and row.get("crv") == CURVES.get(name) and (key := _key(row, name)) is not None:
                found.setdefault(name, []).append((str(row.get("kid", "")), key))
    return found


def _key(row: Mapping[str, Any], name: str) -> Any:
    try:
        key = jwt.PyJWK(dict(row), name).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return None if getattr(key, "key_size", LEAST_BITS) < LEAST_BITS and name == "RS256" else key


class Verifier:
    """Verifies the tokens of one application; verdicts are remembered until they end."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.keys: Mapping[str, list[tuple[str, Any]]] = {}
        self.missed = False  # a token named a key that is not known
        self._known: dict[bytes, tuple[float, Person]] = {}

    def use(self, keys: Mapping[str, list[tuple[str, Any]]]) -> None:
        """From now on these keys; what was verified with others is forgotten."""
        self.keys = keys
        self._known = {}

    def person(self, fields: Iterable[tuple[bytes, bytes]], now: float) -> Person:
        """Whoever the headers of a request stand for. Total."""
        tokens = list(self._tokens(fields))
        if not tokens:
            return NOBODY
        if len(tokens) > 1:
            return Person(why="several-tokens")
        token = tokens[0]
        if len(token) > LONGEST or _SHAPE(token) is None:
            return Person(why="no-jwt")
        mark = hashlib.sha256(token.encode()).digest()
        known = self._known.get(mark)
        if known is not None and now < known[0]:
            return known[1]
        try:
            said = self._verified(token, now)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as error:
            return Person(why=type(error).__name__)
        found = Person(subject=said["sub"], claims=flat(said))
        if len(self._known) >= REMEMBERED:
            self._known = {}
        self._known[mark] = (float(said["exp"]), found)
        return found

    def _tokens(self, fields: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
        """Every token that a request brings, in whichever place."""
        trust = self.trust
        for raw, value in fields:
            name = raw.lower()
            if name == b"authorization" and trust.header:
                scheme, _, token = value.decode("latin-1").strip().partition(" ")
                if scheme.lower() == "bearer":
                    yield token.strip()
            elif name == b"cookie" and trust.cookie:
                for pair in value.decode("latin-1").split(";"):
                    key, equals, told = pair.strip().partition("=")
                    if equals and key == trust.cookie:
                        yield told.strip('"')

    def _verified(self, token: str, now: float) -> dict[str, Any]:
        head = jwt.get_unverified_header(token)
        name = head.get("alg")
        if name not in self.trust.algorithms or not _FOREIGN.isdisjoint(head):
            raise ValueError("algorithm")
        wanted = head.get("kid", "")
        keys = self.keys.get(name, [])
        fits = [key for number, key in keys if number == wanted] if wanted else [k for _, k in keys]
        if len(fits) != 1 or not isinstance(wanted, str):
            self.missed = True
            raise ValueError("key")
        said: dict[str, Any] = jwt.decode(
            token,
            fits[0],
            algorithms=[name],
            audience=self.trust.audience,
            issuer=self.trust.issuer,
            options={
                "require": ["exp", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        _once(token)
        for claim in ("exp", "iat", "nbf"):
            value = said.get(claim, now)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError("time")
        if not now < said["exp"] or said.get("nbf", now) > now + LEEWAY:
            raise ValueError("expired")
        if said.get("iat", now) > now + LEEWAY:
            raise ValueError("of the future")
        if not isinstance(said["sub"], str) or not 0 < len(said["sub"]) <= 256:
            raise ValueError("subject")
        return said


def _once(token: str) -> None:
    """Claims that stand twice could mean two things."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            raise ValueError("twice")
        return made

    for part in token.split(".")[:2]:
        json.loads(jwt.utils.base64url_decode(part), object_pairs_hook=pairs)
